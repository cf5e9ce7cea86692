"""The verdict: three snapshots of the same orders, and every way in which they contradict each other. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from orderhaven.core.carriers import Carrier
from orderhaven.core.problems import ProblemKind
from orderhaven.core.references import order_ref_in
from orderhaven.core.status import Status
from orderhaven.demo.sides import HubSide, InHub, InShop, MarketplaceSide, ShopSide, ShopWord, Sold
from orderhaven.ports.sandbox import ConfirmedShipment


class Ending(StrEnum):
    """How an order has to end, by what people did to it on the two sides."""

    SHIPPED = "shipped"
    CANCELLED_IN_SHOP = "cancelled in the shop"
    CANCELLED_THERE = "cancelled at the marketplace"
    SHIPPED_THERE = "shipped at the marketplace by others"
    LEFT_ALONE = "shipped by the marketplace itself"
    LABEL_MISSING = "waiting for a label number"
    NOT_FOR_SALE = "waiting for its article"
    OPEN = "still open in the shop"


@dataclass(frozen=True, slots=True)
class Expected:
    shop: tuple[ShopWord | None, ...]  # how its shop order may stand; None: there need not be one
    shipments: tuple[int, ...]
    status: tuple[Status, ...]
    told: tuple[str, ...]  # what the hub may say of the marketplace
    problem: ProblemKind | None = None  # that must be open; and no other may
    is_cancelled: bool = False  # at the marketplace


_NO_SHOP_ORDER = (None,)
ENDINGS: Mapping[Ending, Expected] = {
    Ending.SHIPPED: Expected((ShopWord.COMPLETED,), (1,), (Status.SHIPPED,), ("synced",)),
    Ending.CANCELLED_IN_SHOP: Expected((ShopWord.CANCELLED,), (0,), (Status.CANCELLED,), ("synced",), is_cancelled=True),
    Ending.CANCELLED_THERE: Expected(
        (ShopWord.CANCELLED, None), (0,), (Status.CANCELLED,), ("", "synced"), is_cancelled=True
    ),
    Ending.SHIPPED_THERE: Expected((ShopWord.OPEN, None), (1,), (Status.SHIPPED,), ("synced",)),
    Ending.LEFT_ALONE: Expected(_NO_SHOP_ORDER, (0, 1), (Status.NOT_SHIPPED, Status.SHIPPED), ("", "synced")),
    Ending.LABEL_MISSING: Expected(
        (ShopWord.COMPLETED,), (0,), (Status.SHIPPED,), ("rejected",), ProblemKind.OWN_LABEL
    ),
    Ending.NOT_FOR_SALE: Expected(
        _NO_SHOP_ORDER, (0,), (Status.NOT_SHIPPED,), ("",), ProblemKind.UNKNOWN_PRODUCT
    ),
    Ending.OPEN: Expected(
        (ShopWord.OPEN,), (0,), (Status.NOT_SHIPPED, Status.CANCELLATION_REQUESTED), ("",)
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Rules:
    """What the merchant and the marketplace have laid down."""

    words: Mapping[Carrier, str]  # the marketplace's word for each carrier
    other_word: str
    wait: timedelta


@dataclass(frozen=True, slots=True)
class Flaw:
    ref: str
    what: str


@dataclass(frozen=True, slots=True)
class Verdict:
    flaws: tuple[Flaw, ...]
    endings: Mapping[str, Ending] = field(default_factory=dict)  # by ref

    @property
    def is_clean(self) -> bool:
        """Nothing was lost, doubled or untrue."""
        return not self.flaws


def compare(marketplace: MarketplaceSide, shop: ShopSide, hub: HubSide, rules: Rules) -> Verdict:
    """Every order on all three sides. A flaw names the order and says what is wrong with it."""
    placed = _by_ref(marketplace, shop)
    in_hub = {order.ref: order for order in hub.orders}
    flaws: list[Flaw] = []
    endings: dict[str, Ending] = {}
    for sold in marketplace.sold:
        ours = placed.pop(sold.ref, [])
        endings[sold.ref] = ending_of(sold, ours[0] if ours else None)
        order = _Order(sold, ours, in_hub.pop(sold.ref, None), endings[sold.ref], rules)
        flaws += [Flaw(sold.ref, what) for what in order.flaws()]
    flaws += [Flaw(ref, "the hub has it, and the marketplace never had it") for ref in in_hub]
    flaws += [Flaw(ref, "the shop has it, and the marketplace never had it") for ref in placed]
    flaws += list(_touched_others(shop))
    return Verdict(tuple(flaws), endings)


def ending_of(sold: Sold, in_shop: InShop | None) -> Ending:
    """What people did decides; what the hub did is what is being judged."""
    if sold.by_marketplace:
        return Ending.LEFT_ALONE
    if sold.shipped_there_at:
        return Ending.SHIPPED_THERE
    if sold.cancelled_there_at:
        return Ending.CANCELLED_THERE
    if sold.not_for_sale:
        return Ending.NOT_FOR_SALE
    if in_shop is not None and in_shop.cancelled_at:
        return Ending.CANCELLED_IN_SHOP
    if in_shop is not None and in_shop.completed_at:
        return Ending.LABEL_MISSING if sold.own_label and not in_shop.label else Ending.SHIPPED
    return Ending.OPEN


def _by_ref(marketplace: MarketplaceSide, shop: ShopSide) -> dict[str, list[InShop]]:
    """What was created again has its count behind the order's number."""
    known = {sold.ref for sold in marketplace.sold}
    found: dict[str, list[InShop]] = {}
    for order in shop.orders:
        if order.left_as is None:
            named = order_ref_in(order.reference)
            ref = next((one for one in (named, named.rpartition("-")[0]) if one in known), "")
            found.setdefault(ref or f"{order.reference} ({order.shop_ref})", []).append(order)
    return found


