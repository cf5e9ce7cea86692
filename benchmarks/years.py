"""A merchant's store after years of trade: written, not traded."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice

from django.db import models, transaction

from orderhaven.core import access
from orderhaven.core.searching import search_key
from orderhaven.ports.connector import Role
from orderhaven.store.access import note
from orderhaven.store.models import (
    Connection,
    Event,
    Line,
    Link,
    Membership,
    Merchant,
    Message,
    Order,
    Person,
    Problem,
    Shipment,
    User,
)
from orderhaven.store.payloads import ConfirmPayload, Payload, PlacePayload
from orderhaven.store.sql.writes import insert_values

from .bought import YEARS, Bought, bought

MARKETPLACES, SHOPS = ("bol NL", "bol BE", "Market"), ("Webshop", "Second shop")
ERASED_AFTER = timedelta(days=30)
_AT_ONCE = 5_000


@dataclass(frozen=True)
class Accounts:
    merchant: int
    person: User
    links: Sequence[Link]  # of the marketplaces, in their order


def write_years(orders: int, now: datetime, *, keep_people: bool = True) -> Accounts:
    """So many orders, and the administrator who looks at them. The store must have no orders yet."""
    with transaction.atomic():
        accounts = _accounts(now)
        every = bought(orders, now)
        while some := list(islice(every, _AT_ONCE)):
            _write(some, accounts, None if keep_people else now)
    return accounts


def ref_of(key: int) -> str:
    return f"C{key:09d}"


def shop_number_of(key: int) -> str:
    return str(100_000 + key)


def code_of(key: int) -> str:
    return f"3SABCD{key:07d}"


def sku_of(article: int) -> str:
    return f"MUG-{article}"


def ean_of(article: int) -> str:
    return f"87{article:011d}"


# below: who


def _accounts(now: datetime) -> Accounts:
    merchant = Merchant.objects.create(name="Benchmark", slug="benchmark")
    person = User.objects.create(email="anna@example.com", name="Anna", language="en", made_at=now)
    Membership.objects.create(user=person, merchant=merchant, role=str(access.Role.ADMINISTRATOR))
    webshop, second = (_connection(merchant, "woocommerce", Role.SHOP, name, now) for name in SHOPS)
    links = [
        Link.objects.create(
            merchant=merchant,
            marketplace=_connection(merchant, "bol", Role.MARKETPLACE, name, now),
            shop=shop,
            from_at=now - YEARS,
        )
        for name, shop in zip(MARKETPLACES, (webshop, webshop, second), strict=True)
    ]
    for number in range(200):
        note(merchant.pk, now, "Anna", "token_made", {"name": f"Program {number}", "scopes": "look"})
    return Accounts(merchant.pk, person, links)


def _connection(merchant: Merchant, connector: str, role: Role, name: str, now: datetime) -> Connection:
    return Connection.objects.create(
        merchant=merchant, connector=connector, role=str(role), name=name, fingerprint=name, hear_at=now, heard_at=now
    )


# below: rows

_ORDER = (
    "id", "merchant", "link", "ref", "status", "hold", "placed_at", "heard_at", "changed_at", "read_at", "currency",
    "prices_include_vat", "shipping_cost", "discount", "total", "language", "country", "ship_by",
    "ship_by_is_estimated", "needs_acceptance",
    "marketplace_label", "by_marketplace", "is_test", "meta", "shop_ref", "shop_number", "shop_state",
    "shop_word", "completed_at", "wait_until", "code", "number_unread", "carrier_word", "code_url", "label", "chosen_carrier",
    "shop_told", "marketplace_told", "confirmed_at", "handled_by_others", "closed_at",
)  # fmt: skip
_LINE = (
    "order", "position", "ref", "remote_ids", "title", "sku", "ean", "ordered", "shipped", "cancelled", "buyer_asks",
    "by_marketplace", "placed", "product_ref", "unit_price", "total", "discount", "services",
)  # fmt: skip
_PERSON = (
    "order", "role", "salutation", "first_name", "last_name", "company", "vat_number", "extra", "street", "house_number",
    "addition", "postcode", "city", "region", "country", "email", "phone", "order_reference", "meta",
    "unread_number", "name_key", "postcode_key",
)  # fmt: skip
_MESSAGE = (
    "id", "order", "connection", "side", "kind", "part", "generation", "rank", "state", "attempt", "epoch", "rounds",
    "deaths", "misses", "made_at", "due_at", "payload", "handle", "refused_as", "remote_ref", "finished_at",
)  # fmt: skip
_SHIPMENT = ("order", "message", "code", "carrier", "label", "remote_ref", "pieces", "confirmed_at")
_EVENT = ("order", "at", "actor", "kind", "data")
_PROBLEM = ("order", "kind", "values", "evidence", "at", "solved_at")
_COMPLETED, _TOLD = timedelta(hours=6), timedelta(hours=7)  # after it was placed at the marketplace


def _write(some: Sequence[Bought], accounts: Accounts, erased_at: datetime | None) -> None:
    kept = [one for one in some if erased_at is None or one.at > erased_at - ERASED_AFTER]
    _put(Order, _ORDER, (_order(one, accounts) for one in some))
    _put(Line, _LINE, (row for one in some for row in _lines(one)))
    _put(Person, _PERSON, (_person(one, role) for one in kept for role in ("ship_to", "bill_to")))
    _put(Message, _MESSAGE, (row for one in some for row in _messages(one, accounts)))
    _put(Shipment, _SHIPMENT, (_shipment(one) for one in some if one.is_told))
    _put(Event, _EVENT, (row for one in some for row in _events(one)))
    _put(Problem, _PROBLEM, (_problem(one) for one in some if one.had_problem))


def _put(model: type[models.Model], columns: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> None:
    insert_values(model, columns, rows)


def _order(one: Bought, accounts: Accounts) -> tuple[object, ...]:
    completed_at = one.at + _COMPLETED if one.status in ("shipped", "waiting") else None
    state, word = ("completed", "completed") if completed_at else ("open", "processing")
    told_at = one.at + _TOLD if one.is_closed else None
    return (
        one.key, accounts.merchant, accounts.links[one.marketplace].pk, ref_of(one.key), one.status, "", one.at, one.at,
        one.at, one.at, "EUR", True, Decimal("2.95"), Decimal(0), Decimal("28.93"), "nl", "NL",
        one.at + timedelta(hours=20), False, False, False, one.by_marketplace, False, [], str(one.key),
        shop_number_of(one.key), state, word, completed_at, one.at + timedelta(days=1) if one.status == "waiting" else None,
        code_of(one.key) if one.status == "shipped" else "", False, "", "", "", "", "told", "told" if told_at else "", told_at,
        False, told_at,
    )  # fmt: skip


def _lines(one: Bought) -> Iterator[tuple[object, ...]]:
    for position, article in enumerate(one.articles):
        ref = f"{one.key}-{position}"
        yield (
            one.key, position, ref, [ref], f"Mug, colour {article}, holds 35 cl, dishwasher-proof", sku_of(article),
            ean_of(article), 1, int(one.is_told), int(one.status == "cancelled"), False, one.by_marketplace, 1,
            str(article), Decimal("12.99"), Decimal("12.99"), Decimal(0), [],
        )  # fmt: skip


def _person(one: Bought, role: str) -> tuple[object, ...]:
    return (
        one.key, role, "", "Sanne", one.name, "", "", "", "Dorpsstraat", "12", "A", one.postcode, "Utrecht", "", "NL",
        "sanne@example.com", "+31600000000", "", [], "", search_key(one.name), search_key(one.postcode),
    )  # fmt: skip


def _messages(one: Bought, accounts: Accounts) -> Iterator[tuple[object, ...]]:
    """Placed for all; confirmed, or on the way to it, for what was sent."""
    link = accounts.links[one.marketplace]
    payload: Payload = PlacePayload({f"{one.key}-0": 1}, "28.93")
    yield (
        2 * one.key, one.key, link.shop_id, "shop", "place", 0, 0, 6, "told", 1, 1, 0, 0, 0, one.at, one.at, payload, "", "",
        str(one.key), one.at + timedelta(seconds=5),
    )  # fmt: skip
    if one.status == "shipped":
        made_at = one.at + _COMPLETED
        state, told_at = ("told", one.at + _TOLD) if one.is_closed else ("awaiting", None)
        payload = ConfirmPayload(code_of(one.key), one.carrier, pieces={f"{one.key}-0": 1})
        yield (
            2 * one.key + 1, one.key, link.marketplace_id, "marketplace", "confirm", 0, 0, 3, state, 1, 1, 0, 0, 0, made_at,
            made_at, payload, f"job-{one.key}", "", "", told_at,
        )  # fmt: skip


def _shipment(one: Bought) -> tuple[object, ...]:
    pieces = {f"{one.key}-{position}": 1 for position in range(len(one.articles))}
    return (one.key, 2 * one.key + 1, code_of(one.key), one.carrier, "", f"s-{one.key}", pieces, one.at + _TOLD)


def _events(one: Bought) -> Iterator[tuple[object, ...]]:
    completed_at = one.at + _COMPLETED
    yield (one.key, one.at, "hub", "heard", {})
    yield (one.key, one.at, "hub", "placed", {"shop_ref": str(one.key), "number": shop_number_of(one.key)})
    if one.status == "shipped":
        facts = {"from": "not_shipped", "to": one.status, "fact": "completed_with_code"}
        yield (one.key, completed_at, "hub", "code", {"code": code_of(one.key)})
        yield (one.key, completed_at, "hub", "completed_in_shop", {})
        yield (one.key, completed_at, "hub", "status", facts)
    if one.is_told:
        yield (one.key, one.at + _TOLD, "hub", "confirmed", {"code": code_of(one.key), "carrier": one.carrier})


def _problem(one: Bought) -> tuple[object, ...]:
    values = {"sku": sku_of(one.articles[0]), "title": "Mug"}
    solved_at = None if one.has_problem else one.at + timedelta(hours=1)
    return (one.key, "unknown_product", values, "", one.at, solved_at)
