"""The status machine against the design's table, written out here once more."""

import pytest

from orderhaven.core.problems import ProblemKind as P
from orderhaven.core.status import SHOWN_AS, TABLE, Fact, OutsideTable, Status, move, path_is_lawful

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
    (PENDING, Fact.ACCEPTED, OPEN, None),
    (PENDING, Fact.CANCELLED_THERE, CANCELLED, None),
    (OPEN, Fact.COMPLETED_WITH_CODE, SHIPPED, None),
    (OPEN, Fact.COMPLETED_BARE, WAITING, None),
    (OPEN, Fact.PART_SENT, PARTLY, None),
    (OPEN, Fact.SHIPPED_THERE, SHIPPED, None),
    (OPEN, Fact.BUYER_ASKS, ASKED, None),
    (OPEN, Fact.SHOP_CANCELLED, CANCELLED, None),
    (OPEN, Fact.CANCELLED_THERE, CANCELLED, None),
    (OPEN, Fact.CODE, OPEN, None),
    (PARTLY, Fact.REST_SENT, SHIPPED, None),
    (WAITING, Fact.CODE, SHIPPED, None),
    (WAITING, Fact.COMPLETED_WITH_CODE, SHIPPED, None),
    (WAITING, Fact.WAIT_OVER, SHIPPED, None),
    (WAITING, Fact.SHIPPED_THERE, SHIPPED, None),
    (WAITING, Fact.REOPENED, OPEN, None),
    (WAITING, Fact.SHOP_CANCELLED, CANCELLED, None),
    (WAITING, Fact.CANCELLED_THERE, CANCELLED, P.PARCEL_MAY_HAVE_LEFT),
    (ASKED, Fact.CANCEL_ACCEPTED, CANCELLED, None),
    (ASKED, Fact.CANCELLED_THERE, CANCELLED, None),
    (ASKED, Fact.CANCEL_REFUSED, OPEN, None),
    (ASKED, Fact.CANCEL_WITHDRAWN, OPEN, None),
    (ASKED, Fact.COMPLETED_WITH_CODE, SHIPPED, None),
    (ASKED, Fact.COMPLETED_BARE, WAITING, None),
    (SHIPPED, Fact.CODE, SHIPPED, None),
    (SHIPPED, Fact.BUYER_ASKS, SHIPPED, None),
    (SHIPPED, Fact.SHOP_CANCELLED, SHIPPED, P.SHOP_CANCELLED_LATE),
    (SHIPPED, Fact.CANCELLED_THERE, CANCELLED, P.PARCEL_MAY_HAVE_LEFT),
    (SHIPPED, Fact.CANCELLED_THERE_LATE, SHIPPED, P.CANCELLED_THERE_LATE),
    (CANCELLED, Fact.COMPLETED_WITH_CODE, CANCELLED, P.STOP_THE_PARCEL),
    (CANCELLED, Fact.COMPLETED_BARE, CANCELLED, P.STOP_THE_PARCEL),
    (MANUAL, Fact.GIVEN_BACK, OPEN, None),
]
OUTSIDE = [
    (PENDING, Fact.COMPLETED_BARE),
    (OPEN, Fact.WAIT_OVER),
    (OPEN, Fact.GIVEN_BACK),
    (PARTLY, Fact.CANCELLED_THERE),
    (WAITING, Fact.GIVEN_BACK),
    (CANCELLED, Fact.TAKEN_OVER),
    (CANCELLED, Fact.WAIT_OVER),
]


@pytest.mark.parametrize(("status", "fact", "to", "problem"), DESIGN)
def test_a_row_of_the_design_holds(status: Status, fact: Fact, to: Status, problem: P | None) -> None:
    step = move(status, fact)

    assert (to, problem) == (step.to, step.problem)


@pytest.mark.parametrize("status", sorted(set(Status) - {CANCELLED}))
def test_a_person_can_take_over_whatever_is_not_cancelled(status: Status) -> None:
    assert move(status, Fact.TAKEN_OVER).to is MANUAL


@pytest.mark.parametrize("fact", sorted(set(Fact) - {Fact.GIVEN_BACK}))
def test_nothing_moves_an_order_that_a_person_has(fact: Fact) -> None:
    assert move(MANUAL, fact).to is MANUAL


@pytest.mark.parametrize(("status", "fact"), OUTSIDE)
def test_a_fact_outside_the_table_is_said(status: Status, fact: Fact) -> None:
    with pytest.raises(OutsideTable, match=rf"'{fact}' heard while '{status}'"):
        move(status, fact)


@pytest.mark.parametrize("status", sorted(Status))
def test_the_same_fact_again_moves_nothing(status: Status) -> None:
    """Hearing is at least once: where a fact is foreseen after itself, it stays."""
    again = {
        fact: TABLE[step.to][fact].to
        for fact, step in TABLE[status].items()
        if fact in TABLE[step.to] and fact is not Fact.GIVEN_BACK
    }

    assert again == {fact: TABLE[status][fact].to for fact in again}


@pytest.mark.parametrize("status", sorted(Status))
def test_every_status_is_shown_in_both_languages(status: Status) -> None:
    dutch, english = SHOWN_AS[status]

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
    assert path_is_lawful(path)


@pytest.mark.parametrize(
    "path", [[CANCELLED, SHIPPED], [OPEN, SHIPPED, PARTLY], [SHIPPED, WAITING], [WAITING, PENDING]]
)
def test_a_history_with_a_step_outside_the_table_is_not(path: list[Status]) -> None:
    assert not path_is_lawful(path)
