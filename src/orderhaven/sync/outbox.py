"""Deliver a message exactly once: look, begin, call, finish; and look again before anything unclear is repeated.

`Mouth` is what the two telling arrows bring: how their messages are composed, sent and looked for.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

import structlog
from msgspec import Struct

from orderhaven.core.errors import AccountProblem, HubError, OrderProblem, RateLimited, Surprise, TryLater
from orderhaven.store import alike
from orderhaven.store import outbox as rows
from orderhaven.store.models import Message, MessageState
from orderhaven.store.outbox import Composed
from orderhaven.store.verdicts import MayHaveHappened, NotNow, Verdict
from orderhaven.sync.cycle import Cycle
from orderhaven.sync.recovery import OURS, verdict_of

log = structlog.get_logger()

Verdicts = Mapping[int, Verdict]
# what the data of one order can bring about, the bugs of ours that it brings out included
_OF_ONE_ORDER = (OrderProblem, Surprise, LookupError, ValueError, TypeError, ArithmeticError)
_GATHERS_FOR_S = 0.2  # real seconds: how long the first answer waits for others, to be written down with them
_TRIES = 10  # when so many came to nothing, and none to anything, no more is begun
_UNKNOWN_IN_A_ROW = 4  # nor when of so many, one after the other, nobody knows what became: each has to be verified
_SUSPECT = 2  # deaths of the hub in a row, all while the same thing was begun
_BEGINS_AHEAD_S = 2.0  # real seconds: what a death leaves begun and unsent, each to be verified before it is sent again


class Sent(Struct, frozen=True):
    message: Message
    verdict: Verdict
    ends: HubError | None = None  # what ends the cycle once the answers are written down


class Mouth(Protocol):
    """One side's way of telling. Messages come with order, link and lines."""

    async def before(self, messages: Sequence[Message]) -> Verdicts:
        """What needs no sending, by a look at the other side or at the message. Raises TryLater for all of them."""
        ...

    def compose(self, message: Message) -> Composed | Verdict:
        """The facts that go out with it, as they are now. Pure."""
        ...

    async def send(self, message: Message, not_after: datetime) -> Verdict:
        """One request. Raises what the port raises."""
        ...

    async def look(self, messages: Sequence[Message], begun_at: datetime) -> Verdicts:
        """Whether unclear messages happened."""
        ...

    async def ask(self, messages: Sequence[Message]) -> Verdicts:
        """What became of messages that were taken in."""
        ...


async def deliver(cycle: Cycle, mouth: Mouth) -> None:
    """Tell what is due, most urgent first, for a bounded time. Raises what ends a cycle."""
    until = cycle.tells_until()
    if cycle.row.alike_again_at is not None:
        await cycle.store(alike.try_one, cycle.claim, cycle.now())
    while cycle.now() < until:
        due = await cycle.store(rows.take_up, cycle.claim, cycle.now())
        moved = sum([await turn(cycle, mouth, until) for state, turn in _TURNS.items() if state in due])
        if not moved:
            return


async def _look_again(cycle: Cycle, mouth: Mouth, until: datetime) -> int:
    """Unclear messages: what the other side's own record says of them."""
    begun_at = cycle.now()
    messages = await _due(cycle, MessageState.UNCLEAR, cycle.declaration.limits.orders_per_look)
    if messages:
        verdicts = await _apart(cycle, messages, lambda some: mouth.look(some, begun_at))
        await _finish(cycle, messages, verdicts, MessageState.UNCLEAR)
    return len(messages)


async def _ask_after(cycle: Cycle, mouth: Mouth, until: datetime) -> int:
    """Messages that were taken in: what became of them."""
    messages = await _due(cycle, MessageState.AWAITING, cycle.declaration.limits.outcomes_per_call)
    if messages:
        await _finish(cycle, messages, await _apart(cycle, messages, mouth.ask), MessageState.AWAITING)
    return len(messages)


async def _send_due(cycle: Cycle, mouth: Mouth, until: datetime) -> int:
    """What is not begun by `until` stays due."""
    messages = await _due(cycle, MessageState.DUE, cycle.declaration.limits.orders_per_look)
    if not messages:
        return 0
    verdicts = await _apart(cycle, messages, mouth.before)
    composed: list[Composed] = []
    for message in messages:
        if message.id not in verdicts:
            match _composed(cycle, mouth, message):
                case Composed() as ready:
                    composed.append(ready)
                case verdict:
                    verdicts[message.id] = verdict
    await _finish(cycle, messages, verdicts, MessageState.DUE)
    for some in _apart_from_suspects(composed):
        await _send_all(cycle, Outgoing(cycle, mouth, some, until))
    return len(messages)


