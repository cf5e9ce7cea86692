"""What goes wrong during the day on purpose, so that people see that nothing is lost by it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from orderhaven.connectors.kit.faults import HttpFault, HttpFaultKind
from orderhaven.connectors.kit.http import Request
from orderhaven.ports.connector import Clock, Side

SAID_AS: dict[HttpFaultKind, str] = {
    HttpFaultKind.AFTER: "done, and the answer was lost",
    HttpFaultKind.HTML_AFTER: "done, and answered with a web page",
    HttpFaultKind.GARBAGE: "done, and answered with garbage",
    HttpFaultKind.STATUS_AFTER: "done, and answered with an error",
    HttpFaultKind.RESET: "not done, connection broken",
    HttpFaultKind.STATUS: "not done, server error",
    HttpFaultKind.RATE_LIMITED: "asked to slow down (429)",
    HttpFaultKind.HTML: "a web page instead of data",
    HttpFaultKind.TRUNCATED: "half an answer",
}
_A = Side.MARKETPLACE
_B = Side.SHOP
_READS, _COMMANDS = False, True
_DAY: Sequence[tuple[float, Side, bool, HttpFaultKind]] = (
    # hour of the day, whose trouble, with reads or commands, what
    (0.5, _B, _COMMANDS, HttpFaultKind.AFTER),
    (1.0, _A, _READS, HttpFaultKind.STATUS),
    (1.6, _B, _READS, HttpFaultKind.HTML),
    (2.2, _B, _COMMANDS, HttpFaultKind.STATUS),
    (2.8, _A, _COMMANDS, HttpFaultKind.AFTER),
    (3.4, _A, _READS, HttpFaultKind.RATE_LIMITED),
    (4.0, _B, _COMMANDS, HttpFaultKind.HTML_AFTER),
    (4.6, _A, _COMMANDS, HttpFaultKind.RESET),
    (5.3, _B, _READS, HttpFaultKind.RATE_LIMITED),
    (6.0, _B, _COMMANDS, HttpFaultKind.STATUS_AFTER),
    (6.7, _A, _COMMANDS, HttpFaultKind.GARBAGE),
    (7.4, _A, _READS, HttpFaultKind.TRUNCATED),
    (8.2, _B, _COMMANDS, HttpFaultKind.RESET),
    (9.0, _A, _COMMANDS, HttpFaultKind.STATUS_AFTER),
    (9.8, _B, _READS, HttpFaultKind.STATUS),
    (10.6, _B, _COMMANDS, HttpFaultKind.AFTER),
    (11.4, _A, _COMMANDS, HttpFaultKind.STATUS),
)


@dataclass(frozen=True, slots=True)
class OnOrders(HttpFault):
    """Spoils reads (`is_command` False), or commands about an order of ours."""

    is_command: bool = False
    refs: Callable[[], Sequence[str]] = list

    def fits(self, request: Request) -> bool:
        if not self.is_command:
            return request.method == "GET"
        body = request.body.decode(errors="replace")
        return request.method != "GET" and any(ref in body for ref in self.refs())


class Trouble:
    def __init__(self, marketplace: Any, shop: Any, clock: Clock) -> None:
        self._sides = {Side.MARKETPLACE: marketplace, Side.SHOP: shop}
        self._clock = clock
        self._to_come = list(reversed(_DAY))
        self._began_at: datetime | None = None

    def begin(self) -> None:
        self._began_at = self._began_at or self._clock.now()

    def act(self) -> None:
        while self._began_at is not None and self._to_come and self._due(self._began_at) <= self._clock.now():
            _, role, is_command, kind = self._to_come.pop()
            fault = OnOrders(
                kind, delay=timedelta(minutes=2), is_command=is_command, refs=self._sides[Side.MARKETPLACE].refs
            )
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
