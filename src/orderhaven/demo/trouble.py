"""What goes wrong during the day on purpose, so that people see that nothing is lost by it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from orderhaven.connectors.kit.http import Request
from orderhaven.connectors.kit.knobs import Fault, FaultKind
from orderhaven.ports.clock import Clock
from orderhaven.ports.connector import Role

SAID_AS: dict[FaultKind, str] = {
    FaultKind.AFTER: "done, and the answer was lost",
    FaultKind.HTML_AFTER: "done, and answered with a web page",
    FaultKind.GARBAGE: "done, and answered with garbage",
    FaultKind.STATUS_AFTER: "done, and answered with an error",
    FaultKind.RESET: "not done, connection broken",
    FaultKind.STATUS: "not done, server error",
    FaultKind.RATE_LIMITED: "asked to slow down (429)",
    FaultKind.HTML: "a web page instead of data",
    FaultKind.TRUNCATED: "half an answer",
}
_A = Role.MARKETPLACE
_B = Role.SHOP
_READS, _TELLS = False, True
_DAY: Sequence[tuple[float, Role, bool, FaultKind]] = (
    # hour of the day, whose trouble, reading or telling, what
    (0.5, _B, _TELLS, FaultKind.AFTER),
    (1.0, _A, _READS, FaultKind.STATUS),
    (1.6, _B, _READS, FaultKind.HTML),
    (2.2, _B, _TELLS, FaultKind.STATUS),
    (2.8, _A, _TELLS, FaultKind.AFTER),
    (3.4, _A, _READS, FaultKind.RATE_LIMITED),
    (4.0, _B, _TELLS, FaultKind.HTML_AFTER),
    (4.6, _A, _TELLS, FaultKind.RESET),
    (5.3, _B, _READS, FaultKind.RATE_LIMITED),
    (6.0, _B, _TELLS, FaultKind.STATUS_AFTER),
    (6.7, _A, _TELLS, FaultKind.GARBAGE),
    (7.4, _A, _READS, FaultKind.TRUNCATED),
    (8.2, _B, _TELLS, FaultKind.RESET),
    (9.0, _A, _TELLS, FaultKind.STATUS_AFTER),
    (9.8, _B, _READS, FaultKind.STATUS),
    (10.6, _B, _TELLS, FaultKind.AFTER),
    (11.4, _A, _TELLS, FaultKind.STATUS),
)


@dataclass(frozen=True, slots=True)
class OnOrders(Fault):
    """Spoils questions (`tells` False), or requests that tell something of an order of ours."""

    tells: bool = False
    refs: Callable[[], Sequence[str]] = list

    def fits(self, request: Request) -> bool:
        if not self.tells:
            return request.method == "GET"
        body = request.body.decode(errors="replace")
        return request.method != "GET" and any(ref in body for ref in self.refs())


class Trouble:
    def __init__(self, marketplace: Any, shop: Any, clock: Clock) -> None:
        self._sides = {Role.MARKETPLACE: marketplace, Role.SHOP: shop}
        self._clock = clock
        self._to_come = list(reversed(_DAY))
        self._began_at: datetime | None = None

    def begin(self) -> None:
        self._began_at = self._began_at or self._clock.now()

    def act(self) -> None:
        while self._began_at is not None and self._to_come and self._due(self._began_at) <= self._clock.now():
            _, role, tells, kind = self._to_come.pop()
            fault = OnOrders(kind, delay=timedelta(minutes=2), tells=tells, refs=self._sides[Role.MARKETPLACE].refs)
            self._sides[role].faults.waiting.append(fault)

    def hit(self) -> dict[str, int]:
        """How often each came true so far."""
        counts: dict[str, int] = {}
        for side in self._sides.values():
            for kind, count in side.faults.hit.items():
                counts[SAID_AS[kind]] = counts.get(SAID_AS[kind], 0) + count
        return counts

    def _due(self, began_at: datetime) -> datetime:
        return began_at + timedelta(hours=self._to_come[-1][0])
