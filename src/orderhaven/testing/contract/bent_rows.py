"""One row of a list that is bent out of shape: the others come in, and it is read by itself or said, never passed over."""

from contextlib import suppress

import pytest

from orderhaven.core.errors import Surprise
from orderhaven.core.shop_order import ProductWanted, ShopState
from orderhaven.ports.connector import Can
from orderhaven.ports.marketplace import Marketplace, Outcome, Page, Receipt, Seen
from orderhaven.ports.sandbox import EVERY_ROW, Basket, Bend, Listing
from orderhaven.ports.shop import ShopPage
from orderhaven.testing.contract.fact import fact
from orderhaven.testing.contract.shop_orders import placed
from orderhaven.testing.contract.subject import MarketplaceSubject, ShopSubject, Subject
from orderhaven.testing.contract.tellings import CODE, shipment_of, shipped, sold, usual_carrier
from orderhaven.testing.goods import LAMP, MUG

ONE_MUG = Basket([(MUG, 1)])
EVERY_BEND = pytest.mark.parametrize("how", [how for how in Bend if how is not Bend.NAMELESS])
REFERENCES = ("orh-1-1000001", "orh-1-1000002", "orh-1-1000003")


class MarketplaceWithABentRow:
    @EVERY_BEND
    @fact()
    async def test_a_bent_row_of_a_hearing_is_named_and_the_others_are_heard(
        self, subject: MarketplaceSubject, how: Bend
    ) -> None:
        first, bent, last = (subject.sandbox.sell(ONE_MUG) for _ in range(3))
        bend(subject, Listing.HEARD, bent, how)

        pages = await heard(subject)

        assert {sighting.ref for page in pages for sighting in page.sightings} == {first, last}
        assert {ref for page in pages for ref in page.not_understood} == {bent}

    @EVERY_BEND
    @fact()
    async def test_an_order_whose_row_is_bent_is_read_by_itself(self, subject: MarketplaceSubject, how: Bend) -> None:
        ref = subject.sandbox.sell(ONE_MUG)
        bend(subject, Listing.HEARD, ref, how)

        order = await subject.another().read(ref)

        assert (order.ref, [line.sku for line in order.lines]) == (ref, [MUG.sku])

    @EVERY_BEND
    @fact()
    async def test_an_order_that_is_bent_by_itself_too_says_so(self, subject: MarketplaceSubject, how: Bend) -> None:
        fine, bent = subject.sandbox.sell(ONE_MUG), subject.sandbox.sell(ONE_MUG)
        bend(subject, Listing.HEARD, bent, how, detail=True)

        with pytest.raises(Surprise):
            await subject.another().read(bent)
        assert (await subject.another().read(fine)).ref == fine

    @fact()
    async def test_a_row_that_names_no_order_is_described_without_a_buyer(self, subject: MarketplaceSubject) -> None:
        first = subject.sandbox.sell(ONE_MUG)
        bent = subject.sandbox.sell(Basket([(MUG, 1)], person={"last_name": "Quastenberg"}))
        bend(subject, Listing.HEARD, bent, Bend.NAMELESS)

        pages = await heard(subject)

        said = [cause for page in pages for cause in page.nameless]
        assert {sighting.ref for page in pages for sighting in page.sightings} == {first}
        assert len(said) == 1
        assert said[0]
        assert "Quastenberg" not in said[0]

    @EVERY_BEND
    @fact(Can.OUTCOME_LATER)
    async def test_a_bent_outcome_is_looked_for_and_the_others_are_known(
        self, subject: MarketplaceSubject, how: Bend
    ) -> None:
        marketplace = await subject.warm()
        fine, bent = [await confirmed(subject, marketplace) for _ in range(2)]
        if not (fine.handle and bent.handle):
            pytest.skip("here a telling is answered at once")
        subject.clock.advance(subject.declaration.limits.settle)
        bend(subject, Listing.OUTCOMES, bent.handle, how)

        said = await marketplace.outcomes([fine.handle, bent.handle])

        assert (said[fine.handle].outcome, said[bent.handle].outcome) == (Outcome.DONE, Outcome.UNKNOWN)

    @EVERY_BEND
    @fact()
    async def test_a_bent_record_never_says_that_nothing_was_done(self, subject: MarketplaceSubject, how: Bend) -> None:
        marketplace = await subject.warm()
        shipment = shipment_of(await sold(subject, marketplace), CODE, usual_carrier(subject.declaration))
        await shipped(subject, marketplace, shipment)
        bend(subject, Listing.RECORD, EVERY_ROW, how)

        seen = Seen.DONE
        with suppress(Surprise):  # that it cannot be known is an answer too
            seen = (await marketplace.look(shipment)).seen

        assert seen is Seen.DONE


