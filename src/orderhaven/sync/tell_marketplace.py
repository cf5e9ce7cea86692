"""hub -> marketplace: it left, it is cancelled, it is accepted; each with the shop's own facts."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime

from orderhaven.core.errors import OrderProblem, RateLimited, Surprise, TryLater, without_numbers
from orderhaven.core.problems import ProblemKind
from orderhaven.core.reading import Header, header_of
from orderhaven.ports.connector import Can
from orderhaven.ports.marketplace import Finding, Marketplace, Outcome, Receipt, Seen
from orderhaven.store import outbox, tellings
from orderhaven.store.models import Kind, Message
from orderhaven.store.outbox import Composed
from orderhaven.store.shapes import facts_of
from orderhaven.store.verdicts import (
    Done,
    MayHaveHappened,
    NotThere,
    NotWanted,
    Park,
    StillPending,
    TakenIn,
    Verdict,
)  # fmt: skip
from orderhaven.sync.at_once import at_once
from orderhaven.sync.cycle import Cycle
from orderhaven.sync.outbox import Verdicts, deliver
from orderhaven.sync.recovery import verdict_of

_NEEDS = {
    Kind.ACCEPT: Can.ACCEPT,
    Kind.CANCEL: Can.CANCEL,
    Kind.REFUSE: Can.REFUSE_CANCELLATION,
    Kind.CORRECT: Can.CORRECT_TRACKING,
}
# a refusal of these may mean that it happened before: their own record decides
_LOOK_AT_REFUSAL = frozenset({Kind.CONFIRM, Kind.CANCEL, Kind.ACCEPT})


async def tell_marketplace(cycle: Cycle) -> None:
    await deliver(cycle, MarketplaceMouth(cycle))


class MarketplaceMouth:
    def __init__(self, cycle: Cycle) -> None:
        self._cycle = cycle
        self._marketplace: Marketplace = cycle.connector
        self._declaration = cycle.declaration
        self._side = cycle.row.name
        tell = self._marketplace
        self._how: Mapping[Kind, Callable[..., Awaitable[Receipt]]] = {
            Kind.CONFIRM: tell.confirm, Kind.CANCEL: tell.cancel, Kind.ACCEPT: tell.accept,
            Kind.REFUSE: tell.refuse_cancellation, Kind.CORRECT: tell.correct,
        }  # fmt: skip

    async def before(self, messages: Sequence[Message]) -> Verdicts:
        """Its hearing came first in this cycle; what others did meanwhile has moved the order already."""
        return {}

    def compose(self, message: Message) -> Composed | Verdict:
        ability = _NEEDS.get(Kind(message.kind))
        if ability is not None and ability not in self._declaration.can:
            reason = f"it cannot be told to {message.kind} an order"
            return Park(ProblemKind.REFUSED, {"side": self._side, "reason": reason})
        return tellings.compose(message, self._declaration)

    async def send(self, message: Message, not_after: datetime) -> Verdict:
        telling = tellings.telling(message)
        try:
            receipt = await self._how[Kind(message.kind)](telling, not_after=not_after)
        except OrderProblem as refusal:
            return await self._refused(message, verdict_of(refusal, self._side))
        return await self._verdict(message, receipt)

    async def look(self, messages: Sequence[Message], begun_at: datetime) -> Verdicts:
        """Each by itself; a marketplace that answers none of many is down, and its cycle ends."""
        most = self._declaration.limits.calls_at_once
        seen = await at_once(most, messages, lambda message: self._seen(message, begun_at))
        answers = dict(zip(messages, seen, strict=True))
        down = len(messages) > 1 and all(isinstance(answer, TryLater) for answer in answers.values())
        verdicts: dict[int, Verdict] = {}
        for message, answer in answers.items():
            match answer:
                case TryLater() if not (down or isinstance(answer, RateLimited)):
                    verdicts[message.id] = NotThere(counts=False)  # it could not be seen whether it is
                case OrderProblem() | Surprise():
                    verdicts[message.id] = verdict_of(answer, self._side)
                case Exception():
                    raise answer
                case verdict:
                    verdicts[message.id] = verdict
        return verdicts

    async def ask(self, messages: Sequence[Message]) -> Verdicts:
        receipts = await self._marketplace.outcomes([message.handle for message in messages])
        unknown = Receipt(Outcome.UNKNOWN)
        said = {message: receipts.get(message.handle, unknown) for message in messages}
        refused = [message for message, receipt in said.items() if receipt.refused]
        if refused:
            await self._cycle.store(outbox.with_orders, refused)
        return {message.id: await self._verdict(message, receipt) for message, receipt in said.items()}

    # below: how

    async def _verdict(self, message: Message, receipt: Receipt) -> Verdict:
        if receipt.refused:
            values = {"side": self._side, "reason": receipt.refused}
            park = Park(ProblemKind.REFUSED, values, cause=without_numbers(receipt.refused))
            return await self._refused(message, park)
        match receipt.outcome:
            case Outcome.DONE:
                return Done(receipt.remote_ref)
            case Outcome.UNKNOWN:
                return MayHaveHappened(f"{self._side} does not say what became of it")
            case Outcome.PENDING if message.handle:
                return StillPending()
            case Outcome.PENDING:
                return TakenIn(receipt.handle)

    async def _refused(self, message: Message, park: Verdict) -> Verdict:
        """ "Already done" is success: a refusal of what their record shows as done is no refusal."""
        if message.kind not in _LOOK_AT_REFUSAL:
            return park
        finding = await self._marketplace.look(tellings.telling(message))
        return _done(message, finding) if finding.seen in (Seen.DONE, Seen.DONE_BY_OTHERS) else park

    async def _seen(self, message: Message, begun_at: datetime) -> Verdict:
        finding = await self._marketplace.look(tellings.telling(message))
        match finding.seen:
            case Seen.DONE | Seen.DONE_BY_OTHERS:
                return _done(message, finding)
            case Seen.PENDING:
                return StillPending()
            case Seen.NOT_DONE:
                settled_at = (message.not_after or begun_at) + self._declaration.limits.settle
                return NotThere(counts=begun_at >= settled_at)


def _done(message: Message, finding: Finding) -> Verdict:
    by_others = finding.seen is Seen.DONE_BY_OTHERS
    if by_others and message.kind == Kind.CANCEL:
        # where its list showed that before, the Problem was said then: once a person has settled it, it stays settled
        is_said = header_of(map(facts_of, message.order.kept_lines)) in (Header.SENT, Header.PART_SENT)
        return NotWanted() if is_said else Park(ProblemKind.SHIPPED_THOUGH_CANCELLED)
    return Done(finding.remote_ref, by_others=by_others)
