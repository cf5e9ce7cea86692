"""One cause, one trouble: a refusal that order after order meets is said once, on the connection, and holds only those."""

from collections.abc import Iterable
from dataclasses import dataclass

import pytest

from orderhaven.actions import account_setup, orders
from orderhaven.core.errors import OrderRejected, SafeToRetry
from orderhaven.core.problems import ProblemKind
from orderhaven.ports.connector import Side
from orderhaven.ports.sandbox import CatalogueItem
from orderhaven.store.models import Event, Message, MessageState
from tests.sync.conftest import MUG, POSTNL_CODE, Shift
from tests.sync.seams import Cut, cut_in, mend


def refuses(refs: Iterable[str], alike: str = "400 invalid_param billing") -> Cut:
    """Each in words of its own, for the same cause."""
    refused = set(refs)

    async def act(what: str) -> None:
        if what in refused:
            raise OrderRejected("The shop", f"order {what} has a bad field", alike)

    return act


def states(refs: Iterable[str]) -> list[str]:
    return [Message.objects.get(order__ref=ref, kind="create").state for ref in refs]


def trouble(trade: Shift, role: Side = Side.SHOP) -> str:
    rows = account_setup.connection_list(trade.context)
    return next(row.trouble for row in rows if row.side is role)


@pytest.fixture
def refused(trade: Shift) -> list[str]:
    """Five orders in a row that the shop refuses for one cause, two of them before the others were sold."""
    refs: list[str] = []
    for count in (2, 3):
        refs += [trade.sells((MUG, 1)) for _ in range(count)]
        cut_in(trade.shop, "before place", refuses(refs))
        trade.passes(minutes=6)
    return refs


def test_two_refusals_are_a_problem_of_each_order(trade: Shift) -> None:
    refs = [trade.sells((MUG, 1)) for _ in range(2)]
    cut_in(trade.shop, "before place", refuses(refs))

    trade.passes(minutes=6)

    assert [trade.problems(ref) for ref in refs] == [[ProblemKind.REJECTED]] * 2
    assert trouble(trade) == ""


def test_one_order_that_is_tried_again_and_again_is_one(trade: Shift) -> None:
    ref = trade.sells((MUG, 1))
    cut_in(trade.shop, "before place", refuses([ref]))
    trade.passes(minutes=6)

    for _ in range(3):
        orders.retry(trade.context, ref)
        trade.passes(minutes=6)

    assert trade.problems(ref) == [ProblemKind.REJECTED]
    assert trouble(trade) == ""


def test_the_third_in_a_row_is_said_once_on_the_connection_and_on_no_order(trade: Shift, refused: list[str]) -> None:
    assert [trade.problems(ref) for ref in refused] == [[]] * 5
    assert states(refused) == [MessageState.STOPPED] * 5
    assert {trade.order(ref).shop_sync for ref in refused} == {"rejected"}
    assert "rejects order after order for the same cause: order RM-000001 has a bad field" in trouble(trade)
    assert Event.objects.filter(kind="repeated_rejection").count() == 1


def test_orders_that_it_does_not_concern_go_on(trade: Shift, refused: list[str]) -> None:
    other = trade.sells((MUG, 1))

    trade.passes(minutes=6)

    assert trade.shop_ref(other)
    assert states(refused) == [MessageState.STOPPED] * 5


def test_one_of_them_is_tried_every_quarter_of_an_hour_and_no_more(trade: Shift, refused: list[str]) -> None:
    tried: list[str] = []
    refuse = refuses(refused)

    async def count(what: str) -> None:
        tried.append(what)
        await refuse(what)

    cut_in(trade.shop, "before place", count)

    trade.passes(minutes=61)

    assert tried == [refused[0]] * 4


def test_once_one_of_them_is_taken_all_of_them_go_on(trade: Shift, refused: list[str]) -> None:
    mend(trade.shop)

    trade.passes(minutes=16)

    assert [len(trade.in_shop(ref)) for ref in refused] == [1] * 5
    assert trouble(trade) == ""
    assert Event.objects.filter(kind="refusal_over").count() == 1


def test_who_mended_it_need_not_wait(trade: Shift, refused: list[str]) -> None:
    mend(trade.shop)
    account_setup.poll_now(trade.context, "Webshop")

    trade.passes(seconds=2)

    assert [len(trade.in_shop(ref)) for ref in refused] == [1] * 5


def test_one_order_that_is_tried_manually_and_taken_lets_the_others_go_on(trade: Shift, refused: list[str]) -> None:
    mend(trade.shop)
    orders.retry(trade.context, refused[3])

    trade.passes(seconds=2)

    assert [len(trade.in_shop(ref)) for ref in refused] == [1] * 5


def test_an_order_that_is_refused_for_another_cause_has_a_problem_of_its_own(trade: Shift, refused: list[str]) -> None:
    other = trade.sells((MUG, 1))
    refuse = refuses(refused)

    async def act(what: str) -> None:
        await refuse(what)
        await refuses([other], "400 invalid_param shipping")(what)

    cut_in(trade.shop, "before place", act)

    trade.passes(minutes=6)

    assert trade.problems(other) == [ProblemKind.REJECTED]
    assert states(refused) == [MessageState.STOPPED] * 5


