"""How the contract suites break a sandbox that was made with the kit: through its `faults`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from orderhaven.connectors.kit.faults import HttpFault, HttpFaultKind
from orderhaven.connectors.kit.http import Request
from orderhaven.ports.sandbox import CallKind
from orderhaven.testing.contract import Break, Lost, Noise, On

_LOST = {Lost.BEFORE: HttpFaultKind.NEVER, Lost.AFTER: HttpFaultKind.AFTER}
_BROKEN = {
    Break.SERVER_ERROR: HttpFaultKind.STATUS,
    Break.UNREACHABLE: HttpFaultKind.REFUSED,
    Break.GARBAGE: HttpFaultKind.GARBAGE,
}
_NOISE = {Noise.BYTE_ORDER_MARK: HttpFaultKind.MARKED, Noise.WARNING: HttpFaultKind.WARNED}
Is = Callable[[Request], bool]


@dataclass(frozen=True, slots=True)
class FittingFault(HttpFault):
    """A fault that chooses its requests by a function."""

    is_meant: Is = lambda request: True

    def fits(self, request: Request) -> bool:
        return self.is_meant(request)


@dataclass(frozen=True, slots=True)
class FaultInjector:
    """The ways of `Subject` to break a sandbox, by what it says that a request is for."""

    sandbox: Any

    def lose_reply(self, lost: Lost) -> None:
        self._add(FittingFault(_LOST[lost], is_meant=self._meant(On.COMMANDS)))

    def rate_limit(self, after: timedelta | None, on: On) -> None:
        self._add(FittingFault(HttpFaultKind.RATE_LIMITED, delay=after or timedelta(0), is_meant=self._meant(on)))

    def break_with(self, broken: Break, on: On) -> None:
        self._add(FittingFault(_BROKEN[broken], times=-1, is_meant=self._meant(on)))

    def precede(self, noise: Noise) -> None:
        self._add(FittingFault(_NOISE[noise], times=-1, is_meant=lambda request: True))

    def clear_faults(self) -> None:
        self.sandbox.faults.clear()

    def _add(self, fault: FittingFault) -> None:
        self.sandbox.faults.waiting.append(fault)

    def _meant(self, on: On) -> Is:
        call_of = self.sandbox.call_of
        match on:
            case On.ALL:
                return lambda request: call_of(request).kind is not CallKind.SIGN_IN
            case On.COMMANDS:
                return lambda request: bool(call_of(request).has_effect)
            case On.SIGN_IN:
                return lambda request: call_of(request).kind is CallKind.SIGN_IN
