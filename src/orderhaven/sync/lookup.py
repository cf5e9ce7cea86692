"""What was found in a shop under a reference of ours: whether it is this order, whole, and only once."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from orderhaven.core.problems import ProblemKind
from orderhaven.core.shop_order import THROWN_AWAY, Comparison, ShopOrderSnapshot, compare, ordered_quantity
from orderhaven.store.models import Message
from orderhaven.store.outbox import result
from orderhaven.store.outbox.commands import ExpectedShopOrder

_OF_ANOTHER = "it is the shop order of another order here"


def result_of_lookup(expected: ExpectedShopOrder, found: Sequence[ShopOrderSnapshot]) -> result.CommandResult:
    """Found means exact reference, lines and a total; the oldest counts, the others are a Problem."""
    found = _standing(found)
    first, also = found[0], tuple(_named(one) for one in found[1:])
    compared = compare(expected.lines, first.lines, ordered_quantity)
    flaw = first.flaw or compared.reason
    if not flaw and first.total is not None and first.total.is_zero and Decimal(expected.total or 0):
        flaw = "it has no total"
    if flaw and first.state not in THROWN_AWAY:  # of those it is said that they are gone
        values = {"shop_ref": _named(first), "reason": flaw}
        return result.NeedsAttention(ProblemKind.PARTLY_CREATED, values, shop_ref=first.shop_ref)
    return _done(first, expected, compared, also)


def result_of_own(
    message: Message, expected: ExpectedShopOrder, found: Sequence[ShopOrderSnapshot], owners: Mapping[str, int]
) -> result.CommandResult:
    """Of what bears the reference of this message. `owners`: shop_ref -> the order that has it as its shop order already."""
    first = _standing(found)[0]
    if _is_of_another(message, first, owners):
        return _taken(first, _OF_ANOTHER)
    return result_of_lookup(expected, found)


def result_of_older(
    message: Message, expected: ExpectedShopOrder, found: Sequence[ShopOrderSnapshot], owners: Mapping[str, int]
) -> result.CommandResult | None:
    """Of what bears a reference that does not name the account: another account's order may bear the same.

    With the same lines and total it is ours. None: what was found is the shop order of another order here.
    """
    found = [one for one in found if not _is_of_another(message, one, owners)]
    if not found:
        return None
    found = _standing(found)
    first, also = found[0], tuple(_named(one) for one in found[1:])
    compared = compare(expected.lines, first.lines, ordered_quantity)
    reason = first.flaw or compared.reason or _total_difference(message, expected, first)
    return _taken(first, reason) if reason else _done(first, expected, compared, also)


def _total_difference(message: Message, expected: ExpectedShopOrder, found: ShopOrderSnapshot) -> str:
    """A net total cannot be compared."""
    if found.total is None or not message.order.prices_include_vat or found.total.amount == Decimal(expected.total):
        return ""
    return f"its total is {found.total} instead of {expected.total} {message.order.currency}"


def _standing(found: Sequence[ShopOrderSnapshot]) -> Sequence[ShopOrderSnapshot]:
    return [one for one in found if one.state not in THROWN_AWAY] or found


def _is_of_another(message: Message, found: ShopOrderSnapshot, owners: Mapping[str, int]) -> bool:
    return owners.get(found.shop_ref, message.order_id) != message.order_id


def _done(
    first: ShopOrderSnapshot, expected: ExpectedShopOrder, compared: Comparison, also: tuple[str, ...]
) -> result.Done:
    return result.Done(first.shop_ref, first, also, expected.quantities, compared.products, expected.total)


def _taken(found: ShopOrderSnapshot, reason: str) -> result.NeedsAttention:
    return result.NeedsAttention(ProblemKind.REFERENCE_TAKEN, {"shop_ref": _named(found), "reason": reason})


def _named(order: ShopOrderSnapshot) -> str:
    return order.number or order.shop_ref
