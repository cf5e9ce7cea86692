"""Each order is created once and each shipment confirmed once, whatever is lost on the way."""

import asyncio
from datetime import timedelta

import pytest
from msgspec.structs import replace

from orderhaven.actions.orders import retry
from orderhaven.core.errors import SafeToRetry, UnexpectedResponse
from orderhaven.core.money import Money
from orderhaven.core.problems import ProblemKind
from orderhaven.core.shop_order import ShopState
from orderhaven.core.status import Status
from orderhaven.ports.connector import Side
from orderhaven.store.models import Event, Message
from orderhaven.store.outbox.payloads import CreatePayload
from orderhaven.sync import worker
from orderhaven.testing.sandbox_auth import FaultKind
from tests.sync.conftest import MUG, POSTNL_CODE, Shift
from tests.sync.seams import SHOP, Cut, cut_in, dies, fails_for, mend, once

LOST = [FaultKind.LOST_BEFORE, FaultKind.LOST_AFTER, FaultKind.BROKEN, FaultKind.BROKEN_AFTER, FaultKind.GARBAGE]


# ---------------------------------------------------------------- replies that are lost


@pytest.mark.parametrize("fault", LOST)
def test_a_creation_without_an_answer_is_made_once(trade: Shift, fault: FaultKind) -> None:
    trade.shop.faults.add(fault, "POST /orders")
    ref = trade.sells()

    trade.passes(minutes=30)

    assert len(trade.in_shop(ref)) == 1
    assert trade.shop_ref(ref) == trade.in_shop(ref)[0].shop_ref
    assert trade.problems(ref) == []


@pytest.mark.parametrize("fault", LOST)
def test_a_confirmation_without_an_answer_is_made_once(trade: Shift, fault: FaultKind) -> None:
    trade.marketplace.faults.add(fault, "POST /shipments")
    ref = trade.completed()

    trade.passes(minutes=40)

    assert [one.tracking_number for one in trade.confirmed(ref)] == [POSTNL_CODE]
    assert trade.order(ref).marketplace_sync == "synced"
    assert not trade.order(ref).handled_externally


def test_nothing_is_created_without_a_verification(trade: Shift) -> None:
    trade.sells()
    before = len(trade.shop.calls)

    trade.passes(minutes=6)

    calls = trade.shop.calls[before:]
    assert calls.index("GET /orders/by-reference") < calls.index("POST /orders")


def test_what_stands_in_the_shop_already_is_found_and_not_created_again(trade: Shift) -> None:
    """As after a restore from a backup, or with a second hub."""
    ref = trade.placed()
    Message.objects.filter(order__ref=ref).update(state="queued", attempt=0, payload=CreatePayload())
    order = trade.order(ref)
    order.shop_ref = order.shop_state = ""
    order.save()
    order.lines.update(in_shop=0)

    trade.passes(minutes=6)

    assert len(trade.in_shop(ref)) == 1
    assert trade.shop_ref(ref) == trade.in_shop(ref)[0].shop_ref
    assert trade.order(ref).lines.get().in_shop == 2


def test_a_search_that_lags_does_not_create_the_order_twice(trade: Shift) -> None:
    trade.shop.faults.add(FaultKind.LOST_AFTER, "POST /orders")
    trade.shop.faults.late_by = timedelta(seconds=100)
    ref = trade.sells()

    trade.passes(minutes=30)

    assert len(trade.in_shop(ref)) == 1


def test_an_outcome_they_forgot_is_looked_for_and_sent_again_when_it_did_not_happen(trade: Shift) -> None:
    trade.marketplace.outcome_takes = timedelta(hours=12)
    ref = trade.completed()
    trade.passes(minutes=6)
    trade.marketplace._jobs.clear()
    trade.marketplace.outcome_takes = timedelta(seconds=30)

    trade.passes(minutes=30)

    assert len(trade.confirmed(ref)) == 1
    assert trade.told(trade.marketplace, "/shipments") == 2


