"""The sandbox is as strict as bol with each command, and carries it out later."""

from typing import Any

import msgspec
import pytest

from orderhaven.ports.sandbox import Basket, CatalogueItem

CUP = CatalogueItem("CUP", "8700000000017", "Kop", "4.50")


def item(api: Any, **basket: Any) -> str:
    return str(api.world.item_refs(api.world.sell((CUP, 2), **basket))[0])


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"shipmentReference": "x" * 91}, "shipmentReference"),
        ({"shipmentReference": ""}, "shipmentReference"),
        ({"transport": {"transporterCode": "POSTNL"}}, "transport.transporterCode"),
        ({"transport": {"trackAndTrace": "3S"}}, "transport"),
        ({"transport": {"transporterCode": "TNT"}, "shippingLabelId": "a"}, "shippingLabelId"),
        ({"carrier": "TNT"}, "carrier"),
    ],
)
def test_a_shipment_that_breaks_a_rule_is_refused(api: Any, other: dict[str, Any], reason: str) -> None:
    response = api.ship({"orderItemId": item(api)}, **other)

    assert response.status == 400
    assert reason in api.reasons(response)


def test_a_shipment_names_one_to_a_hundred_items(api: Any) -> None:
    ref = item(api)

    assert api.ship().status == 400
    assert api.ship(*[{"orderItemId": ref}] * 101).status == 400


def test_items_of_two_orders_do_not_go_together(api: Any) -> None:
    assert "same order" in api.reasons(api.ship({"orderItemId": item(api)}, {"orderItemId": item(api)}))


def test_no_more_is_shipped_than_is_open(api: Any) -> None:
    assert "3 cannot" in api.reasons(api.ship({"orderItemId": item(api), "quantity": 3}))


def test_without_a_quantity_everything_open_is_shipped(api: Any) -> None:
    ref = item(api)
    api.ship({"orderItemId": ref, "quantity": 1})
    api.world.clock.move(seconds=5)
    api.ship({"orderItemId": ref})
    api.world.clock.move(seconds=5)

    assert [made.quantities[ref] for made in api.world.sandbox.shipments()] == [1, 1]


@pytest.mark.parametrize("basket", [{"by_marketplace": True}, {"marketplace_label": True}])
def test_what_bol_sends_or_labels_takes_no_transport_of_ours(api: Any, basket: dict[str, bool]) -> None:
    response = api.ship({"orderItemId": item(api, **basket)}, transport={"transporterCode": "TNT"})

    assert response.status == 400


def test_garbage_is_refused(api: Any) -> None:
    assert api.send("POST", "/retailer/shipments", b"\xff{").status == 400


def test_an_accepted_shipment_happens_later(api: Any) -> None:
    ref = item(api)
    answer = msgspec.json.decode(api.ship({"orderItemId": ref}).body)
    before = len(api.world.sandbox.shipments())
    api.world.clock.move(seconds=5)

    assert (answer["status"], answer["entityId"], answer["eventType"]) == ("PENDING", ref, "CREATE_SHIPMENT")
    assert (before, len(api.world.sandbox.shipments())) == (0, 1)
    assert api.get(f"/shared/process-status/{answer['processStatusId']}")["status"] == "SUCCESS"


def test_a_shipment_of_several_items_has_no_entity(api: Any) -> None:
    first, second = api.world.item_refs(api.world.sell((CUP, 1), (CUP, 1)))

    assert "entityId" not in msgspec.json.decode(api.ship({"orderItemId": first}, {"orderItemId": second}).body)


def test_shipments_of_an_order_are_listed_newest_first(api: Any) -> None:
    ref = item(api)
    order = api.world.sandbox.refs()[0]
    for reference in ("first", "second"):
        api.ship({"orderItemId": ref, "quantity": 1}, shipmentReference=reference)
        api.world.clock.move(seconds=5)

    listed = api.get(f"/retailer/shipments?order-id={order}")["shipments"]

    assert [made["shipmentReference"] for made in listed] == ["second", "first"]
    assert api.send("GET", f"/retailer/shipments?order-id={order}&fulfilment-method=FBR").status == 400


# ------------------------------------------------------------ cancellations, transports, processes


@pytest.mark.parametrize(
    "items",
    [
        [],
        [{"orderItemId": "2000000001", "reasonCode": "OTHER"}] * 2,
        [{"orderItemId": "2000000001", "reasonCode": "BORED"}],
        [{"orderItemId": "1", "reasonCode": "OTHER"}],
    ],
)
def test_a_cancellation_names_one_known_item_and_a_known_reason(api: Any, items: list[dict[str, str]]) -> None:
    item(api)

    assert api.send("PUT", "/retailer/orders/cancellation", {"orderItems": items}).status == 400


def test_a_transport_nobody_made_cannot_be_changed(api: Any) -> None:
    assert api.send("PUT", "/retailer/transports/1", {"trackAndTrace": "3S"}).status == 400


@pytest.mark.parametrize("count", [0, 1001])
def test_statuses_are_asked_for_a_thousand_at_most(api: Any, count: int) -> None:
    body = {"processStatusQueries": [{"processStatusId": "1"}] * count}

    assert api.send("POST", "/shared/process-status", body).status == 400


def test_a_status_nobody_remembers_is_left_out_or_not_found(api: Any) -> None:
    body = {"processStatusQueries": [{"processStatusId": "1"}]}

    assert msgspec.json.decode(api.send("POST", "/shared/process-status", body).body) == {"processStatuses": []}
    assert api.send("GET", "/shared/process-status/1").status == 404


def test_what_nobody_handles_is_cancelled_after_its_expiry_day(api: Any) -> None:
    mine, theirs = api.world.sell(), api.world.sell(by_marketplace=True)
    api.world.clock.move(days=5)
    before = api.world.sandbox.cancelled()
    api.world.clock.move(days=1)

    assert (before, api.world.sandbox.cancelled()) == (frozenset(), {mine})
    assert theirs in api.world.sandbox.refs()


# ------------------------------------------------------------ the trade


def test_the_same_day_plays_the_same_way_twice(world: Any) -> None:
    def day() -> list[Any]:
        sandbox = type(world.sandbox)(type(world.clock)())
        refs = [sandbox.sell(Basket([(CUP, count)])) for count in range(1, 20)]
        return [(ref, sandbox.trade.sales[ref].ship_to, sandbox.trade.sales[ref].items[0].ref) for ref in refs]

    assert day() == day()


def test_buyers_differ(world: Any) -> None:
    orders = [world.read(ref) for ref in world.sell_many(12)]

    assert {order.ship_to.country for order in orders} == {"NL", "BE"}
    assert {"bis", "bus 3", ""} <= {order.ship_to.addition for order in orders}
    assert any(order.ship_to.company for order in orders)
    assert len({order.ship_to.email for order in orders}) == 12


def test_the_merchant_can_ship_beside_the_hub(world: Any) -> None:
    ref = world.sell()

    world.sandbox.ship_elsewhere(ref, "3SOTHER000000")

    (made,) = world.sandbox.shipments()
    assert (made.order_ref, made.carrier_code, made.tracking_number) == (ref, "TNT", "3SOTHER000000")