def _apart_from_suspects(composed: Sequence[Composed]) -> list[list[Composed]]:
    """What the hub ended with more than once is sent last and alone: if it is what ends the hub, it takes nothing else along."""
    suspects = [one for one in composed if one.message.deaths >= _SUSPECT]
    others = [one for one in composed if one.message.deaths < _SUSPECT]
    return [some for some in (others, *([one] for one in suspects)) if some]


_TURNS: Mapping[MessageState, Callable[[Cycle, Mouth, datetime], Awaitable[int]]] = {
    MessageState.UNCLEAR: _look_again,
    MessageState.AWAITING: _ask_after,
    MessageState.DUE: _send_due,
}


def _composed(cycle: Cycle, mouth: Mouth, message: Message) -> Composed | Verdict:
    """One order that cannot be composed must not hold up the others."""
    try:
        return mouth.compose(message)
    except _OF_ONE_ORDER as error:
        return _own_trouble(cycle, message, error)


async def _apart(
    cycle: Cycle, messages: Sequence[Message], ask: Callable[[Sequence[Message]], Awaitable[Verdicts]]
) -> dict[int, Verdict]:
    """What is said of all of them at once; where one order breaks that, of each half, so that it holds up no other."""
    try:
        return dict(await ask(messages))
    except _OF_ONE_ORDER as error:
        if len(messages) == 1:
            return {messages[0].id: _own_trouble(cycle, messages[0], error)}
    half = len(messages) // 2
    return {**await _apart(cycle, messages[:half], ask), **await _apart(cycle, messages[half:], ask)}


def _own_trouble(cycle: Cycle, message: Message, error: Exception) -> Verdict:
    if not isinstance(error, HubError):
        log.error("order_broke", kind=message.kind, exc_info=error)
        error = Surprise(OURS)
    return verdict_of(error, cycle.row.name)


class Begun(Struct, frozen=True):
    """A message that is begun, and until when it may be sent: by the clock, and by what no change of the clock moves."""

    message: Message
    not_after: datetime
    latest: float  # as the loop counts seconds, which go on where the clock was set back while the process stood still


