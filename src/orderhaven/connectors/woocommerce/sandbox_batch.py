"""Several orders at once: answered 200 whatever becomes of each, and what an item asks for is not checked by the schema."""

from collections.abc import Callable, Mapping
from typing import Any

from orderhaven.connectors.woocommerce.sandbox_errors import ApiError

_LIMIT = 100

Change = Callable[[Any], Any]


def batch(sent: Mapping[str, Any], changes: Mapping[str, Change]) -> Any:
    """What each verb's items became, [] when nothing was asked. Raises ApiError when it is too much at once."""
    asked = {verb: sent[verb] for verb in changes if isinstance(sent.get(verb), list)}
    if sum(map(len, asked.values())) > _LIMIT:
        message = f"Unable to accept more than {_LIMIT} items for this request."
        raise ApiError(413, "woocommerce_rest_request_entity_too_large", message)
    done = {verb: [_tried(verb, changes[verb], item) for item in items] for verb, items in asked.items()}
    return {verb: rows for verb, rows in done.items() if rows} or []


def _tried(verb: str, change: Change, item: Any) -> Any:
    try:
        return change(item)
    except ApiError as error:
        return {"id": _named_id(verb, item), "error": error.body}


def _named_id(verb: str, item: Any) -> Any:
    """As it was sent, whatever it was."""
    if verb == "create":
        return 0
    return item.get("id") if isinstance(item, dict) else item if verb == "delete" else None
