"""The orders that a person means by a number."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_

from django.db.models import Q

from orderhaven.store.listing.conditions import NUMBERS, spellings_of, unindexed
from orderhaven.store.models import Order


@dataclass(frozen=True, slots=True)
class FoundOrder:
    order_id: int
    ref: str
    marketplace: str  # the connection's name
    connector: str  # of the marketplace
    shop_connector: str
    link_id: int


def find_orders(merchant_id: int, words: str) -> list[FoundOrder]:
    """By the marketplace's number or the shop's, in capitals or not.

    Several when more than one goes by it; then `NAME/NUMBER` names the connection too, and the number is the marketplace's.
    """
    name, slash, number = words.partition("/")
    spelled = {one for word in (words, number) if word for one in spellings_of(word)}
    with_number = reduce(or_, (Q(**{f"{name}__in": spelled}) for name in NUMBERS))
    rows = Order.objects.filter(unindexed(merchant__id__exact=merchant_id), with_number).order_by("pk")
    found = [(_found(row), row) for row in rows.select_related("link__marketplace", "link__shop")]
    named = [one for one, _row in found if slash and (one.marketplace, one.ref) == (name, number)]
    return named or _as_written(words, name, number, found)


def _found(row: Order) -> FoundOrder:
    marketplace, shop = row.link.marketplace, row.link.shop
    return FoundOrder(row.pk, row.ref, marketplace.name, marketplace.connector, shop.connector, row.link_id)


def _as_written(words: str, name: str, number: str, found: Sequence[tuple[FoundOrder, Order]]) -> list[FoundOrder]:
    """A marketplace's number exactly as it stands there is not that of another which differs in capitals."""

    def is_shop_number(row: Order, word: str) -> bool:
        return word.casefold() in (row.shop_number.casefold(), row.shop_ref.casefold())

    by_ref = [one for one, _row in found if one.ref == words]
    by_ref = by_ref or [one for one, _row in found if one.ref.casefold() == words.casefold()]
    by_shop = [one for one, row in found if is_shop_number(row, words)]
    by_name = [
        one
        for one, row in found
        if (one.marketplace == name and one.ref.casefold() == number.casefold())
        or (row.link.shop.name == name and is_shop_number(row, number))
    ]
    return list(dict.fromkeys([*by_ref, *by_shop, *by_name]))