def test_an_order_that_was_taken_in_between_is_no_row(trade: Shift) -> None:
    refs = []
    for is_bad in (True, True, False, True):
        refs.append(trade.sells((MUG, 1)))
        cut_in(trade.shop, "before place", refuses([refs[-1]] if is_bad else []))
        trade.passes(minutes=6)

    assert [trade.problems(ref) for ref in refs] == [[ProblemKind.REJECTED]] * 2 + [[]] + [[ProblemKind.REJECTED]]
    assert trouble(trade) == ""


def test_when_people_handled_all_of_them_the_trouble_is_over(trade: Shift, refused: list[str]) -> None:
    for ref in refused:
        orders.handle(trade.context, ref)

    trade.passes(minutes=16)

    assert trouble(trade) == ""


def test_an_order_that_is_cancelled_meanwhile_is_not_sent(trade: Shift, refused: list[str]) -> None:
    trade.marketplace.cancel(refused[0])
    trade.passes(minutes=6)
    mend(trade.shop)

    trade.passes(minutes=16)

    assert [len(trade.in_shop(ref)) for ref in refused] == [0, 1, 1, 1, 1]


def test_a_marketplace_that_keeps_rejecting_shipments_for_one_cause_says_so_once(trade: Shift) -> None:
    refs = [trade.placed() for _ in range(4)]
    for ref in refs:
        trade.shop.complete(trade.shop_ref(ref), tracking_number=POSTNL_CODE)

    async def refuse(what: str) -> None:
        raise OrderRejected("The marketplace", f"order item {int(what[3:])} is locked")

    cut_in(trade.marketplace, "before confirm", refuse)
    trade.passes(minutes=11)
    said = trouble(trade, Side.MARKETPLACE)
    mend(trade.marketplace)
    trade.passes(minutes=21)

    assert "rejects order after order" in said
    assert [trade.problems(ref) for ref in refs] == [[]] * 4
    assert {trade.order(ref).marketplace_sync for ref in refs} == {"synced"}


@dataclass
class Refuses:
    """A marketplace that refuses every confirmation. While it is busy it gives no answer to orders that it met before."""

    met: set[str]
    is_busy: bool = True

    async def __call__(self, what: str) -> None:
        if self.is_busy and what in self.met:
            raise SafeToRetry("the marketplace is busy")
        self.met.add(what)
        raise OrderRejected("The marketplace", f"order item {int(what[3:])} is locked")


def in_parts(trade: Shift) -> str:
    """An order with more lines than one confirmation takes."""
    articles = [CatalogueItem(f"ART-{number}", "", f"Article {number}", "1.00") for number in range(51)]
    trade.shop.stock(articles, 1000)
    ref = trade.sells(*[(article, 1) for article in articles])
    trade.passes(minutes=6)
    return ref


def confirmations(ref: str) -> list[tuple[int, str]]:
    rows = Message.objects.filter(order__ref=ref, kind="confirm").order_by("part")
    return [(part, str(state)) for part, state in rows.values_list("part", "state")]


def test_the_parts_of_one_order_are_one(trade: Shift) -> None:
    """Two orders that are refused in four parts are two in a row."""
    refs = [in_parts(trade) for _ in range(2)]
    cut_in(trade.marketplace, "before confirm", Refuses(set(), is_busy=False))
    for ref in refs:
        trade.shop.complete(trade.shop_ref(ref), tracking_number=POSTNL_CODE)

    trade.passes(minutes=11)

    assert [confirmations(ref) for ref in refs] == [[(0, MessageState.BLOCKED), (1, MessageState.BLOCKED)]] * 2
    assert trouble(trade, Side.MARKETPLACE) == ""


def test_a_part_that_was_refused_first_is_stopped_with_the_others(trade: Shift) -> None:
    parted, second, third = in_parts(trade), trade.placed(), trade.placed()
    refuses_all = Refuses({third})
    cut_in(trade.marketplace, "before confirm", refuses_all)
    for ref in (parted, second, third):
        trade.shop.complete(trade.shop_ref(ref), tracking_number=POSTNL_CODE)
    trade.passes(minutes=7)
    before = [confirmations(ref) for ref in (parted, second, third)]
    account_setup.pause(trade.context, "bol NL")
    trade.passes(minutes=20)
    refuses_all.is_busy = False

    account_setup.resume(trade.context, "bol NL")
    trade.passes(seconds=10)

    assert before == [
        [(0, MessageState.BLOCKED), (1, MessageState.QUEUED)],
        [(0, MessageState.BLOCKED)],
        [(0, MessageState.QUEUED)],
    ]
    assert confirmations(parted) == [(0, MessageState.STOPPED), (1, MessageState.STOPPED)]
    assert [trade.problems(ref) for ref in (parted, second, third)] == [[], [], []]
