"""How a sandbox refuses what the real server does and the sandbox does not: never by taking it."""

import msgspec

from orderhaven.connectors.kit.http import Response

_STATUS = 501
_CODE = "not_simulated"


class _NotSimulatedBody(msgspec.Struct):
    code: str = ""
    message: str = ""


def not_simulated(reason: str) -> Response:
    body = {"code": _CODE, "message": reason, "data": {"status": _STATUS}}
    return Response(_STATUS, {"content-type": "application/json"}, msgspec.json.encode(body))


def reason_in(response: Response) -> str:
    """Why it was not played; "" for an answer as the real server gives it."""
    if response.status != _STATUS:
        return ""
    try:
        said = msgspec.json.decode(response.body, type=_NotSimulatedBody)
    except msgspec.DecodeError:  # the real server has a 501 of its own, in whatever form
        return ""
    return said.message if said.code == _CODE else ""