class ShopWithABentRow:
    @EVERY_BEND
    @fact()
    async def test_a_bent_row_of_a_hearing_is_named_and_the_others_are_heard(
        self, subject: ShopSubject, how: Bend
    ) -> None:
        first, bent, last, cursor = await three_after_a_hearing(subject)
        bend(subject, Listing.HEARD, bent, how)

        pages: list[ShopPage] = [page async for page in subject.another().hear(cursor)]

        assert {order.shop_ref for page in pages for order in page.orders} == {first, last}
        assert {ref for page in pages for ref in page.not_understood} == {bent}

    @fact()
    async def test_a_row_that_names_no_order_is_described(self, subject: ShopSubject) -> None:
        first, bent, last, cursor = await three_after_a_hearing(subject)
        bend(subject, Listing.HEARD, bent, Bend.NAMELESS)

        pages: list[ShopPage] = [page async for page in subject.another().hear(cursor)]

        assert {order.shop_ref for page in pages for order in page.orders} == {first, last}
        assert len([cause for page in pages for cause in page.nameless]) == 1

    @EVERY_BEND
    @fact()
    async def test_an_order_that_a_list_shows_bent_is_read_by_itself(self, subject: ShopSubject, how: Bend) -> None:
        first, bent, last, _ = await three_after_a_hearing(subject)
        bend(subject, Listing.READ, bent, how)

        read = await subject.another().read([first, bent, last])

        assert [read[ref].state for ref in (first, bent, last)] == [ShopState.OPEN] * 3

    @EVERY_BEND
    @fact()
    async def test_an_order_that_is_bent_by_itself_too_is_left_out_and_says_so_alone(
        self, subject: ShopSubject, how: Bend
    ) -> None:
        first, bent, last, _ = await three_after_a_hearing(subject)
        bend(subject, Listing.READ, bent, how, detail=True)

        read = await subject.another().read([first, bent, last])

        assert set(read) == {first, last}
        with pytest.raises(Surprise):
            await subject.another().read([bent])

    @EVERY_BEND
    @fact()
    async def test_what_is_found_bent_is_read_by_itself(self, subject: ShopSubject, how: Bend) -> None:
        refs = await placed_under_references(subject)
        bend(subject, Listing.FOUND, refs[1], how)

        found = await subject.another().find(REFERENCES)

        assert [one.shop_ref for reference in REFERENCES for one in found[reference]] == refs

    @EVERY_BEND
    @fact()
    async def test_what_is_found_and_never_understood_is_never_called_absent(
        self, subject: ShopSubject, how: Bend
    ) -> None:
        refs = await placed_under_references(subject)
        bend(subject, Listing.FOUND, refs[1], how, detail=True)

        with pytest.raises(Surprise):
            await subject.another().find(REFERENCES)
        with pytest.raises(Surprise):
            await subject.another().find(REFERENCES[1:2])
        others = await subject.another().find([REFERENCES[0], REFERENCES[2]])

        assert [one.shop_ref for reference in others for one in others[reference]] == [refs[0], refs[2]]

    @EVERY_BEND
    @fact()
    async def test_a_product_that_a_list_shows_bent_is_read_by_itself_or_says_so(
        self, subject: ShopSubject, how: Bend
    ) -> None:
        mug, lamp = ProductWanted(MUG.sku, MUG.ean), ProductWanted(LAMP.sku, LAMP.ean)
        shop = await subject.warm()
        subject.sandbox.stock([MUG, LAMP])
        right = await shop.find_products([mug, lamp])
        bend(subject, Listing.PRODUCTS, right[mug], how)

        assert await subject.another().find_products([mug, lamp]) == right

        bend(subject, Listing.PRODUCTS, right[mug], how, detail=True)
        with pytest.raises(Surprise):
            await subject.another().find_products([mug])
        assert await subject.another().find_products([lamp]) == {lamp: right[lamp]}


def bend(subject: Subject, listing: Listing, ref: str, how: Bend, *, detail: bool = False) -> None:
    if subject.bend is None:
        pytest.skip(f"nobody says how a row of {subject.declaration.title} is bent")
    subject.bend(listing, ref, how, detail)


async def heard(subject: MarketplaceSubject) -> list[Page]:
    return [page async for page in subject.another().hear("")]


async def confirmed(subject: MarketplaceSubject, marketplace: Marketplace) -> Receipt:
    shipment = shipment_of(await sold(subject, marketplace), CODE, usual_carrier(subject.declaration))
    return await marketplace.confirm(shipment, not_after=subject.soon())


async def three_after_a_hearing(subject: ShopSubject) -> tuple[str, str, str, str]:
    """Three orders, and the cursor of a hearing before them."""
    shop = await subject.warm()
    _, cursor = await subject.hear()
    subject.clock.advance(subject.declaration.limits.overlap)
    first, second, third = [(await placed(subject, shop)).order.shop_ref for _ in range(3)]
    return first, second, third, cursor


async def placed_under_references(subject: ShopSubject) -> list[str]:
    shop = await subject.warm()
    return [(await placed(subject, shop, reference=reference)).order.shop_ref for reference in REFERENCES]
