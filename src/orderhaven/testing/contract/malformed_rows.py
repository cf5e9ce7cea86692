"""One row of a list that is bent out of shape: the others come in, and it is read by itself or said, never passed over."""

from contextlib import suppress

import pytest

from orderhaven.core.errors import UnexpectedResponse
from orderhaven.core.shop_order import ProductQuery, ShopState
from orderhaven.ports.connector import Capability
from orderhaven.ports.marketplace import Marketplace, RemoteState, SummaryPage
from orderhaven.ports.receipts import Receipt, ReceiptState
from orderhaven.ports.sandbox import EVERY_ROW, Basket, Malformation, SandboxList
from orderhaven.ports.shop import ShopPage
from orderhaven.testing.contract.commands import ONE_MUG, shipped, to_confirm
from orderhaven.testing.contract.requirement import requires
from orderhaven.testing.contract.shop_orders import placed
from orderhaven.testing.contract.subject import MarketplaceSubject, ShopSubject, Subject
from orderhaven.testing.goods import LAMP, MUG

EVERY_MALFORMATION = pytest.mark.parametrize(
    "how", [how for how in Malformation if how is not Malformation.UNIDENTIFIED]
)
REFERENCES = ("orh-1-1000001", "orh-1-1000002", "orh-1-1000003")


class MarketplaceWithMalformedRows:
    @EVERY_MALFORMATION
    @requires()
    async def test_a_malformed_row_of_a_pull_is_named_and_the_others_are_pulled(
        self, subject: MarketplaceSubject, how: Malformation
    ) -> None:
        first, malformed, last = (subject.sandbox.sell(ONE_MUG) for _ in range(3))
        malform(subject, SandboxList.CHANGES, malformed, how)

        pages = await pulled(subject)

        assert {summary.ref for page in pages for summary in page.summaries} == {first, last}
        assert {ref for page in pages for ref in page.not_understood} == {malformed}

    @EVERY_MALFORMATION
    @requires()
    async def test_an_order_whose_row_is_malformed_is_read_by_itself(
        self, subject: MarketplaceSubject, how: Malformation
    ) -> None:
        ref = subject.sandbox.sell(ONE_MUG)
        malform(subject, SandboxList.CHANGES, ref, how)

        order = await subject.another().read(ref)

        assert (order.ref, [line.sku for line in order.lines]) == (ref, [MUG.sku])

    @EVERY_MALFORMATION
    @requires()
    async def test_an_order_that_is_malformed_by_itself_too_says_so(
        self, subject: MarketplaceSubject, how: Malformation
    ) -> None:
        fine, malformed = subject.sandbox.sell(ONE_MUG), subject.sandbox.sell(ONE_MUG)
        malform(subject, SandboxList.CHANGES, malformed, how, detail=True)

        with pytest.raises(UnexpectedResponse):
            await subject.another().read(malformed)
        assert (await subject.another().read(fine)).ref == fine

    @requires()
    async def test_a_row_that_names_no_order_is_described_without_a_buyer(self, subject: MarketplaceSubject) -> None:
        first = subject.sandbox.sell(ONE_MUG)
        malformed = subject.sandbox.sell(Basket([(MUG, 1)], address={"last_name": "Quastenberg"}))
        malform(subject, SandboxList.CHANGES, malformed, Malformation.UNIDENTIFIED)

        pages = await pulled(subject)

        said = [cause for page in pages for cause in page.unidentified]
        assert {summary.ref for page in pages for summary in page.summaries} == {first}
        assert len(said) == 1
        assert said[0]
        assert "Quastenberg" not in said[0]

    @EVERY_MALFORMATION
    @requires(Capability.ASYNCHRONOUS_COMMANDS)
    async def test_a_malformed_outcome_is_looked_for_and_the_others_are_known(
        self, subject: MarketplaceSubject, how: Malformation
    ) -> None:
        marketplace = await subject.warm()
        (first, fine), (second, malformed) = [await confirmed(subject, marketplace) for _ in range(2)]
        if not (fine.handle and malformed.handle):
            pytest.skip("here a command is answered at once")
        subject.clock.advance(subject.spec.limits.visibility_delay)
        malform(subject, SandboxList.OUTCOMES, malformed.handle, how)

        said = await marketplace.outcomes({first: fine.handle, second: malformed.handle})

        assert (said[first].state, said[second].state) == (ReceiptState.DONE, ReceiptState.UNKNOWN)

    @EVERY_MALFORMATION
    @requires()
    async def test_a_malformed_record_never_says_that_nothing_was_done(
        self, subject: MarketplaceSubject, how: Malformation
    ) -> None:
        marketplace = await subject.warm()
        shipment = await to_confirm(subject, marketplace)
        await shipped(subject, marketplace, shipment)
        malform(subject, SandboxList.RECORDS, EVERY_ROW, how)

        seen = RemoteState.DONE
        with suppress(UnexpectedResponse):  # that it cannot be known is an answer too
            seen = (await marketplace.verify(shipment)).state

        assert seen is RemoteState.DONE


