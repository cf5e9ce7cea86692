"""What a shop's connector sends by itself in a scenario's shop: a day of orders, one for each thing that may be special."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from orderhaven.core.errors import AccountProblem, HubError
from orderhaven.core.order import Order
from orderhaven.core.shop_order import Placement, ProductWanted
from orderhaven.ports.replay import NotPlayed, SentRequest, Stage
from orderhaven.ports.sandbox import Article, Basket
from orderhaven.ports.shop import Shop
from orderhaven.testing.clock import ManualClock
from orderhaven.testing.goods import order_of
from orderhaven.testing.replay.playing import MakeStage
from orderhaven.testing.replay.recording import Scenario

_MARKETPLACE = "Marktplaats"
_UNKNOWN = ProductWanted("NO-SUCH-SKU", "8700000000000")


class Case(Struct, frozen=True):
    """What is special about one order."""

    name: str
    person: Mapping[str, str] = {}
    pickup_point: str = ""
    discount: str = "0.00"
    pieces: int = 1
    delivered_by_marketplace: bool = False
    currency: str = ""  # "" is the shop's own


CASES: Sequence[Case] = (
    Case("as usual"),
    Case("several pieces and a discount", pieces=3, discount="1.00"),
    Case("a company", person={"company": "De Vries BV", "vat_number": "NL001234567B01"}),
    Case("a second line and a region", person={"extra": "3 hoog", "region": "UT"}),
    Case("nothing that may be left out", person={"first_name": "", "addition": "", "phone": "", "email": ""}),
    Case("a pick-up point", pickup_point="PP-1234"),
    Case("sent by the marketplace", delivered_by_marketplace=True),
)


async def sent_in(scenario: Scenario, make_stage: MakeStage) -> Sequence[SentRequest]:
    """Every request that the connector sends there, with each of the ways in which it can be set up."""
    clock = ManualClock()
    stage = make_stage(clock)
    try:
        stage.prepare(scenario.shop, scenario.products)
    except NotPlayed:
        return []
    for way in stage.ways:
        await _Day(stage, clock, stage.open(**way), "-".join(way) or "usual").play()
    return stage.sent


class _Day:
    def __init__(self, stage: Stage, clock: ManualClock, shop: Shop, way: str) -> None:
        self._stage = stage
        self._clock = clock
        self._shop = shop
        self._way = way

    async def play(self) -> None:
        try:
            await self._shop.check()
        except AccountProblem:  # a shop in which a person must mend something first
            return
        cursor = await self._hear("")
        wanted = {article: ProductWanted(article.sku, article.ean) for article in self._stage.articles}
        products = await self._shop.find_products([*wanted.values(), _UNKNOWN])
        for number, case in enumerate(CASES):
            reference = f"orderhaven-{self._way}-{number}"
            for article in [article for article, want in wanted.items() if want in products][:3]:
                with suppress(HubError):
                    await self._place(f"{reference}-{article.sku}", case, article, products[wanted[article]])
        await self._hear(cursor)
        await self._let_the_merchant_work(cursor)

    async def _place(self, reference: str, case: Case, article: Article, product: str) -> None:
        await self._shop.find([reference])
        order = self._order(reference, case, article)
        line = order.lines[0].ref
        placement = Placement(
            order, reference, _MARKETPLACE, {line: case.pieces}, {line: product}, case.delivered_by_marketplace
        )
        await self._shop.place(placement, not_after=self._soon())

    def _order(self, reference: str, case: Case, article: Article) -> Order:
        basket = Basket(
            [(article, case.pieces)],
            person=case.person,
            pickup_point=case.pickup_point,
            discount=case.discount,
            by_marketplace=case.delivered_by_marketplace,
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
            await self._read_and_hear(ref, cursor)
        for ref in refs[len(deeds) : len(deeds) + 1]:
            await self._try(self._shop.cancel(ref, not_after=self._soon()))
            await self._read_and_hear(ref, cursor)

    async def _read_and_hear(self, ref: str, cursor: str) -> None:
        await self._try(self._shop.read([ref]))
        await self._hear(cursor)

    async def _hear(self, since: str) -> str:
        pages = [page async for page in self._shop.hear(since)]
        self._clock.advance(timedelta(minutes=2))
        return pages[-1].cursor

    async def _try(self, call: Awaitable[object]) -> None:
        with suppress(HubError):
            await call

    def _soon(self) -> datetime:
        return self._clock.now() + timedelta(minutes=5)
