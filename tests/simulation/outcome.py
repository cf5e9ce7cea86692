"""What became of one seed: its flaws, and what it reached."""

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from orderhaven.core.problems import ProblemKind
from orderhaven.core.status import TRANSITIONS, Status, Trigger
from orderhaven.store.models import Event
from orderhaven.testing.pairs import Pair
from tests.simulation.case import Case, cases
from tests.simulation.invariants import judge
from tests.simulation.plan import Plan, Trouble
from tests.simulation.run import Line, Run
from tests.simulation.seeds import plan_of

Row = tuple[str, str]  # status, fact
# rows that stand in the table for completeness: nothing that can be done or said leads there
_NEVER: Mapping[tuple[Status, Trigger], str] = {
    (Status.MANUAL, Trigger.TAKEN_OVER): "nobody takes over what a person has",
    (Status.NOT_SHIPPED, Trigger.ACCEPTED): "what waits for a yes is pending",
    (Status.MANUAL, Trigger.UNACCEPTED): "what a person has is not open again",
    (Status.MANUAL, Trigger.CANCELLATION_REFUSED): "only a wish that stands is refused",
    (Status.NOT_SHIPPED, Trigger.CANCELLATION_REFUSED): "only a wish that stands is refused",
    (Status.CANCELLATION_REQUESTED, Trigger.CANCELLATION_REQUESTED): "who asks twice is seen to ask once",
    (Status.MANUAL, Trigger.WAIT_EXPIRED): "a wait ends with leaving 'waiting'",
    (Status.SHIPPED, Trigger.WAIT_EXPIRED): "a wait ends with leaving 'waiting'",
    (Status.WAITING, Trigger.TRACKING_ADDED): "a code on a completed order is heard as 'completed with code'",
    (Status.MANUAL, Trigger.REST_SHIPPED): "the rest is what follows a part: of others it is 'shipped there'",
    (Status.SHIPPED, Trigger.REST_SHIPPED): "the rest is what follows a part: of others it is 'shipped there'",
    (Status.CANCELLED, Trigger.REST_SHIPPED): "the rest is what follows a part: of others it is 'shipped there'",
    (Status.PARTLY_SHIPPED, Trigger.MARKETPLACE_SHIPPED): "what follows a part is the rest",
    (Status.PARTLY_SHIPPED, Trigger.REOPENED_LATE): "nothing is told of a part",
}  # fmt: skip
NEVER: frozenset[Row] = frozenset((str(status), str(fact)) for status, fact in _NEVER)
ROWS: frozenset[Row] = (
    frozenset((str(status), str(fact)) for status, facts in TRANSITIONS.items() for fact in facts) - NEVER
)


class Ending(StrEnum):
    """How an order ended; the first that holds."""

    WAITING_FOR_A_PERSON = "waiting for a person"
    CONFIRMED_WITH_CODE = "confirmed with a code"
    CONFIRMED_UNTRACKED = "confirmed without a code"
    CANCELLED = "cancelled on both sides"
    BY_OTHERS = "shipped by others"
    OPEN = "still open, as people left it"


def ending_of(case: Case) -> Ending:
    if case.problems or case.is_in_hand or case.is_older:
        return Ending.WAITING_FOR_A_PERSON
    if case.shipments:
        return Ending.CONFIRMED_WITH_CODE if case.shipments[0].tracking_number else Ending.CONFIRMED_UNTRACKED
    if case.is_cancelled_there:
        return Ending.CANCELLED
    return Ending.BY_OTHERS if case.by_others else Ending.OPEN


@dataclass
class Outcome:
    seed: int
    pair: Pair
    flaws: list[str]
    rows: Counter[Row]
    troubles: Counter[Trouble]
    endings: Counter[Ending]
    created: int  # orders that stood in the shop
    hours: float  # of the sides' own time
    cpu_s: float
    story: list[Line] = field(default_factory=list)


class _Judged(Run):
    outcome: list[str]
    endings: Counter[Ending]
    created: int

    def at_the_end(self) -> None:
        self.outcome = judge(self)
        all_of_them = self.store.run(lambda: list(cases(self)))
        self.endings = Counter(self.store.run(lambda: [ending_of(case) for case in all_of_them]))
        if any(called.kind == ProblemKind.CANCELLATIONS_ON_HOLD for case in all_of_them for called in case.called):
            self.note_hit(Trouble.MANY_CANCELLATIONS)
        self.created = sum(bool(case.in_shop) for case in all_of_them)
        if self.outcome:
            self.story += self.store.run(self._what_the_hub_wrote)
            self.story.sort(key=lambda line: line.at)

    def _what_the_hub_wrote(self) -> list[Line]:
        """Its own timeline of the orders that ended wrong."""
        refs = {flaw.partition(":")[0] for flaw in self.outcome}
        events = (
            Event.objects.filter(order__ref__in=refs, order__link=self.link_id).select_related("order").order_by("id")
        )
        return [
            Line(
                self.seconds(one.at),
                f"    hub: {one.order.ref if one.order else ''} {one.kind} {_told(one.data)} ({one.actor})",
            )
            for one in events
        ]


def _told(data: Mapping[str, object]) -> str:
    return " ".join(f"{name}={value}" for name, value in data.items())


def play(plan: Plan) -> Outcome:
    """Raises whatever breaks the simulation itself."""
    began = time.process_time()
    run = _Judged(plan)
    run.play()
    rows = Counter((str(line["status"]), str(line["trigger"])) for line in run.logs if line.get("event") == "trigger")
    hours = (run.settled_at or run.plan.minutes * 60) / 3600
    return Outcome(
        plan.seed,
        plan.pair,
        run.outcome,
        rows,
        run.hits,
        run.endings,
        run.created,
        hours,
        time.process_time() - began,
        run.story,
    )


def play_seed(seed: int, pair: Pair | None = None) -> Outcome:
    return play(plan_of(seed, pair))