def test_an_outcome_they_forgot_is_not_sent_again_when_it_did_happen(trade: Shift) -> None:
    trade.marketplace.outcome_takes = timedelta(seconds=5)
    ref = trade.completed()
    cut_in(trade.marketplace, "outcomes", once(forget(trade)))

    trade.passes(minutes=30)

    assert len(trade.confirmed(ref)) == 1
    assert trade.told(trade.marketplace, "/shipments") == 1
    assert trade.order(ref).marketplace_sync == "synced"


def forget(trade: Shift) -> Cut:
    async def act(handle: str) -> None:
        trade.marketplace.shipments()  # carried out by now
        trade.marketplace._jobs.clear()

    return act


def test_after_three_rounds_a_person_must_look(trade: Shift) -> None:
    ref = trade.completed()
    trade.marketplace.faults.add(FaultKind.LOST_BEFORE, "POST /shipments", times=-1)

    trade.passes(hours=2)

    assert trade.told(trade.marketplace, "/shipments") == 3
    assert trade.problems(ref) == [ProblemKind.OUTCOME_UNKNOWN]


# ---------------------------------------------------------------- the hub dies


@pytest.mark.parametrize("moment", ["before place", "after place"])
def test_a_death_around_the_creation_creates_it_once(trade: Shift, moment: str) -> None:
    cut_in(trade.shop, moment, dies())
    ref = trade.sells()

    trade.dies(minutes=10)
    trade.passes(minutes=30)

    assert len(trade.in_shop(ref)) == 1
    assert trade.shop_ref(ref) == trade.in_shop(ref)[0].shop_ref


@pytest.mark.parametrize("moment", ["before confirm", "after confirm"])
def test_a_death_around_the_confirmation_confirms_it_once(trade: Shift, moment: str) -> None:
    cut_in(trade.marketplace, moment, dies())
    ref = trade.completed()

    trade.dies(minutes=10)
    trade.passes(minutes=30)

    assert len(trade.confirmed(ref)) == 1
    assert trade.order(ref).marketplace_sync == "synced"
    assert not trade.order(ref).handled_externally


def test_a_death_while_one_of_many_is_sent_loses_and_doubles_none(trade: Shift) -> None:
    cut_in(trade.shop, "after place", dies())
    refs = [trade.sells() for _ in range(10)]

    trade.dies(minutes=10)
    trade.passes(minutes=30)

    assert [len(trade.in_shop(ref)) for ref in refs] == [1] * 10


# ---------------------------------------------------------------- the hub freezes


def taken_over(trade: Shift, role: Side, **duration: float) -> Cut:
    """The worker stands still for a while, in which another one runs this connection."""

    async def act(what: str) -> None:
        trade.clock.advance(timedelta(**duration))
        await worker.run(trade.another_hub(), trade.connection(role).pk)

    return once(act)


@pytest.mark.parametrize("seconds", [1, 60, 200, 600])
@pytest.mark.parametrize("moment", ["before place", "after place"])
def test_a_worker_frozen_around_the_creation_creates_it_once(trade: Shift, moment: str, seconds: int) -> None:
    cut_in(trade.shop, moment, taken_over(trade, Side.SHOP, seconds=seconds))
    ref = trade.sells()

    trade.passes(minutes=40)

    assert len(trade.in_shop(ref)) == 1
    assert trade.shop_ref(ref) == trade.in_shop(ref)[0].shop_ref


@pytest.mark.parametrize("seconds", [1, 60, 200, 600])
@pytest.mark.parametrize("moment", ["before confirm", "after confirm"])
def test_a_worker_frozen_around_the_confirmation_confirms_it_once(trade: Shift, moment: str, seconds: int) -> None:
    cut_in(trade.marketplace, moment, taken_over(trade, Side.MARKETPLACE, seconds=seconds))
    ref = trade.completed()

    trade.passes(minutes=60)

    assert len(trade.confirmed(ref)) == 1
    assert trade.order(ref).marketplace_sync == "synced"


