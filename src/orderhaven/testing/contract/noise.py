"""What a server writes before its data without meaning to: byte order marks, warnings. Its data is read all the same."""

import pytest

from orderhaven.core.shop_order import ShopState
from orderhaven.testing.contract.commands import TRACKING_NUMBER, first_part, shipment_of, sold, usual_carrier
from orderhaven.testing.contract.requirement import requires
from orderhaven.testing.contract.shop_orders import created, found_by, to_create
from orderhaven.testing.contract.subject import MarketplaceSubject, Noise, ShopSubject, Subject

EVERY_NOISE = pytest.mark.parametrize("noise", list(Noise))


class ShopBehindNoise:
    @EVERY_NOISE
    @requires()
    async def test_an_order_is_created_found_read_and_pulled_behind_noise(
        self, subject: ShopSubject, noise: Noise
    ) -> None:
        precede(subject, noise)
        shop = await subject.warm()
        _, cursor = await subject.pull()
        order_draft = await to_create(subject, shop)

        order = await created(subject, shop, order_draft)

        assert order.state is ShopState.OPEN
        assert [each.shop_ref for each in (await found_by(shop, order_draft))[order_draft.reference]] == [
            order.shop_ref
        ]
        assert (await shop.read([order.shop_ref]))[order.shop_ref].total == order_draft.total
        assert order.shop_ref in (await subject.pull(cursor))[0]


class MarketplaceBehindNoise:
    @EVERY_NOISE
    @requires()
    async def test_an_order_is_pulled_read_and_confirmed_behind_noise(
        self, subject: MarketplaceSubject, noise: Noise
    ) -> None:
        precede(subject, noise)
        marketplace = await subject.warm()
        order = await sold(subject, marketplace)
        pulled, _ = await subject.pull()

        whole = shipment_of(subject.spec, order, TRACKING_NUMBER, usual_carrier(subject))
        shipment = await first_part(subject, marketplace, whole)
        receipt = await marketplace.confirm(shipment, not_after=subject.soon())

        assert order.ref in pulled
        assert (await subject.final_receipt(marketplace, shipment, receipt)).rejection == ""


def precede(subject: Subject, noise: Noise) -> None:
    if not subject.sandbox.speaks_http:
        pytest.skip(f"{subject.spec.title} answers without bytes")
    subject.precede(noise)
