"""What is in doubt has left: a hub that looks for what surely never went out takes a refusal to be spoken to for a lost answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from orderhaven.store.outbox import queue, result
from orderhaven.store.outbox.queue import ComposedMessage

if TYPE_CHECKING:
    from tests.simulation.wire import Wire


class Doubts:
    """Watches what goes into the store. `flaws` is told of each doubt that nothing on the wire is a reason for."""

    def __init__(self, wire: Wire, flaws: list[str]) -> None:
        self._wire = wire
        self._flaws = flaws
        self._begun: dict[int, tuple[str, str, float]] = {}  # message -> side, order, when

    def look_at(self, work: str, args: Sequence[Any], now: float) -> None:
        if work == queue.begin.__name__:
            self._note_begun(args[1], now)
        elif work == queue.finish.__name__:
            self._judge(args[1])

    def _note_begun(self, composed: Sequence[ComposedMessage], now: float) -> None:
        for one in composed:
            self._begun[one.message.id] = one.message.side, one.message.order.ref, now

    def _judge(self, outcomes: Mapping[int, tuple[int, result.CommandResult]]) -> None:
        for key, (_, outcome) in outcomes.items():
            begun = self._begun.pop(key, None)
            if begun is not None and isinstance(outcome, result.Unconfirmed) and not self._wire.took_out(*begun):
                self._flaws.append(f"{begun[1]}: what never left for the {begun[0]} is in doubt")