def test_a_worker_that_wakes_up_after_its_time_sends_nothing(trade: Shift) -> None:
    async def sleep(what: str) -> None:
        trade.clock.advance(timedelta(minutes=1))

    cut_in(trade.shop, "before place", once(sleep))
    trade.sells()

    trade.passes(minutes=5, seconds=31)

    assert Event.objects.filter(kind="unconfirmed").count() == 0
    assert trade.told(trade.shop, "/orders") == 0
    trade.passes(minutes=5)
    assert trade.told(trade.shop, "/orders") == 1


class MovedLoop(asyncio.SelectorEventLoop):
    """A loop that a test can let seconds go by on: those that no change of the clock moves."""

    ahead = 0.0

    def time(self) -> float:
        return super().time() + self.ahead


def test_a_worker_that_stood_still_and_woke_to_a_clock_set_back_sends_nothing_that_it_had_begun(trade: Shift) -> None:
    trade._loop.__class__ = MovedLoop
    refs = [trade.sells() for _ in range(8)]

    async def stands_still(what: str) -> None:
        trade._loop.ahead += 600  # type: ignore[attr-defined]
        # and the clock is set back by as much

    cut_in(trade.shop, "before place", once(stands_still))
    trade.passes(minutes=5, seconds=31)

    at_once = SHOP.limits.concurrent_calls
    assert Message.objects.filter(kind="create", state="queued").count() == at_once - 1
    assert trade.told(trade.shop, "/orders") == len(refs) - (at_once - 1)
    trade.passes(minutes=10)
    assert [len(trade.in_shop(ref)) for ref in refs] == [1] * len(refs)


# ---------------------------------------------------------------- answers nobody has seen before


def test_an_unexpected_response_is_blocked_with_a_problem(trade: Shift) -> None:
    cut_in(trade.shop, "after place", fails_for("", UnexpectedResponse("a new word")))
    ref = trade.sells()

    trade.passes(minutes=30)

    assert trade.problems(ref) == [ProblemKind.UNEXPECTED_RESPONSE]
    assert trade.told(trade.shop, "/orders") == 1


def test_retry_looks_before_it_creates_again(trade: Shift) -> None:
    cut_in(trade.shop, "after place", fails_for("", UnexpectedResponse("a new word")))
    ref = trade.sells()
    trade.passes(minutes=10)
    mend(trade.shop)

    retry(trade.context, ref)
    trade.passes(minutes=10)

    assert len(trade.in_shop(ref)) == 1
    assert trade.problems(ref) == []


def surprised_confirmation(trade: Shift) -> str:
    trade.marketplace.outcome_takes = None
    cut_in(trade.marketplace, "after confirm", fails_for("", UnexpectedResponse("a new word")))
    ref = trade.completed()
    while not trade.problems(ref):
        trade.passes(seconds=1)
    mend(trade.marketplace)
    return ref


def test_retry_looks_before_it_confirms_again(trade: Shift) -> None:
    ref = surprised_confirmation(trade)

    retry(trade.context, ref)
    trade.passes(minutes=1)

    assert trade.told(trade.marketplace, "/shipments") == 1
    assert trade.order(ref).marketplace_sync == "synced"
    assert not trade.order(ref).handled_externally


def test_a_blocked_confirmation_that_is_seen_there_is_ours_if_the_record_says_so(trade: Shift) -> None:
    ref = surprised_confirmation(trade)

    trade.passes(minutes=6)

    assert trade.problems(ref) == []
    assert trade.order(ref).confirmed_at is not None
    assert not trade.order(ref).handled_externally


# ---------------------------------------------------------------- cancelled while it is created


