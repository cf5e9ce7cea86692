"""An order that has not changed is not mapped again, and one that has is."""

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from orderhaven.connectors.woocommerce.mapping import ShopWords, shop_order
from orderhaven.connectors.woocommerce.pulling import SnapshotCache, decoded, mark_of
from orderhaven.core.errors import UnexpectedResponse
from orderhaven.core.money import Money
from orderhaven.core.shop_order import ShopOrderSnapshot, ShopState

from .conftest import Shop, line, order, run

READING = ShopOrderSnapshot("7", "7", "", ShopState.OPEN, "processing")


def test_what_changed_between_two_snapshots_is_seen_by_the_second(shop: Shop) -> None:
    connector = shop.connector()
    ref = shop.create(shop.order_draft(order(line()))).order.shop_ref
    before = run(connector.read([ref]))[ref]

    shop.sandbox.complete(ref, tracking_number="3SABCD1234567")
    after = run(connector.read([ref]))[ref]

    assert (before.state, before.tracking) == (ShopState.OPEN, ())
    assert (after.state, after.tracking[0].number) == (ShopState.COMPLETED, "3SABCD1234567")


def test_a_refund_is_seen_although_the_order_says_the_same(shop: Shop) -> None:
    connector = shop.connector()
    ref = shop.create(shop.order_draft(order(line(quantity=2)))).order.shop_ref
    shop.sandbox.complete(ref)
    _, answer = shop.ask("GET", f"/orders/{ref}")
    item = {"id": answer["line_items"][0]["id"], "quantity": 1, "refund_total": 1}
    shop.ask("POST", f"/orders/{ref}/refunds", {"amount": "1.00", "line_items": [item], "api_refund": False})

    found = [run(connector.read([ref]))[ref].quantity() for _ in range(2)]

    assert found == [1, 1]


def test_the_same_answer_gives_the_same_reading_and_another_one_none() -> None:
    kept = SnapshotCache()
    kept.keep(mark_of(msgspec.Raw(b'{"id":7}')), READING)

    assert kept.of(mark_of(msgspec.Raw(b'{"id":7}'))) is READING
    assert kept.of(mark_of(msgspec.Raw(b'{"id":7 }'))) is None


def test_no_more_snapshots_are_kept_than_a_busy_shop_has_open() -> None:
    kept = SnapshotCache()

    for number in range(5001):
        kept.keep(str(number).encode(), replace(READING, shop_ref=str(number)))

    assert (kept.of(b"0"), kept.of(b"5000")) == (None, replace(READING, shop_ref="5000"))


@pytest.mark.parametrize("answer", [b'{"id":"seven"}', b"{"])
def test_an_order_that_cannot_be_read_says_so(answer: bytes) -> None:
    with pytest.raises(UnexpectedResponse):
        decoded(msgspec.Raw(answer))


BENT: dict[str, Any] = {
    "id": 7,
    "number": 7,
    "status": "processing",
    "currency": "EUR",
    "total": 25.98,
    "line_items": {
        "0": {
            "id": "3",
            "name": 1984,
            "product_id": "101",
            "variation_id": None,
            "quantity": "2",
            "sku": 123,
            "total": 21,
            "meta_data": {"1": {"key": "_orderhaven_line", "value": "L1"}, "4": None},
        }
    },
    "meta_data": {"1": {"key": "_tracking_number", "value": "3SABCD1234567"}, "2": {}, "9": {"key": 5, "value": "x"}},
    "fee_lines": {},
}


def test_numbers_as_text_and_objects_for_lists_are_read_as_they_are_meant() -> None:
    snapshot = shop_order(decoded(msgspec.Raw(msgspec.json.encode(BENT))), ShopWords(frozenset(), frozenset()))

    assert (snapshot.number, snapshot.total) == ("7", Money.of("25.98", "EUR"))
    assert [(one.product_ref, one.sku, one.title, one.quantity, one.line_ref) for one in snapshot.lines] == [
        ("101", "123", "1984", 2, "L1")
    ]
    assert [code.number for code in snapshot.tracking] == ["3SABCD1234567"]


@pytest.mark.parametrize("malformed", [{"status": 5}, {"status": None}, {"currency": None}, {"total": None}])
def test_what_decides_is_never_guessed(malformed: dict[str, Any]) -> None:
    with pytest.raises(UnexpectedResponse):
        shop_order(decoded(msgspec.Raw(msgspec.json.encode(BENT | malformed))), ShopWords(frozenset(), frozenset()))


@pytest.mark.parametrize("quantity", [1.5, "one", None])
def test_a_line_of_another_quantity_than_whole_pieces_is_never_guessed(quantity: Any) -> None:
    lines = [{**BENT["line_items"]["0"], "quantity": quantity}]

    with pytest.raises(UnexpectedResponse):
        shop_order(
            decoded(msgspec.Raw(msgspec.json.encode(BENT | {"line_items": lines}))), ShopWords(frozenset(), frozenset())
        )


def written(**other: object) -> msgspec.Raw:
    line = {"id": 1, "product_id": 9, "quantity": 2, "sku": "MUG-1"}
    order = {"id": 5, "status": "completed", "currency": "EUR", "total": "12.50", "line_items": [line]}
    return msgspec.Raw(msgspec.json.encode(order | other))


def test_how_a_thing_is_written_decides_nothing() -> None:
    line = {"id": "1", "product_id": "9", "quantity": "2", "sku": 123, "meta_data": {"1": {"key": "a"}, "3": []}}

    order = decoded(written(total=12.5, number=77, line_items=[line]))

    assert (order.total, order.number, order.line_items[0].sku, order.line_items[0].quantity) == (
        "12.5",
        "77",
        "123",
        2,
    )
    assert [entry.key for entry in order.line_items[0].meta_data] == ["a"]


@pytest.mark.parametrize(
    "other",
    [
        {"status": None}, {"status": 5}, {"currency": None}, {"total": None}, {"total": {}}, {"line_items": None},
        {"line_items": [{"id": 1, "sku": "MUG-1"}]}, {"line_items": [{"id": 1, "quantity": "two"}]},
    ],
)  # fmt: skip
def test_what_decides_something_is_never_guessed(other: dict[str, object]) -> None:
    with pytest.raises(UnexpectedResponse):
        decoded(written(**other))
