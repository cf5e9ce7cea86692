"""Deliver a message exactly once: look, begin, call, finish; and look again before anything unclear is repeated.

`Mouth` is what the two telling arrows bring: how their messages are composed, sent and looked for.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

import structlog
from msgspec import Struct

from orderhaven.core.errors import AccountProblem, HubError, OrderProblem, RateLimited, Surprise, TryLater
from orderhaven.store import outbox as rows
from orderhaven.store.models import Message, MessageState
from orderhaven.store.outbox import Composed
from orderhaven.store.verdicts import MayHaveHappened, Verdict
from orderhaven.sync.at_once import at_once
from orderhaven.sync.cycle import Cycle
from orderhaven.sync.recovery import verdict_of

log = structlog.get_logger()

Verdicts = Mapping[int, Verdict]
# what the data of one order can bring about, the bugs of ours that it brings out included
_OF_ONE_ORDER = (OrderProblem, Surprise, LookupError, ValueError, TypeError, ArithmeticError)
_GATHERS_FOR_S = 0.2  # real seconds: how long the first answer waits for others, to be written down with them


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
    while cycle.now() < until:
        due = await cycle.store(rows.take_up, cycle.claim, cycle.now())
        moved = sum([await turn(cycle, mouth) for state, turn in _TURNS.items() if state in due])
        if not moved:
            return


async def _look_again(cycle: Cycle, mouth: Mouth) -> int:
    """Unclear messages: what the other side's own record says of them."""
    begun_at = cycle.now()
    messages = await _due(cycle, MessageState.UNCLEAR, cycle.declaration.limits.orders_per_look)
    if messages:
        verdicts = await _apart(cycle, messages, lambda some: mouth.look(some, begun_at))
        await _finish(cycle, messages, verdicts, MessageState.UNCLEAR)
    return len(messages)


async def _ask_after(cycle: Cycle, mouth: Mouth) -> int:
    """Messages that were taken in: what became of them."""
    messages = await _due(cycle, MessageState.AWAITING, cycle.declaration.limits.outcomes_per_call)
    if messages:
        await _finish(cycle, messages, await _apart(cycle, messages, mouth.ask), MessageState.AWAITING)
    return len(messages)


async def _send_due(cycle: Cycle, mouth: Mouth) -> int:
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
    not_after = cycle.not_after()
    begun = await cycle.store(rows.begin, cycle.claim, composed, not_after, cycle.now())
    await _send_all(cycle, mouth, [one.message for one in composed if one.message.id in begun], not_after)
    return len(messages)


_TURNS: Mapping[MessageState, Callable[[Cycle, Mouth], Awaitable[int]]] = {
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
        error = Surprise(f"{type(error).__name__} in Orderhaven")
    return verdict_of(error, cycle.declaration.title)


async def _send_all(cycle: Cycle, mouth: Mouth, messages: Sequence[Message], not_after: datetime) -> None:
    """Send at once what the declared limits allow, and write down in groups what comes back: a commit waits for the disk."""
    answered: list[Sent] = []
    ends: list[HubError] = []

    async def send(message: Message) -> None:
        answered.append(await _send_one(cycle, mouth, message, not_after))

    sending = asyncio.ensure_future(at_once(cycle.declaration.limits.calls_at_once, messages, send))
    try:
        while answered or not sending.done():
            await asyncio.wait([sending], timeout=_GATHERS_FOR_S)
            if sending.done():
                sending.result()
            group = answered.copy()
            answered.clear()
            ends += [one.ends for one in group if one.ends is not None]
            verdicts = {one.message.id: one.verdict for one in group}
            await _finish(cycle, [one.message for one in group], verdicts, MessageState.SENDING)
    finally:
        sending.cancel()
    _end_cycle_if(ends, len(messages))


async def _send_one(cycle: Cycle, mouth: Mouth, message: Message, not_after: datetime) -> Sent:
    try:
        return Sent(message, await mouth.send(message, not_after))
    except HubError as error:
        ends_cycle = isinstance(error, AccountProblem | TryLater)
        return Sent(message, verdict_of(error, cycle.declaration.title), error if ends_cycle else None)
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
