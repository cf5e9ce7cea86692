"""How the contract suites break a sandbox that was made with the kit: through its `faults`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from orderhaven.connectors.kit.http import Request
from orderhaven.connectors.kit.knobs import Fault, FaultKind, Faults
from orderhaven.testing.contract import Break, Lost, Noise, On

_LOST = {Lost.BEFORE: FaultKind.NEVER, Lost.AFTER: FaultKind.AFTER}
_BROKEN = {
    Break.SERVER_ERROR: FaultKind.STATUS,
    Break.UNREACHABLE: FaultKind.REFUSED,
    Break.GARBAGE: FaultKind.GARBAGE,
}
_NOISE = {Noise.BYTE_ORDER_MARK: FaultKind.MARKED, Noise.WARNING: FaultKind.WARNED}
Is = Callable[[Request], bool]


@dataclass(frozen=True, slots=True)
class FittingFault(Fault):
    """A fault that chooses its requests by a function."""

    is_meant: Is = lambda request: True

    def fits(self, request: Request) -> bool:
        return self.is_meant(request)


@dataclass(frozen=True, slots=True)
class Spoiler:
    """The ways of `Subject` to break a sandbox. `tells` and `signs_in` say what a request is for."""

    faults: Faults
    tells: Is
    signs_in: Is = lambda request: False

    def lose_reply(self, lost: Lost) -> None:
        self.faults.waiting.append(FittingFault(_LOST[lost], is_meant=self.tells))

    def rate_limit(self, after: timedelta | None, on: On) -> None:
        fault = FittingFault(FaultKind.RATE_LIMITED, delay=after or timedelta(0), is_meant=self._meant(on))
        self.faults.waiting.append(fault)

    def break_with(self, broken: Break, on: On) -> None:
        self.faults.waiting.append(FittingFault(_BROKEN[broken], times=-1, is_meant=self._meant(on)))

    def precede(self, noise: Noise) -> None:
        self.faults.waiting.append(FittingFault(_NOISE[noise], times=-1, is_meant=lambda request: True))

    def mend(self) -> None:
        self.faults.clear()

    def _meant(self, on: On) -> Is:
        match on:
            case On.ALL:
                return lambda request: not self.signs_in(request)
            case On.TELLINGS:
                return self.tells
            case On.SIGN_IN:
                return self.signs_in
