"""How the contract suites break a sandbox that was made with the kit: through its `faults`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from orderhaven.connectors.kit.faults import HttpFault, HttpFaultKind, HttpFaults
from orderhaven.connectors.kit.http import Request
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
    """The ways of `Subject` to break a sandbox. `is_command` and `signs_in` say what a request is for."""

    faults: HttpFaults
    is_command: Is
    signs_in: Is = lambda request: False

    def lose_reply(self, lost: Lost) -> None:
        self.faults.waiting.append(FittingFault(_LOST[lost], is_meant=self.is_command))

    def rate_limit(self, after: timedelta | None, on: On) -> None:
        fault = FittingFault(HttpFaultKind.RATE_LIMITED, delay=after or timedelta(0), is_meant=self._meant(on))
        self.faults.waiting.append(fault)

    def break_with(self, broken: Break, on: On) -> None:
        self.faults.waiting.append(FittingFault(_BROKEN[broken], times=-1, is_meant=self._meant(on)))

    def precede(self, noise: Noise) -> None:
        self.faults.waiting.append(FittingFault(_NOISE[noise], times=-1, is_meant=lambda request: True))

    def clear_faults(self) -> None:
        self.faults.clear()

    def _meant(self, on: On) -> Is:
        match on:
            case On.ALL:
                return lambda request: not self.signs_in(request)
            case On.COMMANDS:
                return self.is_command
            case On.SIGN_IN:
                return self.signs_in
