"""How the sandbox answers lists of orders: filters as odd as the shop's, and no look at more orders than it must."""

from collections.abc import Callable
from typing import Any, TypeAlias

from orderhaven.connectors.woocommerce.sandbox_not_simulated import NO_OTHER_DECIMALS
from orderhaven.connectors.woocommerce.sandbox_orders import HIDDEN, OrderBook, SandboxOrder
from orderhaven.connectors.woocommerce.sandbox_parameters import (
    PAGES,
    Parameters,
    date,
    each_of,
    ids,
    is_true,
    listed,
    moment,
    not_simulated_parameter,
    number,
    page_of,
)
from orderhaven.connectors.woocommerce.sandbox_query import Query
from orderhaven.connectors.woocommerce.sandbox_schema import boolean, integer, one_of, string
from orderhaven.connectors.woocommerce.sandbox_values import clean

Wanted: TypeAlias = Callable[[Any], bool]  # of an order or a product

_ORDERINGS = ("date", "id", "include", "title", "slug", "modified")
# parameter -> the date that it filters by
_DATES = {"after": "created", "before": "created", "modified_after": "modified", "modified_before": "modified"}


def order_parameters(book: OrderBook) -> Parameters:
    return {
        **PAGES,
        **dict.fromkeys(_DATES, date),
        "dates_are_gmt": boolean,
        "search": string,
        "order": one_of(("asc", "desc")),
        "orderby": one_of(_ORDERINGS),
        "status": each_of(lambda: ("any", "trash", *book.settable)),
        "context": one_of(("view", "edit")),
        "dp": not_simulated_parameter(NO_OTHER_DECIMALS),
        "customer": integer,
        "product": integer,
    }


def orders_listed(book: OrderBook, query: Query, *, several_vias: bool) -> tuple[list[SandboxOrder], int]:
    """The page that was asked for, and how many there are in all; that is 0 past the end."""
    start, rows = page_of(query)
    numbers, is_by_change = _candidates(book, query, several_vias=several_vias)
    if query.get("exclude"):
        excluded = frozenset(ids(query["exclude"]))
        numbers = [number for number in numbers if number not in excluded]
    wanted = _wanted(book, query, is_by_change=is_by_change)
    if is_by_change and not wanted and query.text("orderby") == "modified":  # nothing but the page is looked at
        chosen = numbers[::-1] if query.text("order", "desc") == "desc" else numbers
        page = [book.orders[number] for number in chosen[start : start + rows]]
        return page, len(numbers) if page else 0
    orders = (book.orders[number] for number in numbers if number in book.orders)
    found = [order for order in orders if all(fits(order) for fits in wanted)]
    _sort(found, query)
    page = found[start : start + rows]
    return page, len(found) if page else 0


def _candidates(book: OrderBook, query: Query, *, several_vias: bool) -> tuple[list[int], bool]:
    """Numbers by the most telling filter, each once, and whether that was the change date: then they stand by it."""
    if query.get("include"):
        return ids(query["include"]), False
    if query.get("created_via"):
        asked = listed(query["created_via"]) if several_vias else [query.text("created_via")]
        return book.created_via(asked), False
    statuses = _statuses(query)
    if "modified_after" in query and statuses is None:
        changed = book.changed_after(_moment(book, query, "modified_after"))
        return [number for _, number in changed], True
    return book.in_statuses(book.shown if statuses is None else statuses), False


def _wanted(book: OrderBook, query: Query, *, is_by_change: bool) -> list[Wanted]:
    """What is asked beyond that. Often nothing, and then nothing is looked at."""
    wanted: list[Wanted] = []
    statuses = _statuses(query)
    if statuses is not None:
        wanted.append(lambda order: order.status in statuses)
    elif query.get("include") or query.get("created_via"):
        wanted.append(lambda order: order.status not in HIDDEN)
    wanted += [
        dated(book, query, name) for name in _DATES if name in query and not (is_by_change and name == "modified_after")
    ]
    if query.text("search"):
        text = clean(query.text("search")).casefold()
        wanted.append(lambda order: _is_found(order, text))
    for name, is_wanted in (("parent", True), ("parent_exclude", False)):
        if query.get(name):
            wanted.append(_of_parents(frozenset(ids(query[name])), is_wanted=is_wanted))
    if "customer" in query:
        customer = number(query, "customer", 0)
        wanted.append(lambda order: order.body["customer_id"] == customer)
    if number(query, "product", 0):
        product = number(query, "product", 0)
        wanted.append(lambda order: any(line["product_id"] == product for line in order.body["line_items"]))
    return wanted


def _of_parents(parents: frozenset[int], *, is_wanted: bool) -> Wanted:
    return lambda order: (order.body["parent_id"] in parents) is is_wanted


def dated(book: OrderBook, query: Query, name: str) -> Wanted:
    """Never with its own second."""
    bound, which = _moment(book, query, name), _DATES[name]
    if name.endswith("after"):
        return lambda order: getattr(order, which) > bound
    return lambda order: getattr(order, which) < bound


def _moment(book: OrderBook, query: Query, name: str) -> int:
    return moment(query.text(name), book.zone, gmt=is_true(query, "dates_are_gmt"))


def _statuses(query: Query) -> frozenset[str] | None:
    """None for any, which leaves out the trash and drafts; 'any' among others makes it any."""
    asked = listed(query.get("status", "any"))
    return None if "any" in asked or not asked else frozenset(asked)


def _is_found(order: SandboxOrder, text: str) -> bool:
    """By its number in full, and by a part of an address, a line's name or the transaction; never by meta data."""
    body = order.body
    if text == str(order.id) or text in body["transaction_id"].casefold():
        return True
    addresses = (" ".join(str(value) for value in body[which].values()) for which in ("billing", "shipping"))
    names = (item["name"] for kind in ("line_items", "fee_lines") for item in body[kind])
    titles = (item["method_title"] for item in body["shipping_lines"])
    return any(text in str(place).casefold() for place in (*addresses, *names, *titles))


def _sort(found: list[SandboxOrder], query: Query) -> None:
    orderby, descending = query.text("orderby", "date"), query.text("order", "desc") == "desc"
    if orderby == "include" and query.get("include"):
        return  # they were looked up in that order
    if orderby in _SORTED_BY:
        found.sort(key=_SORTED_BY[orderby], reverse=descending)
    else:  # WooCommerce has no such column in its orders: they come as they stand in the database's index
        found.sort(key=lambda order: (order.status, order.created, order.id))


_SORTED_BY: dict[str, Callable[[SandboxOrder], tuple[int, int]]] = {
    "id": lambda order: (order.id, 0),
    "date": lambda order: (order.created, order.id),
    "modified": lambda order: (order.modified, order.id),
}
