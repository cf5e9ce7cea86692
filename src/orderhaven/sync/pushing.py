"""Hub -> shop and marketplace: what each is asked to do. Nothing is sent before the other side is checked."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import islice

from orderhaven.core.errors import OrderProblem, RateLimited, SafeToRetry, UnexpectedResponse, without_numbers
from orderhaven.core.problems import ProblemKind
from orderhaven.core.shop_order import (
    THROWN_AWAY,
    ProductQuery,
    ShopOrderDraft,
    ShopOrderSnapshot,
    ShopState,
    compare,
    ordered_quantity,
)
from orderhaven.core.status import Header, header_of
from orderhaven.ports.connector import Capability
from orderhaven.ports.marketplace import Marketplace, Receipt, ReceiptState, RemoteState, Verification
from orderhaven.ports.shop import Shop
from orderhaven.store.connections import connections
from orderhaven.store.models import Message, MessageKind
from orderhaven.store.orders import shop_snapshots
from orderhaven.store.orders.conversions import facts_of
from orderhaven.store.outbox import commands, queue, result
from orderhaven.store.outbox.commands import ExpectedShopOrder
from orderhaven.store.outbox.payloads import CreatePayload
from orderhaven.store.outbox.queue import ComposedMessage
from orderhaven.sync.sending import Outcomes, deliver
from orderhaven.sync.sync_run import SAYS_NOTHING, SyncRun, gather_limited, result_of


async def push_shop(sync_run: SyncRun) -> None:
    await deliver(sync_run, ShopSender(sync_run))


class ShopSender:
    def __init__(self, sync_run: SyncRun) -> None:
        self._sync_run = sync_run
        self._shop: Shop = sync_run.connector
        self._side = sync_run.row.name
        self._drafts: dict[int, ShopOrderDraft] = {}

    async def prepare(self, messages: Sequence[Message]) -> Outcomes:
        outcomes: dict[int, result.CommandResult] = {}
        cancels = [message for message in messages if message.kind == MessageKind.CANCEL_SHOP]
        creations = [message for message in messages if message.kind == MessageKind.CREATE]
        outcomes |= await self._look_at_cancels(cancels)
        found = await self._find(creations)
        for message in creations:
            if message.id in found:
                outcomes[message.id] = found[message.id]
        return outcomes | await self._resolve([message for message in creations if message.id not in found])

    def compose(self, message: Message) -> ComposedMessage | result.CommandResult:
        if message.kind == MessageKind.CANCEL_SHOP:
            return ComposedMessage(message, message.payload)
        return ComposedMessage(message, commands.payload_of(self._drafts[message.id]))

    async def send(self, message: Message, not_after: datetime) -> result.CommandResult:
        if not isinstance(message.payload, CreatePayload):
            await self._shop.cancel(message.order.shop_ref, not_after=not_after)
            return result.Done()
        placed = await self._shop.create(self._drafts[message.id], not_after=not_after)
        return result_of_lookup(commands.expected(message, message.payload), (placed.order,))

    async def verify(self, messages: Sequence[Message], begun_at: datetime) -> Outcomes:
        cancels = [message for message in messages if message.kind == MessageKind.CANCEL_SHOP]
        creations = [message for message in messages if message.kind == MessageKind.CREATE]
        seen = await self._find(creations) | await self._look_at_cancels(cancels)
        return {message.id: seen.get(message.id) or self._not_there(message, begun_at) for message in messages}

    async def poll(self, messages: Sequence[Message]) -> Outcomes:
        raise NotImplementedError("no shop answers a command later")

    # below: how

    def _not_there(self, message: Message, begun_at: datetime) -> result.CommandResult:
        settled_at = (message.not_after or begun_at) + self._sync_run.spec.limits.visibility_delay
        return result.NotFound(is_conclusive=begun_at >= settled_at)

    async def _find(self, creations: Sequence[Message]) -> dict[int, result.CommandResult]:
        """One batched look for the references of all of them."""
        if not creations:
            return {}
        by_reference = {commands.draft_reference(message): message for message in creations}
        found = {ref: orders for ref, orders in (await self._shop.find(tuple(by_reference))).items() if orders}
        expected = await self._expected([message for ref, message in by_reference.items() if ref in found])
        return {
            message.id: result_of_lookup(expected[message.id], found[reference])
            for reference, message in by_reference.items()
            if reference in found
        }

    async def _expected(self, found: Sequence[Message]) -> Mapping[int, ExpectedShopOrder]:
        """What was sent; of one that was never sent from here, what would be sent now."""
        sent = {message.id: payload for message in found if (payload := _sent(message)) is not None}
        unsent = {message.id: commands.draft_of(message) for message in found if message.id not in sent}
        products = await self._products(unsent.values())
        for key, order_draft in unsent.items():
            sent[key] = commands.payload_of(commands.with_known_products(order_draft, products))
        return {message.id: commands.expected(message, sent[message.id]) for message in found}

    async def _resolve(self, creations: Sequence[Message]) -> dict[int, result.CommandResult]:
        """Look products up for all of them at once; what cannot be created says why."""
        outcomes: dict[int, result.CommandResult] = {}
        currencies = await self._currencies({message.order.currency for message in creations})
        wanted: dict[int, ShopOrderDraft] = {}
        for message in creations:
            order_draft = commands.draft_of(message)
            flaw = commands.flaw_of(message, order_draft, currencies)
            if flaw is not None:
                outcomes[message.id] = flaw
            else:
                wanted[message.id] = order_draft
        products = await self._products(wanted.values())
        for key, order_draft in wanted.items():
            match commands.with_products(order_draft, products):
                case ShopOrderDraft() as ready:
                    self._drafts[key] = ready
                case unknown:
                    outcomes[key] = commands.unknown_product(unknown)
        return outcomes

    async def _currencies(self, wanted: Collection[str]) -> Collection[str]:
        """What the shop sells in; empty: it does not say. Asked anew before an order is refused for what was read at setup."""
        known: Collection[str] = self._sync_run.row.currencies
        if not known or set(wanted) <= set(known):
            return known
        account = await self._shop.check()
        self._sync_run.row.currencies = sorted(account.currencies)
        await self._sync_run.in_store(
            connections.save_schedule, self._sync_run.claim, currencies=self._sync_run.row.currencies
        )
        return account.currencies

    async def _products(self, order_drafts: Collection[ShopOrderDraft]) -> Mapping[ProductQuery, str]:
        articles = commands.articles_of(order_drafts)
        said = await self._sync_run.in_store(commands.matches_said, self._sync_run.row.id, articles)
        found = dict(said)
        for some in _chunks(sorted(articles - said.keys(), key=repr), self._sync_run.spec.limits.orders_per_lookup):
            found |= await self._shop.find_products(some)
        return found

    async def _look_at_cancels(self, cancels: Sequence[Message]) -> dict[int, result.CommandResult]:
        """A completed shop order is never cancelled by us; one that is cancelled or gone needs no command."""
        placed = {message.order.shop_ref: message for message in cancels if message.order.shop_ref}
        outcomes: dict[int, result.CommandResult] = {
            message.id: result.NotNeeded() for message in cancels if not message.order.shop_ref
        }
        begun_at = self._sync_run.now()
        snapshots = await self._shop.read(tuple(placed)) if placed else {}
        for shop_ref, message in placed.items():
            snapshot = snapshots.get(shop_ref)
            match snapshot.state if snapshot is not None else None:
                case None:
                    values = {"side": self._side, "cause": SAYS_NOTHING}
                    outcomes[message.id] = result.NeedsAttention(ProblemKind.UNEXPECTED_RESPONSE, values)
                case ShopState.COMPLETED:
                    outcomes[message.id] = result.NotNeeded()
                case ShopState.OPEN:
                    pass
                case _:
                    outcomes[message.id] = result.Done()
        await self._take_completed(list(snapshots.values()), begun_at)
        return outcomes

    async def _take_completed(self, snapshots: Sequence[ShopOrderSnapshot], begun_at: datetime) -> None:
        """That a cancelled order was completed is news of the shop's: it brings the one Problem that stops the parcel."""
        completed = [snapshot for snapshot in snapshots if snapshot.state is ShopState.COMPLETED]
        if completed:
            take = shop_snapshots.record_snapshots
            await self._sync_run.in_store(take, self._sync_run.claim, completed, begun_at, self._sync_run.now())