class Outgoing:
    """Composed messages on their way out, in order.

    Begun is only what goes out within about two seconds at the pace just seen: whatever a death leaves begun, sent or not,
    has to be verified before it is sent again.
    """

    def __init__(self, cycle: Cycle, mouth: Mouth, composed: Sequence[Composed], until: datetime) -> None:
        self.answered: list[Sent] = []  # not written down yet
        self.ends: list[HubError] = []
        self.sent = 0
        self.broke: Exception | None = None  # what keeps the rest from being begun
        self._cycle = cycle
        self._mouth = mouth
        self._left = deque(composed)
        self._until = until
        self._begun: deque[Begun] = deque()
        self._beginning = asyncio.Lock()
        self._seconds = asyncio.get_running_loop().time
        self._began_at = cycle.now()
        self._sent_before = 0  # when the newest were begun
        self._unknown = 0  # in a row

    async def send_all(self) -> None:
        """As many at once as the declared limits allow."""
        most = min(self._cycle.declaration.limits.calls_at_once, len(self._left))
        await asyncio.gather(*(self._send_one_after_another() for _ in range(most)))
        self._note_pace()

    async def _send_one_after_another(self) -> None:
        while self._begun or await self._begins_more():
            begun = self._begun.popleft()
            if isinstance(self.broke, TryLater):  # begun and not sent: that needs no looking for
                self.answered.append(Sent(begun.message, NotNow(self.broke.cause)))
                continue
            if self._seconds() >= begun.latest:
                self.answered.append(Sent(begun.message, NotNow("the time to send this had passed")))
                continue
            answer = await _send_one(self._cycle, self._mouth, begun.message, begun.not_after)
            self.sent += 1
            self.answered.append(answer)
            if answer.ends is not None:
                self.ends.append(answer.ends)
            self._count_unknown(answer.verdict)

    def _count_unknown(self, verdict: Verdict) -> None:
        """A side that broke down says so of order after order, and quickly."""
        self._unknown = self._unknown + 1 if isinstance(verdict, MayHaveHappened) else 0
        if self._unknown >= _UNKNOWN_IN_A_ROW and isinstance(verdict, MayHaveHappened):
            self.broke = self.broke or TryLater(verdict.cause)

    async def _begins_more(self) -> bool:
        async with self._beginning:
            while not self._begun and self._goes_on():
                await self._begin_some()
        return bool(self._begun)

    def _goes_on(self) -> bool:
        """Not when the time is over, nor when one answer, or all of many, said that the cycle ends."""
        ended = any(isinstance(error, AccountProblem | RateLimited) for error in self.ends)
        came_to_nothing = _TRIES <= self.sent == len(self.ends)
        return bool(self._left) and not (ended or came_to_nothing or self.broke or self._cycle.now() >= self._until)

    async def _begin_some(self) -> None:
        cycle = self._cycle
        self._note_pace()
        some = [self._left.popleft() for _ in range(min(self._how_many(), len(self._left)))]
        self._began_at, not_after = cycle.now(), cycle.not_after()
        latest = self._seconds() + cycle.declaration.limits.call_timeout_s
        try:
            begun = await cycle.store(rows.begin, cycle.claim, some, not_after, cycle.now())
        except Exception as error:  # noqa: BLE001 - raised again once what was begun before is answered
            self.broke = error
            return
        self._begun.extend(Begun(one.message, not_after, latest) for one in some if one.message.id in begun)

    def _how_many(self) -> int:
        at_once, each = self._cycle.declaration.limits.calls_at_once, self._cycle.time_per_message()
        if each is None:
            return at_once
        ahead = self._cycle.hub.clock.in_real(_BEGINS_AHEAD_S)
        return max(ahead // each, at_once) if each else len(self._left)

    def _note_pace(self) -> None:
        """How long one message took, of those sent since the newest were begun."""
        if (sent := self.sent - self._sent_before) and not self._unknown:
            self._cycle.note_time_per_message((self._cycle.now() - self._began_at) / sent)
            self._sent_before = self.sent


async def _send_all(cycle: Cycle, outgoing: Outgoing) -> None:
    """Write down in groups what comes back: a commit waits for the disk."""
    sending = asyncio.ensure_future(outgoing.send_all())
    try:
        while outgoing.answered or not sending.done():
            await asyncio.wait([sending], timeout=_GATHERS_FOR_S)
            if sending.done():
                sending.result()
            group = outgoing.answered.copy()
            outgoing.answered.clear()
            verdicts = {one.message.id: one.verdict for one in group}
            await _finish(cycle, [one.message for one in group], verdicts, MessageState.SENDING)
    finally:
        sending.cancel()
    if outgoing.broke is not None:
        raise outgoing.broke
    _end_cycle_if(outgoing.ends, outgoing.sent)


async def _send_one(cycle: Cycle, mouth: Mouth, message: Message, not_after: datetime) -> Sent:
    try:
        return Sent(message, await mouth.send(message, not_after))
    except HubError as error:
        ends_cycle = isinstance(error, AccountProblem | TryLater)
        return Sent(message, verdict_of(error, cycle.row.name), error if ends_cycle else None)
    except Exception:  # a bug of ours after the request may have gone out: look before anything else
        log.exception("telling_broke", kind=message.kind)
        return Sent(message, MayHaveHappened("an error in Orderhaven"))


def _end_cycle_if(errors: Sequence[HubError], tried: int) -> None:
    """The account's trouble and their wish to slow down end the cycle; so does a batch that came to nothing."""
    for error in errors:
        if isinstance(error, AccountProblem | RateLimited):
            raise error
    if errors and len(errors) == tried:
        raise errors[0]


async def _due(cycle: Cycle, state: MessageState, limit: int) -> list[Message]:
    return await cycle.store(rows.due, cycle.claim, state, cycle.now(), limit)


async def _finish(cycle: Cycle, messages: Sequence[Message], verdicts: Verdicts, state: MessageState) -> None:
    if verdicts:
        attempts = {message.id: message.attempt for message in messages}
        written = {key: (attempts[key], verdict) for key, verdict in verdicts.items()}
        await cycle.store(rows.finish, cycle.claim, written, state, cycle.pace(), cycle.now())
