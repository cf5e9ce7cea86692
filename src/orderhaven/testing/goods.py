"""What is sold in the references and the contract suites: articles, baskets, and the orders they make."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from msgspec.structs import replace

from orderhaven.core.carriers.checks import mod10_digit
from orderhaven.core.money import Money
from orderhaven.core.order import Address, LineQuantities, MarketplaceLine, MarketplaceOrder
from orderhaven.ports.sandbox import Basket, CatalogueItem

SHIPPING_COST = "2.95"
VAT_RATE = Decimal("0.21")
COMMISSION = Decimal("0.10")

MUG = CatalogueItem("MUG-1", "8712345678906", "Mug, blue", "12.95")
LAMP = CatalogueItem("LAMP-2", "8712345678913", "Desk lamp", "34.50")
GIFT = CatalogueItem("GIFT-0", "8712345678920", "Free sample", "0.00")
ARTICLES: Sequence[CatalogueItem] = (MUG, LAMP, GIFT)


def many_articles(count: int) -> tuple[CatalogueItem, ...]:
    """Articles that differ in SKU, EAN and price."""
    return tuple(
        CatalogueItem(f"PART-{n:03d}", serial + mod10_digit(serial), f"Part {n}", f"{n % 90 + 1}.{n % 100:02d}")
        for n in range(1, count + 1)
        for serial in [str(871999900000 + n)]
    )


def order_of(ref: str, basket: Basket, now: datetime, *, one_line_per_piece: bool = False) -> MarketplaceOrder:
    """The order that a marketplace with every ability makes of a basket."""
    person = address_of(basket.address)
    ship_to = replace(person, pickup_point=basket.pickup_point) if basket.pickup_point else person
    return MarketplaceOrder(
        ref=ref,
        placed_at=now,
        changed_at=now,
        currency=basket.currency,
        prices_include_vat=True,
        lines=tuple(_line(ref, place, basket, one_line_per_piece) for place in range(len(basket.lines))),
        ship_to=ship_to,
        bill_to=person,
        shipping_cost=Money.of(SHIPPING_COST, basket.currency),
        discount=Money.zero(basket.currency),
        language="nl",
        ship_by=now + timedelta(days=1),
        deliver_by=now + timedelta(days=2),
        marketplace_label=basket.marketplace_label,
    )


def address_of(person: Mapping[str, str]) -> Address:
    """A Dutch buyer's address, with what `person` overrides."""
    return replace(_BUYER, **person)


_BUYER = Address(
    first_name="Sanne",
    last_name="de Vries",
    street="Dorpsstraat",
    house_number="12",
    addition="A",
    postcode="1234 AB",
    city="Utrecht",
    country="NL",
    email="sanne@example.test",
    phone="+31612345678",
)


def _line(ref: str, place: int, basket: Basket, one_line_per_piece: bool) -> MarketplaceLine:
    article, quantity = basket.lines[place]
    price = Money.of(article.price, basket.currency)
    discount = Money.of(basket.discount if place == 0 else "0.00", basket.currency)
    total = price * quantity - discount
    key = f"{ref}-{place + 1}"
    ids = tuple(f"{key}-{piece}" for piece in range(1, quantity + 1)) if one_line_per_piece else (key,)
    return MarketplaceLine(
        ref=key,
        remote_ids=ids,
        title=article.title,
        sku=article.sku,
        ean=article.ean,
        quantities=LineQuantities(key, quantity, by_marketplace=basket.by_marketplace),
        unit_price=price,
        total=total,
        discount=discount,
        commission=Money(total.amount * COMMISSION, basket.currency).rounded(),
        vat_rate=VAT_RATE,
    )
