"""Send a message exactly once: verify, begin, call, finish; and verify again before anything unconfirmed is repeated."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime

import structlog
from msgspec import Struct

from orderhaven.core.errors import (
    AccountProblem,
    HubError,
    OrderProblem,
    OutcomeUnknown,
    RateLimited,
    SafeToRetry,
    UnexpectedResponse,
)
from orderhaven.ports.sockets import Socket
from orderhaven.store.models import Message, MessageState
from orderhaven.store.outbox import queue as rows
from orderhaven.store.outbox import repeated_rejections, result
from orderhaven.store.outbox.queue import ComposedMessage
from orderhaven.sync.sender import Outcomes, Sender
from orderhaven.sync.sync_run import OURS, SyncRun, gather_limited, result_of

log = structlog.get_logger()

# what the data of one order can bring about, the bugs of ours that it brings out included
_OF_ONE_ORDER = (OrderProblem, UnexpectedResponse, LookupError, ValueError, TypeError, ArithmeticError)
_GATHERS_FOR_S = 0.2  # real seconds: how long the first answer waits for others, to be written down with them
_TRIES = 10  # when so many came to nothing, and none to anything, no more is begun
_UNKNOWN_IN_A_ROW = 4  # nor when of so many, one after the other, nobody knows what became: each has to be verified
_SUSPECT = 2  # deaths of the hub in a row, all while the same thing was begun
_BEGINS_AHEAD_S = 2.0  # real seconds: what a death leaves begun and unsent, each to be verified before it is sent again


class SendResult(Struct, frozen=True):
    message: Message
    outcome: result.CommandResult
    ends: HubError | None = None  # what ends the run once the answers are written down


async def deliver(sync_run: SyncRun, sender: Sender) -> None:
    """Send what is due, most urgent first, for a bounded time. Raises what ends a run."""
    until = sync_run.pushes_until()
    if sync_run.row.repeated_retry_at is not None:
        await sync_run.in_store(repeated_rejections.try_one, sync_run.claim, sync_run.now())
    while sync_run.now() < until:
        due = await sync_run.in_store(rows.due_states, sync_run.claim, sync_run.now())
        moved = sum([await turn(sync_run, sender, until) for state, turn in _TURNS.items() if state in due])
        if not moved:
            return


async def _verify_unconfirmed(sync_run: SyncRun, sender: Sender, until: datetime) -> int:
    """Unconfirmed messages: what the side's own record says of them."""
    begun_at = sync_run.now()
    messages = await _due(sync_run, MessageState.UNCONFIRMED, sync_run.spec.limits.orders_per_lookup)
    if messages:
        outcomes = await _in_halves(sync_run, messages, lambda some: sender.verify(some, begun_at))
        await _finish(sync_run, messages, outcomes, MessageState.UNCONFIRMED)
    return len(messages)


async def _poll_processing(sync_run: SyncRun, sender: Sender, until: datetime) -> int:
    """Messages that were taken in: what became of them."""
    messages = await _due(sync_run, MessageState.PROCESSING, sync_run.spec.limits.outcomes_per_call)
    if messages:
        await _finish(sync_run, messages, await _in_halves(sync_run, messages, sender.poll), MessageState.PROCESSING)
    return len(messages)


async def _send_due(sync_run: SyncRun, sender: Sender, until: datetime) -> int:
    """What is not begun by `until` stays due."""
    messages = await _due(sync_run, MessageState.QUEUED, sync_run.spec.limits.orders_per_lookup)
    if not messages:
        return 0
    outcomes = await _in_halves(sync_run, messages, sender.precheck)
    composed: list[ComposedMessage] = []
    for message in messages:
        if message.id not in outcomes:
            match _composed(sync_run, sender, message):
                case ComposedMessage() as ready:
                    composed.append(ready)
                case outcome:
                    outcomes[message.id] = outcome
    if sender.prepares:
        composed = await _prepare(sync_run, sender, composed, outcomes)
    await _finish(sync_run, messages, outcomes, MessageState.QUEUED)
    for some in _apart_from_suspects(composed):
        await _send_all(sync_run, SendQueue(sync_run, sender, some, until))
    return len(messages)


async def _prepare(
    sync_run: SyncRun, sender: Sender, composed: Sequence[ComposedMessage], outcomes: dict[int, result.CommandResult]
) -> list[ComposedMessage]:
    """What the connector makes before the deciding requests, stored before any of those goes out. Those that are ready."""

    async def prepare(one: ComposedMessage) -> str:
        one.message.payload = one.payload
        return await sender.prepare(one.message)

    given = await gather_limited(sync_run.spec.limits.concurrent_calls, composed, prepare)
    ready: dict[int, ComposedMessage] = {}
    for one, made in zip(composed, given, strict=True):
        match made:
            case str():
                ready[one.message.id], one.message.prepared = one, made
            case OutcomeUnknown():  # it may be repeated
                outcomes[one.message.id] = result.RetryLater(made.cause)
            case AccountProblem() | RateLimited():
                raise made
            case HubError():
                outcomes[one.message.id] = result_of(made, sync_run.row.name)
            case _:
                outcomes[one.message.id] = _failure_of_ours(sync_run, one.message, made)
    await sync_run.in_store(rows.keep_prepared, sync_run.claim, [one.message for one in ready.values()])
    return list(ready.values())


