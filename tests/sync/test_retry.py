"""What a person says is mended is tried at once, whatever it waited for."""

from collections.abc import Callable
from datetime import timedelta

from orderhaven.actions.orders import retry
from orderhaven.core.errors import OrderRejected, SafeToRetry
from orderhaven.core.problems import ProblemKind
from orderhaven.core.status import Status
from orderhaven.ports.sandbox import CatalogueItem
from tests.sync.conftest import MUG, POSTNL_CODE, Shift
from tests.sync.seams import cut_in, mend

AT_ONCE = timedelta(seconds=3)
UNKNOWN = CatalogueItem("NOT-THERE", "8712345678999", "Thing", "5.00")


def takes(trade: Shift, is_done: Callable[[], object]) -> timedelta:
    """How long it is until then; an hour where it never is."""
    since = trade.clock.now()
    while not is_done() and trade.clock.now() - since < timedelta(hours=1):
        trade.passes(seconds=1)
    return trade.clock.now() - since


def test_what_the_shop_refused_is_sent_again_at_once(trade: Shift) -> None:
    async def refuse(what: str) -> None:
        raise OrderRejected("The shop", "no")

    cut_in(trade.shop, "before place", refuse)
    ref = trade.sells((MUG, 1))
    trade.passes(minutes=6, seconds=13)
    assert trade.problems(ref) == [ProblemKind.REJECTED]

    mend(trade.shop)
    retry(trade.context, ref)

    assert takes(trade, lambda: trade.shop_ref(ref)) <= AT_ONCE


def test_a_product_that_is_there_now_is_created_at_once(trade: Shift) -> None:
    ref = trade.sells((UNKNOWN, 1))
    trade.passes(minutes=6, seconds=13)
    trade.shop.stock([UNKNOWN])

    retry(trade.context, ref)

    assert takes(trade, lambda: trade.shop_ref(ref)) <= AT_ONCE


def test_what_is_put_right_in_the_shop_is_read_at_once(trade: Shift) -> None:
    ref = trade.placed()
    trade.shop.change_quantity(trade.shop_ref(ref), MUG.sku, 3)
    trade.shop.complete(trade.shop_ref(ref), tracking_number=POSTNL_CODE)
    trade.passes(minutes=7, seconds=20)
    trade.shop.change_quantity(trade.shop_ref(ref), MUG.sku, 2)

    retry(trade.context, ref)

    assert takes(trade, lambda: trade.order(ref).status == Status.SHIPPED) <= AT_ONCE


def test_a_connection_that_failed_is_tried_at_once_and_not_after_its_quiet(trade: Shift) -> None:
    trade.placed()
    trade.goes_down(trade.shop)
    ref = trade.sells((MUG, 1))
    trade.passes(minutes=20)
    trade.shop.faults.clear()

    retry(trade.context, ref)

    assert takes(trade, lambda: trade.shop_ref(ref)) <= AT_ONCE


def test_what_may_have_happened_is_looked_for_before_it_is_sent_again(trade: Shift) -> None:
    """A retry too many does no harm."""

    async def fail(what: str) -> None:
        raise SafeToRetry("busy")

    cut_in(trade.shop, "find", fail)
    ref = trade.sells((MUG, 1))
    trade.passes(minutes=10)
    mend(trade.shop)

    for _ in range(3):
        retry(trade.context, ref)
        trade.passes(seconds=2)

    assert len(trade.in_shop(ref)) == 1
    assert trade.told(trade.shop, "POST /orders") == 1
