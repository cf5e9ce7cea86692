"""The door of a world in memory: what every call to it passes, and what may go wrong there."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import count
from typing import Any, ClassVar, TypeVar
from weakref import WeakMethod, WeakValueDictionary

from orderhaven.core.errors import (
    AuthRejected,
    HubError,
    OutcomeUnknown,
    RateLimited,
    SafeToRetry,
    UnexpectedResponse,
    WrongAddress,
)
from orderhaven.ports.connector import Clock, ConnectorContext, is_recent
from orderhaven.ports.sandbox import CallFault, CallKind, Malformation, SandboxCall, SandboxList

T = TypeVar("T")

SIGN_IN = "SIGN IN"
_AFTER_FAILING = timedelta(seconds=10)
_NUMBERS = count(1)


class FaultKind(StrEnum):
    LOST_BEFORE = "lost_before"  # not done, no answer
    LOST_AFTER = "lost_after"  # done, and the answer is lost
    NOT_SENT = "not_sent"  # nothing listens: surely not done
    RATE_LIMITED = "rate_limited"  # not done; says how long to wait when `delay` is set
    TRY_LATER = "try_later"  # not done, and it says so
    BROKEN = "broken"  # a server error, nothing done
    BROKEN_AFTER = "broken_after"  # done, and still a server error
    GARBAGE = "garbage"  # done, and the answer cannot be read
    LATE = "late"  # done, answered after `delay`


_AS_SEEN_HERE = {
    CallFault.NEVER: FaultKind.LOST_BEFORE,
    CallFault.AFTER: FaultKind.LOST_AFTER,
    CallFault.RESET: FaultKind.LOST_BEFORE,
    CallFault.REFUSED: FaultKind.NOT_SENT,
    CallFault.LATE: FaultKind.LATE,
    CallFault.STATUS: FaultKind.BROKEN,
    CallFault.STATUS_AFTER: FaultKind.BROKEN_AFTER,
    CallFault.RATE_LIMITED: FaultKind.RATE_LIMITED,
    CallFault.GARBAGE: FaultKind.GARBAGE,
    CallFault.TRUNCATED: FaultKind.GARBAGE,
    CallFault.HTML: FaultKind.TRY_LATER,
    CallFault.HTML_AFTER: FaultKind.GARBAGE,
}  # what stands before an answer's data does not: there are no bytes here
_DOES_IT = {FaultKind.LOST_AFTER, FaultKind.BROKEN_AFTER, FaultKind.GARBAGE, FaultKind.LATE}


@dataclass(frozen=True, slots=True)
class SandboxFault:
    kind: FaultKind
    call: str = ""  # part of the call's name; "" fits every call
    times: int = 1  # how many calls it spoils; -1: until cleared
    delay: timedelta = timedelta(0)
    # told of each call it spoils, and of the order that is about
    hit: Callable[[str, str], None] = lambda call, about: None
    is_meant: Callable[[str], bool] = lambda call: True  # of the calls with that name
    by_purpose: bool = False  # chosen by what a call is for, not by its name


@dataclass
class SandboxFaults:
    """A `ports.sandbox.SandboxFaults`: the faults that lie in wait, in order, and those that last: `late_by`, `between_pages` and the
    rows that are bent. `call_of` says of a call, and of the order it names, what it is for."""

    call_of: Callable[[str, str], SandboxCall]
    waiting: list[SandboxFault] = field(default_factory=list)
    late_by: timedelta = timedelta(0)  # how long a change stays out of lists and searches
    malformed: dict[tuple[str, str], bool] = field(default_factory=dict)  # (list, key) -> whether also by itself
    met: Callable[[str], None] = lambda key: None  # told of each bent row that a list shows
    unidentified: set[str] = field(default_factory=set)  # keys of rows that do not say what they are
    between_pages: Callable[[], None] | None = None  # what happens there after each page of a list; None: nothing

    def add(self, kind: FaultKind, call: str = "", *, times: int = 1, delay: timedelta = timedelta(0)) -> None:
        self.waiting.append(SandboxFault(kind, call, times, delay))

    def spoil(
        self,
        fault: CallFault,
        calls: Callable[[SandboxCall], bool],
        *,
        times: int = 1,
        delay: timedelta = timedelta(0),
        status: int = 503,
        met: Callable[[SandboxCall], None] = lambda call: None,
    ) -> None:
        del status  # there are none here
        if fault not in _AS_SEEN_HERE:
            return
        self.waiting.append(
            SandboxFault(
                _AS_SEEN_HERE[fault],
                times=times,
                delay=delay,
                hit=lambda call, about: met(self.call_of(call, about)),
                is_meant=lambda call: calls(self.call_of(call, "")),
                by_purpose=True,
            )
        )

    def malform(
        self, listing: str, key: str, how: str, alone: bool = False, met: Callable[[str], None] = lambda key: None
    ) -> None:
        """One row of a list is bent from now on, whatever the way; `alone`: also where that one is asked for by itself."""
        self.met = met
        if how == "unidentified":
            self.unidentified.add(key)
        else:
            self.malformed[listing, key] = alone

    def is_malformed(self, listing: str, key: str, *, alone: bool = False) -> bool:
        malformed = [self.malformed[name, one] for name, one in self.malformed if name == listing and one in (key, "*")]
        return any(malformed) if alone else bool(malformed)

    def understood(
        self, rows: Sequence[T], ref_of: Callable[[T], str]
    ) -> tuple[tuple[T, ...], dict[str, str], tuple[str, ...]]:
        """The rows of a list of changes that can be read, and what is said of those that cannot: by ref, and without one."""
        named = [row for row in rows if ref_of(row) not in self.unidentified]
        strange = {ref_of(row): "a row of another shape" for row in named if self.is_malformed("changes", ref_of(row))}
        for ref in strange:
            self.met(ref)
        good = tuple(row for row in named if ref_of(row) not in strange)
        return good, strange, ("a row without a number",) * (len(rows) - len(named))

    def straighten(self) -> None:
        self.malformed.clear()
        self.unidentified.clear()

    def clear(self) -> None:
        self.waiting.clear()
        self.straighten()
        self.late_by, self.between_pages = timedelta(0), None

    def take_of(self, call: str) -> SandboxFault | None:
        """A fault that is meant for just this call: those of every name leave it alone."""
        meant = (fault.call == call or (fault.by_purpose and fault.is_meant(call)) for fault in self.waiting)
        return self.take(call) if any(meant) else None

    def take(self, call: str, about: str = "") -> SandboxFault | None:
        for place, fault in enumerate(self.waiting):
            if fault.call in call and fault.is_meant(call):
                self.waiting[place : place + 1] = [] if fault.times == 1 else [replace(fault, times=fault.times - 1)]
                fault.hit(call, about)
                return fault
        return None


_SIMULATIONS: WeakValueDictionary[str, Any] = WeakValueDictionary()


def register(world: object) -> str:
    """The name under which connectors reach this world, for as long as somebody holds it."""
    name = f"world {next(_NUMBERS)}"
    _SIMULATIONS[name] = world
    return name


def simulation_named(name: str) -> Any:
    """Raises WrongAddress when there is no such world (any more)."""
    try:
        return _SIMULATIONS[name]
    except KeyError:
        raise WrongAddress(name, "there is no such world") from None


class InjectedFailure(Exception):
    """The call met a fault that leaves no answer."""

    def __init__(self, fault: SandboxFault) -> None:
        super().__init__(fault.kind.value)
        self.fault = fault


class Expired(Exception):
    """The token is not good any more."""


class SandboxAuth:
    """The world's side. Tokens end after five minutes; `expire_tokens` ends them at once."""

    def __init__(self, clock: Clock, key: str, call_of: Callable[[str, str], SandboxCall]) -> None:
        self.clock = clock
        self.key = key
        self.calls: list[str] = []
        self.faults = SandboxFaults(call_of)
        self._tokens: dict[str, datetime] = {}
        self._issued = 0

    def sign_in(self, key: str) -> tuple[str, datetime]:
        self.calls.append(SIGN_IN)
        if self.faults.take_of(SIGN_IN):
            raise SafeToRetry("the reference's log-in gives no answer")
        if key != self.key:
            raise AuthRejected("the reference", "the key is not known")
        self._issued += 1
        token, ends_at = f"token {self._issued}", self.clock.now() + timedelta(minutes=5)
        self._tokens[token] = ends_at
        return token, ends_at

    def expire_tokens(self) -> None:
        self._tokens.clear()

    async def enter(self, call: str, token: str, act: Callable[[], T], about: str = "") -> T:
        """What `act` gives. Raises Expired and Spoiled."""
        self.calls.append(call)
        fault = self.faults.take(call, about)
        if fault and fault.kind not in _DOES_IT:
            raise InjectedFailure(fault)
        if self._tokens.get(token, self.clock.now()) <= self.clock.now():
            raise Expired
        result = act()
        await asyncio.sleep(0)
        if fault and fault.kind is FaultKind.LATE:
            await self.clock.sleep(fault.delay)
        elif fault:
            raise InjectedFailure(fault)
        return result


