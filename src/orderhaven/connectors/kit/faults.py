"""What can go wrong at a sandbox, turned on by tests, the demo and the simulation: one fault, so many times, on matching requests."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum

from orderhaven.connectors.kit.http import NoAnswer, Request, Response
from orderhaven.ports.connector import Clock
from orderhaven.ports.sandbox import CallFault, CallKind, SandboxCall


class HttpFaultKind(StrEnum):
    NEVER = "never"  # not done, no answer
    AFTER = "after"  # done, and the answer is lost
    RESET = "reset"  # not done, the connection breaks
    REFUSED = "refused"  # nothing listens: surely not sent
    LATE = "late"  # done, answered after `delay`
    STATUS = "status"  # not done, answered with `status`
    STATUS_AFTER = "status_after"  # done, and still answered with `status`
    RATE_LIMITED = "rate_limited"  # 429, with Retry-After when `delay` is set
    GARBAGE = "garbage"  # done, answered with bytes that are nothing
    TRUNCATED = "truncated"  # done, half of the answer
    HTML = "html"  # not done, a web page with status 200
    HTML_AFTER = "html_after"  # done, a web page with status 200
    MARKED = "marked"  # done, answered behind a byte order mark
    WARNED = "warned"  # done, answered behind a warning of PHP


_DOES_IT = {
    HttpFaultKind.AFTER, HttpFaultKind.LATE, HttpFaultKind.STATUS_AFTER, HttpFaultKind.GARBAGE, HttpFaultKind.TRUNCATED,
    HttpFaultKind.HTML_AFTER,
    HttpFaultKind.MARKED, HttpFaultKind.WARNED,
}  # fmt: skip
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
PHP_WARNING = (
    b'<br />\n<b>Warning</b>:  Undefined array key "carrier_id" in <b>/srv/shop/wp-content/plugins/old/old.php</b>'
    b" on line <b>12</b><br />\n"
)
_BEFORE_IT = {HttpFaultKind.MARKED: BYTE_ORDER_MARK, HttpFaultKind.WARNED: PHP_WARNING}
_PAGE = Response(
    200, {"content-type": "text/html; charset=UTF-8"}, b"<!DOCTYPE html><html><body>Even geduld</body></html>"
)


@dataclass(frozen=True, slots=True)
class HttpFault:
    kind: HttpFaultKind
    method: str = ""  # "" matches every method
    path: str = ""  # part of the path; "" matches every path
    times: int = 1  # how many requests it spoils; -1: until cleared
    status: int = 503
    delay: timedelta = timedelta(0)

    def fits(self, request: Request) -> bool:
        return self.method in ("", request.method) and self.path in request.path


@dataclass(frozen=True, slots=True)
class _MeantFault(HttpFault):
    """Chooses its requests by what they are for, and tells of each that it met."""

    calls: Callable[[SandboxCall], bool] = lambda call: True
    call_of: Callable[[Request], SandboxCall] = lambda request: by_method(request)
    met: Callable[[SandboxCall], None] = lambda call: None

    def fits(self, request: Request) -> bool:
        call = self.call_of(request)
        if self.calls(call):
            self.met(call)
            return True
        return False


def by_method(request: Request) -> SandboxCall:
    """What can be said of a request where a sandbox says no more."""
    return SandboxCall(CallKind.READ if request.method == "GET" else CallKind.OTHER)


@dataclass
class HttpFaults:
    """A `ports.sandbox.SandboxFaults`: the faults that still lie in wait, in order. `call_of` is the sandbox's; `hit` counts what was
    spoiled, by kind."""

    call_of: Callable[[Request], SandboxCall] = by_method
    waiting: list[HttpFault] = field(default_factory=list)
    hit: dict[HttpFaultKind, int] = field(default_factory=dict)

    def add(self, kind: HttpFaultKind, **what: object) -> None:
        self.waiting.append(replace(HttpFault(kind), **what))  # type: ignore[arg-type]

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
        kind = HttpFaultKind(fault.value)
        self.waiting.append(
            _MeantFault(kind, times=times, delay=delay, status=status, calls=calls, call_of=self.call_of, met=met)
        )

    def clear(self) -> None:
        self.waiting.clear()

    def take(self, request: Request) -> HttpFault | None:
        for index, fault in enumerate(self.waiting):
            if fault.fits(request):
                if fault.times == 1:
                    del self.waiting[index]
                elif fault.times > 0:
                    self.waiting[index] = replace(fault, times=fault.times - 1)
                self.hit[fault.kind] = self.hit.get(fault.kind, 0) + 1
                return fault
        return None


async def answer(
    faults: HttpFaults, clock: Clock, request: Request, handle: Callable[[Request], Awaitable[Response]]
) -> Response:
    """`handle`'s answer, or what the next fitting fault makes of it. Raises NoAnswer as a network would."""
    fault = faults.take(request)
    if fault is None:
        return await handle(request)
    response = await handle(request) if fault.kind in _DOES_IT else Response(fault.status)
    if fault.kind in (HttpFaultKind.NEVER, HttpFaultKind.AFTER):
        raise NoAnswer("did not answer in time", sent=True)
    if fault.kind is HttpFaultKind.RESET:
        raise NoAnswer("broke off", sent=True)
    if fault.kind is HttpFaultKind.REFUSED:
        raise NoAnswer("cannot be reached", sent=False)
    if fault.kind is HttpFaultKind.LATE:
        await clock.sleep(fault.delay)
        return response
    return _spoiled(fault, response)


def _spoiled(fault: HttpFault, response: Response) -> Response:
    match fault.kind:
        case HttpFaultKind.RATE_LIMITED:
            wait = {"retry-after": str(int(fault.delay.total_seconds()))} if fault.delay else {}
            return Response(429, wait, b"")
        case HttpFaultKind.GARBAGE:
            return Response(response.status, response.headers, b"\x00\xff{]not json")
        case HttpFaultKind.TRUNCATED:
            return Response(response.status, response.headers, response.body[: len(response.body) // 2])
        case HttpFaultKind.HTML | HttpFaultKind.HTML_AFTER:
            return _PAGE
        case HttpFaultKind.MARKED | HttpFaultKind.WARNED:
            return Response(response.status, response.headers, _BEFORE_IT[fault.kind] + response.body)
        case _:
            return Response(fault.status, {"content-type": "text/html"}, b"<html><body>error</body></html>")
