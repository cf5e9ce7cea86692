"""One order on all three sides, as it stands when a run has settled."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from orderhaven.core.problems import ProblemKind
from orderhaven.core.shop_order import ShopState
from orderhaven.ports.sandbox import BackOfficeOrder, ConfirmedShipment
from orderhaven.store.models import Event, MessageKind, MessageState, Order, Problem
from tests.simulation.diary import Diary
from tests.simulation.plan import Deed, Trouble
from tests.simulation.run import Run

COMPLETED = frozenset({ShopState.COMPLETED})
CANCELLED = frozenset({ShopState.CANCELLED})
OPEN = frozenset({ShopState.OPEN})
AWAY = frozenset({ShopState.TRASHED})
_BY_HAND = (Deed.RETRY, Deed.CANCEL_HERE, Deed.TAKE_OVER, Deed.GIVE_BACK, Deed.REFUSE, Deed.PLACE_AGAIN)
_CLOCK = (Trouble.SKEW, Trouble.CLOCK_JUMPS)
_AT_ONCE = 2.0  # seconds: what a person's hand did in the store


@dataclass(frozen=True, slots=True)
class Called:
    """A Problem of the hub: since when, until when (None: it is open), and for which message."""

    kind: str
    at: float
    until: float | None
    message: str  # its kind; "" where it came from a fact
    values: Mapping[str, str]


@dataclass
class Case:
    """`history` as the hub wrote it: (seconds, fact, from, to, data)."""

    run: Run
    diary: Diary
    order: Order | None
    in_shop: list[BackOfficeOrder]
    shipments: list[ConfirmedShipment]  # what the hub confirmed
    by_others: int
    is_cancelled_there: bool
    is_open_there: bool
    called: list[Called]
    history: list[tuple[float, str, str, str, Mapping[str, str]]]

    @property
    def ref(self) -> str:
        return self.diary.ref

    @property
    def is_older(self) -> bool:
        """Sold before the link: it waits for a person's word."""
        return self.diary.sold_at < self.run.plan.from_minutes * 60

    @property
    def is_in_hand(self) -> bool:
        """A person took it over and did not give it back."""
        return self.diary.last(Deed.TAKE_OVER) > self.diary.last(Deed.GIVE_BACK)

    @cached_property
    def problems(self) -> frozenset[str]:
        """Kinds that are open, or that a person closed without mending anything: Retry says that all is mended.

        What could not be understood stops only what was to be told: once both sides are well, everything is read again.
        """
        hands = [at for deed in _BY_HAND for at in self.diary.done.get(deed, ())]
        return frozenset(
            one.kind
            for one in self.called
            if (one.message or one.kind not in (ProblemKind.UNEXPECTED_RESPONSE, ProblemKind.ORDER_MISSING))
            and (one.until is None or any(abs(one.until - at) <= _AT_ONCE + most_skew(self.run) for at in hands))
        )

    def corrected_at(self) -> float:
        """When the hub last told another number for what it had confirmed; a code must have stood in the shop by then."""
        told = self.order.messages.filter(kind=MessageKind.CORRECT, state=MessageState.DONE) if self.order else ()
        return max(
            (self.run.seconds(one.finished_at) + most_skew(self.run) for one in told if one.finished_at), default=0.0
        )

    def stands_for(self, *kinds: ProblemKind) -> bool:
        """Whether it waits for a person with one of these, or a person has it."""
        return self.is_in_hand or bool(self.problems & set(kinds))

    def stands(self, states: frozenset[ShopState]) -> bool:
        """Whether its newest order in the shop does."""
        return bool(self.in_shop) and self.in_shop[-1].state in states

    def statuses_around(self, at: float, before: float, after: float) -> set[str]:
        """Every status the hub had it at, from `before` seconds before `at` to `after` seconds after it."""
        current, found = "", set()
        for moment, _, was, to, _ in self.history:
            if moment <= at - before:
                current = to
            elif moment <= at + after:
                found |= {was, to}
        if not found and not current and self.history:
            current = self.history[0][2]
        return found | ({current} if current else set())

    def touches(self, *, command: bool, until: float | None = None) -> int:
        """How many troubles met a request about it."""
        return sum(
            self.ref in one.refs and (one.is_command or not command) and (until is None or one.at <= until)
            for one in self.run.sides.wire.touches
        )


def cases(run: Run) -> Iterator[Case]:
    shipments = list(run.sides.marketplace.shipments())
    cancelled = run.sides.marketplace.cancelled()
    orders = {order.ref: order for order in Order.objects.filter(link=run.link_id).select_related("link")}
    for diary in run.diaries.values():
        order = orders.get(diary.ref)
        mine = [(place, one) for place, one in enumerate(shipments) if one.order_ref == diary.ref]
        yield Case(
            run,
            diary,
            order,
            run.sides.in_shop(diary.ref),
            [one for place, one in mine if place not in diary.by_others],
            sum(place in diary.by_others for place, _ in mine),
            diary.ref in cancelled,
            run.sides.marketplace.is_open(diary.ref),
            _called(run, order),
            _history(run, order),
        )


def most_skew(run: Run) -> float:
    """How far the hub's clock was off at most, in seconds."""
    return max((abs(one.amount) for one in run.plan.faults if one.trouble in _CLOCK), default=0.0)


def _called(run: Run, order: Order | None) -> list[Called]:
    rows = Problem.objects.filter(order=order).select_related("message").order_by("id") if order else ()
    return [
        Called(
            one.kind,
            run.seconds(one.at),
            run.seconds(one.resolved_at) if one.resolved_at else None,
            one.message.kind if one.message else "",
            one.values,
        )
        for one in rows
    ]


def _history(run: Run, order: Order | None) -> list[tuple[float, str, str, str, Mapping[str, str]]]:
    events = Event.objects.filter(order=order, kind="status").order_by("id") if order else ()
    return [(run.seconds(one.at), one.data["trigger"], one.data["from"], one.data["to"], one.data) for one in events]
