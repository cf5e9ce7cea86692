"""The status machine against the design's table, written out here once more."""

import pytest

from orderhaven.core.problems import ProblemKind as P
from orderhaven.core.status import (
    STATUS_NAMES,
    TRANSITIONS,
    Status,
    Trigger,
    UnexpectedTrigger,
    is_possible_history,
    transition,
)

PENDING, OPEN, PARTLY, WAITING = (
    Status.PENDING_CONFIRMATION,
    Status.NOT_SHIPPED,
    Status.PARTLY_SHIPPED,
    Status.WAITING,
)
SHIPPED, ASKED, CANCELLED, MANUAL = (
    Status.SHIPPED,
    Status.CANCELLATION_REQUESTED,
    Status.CANCELLED,
    Status.MANUAL,
)

# from, fact, to, the Problem it makes: docs/design, "Status: the seed of the whole thing"
DESIGN = [
    (PENDING, Trigger.ACCEPTED, OPEN, None),
    (PENDING, Trigger.MARKETPLACE_CANCELLED, CANCELLED, None),
    (OPEN, Trigger.COMPLETED_TRACKED, SHIPPED, None),
    (OPEN, Trigger.COMPLETED_UNTRACKED, WAITING, None),
    (OPEN, Trigger.PARTLY_SHIPPED, PARTLY, None),
    (OPEN, Trigger.MARKETPLACE_SHIPPED, SHIPPED, None),
    (OPEN, Trigger.CANCELLATION_REQUESTED, ASKED, None),
    (OPEN, Trigger.SHOP_CANCELLED, CANCELLED, None),
    (OPEN, Trigger.MARKETPLACE_CANCELLED, CANCELLED, None),
    (OPEN, Trigger.TRACKING_ADDED, OPEN, None),
    (PARTLY, Trigger.REST_SHIPPED, SHIPPED, None),
    (WAITING, Trigger.TRACKING_ADDED, SHIPPED, None),
    (WAITING, Trigger.COMPLETED_TRACKED, SHIPPED, None),
    (WAITING, Trigger.WAIT_EXPIRED, SHIPPED, None),
    (WAITING, Trigger.MARKETPLACE_SHIPPED, SHIPPED, None),
    (WAITING, Trigger.REOPENED, OPEN, None),
    (WAITING, Trigger.SHOP_CANCELLED, CANCELLED, None),
    (WAITING, Trigger.MARKETPLACE_CANCELLED, CANCELLED, P.PARCEL_MAY_HAVE_LEFT),
    (ASKED, Trigger.CANCELLATION_ACCEPTED, CANCELLED, None),
    (ASKED, Trigger.MARKETPLACE_CANCELLED, CANCELLED, None),
    (ASKED, Trigger.CANCELLATION_REFUSED, OPEN, None),
    (ASKED, Trigger.CANCELLATION_WITHDRAWN, OPEN, None),
    (ASKED, Trigger.COMPLETED_TRACKED, SHIPPED, None),
    (ASKED, Trigger.COMPLETED_UNTRACKED, WAITING, None),
    (SHIPPED, Trigger.TRACKING_ADDED, SHIPPED, None),
    (SHIPPED, Trigger.CANCELLATION_REQUESTED, SHIPPED, None),
    (SHIPPED, Trigger.SHOP_CANCELLED, SHIPPED, P.SHOP_CANCELLED_LATE),
    (SHIPPED, Trigger.MARKETPLACE_CANCELLED, CANCELLED, P.PARCEL_MAY_HAVE_LEFT),
    (SHIPPED, Trigger.MARKETPLACE_CANCELLED_LATE, SHIPPED, P.MARKETPLACE_CANCELLED_LATE),
    (CANCELLED, Trigger.COMPLETED_TRACKED, CANCELLED, P.STOP_THE_PARCEL),
    (CANCELLED, Trigger.COMPLETED_UNTRACKED, CANCELLED, P.STOP_THE_PARCEL),
    (MANUAL, Trigger.GIVEN_BACK, OPEN, None),
]
OUTSIDE = [
    (PENDING, Trigger.COMPLETED_UNTRACKED),
    (OPEN, Trigger.WAIT_EXPIRED),
    (OPEN, Trigger.GIVEN_BACK),
    (PARTLY, Trigger.MARKETPLACE_CANCELLED),
    (WAITING, Trigger.GIVEN_BACK),
    (CANCELLED, Trigger.TAKEN_OVER),
    (CANCELLED, Trigger.WAIT_EXPIRED),
]


@pytest.mark.parametrize(("status", "fact", "to", "problem"), DESIGN)
def test_a_row_of_the_design_holds(status: Status, fact: Trigger, to: Status, problem: P | None) -> None:
    step = transition(status, fact)

    assert (to, problem) == (step.to, step.problem)


@pytest.mark.parametrize("status", sorted(set(Status) - {CANCELLED}))
def test_a_person_can_take_over_whatever_is_not_cancelled(status: Status) -> None:
    assert transition(status, Trigger.TAKEN_OVER).to is MANUAL


@pytest.mark.parametrize("fact", sorted(set(Trigger) - {Trigger.GIVEN_BACK}))
def test_nothing_moves_an_order_that_a_person_has(fact: Trigger) -> None:
    assert transition(MANUAL, fact).to is MANUAL


@pytest.mark.parametrize(("status", "fact"), OUTSIDE)
def test_an_unexpected_trigger_is_reported(status: Status, fact: Trigger) -> None:
    with pytest.raises(UnexpectedTrigger, match=rf"'{fact}' came while '{status}'"):
        transition(status, fact)


@pytest.mark.parametrize("status", sorted(Status))
def test_the_same_trigger_again_changes_nothing(status: Status) -> None:
    """Pulling is at least once: where a trigger is foreseen after itself, the status stays."""
    again = {
        fact: TRANSITIONS[step.to][fact].to
        for fact, step in TRANSITIONS[status].items()
        if fact in TRANSITIONS[step.to] and fact is not Trigger.GIVEN_BACK
    }

    assert again == {fact: TRANSITIONS[status][fact].to for fact in again}


@pytest.mark.parametrize("status", sorted(Status))
def test_every_status_is_shown_in_both_languages(status: Status) -> None:
    dutch, english = STATUS_NAMES[status]

    assert dutch
    assert english


@pytest.mark.parametrize(
    "path",
    [
        [],
        [OPEN],
        [OPEN, WAITING, SHIPPED],
        [OPEN, WAITING, OPEN, WAITING, SHIPPED, CANCELLED],
        [PENDING, OPEN, ASKED, OPEN, CANCELLED, OPEN],
        [OPEN, MANUAL, OPEN, SHIPPED],
    ],
)
def test_a_history_of_moves_is_lawful(path: list[Status]) -> None:
    assert is_possible_history(path)


@pytest.mark.parametrize(
    "path", [[CANCELLED, SHIPPED], [OPEN, SHIPPED, PARTLY], [SHIPPED, WAITING], [WAITING, PENDING]]
)
def test_a_history_with_a_step_outside_the_table_is_not(path: list[Status]) -> None:
    assert not is_possible_history(path)
