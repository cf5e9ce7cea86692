"""A hub that is killed every few seconds: little is left to be verified, nothing is done twice, and it gets on."""

from datetime import timedelta

import pytest

from orderhaven.actions.orders import retry
from orderhaven.core.errors import TryLater, Unclear
from orderhaven.core.problems import ProblemKind
from orderhaven.ports.connector import Role
from orderhaven.store.models import Connection, Event, Message, MessageState
from orderhaven.sync import beats
from tests.sync.conftest import MUG, Shift
from tests.sync.seams import Cut, Died, cut_in, dies, mend

ORDERS = 40


def takes(trade: Shift, **duration: float) -> Cut:
    async def act(what: str) -> None:
        await trade.clock.sleep(timedelta(**duration))

    return act


def after(count: int, act: Cut) -> Cut:
    """`act`, from the call with this number on."""
    left = iter(range(count))

    async def later(what: str) -> None:
        if next(left, None) is None:
            await act(what)

    return later


def both(first: Cut, second: Cut) -> Cut:
    async def act(what: str) -> None:
        await first(what)
        await second(what)

    return act


def runs(trade: Shift, role: Role) -> None:
    """One cycle of this side, whatever is due of it."""
    trade._loop.run_until_complete(beats.run(trade.hub, trade.connection(role).pk))


def calls_at_once(trade: Shift) -> int:
    return trade.hub.declared[trade.connection(Role.SHOP).connector].limits.calls_at_once


def states(kind: str) -> list[str]:
    return sorted(Message.objects.filter(kind=kind).values_list("state", flat=True))


@pytest.fixture
def sold(trade: Shift) -> list[str]:
    """Orders that are known and not in the shop yet."""
    trade.passes(minutes=1)
    refs = [trade.sells((MUG, 1)) for _ in range(ORDERS)]
    trade.clock.advance(timedelta(minutes=6))
    runs(trade, Role.MARKETPLACE)
    return refs


# ---------------------------------------------------------------- what a death leaves behind


def test_a_death_at_a_slow_shop_leaves_no_more_begun_than_goes_out_in_two_seconds(
    trade: Shift, sold: list[str]
) -> None:
    cut_in(trade.shop, "after place", both(takes(trade, seconds=1), after(20, dies())))

    with pytest.raises(Died):
        runs(trade, Role.SHOP)

    begun = Message.objects.filter(kind="place", state=MessageState.SENDING).values_list("order__ref", flat=True)
    unsent = [ref for ref in begun if not trade.in_shop(ref)]
    assert 0 < len(unsent) <= calls_at_once(trade)
    assert states("place").count(MessageState.DUE) > 0


def test_at_a_fast_shop_all_of_a_batch_is_begun_at_once_when_its_pace_is_known(trade: Shift, sold: list[str]) -> None:
    cut_in(trade.shop, "after place", after(10, dies()))

    with pytest.raises(Died):
        runs(trade, Role.SHOP)

    assert states("place").count(MessageState.DUE) == 0


def test_orders_that_were_never_sent_before_a_death_use_up_no_round(trade: Shift) -> None:
    ref = trade.sells((MUG, 1))
    for _ in range(4):
        cut_in(trade.shop, "before place", dies())
        trade.dies(minutes=20)
    mend(trade.shop)

    trade.passes(minutes=20)

    assert len(trade.in_shop(ref)) == 1
    assert trade.problems(ref) == []


def kills(trade: Shift, ref: str) -> Cut:
    """With the hub ends all that it began beside it and did not send yet."""
    ended: list[object] = []

    async def kill(what: str) -> None:
        if what == ref:
            ended.append(trade.hub)
        if any(one is trade.hub for one in ended):
            raise Died(what)

    return kill


def dies_again_and_again(trade: Shift) -> int:
    """Until nothing kills it any more."""
    for count in range(50):
        try:
            trade.passes(minutes=10)
        except Died:
            trade.hub = trade.another_hub()
        else:
            return count
    return 50


