"""What a shop's connector sends by itself in a scenario's shop: a day of orders, one for each thing that may be special."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from orderhaven.core.errors import AccountProblem, HubError
from orderhaven.core.order import MarketplaceOrder
from orderhaven.core.shop_order import ProductQuery, ShopOrderCancellation, ShopOrderDraft
from orderhaven.ports.replay import SentRequest, Stage, Variant
from orderhaven.ports.sandbox import Basket, CatalogueItem
from orderhaven.ports.shop import Shop
from orderhaven.testing.clock import ManualClock
from orderhaven.testing.goods import order_of
from orderhaven.testing.replay.playing import MakeStage, play_on
from orderhaven.testing.replay.recording import Scenario

_MARKETPLACE = "Marktplaats"
_ARTICLES = 3  # of a scenario, that are ordered
_AT_ONCE = 100
_CROWD = 605
_UNKNOWN = ProductQuery("NO-SUCH-SKU", "8700000000000")


class OrderVariant(Struct, frozen=True):
    """What is special about one order."""

    name: str
    person: Mapping[str, str] = {}
    pickup_point: str = ""
    discount: str = "0.00"
    pieces: int = 1
    fulfilled_by_marketplace: bool = False
    currency: str = ""  # "" is the shop's own


CASES: Sequence[OrderVariant] = (
    OrderVariant("as usual"),
    OrderVariant("several pieces and a discount", pieces=3, discount="1.00"),
    OrderVariant("a company", person={"company": "De Vries BV", "vat_number": "NL001234567B01"}),
    OrderVariant("a second line and a region", person={"extra": "3 hoog", "region": "UT"}),
    OrderVariant("nothing that may be left out", person={"first_name": "", "addition": "", "phone": "", "email": ""}),
    OrderVariant("a pick-up point", pickup_point="PP-1234"),
    OrderVariant("sent by the marketplace", fulfilled_by_marketplace=True),
)


async def all_sent(scenarios: Sequence[Scenario], make_stage: MakeStage) -> Sequence[SentRequest]:
    """Every request that the connector sends in these scenarios."""
    sent = [request for scenario in scenarios for request in await sent_in(scenario, make_stage)]
    return [*sent, *await sent_in_a_crowd(scenarios, make_stage)]


async def sent_in_a_crowd(scenarios: Sequence[Scenario], make_stage: MakeStage) -> Sequence[SentRequest]:
    """In the first of these in which something is sold."""
    for scenario in scenarios:
        clock, stage, _ = await play_on(scenario, make_stage)
        with suppress(AccountProblem):
            if stage.articles:
                await _Day(stage, clock, stage.variants[0], "crowd").pull_a_crowd()
                return stage.sent
    return []


async def sent_in(scenario: Scenario, make_stage: MakeStage) -> Sequence[SentRequest]:
    """Every request that the connector sends to the scenario's server, as its steps have left it."""
    clock, stage, _ = await play_on(scenario, make_stage)
    for number, way in enumerate(stage.variants):
        stage.change(way.change)
        try:
            await _Day(stage, clock, way, str(number)).play()
        except AccountProblem:  # a server at which a person must mend something first
            continue
    return stage.sent


class _Day:
    """One merchant's day with one connector; `name` keeps references of several days apart."""

    def __init__(self, stage: Stage, clock: ManualClock, way: Variant, name: str) -> None:
        self._stage = stage
        self._clock = clock
        self._way = way
        self._name = name
        self._shop = self._another()

    def _another(self) -> Shop:
        shop: Shop = self._stage.open(**self._way.settings)
        return shop

    async def play(self) -> None:
        await self._shop.check()
        cursor = await self._pull("")
        await self._try(self._shop.read([order.shop_ref for order in self._stage.sandbox.orders()][:_AT_ONCE]))
        wanted = {article: ProductQuery(article.sku, article.ean) for article in self._stage.articles}
        products = await self._shop.find_products([*wanted.values(), _UNKNOWN])
        sold = {article: products[want] for article, want in wanted.items() if want in products}
        for number, case in enumerate(CASES):
            for article, product in [*sold.items()][:_ARTICLES]:
                await self._place(f"orderhaven-{self._name}-{number}-{article.sku}", case, article, product)
        await self._pull(cursor)
        await self._let_the_merchant_work(cursor)

    async def _place(self, reference: str, case: OrderVariant, article: CatalogueItem, product: str) -> None:
        """By a connector that has not seen the product, as after a restart."""
        await self._shop.find([reference])
        order = self._order(reference, case, article)
        line = order.lines[0].ref
        order_draft = ShopOrderDraft(
            order, reference, _MARKETPLACE, {line: case.pieces}, {line: product}, case.fulfilled_by_marketplace
        )
        await self._try(self._another().create(order_draft, not_after=self._soon()))

    async def pull_a_crowd(self) -> None:
        """More changes in one second than several pages hold."""
        await self._shop.check()
        cursor = await self._pull("")
        for number in range(_CROWD):
            self._stage.sandbox.create_by_other_tool(Basket([(self._stage.articles[0], 1)]), f"crowd-{number}")
        await self._pull(cursor)

    def _order(self, reference: str, case: OrderVariant, article: CatalogueItem) -> MarketplaceOrder:
        basket = Basket(
            [(article, case.pieces)],
            address=case.person,
            pickup_point=case.pickup_point,
            discount=case.discount,
            by_marketplace=case.fulfilled_by_marketplace,
        )
        return replace(order_of(reference, basket, self._clock.now()), ship_by=None)

    async def _let_the_merchant_work(self, cursor: str) -> None:
        """Each deed, and what the connector asks after it."""
        sandbox = self._stage.sandbox
        refs = [order.shop_ref for order in sandbox.orders()]
        deeds: Sequence[Callable[[str], None]] = (
            lambda ref: sandbox.complete(ref, "3SABCD1234567", "PostNL"),
            sandbox.trash,
            sandbox.delete,
        )
        for deed, ref in zip(deeds, refs, strict=False):
            self._clock.advance(timedelta(minutes=1))
            deed(ref)
            await self._read_and_pull(ref, cursor)
        for ref in refs[len(deeds) : len(deeds) + 1]:
            await self._try(self._shop.cancel(ShopOrderCancellation(ref, "cancel"), not_after=self._soon()))
            await self._read_and_pull(ref, cursor)

    async def _read_and_pull(self, ref: str, cursor: str) -> None:
        await self._try(self._shop.read([ref]))
        await self._pull(cursor)

    async def _pull(self, since: str) -> str:
        pages = [page async for page in self._shop.pull(since)]
        self._clock.advance(timedelta(minutes=2))
        return pages[-1].cursor

    async def _try(self, call: Awaitable[object]) -> None:
        with suppress(HubError):
            await call

    def _soon(self) -> datetime:
        return self._clock.now() + timedelta(minutes=5)
