"""What must hold when a run has settled, judged by the two sides' own records. Each check yields what is wrong, in a sentence.

What excuses an order is a Problem that has its cause in the plan (`causes`), and then only from what that Problem stops.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

from orderhaven.core.problems import ProblemKind
from orderhaven.core.status import TRANSITIONS, Status, Trigger, is_possible_history
from orderhaven.store.models import Connection, Event, Message, MessageKind, OrderContact, Problem, Shipment
from tests.simulation.case import CANCELLED, COMPLETED, OPEN, Case, cases, most_skew
from tests.simulation.causes import (
    every_connection_is_called_for_with_a_cause,
    every_move_has_its_cause,
    every_problem_has_its_cause,
    was_not_to_be_read,
    what_is_held_is_older_than_the_link,
)
from tests.simulation.goods import the_shop_has_what_was_sold, the_stock_went_with_the_orders
from tests.simulation.plan import CLOSES, SHOP, Deed
from tests.simulation.punctual import (
    both_connections_are_well,
    everything_happened_in_time,
    few_cancellations_go_without_a_word,
)
from tests.simulation.run import Run
from tests.simulation.sides import BUYER
from tests.simulation.unsaid import nothing_is_kept_from_people

_SENDING_S = (
    30.0 + 75.0 + 30.0 + 20.0
)  # of one request: until it is given up, late on its way, late to be carried out, and a margin
_LOOKED_S = _SENDING_S + 60.0  # between the hub's look at a shop order and its cancelling of it
_SHORTEST_HOLD_S = (
    20 * 3600.0
)  # from the sale until an order whose shop cannot be read may go: both marketplaces give a day
_TOO_SHORT_TO_TELL = 3
_ENDED_WITHIN_S = 5 * 60.0  # after a wait was due to end, where nothing keeps the hub from looking at the shop
_ERASED_WITHIN_S = 3600.0 + 300.0

# which Problems stop what; each of them has its own cause, or it is a flaw by itself
_ANY = (
    ProblemKind.OUTCOME_UNKNOWN, ProblemKind.ENDS_THE_HUB,
    ProblemKind.UNEXPECTED_RESPONSE, ProblemKind.REJECTED, ProblemKind.PARTLY_CREATED,
    ProblemKind.ORDER_MISSING,
)  # fmt: skip
_STOPS_CREATING = (
    *_ANY, ProblemKind.UNKNOWN_PRODUCT, ProblemKind.NO_LINES, ProblemKind.CONTACT_ERASED,
    ProblemKind.SHOP_ORDER_GONE,
)  # fmt: skip
_STOPS_CONFIRMING = (
    *_ANY, ProblemKind.UNKNOWN_CARRIER, ProblemKind.OWN_LABEL, ProblemKind.TRACKING_REQUIRED, ProblemKind.ONLY_WHOLE_SHIPMENTS,
    ProblemKind.QUANTITIES_DIFFER, ProblemKind.SHOP_ORDER_GONE,
    ProblemKind.REOPENED_AFTER_SHIPPING, ProblemKind.CANCELLATIONS_ON_HOLD,
)  # fmt: skip
_STOPS_CANCELLING = (
    *_ANY, ProblemKind.ONLY_WHOLE_CANCELLATIONS, ProblemKind.ONLY_WHOLE_LINES,
    ProblemKind.CANCELLATIONS_ON_HOLD, ProblemKind.SHOP_CANCELLED_LATE, ProblemKind.SHIPPED_THOUGH_CANCELLED,
    ProblemKind.REOPENED_AFTER_CANCELLING, ProblemKind.REOPENED_AFTER_SHIPPING, ProblemKind.SHOP_ORDER_GONE,
)  # fmt: skip


def judge(run: Run) -> list[str]:
    """Every flaw of a settled run; call it while its store is open."""
    return run.store.run(lambda: [*run.flaws, *_all_of(run)])


def _all_of(run: Run) -> Iterator[str]:
    for case in cases(run):
        for check in CHECKS:
            for flaw in check(case):
                yield f"{case.ref}: {flaw}"
    for whole in CHECKS_OF_THE_WHOLE:
        yield from whole(run)


# ---------------------------------------------------------------- nothing lost, nothing doubled


def it_is_in_the_shop_once(case: Case) -> Iterator[str]:
    references = [one.reference for one in case.in_shop]
    if len(references) != len(set(references)):
        yield f"doubled: the shop has it {len(references)} times ({', '.join(one.shop_ref for one in case.in_shop)})"
    if len(references) > 1 + len(case.diary.done.get(Deed.PLACE_AGAIN, ())):
        yield f"the shop has it {len(references)} times, and nobody had it placed again"
    if references and case.is_older:
        yield "it was sold before the link began, and is in the shop without a person's word"
    if case.order is None:
        yield "lost: the hub has never heard of it"
    elif not references and _belongs_in_the_shop(case) and not case.stands_for(*_STOPS_CREATING):
        yield f"lost: not in the shop, and the hub says '{case.order.status}'"


def _belongs_in_the_shop(case: Case) -> bool:
    """Unless somebody ended it, perhaps before it was created in the shop."""
    diary = case.diary
    ended = diary.did(Deed.DELETE, Deed.CANCEL_HERE, Deed.CANCEL_THERE, Deed.REVERSE_THERE, Deed.SHIP_THERE)
    asked = diary.last(Deed.ASK) > diary.last(Deed.WITHDRAW, Deed.REFUSE)  # a person says yes or no first
    return diary.kind != "by_marketplace" and not (case.is_older or ended or asked)


def what_is_completed_is_confirmed(case: Case) -> Iterator[str]:
    if _is_nobodys(case) or case.stands_for(*_STOPS_CONFIRMING):
        return
    if case.stands(COMPLETED) and case.is_open_there:
        yield f"lost: the shop completed it, it is open at the marketplace, and the hub says '{_status(case)}'"


def what_is_cancelled_is_cancelled_on_both_sides(case: Case) -> Iterator[str]:
    if _is_nobodys(case) or case.stands_for(*_STOPS_CANCELLING):
        return
    if case.stands(CANCELLED) and case.is_open_there:
        yield f"the shop cancelled it, it is open at the marketplace, and the hub says '{_status(case)}'"
    if case.is_cancelled_there and case.stands(OPEN):
        yield f"the marketplace cancelled it, it is open in the shop, and the hub says '{_status(case)}'"


def _is_nobodys(case: Case) -> bool:
    return not case.in_shop or case.order is None or case.diary.kind == "by_marketplace"


def _status(case: Case) -> str:
    return case.order.status if case.order else ""


def it_is_confirmed_once(case: Case) -> Iterator[str]:
    lines = [line for one in case.shipments for line in one.quantities]
    if len(lines) != len(set(lines)):
        yield f"its shipment was confirmed {len(case.shipments)} times"


def it_is_confirmed_after_the_shop_completed_it(case: Case) -> Iterator[str]:
    completed = case.diary.first(Deed.SHIP, Deed.COMPLETE)
    for one in case.shipments:
        if completed is None or case.run.seconds(one.at) < completed:
            yield "it was confirmed before the shop completed it"


def it_is_confirmed_with_the_shops_facts(case: Case) -> Iterator[str]:
    corrected = case.corrected_at()
    for one in case.shipments:
        at = max(case.run.seconds(one.at), corrected)
        carriers = {noted.code: noted.carrier for noted in case.diary.codes if noted.at <= at}
        if one.tracking_number and one.tracking_number not in carriers:
            yield f"it was confirmed with '{one.tracking_number}', which never stood in the shop by then"
        carrier = carriers.get(one.tracking_number)
        there = case.run.sides.marketplace_spec
        words = {there.carrier_code(carrier)} if carrier else {"", there.other_carrier}
        if one.carrier_code not in words:
            yield f"it was confirmed with carrier '{one.carrier_code}', and '{one.tracking_number}' is of {words}"


def no_code_is_left_out(case: Case) -> Iterator[str]:
    """A bare confirmation stands only if no code was in the shop when the wait ended."""
    over = next(((at, data) for at, fact, _, _, data in reversed(case.history) if fact == Trigger.WAIT_EXPIRED), None)
    waited = [at for at, _, _, to, _ in case.history if to == Status.WAITING]
    for one in case.shipments:
        if one.tracking_number or one.label_number:
            continue
        if over is None or not waited:
            yield "it was confirmed without a code, and never waited for one"
            return
        due = _wait_ends(case, _wait_began(case, waited[-1]))
        if over[0] < due - abs(most_skew(case.run)) - 1:
            yield f"its wait ended {due - over[0]:.0f} s early"
        # one that ran out while a person had the order ends when that person gives it back
        given_back = max((at for at in case.diary.done.get(Deed.GIVE_BACK, ()) if at <= over[0] + 1), default=0.0)
        late = over[0] - max(due, given_back) - most_skew(case.run)
        if late > _ENDED_WITHIN_S and not was_not_to_be_read(case.run, SHOP, over[0], before=late + _ENDED_WITHIN_S):
            yield f"its wait ended {late / 60:.0f} minutes late"
        overwritten = case.diary.last(Deed.SCRIBBLE)  # what is written into a field takes the place of what stood there
        noted = [noted.at for noted in case.diary.codes if overwritten < noted.at <= due - abs(most_skew(case.run))]
        if noted and not _had_to_go_unread(case, over[0]):
            yield f"a code that stood in the shop {due - min(noted):.0f} s before the wait ended was left out"
        if "unread" in over[1] and not _had_to_go_unread(case, over[0]):
            yield "its wait was ended without a look at the shop, which could be read or still had time"


def _wait_began(case: Case, waiting_since: float) -> float:
    """What a person had in hand for a while waits on, from when the shop completed it: completing it twice is no news."""
    if not case.diary.did(Deed.GIVE_BACK):
        return waiting_since
    course = case.diary.course(waiting_since)
    undone = max((at for at, deed in course if deed in (Deed.REOPEN, Deed.CANCEL_IN_SHOP, Deed.TRASH)), default=0.0)
    completed = [at for at, deed in course if at > undone and deed in (Deed.SHIP, Deed.COMPLETE)]
    return min(completed, default=waiting_since)


def _wait_ends(case: Case, began: float) -> float:
    """In time for the ship-by time that the marketplace states."""
    whole, order = began + case.run.plan.wait_minutes * 60, case.order
    if order is None or order.ship_by is None or order.ship_by_is_estimated:
        return whole
    return min(whole, max(began, case.run.seconds(order.ship_by) - order.own_link.ship_by_margin_s))


def _had_to_go_unread(case: Case, at: float) -> bool:
    """The shop could not be read until the order had to go: by what broke there, not by the hub's word."""
    late_enough = at >= case.diary.sold_at + _SHORTEST_HOLD_S - most_skew(case.run)
    return late_enough and was_not_to_be_read(case.run, SHOP, at)


