"""One row of a list is bent out of shape: the rest of the trade goes on, and nobody is left without a word about that one."""

from datetime import timedelta

import pytest

from orderhaven.actions.account_setup import connection_list, poll_now
from orderhaven.core.problems import ProblemKind
from orderhaven.core.status import Status
from orderhaven.ports.connector import Side
from orderhaven.ports.sandbox import EVERY_ROW, CallKind, Malformation, SandboxList
from orderhaven.store.models import ConnectionState, Event, Hold
from orderhaven.testing.clock import START

from .conftest import POSTNL_CODE, Trade


class Bender:
    """Bends rows on whichever sides this trade has."""

    def __init__(self, trade: Trade) -> None:
        self.marketplace, self.shop = trade.marketplace.malform, trade.shop.malform
        self._sides = (trade.marketplace, trade.shop)

    def mends(self) -> None:
        for side in self._sides:
            side.straighten()


@pytest.fixture
def bends(trade: Trade) -> Bender:
    trade.passes(seconds=10)
    return Bender(trade)


@pytest.mark.parametrize("how", [how for how in Malformation if how is not Malformation.UNIDENTIFIED])
def test_an_order_whose_row_is_malformed_is_read_by_itself_and_created(
    trade: Trade, bends: Bender, how: Malformation
) -> None:
    refs = [trade.sells() for _ in range(3)]
    bends.marketplace(SandboxList.CHANGES, refs[1], how)

    trade.passes(minutes=7)

    assert [len(trade.in_shop(ref)) for ref in refs] == [1, 1, 1]
    assert [trade.problems(ref) for ref in refs] == [[], [], []]


def test_an_order_that_nobody_understands_is_listed_with_a_problem_until_it_is_mended(
    trade: Trade, bends: Bender
) -> None:
    refs = [trade.sells() for _ in range(3)]
    bends.marketplace(SandboxList.CHANGES, refs[1], Malformation.OTHER_TYPE, alone=True)
    trade.passes(minutes=7)
    seen = [(len(trade.in_shop(ref)), trade.problems(ref)) for ref in refs]
    bends.mends()

    trade.passes(minutes=20)

    assert seen == [(1, []), (0, [ProblemKind.UNEXPECTED_RESPONSE]), (1, [])]
    assert [(len(trade.in_shop(ref)), trade.problems(ref)) for ref in refs] == [(1, [])] * 3


def test_what_became_of_a_known_order_is_taken_from_itself_where_its_row_is_malformed(
    trade: Trade, bends: Bender
) -> None:
    ref, fine = trade.sells(), trade.sells()
    trade.passes(minutes=6)
    bends.marketplace(SandboxList.CHANGES, ref, Malformation.NULL)
    trade.marketplace.cancel(ref)
    trade.marketplace.cancel(fine)

    trade.passes(minutes=12)

    assert [trade.order(one).status for one in (ref, fine)] == [Status.CANCELLED] * 2
    assert trade.problems(ref) == []


def test_a_known_order_that_nobody_understands_any_more_has_a_problem_of_its_own(trade: Trade, bends: Bender) -> None:
    ref, fine = trade.sells(), trade.sells()
    trade.passes(minutes=6)
    bends.marketplace(SandboxList.CHANGES, ref, Malformation.MISSING, alone=True)
    trade.marketplace.cancel(ref)
    trade.marketplace.cancel(fine)
    trade.passes(minutes=12)
    seen = [trade.order(ref).status, trade.problems(ref), trade.order(fine).status]
    bends.mends()

    trade.passes(minutes=20)

    assert seen == [Status.NOT_SHIPPED, [ProblemKind.UNEXPECTED_RESPONSE], Status.CANCELLED]
    assert (trade.order(ref).status, trade.problems(ref)) == (Status.CANCELLED, [])


@pytest.mark.link(from_at=START + timedelta(minutes=2))
def test_an_order_from_before_the_link_is_not_created_because_its_row_is_malformed(trade: Trade, bends: Bender) -> None:
    ref = trade.sells()
    bends.marketplace(SandboxList.CHANGES, ref, Malformation.MISSING)

    trade.passes(minutes=7)

    assert trade.order(ref).received_at > START + timedelta(minutes=2)
    assert (trade.order(ref).hold, trade.in_shop(ref)) == (Hold.OLDER, [])


