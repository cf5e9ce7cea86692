"""A side's way of sending, the same for both: a command for each message, and what its receipt means."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from orderhaven.core.commands import MarketplaceCommand
from orderhaven.core.errors import HubError, OrderProblem, UnexpectedResponse, without_numbers
from orderhaven.core.problems import ProblemKind
from orderhaven.core.shop_order import ShopCommand
from orderhaven.ports.connector import Capability
from orderhaven.ports.receipts import Receipt, ReceiptState
from orderhaven.store.models import Message, MessageKind
from orderhaven.store.outbox import queue, result
from orderhaven.store.outbox.queue import ComposedMessage
from orderhaven.sync.sync_run import SyncRun, result_of

Outcomes = Mapping[int, result.CommandResult]
Answered = Sequence[tuple[Message, Receipt]]
_UNKNOWN = Receipt(ReceiptState.UNKNOWN)


class Sender(ABC):
    """Messages come with order, link and lines. What a connector raises passes through, unless it is said here."""

    methods: ClassVar[Mapping[MessageKind, str]]  # of the connector

    def __init__(self, sync_run: SyncRun) -> None:
        self.sync_run = sync_run
        self.connector: Any = sync_run.connector
        self.spec = sync_run.spec
        self.side = sync_run.row.name

    # ------------------------------------------------------------ what each side brings

    @abstractmethod
    async def precheck(self, messages: Sequence[Message]) -> Outcomes:
        """What needs no sending, by a look at the other side. Raises SafeToRetry for all of them."""

    @abstractmethod
    def compose(self, message: Message) -> ComposedMessage | result.CommandResult:
        """The facts that go out with it, as they are now. Pure."""

    @abstractmethod
    def command(self, message: Message) -> MarketplaceCommand | ShopCommand:
        """What is, or was, sent: exactly what was kept at begin."""

    @abstractmethod
    async def verify(self, messages: Sequence[Message], begun_at: datetime) -> Outcomes:
        """Whether unconfirmed messages happened."""

    @abstractmethod
    async def done(self, answered: Answered) -> Outcomes:
        """What follows from these receipts, which say that it is done."""

    @abstractmethod
    async def rejected(self, message: Message, no: result.CommandResult) -> result.CommandResult:
        """The other side said no. "Already done" is success: that is no rejection."""

    # ------------------------------------------------------------ the same for both

    @property
    def prepares(self) -> bool:
        return Capability.PREPARES in self.spec.capabilities

    async def prepare(self, message: Message) -> str:
        """What is made before the deciding request; to be stored before that goes out."""
        prepared: str = await self.connector.prepare(self.command(message))
        return prepared

    async def send(self, messages: Sequence[Message], not_after: datetime) -> Outcomes:
        """One request, for one message or for several of a kind; each has a fate of its own."""
        if len(messages) > 1:
            return await self._send_together(messages, not_after)
        (message,) = messages
        call = getattr(self.connector, self.methods[MessageKind(message.kind)])
        try:
            receipt: Receipt = await call(self.command(message), not_after=not_after)
        except OrderProblem as refusal:
            return {message.id: await self.rejected(message, result_of(refusal, self.side))}
        if receipt.state is ReceiptState.PENDING:
            return {message.id: _pending(message, receipt)}
        return await self._outcomes(messages, {message.reference: receipt})

    async def poll(self, messages: Sequence[Message]) -> Outcomes:
        """What became of messages that were taken in. They come without their orders: most are only asked after."""
        receipts = await self.connector.outcomes({message.reference: message.handle for message in messages})
        final = [
            message
            for message in messages
            if message.reference in receipts and receipts[message.reference].state in self._ends_with_order
        ]
        if final:
            await self.sync_run.in_store(queue.with_orders, final)
        return await self._outcomes(messages, receipts)

    _ends_with_order: ClassVar[frozenset[ReceiptState]] = frozenset({ReceiptState.REJECTED})  # what `poll` loads it for

    # ------------------------------------------------------------ below: how

    async def _send_together(self, messages: Sequence[Message], not_after: datetime) -> Outcomes:
        """A request that is refused as a whole did nothing: its halves are sent, so that one order spoils no other's."""
        commands = [self.command(message) for message in messages]
        try:
            receipts: Mapping[str, Receipt] = await self.connector.send_many(commands, not_after=not_after)
        except OrderProblem:
            half = len(messages) // 2
            first = await self._send_half(messages[:half], not_after)
            return {**first, **await self._send_half(messages[half:], not_after)}
        except UnexpectedResponse as surprise:
            # nobody knows what that did, so each is looked for before it is sent again
            return dict.fromkeys([message.id for message in messages], result.Unconfirmed(surprise.cause))
        return await self._outcomes(messages, receipts)

    async def _send_half(self, messages: Sequence[Message], not_after: datetime) -> Outcomes:
        """What is raised here holds for this half alone."""
        try:
            return await self.send(messages, not_after)
        except HubError as error:
            return dict.fromkeys([message.id for message in messages], result_of(error, self.side))

    async def _outcomes(self, messages: Sequence[Message], receipts: Mapping[str, Receipt]) -> Outcomes:
        answered = [(message, receipts.get(message.reference, _UNKNOWN)) for message in messages]
        done = [(message, receipt) for message, receipt in answered if receipt.state is ReceiptState.DONE]
        outcomes = dict(await self.done(done)) if done else {}
        for message, receipt in answered if len(done) < len(answered) else ():
            match receipt.state:
                case ReceiptState.REJECTED:
                    outcomes[message.id] = await self.rejected(message, self._no(receipt.rejection))
                case ReceiptState.UNKNOWN:
                    outcomes[message.id] = result.Unconfirmed(f"{self.side} does not say what became of it")
                case ReceiptState.PENDING:
                    outcomes[message.id] = _pending(message, receipt)
        return outcomes

    def _no(self, reason: str) -> result.CommandResult:
        values = {"side": self.side, "reason": reason}
        return result.NeedsAttention(ProblemKind.REJECTED, values, cause=without_numbers(reason))


def _pending(message: Message, receipt: Receipt) -> result.CommandResult:
    """Taken in just now, or asked after and not done yet."""
    if message.handle:
        return result.NoAnswerYet()
    return result.Processing(receipt.handle)
