"""hub -> shop: place an order, or cancel it there. Neither is sent without a look at the shop first."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import islice

from orderhaven.core.comparing import compare, made
from orderhaven.core.problems import ProblemKind
from orderhaven.core.shop_order import THROWN_AWAY, Placement, ProductWanted, ShopOrder, ShopState
from orderhaven.ports.shop import Shop
from orderhaven.store import connections, placing, shop_readings
from orderhaven.store.models import Kind, Message
from orderhaven.store.outbox import Composed
from orderhaven.store.payloads import PlacePayload
from orderhaven.store.placing import Expected
from orderhaven.store.verdicts import Done, NotThere, NotWanted, Park, Verdict
from orderhaven.sync.cycle import Cycle
from orderhaven.sync.outbox import Verdicts, deliver
from orderhaven.sync.recovery import SAYS_NOTHING


async def tell_shop(cycle: Cycle) -> None:
    await deliver(cycle, ShopMouth(cycle))


class ShopMouth:
    def __init__(self, cycle: Cycle) -> None:
        self._cycle = cycle
        self._shop: Shop = cycle.connector
        self._side = cycle.row.name
        self._placements: dict[int, Placement] = {}

    async def before(self, messages: Sequence[Message]) -> Verdicts:
        verdicts: dict[int, Verdict] = {}
        cancels = [message for message in messages if message.kind == Kind.CANCEL_SHOP]
        placings = [message for message in messages if message.kind == Kind.PLACE]
        verdicts |= await self._look_at_cancels(cancels)
        found = await self._find(placings)
        for message in placings:
            if message.id in found:
                verdicts[message.id] = found[message.id]
        return verdicts | await self._resolve([message for message in placings if message.id not in found])

    def compose(self, message: Message) -> Composed | Verdict:
        if message.kind == Kind.CANCEL_SHOP:
            return Composed(message, message.payload)
        return Composed(message, placing.payload_of(self._placements[message.id]))

    async def send(self, message: Message, not_after: datetime) -> Verdict:
        if not isinstance(message.payload, PlacePayload):
            await self._shop.cancel(message.order.shop_ref, not_after=not_after)
            return Done()
        placed = await self._shop.place(self._placements[message.id], not_after=not_after)
        return judged(placing.expected(message, message.payload), (placed.order,))

    async def look(self, messages: Sequence[Message], begun_at: datetime) -> Verdicts:
        cancels = [message for message in messages if message.kind == Kind.CANCEL_SHOP]
        placings = [message for message in messages if message.kind == Kind.PLACE]
        seen = await self._find(placings) | await self._look_at_cancels(cancels)
        return {message.id: seen.get(message.id) or self._not_there(message, begun_at) for message in messages}

    async def ask(self, messages: Sequence[Message]) -> Verdicts:
        raise NotImplementedError("no shop answers a telling later")

    # below: how

    def _not_there(self, message: Message, begun_at: datetime) -> Verdict:
        settled_at = (message.not_after or begun_at) + self._cycle.declaration.limits.settle
        return NotThere(counts=begun_at >= settled_at)

    async def _find(self, placings: Sequence[Message]) -> dict[int, Verdict]:
        """One batched look for the references of all of them."""
        if not placings:
            return {}
        by_reference = {placing.reference(message): message for message in placings}
        found = {ref: orders for ref, orders in (await self._shop.find(tuple(by_reference))).items() if orders}
        expected = await self._expected([message for ref, message in by_reference.items() if ref in found])
        return {
            message.id: judged(expected[message.id], found[reference])
            for reference, message in by_reference.items()
            if reference in found
        }

    async def _expected(self, found: Sequence[Message]) -> Mapping[int, Expected]:
        """What was sent; of one that was never sent from here, what would be sent now."""
        sent = {message.id: payload for message in found if (payload := _sent(message)) is not None}
        unsent = {message.id: placing.placement(message) for message in found if message.id not in sent}
        products = await self._products(unsent.values())
        for key, placement in unsent.items():
            sent[key] = placing.payload_of(placing.with_known_products(placement, products))
        return {message.id: placing.expected(message, sent[message.id]) for message in found}

    async def _resolve(self, placings: Sequence[Message]) -> dict[int, Verdict]:
        """Look products up for all of them at once; what cannot be placed says why."""
        verdicts: dict[int, Verdict] = {}
        currencies = await self._currencies({message.order.currency for message in placings})
        wanted: dict[int, Placement] = {}
        for message in placings:
            placement = placing.placement(message)
            flaw = placing.flaw_of(message, placement, currencies)
            if flaw is not None:
                verdicts[message.id] = flaw
            else:
                wanted[message.id] = placement
        products = await self._products(wanted.values())
        for key, placement in wanted.items():
            match placing.with_products(placement, products):
                case Placement() as ready:
                    self._placements[key] = ready
                case unknown:
                    verdicts[key] = placing.unknown_product(unknown)
        return verdicts

    async def _currencies(self, wanted: Collection[str]) -> Collection[str]:
        """What the shop sells in; empty: it does not say. Asked anew before an order is refused for what was read at setup."""
        known: Collection[str] = self._cycle.row.currencies
        if not known or set(wanted) <= set(known):
            return known
        account = await self._shop.check()
        self._cycle.row.currencies = sorted(account.currencies)
        await self._cycle.store(connections.save_schedule, self._cycle.claim, currencies=self._cycle.row.currencies)
        return account.currencies

    async def _products(self, placements: Collection[Placement]) -> Mapping[ProductWanted, str]:
        articles = placing.articles_of(placements)
        said = await self._cycle.store(placing.matches_said, self._cycle.row.id, articles)
        found = dict(said)
        for some in _chunks(sorted(articles - said.keys(), key=repr), self._cycle.declaration.limits.orders_per_look):
            found |= await self._shop.find_products(some)
        return found

    async def _look_at_cancels(self, cancels: Sequence[Message]) -> dict[int, Verdict]:
        """A completed shop order is never cancelled by us; one that is cancelled or gone needs no telling."""
        placed = {message.order.shop_ref: message for message in cancels if message.order.shop_ref}
        verdicts: dict[int, Verdict] = {message.id: NotWanted() for message in cancels if not message.order.shop_ref}
        begun_at = self._cycle.now()
        readings = await self._shop.read(tuple(placed)) if placed else {}
        for shop_ref, message in placed.items():
            reading = readings.get(shop_ref)
            match reading.state if reading is not None else None:
                case None:
                    values = {"side": self._side, "cause": SAYS_NOTHING}
                    verdicts[message.id] = Park(ProblemKind.SURPRISE, values)
                case ShopState.COMPLETED:
                    verdicts[message.id] = NotWanted()
                case ShopState.OPEN:
                    pass
                case _:
                    verdicts[message.id] = Done()
        await self._take_completed(list(readings.values()), begun_at)
        return verdicts

    async def _take_completed(self, readings: Sequence[ShopOrder], begun_at: datetime) -> None:
        """That a cancelled order was completed is news of the shop's: it brings the one Problem that stops the parcel."""
        completed = [reading for reading in readings if reading.state is ShopState.COMPLETED]
        if completed:
            take = shop_readings.take_readings
            await self._cycle.store(take, self._cycle.claim, completed, begun_at, self._cycle.now())


def _sent(message: Message) -> PlacePayload | None:
    payload = message.payload
    return payload if isinstance(payload, PlacePayload) and payload.pieces else None


def judged(expected: Expected, found: Sequence[ShopOrder]) -> Verdict:
    """Found means exact reference, lines and a total; the oldest counts, the others are a Problem."""
    found = [one for one in found if one.state not in THROWN_AWAY] or found
    first, also = found[0], tuple(one.number or one.shop_ref for one in found[1:])
    compared = compare(expected.lines, first.lines, made)
    flaw = first.flaw or compared.reason
    if not flaw and first.total is not None and first.total.is_zero and Decimal(expected.total or 0):
        flaw = "it has no total"
    if flaw and first.state not in THROWN_AWAY:  # of those it is said that they are gone
        named = first.number or first.shop_ref
        return Park(ProblemKind.HALF_MADE, {"shop_ref": named, "reason": flaw}, shop_ref=first.shop_ref)
    return Done(first.shop_ref, first, also, expected.pieces, compared.products, expected.total)


def _chunks(articles: Iterable[ProductWanted], size: int) -> Iterable[tuple[ProductWanted, ...]]:
    left = iter(articles)
    while some := tuple(islice(left, size)):
        yield some
