"""A hub that is killed every few seconds: little is left to be verified, nothing is done twice, and it gets on."""

from datetime import timedelta

import pytest

from orderhaven.actions.orders import retry
from orderhaven.core.errors import OutcomeUnknown, SafeToRetry
from orderhaven.core.problems import ProblemKind
from orderhaven.ports.connector import Side
from orderhaven.store.models import Connection, Event, Message, MessageState
from orderhaven.sync import worker
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


def runs(trade: Shift, role: Side) -> None:
    """One run of this side, whatever is due of it."""
    trade._loop.run_until_complete(worker.run(trade.hub, trade.connection(role).pk))


def concurrent_calls(trade: Shift) -> int:
    return trade.hub.specs_by_name[trade.connection(Side.SHOP).connector].limits.concurrent_calls


def states(kind: str) -> list[str]:
    return sorted(Message.objects.filter(kind=kind).values_list("state", flat=True))


@pytest.fixture
def sold(trade: Shift) -> list[str]:
    """Orders that are known and not in the shop yet."""
    trade.passes(minutes=1)
    refs = [trade.sells((MUG, 1)) for _ in range(ORDERS)]
    trade.clock.advance(timedelta(minutes=6))
    runs(trade, Side.MARKETPLACE)
    return refs


# ---------------------------------------------------------------- what a death leaves behind


def test_a_death_at_a_slow_shop_leaves_no_more_begun_than_goes_out_in_two_seconds(
    trade: Shift, sold: list[str]
) -> None:
    cut_in(trade.shop, "after place", both(takes(trade, seconds=1), after(20, dies())))

    with pytest.raises(Died):
        runs(trade, Side.SHOP)

    begun = Message.objects.filter(kind="create", state=MessageState.IN_FLIGHT).values_list("order__ref", flat=True)
    unsent = [ref for ref in begun if not trade.in_shop(ref)]
    assert 0 < len(unsent) <= concurrent_calls(trade)
    assert states("create").count(MessageState.QUEUED) > 0


def test_at_a_fast_shop_all_of_a_batch_is_begun_at_once_when_its_pace_is_known(trade: Shift, sold: list[str]) -> None:
    cut_in(trade.shop, "after place", after(10, dies()))

    with pytest.raises(Died):
        runs(trade, Side.SHOP)

    assert states("create").count(MessageState.QUEUED) == 0


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

    retry(trade.context, ref)
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

    runs(trade, Side.SHOP)

    assert states("create") == [MessageState.DONE] * ORDERS


def test_what_a_slow_shop_does_not_take_in_time_stays_due_and_unbegun(trade: Shift, sold: list[str]) -> None:
    cut_in(trade.shop, "before place", takes(trade, seconds=5))

    runs(trade, Side.SHOP)

    assert set(states("create")) == {MessageState.QUEUED, MessageState.DONE}
    assert Event.objects.filter(kind="unconfirmed").count() == 0


def test_one_order_that_could_not_be_sent_ends_no_sync_run(trade: Shift, sold: list[str]) -> None:
    async def busy(what: str) -> None:
        if what == sold[0]:
            raise SafeToRetry("busy")

    cut_in(trade.shop, "before place", busy)

    runs(trade, Side.SHOP)

    assert states("create") == [MessageState.DONE] * (ORDERS - 1) + [MessageState.QUEUED]


def test_a_shop_that_takes_nothing_is_left_alone_after_ten_orders(trade: Shift, sold: list[str]) -> None:
    tried: list[str] = []

    async def busy(what: str) -> None:
        tried.append(what)
        await trade.clock.sleep(timedelta(seconds=1))
        raise SafeToRetry("busy")

    cut_in(trade.shop, "before place", busy)

    runs(trade, Side.SHOP)

    assert 10 <= len(tried) <= 10 + 2 * concurrent_calls(trade)
    assert states("create") == [MessageState.QUEUED] * ORDERS
    assert trade.connection(Side.SHOP).failures == 1


def test_a_shop_that_breaks_down_halfway_leaves_few_orders_of_which_nobody_knows(trade: Shift, sold: list[str]) -> None:
    well = 10

    async def break_down(what: str) -> None:
        raise OutcomeUnknown("The shop answered 502")

    cut_in(trade.shop, "before place", both(takes(trade, milliseconds=100), after(well, break_down)))

    runs(trade, Side.SHOP)

    unclear = states("create").count(MessageState.UNCONFIRMED)
    assert 1 <= unclear <= 3 * concurrent_calls(trade)
    assert states("create").count(MessageState.QUEUED) == ORDERS - well - unclear
    assert trade.connection(Side.SHOP).failures == 1


