"""An answer that is nested deeper than anybody reads: a sentence, and never an error of ours."""

import pytest

from orderhaven.connectors.kit.decoding import not_allowed
from orderhaven.connectors.kit.http import Response
from orderhaven.connectors.kit.rows import malformed
from orderhaven.connectors.kit.session import decode
from orderhaven.core.errors import HubError

_DEEP = b"[" * 200_000 + b"]" * 200_000
_IN_A_FIELD = b'{"message": ' + _DEEP + b"}"


@pytest.mark.parametrize("body", [_DEEP, _IN_A_FIELD, b"[" * 200_000])
def test_no_depth_is_an_error_of_ours(body: bytes) -> None:
    with pytest.raises(HubError):
        decode(Response(200, {}, body), dict[str, str], "The shop")
    assert not_allowed("The shop", Response(401, {}, body))


def test_a_row_that_is_nested_too_deeply_is_a_malformed_one() -> None:
    import msgspec

    assert malformed(msgspec.Raw(_DEEP), "id", "", ()).cause
