"""What holds for creating and cancelling alike: one request, in time, and a verification that says what became of it."""

import pytest

from orderhaven.core.errors import OrderMissing
from orderhaven.core.shop_order import ShopCommand, ShopOrderCancellation, ShopOrderDraft, ShopState
from orderhaven.ports.connector import Capability
from orderhaven.ports.shop import Shop
from orderhaven.testing.contract.both_roles import CommandCase, EveryCommand
from orderhaven.testing.contract.requirement import requires
from orderhaven.testing.contract.shop_orders import cancellation_of, found_by, placed, to_create
from orderhaven.testing.contract.subject import ShopSubject

Target = ShopCommand


async def _times_created(subject: ShopSubject, what: Target) -> int:
    assert isinstance(what, ShopOrderDraft)
    standing = [order for order in subject.sandbox.orders() if order.reference == what.reference]
    found = (await found_by(subject.another(), what)).get(what.reference, ())
    assert len(found) == len(standing), "what stands in the shop is not what is found there"
    return len(found)


async def _to_cancel(subject: ShopSubject, shop: Shop) -> Target:
    return cancellation_of((await placed(subject, shop)).shop_ref)


async def _times_cancelled(subject: ShopSubject, what: Target) -> int:
    assert isinstance(what, ShopOrderCancellation)
    order = (await subject.another().read([what.shop_ref]))[what.shop_ref]
    return int(order.state is ShopState.CANCELLED)


CASES = (
    CommandCase("create", (), to_create, _times_created),
    CommandCase("cancel", (Capability.CANCEL,), _to_cancel, _times_cancelled),
)


class ShopCommands(EveryCommand):
    @pytest.fixture(params=CASES, ids=lambda case: case.name)
    def case(self, request: pytest.FixtureRequest) -> CommandCase:
        case: CommandCase = request.param
        return case

    @requires(Capability.CANCEL)
    async def test_cancelling_twice_is_success(self, subject: ShopSubject) -> None:
        shop = await subject.warm()
        order = await placed(subject, shop)

        for _ in range(2):
            command = cancellation_of(order.shop_ref)
            receipt = await shop.cancel(command, not_after=subject.soon())
            assert (await subject.final_receipt(shop, command, receipt)).rejection == ""

        assert (await shop.read([order.shop_ref]))[order.shop_ref].state is ShopState.CANCELLED

    @requires(Capability.CANCEL, Capability.DELETE_ORDERS)
    async def test_cancelling_an_order_that_is_gone_says_that_it_is_missing(self, subject: ShopSubject) -> None:
        shop = await subject.warm()
        order = await placed(subject, shop)
        subject.sandbox.delete(order.shop_ref)

        with pytest.raises(OrderMissing):
            await shop.cancel(cancellation_of(order.shop_ref), not_after=subject.soon())
