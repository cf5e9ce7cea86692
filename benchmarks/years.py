"""A merchant's store after years of trade: written, not traded."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice

from django.db import models, transaction

from orderhaven.core import access
from orderhaven.core.order import search_key
from orderhaven.ports.connector import Side
from orderhaven.store.access.credentials import note
from orderhaven.store.connections.links import write_scope
from orderhaven.store.models import (
    Connection,
    Event,
    Line,
    Link,
    Membership,
    Merchant,
    Message,
    Order,
    OrderContact,
    Problem,
    Shipment,
    User,
)
from orderhaven.store.outbox.payloads import ConfirmPayload, CreatePayload, Payload
from orderhaven.store.sql.execute import insert_values

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
    person = User.objects.create(email="anna@example.com", name="Anna", language="en", created_at=now)
    Membership.objects.create(user=person, merchant=merchant, role=str(access.Role.ADMINISTRATOR))
    webshop, second = (_connection(merchant, "woocommerce", Side.SHOP, name, now) for name in SHOPS)
    links = [
        Link.objects.create(
            merchant=merchant,
            name=name,
            marketplace=_connection(merchant, "bol", Side.MARKETPLACE, name, now),
            shop=shop,
            from_at=now - YEARS,
        )
        for name, shop in zip(MARKETPLACES, (webshop, webshop, second), strict=True)
    ]
    for link in links:
        write_scope(link)
    for number in range(200):
        note(merchant.pk, now, "Anna", "token_created", {"name": f"Program {number}", "scopes": "read"})
    return Accounts(merchant.pk, person, links)


def _connection(merchant: Merchant, connector: str, role: Side, name: str, now: datetime) -> Connection:
    return Connection.objects.create(
        merchant=merchant,
        connector=connector,
        side=str(role),
        name=name,
        fingerprint=name,
        pull_at=now,
        last_pulled_at=now,
    )


# below: rows

_ORDER = (
    "id", "merchant", "connection", "link", "ref", "reference", "channel", "status", "hold", "placed_at", "received_at", "changed_at",
    "read_at", "currency",
    "prices_include_vat", "shipping_cost", "discount", "total", "language", "country", "ship_by",
    "ship_by_is_estimated", "waits_for", "fingerprint",
    "marketplace_label", "by_marketplace", "is_test", "meta", "shop_ref", "shop_number", "shop_state",
    "shop_status", "completed_at", "wait_until", "tracking_number", "tracking_unreadable", "carrier_name",
    "tracking_url", "label_number", "chosen_carrier",
    "shop_sync", "marketplace_sync", "confirmed_at", "handled_externally", "closed_at",
)  # fmt: skip
_LINE = (
    "order", "position", "ref", "remote_ids", "title", "sku", "ean", "ordered", "shipped", "cancelled", "cancellation_requested",
    "by_marketplace", "in_shop", "product_ref", "unit_price", "total", "discount", "services",
)  # fmt: skip
_PERSON = (
    "order", "role", "salutation", "first_name", "last_name", "company", "vat_number", "extra", "street", "house_number",
    "addition", "postcode", "city", "region", "country", "email", "phone", "order_reference", "meta",
    "unreadable_tracking", "name_key", "postcode_key",
)  # fmt: skip
_MESSAGE = (
    "id", "order", "connection", "side", "kind", "part", "generation", "rank", "state", "attempt", "epoch", "rounds",
    "deaths", "not_found_count", "created_at", "due_at", "payload", "handle", "rejection_cause", "remote_ref", "finished_at",
    "reference", "prepared",
)  # fmt: skip
_SHIPMENT = (
    "order",
    "message",
    "tracking_number",
    "carrier",
    "label_number",
    "remote_ref",
    "quantities",
    "confirmed_at",
)
_EVENT = ("order", "at", "actor", "kind", "data")
_PROBLEM = ("order", "kind", "values", "evidence", "at", "resolved_at")
_COMPLETED, _TOLD = timedelta(hours=6), timedelta(hours=7)  # after it was placed at the marketplace


def _write(some: Sequence[Bought], accounts: Accounts, erased_at: datetime | None) -> None:
    kept = [one for one in some if erased_at is None or one.at > erased_at - ERASED_AFTER]
    _put(Order, _ORDER, (_order(one, accounts) for one in some))
    _put(Line, _LINE, (row for one in some for row in _lines(one)))
    _put(OrderContact, _PERSON, (_person(one, role) for one in kept for role in ("ship_to", "bill_to")))
    _put(Message, _MESSAGE, (row for one in some for row in _messages(one, accounts)))
    _put(Shipment, _SHIPMENT, (_shipment(one) for one in some if one.is_sent))
    _put(Event, _EVENT, (row for one in some for row in _events(one)))
    _put(Problem, _PROBLEM, (_problem(one) for one in some if one.had_problem))


def _put(model: type[models.Model], columns: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> None:
    insert_values(model, columns, rows)


def _order(one: Bought, accounts: Accounts) -> tuple[object, ...]:
    completed_at = one.at + _COMPLETED if one.status in ("shipped", "waiting") else None
    state, word = ("completed", "completed") if completed_at else ("open", "processing")
    notified_at = one.at + _TOLD if one.is_closed else None
    link = accounts.links[one.marketplace]
    return (
        one.key, accounts.merchant, link.marketplace_id, link.pk, ref_of(one.key), _reference(one), "", one.status, "", one.at, one.at,
        one.at, one.at, "EUR", True, Decimal("2.95"), Decimal(0), Decimal("28.93"), "nl", "NL",
        one.at + timedelta(hours=20), False, "", "", False, one.by_marketplace, False, [], str(one.key),
        shop_number_of(one.key), state, word, completed_at, one.at + timedelta(days=1) if one.status == "waiting" else None,
        code_of(one.key) if one.status == "shipped" else "", False, "", "", "", "",
        "synced", "synced" if notified_at else "", notified_at,
        False, notified_at,
    )  # fmt: skip


def _lines(one: Bought) -> Iterator[tuple[object, ...]]:
    for position, article in enumerate(one.articles):
        ref = f"{one.key}-{position}"
        yield (
            one.key, position, ref, [ref], f"Mug, colour {article}, holds 35 cl, dishwasher-proof", sku_of(article),
            ean_of(article), 1, int(one.is_sent), int(one.status == "cancelled"), False, one.by_marketplace, 1,
            str(article), Decimal("12.99"), Decimal("12.99"), Decimal(0), [],
        )  # fmt: skip


def _person(one: Bought, role: str) -> tuple[object, ...]:
    return (
        one.key, role, "", "Sanne", one.name, "", "", "", "Dorpsstraat", "12", "A", one.postcode, "Utrecht", "", "NL",
        "sanne@example.com", "+31600000000", "", [], "", search_key(one.name), search_key(one.postcode),
    )  # fmt: skip


def _reference(one: Bought) -> str:
    return f"bol-{ref_of(one.key)}"


def _messages(one: Bought, accounts: Accounts) -> Iterator[tuple[object, ...]]:
    """Created for all; confirmed, or on the way to it, for what was sent."""
    link = accounts.links[one.marketplace]
    payload: Payload = CreatePayload({f"{one.key}-0": 1}, "28.93")
    yield (
        2 * one.key, one.key, link.shop_id, "shop", "create", 0, 0, 6, "done", 1, 1, 0, 0, 0, one.at, one.at, payload, "", "",
        str(one.key), one.at + timedelta(seconds=5), _reference(one), "",
    )  # fmt: skip
    if one.status == "shipped":
        created_at = one.at + _COMPLETED
        state, notified_at = ("done", one.at + _TOLD) if one.is_closed else ("processing", None)
        payload = ConfirmPayload(code_of(one.key), one.carrier, quantities={f"{one.key}-0": 1})
        yield (
            2 * one.key + 1, one.key, link.marketplace_id, "marketplace", "confirm", 0, 0, 3, state, 1, 1, 0, 0, 0, created_at,
            created_at, payload, f"job-{one.key}", "", "", notified_at,
            f"oh-{ref_of(one.key)}-confirm-0.0", "",
        )  # fmt: skip


def _shipment(one: Bought) -> tuple[object, ...]:
    pieces = {f"{one.key}-{position}": 1 for position in range(len(one.articles))}
    return (one.key, 2 * one.key + 1, code_of(one.key), one.carrier, "", f"s-{one.key}", pieces, one.at + _TOLD)


def _events(one: Bought) -> Iterator[tuple[object, ...]]:
    completed_at = one.at + _COMPLETED
    yield (one.key, one.at, "hub", "received", {})
    yield (one.key, one.at, "hub", "in_shop", {"shop_ref": str(one.key), "number": shop_number_of(one.key)})
    if one.status == "shipped":
        facts = {"from": "not_shipped", "to": one.status, "trigger": "completed_tracked"}
        yield (one.key, completed_at, "hub", "tracking_number", {"tracking_number": code_of(one.key)})
        yield (one.key, completed_at, "hub", "completed_in_shop", {})
        yield (one.key, completed_at, "hub", "status", facts)
    if one.is_sent:
        yield (
            one.key,
            one.at + _TOLD,
            "hub",
            "confirmed",
            {"tracking_number": code_of(one.key), "carrier": one.carrier},
        )


def _problem(one: Bought) -> tuple[object, ...]:
    values = {"sku": sku_of(one.articles[0]), "title": "Mug"}
    resolved_at = None if one.has_problem else one.at + timedelta(hours=1)
    return (one.key, "unknown_product", values, "", one.at, resolved_at)
