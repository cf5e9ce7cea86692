"""What stands before the data is read past; what is no data is not taken for it."""

import asyncio
from datetime import timedelta

import pytest

from orderhaven.connectors.kit.decoding import data_of
from orderhaven.connectors.kit.http import Request, Response
from orderhaven.connectors.kit.session import NotData, Session, decode
from orderhaven.ports.connector import ConnectorContext, InMemoryTokenCache, Limits
from orderhaven.testing.clock import ManualClock

MARK = b"\xef\xbb\xbf"
IN_HTML = b'<br />\n<b>Warning</b>:  Undefined array key "[0]" in <b>/srv/old.php</b> on line <b>12</b><br />\n'
PLAIN = b"\nDeprecated: Creation of dynamic property A::$b is deprecated in /srv/a {1}.php on line 7\n"
IN_THE_LOG_S_WORDS = b"PHP Notice:  Trying to access array offset in /srv/a.php on line 3\n"
FATAL = b"<br />\n<b>Fatal error</b>:  Uncaught Error: no in <b>/srv/a.php</b> on line <b>1</b><br />\n"


@pytest.mark.parametrize(
    "before",
    [b"", MARK, MARK + MARK, IN_HTML, PLAIN, IN_THE_LOG_S_WORDS, IN_HTML + PLAIN, MARK + IN_HTML + MARK, PLAIN + MARK],
)
@pytest.mark.parametrize("data", [b"[]", b'{"a": [1]}', b'{"a":"on line 5 {"}'])
def test_data_is_read_behind_byte_order_marks_and_warnings(before: bytes, data: bytes) -> None:
    assert data_of(before + data) == data


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>[]</body></html>",
        b"Warning: stay away\n{}",
        IN_HTML + b"<html>",
        FATAL,
        b"words {}",
        b"\x00\xff{]",
    ],
)
def test_what_is_no_data_stays_as_it_is(body: bytes) -> None:
    assert data_of(body) == body


def test_an_answer_that_breaks_off_behind_a_warning_says_so() -> None:
    with pytest.raises(NotData, match="PHP warning"):
        decode(Response(200, {}, IN_HTML + b'[{"id":12},\n{"id"'), list[dict[str, int]], "The shop")


def test_a_refusal_too_is_read_behind_a_warning() -> None:
    async def wire(request: Request, timeout_s: float) -> Response:
        return Response(404, {}, MARK + IN_HTML + b'{"code":"no_such_order"}')

    class Nobody:
        async def sign(self, request: Request) -> Request:
            return request

        async def renew(self, refused: Request) -> bool:
            return False

    context = ConnectorContext(ManualClock(), wire, InMemoryTokenCache())
    session = Session("The shop", "https://shop.test", context, Nobody(), Limits(poll_floor=timedelta(minutes=5)))

    response = asyncio.run(session.read("GET", "/orders/1", also=(404,)))

    assert response.body == b'{"code":"no_such_order"}'