def it_is_told_only_what_the_hub_stands_for(case: Case) -> Iterator[str]:
    """A confirmation arrives while the order is shipped; one that was sent before the news may still arrive."""
    for one in case.shipments:
        off = most_skew(case.run)
        statuses = case.statuses_around(case.run.seconds(one.at), _SENDING_S + off, off)
        if Status.SHIPPED not in statuses:
            yield f"it was confirmed while the hub had it at {', '.join(sorted(statuses)) or 'nothing'}"


def nothing_is_cancelled_unasked(case: Case) -> Iterator[str]:
    ours = (
        case.order.messages.filter(kind__in=(MessageKind.CANCEL, MessageKind.CANCEL_SHOP), attempt__gt=0).exists()
        if case.order
        else False
    )
    wanted = (Deed.CANCEL_IN_SHOP, Deed.CANCEL_HERE, Deed.CANCEL_THERE, Deed.ASK, Deed.REVERSE_THERE)
    if ours and not case.diary.did(*wanted):
        yield "the hub cancelled it, and nobody wanted that"


def what_the_shop_completed_is_never_cancelled_there(case: Case) -> Iterator[str]:
    """By the shop's own record of what the hub did to it. A race with the merchant's hand cannot be won."""
    mine = {one.shop_ref for one in case.in_shop}
    for one in case.run.sides.shop.api_cancellations():
        at, shop_ref = case.run.seconds(one.at), one.shop_ref
        completed = max((on for on, deed in case.diary.course(at) if deed in (Deed.SHIP, Deed.COMPLETE)), default=at)
        if shop_ref in mine and one.was in COMPLETED and at - completed > _LOOKED_S:
            yield f"the hub cancelled shop order {shop_ref}, which had been completed for {(at - completed) / 60:.0f} minutes"