def _held(method: WeakMethod[Any]) -> Callable[[str, str], SandboxCall]:
    found: Callable[[str, str], SandboxCall] | None = method()
    assert found is not None, "a world that ended is called by nobody"
    return found


class World:
    """What both references have. They speak no HTTP: only their connectors reach them, in the same process."""

    page_size = 10
    speaks_http = False
    purposes: ClassVar[Mapping[str, CallKind]] = {}  # the calls with an effect, by how they begin
    reads_one = ""  # how the calls begin that ask for one order by itself; "": there are none

    def __init__(self, clock: Clock) -> None:
        myself = WeakMethod(self._call_of)  # a world ends with the last who holds it
        self.auth = SandboxAuth(clock, "reference key", lambda call, about: _held(myself)(call, about))
        self.calls = self.auth.calls
        self.faults = self.auth.faults
        self.name = register(self)
        self._clock = clock

    def time(self) -> str:
        """By the clock there, which need not be that of its caller: a cursor goes by it."""
        return self._clock.now().isoformat()

    def settings(self, url: str) -> Mapping[str, str]:
        return {"world": self.name, "key": self.auth.key}

    async def handle(self, request: Any) -> Any:
        raise NotImplementedError("A reference speaks no HTTP: open its connector in the same process.")

    def kind_of(self, call: str) -> CallKind:
        if call == SIGN_IN:
            return CallKind.SIGN_IN
        if call.startswith("GET "):
            is_one = bool(self.reads_one) and call.startswith(self.reads_one)
            return CallKind.READ_ORDER if is_one else CallKind.READ
        found = (kind for begin, kind in self.purposes.items() if call.startswith(begin))
        return next(found, CallKind.OTHER)

    def call_of(self, request: Any) -> SandboxCall:
        return self._call_of(str(request), "")

    def _call_of(self, call: str, about: str) -> SandboxCall:
        return SandboxCall(self.kind_of(call), frozenset({about or self._order_named_in(call)} - {""}))

    def _order_named_in(self, call: str) -> str:
        """Of a call that says no more than its name."""
        return ""

    def malform(
        self,
        listing: SandboxList,
        key: str,
        how: Malformation,
        alone: bool = False,
        met: Callable[[str], None] = lambda key: None,
    ) -> None:
        self.faults.malform(listing, key, how, alone, met)

    def straighten(self) -> None:
        self.faults.straighten()

    def expire_tokens(self) -> bool:
        self.auth.expire_tokens()
        return True

    def secrets(self) -> Sequence[str]:
        return [self.auth.key]