def test_a_lost_answer_now_and_then_ends_no_sync_run(trade: Shift, sold: list[str]) -> None:
    lost = set(sold[::4])

    async def lose_some(what: str) -> None:
        if what in lost:
            raise OutcomeUnknown("The shop did not answer in time")

    cut_in(trade.shop, "after place", lose_some)

    runs(trade, Side.SHOP)

    assert set(states("create")) == {MessageState.DONE, MessageState.UNCONFIRMED}
    assert trade.connection(Side.SHOP).failures == 0


# ---------------------------------------------------------------- a pull is bounded and goes on


@pytest.fixture
def in_shop(trade: Shift, sold: list[str]) -> list[str]:
    """More open orders than one page of the shop's list, or one look, holds."""
    runs(trade, Side.SHOP)
    refs = sold + [trade.sells((MUG, 1)) for _ in range(ORDERS * 2)]
    trade.passes(minutes=11)
    assert all(trade.shop_ref(ref) for ref in refs)
    return refs


def reread_is_due(trade: Shift) -> None:
    Connection.objects.filter(side=Side.SHOP).update(refresh_at=trade.clock.now(), pull_at=None)


def test_a_hub_killed_while_it_reads_open_orders_again_goes_on_where_it_was(trade: Shift, in_shop: list[str]) -> None:
    reread_is_due(trade)
    cut_in(trade.shop, "read", after(60, dies()))  # in the second look
    with pytest.raises(Died):
        runs(trade, Side.SHOP)
    mend(trade.shop)
    trade.hub = trade.another_hub()
    read: list[str] = []

    async def note(what: str) -> None:
        read.append(what)

    cut_in(trade.shop, "read", note)
    runs(trade, Side.SHOP)

    assert len(read) == len(in_shop) - 50
    row = trade.connection(Side.SHOP)
    assert (row.refresh_after, row.refresh_at > trade.clock.now()) == (0, True)


def test_a_slow_reading_of_open_orders_lets_new_ones_be_created_first(trade: Shift, in_shop: list[str]) -> None:
    reread_is_due(trade)
    new = trade.sells((MUG, 1))
    Connection.objects.filter(side=Side.MARKETPLACE).update(pull_at=trade.clock.now())
    runs(trade, Side.MARKETPLACE)
    cut_in(trade.shop, "read", takes(trade, seconds=0.5))

    runs(trade, Side.SHOP)

    assert trade.shop_ref(new)
    row = trade.connection(Side.SHOP)
    assert (row.refresh_after > 0, row.refresh_at <= trade.clock.now()) == (True, True)


def test_a_slow_pull_of_a_shop_goes_on_in_the_next_sync_run_and_loses_nothing(trade: Shift, in_shop: list[str]) -> None:
    for ref in in_shop:
        trade.shop.complete(trade.shop_ref(ref), tracking_number="3SABCD1234567")
    trade.clock.advance(timedelta(minutes=6))
    began_at = trade.clock.now()
    cut_in(trade.shop, "hear", takes(trade, seconds=0.3))

    runs(trade, Side.SHOP)
    after_one = trade.connection(Side.SHOP)
    while trade.connection(Side.SHOP).pull_at <= trade.clock.now():
        runs(trade, Side.SHOP)

    assert after_one.last_pulled_at < began_at
    assert {trade.order(ref).status for ref in in_shop} == {"shipped"}
    # by the clock of the first question: the next pull overlaps from there
    assert trade.connection(Side.SHOP).cursor == began_at.isoformat()


def test_a_hub_killed_after_it_pulled_a_shop_does_not_pull_it_again(trade: Shift, sold: list[str]) -> None:
    trade.clock.advance(timedelta(minutes=6))
    cut_in(trade.shop, "before place", dies())
    with pytest.raises(Died):
        runs(trade, Side.SHOP)

    row = trade.connection(Side.SHOP)

    assert row.pull_at > trade.clock.now()


def test_many_unread_orders_do_not_keep_a_marketplace_from_being_pushed(trade: Shift, in_shop: list[str]) -> None:
    trade.shop.complete(trade.shop_ref(in_shop[0]), tracking_number="3SABCD1234567")
    trade.clock.advance(timedelta(minutes=6))
    runs(trade, Side.SHOP)
    new = [trade.sells((MUG, 1)) for _ in range(200)]
    cut_in(trade.marketplace, "read", takes(trade, seconds=0.2))

    runs(trade, Side.MARKETPLACE)

    assert trade.told(trade.marketplace, "/shipments") == 1
    assert any(trade.order(ref).read_at is None for ref in new)
    assert trade.connection(Side.MARKETPLACE).pull_at <= trade.clock.now()