# ---------------------------------------------------------------- every state is true


def the_hubs_words_are_true(case: Case) -> Iterator[str]:
    order = case.order
    if order is None:
        return
    if order.confirmed_at is not None and not order.handled_externally and not case.shipments:
        yield "untrue: the hub says that it was confirmed, and the marketplace has no such shipment"
    for one in case.shipments:
        if order.confirmed_at is not None and case.run.seconds(order.confirmed_at) + most_skew(
            case.run
        ) + 1 < case.run.seconds(one.at):
            yield "untrue: the hub called it confirmed before the marketplace had done it"
    if (
        order.handled_externally
        and not case.by_others
        and not case.shipments
        and not case.diary.did(Deed.REVERSE_THERE)
    ):
        yield "untrue: the hub says that others shipped it, and nobody did"
    # one that was taken back while nobody could read it: it is cancelled, and a person was told that a parcel may have left
    is_taken_back = order.status == Status.CANCELLED and case.diary.did(Deed.REVERSE_THERE)
    if (
        not (order.confirmed_at or order.handled_externally or is_taken_back)
        and case.shipments
        and not case.stands_for(*_ANY)
    ):
        yield f"untrue: its shipment was confirmed, and the hub does not know (status '{order.status}')"
    told_cancelled = order.messages.filter(kind="cancel", state="done").exists()
    if told_cancelled and not case.is_cancelled_there and not case.stands_for(*_STOPS_CANCELLING):
        yield "untrue: the hub says that it is cancelled there, and it is not"


