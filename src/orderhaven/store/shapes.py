"""Between rows and the canonical shapes of `core/`, both ways. No rule, no query."""

from collections.abc import Sequence
from operator import attrgetter

from msgspec.structs import asdict

from orderhaven.core.address import Address
from orderhaven.core.comparing import Wanted
from orderhaven.core.money import Money
from orderhaven.core.order import Line as WholeLine
from orderhaven.core.order import LineFacts
from orderhaven.core.order import Order as WholeOrder
from orderhaven.core.searching import search_key
from orderhaven.store.models import Line, Order, Person, PersonRole
from orderhaven.store.sql.rows import unsaved

_ADDRESS_FIELDS = Address.__struct_fields__
_address_in = attrgetter(*_ADDRESS_FIELDS)
# what a marketplace says of a person; text of the shop stands beside it
PERSON_COLUMNS = (*_ADDRESS_FIELDS, "name_key", "postcode_key", "order_reference", "meta")


def facts_of(line: Line) -> LineFacts:
    return LineFacts(line.ref, line.ordered, line.shipped, line.cancelled, line.buyer_asks, line.by_marketplace)


def wanted(line: Line, pieces: int, product_ref: str) -> Wanted:
    return Wanted(line.ref, line.title, line.sku, pieces, product_ref)


def facts_columns(facts: LineFacts) -> dict[str, object]:
    return {
        "ordered": facts.ordered,
        "shipped": facts.shipped,
        "cancelled": facts.cancelled,
        "buyer_asks": facts.buyer_asks_to_cancel,
        "by_marketplace": facts.by_marketplace,
    }


def order_columns(whole: WholeOrder) -> dict[str, object]:
    return {
        "placed_at": whole.placed_at,
        "currency": whole.currency,
        "prices_include_vat": whole.prices_include_vat,
        "shipping_cost": whole.shipping_cost.amount,
        "discount": whole.discount.amount,
        "total": whole.total.amount,
        "language": whole.language[:10],
        "country": whole.ship_to.country,
        "deliver_by": whole.deliver_by,
        "expires_at": whole.expires_at,
        "needs_acceptance": whole.needs_acceptance,
        "marketplace_label": whole.marketplace_label,
        "by_marketplace": whole.by_marketplace,
        "is_test": whole.is_test,
        "meta": [list(pair) for pair in whole.meta],
    }


def line_columns(line: WholeLine) -> dict[str, object]:
    return article_columns(line) | facts_columns(line.facts)


def article_columns(line: WholeLine) -> dict[str, object]:
    """What was bought; `facts_columns` are what happened to it."""
    return {
        "remote_ids": list(line.remote_ids),
        "title": line.title,
        "sku": line.sku[:200],
        "ean": line.ean[:20],
        "unit_price": line.unit_price.amount,
        "total": line.total.amount,
        "discount": line.discount.amount,
        "commission": line.commission.amount if line.commission is not None else None,
        "vat_rate": line.vat_rate,
        "services": list(line.services),
    }


def people_rows(row: Order, whole: WholeOrder) -> list[Person]:
    of_who_pays = {
        "order_reference": whole.buyer_reference,
        "meta": [list(pair) for pair in whole.personal_meta],
    }
    return [
        _person_row(row, PersonRole.SHIP_TO, whole.ship_to),
        _person_row(row, PersonRole.BILL_TO, whole.bill_to, **of_who_pays),
    ]


def _person_row(row: Order, role: PersonRole, address: Address, **more: object) -> Person:
    keys = {"name_key": search_key(address.last_name), "postcode_key": search_key(address.postcode)}
    return unsaved(Person, order_id=row.id, role=role, **keys, **asdict(address), **more)


def address_of(person: Person) -> Address:
    return Address(**dict(zip(_ADDRESS_FIELDS, _address_in(person), strict=True)))


def whole_order(row: Order, lines: Sequence[Line], people: Sequence[Person]) -> WholeOrder:
    """The order as it was heard, with the line facts as they are known now; of erased people nothing but the country."""
    by_role = {person.role: person for person in people}
    addresses = {role: address_of(person) for role, person in by_role.items()}
    nobody = Address(last_name="", street="", postcode="", city="", country=row.country)
    who_pays = by_role.get(PersonRole.BILL_TO)
    return WholeOrder(
        ref=row.ref,
        placed_at=row.placed_at,
        changed_at=row.changed_at,
        currency=row.currency,
        prices_include_vat=row.prices_include_vat,
        lines=tuple(_whole_line(line, row.currency) for line in lines),
        ship_to=addresses.get(PersonRole.SHIP_TO, nobody),
        bill_to=addresses.get(PersonRole.BILL_TO, nobody),
        shipping_cost=Money.kept(row.shipping_cost, row.currency),
        discount=Money.kept(row.discount, row.currency),
        language=row.language,
        ship_by=None if row.ship_by_is_estimated else row.ship_by,
        deliver_by=row.deliver_by,
        expires_at=row.expires_at,
        needs_acceptance=row.needs_acceptance,
        marketplace_label=row.marketplace_label,
        is_test=row.is_test,
        buyer_reference=who_pays.order_reference if who_pays else "",
        meta=tuple((name, value) for name, value in row.meta),
        personal_meta=tuple((name, value) for name, value in who_pays.meta) if who_pays else (),
    )


def _whole_line(line: Line, currency: str) -> WholeLine:
    return WholeLine(
        ref=line.ref,
        remote_ids=tuple(line.remote_ids),
        title=line.title,
        sku=line.sku,
        ean=line.ean,
        facts=facts_of(line),
        unit_price=Money.kept(line.unit_price, currency),
        total=Money.kept(line.total, currency),
        discount=Money.kept(line.discount, currency),
        commission=Money.kept(line.commission, currency) if line.commission is not None else None,
        vat_rate=line.vat_rate,
        services=tuple(line.services),
    )
