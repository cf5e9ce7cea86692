from urllib.parse import quote

from hypothesis import example, given
from hypothesis import strategies as st

from orderhaven.connectors.kit.http import percent_encoded


@given(st.text())
@example("%,% 100%25,é/+&=?#~")
def test_text_is_escaped_as_the_standard_library_does_it(text: str) -> None:
    try:
        expected = quote(text, safe="")
    except UnicodeEncodeError:  # half of a pair that JSON may carry
        return
    assert percent_encoded(text) == expected