def its_history_is_a_path_of_the_table(case: Case) -> Iterator[str]:
    if case.order is None:
        return
    steps = [to for _, _, _, to, _ in case.history]
    path = [case.history[0][2], *steps] if case.history else [case.order.status]
    for (_, _, _, to, _), (_, _, was, _, _) in zip(case.history, case.history[1:], strict=False):
        if to != was:
            yield f"its history goes to '{to}' and on from '{was}'"
    if path[-1] != case.order.status:
        yield f"its history ends at '{path[-1]}', and it stands at '{case.order.status}'"
    if not is_possible_history([Status(one) for one in path]):
        yield f"its history is no path of the table: {' > '.join(path)}"
    for _, fact, was, to, _ in case.history:
        if (
            TRANSITIONS[Status(was)].get(Trigger(fact), None) is None
            or TRANSITIONS[Status(was)][Trigger(fact)].to != to
        ):
            yield f"'{fact}' took it from '{was}' to '{to}', which is no row of the table"


def one_open_message_per_side(case: Case) -> Iterator[str]:
    if case.order is None:
        return
    for side in ("shop", "marketplace"):
        sent = case.order.messages.filter(side=side, state__in=("in_flight", "unconfirmed", "processing")).count()
        if sent > 1:
            yield f"{sent} messages are open at the {side}"