class ShopWithMalformedRows:
    @EVERY_MALFORMATION
    @requires()
    async def test_a_malformed_row_of_a_pull_is_named_and_the_others_are_pulled(
        self, subject: ShopSubject, how: Malformation
    ) -> None:
        first, malformed, last, cursor = await three_after_a_pull(subject)
        malform(subject, SandboxList.CHANGES, malformed, how)

        pages: list[ShopPage] = [page async for page in subject.another().pull(cursor)]

        assert {order.shop_ref for page in pages for order in page.orders} == {first, last}
        assert {ref for page in pages for ref in page.not_understood} == {malformed}

    @requires()
    async def test_a_row_that_names_no_order_is_described(self, subject: ShopSubject) -> None:
        first, malformed, last, cursor = await three_after_a_pull(subject)
        malform(subject, SandboxList.CHANGES, malformed, Malformation.UNIDENTIFIED)

        pages: list[ShopPage] = [page async for page in subject.another().pull(cursor)]

        assert {order.shop_ref for page in pages for order in page.orders} == {first, last}
        assert len([cause for page in pages for cause in page.unidentified]) == 1

    @EVERY_MALFORMATION
    @requires()
    async def test_an_order_that_a_list_shows_malformed_is_read_by_itself(
        self, subject: ShopSubject, how: Malformation
    ) -> None:
        first, malformed, last, _ = await three_after_a_pull(subject)
        malform(subject, SandboxList.READ, malformed, how)

        read = await subject.another().read([first, malformed, last])

        assert [read[ref].state for ref in (first, malformed, last)] == [ShopState.OPEN] * 3

    @EVERY_MALFORMATION
    @requires()
    async def test_an_order_that_is_malformed_by_itself_too_is_left_out_and_says_so_alone(
        self, subject: ShopSubject, how: Malformation
    ) -> None:
        first, malformed, last, _ = await three_after_a_pull(subject)
        malform(subject, SandboxList.READ, malformed, how, detail=True)

        read = await subject.another().read([first, malformed, last])

        assert set(read) == {first, last}
        with pytest.raises(UnexpectedResponse):
            await subject.another().read([malformed])

    @EVERY_MALFORMATION
    @requires(Capability.FIND_BY_REFERENCE)
    async def test_what_is_found_malformed_is_read_by_itself(self, subject: ShopSubject, how: Malformation) -> None:
        refs = await placed_under_references(subject)
        malform(subject, SandboxList.FOUND, refs[1], how)

        found = await subject.another().find(REFERENCES)

        assert [one.shop_ref for reference in REFERENCES for one in found[reference]] == refs

    @EVERY_MALFORMATION
    @requires(Capability.FIND_BY_REFERENCE)
    async def test_what_is_found_and_never_understood_is_never_called_absent(
        self, subject: ShopSubject, how: Malformation
    ) -> None:
        refs = await placed_under_references(subject)
        malform(subject, SandboxList.FOUND, refs[1], how, detail=True)

        with pytest.raises(UnexpectedResponse):
            await subject.another().find(REFERENCES)
        with pytest.raises(UnexpectedResponse):
            await subject.another().find(REFERENCES[1:2])
        others = await subject.another().find([REFERENCES[0], REFERENCES[2]])

        assert [one.shop_ref for reference in others for one in others[reference]] == [refs[0], refs[2]]

    @EVERY_MALFORMATION
    @requires()
    async def test_a_product_that_a_list_shows_malformed_is_read_by_itself_or_says_so(
        self, subject: ShopSubject, how: Malformation
    ) -> None:
        mug, lamp = ProductQuery(MUG.sku, MUG.ean), ProductQuery(LAMP.sku, LAMP.ean)
        shop = await subject.warm()
        subject.sandbox.stock([MUG, LAMP])
        right = await shop.find_products([mug, lamp])
        malform(subject, SandboxList.PRODUCTS, right[mug], how)

        assert await subject.another().find_products([mug, lamp]) == right

        malform(subject, SandboxList.PRODUCTS, right[mug], how, detail=True)
        with pytest.raises(UnexpectedResponse):
            await subject.another().find_products([mug])
        assert await subject.another().find_products([lamp]) == {lamp: right[lamp]}


def malform(subject: Subject, listing: SandboxList, ref: str, how: Malformation, *, detail: bool = False) -> None:
    subject.sandbox.malform(listing, ref, how, detail)


async def pulled(subject: MarketplaceSubject) -> list[SummaryPage]:
    return [page async for page in subject.another().pull("")]


async def confirmed(subject: MarketplaceSubject, marketplace: Marketplace) -> tuple[str, Receipt]:
    """Under which reference of ours, and its receipt."""
    shipment = await to_confirm(subject, marketplace)
    return shipment.reference, await marketplace.confirm(shipment, not_after=subject.soon())


async def three_after_a_pull(subject: ShopSubject) -> tuple[str, str, str, str]:
    """Three orders, and the cursor of a pull before them."""
    shop = await subject.warm()
    _, cursor = await subject.pull()
    subject.clock.advance(subject.spec.limits.overlap)
    first, second, third = [(await placed(subject, shop)).shop_ref for _ in range(3)]
    return first, second, third, cursor


async def placed_under_references(subject: ShopSubject) -> list[str]:
    shop = await subject.warm()
    return [(await placed(subject, shop, reference=reference)).shop_ref for reference in REFERENCES]
