"""What a server writes before its data without meaning to: byte order marks, warnings. Its data is read all the same."""

import pytest

from orderhaven.core.shop_order import ShopState
from orderhaven.testing.contract.fact import fact
from orderhaven.testing.contract.shop_orders import prepared
from orderhaven.testing.contract.subject import MarketplaceSubject, Noise, ShopSubject, Subject
from orderhaven.testing.contract.tellings import CODE, shipment_of, sold, usual_carrier

EVERY_NOISE = pytest.mark.parametrize("noise", list(Noise))


class ShopBehindNoise:
    @EVERY_NOISE
    @fact()
    async def test_an_order_is_placed_found_read_and_heard_behind_noise(
        self, subject: ShopSubject, noise: Noise
    ) -> None:
        precede(subject, noise)
        shop = await subject.warm()
        _, cursor = await subject.hear()
        placement = await prepared(subject, shop)

        order = (await shop.place(placement, not_after=subject.soon())).order

        assert order.state is ShopState.OPEN
        assert [each.shop_ref for each in (await shop.find([placement.reference]))[placement.reference]] == [
            order.shop_ref
        ]
        assert (await shop.read([order.shop_ref]))[order.shop_ref].total == placement.total
        assert order.shop_ref in (await subject.hear(cursor))[0]


class MarketplaceBehindNoise:
    @EVERY_NOISE
    @fact()
    async def test_an_order_is_heard_read_and_confirmed_behind_noise(
        self, subject: MarketplaceSubject, noise: Noise
    ) -> None:
        precede(subject, noise)
        marketplace = await subject.warm()
        order = await sold(subject, marketplace)
        heard, _ = await subject.hear()

        receipt = await marketplace.confirm(
            shipment_of(order, CODE, usual_carrier(subject.declaration)), not_after=subject.soon()
        )

        assert order.ref in heard
        assert (await subject.settled(marketplace, receipt)).refused == ""


def precede(subject: Subject, noise: Noise) -> None:
    if subject.precede is None:
        pytest.skip(f"{subject.declaration.title} answers without bytes")
    subject.precede(noise)