def _apart_from_suspects(composed: Sequence[ComposedMessage]) -> list[list[ComposedMessage]]:
    """What the hub ended with more than once is sent last and alone: if it is what ends the hub, it takes nothing else along."""
    suspects = [one for one in composed if one.message.deaths >= _SUSPECT]
    others = [one for one in composed if one.message.deaths < _SUSPECT]
    return [some for some in (others, *([one] for one in suspects)) if some]


_TURNS: Mapping[MessageState, Callable[[SyncRun, Sender, datetime], Awaitable[int]]] = {
    MessageState.UNCONFIRMED: _verify_unconfirmed,
    MessageState.PROCESSING: _poll_processing,
    MessageState.QUEUED: _send_due,
}


def _composed(sync_run: SyncRun, sender: Sender, message: Message) -> ComposedMessage | result.CommandResult:
    """One order that cannot be composed must not hold up the others."""
    try:
        return sender.compose(message)
    except _OF_ONE_ORDER as error:
        return _failure_of_ours(sync_run, message, error)


async def _in_halves(
    sync_run: SyncRun, messages: Sequence[Message], ask: Callable[[Sequence[Message]], Awaitable[Outcomes]]
) -> dict[int, result.CommandResult]:
    """What is said of all of them at once; where one order breaks that, of each half, so that it holds up no other."""
    try:
        return dict(await ask(messages))
    except _OF_ONE_ORDER as error:
        if len(messages) == 1:
            return {messages[0].id: _failure_of_ours(sync_run, messages[0], error)}
    half = len(messages) // 2
    return {**await _in_halves(sync_run, messages[:half], ask), **await _in_halves(sync_run, messages[half:], ask)}


def _failure_of_ours(sync_run: SyncRun, message: Message, error: Exception) -> result.CommandResult:
    if not isinstance(error, HubError):
        log.error("order_crashed", kind=message.kind, exc_info=error)
        error = UnexpectedResponse(OURS)
    return result_of(error, sync_run.row.name)


class StartedMessage(Struct, frozen=True):
    """A message that is begun, and until when it may be sent: by the clock, and by what no change of the clock moves."""

    message: Message
    not_after: datetime
    latest: float  # as the loop counts seconds, which go on where the clock was set back while the process stood still


