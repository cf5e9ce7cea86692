"""What changed, what stands, and what is ours: pulled, read and found without leaving anything out."""

import json
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from orderhaven.connectors.kit.faults import HttpFaultKind
from orderhaven.connectors.kit.server import InProcessTransport
from orderhaven.connectors.woocommerce.connector import WooCommerce
from orderhaven.core.errors import AuthRejected, RateLimited, SafeToRetry, UnexpectedResponse
from orderhaven.core.shop_order import ProductQuery, ShopState
from orderhaven.ports.connector import ConnectorContext, InMemoryTokenCache
from orderhaven.ports.sandbox import Basket, CatalogueItem
from orderhaven.ports.shop import ShopPage

from .conftest import LAMP, MUG, Shop, line, order, pulled, run

CREATED = "/wp-json/wc/v3/orders"


def fill(shop: Shop, count: int, **step: float) -> list[str]:
    refs = []
    for number in range(count):
        refs.append(shop.sandbox.create_by_other_tool(Basket([(MUG, 1)]), f"W{number}"))
        shop.clock.pass_(**step)
    return refs


def test_the_first_pull_begins_now(shop: Shop) -> None:
    fill(shop, 3)

    orders, cursor = pulled(shop.connector(), "")

    assert (orders, cursor) == ([], "2026-11-05T09:00:00+00:00")


def test_the_cursor_is_the_shops_clock_at_the_first_request(shop: Shop) -> None:
    shop.sandbox.site.clock_is_off_by = timedelta(minutes=-3)

    _, cursor = pulled(shop.connector(), "")

    assert cursor == "2026-11-05T08:57:00+00:00"


def test_a_change_in_the_very_second_of_the_cursor_less_overlap_is_pulled(shop: Shop) -> None:
    """modified_after leaves out its own second."""
    (ref,) = fill(shop, 1)
    shop.clock.pass_(minutes=10)

    orders, _ = pulled(shop.connector(), shop.clock.now().isoformat())

    assert [one.shop_ref for one in orders] == [ref]


def test_changes_before_the_overlap_are_not_pulled_again(shop: Shop) -> None:
    fill(shop, 1)
    shop.clock.pass_(minutes=10, seconds=1)

    assert pulled(shop.connector(), shop.clock.now().isoformat())[0] == []


@pytest.mark.parametrize("count", [100, 101, 250, 730])
@pytest.mark.parametrize("step", [0, 0.01, 0.7])
def test_every_order_is_pulled_whatever_the_pages(shop: Shop, count: int, step: float) -> None:
    """730 in one second: more than one address can name."""
    since = shop.clock.now().isoformat()
    refs = fill(shop, count, seconds=step)

    orders, _ = pulled(shop.connector(), since)

    assert [one.shop_ref for one in orders] == refs


def test_orders_that_move_while_they_are_pulled_crowd_none_out(shop: Shop) -> None:
    since = shop.clock.now().isoformat()
    refs = fill(shop, 300, seconds=1)

    async def pull() -> set[str]:
        moved = 0
        found: set[str] = set()
        async for page in shop.connector().pull(since):
            found |= {one.shop_ref for one in page.orders}
            if moved < 3:
                moved += 1
                shop.clock.pass_(seconds=1)
                for ref in refs[:50]:
                    shop.sandbox.set_meta(ref, "touched", moved)
        return found

    assert run(pull()) == set(refs)


def test_a_tracking_number_moves_the_order_into_the_next_pull(shop: Shop) -> None:
    placed = shop.create(shop.order_draft(order())).order
    shop.clock.pass_(hours=1)
    _, cursor = pulled(shop.connector(), "")
    shop.clock.pass_(minutes=5)
    shop.sandbox.complete(placed.shop_ref, "3SABCD1234567", "PostNL")

    (again,), _ = pulled(shop.connector(), cursor)

    assert (again.reference, again.state) == ("bol-1", ShopState.COMPLETED)
    assert [(code.number, code.carrier_name) for code in again.tracking] == [("3SABCD1234567", "PostNL")]
    assert again.completed_at == shop.clock.now()