def _sent(message: Message) -> CreatePayload | None:
    payload = message.payload
    return payload if isinstance(payload, CreatePayload) and payload.quantities else None


def result_of_lookup(expected: ExpectedShopOrder, found: Sequence[ShopOrderSnapshot]) -> result.CommandResult:
    """Found means exact reference, lines and a total; the oldest counts, the others are a Problem."""
    found = [one for one in found if one.state not in THROWN_AWAY] or found
    first, also = found[0], tuple(one.number or one.shop_ref for one in found[1:])
    compared = compare(expected.lines, first.lines, ordered_quantity)
    flaw = first.flaw or compared.reason
    if not flaw and first.total is not None and first.total.is_zero and Decimal(expected.total or 0):
        flaw = "it has no total"
    if flaw and first.state not in THROWN_AWAY:  # of those it is said that they are gone
        named = first.number or first.shop_ref
        return result.NeedsAttention(
            ProblemKind.PARTLY_CREATED, {"shop_ref": named, "reason": flaw}, shop_ref=first.shop_ref
        )
    return result.Done(first.shop_ref, first, also, expected.quantities, compared.products, expected.total)


def _chunks(articles: Iterable[ProductQuery], size: int) -> Iterable[tuple[ProductQuery, ...]]:
    left = iter(articles)
    while some := tuple(islice(left, size)):
        yield some