class SendQueue:
    """Composed messages on their way out, in order.

    Nothing is begun before there are sockets to send it by, and each is held until the last answer has come.
    Begun is only what goes out within about two seconds at the pace just seen: whatever a death leaves begun, sent or not,
    has to be verified before it is sent again.
    """

    def __init__(self, sync_run: SyncRun, sender: Sender, composed: Sequence[ComposedMessage], until: datetime) -> None:
        self.answered: list[SendResult] = []  # not written down yet
        self.ends: list[HubError] = []
        self.sent = 0
        self.broke: Exception | None = None  # what keeps the rest from being begun
        self._sync_run = sync_run
        self._sender = sender
        self._left = deque(composed)
        self._until = until
        self._most = sync_run.spec.limits.commands_per_call
        self._begun: deque[StartedMessage] = deque()
        self._beginning = asyncio.Lock()
        self._seconds = asyncio.get_running_loop().time
        self._began_at = sync_run.now()
        self._sent_before = 0  # when the newest were begun
        self._unknown = 0  # in a row
        self._at_once = 0  # sockets

    async def send_all(self) -> None:
        """As many at once as there are sockets. Raises SafeToRetry when none comes free: then nothing was begun."""
        limits = self._sync_run.spec.limits
        wanted = min(limits.concurrent_calls, len(self._left))
        sockets = await self._sync_run.hub.sockets_of(self._sync_run.row).take(wanted, limits.call_timeout_s)
        self._at_once = len(sockets)
        await asyncio.gather(*(self._send_by(socket) for socket in sockets))
        self._note_pace()

    async def _send_by(self, socket: Socket) -> None:
        with socket:
            await self._send_one_after_another()

    async def _send_one_after_another(self) -> None:
        while self._begun or await self._begins_more():
            first, messages = self._for_one_request()
            if isinstance(self.broke, SafeToRetry):  # begun and not sent: that needs no looking for
                self._put_off(messages, self.broke.cause)
                continue
            if self._seconds() >= first.latest:
                self._put_off(messages, "the time to send this had passed")
                continue
            answers = await _send_request(self._sync_run, self._sender, messages, first.not_after)
            self.sent += len(answers)
            self.answered += answers
            self.ends += [answer.ends for answer in answers if answer.ends is not None]
            self._count_unknown([answer.outcome for answer in answers])

    def _for_one_request(self) -> tuple[StartedMessage, list[Message]]:
        """As many of one kind as a request takes, and the first of them, whose time is over first.

        One of which nobody knew what became goes alone the next time: it may be what spoiled a request.
        """
        first = self._begun.popleft()
        messages = [first.message]
        while len(messages) < self._most and self._begun and _go_together(first.message, self._begun[0].message):
            messages.append(self._begun.popleft().message)
        return first, messages

    def _put_off(self, messages: Sequence[Message], cause: str) -> None:
        self.answered += [SendResult(message, result.RetryLater(cause)) for message in messages]

    def _count_unknown(self, outcomes: Sequence[result.CommandResult]) -> None:
        """A side that broke down says so of request after request, and quickly."""
        unknown = [outcome for outcome in outcomes if isinstance(outcome, result.Unconfirmed)]
        self._unknown = self._unknown + 1 if unknown and len(unknown) == len(outcomes) else 0
        if self._unknown >= _UNKNOWN_IN_A_ROW:
            self.broke = self.broke or SafeToRetry(unknown[0].cause)

    async def _begins_more(self) -> bool:
        async with self._beginning:
            while not self._begun and self._goes_on():
                await self._begin_some()
        return bool(self._begun)

    def _goes_on(self) -> bool:
        """Not when the time is over, nor when one answer, or all of many, said that the run ends."""
        ended = any(isinstance(error, AccountProblem | RateLimited) for error in self.ends)
        came_to_nothing = _TRIES <= self.sent == len(self.ends)
        return bool(self._left) and not (ended or came_to_nothing or self.broke or self._sync_run.now() >= self._until)

    async def _begin_some(self) -> None:
        sync_run = self._sync_run
        self._note_pace()
        some = [self._left.popleft() for _ in range(min(self._how_many(), len(self._left)))]
        self._began_at, not_after = sync_run.now(), sync_run.not_after()
        latest = self._seconds() + sync_run.spec.limits.call_timeout_s
        try:
            begun = await sync_run.in_store(rows.begin, sync_run.claim, some, not_after, sync_run.now())
        except Exception as error:  # noqa: BLE001 - raised again once what was begun before is answered
            self.broke = error
            return
        self._begun.extend(StartedMessage(one.message, not_after, latest) for one in some if one.message.id in begun)

    def _how_many(self) -> int:
        at_once, each = self._at_once * self._most, self._sync_run.time_per_message()
        if each is None:
            return at_once
        ahead = self._sync_run.hub.clock.in_real(_BEGINS_AHEAD_S)
        return max(ahead // each, at_once) if each else len(self._left)

    def _note_pace(self) -> None:
        """How long one message took, of those sent since the newest were begun."""
        if (sent := self.sent - self._sent_before) and not self._unknown:
            self._sync_run.note_time_per_message((self._sync_run.now() - self._began_at) / sent)
            self._sent_before = self.sent


async def _send_all(sync_run: SyncRun, outgoing: SendQueue) -> None:
    """Write down in groups what comes back: a commit waits for the disk."""
    sending = asyncio.ensure_future(outgoing.send_all())
    try:
        while outgoing.answered or not sending.done():
            await asyncio.wait([sending], timeout=_GATHERS_FOR_S)
            if sending.done():
                sending.result()
            group = outgoing.answered.copy()
            outgoing.answered.clear()
            outcomes = {one.message.id: one.outcome for one in group}
            await _finish(sync_run, [one.message for one in group], outcomes, MessageState.IN_FLIGHT)
    finally:
        sending.cancel()
    if outgoing.broke is not None:
        raise outgoing.broke
    _end_run_if(outgoing.ends, outgoing.sent)


def _go_together(first: Message, other: Message) -> bool:
    return first.kind == other.kind and first.rounds == other.rounds == 0


async def _send_request(
    sync_run: SyncRun, sender: Sender, messages: Sequence[Message], not_after: datetime
) -> list[SendResult]:
    """What is raised holds for all that went with it."""
    ends: HubError | None = None
    try:
        outcomes = await sender.send(messages, not_after)
    except HubError as error:
        ends = error if isinstance(error, AccountProblem | SafeToRetry) else None
        outcomes = dict.fromkeys([message.id for message in messages], result_of(error, sync_run.row.name))
    except Exception:  # a bug of ours after the request may have gone out: look before anything else
        log.exception("sending_crashed", kind=messages[0].kind)
        unknown = result.Unconfirmed("an error in Orderhaven")
        outcomes = dict.fromkeys([message.id for message in messages], unknown)
    return [SendResult(message, outcomes[message.id], ends) for message in messages]


def _end_run_if(errors: Sequence[HubError], tried: int) -> None:
    """The account's trouble and the side's wish to slow down end the run; so does a batch that came to nothing."""
    for error in errors:
        if isinstance(error, AccountProblem | RateLimited):
            raise error
    if errors and len(errors) == tried:
        raise errors[0]


async def _due(sync_run: SyncRun, state: MessageState, limit: int) -> list[Message]:
    return await sync_run.in_store(rows.due, sync_run.claim, state, sync_run.now(), limit)


async def _finish(sync_run: SyncRun, messages: Sequence[Message], outcomes: Outcomes, state: MessageState) -> None:
    if outcomes:
        attempts = {message.id: message.attempt for message in messages}
        written = {key: (attempts[key], outcome) for key, outcome in outcomes.items()}
        await sync_run.in_store(rows.finish, sync_run.claim, written, state, sync_run.pace(), sync_run.now())
