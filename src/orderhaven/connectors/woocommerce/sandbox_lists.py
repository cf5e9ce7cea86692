"""How the sandbox answers lists: parameters as strict as WordPress is, dates as odd, and no look at more
orders than it must."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from orderhaven.connectors.woocommerce.sandbox_orders import OrderBook, SandboxOrder, SandboxProduct

_DATE = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)?")
_ORDERINGS = frozenset({"date", "id", "include", "title", "slug", "modified"})
_BETWEEN = re.compile(r"[,\s]+")


class ApiError(Exception):
    """A refusal with WooCommerce's code."""

    def __init__(
        self, status: int, code: str, message: str, params: Mapping[str, str] | None = None, **data: Any
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {
            "code": code,
            "message": message,
            "data": {"status": status, **({"params": params} if params else {}), **data},
        }


def invalid(name: str, message: str = "") -> ApiError:
    return ApiError(
        400, "rest_invalid_param", f"Invalid parameter(s): {name}", {name: message or f"{name} is not valid."}
    )


def invalid_params(wrong: Mapping[str, str]) -> ApiError:
    return ApiError(400, "rest_invalid_param", f"Invalid parameter(s): {', '.join(wrong)}", wrong)


_NOT_AMONG_ANY = frozenset({"trash", "checkout-draft"})


def words(text: str) -> list[str]:
    """wp_parse_list: by comma and by white space."""
    return [word for word in _BETWEEN.split(text) if word]


def moment(name: str, text: str, zone: ZoneInfo, *, gmt: bool) -> int:
    """A date of a query in seconds. A fraction makes WooCommerce forget the zone that follows it."""
    found = _DATE.fullmatch(text)
    if not found:
        raise invalid(name, "Invalid date.")
    try:
        naive = datetime.fromisoformat(found[1])
    except ValueError:
        raise invalid(name, "Invalid date.") from None
    if found[3] and not found[2]:
        return int(datetime.fromisoformat(found[1] + found[3].replace("Z", "+00:00")).timestamp())
    return int(naive.replace(tzinfo=UTC if gmt else zone).timestamp())


def page_of(query: Mapping[str, str]) -> tuple[int, int]:
    """(first row, rows per page)."""
    per_page, page = _number(query, "per_page", 10), _number(query, "page", 1)
    if not 1 <= per_page <= 100:
        raise invalid("per_page", "per_page must be between 1 (inclusive) and 100 (inclusive)")
    if page < 1:
        raise invalid("page", "page must be greater than or equal to 1")
    offset = query.get("offset")
    return (_number(query, "offset", 0) if offset else (page - 1) * per_page), per_page


def orders_listed(book: OrderBook, query: Mapping[str, str], *, several_vias: bool) -> tuple[list[SandboxOrder], int]:
    """The page that was asked for, and how many there are in all."""
    start, rows = page_of(query)
    statuses = _statuses(book, query)
    orderby, descending = _ordering(query)
    after = _after(book, query)
    found = _candidates(book, query, statuses, after, several_vias=several_vias)
    excluded = {int(word) for word in words(query.get("exclude", "")) if word.isdecimal()}
    simple = (
        after is not None
        and statuses is None
        and not excluded
        and "created_via" not in query
        and "include" not in query
    )
    if simple and "search" not in query and orderby == "modified":
        chosen = found[::-1] if descending else found
        return [book.orders[i] for i in chosen[start : start + rows]], len(found)
    kept = [book.orders[i] for i in dict.fromkeys(found) if i in book.orders and i not in excluded]
    kept = [order for order in kept if _is_wanted(order, statuses, after)]
    kept.sort(key=_by_change if orderby == "modified" else _by_id, reverse=descending)
    return kept[start : start + rows], len(kept)


def products_listed(book: OrderBook, query: Mapping[str, str]) -> tuple[list[SandboxProduct], int]:
    """Variations show up only when asked for by SKU or EAN."""
    start, rows = page_of(query)
    if query.get("sku"):
        text = query["sku"]
        asked = [part.strip() for part in text.split(",")] + ([text] if "," in text else [])
        ids = [i for word in asked for i in book.by_sku.get(word.casefold(), ())]
    elif query.get("global_unique_id"):
        asked = [part.strip() for part in query["global_unique_id"].split(",")]
        ids = [i for word in asked for i in book.by_ean.get(word.casefold(), ())]
    else:
        ids = [i for i, product in book.products.items() if product.kind != "variation"]
    found = [book.products[i] for i in sorted(set(ids)) if book.products[i].status != "trash"]
    if query.get("order", "desc") == "desc":
        found.reverse()
    return found[start : start + rows], len(found)


def _candidates(
    book: OrderBook,
    query: Mapping[str, str],
    statuses: frozenset[str] | None,
    after: int | None,
    *,
    several_vias: bool,
) -> list[int]:
    if query.get("include"):
        return [int(word) for word in words(query["include"]) if word.isdecimal()]
    if query.get("created_via"):
        text = query["created_via"]
        return book.created_via(words(text) if several_vias else [text])
    if query.get("search"):
        return [order.id for order in book.orders.values() if _is_found(order, query["search"].casefold())]
    if after is not None:
        return [order_id for _, order_id in book.changed_after(after)]
    return book.in_statuses(statuses if statuses is not None else book.statuses)


def _is_found(order: SandboxOrder, text: str) -> bool:
    """A substring of numbers, names and addresses; never of meta data."""
    body = order.body
    places: Iterable[Any] = (
        str(order.id),
        body["transaction_id"],
        *body["billing"].values(),
        *body["shipping"].values(),
        *(line["name"] for line in body["line_items"]),
    )
    return any(text in str(place or "").casefold() for place in places)


def _is_wanted(order: SandboxOrder, statuses: frozenset[str] | None, after: int | None) -> bool:
    fits = order.status not in _NOT_AMONG_ANY if statuses is None else order.status in statuses
    return fits and (after is None or order.modified > after)


def _statuses(book: OrderBook, query: Mapping[str, str]) -> frozenset[str] | None:
    """None for any, which leaves out trash and drafts; 'any' among others makes it any."""
    asked = words(query.get("status", "any"))
    for status in asked:
        if status not in book.statuses and status not in ("any", "trash"):
            raise invalid("status", f"status[0] is not one of any, trash, {', '.join(book.statuses)}.")
    return None if "any" in asked or not asked else frozenset(asked)


def _after(book: OrderBook, query: Mapping[str, str]) -> int | None:
    text = query.get("modified_after")
    if text is None:
        return None
    return moment("modified_after", text, book.zone, gmt=query.get("dates_are_gmt") in ("true", "1"))


def _ordering(query: Mapping[str, str]) -> tuple[str, bool]:
    orderby, order = query.get("orderby", "date"), query.get("order", "desc")
    if orderby not in _ORDERINGS:
        raise invalid("orderby")
    if order not in ("asc", "desc"):
        raise invalid("order")
    return orderby, order == "desc"


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, str(default))
    if not text.lstrip("-").isdecimal():
        raise invalid(name, f"{name} is not of type integer.")
    return int(text)


def _by_id(order: SandboxOrder) -> tuple[int, int]:
    return order.id, 0


def _by_change(order: SandboxOrder) -> tuple[int, int]:
    return order.modified, order.id