_NEEDS = {
    MessageKind.ACCEPT: Capability.ACCEPT,
    MessageKind.CANCEL: Capability.CANCEL,
    MessageKind.REFUSE: Capability.REFUSE_CANCELLATION,
    MessageKind.CORRECT: Capability.CORRECT_TRACKING,
}
# a refusal of these may mean that it happened before: their own record decides
_LOOK_AT_REFUSAL = frozenset({MessageKind.CONFIRM, MessageKind.CANCEL, MessageKind.ACCEPT})


async def push_marketplace(sync_run: SyncRun) -> None:
    await deliver(sync_run, MarketplaceSender(sync_run))


class MarketplaceSender:
    def __init__(self, sync_run: SyncRun) -> None:
        self._sync_run = sync_run
        self._marketplace: Marketplace = sync_run.connector
        self._spec = sync_run.spec
        self._side = sync_run.row.name
        tell = self._marketplace
        self._how: Mapping[MessageKind, Callable[..., Awaitable[Receipt]]] = {
            MessageKind.CONFIRM: tell.confirm, MessageKind.CANCEL: tell.cancel, MessageKind.ACCEPT: tell.accept,
            MessageKind.REFUSE: tell.refuse_cancellation, MessageKind.CORRECT: tell.correct,
        }  # fmt: skip

    async def prepare(self, messages: Sequence[Message]) -> Outcomes:
        """Its pull came first in this run; what others did meanwhile has moved the order already."""
        return {}

    def compose(self, message: Message) -> ComposedMessage | result.CommandResult:
        ability = _NEEDS.get(MessageKind(message.kind))
        if ability is not None and ability not in self._spec.capabilities:
            reason = f"it cannot be told to {message.kind} an order"
            return result.NeedsAttention(ProblemKind.REJECTED, {"side": self._side, "reason": reason})
        return commands.compose_message(message, self._spec)

    async def send(self, message: Message, not_after: datetime) -> result.CommandResult:
        command = commands.command_of(message)
        try:
            receipt = await self._how[MessageKind(message.kind)](command, not_after=not_after)
        except OrderProblem as refusal:
            return await self._refused(message, result_of(refusal, self._side))
        return await self._outcome(message, receipt)

    async def verify(self, messages: Sequence[Message], begun_at: datetime) -> Outcomes:
        """Each by itself; a marketplace that answers none of many is down, and its run ends."""
        most = self._spec.limits.concurrent_calls
        seen = await gather_limited(most, messages, lambda message: self._seen(message, begun_at))
        answers = dict(zip(messages, seen, strict=True))
        down = len(messages) > 1 and all(isinstance(answer, SafeToRetry) for answer in answers.values())
        outcomes: dict[int, result.CommandResult] = {}
        for message, answer in answers.items():
            match answer:
                case SafeToRetry() if not (down or isinstance(answer, RateLimited)):
                    outcomes[message.id] = result.NotFound(is_conclusive=False)  # it could not be seen whether it is
                case OrderProblem() | UnexpectedResponse():
                    outcomes[message.id] = result_of(answer, self._side)
                case Exception():
                    raise answer
                case outcome:
                    outcomes[message.id] = outcome
        return outcomes

    async def poll(self, messages: Sequence[Message]) -> Outcomes:
        receipts = await self._marketplace.outcomes([message.handle for message in messages])
        unknown = Receipt(ReceiptState.UNKNOWN)
        said = {message: receipts.get(message.handle, unknown) for message in messages}
        refused = [message for message, receipt in said.items() if receipt.rejection]
        if refused:
            await self._sync_run.in_store(queue.with_orders, refused)
        return {message.id: await self._outcome(message, receipt) for message, receipt in said.items()}

    # below: how

    async def _outcome(self, message: Message, receipt: Receipt) -> result.CommandResult:
        if receipt.rejection:
            values = {"side": self._side, "reason": receipt.rejection}
            park = result.NeedsAttention(ProblemKind.REJECTED, values, cause=without_numbers(receipt.rejection))
            return await self._refused(message, park)
        match receipt.state:
            case ReceiptState.DONE:
                return result.Done(receipt.remote_ref)
            case ReceiptState.UNKNOWN:
                return result.Unconfirmed(f"{self._side} does not say what became of it")
            case ReceiptState.PENDING if message.handle:
                return result.NoAnswerYet()
            case ReceiptState.PENDING:
                return result.Processing(receipt.handle)

    async def _refused(self, message: Message, park: result.CommandResult) -> result.CommandResult:
        """ "Already done" is success: a refusal of what their record shows as done is no refusal."""
        if message.kind not in _LOOK_AT_REFUSAL:
            return park
        verification = await self._marketplace.verify(commands.command_of(message))
        return (
            _done(message, verification)
            if verification.state in (RemoteState.DONE, RemoteState.DONE_BY_OTHERS)
            else park
        )

    async def _seen(self, message: Message, begun_at: datetime) -> result.CommandResult:
        verification = await self._marketplace.verify(commands.command_of(message))
        match verification.state:
            case RemoteState.DONE | RemoteState.DONE_BY_OTHERS:
                return _done(message, verification)
            case RemoteState.PENDING:
                return result.NoAnswerYet()
            case RemoteState.NOT_DONE:
                settled_at = (message.not_after or begun_at) + self._spec.limits.visibility_delay
                return result.NotFound(is_conclusive=begun_at >= settled_at)


def _done(message: Message, verification: Verification) -> result.CommandResult:
    by_others = verification.state is RemoteState.DONE_BY_OTHERS
    if by_others and message.kind == MessageKind.CANCEL:
        # where its list showed that before, the Problem was said then: once a person has settled it, it stays settled
        is_said = header_of(map(facts_of, message.order.prefetched_lines)) in (Header.SENT, Header.PART_SENT)
        return result.NotNeeded() if is_said else result.NeedsAttention(ProblemKind.SHIPPED_THOUGH_CANCELLED)
    return result.Done(verification.remote_ref, by_others=by_others)