@pytest.mark.parametrize("place", ["_wc_shipment_tracking_items", "_tracking_number", "fulfillments"])
def test_a_tracking_number_is_read_wherever_this_merchant_keeps_it(shop: Shop, place: str) -> None:
    shop.sandbox.site.has_fulfilments = True
    shop.sandbox.tracking_stored_in = place
    placed = shop.create(shop.order_draft(order())).order

    shop.sandbox.complete(placed.shop_ref, "3SABCD1234567", "PostNL")

    found = run(shop.connector().read([placed.shop_ref]))[placed.shop_ref]
    assert [(code.number, code.carrier_name) for code in found.tracking] == [("3SABCD1234567", "PostNL")]


@pytest.mark.parametrize(("setting", "state"), [("yes", ShopState.COMPLETED), ("no", ShopState.OPEN)])
def test_a_complete_fulfilment_counts_when_the_merchant_says_so(shop: Shop, setting: str, state: ShopState) -> None:
    shop.sandbox.site.has_fulfilments = True
    shop.sandbox.tracking_stored_in = "fulfillments"
    placed = shop.create(shop.order_draft(order())).order
    shop.sandbox.add_tracking(placed.shop_ref, "3SABCD1234567")

    found = run(shop.connector(fulfilled_is_completed=setting).read([placed.shop_ref]))[placed.shop_ref]

    assert (found.state, found.shop_status) == (state, "processing")


def test_fulfilments_that_were_switched_off_since_are_no_error(shop: Shop) -> None:
    shop.sandbox.site.has_fulfilments = True
    shop.sandbox.tracking_stored_in = "fulfillments"
    placed = shop.create(shop.order_draft(order())).order
    shop.sandbox.add_tracking(placed.shop_ref, "3SABCD1234567")
    shop.sandbox.site.has_fulfilments = False

    assert run(shop.connector().read([placed.shop_ref]))[placed.shop_ref].tracking == ()


def test_refunded_pieces_are_told_apart_by_line(shop: Shop) -> None:
    placed = shop.create(shop.order_draft(order(line(quantity=3), line(LAMP, 2, ref="L2")))).order
    _, made = shop.ask("GET", f"/orders/{placed.shop_ref}")
    lamp = made["line_items"][1]["id"]
    shop.ask(
        "POST",
        f"/orders/{placed.shop_ref}/refunds",
        {"amount": "1.00", "line_items": [{"id": lamp, "quantity": 1}], "api_refund": False},
    )

    found = run(shop.connector().read([placed.shop_ref]))[placed.shop_ref]

    assert [(one.quantity, one.refunded) for one in found.lines] == [(3, 0), (2, 1)]
    assert found.quantity() == 4


def test_a_whole_refund_counts_as_cancelled(shop: Shop) -> None:
    placed = shop.create(shop.order_draft(order())).order
    shop.ask("POST", f"/orders/{placed.shop_ref}/refunds", {"amount": "12.99", "api_refund": False})

    assert run(shop.connector().read([placed.shop_ref]))[placed.shop_ref].state is ShopState.CANCELLED


def test_every_state_is_read(shop: Shop) -> None:
    shop.sandbox.add_status("ingepakt", "Ingepakt")
    refs = fill(shop, 6)
    shop.sandbox.complete(refs[1])
    shop.sandbox.cancel(refs[2])
    shop.sandbox.trash(refs[3])
    shop.sandbox.delete(refs[4])
    shop.sandbox.set_status(refs[5], "ingepakt")
    before = len(shop.sandbox.calls)

    found = run(shop.connector(completed_statuses="completed, ingepakt").read([*refs, "abc"]))

    assert [one.state for one in found.values()] == [
        ShopState.OPEN,
        ShopState.COMPLETED,
        ShopState.CANCELLED,
        ShopState.TRASHED,
        ShopState.GONE,
        ShopState.COMPLETED,
        ShopState.GONE,
    ]
    assert len(shop.sandbox.calls) - before == 3  # the list, and the two that it does not show