def test_an_order_that_ends_the_hub_each_time_becomes_a_problem_and_the_others_go_on(trade: Shift) -> None:
    refs = [trade.sells((MUG, 1)) for _ in range(12)]
    cut_in(trade.shop, "before place", kills(trade, refs[2]))

    deaths = dies_again_and_again(trade)

    assert deaths == 5
    assert trade.problems(refs[2]) == [ProblemKind.ENDS_THE_HUB]
    assert [len(trade.in_shop(ref)) for ref in refs] == [1, 1, 0] + [1] * 9
    assert [trade.problems(ref) for ref in refs if ref != refs[2]] == [[]] * 11


def test_it_is_sent_again_when_somebody_presses_retry(trade: Shift) -> None:
    ref = trade.sells((MUG, 1))
    cut_in(trade.shop, "before place", kills(trade, ref))
    dies_again_and_again(trade)
    mend(trade.shop)

    retry(trade.by, ref)
    trade.passes(minutes=20)

    assert (len(trade.in_shop(ref)), trade.problems(ref)) == (1, [])


def test_the_order_is_verified_at_once_after_a_death_and_found(trade: Shift) -> None:
    cut_in(trade.shop, "after place", dies())
    ref = trade.sells((MUG, 1))
    trade.dies(minutes=10)

    trade.passes(seconds=1)

    assert trade.shop_ref(ref) == trade.in_shop(ref)[0].shop_ref


# ---------------------------------------------------------------- one order holds up no other


def test_an_order_whose_call_hangs_holds_up_no_other(trade: Shift, sold: list[str]) -> None:
    others = iter(range(ORDERS - 1))

    async def count(what: str) -> None:
        next(others, None)

    async def hang(what: str) -> None:
        if what == sold[0]:
            while next(others, None) is not None:
                await trade.clock.sleep(timedelta(0))

    cut_in(trade.shop, "before place", hang)
    cut_in(trade.shop, "after place", count)

    runs(trade, Role.SHOP)

    assert states("place") == [MessageState.TOLD] * ORDERS


def test_what_a_slow_shop_does_not_take_in_time_stays_due_and_unbegun(trade: Shift, sold: list[str]) -> None:
    cut_in(trade.shop, "before place", takes(trade, seconds=5))

    runs(trade, Role.SHOP)

    assert set(states("place")) == {MessageState.DUE, MessageState.TOLD}
    assert Event.objects.filter(kind="unclear").count() == 0


def test_one_order_that_could_not_be_sent_ends_no_cycle(trade: Shift, sold: list[str]) -> None:
    async def busy(what: str) -> None:
        if what == sold[0]:
            raise TryLater("busy")

    cut_in(trade.shop, "before place", busy)

    runs(trade, Role.SHOP)

    assert states("place") == [MessageState.DUE] + [MessageState.TOLD] * (ORDERS - 1)


def test_a_shop_that_takes_nothing_is_left_alone_after_ten_orders(trade: Shift, sold: list[str]) -> None:
    tried: list[str] = []

    async def busy(what: str) -> None:
        tried.append(what)
        await trade.clock.sleep(timedelta(seconds=1))
        raise TryLater("busy")

    cut_in(trade.shop, "before place", busy)

    runs(trade, Role.SHOP)

    assert 10 <= len(tried) <= 10 + 2 * calls_at_once(trade)
    assert states("place") == [MessageState.DUE] * ORDERS
    assert trade.connection(Role.SHOP).failures == 1


def test_a_shop_that_breaks_down_halfway_leaves_few_orders_of_which_nobody_knows(trade: Shift, sold: list[str]) -> None:
    well = 10

    async def break_down(what: str) -> None:
        raise Unclear("The shop answered 502")

    cut_in(trade.shop, "before place", both(takes(trade, milliseconds=100), after(well, break_down)))

    runs(trade, Role.SHOP)

    unclear = states("place").count(MessageState.UNCLEAR)
    assert 1 <= unclear <= 3 * calls_at_once(trade)
    assert states("place").count(MessageState.DUE) == ORDERS - well - unclear
    assert trade.connection(Role.SHOP).failures == 1


def test_a_lost_answer_now_and_then_ends_no_cycle(trade: Shift, sold: list[str]) -> None:
    lost = set(sold[::4])

    async def lose_some(what: str) -> None:
        if what in lost:
            raise Unclear("The shop did not answer in time")

    cut_in(trade.shop, "after place", lose_some)

    runs(trade, Role.SHOP)

    assert set(states("place")) == {MessageState.TOLD, MessageState.UNCLEAR}
    assert trade.connection(Role.SHOP).failures == 0


