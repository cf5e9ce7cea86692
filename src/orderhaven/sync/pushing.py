"""Hub -> shop and marketplace: what each is asked to do. Nothing is sent before the other side is checked."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import ClassVar

from msgspec.structs import replace

from orderhaven.core.commands import MarketplaceCommand
from orderhaven.core.errors import OrderProblem, RateLimited, SafeToRetry, UnexpectedResponse
from orderhaven.core.problems import ProblemKind
from orderhaven.core.shop_order import (
    ProductQuery,
    ShopCommand,
    ShopOrderCancellation,
    ShopOrderDraft,
    ShopOrderSnapshot,
    ShopState,
)
from orderhaven.core.status import Header, header_of
from orderhaven.ports.connector import Capability
from orderhaven.ports.marketplace import Marketplace, RemoteState, Verification
from orderhaven.ports.receipts import ReceiptState
from orderhaven.ports.shop import Shop
from orderhaven.store.models import Message, MessageKind
from orderhaven.store.orders import shop_snapshots
from orderhaven.store.orders.conversions import facts_of
from orderhaven.store.outbox import commands, result
from orderhaven.store.outbox.commands import ExpectedShopOrder
from orderhaven.store.outbox.payloads import CreatePayload
from orderhaven.store.outbox.queue import ComposedMessage
from orderhaven.store.outbox.references import reference_of, reference_of_older_versions
from orderhaven.sync.account import take_account
from orderhaven.sync.lookup import result_of_lookup, result_of_older, result_of_own
from orderhaven.sync.sender import Answered, Outcomes, Sender
from orderhaven.sync.sending import deliver
from orderhaven.sync.sync_run import SAYS_NOTHING, SyncRun, gather_limited, result_of


async def push_shop(sync_run: SyncRun) -> None:
    await deliver(sync_run, ShopSender(sync_run))


class ShopSender(Sender):
    methods: ClassVar = {MessageKind.CREATE: "create", MessageKind.CANCEL_SHOP: "cancel"}
    _ends_with_order = frozenset({ReceiptState.REJECTED, ReceiptState.DONE})

    def __init__(self, sync_run: SyncRun) -> None:
        super().__init__(sync_run)
        self._shop: Shop = sync_run.connector
        self._drafts: dict[int, ShopOrderDraft] = {}

    async def precheck(self, messages: Sequence[Message]) -> Outcomes:
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
        draft = self._drafts[message.id]
        return ComposedMessage(message, commands.payload_of(draft), reference=draft.reference)

    def command(self, message: Message) -> ShopCommand:
        if message.kind == MessageKind.CANCEL_SHOP:
            return ShopOrderCancellation(message.order.shop_ref, reference_of(message), message.prepared)
        draft = self._drafts[message.id]
        return draft if draft.prepared == message.prepared else replace(draft, prepared=message.prepared)

    async def verify(self, messages: Sequence[Message], begun_at: datetime) -> Outcomes:
        cancels = [message for message in messages if message.kind == MessageKind.CANCEL_SHOP]
        creations = [message for message in messages if message.kind == MessageKind.CREATE]
        seen = await self._find(creations) | await self._look_at_cancels(cancels)
        return {message.id: seen.get(message.id) or self._not_there(message, begun_at) for message in messages}

    async def done(self, answered: Answered) -> Outcomes:
        """An order that the shop does not show with its answer is looked for, like one of which nothing came back."""
        outcomes: dict[int, result.CommandResult] = {}
        hidden: list[Message] = []
        for message, receipt in answered:
            if not isinstance(message.payload, CreatePayload):
                outcomes[message.id] = result.Done(receipt.remote_ref)
            elif receipt.order is not None:
                outcomes[message.id] = result_of_lookup(commands.expected(message, message.payload), (receipt.order,))
            else:
                hidden.append(message)
                outcomes[message.id] = result.Unconfirmed(f"{self.side} does not show yet what it made")
        return outcomes | await self._find(hidden)

    async def rejected(self, message: Message, no: result.CommandResult) -> result.CommandResult:
        return no

    # below: how

    def _not_there(self, message: Message, begun_at: datetime) -> result.CommandResult:
        settled_at = (message.not_after or begun_at) + self.spec.limits.visibility_delay
        return result.NotFound(is_conclusive=begun_at >= settled_at)

    async def _find(self, creations: Sequence[Message]) -> dict[int, result.CommandResult]:
        """One batched look for the references of all of them, and for those that older versions would have composed."""
        if not creations:
            return {}
        own = {message.id: self._reference(message) for message in creations}
        older = {message.id: reference_of_older_versions(message) for message in creations}
        prepared = {own[message.id]: message.prepared for message in creations if message.prepared}
        said = await self._shop.find(tuple({*own.values(), *older.values()}), prepared)
        there = {reference: orders for reference, orders in said.items() if orders}
        found = [message for message in creations if own[message.id] in there or older[message.id] in there]
        if not found:
            return {}
        expected = await self._expected(found)
        keys = [order.shop_ref for orders in there.values() for order in orders]
        owners = await self.sync_run.in_store(commands.orders_of_shop_orders, self.sync_run.row.id, keys)
        outcomes: dict[int, result.CommandResult] = {}
        for message in found:
            if orders := there.get(own[message.id]):
                outcomes[message.id] = result_of_own(message, expected[message.id], orders, owners)
            elif outcome := result_of_older(message, expected[message.id], there[older[message.id]], owners):
                outcomes[message.id] = outcome
        return outcomes

    def _reference(self, message: Message) -> str:
        return reference_of(message, self.spec.limits.reference_length)

    def _draft(self, message: Message) -> ShopOrderDraft:
        return commands.draft_of(message, self._reference(message))

    async def _expected(self, found: Sequence[Message]) -> Mapping[int, ExpectedShopOrder]:
        """What was sent; of one that was never sent from here, what would be sent now."""
        sent = {message.id: payload for message in found if (payload := _sent(message)) is not None}
        unsent = {message.id: self._draft(message) for message in found if message.id not in sent}
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
            order_draft = self._draft(message)
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
        """What the shop sells in; empty: it does not say. Asked anew before an order is refused for what was read before."""
        known: Collection[str] = self.sync_run.row.currencies
        if not known or set(wanted) <= set(known):
            return known
        return (await take_account(self.sync_run)).currencies

    async def _products(self, order_drafts: Collection[ShopOrderDraft]) -> Mapping[ProductQuery, str]:
        articles = commands.articles_of(order_drafts)
        said = await self.sync_run.in_store(commands.matches_said, self.sync_run.row.id, articles)
        found = dict(said)
        for some in _chunks(sorted(articles - said.keys(), key=repr), self.spec.limits.orders_per_lookup):
            found |= await self._shop.find_products(some)
        return found

    async def _look_at_cancels(self, cancels: Sequence[Message]) -> dict[int, result.CommandResult]:
        """A completed shop order is never cancelled by us; one that is cancelled or gone needs no command."""
        placed = {message.order.shop_ref: message for message in cancels if message.order.shop_ref}
        outcomes: dict[int, result.CommandResult] = {
            message.id: result.NotNeeded() for message in cancels if not message.order.shop_ref
        }
        begun_at = self.sync_run.now()
        snapshots = await self._shop.read(tuple(placed)) if placed else {}
        for shop_ref, message in placed.items():
            snapshot = snapshots.get(shop_ref)
            match snapshot.state if snapshot is not None else None:
                case None:
                    values = {"side": self.side, "cause": SAYS_NOTHING}
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
            await self.sync_run.in_store(take, self.sync_run.claim, completed, begun_at, self.sync_run.now())


def _sent(message: Message) -> CreatePayload | None:
    payload = message.payload
    return payload if isinstance(payload, CreatePayload) and payload.quantities else None


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


class MarketplaceSender(Sender):
    methods: ClassVar = {
        MessageKind.CONFIRM: "confirm", MessageKind.CANCEL: "cancel", MessageKind.ACCEPT: "accept",
        MessageKind.REFUSE: "refuse_cancellation", MessageKind.CORRECT: "correct",
    }  # fmt: skip

    def __init__(self, sync_run: SyncRun) -> None:
        super().__init__(sync_run)
        self._marketplace: Marketplace = sync_run.connector

    async def precheck(self, messages: Sequence[Message]) -> Outcomes:
        """Its pull came first in this run; what others did meanwhile has moved the order already."""
        return {}

    def compose(self, message: Message) -> ComposedMessage | result.CommandResult:
        ability = _NEEDS.get(MessageKind(message.kind))
        if ability is not None and ability not in self.spec.capabilities:
            reason = f"it cannot be told to {message.kind} an order"
            return result.NeedsAttention(ProblemKind.REJECTED, {"side": self.side, "reason": reason})
        return commands.compose_message(message, self.spec)

    def command(self, message: Message) -> MarketplaceCommand:
        return commands.command_of(message)

    async def verify(self, messages: Sequence[Message], begun_at: datetime) -> Outcomes:
        """Each by itself; a marketplace that answers none of many is down, and its run ends."""
        most = self.spec.limits.concurrent_calls
        seen = await gather_limited(most, messages, lambda message: self._seen(message, begun_at))
        answers = dict(zip(messages, seen, strict=True))
        down = len(messages) > 1 and all(isinstance(answer, SafeToRetry) for answer in answers.values())
        outcomes: dict[int, result.CommandResult] = {}
        for message, answer in answers.items():
            match answer:
                case SafeToRetry() if not (down or isinstance(answer, RateLimited)):
                    outcomes[message.id] = result.NotFound(is_conclusive=False)  # it could not be seen whether it is
                case OrderProblem() | UnexpectedResponse():
                    outcomes[message.id] = result_of(answer, self.side)
                case Exception():
                    raise answer
                case outcome:
                    outcomes[message.id] = outcome
        return outcomes

    async def done(self, answered: Answered) -> Outcomes:
        return {message.id: result.Done(receipt.remote_ref) for message, receipt in answered}

    async def rejected(self, message: Message, no: result.CommandResult) -> result.CommandResult:
        """What their record shows as done was done before."""
        if message.kind not in _LOOK_AT_REFUSAL:
            return no
        verification = await self._marketplace.verify(self.command(message))
        is_done = verification.state in (RemoteState.DONE, RemoteState.DONE_BY_OTHERS)
        return _done(message, verification) if is_done else no

    # below: how

    async def _seen(self, message: Message, begun_at: datetime) -> result.CommandResult:
        verification = await self._marketplace.verify(self.command(message))
        match verification.state:
            case RemoteState.DONE | RemoteState.DONE_BY_OTHERS:
                return _done(message, verification)
            case RemoteState.PENDING:
                return result.NoAnswerYet()
            case RemoteState.NOT_DONE:
                settled_at = (message.not_after or begun_at) + self.spec.limits.visibility_delay
                return result.NotFound(is_conclusive=begun_at >= settled_at)


def _done(message: Message, verification: Verification) -> result.CommandResult:
    by_others = verification.state is RemoteState.DONE_BY_OTHERS
    if by_others and message.kind == MessageKind.CANCEL:
        # where its list showed that before, the Problem was said then: once a person has settled it, it stays settled
        is_said = header_of(map(facts_of, message.order.prefetched_lines)) in (Header.SENT, Header.PART_SENT)
        return result.NotNeeded() if is_said else result.NeedsAttention(ProblemKind.SHIPPED_THOUGH_CANCELLED)
    return result.Done(verification.remote_ref, by_others=by_others)