def test_a_row_that_names_no_order_is_said_on_the_connection_and_stops_nothing(trade: Trade, bends: Bender) -> None:
    unidentified, fine = trade.sells(), trade.sells()
    bends.marketplace(SandboxList.CHANGES, unidentified, Malformation.UNIDENTIFIED)
    trade.passes(minutes=7)
    row = trade.connection(Side.MARKETPLACE)
    (said,) = [one.trouble for one in connection_list(trade.context) if one.side is Side.MARKETPLACE]
    bends.mends()
    poll_now(trade.context, row.name)

    trade.passes(minutes=6)

    assert (row.state, row.problem_kind) == (ConnectionState.ACTIVE, ProblemKind.UNIDENTIFIED_ROWS)
    assert "without saying which order" in said
    assert Event.objects.filter(kind="unidentified_rows").count() == 1
    assert trade.connection(Side.MARKETPLACE).problem_kind == ""
    assert [len(trade.in_shop(ref)) for ref in (unidentified, fine)] == [1, 1]


def test_a_shop_order_that_nobody_understands_holds_up_no_other(trade: Trade, bends: Bender) -> None:
    stuck, fine = trade.sells(), trade.sells()
    trade.passes(minutes=6)
    for listing in (SandboxList.CHANGES, SandboxList.READ):
        bends.shop(listing, trade.shop_ref(stuck), Malformation.NULL, alone=True)
    for ref in (stuck, fine):
        trade.shop.complete(trade.shop_ref(ref), tracking_number=POSTNL_CODE)
    trade.passes(minutes=40)
    seen = [([one.tracking_number for one in trade.confirmed(ref)], trade.problems(ref)) for ref in (stuck, fine)]
    bends.mends()

    trade.passes(minutes=40)

    assert seen == [([], [ProblemKind.UNEXPECTED_RESPONSE]), ([POSTNL_CODE], [])]
    assert [one.tracking_number for one in trade.confirmed(stuck)] == [POSTNL_CODE]


def waited_out(trade: Trade) -> str:
    """An order that was confirmed without a code, and is closed."""
    ref = trade.sells()
    trade.passes(minutes=6)
    trade.shop.complete(trade.shop_ref(ref))
    trade.passes(hours=3, minutes=12)
    assert trade.order(ref).closed_at is not None
    return ref


def test_what_the_shop_says_of_a_closed_order_is_taken_from_itself_where_its_row_is_malformed(
    trade: Trade, bends: Bender
) -> None:
    ref = waited_out(trade)
    bends.shop(SandboxList.CHANGES, trade.shop_ref(ref), Malformation.NULL)
    trade.shop.add_tracking(trade.shop_ref(ref), POSTNL_CODE)

    trade.passes(minutes=6)

    assert trade.problems(ref) == [ProblemKind.LATE_TRACKING]
    assert trade.order(ref).tracking_number == POSTNL_CODE


def test_a_closed_order_that_nobody_understands_has_a_problem_and_is_read_until_it_is_mended(
    trade: Trade, bends: Bender
) -> None:
    ref = waited_out(trade)
    for listing in (SandboxList.CHANGES, SandboxList.READ):
        bends.shop(listing, trade.shop_ref(ref), Malformation.NULL, alone=True)
    trade.shop.add_tracking(trade.shop_ref(ref), POSTNL_CODE)
    trade.passes(minutes=20)
    seen = trade.problems(ref)
    bends.mends()

    trade.passes(minutes=40)

    assert seen == [ProblemKind.UNEXPECTED_RESPONSE]
    assert trade.problems(ref) == [ProblemKind.LATE_TRACKING]


def test_a_shop_order_that_a_verification_shows_malformed_is_not_made_again(trade: Trade, bends: Bender) -> None:
    """It is there, perhaps: only a person can say."""
    trade.loses_the_reply(trade.shop, CallKind.CREATE)
    bends.shop(SandboxList.FOUND, EVERY_ROW, Malformation.OTHER_TYPE, alone=True)
    ref = trade.sells()

    trade.passes(minutes=40)

    assert len(trade.in_shop(ref)) == 1
    assert trade.problems(ref) == [ProblemKind.UNEXPECTED_RESPONSE]


def test_an_order_that_nobody_understands_is_not_asked_for_ever_so_often(trade: Trade, bends: Bender) -> None:
    ref = trade.sells()
    trade.passes(minutes=6)
    bends.marketplace(SandboxList.CHANGES, ref, Malformation.NULL, alone=True)
    trade.marketplace.request_cancellation(ref)
    before = len(trade.marketplace.calls)

    trade.passes(hours=12)

    sandbox = trade.marketplace
    asked = [call for call in sandbox.calls[before:] if sandbox.kind_of(call) is CallKind.READ_ORDER]
    assert 12 <= len(asked) <= 18
    assert trade.problems(ref) == [ProblemKind.UNEXPECTED_RESPONSE]