# ---------------------------------------------------------------- hearing is bounded and goes on


@pytest.fixture
def in_shop(trade: Shift, sold: list[str]) -> list[str]:
    """More open orders than one page of the shop's list, or one look, holds."""
    runs(trade, Role.SHOP)
    refs = sold + [trade.sells((MUG, 1)) for _ in range(ORDERS * 2)]
    trade.passes(minutes=11)
    assert all(trade.shop_ref(ref) for ref in refs)
    return refs


def reread_is_due(trade: Shift) -> None:
    Connection.objects.filter(role=Role.SHOP).update(reread_at=trade.clock.now(), hear_at=None)


def test_a_hub_killed_while_it_reads_open_orders_again_goes_on_where_it_was(trade: Shift, in_shop: list[str]) -> None:
    reread_is_due(trade)
    cut_in(trade.shop, "read", after(60, dies()))  # in the second look
    with pytest.raises(Died):
        runs(trade, Role.SHOP)
    mend(trade.shop)
    trade.hub = trade.another_hub()
    read: list[str] = []

    async def note(what: str) -> None:
        read.append(what)

    cut_in(trade.shop, "read", note)
    runs(trade, Role.SHOP)

    assert len(read) == len(in_shop) - 50
    row = trade.connection(Role.SHOP)
    assert (row.reread_after, row.reread_at > trade.clock.now()) == (0, True)


def test_a_slow_reading_of_open_orders_lets_new_ones_be_placed_first(trade: Shift, in_shop: list[str]) -> None:
    reread_is_due(trade)
    new = trade.sells((MUG, 1))
    Connection.objects.filter(role=Role.MARKETPLACE).update(hear_at=trade.clock.now())
    runs(trade, Role.MARKETPLACE)
    cut_in(trade.shop, "read", takes(trade, seconds=0.5))

    runs(trade, Role.SHOP)

    assert trade.shop_ref(new)
    row = trade.connection(Role.SHOP)
    assert (row.reread_after > 0, row.reread_at <= trade.clock.now()) == (True, True)


def test_a_slow_hearing_of_a_shop_goes_on_in_the_next_cycle_and_loses_nothing(trade: Shift, in_shop: list[str]) -> None:
    for ref in in_shop:
        trade.shop.complete(trade.shop_ref(ref), code="3SABCD1234567")
    trade.clock.advance(timedelta(minutes=6))
    began_at = trade.clock.now()
    cut_in(trade.shop, "hear", takes(trade, seconds=0.3))

    runs(trade, Role.SHOP)
    after_one = trade.connection(Role.SHOP)
    while trade.connection(Role.SHOP).hear_at <= trade.clock.now():
        runs(trade, Role.SHOP)

    assert after_one.heard_at < began_at
    assert {trade.order(ref).status for ref in in_shop} == {"shipped"}
    # by the clock of the first question: the next hearing overlaps from there
    assert trade.connection(Role.SHOP).cursor == began_at.isoformat()


def test_a_hub_killed_after_it_heard_a_shop_does_not_hear_it_again(trade: Shift, sold: list[str]) -> None:
    trade.clock.advance(timedelta(minutes=6))
    cut_in(trade.shop, "before place", dies())
    with pytest.raises(Died):
        runs(trade, Role.SHOP)

    row = trade.connection(Role.SHOP)

    assert row.hear_at > trade.clock.now()


def test_many_unread_orders_do_not_keep_a_marketplace_from_being_told(trade: Shift, in_shop: list[str]) -> None:
    trade.shop.complete(trade.shop_ref(in_shop[0]), code="3SABCD1234567")
    trade.clock.advance(timedelta(minutes=6))
    runs(trade, Role.SHOP)
    new = [trade.sells((MUG, 1)) for _ in range(200)]
    cut_in(trade.marketplace, "read", takes(trade, seconds=0.2))

    runs(trade, Role.MARKETPLACE)

    assert trade.told(trade.marketplace, "/shipments") == 1
    assert any(trade.order(ref).read_at is None for ref in new)
    assert trade.connection(Role.MARKETPLACE).hear_at <= trade.clock.now()
