"""What a server writes before its data without meaning to: byte order marks, and warnings of PHP."""

import re

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_DATA = (b"{", b"[")
# PHP's display_errors, in HTML or plain: "<br />\n<b>Warning</b>:  words in <b>/a/file.php</b> on line <b>12</b><br />\n"
_NOTICE = re.compile(
    rb"\s*(?:<br ?/?>\s*)?(?:<b>)?(?:PHP )?(?:Warning|Notice|Deprecated|Strict [Ss]tandards|[A-Z]?[a-z ]*[Ee]rror)(?:</b>)?:\s"
    rb".+? on line (?:<b>)?\d+(?:</b>)?\s*(?:<br ?/?>)?\s*",
    re.DOTALL,
)
_READ_SO_FAR = 64 * 1024  # a server that warns more than that before its data is past helping


def data_of(body: bytes) -> bytes:
    """The answer without what stands before its data; as it is where that is nothing known."""
    if body[:1] in _DATA:
        return body
    at = _end_of_marks(body, 0)
    while (notice := _NOTICE.match(body, at, _READ_SO_FAR)) is not None:
        at = _end_of_marks(body, notice.end())
    return body[at:] if body[at : at + 1] in _DATA else body.removeprefix(_BYTE_ORDER_MARK)


def begins_with_a_warning(body: bytes) -> bool:
    return _NOTICE.match(body, _end_of_marks(body, 0), _READ_SO_FAR) is not None


def _end_of_marks(body: bytes, at: int) -> int:
    """Each file of a program that was saved with a mark writes one."""
    while body.startswith(_BYTE_ORDER_MARK, at):
        at += len(_BYTE_ORDER_MARK)
    return at
