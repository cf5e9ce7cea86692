"""What must hold when a run has settled, judged by the two sides' own records. Each check yields what is wrong, in a sentence."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from orderhaven.core.problems import ProblemKind
from orderhaven.core.status import TABLE, Fact, Status, path_is_lawful
from orderhaven.ports.sandbox import BackOfficeOrder, ConfirmedShipment
from orderhaven.store.models import Connection, Event, Hold, Message, Order, Problem
from tests.simulation.plan import Deed, Pair, Trouble
from tests.simulation.run import Diary, Run
from tests.simulation.sides import BUYER

_SENDING_S = (
    30.0 + 75.0 + 30.0 + 20.0
)  # of one request: until it is given up, late on its way, late to be carried out, and a margin
_COMPLETED = frozenset({"completed"})
_CANCELLED = frozenset({"cancelled"})
_OPEN = frozenset({"open", "processing"})
_MADE_BY_CANCELLING = (Fact.SHOP_CANCELLED, Fact.CANCEL_ACCEPTED)


@dataclass
class Case:
    """One order on all three sides."""

    diary: Diary
    order: Order | None
    in_shop: list[BackOfficeOrder]
    shipments: list[ConfirmedShipment]  # what the hub confirmed
    by_others: int
    is_cancelled_there: bool
    is_open_there: bool
    problems: frozenset[str]
    history: list[tuple[float, str, str, str, Mapping[str, str]]]  # (seconds, fact, from, to, data)

    @property
    def ref(self) -> str:
        return self.diary.ref

    @property
    def stands_for_a_person(self) -> bool:
        """A Problem is open, a person has it, or a person said that all is mended although it is not."""
        has_it = self.order is not None and (self.order.status == Status.MANUAL or bool(self.order.hold))
        return bool(self.problems) or has_it or self.diary.did(Deed.RETRY)

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


def judge(run: Run) -> list[str]:
    """Every flaw of a settled run; call it while its store is open."""
    return run.store.run(lambda: [*run.flaws, *_all_of(run)])


def _all_of(run: Run) -> Iterator[str]:
    for case in cases(run):
        for check in CHECKS:
            for flaw in check(run, case):
                yield f"{case.ref}: {flaw}"
    yield from nothing_secret_was_said(run)


def cases(run: Run) -> Iterator[Case]:
    shipments = list(run.sides.marketplace.shipments())
    cancelled = run.sides.marketplace.cancelled()
    orders = {order.ref: order for order in Order.objects.select_related("link")}
    for diary in run.diaries.values():
        order = orders.get(diary.ref)
        mine = [(place, one) for place, one in enumerate(shipments) if one.order_ref == diary.ref]
        yield Case(
            diary,
            order,
            run.sides.in_shop(diary.ref),
            [one for place, one in mine if place not in diary.by_others],
            sum(place in diary.by_others for place, _ in mine),
            diary.ref in cancelled,
            run.sides.is_open_there(diary.ref),
            frozenset(order.problems.filter(solved_at=None).values_list("kind", flat=True)) if order else frozenset(),
            _history(run, order),
        )


def _history(run: Run, order: Order | None) -> list[tuple[float, str, str, str, Mapping[str, str]]]:
    events = Event.objects.filter(order=order, kind="status").order_by("id") if order else ()
    return [(run.seconds(one.at), one.data["fact"], one.data["from"], one.data["to"], one.data) for one in events]


# ---------------------------------------------------------------- nothing lost, nothing doubled


def it_is_in_the_shop_once_or_somebody_knows_why(run: Run, case: Case) -> Iterator[str]:
    references = [one.reference for one in case.in_shop]
    if len(references) != len(set(references)):
        yield f"doubled: the shop has it {len(references)} times ({', '.join(one.shop_ref for one in case.in_shop)})"
    if len(references) > 1 + len(case.diary.done.get(Deed.PLACE_AGAIN, ())):
        yield f"the shop has it {len(references)} times, and nobody had it placed again"
    if case.order is None:
        yield "lost: the hub has never heard of it"
        return
    if references or case.diary.did(Deed.DELETE) or case.stands_for_a_person:
        return
    decided = case.order.by_marketplace or case.order.handled_by_others or case.order.hold != Hold.NONE
    asked = (
        case.order.status == Status.CANCELLATION_REQUESTED
    )  # before it was placed: accept or refuse is said by a person
    if not decided and not asked and case.order.status not in (Status.CANCELLED, Status.MANUAL):
        yield f"lost: not in the shop, and the hub says '{case.order.status}'"


def what_is_completed_is_confirmed(run: Run, case: Case) -> Iterator[str]:
    if not case.in_shop or case.stands_for_a_person or case.order is None or case.diary.kind == "by_marketplace":
        return
    if _stands(case, _COMPLETED) and case.is_open_there:
        yield f"lost: the shop completed it, it is open at the marketplace, and the hub says '{case.order.status}'"


def what_is_cancelled_is_cancelled_on_both_sides(run: Run, case: Case) -> Iterator[str]:
    if not case.in_shop or case.stands_for_a_person or case.order is None or case.diary.kind == "by_marketplace":
        return
    if _stands(case, _CANCELLED) and case.is_open_there:
        yield f"the shop cancelled it, it is open at the marketplace, and the hub says '{case.order.status}'"
    if case.is_cancelled_there and _stands(case, _OPEN):
        yield f"the marketplace cancelled it, it is open in the shop, and the hub says '{case.order.status}'"


def it_is_confirmed_once(run: Run, case: Case) -> Iterator[str]:
    lines = [line for one in case.shipments for line in one.pieces]
    if len(lines) != len(set(lines)):
        yield f"its shipment was confirmed {len(case.shipments)} times"


def it_is_confirmed_after_the_shop_completed_it(run: Run, case: Case) -> Iterator[str]:
    completed = case.diary.first(Deed.SHIP, Deed.COMPLETE)
    for one in case.shipments:
        if completed is None or run.seconds(one.at) < completed:
            yield "it was confirmed before the shop completed it"


def it_is_confirmed_with_the_shops_facts(run: Run, case: Case) -> Iterator[str]:
    for one in case.shipments:
        at = run.seconds(one.at)
        carriers = {noted.code: noted.carrier for noted in case.diary.codes if noted.at <= at}
        if one.code and one.code not in carriers:
            yield f"it was confirmed with '{one.code}', which never stood in the shop by then"
        carrier = carriers.get(one.code)
        word = run.sides.words[carrier] if carrier else ""
        if one.carrier_word != word:
            yield f"it was confirmed with carrier '{one.carrier_word}', and '{one.code}' is of '{word}'"


def no_code_is_left_out(run: Run, case: Case) -> Iterator[str]:
    """A bare confirmation stands only if no code was in the shop when the wait ended."""
    over = next(((at, data) for at, fact, _, _, data in reversed(case.history) if fact == Fact.WAIT_OVER), None)
    waited = [at for at, _, _, to, _ in case.history if to == Status.WAITING]
    for one in case.shipments:
        if one.code or one.label:
            continue
        if over is None or not waited:
            yield "it was confirmed without a code, and never waited for one"
            return
        due = waited[-1] + run.plan.wait_minutes * 60
        if over[0] < due - abs(_most_skew(run)) - 1:
            yield f"its wait ended {due - over[0]:.0f} s early"
        noted = [noted.at for noted in case.diary.codes if noted.at <= due - abs(_most_skew(run))]
        if noted and "unread" not in over[1]:
            yield f"a code that stood in the shop {due - min(noted):.0f} s before the wait ended was left out"


def _most_skew(run: Run) -> float:
    return max(
        (abs(fault.amount) for fault in run.plan.faults if fault.trouble == "the hub's clock is off"), default=0.0
    )


def it_is_told_only_what_the_hub_stands_for(run: Run, case: Case) -> Iterator[str]:
    """A confirmation arrives while the order is shipped; one that was sent before the news may still arrive."""
    for one in case.shipments:
        off = _most_skew(run)
        statuses = case.statuses_around(run.seconds(one.at), _SENDING_S + off, off)
        if Status.SHIPPED not in statuses:
            yield f"it was confirmed while the hub had it at {', '.join(sorted(statuses)) or 'nothing'}"


def nothing_shipped_was_cancelled(run: Run, case: Case) -> Iterator[str]:
    ours = any(
        message.kind in ("cancel", "cancel_shop") and message.attempt
        for message in (case.order.messages.all() if case.order else ())
    )
    if not ours:
        return
    wanted = case.diary.did(Deed.CANCEL_IN_SHOP, Deed.CANCEL_HERE, Deed.CANCEL_THERE, Deed.ASK, Deed.REVERSE_THERE)
    if not wanted:
        yield "the hub cancelled it, and nobody wanted that"


# ---------------------------------------------------------------- every state is true


def the_hubs_words_are_true(run: Run, case: Case) -> Iterator[str]:
    order = case.order
    if order is None:
        return
    if order.confirmed_at is not None and not order.handled_by_others and not case.shipments:
        yield "untrue: the hub says that it was confirmed, and the marketplace has no such shipment"
    for one in case.shipments:
        if order.confirmed_at is not None and run.seconds(order.confirmed_at) + _most_skew(run) + 1 < run.seconds(
            one.at
        ):
            yield "untrue: the hub called it confirmed before the marketplace had done it"
    if order.handled_by_others and not case.by_others and not case.shipments and not case.diary.did(Deed.REVERSE_THERE):
        yield "untrue: the hub says that others shipped it, and nobody did"
    if case.shipments and order.confirmed_at is None and not case.stands_for_a_person and not order.handled_by_others:
        yield f"untrue: its shipment was confirmed, and the hub does not know (status '{order.status}')"
    told_cancelled = order.messages.filter(kind="cancel", state="told").exists()
    if told_cancelled and not case.is_cancelled_there and not case.stands_for_a_person:
        yield "untrue: the hub says that it is cancelled there, and it is not"


def its_history_is_a_path_of_the_table(run: Run, case: Case) -> Iterator[str]:
    if case.order is None:
        return
    steps = [to for _, _, _, to, _ in case.history]
    path = [case.history[0][2], *steps] if case.history else [case.order.status]
    for (_, _, _, to, _), (_, _, was, _, _) in zip(case.history, case.history[1:], strict=False):
        if to != was:
            yield f"its history goes to '{to}' and on from '{was}'"
    if path[-1] != case.order.status:
        yield f"its history ends at '{path[-1]}', and it stands at '{case.order.status}'"
    if not path_is_lawful([Status(one) for one in path]):
        yield f"its history is no path of the table: {' > '.join(path)}"
    for _, fact, was, to, _ in case.history:
        if TABLE[Status(was)].get(Fact(fact), None) is None or TABLE[Status(was)][Fact(fact)].to != to:
            yield f"'{fact}' took it from '{was}' to '{to}', which is no row of the table"


def every_fact_has_its_cause(run: Run, case: Case) -> Iterator[str]:
    """What moved it was done by somebody, as often as it was heard: an old reading is not news."""
    for facts, deeds in _CAUSES:
        heard = sum(fact in facts for _, fact, _, _, _ in case.history)
        done = sum(len(case.diary.done.get(deed, ())) for deed in deeds)
        if heard > done:
            yield f"it was heard {heard} times that it was {' or '.join(facts)}, which was done {done} times"
    for kind in case.problems:
        if kind not in _PROBLEMS_BY or not _PROBLEMS_BY[kind](run, case):
            yield f"the hub calls for a person with '{kind}', and nothing of the kind was done"


_AT_HUB = (Deed.GIVE_BACK, Deed.PLACE_AGAIN, Deed.RETRY)
_CAUSES: tuple[tuple[tuple[Fact, ...], tuple[Deed, ...]], ...] = (
    ((Fact.REOPENED,), (Deed.REOPEN, *_AT_HUB)),
    ((Fact.COMPLETED_WITH_CODE, Fact.COMPLETED_BARE), (Deed.SHIP, Deed.COMPLETE, Deed.ADD_CODE, *_AT_HUB)),
    ((Fact.SHOP_CANCELLED,), (Deed.CANCEL_IN_SHOP, *_AT_HUB)),
    ((Fact.BUYER_ASKS,), (Deed.ASK, Deed.GIVE_BACK)),
    ((Fact.CANCEL_WITHDRAWN,), (Deed.WITHDRAW, Deed.REFUSE)),
)


def _did(*deeds: Deed) -> Callable[[Run, Case], bool]:
    return lambda run, case: case.diary.did(*deeds)


def _was_sold_as(kind: str) -> Callable[[Run, Case], bool]:
    return lambda run, case: case.diary.kind == kind


def _had(*troubles: Trouble) -> Callable[[Run, Case], bool]:
    return lambda run, case: any(run.hits[trouble] for trouble in troubles)


def _has_untellable_code(run: Run, case: Case) -> bool:
    return any(noted.carrier is None for noted in case.diary.codes)


# an order waits for a person only with one of these Problems, and only when this happened
_PROBLEMS_BY: Mapping[str, Callable[[Run, Case], bool]] = {
    ProblemKind.UNKNOWN_PRODUCT: _was_sold_as("not_for_sale"),
    ProblemKind.UNKNOWN_CARRIER: _has_untellable_code,
    ProblemKind.OWN_LABEL: _was_sold_as("own_label"),
    ProblemKind.REFUSED: _did(Deed.CANCEL_HERE, Deed.SHIP_PART_THERE),
    ProblemKind.HALF_MADE: _did(Deed.CHANGE_PIECES),
    ProblemKind.QUANTITIES_DIFFER: _did(Deed.CHANGE_PIECES, Deed.SHIP_PART_THERE),
    ProblemKind.LATER_CODE: _did(Deed.ADD_CODE, Deed.SHIP),
    ProblemKind.REOPENED_AFTER_SHIPPING: _did(Deed.REOPEN),
    ProblemKind.REOPENED_AFTER_CANCELLING: _did(Deed.REOPEN),
    ProblemKind.SHOP_ORDER_GONE: _did(Deed.TRASH, Deed.DELETE),
    ProblemKind.SHOP_CANCELLED_LATE: _did(Deed.CANCEL_IN_SHOP, Deed.CANCEL_HERE),
    ProblemKind.CANCELLATIONS_HELD: _did(Deed.CANCEL_IN_SHOP),
    ProblemKind.STOP_THE_PARCEL: _did(Deed.CANCEL_IN_SHOP, Deed.CANCEL_HERE, Deed.CANCEL_THERE, Deed.REVERSE_THERE),
    ProblemKind.PARCEL_MAY_HAVE_LEFT: _did(Deed.CANCEL_THERE, Deed.CANCEL_HERE, Deed.REVERSE_THERE),
    ProblemKind.CANCELLED_THERE_LATE: _did(Deed.CANCEL_THERE, Deed.REVERSE_THERE),
    ProblemKind.SHIPPED_THOUGH_CANCELLED: _did(Deed.SHIP_THERE, Deed.SHIP_PART_THERE),
    ProblemKind.BUYER_ASKS_LATE: _did(Deed.ASK),
    ProblemKind.OUTCOME_UNKNOWN: lambda run, case: bool(run.plan.faults),
    ProblemKind.SURPRISE: _had(Trouble.GARBAGE, Trouble.TRUNCATED, Trouble.HTML_AFTER),
}


def one_open_message_per_side(run: Run, case: Case) -> Iterator[str]:
    if case.order is None:
        return
    for side in ("shop", "marketplace"):
        sent = case.order.messages.filter(side=side, state__in=("sending", "unclear", "awaiting")).count()
        if sent > 1:
            yield f"{sent} messages are open at the {side}"


def nobody_waits_for_anothers_trouble(run: Run, case: Case) -> Iterator[str]:
    """On a quiet day every order is placed with the next hearing, whatever is wrong with the others."""
    if run.plan.faults or any(one.deed == Deed.PAUSE for one in run.plan.happenings) or run.plan.is_bulk:
        return
    if (
        case.order is None
        or case.diary.kind
        or not case.in_shop
        or case.diary.did(Deed.ASK, Deed.CANCEL_HERE, Deed.TAKE_OVER)
    ):
        return
    placed = Event.objects.filter(order=case.order, kind="placed").order_by("id").first()
    if placed and run.seconds(placed.at) - case.diary.sold_at > 7 * 60:
        yield f"it was placed {(run.seconds(placed.at) - case.diary.sold_at) / 60:.0f} minutes after it was sold, on a quiet day"


# ---------------------------------------------------------------- said to nobody


def nothing_secret_was_said(run: Run) -> Iterator[str]:
    secrets = [*BUYER.values(), *_secrets(run)]
    said: dict[str, list[Any]] = {
        "the log": run.logs,
        "an event": list(Event.objects.values_list("data", flat=True)),
        "a problem": list(Problem.objects.values_list("values", "evidence")),
        "a message": list(Message.objects.values_list("facts", "handle", "remote_ref")),
        "a connection's trouble": list(Connection.objects.values_list("last_error", "problem_values", "settings")),
    }
    for where, texts in said.items():
        text = json.dumps(texts, default=str)
        for secret in secrets:
            if secret in text:
                yield f"{where} tells '{secret}'"


def _secrets(run: Run) -> list[str]:
    if run.plan.pair is Pair.REFERENCES:
        return ["reference key"]
    return [run.sides.marketplace.door.client_secret, run.sides.shop.door.secret, "sandbox.1."]


def _stands(case: Case, states: frozenset[str]) -> bool:
    return bool(case.in_shop) and case.in_shop[-1].status in states


CHECKS: tuple[Callable[[Run, Case], Iterator[str]], ...] = (
    it_is_in_the_shop_once_or_somebody_knows_why,
    what_is_completed_is_confirmed,
    what_is_cancelled_is_cancelled_on_both_sides,
    it_is_confirmed_once,
    it_is_confirmed_after_the_shop_completed_it,
    it_is_confirmed_with_the_shops_facts,
    no_code_is_left_out,
    it_is_told_only_what_the_hub_stands_for,
    nothing_shipped_was_cancelled,
    the_hubs_words_are_true,
    its_history_is_a_path_of_the_table,
    every_fact_has_its_cause,
    one_open_message_per_side,
    nobody_waits_for_anothers_trouble,
)