def _touched_others(shop: ShopSide) -> Iterator[Flaw]:
    for order in shop.orders:
        if order.left_as is not None and order.state is not order.left_as:
            yield Flaw(order.shop_ref, f"an order of another tool was {order.left_as} and is {order.state} now")


@dataclass(frozen=True, slots=True)
class _Order:
    sold: Sold
    placed: Sequence[InShop]
    hub: InHub | None
    ending: Ending
    rules: Rules

    def flaws(self) -> Iterator[str]:
        yield from self._in_shop()
        yield from self._at_marketplace()
        yield from self._in_hub()

    @property
    def _expected(self) -> Expected:
        return ENDINGS[self.ending]

    @property
    def _by_others(self) -> bool:
        return bool(self.sold.shipments) and self.ending in (Ending.SHIPPED_THERE, Ending.LEFT_ALONE)

    def _in_shop(self) -> Iterator[str]:
        if len(self.placed) > 1:
            named = ", ".join(one.shop_ref for one in self.placed)
            yield f"doubled: the shop has it {len(self.placed)} times ({named})"
        if not self.placed and None not in self._expected.shop:
            yield f"lost: not in the shop ({self.ending})"
        for one in self.placed:
            if one.state not in self._expected.shop:
                yield f"in the shop it is {one.state} ({self.ending})"
            if one.quantities != self.sold.quantities:
                yield f"the shop has {dict(one.quantities)}, the buyer ordered {dict(self.sold.quantities)}"
            if one.total != self.sold.total:
                yield f"the shop's total is {one.total}, the buyer paid {self.sold.total}"

    def _at_marketplace(self) -> Iterator[str]:
        sent, expected = self.sold.shipments, self._expected
        if len(sent) not in expected.shipments:
            missing = "lost: never confirmed" if not sent else f"confirmed {len(sent)} times"
            yield f"{missing} at the marketplace ({self.ending})"
        if self.sold.is_cancelled is not expected.is_cancelled:
            yield f"at the marketplace it is {'' if self.sold.is_cancelled else 'not '}cancelled ({self.ending})"
        if self.ending is Ending.SHIPPED and self.placed:
            for one in sent:
                yield from self._confirmation(one, self.placed[0])

    def _confirmation(self, sent: ConfirmedShipment, shop: InShop) -> Iterator[str]:
        pieces = sum(self.sold.quantities.values())
        confirmed = sum(sent.quantities.values())
        if confirmed != pieces:
            yield f"confirmed {confirmed} of {pieces} pieces"
        code, word = ("", "") if shop.label else (shop.code, self._word(shop))
        if sent.tracking_number != code:
            yield f"confirmed with code '{sent.tracking_number}', the shop says '{code}'"
        if sent.carrier_code != word:
            yield f"confirmed with carrier '{sent.carrier_code}', '{code}' is of '{word}'"
        if sent.label_number != shop.label:
            yield f"confirmed with label '{sent.label_number}', the shop says '{shop.label}'"
        if shop.completed_at and sent.at < shop.completed_at:
            yield f"confirmed at {sent.at:%H:%M}, before the shop completed it at {shop.completed_at:%H:%M}"
        if shop.code_at and sent.at < shop.code_at:
            yield f"confirmed with a code at {sent.at:%H:%M}, before it was there at {shop.code_at:%H:%M}"
        if not code and not shop.label and shop.completed_at and sent.at < shop.completed_at + self.rules.wait:
            yield f"confirmed without a code at {sent.at:%H:%M}, before its wait was over"

    def _word(self, shop: InShop) -> str:
        return "" if shop.carrier is None else self.rules.words.get(shop.carrier, self.rules.other_word)

    def _in_hub(self) -> Iterator[str]:
        if self.hub is None:
            yield "lost: the hub has never heard of it"
            return
        hub, expected = self.hub, self._expected
        if hub.status not in expected.status:
            yield f"the hub says '{hub.status}' ({self.ending})"
        if hub.marketplace_sync not in expected.told:
            yield f"the hub says that the marketplace is '{hub.marketplace_sync}' ({self.ending})"
        if hub.unsent:
            yield f"the hub still has {hub.unsent} to tell of it"
        if hub.shop_ref != (self.placed[0].shop_ref if self.placed else ""):
            yield f"the hub says it is shop order '{hub.shop_ref}'"
        if hub.handled_externally is not self._by_others:
            yield f"untrue: the hub says that its shipment was {'' if hub.handled_externally else 'not '}by others"
        if self.ending is Ending.SHIPPED and self.placed and hub.tracking_number != self.placed[0].code:
            yield f"the hub shows code '{hub.tracking_number}', the shop '{self.placed[0].code}'"
        if hub.confirmed_at and not self.sold.shipments:
            yield "untrue: the hub says confirmed, and the marketplace has no shipment"
        if expected.problem and expected.problem not in {problem.kind for problem in hub.problems}:
            yield f"the hub shows no problem '{expected.problem}' ({self.ending})"
        for problem in hub.problems:
            if problem.kind is not expected.problem:
                yield f"the hub calls for a person without need: {problem.sentence} ({self.ending})"