def test_a_missing_route_is_never_taken_for_a_missing_order(shop: Shop) -> None:
    (ref,) = fill(shop, 1)
    shop.sandbox.trash(ref)
    shop.sandbox.faults.add(HttpFaultKind.STATUS, path=f"/orders/{ref}", status=404, times=-1)

    with pytest.raises(SafeToRetry):
        run(shop.connector().read([ref]))


def test_woocommerce_being_updated_does_not_make_an_order_gone(shop: Shop) -> None:
    """404 with another code than 'invalid id', between the list and the question for the one it lacks."""
    (ref,) = fill(shop, 1)
    shop.sandbox.trash(ref)
    handle = shop.sandbox.handle

    class Updating:
        async def handle(self, request: Any) -> Any:
            response = await handle(request)
            shop.sandbox.site.has_woocommerce = False
            return response

    context = ConnectorContext(shop.clock, InProcessTransport({"shop.test": Updating()}), InMemoryTokenCache())

    with pytest.raises(SafeToRetry):
        run(WooCommerce(shop.sandbox.settings(shop.url), context).read([ref]))


def test_a_shop_that_gives_the_same_page_for_ever_is_an_unexpected_response(shop: Shop) -> None:
    since = shop.clock.now().isoformat()
    fill(shop, 120)
    handle = shop.sandbox.handle

    class Deaf:
        """A cache that leaves out what it does not know."""

        async def handle(self, request: Any) -> Any:
            return await handle(replace(request, url=request.url.partition("&exclude=")[0]))

    context = ConnectorContext(shop.clock, InProcessTransport({"shop.test": Deaf()}), InMemoryTokenCache())

    with pytest.raises(UnexpectedResponse, match="same page"):
        pulled(WooCommerce(shop.sandbox.settings(shop.url), context), since)


def test_one_order_that_a_plug_in_bent_out_of_shape_holds_up_no_other(shop: Shop) -> None:
    since = shop.clock.now().isoformat()
    refs = fill(shop, 230)
    malformed = refs[100]
    handle = shop.sandbox.handle

    class MalformedRow:
        async def handle(self, request: Any) -> Any:
            response = await handle(request)
            orders = json.loads(response.body)
            for one in orders:
                if isinstance(one, dict) and str(one["id"]) == malformed:
                    one["total"] = {"raw": "12.99"}
            return replace(response, body=json.dumps(orders).encode())

    context = ConnectorContext(shop.clock, InProcessTransport({"shop.test": MalformedRow()}), InMemoryTokenCache())
    connector = WooCommerce(shop.sandbox.settings(shop.url), context)

    async def pages() -> list[ShopPage]:
        return [page async for page in connector.pull(since)]

    found = run(pages())

    assert {one.shop_ref for page in found for one in page.orders} == set(refs) - {malformed}
    strange = {ref: cause for page in found for ref, cause in page.not_understood.items()}
    assert list(strange) == [malformed]
    assert "total" in strange[malformed]


def test_orders_are_found_by_exact_reference_in_two_calls(shop: Shop) -> None:
    for reference in ("bol-1", "bol-10", "BOL-1"):
        shop.create(shop.order_draft(order(), reference))
    before = len(shop.sandbox.calls)

    found = run(shop.connector().find(["bol-1", "bol-2", "bol-10"]))

    assert {reference: len(orders) for reference, orders in found.items()} == {"bol-1": 1, "bol-10": 1}
    assert shop.sandbox.calls[before:] == [f"GET {CREATED}", f"GET {CREATED}"]


def test_orders_created_twice_are_found_oldest_first_and_in_the_trash(shop: Shop) -> None:
    refs = [shop.create(shop.order_draft(order())).order.shop_ref for _ in range(3)]
    shop.sandbox.trash(refs[0])

    found = run(shop.connector().find(["bol-1"]))["bol-1"]

    assert [one.shop_ref for one in found] == refs
    assert found[0].state is ShopState.TRASHED


def test_more_finds_than_one_page_are_all_found(shop: Shop) -> None:
    for _ in range(105):
        shop.create(shop.order_draft(order()))

    assert len(run(shop.connector().find(["bol-1"]))["bol-1"]) == 105


