"""What a world in memory took in and carries out later, with the ways in which that can go wrong."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from orderhaven.core.errors import OrderProblem
from orderhaven.ports.connector import Clock
from orderhaven.ports.receipts import Receipt, ReceiptState
from orderhaven.ports.sandbox import CommandFate

FateMet = Callable[[CommandFate, frozenset[str]], None]
_CARRIED_OUT = frozenset(
    {CommandFate.NORMAL, CommandFate.STUCK_DONE, CommandFate.TIMEOUT_DONE, CommandFate.FORGOTTEN_DONE}
)
_FORGOTTEN = frozenset({CommandFate.FORGOTTEN, CommandFate.FORGOTTEN_DONE})
_REMEMBERED = timedelta(days=1)  # how long an outcome can be asked for


def _nobody(fate: CommandFate, refs: frozenset[str]) -> None:
    pass


@dataclass
class Job:
    reference: str  # ours, of the command
    due_at: datetime
    carry_out: Callable[[], str]  # the key of what it made; raises OrderProblem
    fate: CommandFate
    has_run: bool = False
    receipt: Receipt | None = None  # None: it says nothing yet

    @property
    def is_pending(self) -> bool:
        """By the books there, which hold nothing of what was forgotten."""
        return self.receipt is None and self.fate not in _FORGOTTEN


class Jobs:
    """`numbers`: by which whatever is made there is told apart."""

    def __init__(self, clock: Clock, numbers: Iterator[int]) -> None:
        self._clock = clock
        self._numbers = numbers
        self._jobs: dict[str, Job] = {}
        self._fates: deque[CommandFate] = deque()
        self._met: FateMet = _nobody

    def decide_fates(self, fates: Sequence[CommandFate], met: FateMet = _nobody) -> None:
        """What becomes of the next ones, in order; after these all goes well."""
        self._fates, self._met = deque(fates), met

    def take(self, reference: str, about: str, takes: timedelta, carry_out: Callable[[], str]) -> Receipt:
        """`about`: the order of which it is."""
        handle, fate = f"job-{next(self._numbers)}", CommandFate.NORMAL
        if self._fates:
            fate = self._fates.popleft()
            self._met(fate, frozenset({about}))
        self._jobs[handle] = Job(reference, self._clock.now() + takes, carry_out, fate)
        return Receipt(ReceiptState.PENDING, handle)

    def run(self) -> None:
        """Carry out what is due."""
        for handle, job in list(self._jobs.items()):
            if not job.has_run and job.due_at <= self._clock.now():
                job.has_run = True
                job.receipt = _outcome(handle, job)

    def outcome(self, handle: str) -> Receipt:
        self.run()
        job = self._jobs.get(handle)
        if job is None or job.fate in _FORGOTTEN or self._clock.now() > job.due_at + _REMEMBERED:
            return Receipt(ReceiptState.UNKNOWN, handle)
        return job.receipt or Receipt(ReceiptState.PENDING, handle)

    def clear(self) -> None:
        """Everything is forgotten there, and what is not done yet never is."""
        self._jobs.clear()

    def is_pending(self, reference: str) -> bool:
        return any(job.reference == reference and job.is_pending for job in self._jobs.values())


def _outcome(handle: str, job: Job) -> Receipt | None:
    receipt = None
    if job.fate in _CARRIED_OUT:
        try:
            receipt = Receipt(ReceiptState.DONE, handle, job.carry_out())
        except OrderProblem as refused:
            receipt = Receipt(ReceiptState.REJECTED, handle, rejection=refused.values.get("reason", str(refused)))
    match job.fate:
        case CommandFate.FAIL:
            return Receipt(ReceiptState.REJECTED, handle, rejection="it could not be processed")
        case CommandFate.TIMEOUT | CommandFate.TIMEOUT_DONE:
            return Receipt(ReceiptState.UNKNOWN, handle)
        case CommandFate.NORMAL:
            return receipt
        case _:
            return None
