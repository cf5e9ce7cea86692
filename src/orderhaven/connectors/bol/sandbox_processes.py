"""What was taken in and is carried out later: the process statuses, and the ways in which they can go wrong."""

import heapq
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

from orderhaven.ports.sandbox import CommandFate


class ProcessRejected(Exception):
    """Carrying it out turned out to be impossible; the text is the error message."""


_DONE = frozenset({CommandFate.NORMAL, CommandFate.STUCK_DONE, CommandFate.TIMEOUT_DONE, CommandFate.FORGOTTEN_DONE})
_STATUS = {
    CommandFate.FAIL: "FAILURE",
    CommandFate.STUCK: "PENDING",
    CommandFate.STUCK_DONE: "PENDING",
    CommandFate.TIMEOUT: "TIMEOUT",
    CommandFate.TIMEOUT_DONE: "TIMEOUT",
}
_GONE = frozenset({CommandFate.FORGOTTEN, CommandFate.FORGOTTEN_DONE})


@dataclass(slots=True, eq=False)
class Process:
    ref: str
    event: str
    entity: str  # "" when it concerns several items
    description: str
    created_at: datetime
    due_at: datetime
    fate: CommandFate
    carry_out: Callable[[datetime], None]  # raises Refused
    status: str = "PENDING"
    error: str = ""


class Processes:
    """`delay`: from taken in to done. `keep`: how long after that its outcome can be asked for.

    `fates`: what becomes of the next ones, in order; after these all goes well.
    """

    def __init__(self) -> None:
        self.delay = timedelta(seconds=3)
        self.keep = timedelta(hours=24)
        self.fates: deque[CommandFate] = deque()
        self.met: Callable[[CommandFate, frozenset[str]], None] = lambda fate, refs: None  # told of each that one takes
        self._known: dict[str, Process] = {}
        self._by_entity: dict[tuple[str, str], list[Process]] = {}
        self._waiting: list[tuple[datetime, int, Process]] = []
        self._done: deque[Process] = deque()
        self._numbers = count(1)

    def take_in(
        self,
        event: str,
        entity: str,
        description: str,
        carry_out: Callable[[datetime], None],
        now: datetime,
        about: str = "",
    ) -> Process:
        """`about`: the order of which it is."""
        number = next(self._numbers)
        fate = CommandFate.NORMAL
        if self.fates:
            fate = self.fates.popleft()
            self.met(fate, frozenset({about} - {""}))
        process = Process(f"{800_000_000 + number}", event, entity, description, now, now + self.delay, fate, carry_out)
        heapq.heappush(self._waiting, (process.due_at, number, process))
        if fate not in _GONE:
            self._known[process.ref] = process
            if entity:
                self._by_entity.setdefault((entity, event), []).append(process)
        return process

    def run(self, now: datetime) -> None:
        """Carry out what is due, in order, each at its own time."""
        while self._waiting and self._waiting[0][0] <= now:
            process = heapq.heappop(self._waiting)[2]
            process.status = _STATUS.get(process.fate, "SUCCESS")
            if process.fate is CommandFate.FAIL:
                process.error = "The request could not be processed."
            if process.fate in _DONE:
                _carry_out(process)
            if process.status != "PENDING":
                self._done.append(process)
        while self._done and self._done[0].due_at + self.keep <= now:
            self._forget(self._done.popleft())

    def get(self, ref: str) -> Process | None:
        return self._known.get(ref)

    def of_entity(self, entity: str, event: str) -> list[Process]:
        """Newest first."""
        return self._by_entity.get((entity, event), [])[::-1]

    def _forget(self, process: Process) -> None:
        if self._known.pop(process.ref, None) and process.entity:
            self._by_entity[process.entity, process.event].remove(process)


def _carry_out(process: Process) -> None:
    try:
        process.carry_out(process.due_at)
    except ProcessRejected as refused:
        if process.status == "SUCCESS":
            process.status, process.error = "FAILURE", str(refused)