def unconfirmed_create(trade: Shift) -> str:
    """The order stands in the shop, and the hub cannot find out for now."""
    trade.shop.faults.add(FaultKind.LOST_AFTER, "POST /orders")
    ref = trade.sells((MUG, 2))
    while not trade.in_shop(ref):
        trade.passes(seconds=1)
    assert trade.shop_ref(ref) == ""
    cut_in(trade.shop, "find", fails_for(ref, SafeToRetry("busy")))
    return ref


def test_an_order_cancelled_while_its_creation_is_unconfirmed_is_cancelled_in_the_shop(trade: Shift) -> None:
    ref = unconfirmed_create(trade)
    trade.marketplace.cancel(ref)
    trade.passes(minutes=6)
    assert trade.order(ref).status == Status.CANCELLED

    mend(trade.shop)
    trade.passes(minutes=30)

    assert [one.status for one in trade.in_shop(ref)] == ["cancelled"]
    assert trade.problems(ref) == []


def test_pieces_cancelled_while_the_creation_is_unconfirmed_do_not_make_it_partly_created(trade: Shift) -> None:
    ref = unconfirmed_create(trade)
    sale = trade.marketplace._sales[ref]
    sale.quantities = {key: replace(facts, cancelled=1) for key, facts in sale.quantities.items()}
    sale.changed_at = trade.clock.now()
    trade.passes(minutes=6)

    mend(trade.shop)
    trade.passes(minutes=10)

    assert trade.problems(ref) == [ProblemKind.LINES_CANCELLED]
    assert trade.shop_ref(ref) == trade.in_shop(ref)[0].shop_ref


def test_an_order_that_is_found_with_another_total_is_followed_and_said(trade: Shift) -> None:
    trade.shop.faults.add(FaultKind.LOST_AFTER, "POST /orders")
    ref = trade.sells((MUG, 2))
    while not trade.in_shop(ref):
        trade.passes(seconds=1)
    shop_ref = trade.in_shop(ref)[0].shop_ref
    trade.shop._change(shop_ref, total=Money.of("20.00", "EUR"))

    trade.passes(minutes=10)

    assert trade.shop_ref(ref) == shop_ref
    assert trade.problems(ref) == [ProblemKind.TOTAL_DIFFERS]


def test_an_order_that_the_shop_makes_without_its_lines_is_said_and_never_made_again(trade: Shift) -> None:
    trade.shop.keeps_lines = False
    ref = trade.sells((MUG, 2))
    trade.passes(minutes=30)
    assert trade.problems(ref) == [ProblemKind.PARTLY_CREATED]

    trade.shop.keeps_lines = True
    retry(trade.context, ref)
    trade.passes(minutes=30)

    assert trade.told(trade.shop, "POST /orders") == 1
    assert trade.problems(ref) == [ProblemKind.PARTLY_CREATED]
    assert trade.shop_ref(ref) == ""


def test_of_an_order_without_lines_and_total_in_the_trash_it_is_said_only_that_it_is_gone(trade: Shift) -> None:
    trade.shop.keeps_lines = False
    ref = trade.sells((MUG, 2))
    trade.passes(minutes=30)
    assert trade.problems(ref) == [ProblemKind.PARTLY_CREATED]

    [made] = trade.in_shop(ref)
    trade.shop._change(made.shop_ref, state=ShopState.TRASHED, total=Money.of("0.00", "EUR"))
    retry(trade.context, ref)
    trade.passes(minutes=30)

    assert trade.problems(ref) == [ProblemKind.SHOP_ORDER_GONE]
    assert trade.shop_ref(ref) == made.shop_ref


# ---------------------------------------------------------------- dry run


@pytest.mark.link(dry_run=True)
def test_a_dry_run_sends_nothing(trade: Shift) -> None:
    refs = [trade.sells() for _ in range(3)]
    trade.marketplace.cancel(refs[0])

    trade.passes(hours=5)

    assert (trade.commands(trade.shop), trade.commands(trade.marketplace)) == ([], [])
