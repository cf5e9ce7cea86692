"""Text in the shop that stands where a tracking number belongs: said as a Problem, quoted from the buyer's data, forgotten with it."""

from collections.abc import Collection, Mapping

from django.db.models import QuerySet

from orderhaven.core.problems import QUOTED, ProblemKind
from orderhaven.core.shop_order import ShopOrder
from orderhaven.core.status import Status
from orderhaven.store.ledger import Ledger
from orderhaven.store.models import Order, Person, PersonRole

_LONGEST_QUOTE = 200
_NEEDS_NO_NUMBER = frozenset({Status.CANCELLED, Status.MANUAL})


def keep_unread(ledger: Ledger, row: Order, reading: ShopOrder) -> None:
    """Say it once for each text; what a person has settled is not said again while the same text stands there."""
    if not reading.unread:
        if row.number_unread:
            ledger.change(row, number_unread=False)
            ledger.solve(row, (ProblemKind.NUMBER_UNREAD,))
            _quote_of(row).update(unread_number="")
        return
    text = "; ".join(dict.fromkeys(one.text for one in reading.unread if one.text))[:_LONGEST_QUOTE]
    if row.status in _NEEDS_NO_NUMBER or (row.number_unread and _was_said(row, text)):
        return
    places = ", ".join(dict.fromkeys(one.place for one in reading.unread if one.place))
    ledger.change(row, number_unread=True)
    _quote_of(row).update(unread_number=text)
    ledger.solve(row, (ProblemKind.NUMBER_UNREAD,))
    ledger.problem(row, ProblemKind.NUMBER_UNREAD, {"place": places})


def of_orders(kinds: Mapping[int, Collection[ProblemKind]]) -> dict[int, str]:
    """The texts of these orders, by order id, as far as they are not erased. No query where no order has such a Problem."""
    orders = [key for key, has in kinds.items() if ProblemKind.NUMBER_UNREAD in has]
    if not orders:
        return {}
    found = Person.objects.filter(order_id__in=orders, role=PersonRole.SHIP_TO)
    return dict(found.values_list("order_id", "unread_number"))


def with_quote(kind: ProblemKind, values: Mapping[str, str], quote: str) -> Mapping[str, str]:
    return {**values, QUOTED: quote} if kind is ProblemKind.NUMBER_UNREAD and quote else values


def _was_said(row: Order, text: str) -> bool:
    """Once the buyer's data is erased nobody knows the text any more, and it is not said again."""
    kept = _quote_of(row).values_list("unread_number", flat=True).first()
    return kept is None or kept == text


def _quote_of(row: Order) -> QuerySet[Person]:
    return Person.objects.filter(order_id=row.id, role=PersonRole.SHIP_TO)
