"""By which indexes what is wanted can be reached, the most promising first."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from orderhaven.core.status import Status
from orderhaven.store.narrowing import Asked, among, dates, of_kinds
from orderhaven.store.searching import places_of
from orderhaven.store.walking import PLACED, Piece, Walk, all_of, along


@dataclass(frozen=True, slots=True)
class Way:
    """Walks that together reach every order that is wanted."""

    walks: Sequence[Walk]
    sees_to: frozenset[str]  # conditions that all they reach meets
    moment: str | None = ""  # in whose order, as of a Sorting, a walk goes; None: in no order that a list has


def ways(asked: Asked, stretch: int) -> Sequence[Way]:
    """At least one of them is short, or goes in the order of the list."""
    by_person = asked.wanted.by_person
    places = places_of(asked.word, asked.merchant_id, stretch, by_person=by_person) if asked.word else []
    word = [Way(places, frozenset({"word"}))] if places else []
    is_wide = any(walk.also for walk in places)  # it leads through all orders as well
    every = Way([all_of(asked.merchant_id)], frozenset({"merchant"}))
    return [*_by_filters(asked), *word, every] if is_wide else [*word, *_by_filters(asked), every]


def _by_filters(asked: Asked) -> Iterator[Way]:
    statuses = asked.statuses
    if asked.has_problem:
        yield Way([_of_problems(asked)], frozenset({"problem"}))
    if asked.is_open and statuses is not None:
        yield Way([_open(asked.merchant_id, statuses)], frozenset({"merchant", "status", "open"}), moment=None)
    elif statuses is not None and Status.SHIPPED not in statuses:
        yield _by_status(asked.merchant_id, statuses)
    if asked.wanted.carrier is not None:
        yield Way([_sent_with(asked.wanted.carrier)], frozenset({"carrier"}))
    if asked.wanted.by_marketplace:
        yield Way([_by_marketplace(asked.merchant_id)], frozenset({"merchant", "fulfilment"}))
    if asked.links is not None:
        yield Way([_of_link(asked.merchant_id, link_id) for link_id in asked.links], frozenset({"merchant", "link"}))
    if statuses is not None and Status.SHIPPED in statuses and not asked.is_open:
        yield _by_status(asked.merchant_id, statuses)
    if asked.has_dates:
        yield Way([_on_dates(asked)], frozenset({"merchant", "dates"}), moment=PLACED)


def _by_status(merchant_id: int, statuses: Collection[Status]) -> Way:
    return Way([_with_status(merchant_id, one) for one in statuses], frozenset({"merchant", "status"}))


# below: walks


def _with_status(merchant_id: int, status: Status) -> Walk:
    where = Piece("o.merchant_id = %s AND o.status = %s", (merchant_id, str(status)))
    return Walk(along("store_order", "o", "order_by_status"), where)


def _open(merchant_id: int, statuses: Collection[Status]) -> Walk:
    status = among("o.status", list(map(str, statuses)))
    where = Piece(f"o.merchant_id = %s AND o.closed_at IS NULL AND {status.text}", (merchant_id, *status.given))
    return Walk(along("store_order", "o", "order_open_tabs"), where, is_short=True)


def _of_link(merchant_id: int, link_id: int) -> Walk:
    where = Piece("o.merchant_id = %s AND o.link_id = %s", (merchant_id, link_id))
    return Walk(along("store_order", "o", "order_of_link"), where)


def _by_marketplace(merchant_id: int) -> Walk:
    where = Piece("o.merchant_id = %s AND o.by_marketplace", (merchant_id,))
    return Walk(along("store_order", "o", "order_by_marketplace"), where)


def _on_dates(asked: Asked) -> Walk:
    on = dates(asked.wanted)
    where = Piece(f"o.merchant_id = %s AND {on.text}", (asked.merchant_id, *on.given))
    return Walk(along("store_order", "o", "order_by_day"), where)


def _sent_with(carrier: str) -> Walk:
    where = Piece("x.carrier = %s", (str(carrier),))
    return Walk(along("store_shipment", "x", "shipment_by_carrier"), where, key="x.order_id")


def _of_problems(asked: Asked) -> Walk:
    rows = along("store_problem", "x", "one_open_problem_per_kind")
    return Walk(rows, of_kinds(asked.wanted), key="x.order_id", is_short=True)
