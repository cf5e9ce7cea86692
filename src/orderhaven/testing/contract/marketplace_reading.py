"""What a snapshot of one order carries, however unusual the order."""

from collections.abc import Mapping

import pytest

from orderhaven.core.errors import OrderMissing, SafeToRetry
from orderhaven.core.money import Money
from orderhaven.core.order import Address
from orderhaven.ports.connector import Capability
from orderhaven.ports.sandbox import Basket
from orderhaven.testing.contract.commands import BASKET, sold
from orderhaven.testing.contract.requirement import requires
from orderhaven.testing.contract.subject import Break, MarketplaceSubject, On
from orderhaven.testing.goods import LAMP, MUG
from orderhaven.testing.hostile import HOSTILE

PERSON = {
    "first_name": "Fenna",
    "last_name": "van den Berg",
    "street": "Kerkstraat",
    "house_number": "7",
    "addition": "B",
    "postcode": "3511 AB",
    "city": "Utrecht",
    "country": "NL",
}


class MarketplaceReading:
    @requires()
    async def test_an_order_is_read_with_its_articles(self, subject: MarketplaceSubject) -> None:
        order = await sold(subject, subject.another())

        found = {(line.sku, line.title, line.quantities.ordered) for line in order.lines}
        assert found == {(article.sku, article.title, count) for article, count in BASKET.lines}

    @requires()
    async def test_an_ean_is_that_of_the_article_or_none(self, subject: MarketplaceSubject) -> None:
        order = await sold(subject, subject.another())

        gives_ean = Capability.GIVES_EAN in subject.spec.capabilities
        assert {line.ean for line in order.lines} == (
            {article.ean for article, _ in BASKET.lines} if gives_ean else {""}
        )

    @requires()
    async def test_a_buyer_pays_for_shipping_where_that_is_charged_and_nowhere_else(
        self, subject: MarketplaceSubject
    ) -> None:
        order = await sold(subject, subject.another())

        assert bool(order.shipping_cost.amount) is (Capability.CHARGES_SHIPPING in subject.spec.capabilities)

    @requires()
    async def test_an_order_says_on_which_channel_it_was_sold(self, subject: MarketplaceSubject) -> None:
        channels = (await subject.another().check()).channels

        for channel in channels:
            order = await sold(subject, subject.another(), Basket([(MUG, 1)], channel=channel))
            assert order.channel == channel
        if not channels:
            with pytest.raises(ValueError):  # noqa: PT011 - whatever its words
                subject.sandbox.sell(Basket([(MUG, 1)], channel="nl"))

    @requires()
    async def test_every_line_has_a_key_of_its_own_and_the_marketplace_s_ids(self, subject: MarketplaceSubject) -> None:
        order = await sold(subject, subject.another())

        ids = [remote_id for line in order.lines for remote_id in line.remote_ids]
        assert all(line.remote_ids and line.quantities.ref == line.ref for line in order.lines)
        assert len(ids) == len(set(ids))
        assert len({line.ref for line in order.lines}) == len(order.lines)

    @requires()
    async def test_amounts_are_read_to_the_cent(self, subject: MarketplaceSubject) -> None:
        order = await sold(subject, subject.another(), Basket([(MUG, 3), (LAMP, 1)], discount="1.01"))

        totals = {line.sku: line.total for line in order.lines}
        assert totals == {MUG.sku: Money.of("37.84", "EUR"), LAMP.sku: Money.of("34.50", "EUR")}
        assert order.total == Money.of("72.34", "EUR") + order.shipping_cost - order.discount

    @requires()
    async def test_price_discount_and_total_of_a_line_agree(self, subject: MarketplaceSubject) -> None:
        order = await sold(subject, subject.another(), Basket([(MUG, 3)], discount="1.01"))

        line = order.lines[0]
        assert line.unit_price * 3 == line.total + line.discount

    @requires()
    async def test_both_addresses_are_read(self, subject: MarketplaceSubject) -> None:
        order = await sold(subject, subject.another(), Basket([(MUG, 1)], address=PERSON))

        assert differences(order.ship_to, PERSON) == {}
        assert differences(order.bill_to, PERSON) == {}

    @requires()
    async def test_an_order_can_be_read_twice(self, subject: MarketplaceSubject) -> None:
        order = await sold(subject, subject.another())

        again = await subject.another().read(order.ref)

        assert again == order

    @requires()
    async def test_fetching_an_unknown_order_says_that_it_is_missing(self, subject: MarketplaceSubject) -> None:
        ref = unknown_ref(subject.sandbox.sell(BASKET), subject)

        with pytest.raises(OrderMissing):
            await subject.another().read(ref)

    @pytest.mark.parametrize("broken", [Break.SERVER_ERROR, Break.UNREACHABLE])
    @requires()
    async def test_an_order_is_not_missing_because_the_marketplace_is_down(
        self, subject: MarketplaceSubject, broken: Break
    ) -> None:
        marketplace = await subject.warm()
        ref = subject.sandbox.sell(BASKET)
        subject.break_with(broken, On.ALL)

        with pytest.raises(SafeToRetry):
            await marketplace.read(ref)

    @requires(Capability.OWN_LABEL)
    async def test_an_order_on_the_marketplace_s_label_is_marked(self, subject: MarketplaceSubject) -> None:
        labelled = await sold(subject, subject.another(), Basket([(MUG, 1)], marketplace_label=True))
        ordinary = await sold(subject, subject.another())

        assert labelled.marketplace_label
        assert not ordinary.marketplace_label

    @requires(Capability.PICKUP_POINTS)
    async def test_a_pick_up_point_is_named(self, subject: MarketplaceSubject) -> None:
        to_a_point = await sold(subject, subject.another(), Basket([(MUG, 1)], pickup_point="Primera Utrecht"))
        to_the_street = await sold(subject, subject.another())

        assert "Primera Utrecht" in (to_a_point.ship_to.pickup_point or "")
        assert to_the_street.ship_to.pickup_point is None

    @pytest.mark.parametrize("name", list(HOSTILE))
    @requires()
    async def test_a_hostile_order_is_read_unchanged(self, subject: MarketplaceSubject, name: str) -> None:
        if name in subject.unsupported_texts:
            pytest.skip(f"{subject.spec.title} has no room for: {name}")
        basket = HOSTILE[name]

        order = await sold(subject, subject.another(), basket)

        assert differences(order.ship_to, basket.address) == {}
        assert sorted((line.sku, line.quantities.ordered) for line in order.lines) == sorted(
            (article.sku, count) for article, count in basket.lines
        )
        assert order.total == total_of(basket) + order.shipping_cost - order.discount

    @pytest.mark.parametrize("name", list(HOSTILE))
    @requires()
    async def test_a_hostile_order_does_not_hide_the_others(self, subject: MarketplaceSubject, name: str) -> None:
        if name in subject.unsupported_texts:
            pytest.skip(f"{subject.spec.title} has no room for: {name}")
        refs = {subject.sandbox.sell(basket) for basket in (BASKET, HOSTILE[name], BASKET)}

        pulled, _ = await subject.pull()

        assert set(pulled) == refs


def total_of(basket: Basket) -> Money:
    """What its lines come to."""
    prices = [Money.of(article.price, basket.currency) * count for article, count in basket.lines]
    return sum(prices, start=Money.zero(basket.currency)) - Money.of(basket.discount, basket.currency)


def differences(address: Address, person: Mapping[str, str]) -> dict[str, str]:
    """The fields of `person` that the address does not have as they are, as it has them."""
    found = {name: getattr(address, name) for name in person}
    return {name: value for name, value in found.items() if value != person[name]}


def unknown_ref(ref: str, subject: MarketplaceSubject) -> str:
    """Another order number of the same form, which the marketplace never gave."""
    known = set(subject.sandbox.refs())
    digits = [at for at, letter in enumerate(ref) if letter.isdigit()]
    assert digits, "an order number without a digit: how would another one look?"
    at = digits[-1]
    return next(other for n in range(10) if (other := f"{ref[:at]}{n}{ref[at + 1 :]}") not in known)