class ServerError(Exception):
    """What a side answers with status 500. Whether that is a no is for its connector to say."""

    def __init__(self, no: HubError) -> None:
        super().__init__()
        self.no = no  # what it means, if it does


class SandboxClient:
    """The connector's side: signs in, and sorts what comes back by whose turn it is."""

    def __init__(self, door: SandboxAuth, key: str, context: ConnectorContext) -> None:
        self._door = door
        self._key = key
        self._context = context
        self._failed: tuple[datetime, SafeToRetry] | None = None  # the last log-in; None: it came to something

    async def read(self, call: str, act: Callable[[], T], *, about: str = "") -> T:
        """Ask, and once more with a fresh token if that is what lacks."""
        try:
            try:
                return await self._door.enter(call, await self._token(), act, about)
            except Expired:
                return await self._door.enter(call, await self._fresh_token(), act, about)
        except Expired:
            raise AuthRejected("the reference", "a fresh token is refused") from None
        except InjectedFailure as spoiled:
            raise _of_a_read(spoiled.fault) from None

    async def send(
        self, call: str, act: Callable[[], T], *, not_after: datetime, about: str = "", means_no: bool = False
    ) -> T:
        """Send once, and not at or after `not_after`. `means_no`: a 500 that says why is the other side's no."""
        token = await self._token()
        if self._context.clock.now() >= not_after:
            raise SafeToRetry("the time to send this had passed")
        try:
            result = await self._door.enter(call, token, act, about)
        except Expired:
            await self._fresh_token()
            raise SafeToRetry("the reference wants a fresh token") from None
        except InjectedFailure as spoiled:
            raise _of_a_command(spoiled.fault) from None
        except ServerError as answer:
            raise (answer.no if means_no else OutcomeUnknown("the reference answered 500")) from None
        if self._context.clock.now() > not_after:
            raise OutcomeUnknown("the reference did not answer in time")
        return result

    async def _token(self) -> str:
        kept = await self._context.tokens.get()
        if kept and kept[1] > self._context.clock.now():
            return kept[0]
        return await self._fresh_token()

    async def _fresh_token(self) -> str:
        now = self._context.clock.now()
        if self._failed is not None and is_recent(self._failed[0], now, _AFTER_FAILING):
            raise self._failed[1]  # whoever waits for a log-in gets what came of it
        try:
            token, ends_at = self._door.sign_in(self._key)
        except SafeToRetry as error:
            self._failed = now, error
            raise
        self._failed = None
        await self._context.tokens.put(token, ends_at)
        return token


def _of_a_read(fault: SandboxFault) -> Exception:
    if fault.kind is FaultKind.RATE_LIMITED:
        return RateLimited("the reference asks to slow down", fault.delay or None)
    if fault.kind is FaultKind.GARBAGE:
        return UnexpectedResponse("an answer of another shape")
    return SafeToRetry(f"the reference gave no answer ({fault.kind})")


def _of_a_command(fault: SandboxFault) -> Exception:
    if fault.kind in (FaultKind.RATE_LIMITED, FaultKind.NOT_SENT, FaultKind.TRY_LATER):
        return _of_a_read(fault)
    return OutcomeUnknown(f"the reference gave no answer ({fault.kind})")
