"""A trade that an upgrade finds in the middle of its work: orders at every point of their way, and what is under way unanswered.

`before_plain_names.sql` holds the rows that the version before the plain names made of it, `before_plain_names.json` what its API
answered. The two sides of today stand where they stood then once the same was played with them.
"""

from typing import Any

from orderhaven.ports.sandbox import CallKind, CatalogueItem
from orderhaven.store.models import Message, MessageKind, MessageState
from tests.journeys.conftest import LAMP, MUG, POSTNL_CODE, Trade

UNKNOWN = CatalogueItem("NOT-THERE", "8712345678999", "Thing", "5.00")


def play(trade: Trade) -> dict[str, str]:
    """By a name for what is the matter with each: the order's number."""
    marketplace, shop = trade.marketplace, trade.shop
    trade.passes(seconds=10)
    pulled_first = ("confirmed", "waiting", "asked", "confirm without answer", "confirm at a death", "confirm taken in")
    refs = {name: trade.sells((MUG, 1), (LAMP, 2)) for name in pulled_first}
    refs["not in the shop"] = trade.sells((UNKNOWN, 1))
    trade.passes(minutes=6)
    shop.complete(trade.shop_ref(refs["confirmed"]), tracking_number=POSTNL_CODE)
    trade.passes(minutes=7)
    shop.complete(trade.shop_ref(refs["waiting"]))
    marketplace.request_cancellation(refs["asked"])
    trade.passes(minutes=6)
    _begin_at_once(trade, refs)
    return refs


def _begin_at_once(trade: Trade, refs: dict[str, str]) -> None:
    """Creates and confirmations, all of them sent and none of them answered for good."""
    placed = ("create without answer", "create at a death", "create before the call")
    refs |= {name: trade.sells((MUG, 3)) for name in placed}
    for number, name in enumerate(("confirm without answer", "confirm at a death", "confirm taken in")):
        trade.shop.complete(trade.shop_ref(refs[name]), tracking_number=f"3SABCD123456{number}")
    for _ in placed:
        trade.loses_the_reply(trade.shop, CallKind.CREATE)
    for _ in range(2):
        trade.loses_the_reply(trade.marketplace, CallKind.CONFIRM)
    while not _all_are_out(refs):
        trade.passes(seconds=1)
    # as a death of the hub between the request and its answer leaves them
    at_a_death = [refs["create at a death"], refs["confirm at a death"]]
    Message.objects.filter(order__ref__in=at_a_death, state=MessageState.UNCONFIRMED).update(
        state=MessageState.IN_FLIGHT
    )


def _all_are_out(refs: dict[str, str]) -> bool:
    under_way = (MessageState.UNCONFIRMED, MessageState.PROCESSING)
    return (
        sorted(state_of(refs[name]) in under_way for name in refs if name.startswith(("create", "confirm ")))
        == [True] * 6
    )


def state_of(ref: str) -> str:
    """Of the newest message about it."""
    kinds = (MessageKind.CREATE, MessageKind.CONFIRM)
    found = Message.objects.filter(order__ref=ref, kind__in=kinds).order_by("id").values_list("state", flat=True).last()
    return str(found or "")


def answers(program: Any, refs: dict[str, str]) -> dict[str, Any]:
    """What a program may read, by address."""
    addresses = [
        "/orders",
        "/orders/counts",
        "/shipments",
        "/problems",
        "/connectors",
        "/connections",
        "/links",
        "/events",
    ]
    addresses += [f"/connections/{name}" for name in ("bol NL", "Webshop")]
    addresses += ["/links/bol NL", *(f"/orders/bol NL/{ref}" for ref in refs.values())]
    return {address: program.get(address).json() for address in addresses}