def test_more_references_than_a_web_server_takes_in_one_address_are_all_looked_for(shop: Shop) -> None:
    first, last = (shop.order_draft(order(), f"marketplace-f00d12-{number:040d}") for number in (1, 200))
    shop.create(first)
    shop.create(last)

    found = run(shop.connector().find([f"marketplace-f00d12-{number:040d}" for number in range(1, 201)]))

    assert set(found) == {first.reference, last.reference}


def test_an_order_in_a_status_of_its_own_is_found(shop: Shop) -> None:
    shop.sandbox.add_status("ingepakt", "Ingepakt")
    placed = shop.create(shop.order_draft(order())).order
    shop.sandbox.set_status(placed.shop_ref, "ingepakt")

    assert "bol-1" in run(shop.connector().find(["bol-1"]))


def test_an_order_that_a_person_set_back_to_pending_is_not_partly_created(shop: Shop) -> None:
    placed = shop.create(shop.order_draft(order())).order
    shop.sandbox.set_status(placed.shop_ref, "pending")

    (found,) = run(shop.connector().find(["bol-1"]))["bol-1"]

    assert len(found.lines) == 1


def test_a_shop_that_does_not_filter_is_an_unexpected_response_and_not_a_miss(shop: Shop) -> None:
    fill(shop, 1)
    handle, settings = shop.sandbox.handle, shop.sandbox.settings(shop.url)

    class Deaf:
        """A proxy that drops what it does not know."""

        async def handle(self, request: Any) -> Any:
            return await handle(replace(request, url=request.url.replace("created_via=", "unknown=")))

    shop.sandbox = Deaf()  # type: ignore[assignment]
    with pytest.raises(UnexpectedResponse, match=r"9\.9"):
        run(WooCommerce(settings, shop.context).find(["bol-1"]))


def test_products_are_found_by_sku_then_by_ean(shop: Shop) -> None:
    comma = CatalogueItem("A,B", "", "Comma", "1.00")
    shop.sandbox.stock([comma])
    shop.sandbox.add_product(CatalogueItem("SHIRT", "", "Shirt", "1.00"), kind="variable")
    by_sku = ProductQuery("MUG-1", "0000000000000")
    by_ean = ProductQuery("", LAMP.ean)
    small_letters = ProductQuery("mug-1", "")
    with_comma = ProductQuery("A,B", "")
    absent = ProductQuery("NO", "1111111111111")
    parent = ProductQuery("SHIRT", "")

    found = run(shop.connector().find_products([by_sku, by_ean, small_letters, with_comma, absent, parent]))

    assert set(found) == {by_sku, by_ean, small_letters, with_comma}
    assert found[by_sku] == found[small_letters] == "101"
    assert found[by_ean] == "102"


def test_an_ended_secret_in_the_middle_ends_the_pull(shop: Shop) -> None:
    since = shop.clock.now().isoformat()
    fill(shop, 150)

    async def pull() -> int:
        pages = 0
        async for _ in shop.connector().pull(since):
            pages += 1
            shop.sandbox.auth.secret = "cs_new"
        return pages

    with pytest.raises(AuthRejected):
        run(pull())


def test_a_slow_down_is_passed_on_with_its_wait(shop: Shop) -> None:
    shop.sandbox.faults.add(HttpFaultKind.RATE_LIMITED, delay=timedelta(seconds=30))

    with pytest.raises(RateLimited) as limited:
        pulled(shop.connector(), shop.clock.now().isoformat())

    assert limited.value.after == timedelta(seconds=30)


@pytest.mark.parametrize("kind", [HttpFaultKind.STATUS, HttpFaultKind.RESET, HttpFaultKind.NEVER])
def test_a_read_is_tried_again(shop: Shop, kind: HttpFaultKind) -> None:
    (ref,) = fill(shop, 1)
    shop.sandbox.faults.add(kind)

    assert run(shop.connector().read([ref]))[ref].state is ShopState.OPEN
