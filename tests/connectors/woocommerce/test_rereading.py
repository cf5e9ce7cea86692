"""An order that has not changed is not mapped again, and one that has is."""

import msgspec
import pytest
from msgspec.structs import replace

from orderhaven.connectors.woocommerce.rereading import Readings, decoded, mark_of
from orderhaven.core.errors import Surprise
from orderhaven.core.shop_order import ShopOrder, ShopState

from .conftest import Shop, line, order, run

READING = ShopOrder("7", "7", "", ShopState.OPEN, "processing")


def test_what_changed_between_two_readings_is_seen_by_the_second(shop: Shop) -> None:
    connector = shop.connector()
    ref = shop.place(shop.placement(order(line()))).order.shop_ref
    before = run(connector.read([ref]))[ref]

    shop.sandbox.complete(ref, code="3SABCD1234567")
    after = run(connector.read([ref]))[ref]

    assert (before.state, before.codes) == (ShopState.OPEN, ())
    assert (after.state, after.codes[0].code) == (ShopState.COMPLETED, "3SABCD1234567")


def test_a_refund_is_seen_although_the_order_says_the_same(shop: Shop) -> None:
    connector = shop.connector()
    ref = shop.place(shop.placement(order(line(quantity=2)))).order.shop_ref
    shop.sandbox.complete(ref)
    _, answer = shop.ask("GET", f"/orders/{ref}")
    item = {"id": answer["line_items"][0]["id"], "quantity": 1, "refund_total": 1}
    shop.ask("POST", f"/orders/{ref}/refunds", {"amount": "1.00", "line_items": [item], "api_refund": False})

    found = [run(connector.read([ref]))[ref].pieces() for _ in range(2)]

    assert found == [1, 1]


def test_the_same_answer_gives_the_same_reading_and_another_one_none() -> None:
    kept = Readings()
    kept.keep(mark_of(msgspec.Raw(b'{"id":7}')), READING)

    assert kept.of(mark_of(msgspec.Raw(b'{"id":7}'))) is READING
    assert kept.of(mark_of(msgspec.Raw(b'{"id":7 }'))) is None


def test_no_more_readings_are_kept_than_a_busy_shop_has_open() -> None:
    kept = Readings()

    for number in range(5001):
        kept.keep(str(number).encode(), replace(READING, shop_ref=str(number)))

    assert (kept.of(b"0"), kept.of(b"5000")) == (None, replace(READING, shop_ref="5000"))


@pytest.mark.parametrize("answer", [b'{"id":"seven"}', b"{"])
def test_an_order_that_cannot_be_read_says_so(answer: bytes) -> None:
    with pytest.raises(Surprise):
        decoded(msgspec.Raw(answer))