def what_is_over_is_erased_and_nothing_else(case: Case) -> Iterator[str]:
    order = case.order
    if order is None or order.read_at is None or not order.country:  # an address that was never shown is not erased
        return
    kept_s, there = case.run.plan.people_kept_hours * 3600, OrderContact.objects.filter(order=order).exists()
    closed = case.diary.first(*CLOSES)
    its_time_is_over = float("inf") if closed is None else closed + kept_s  # what happens then brings nothing back
    last = max([0.0, *(at for at, _ in case.diary.course(min(case.run.loop.time(), its_time_is_over)))])
    if (
        there
        and order.closed_at
        and case.run.loop.time() > case.run.seconds(order.closed_at) + kept_s + _ERASED_WITHIN_S
    ):
        yield "its time is over, and the buyer's data is still there"
    if not there and not case.diary.done:
        yield "nothing happened to it, and the buyer's data was erased"
    too_early = case.run.loop.time() < last + kept_s - most_skew(case.run) and not case.diary.did(Deed.REOPEN)
    if not there and too_early and case.is_open_there and case.diary.kind != "by_marketplace":
        yield "it is open, and the buyer's data was erased"


# ---------------------------------------------------------------- said to nobody


def nothing_secret_was_said(run: Run) -> Iterator[str]:
    texts = [
        text for diary in run.diaries.values() for text in diary.texts_for_a_number if len(text) > _TOO_SHORT_TO_TELL
    ]
    secrets = [*BUYER.values(), *_secrets(run), *texts]  # what people write may be a telephone number or a name
    said: dict[str, list[Any]] = {
        "the log": run.logs,
        "an event": list(Event.objects.values_list("data", flat=True)),
        "a problem": list(Problem.objects.values_list("values", "evidence")),
        "a message": list(Message.objects.values_list("payload", "handle", "remote_ref")),
        "a connection's trouble": list(Connection.objects.values_list("last_error", "problem_values", "settings")),
    }
    for where, texts in said.items():
        text = json.dumps(texts, default=str)
        for secret in secrets:
            if secret in text:
                yield f"{where} tells '{secret}'"


def its_shipments_are_its_own(case: Case) -> Iterator[str]:
    """What the marketplace said of one command is written down for no other."""
    there = {one.key for one in case.shipments}
    for shipment in Shipment.objects.filter(order=case.order).exclude(remote_ref=""):
        if "" not in there and shipment.remote_ref not in there:
            yield f"the hub names its shipment {shipment.remote_ref}, and there it has {', '.join(sorted(there)) or 'none'}"


def the_neighbour_has_what_is_its_own(run: Run) -> Iterator[str]:
    if run.neighbour is not None:
        yield from run.neighbour.flaws()
        mine, theirs = ({one.reference for one in sides.shop.orders()} for sides in (run.sides, run.neighbour.sides))
        if both := (mine & theirs) - {""}:
            yield f"orders of two accounts bear one reference: {', '.join(sorted(both))}"


def _secrets(run: Run) -> list[str]:
    return [*run.sides.marketplace.secrets(), *run.sides.shop.secrets()]


CHECKS: tuple[Callable[[Case], Iterator[str]], ...] = (
    it_is_in_the_shop_once,
    what_is_completed_is_confirmed,
    what_is_cancelled_is_cancelled_on_both_sides,
    it_is_confirmed_once,
    it_is_confirmed_after_the_shop_completed_it,
    it_is_confirmed_with_the_shops_facts,
    no_code_is_left_out,
    it_is_told_only_what_the_hub_stands_for,
    nothing_is_cancelled_unasked,
    what_the_shop_completed_is_never_cancelled_there,
    the_hubs_words_are_true,
    its_history_is_a_path_of_the_table,
    every_move_has_its_cause,
    every_problem_has_its_cause,
    what_is_held_is_older_than_the_link,
    nothing_is_kept_from_people,
    one_open_message_per_side,
    what_is_over_is_erased_and_nothing_else,
    the_shop_has_what_was_sold,
    its_shipments_are_its_own,
    everything_happened_in_time,
)
CHECKS_OF_THE_WHOLE: tuple[Callable[[Run], Iterator[str]], ...] = (
    nothing_secret_was_said,
    every_connection_is_called_for_with_a_cause,
    both_connections_are_well,
    few_cancellations_go_without_a_word,
    the_stock_went_with_the_orders,
    the_neighbour_has_what_is_its_own,
)
