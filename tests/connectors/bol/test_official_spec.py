"""Every request that is sent, and every answer that is given, held to bol's own OpenAPI file."""

from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from orderhaven.connectors.kit.http import Request, Response
from orderhaven.core.carriers import Carrier
from orderhaven.core.commands import CancelReason
from orderhaven.core.errors import HubError
from orderhaven.ports.sandbox import Basket, CatalogueItem, CommandFate
from orderhaven.testing.openapi import NotInSpec, OpenApi, compiled, needs, wrong_bodies, wrong_parameters

SPECS = Path(__file__).resolve().parents[4] / "shared" / "specs" / "bol"
FILES = [SPECS / "retailer.json", SPECS / "shared.json"]
MEDIA = "application/vnd.retailer.v10+json"
CUP = CatalogueItem("CUP", "8700000000017", "Kop", "4.50")

pytestmark = needs(FILES)


@cache
def official() -> OpenApi:
    return OpenApi(FILES)


# ------------------------------------------------------------ a day of trade


def play(world: Any) -> None:
    """Everything the connector can send, and everything the sandbox can answer to it."""
    refs = [world.sell((CUP, 1), (CUP, 2), discount="1.10"), *world.sell_many(60), *special_orders(world)]
    since = world.pull()[0].cursor
    world.clock.move(minutes=5)
    world.pull(since)
    world.clock.move(days=2)
    world.pull(since)
    for ref in [*refs[:8], *refs[-4:], "C999999999"]:
        quietly(world, world.bol.read(ref))
    tell(world, refs)
    world.run(world.bol.check())


def special_orders(world: Any) -> list[str]:
    return [
        world.sell(pickup_point="Winkel: Zeist"),
        world.sell(by_marketplace=True),
        world.sell(marketplace_label=True),
        world.sandbox.sell_mixed(Basket([(CUP, 1), (CUP, 1)]), [True, False]),
    ]


def tell(world: Any, refs: list[str]) -> None:
    world.sandbox.processes.fates.extend([CommandFate.NORMAL, CommandFate.FAIL, CommandFate.TIMEOUT, CommandFate.STUCK])
    commands = [
        world.shipment(refs[0]),
        world.shipment(refs[1], carrier=Carrier.DPD),
        world.shipment(refs[2], tracking_number=""),
        world.shipment(refs[3], tracking_number="", label_number="d9e0aa01-0000-4000-8000-00000000000a"),
        world.shipment(refs[4]),
        world.shipment(refs[4]),
    ]
    handles = [quietly(world, world.bol.confirm(command, not_after=world.soon())) for command in commands]
    cancellations = [world.cancellation(ref, reason) for ref, reason in zip(refs[6:9], CancelReason, strict=True)]
    handles += [quietly(world, world.bol.cancel(each, not_after=world.soon())) for each in cancellations]
    asked = {receipt.handle: receipt.handle for receipt in handles if receipt}
    world.run(world.bol.outcomes(asked))
    world.clock.move(minutes=1)
    world.run(world.bol.outcomes({**asked, "1": "1"}))
    quietly(world, world.bol.confirm(world.shipment(refs[0]), not_after=world.soon()))
    quietly(world, world.bol.cancel(world.cancellation(refs[0]), not_after=world.soon()))
    quietly(world, world.bol.correct(world.correction(refs[0]), not_after=world.soon()))
    for command in (*commands, *cancellations, world.correction(refs[0])):
        quietly(world, world.bol.verify(command))


def quietly(world: Any, work: Any) -> Any:
    """Refusals are part of the day."""
    try:
        return world.run(work)
    except HubError:
        return None


@pytest.fixture
def tape(world: Any) -> list[tuple[Request, Response]]:
    play(world)
    return [(request, response) for request, response in world.tape.exchanges if request.path != "/token"]


def test_every_request_and_every_answer_is_as_the_file_has_it(tape: list[tuple[Request, Response]]) -> None:
    official().check(tape)


def test_the_day_touches_every_operation_and_status_that_is_used(tape: list[tuple[Request, Response]]) -> None:
    touched = official().check(tape)

    assert touched == {
        ("GET", "/retailer/orders", 200),
        ("GET", "/retailer/orders/{order-id}", 200),
        ("GET", "/retailer/orders/{order-id}", 404),
        ("GET", "/retailer/retailers/{retailer-id}", 200),
        ("GET", "/retailer/shipments", 200),
        ("GET", "/retailer/shipments/{shipment-id}", 200),
        ("GET", "/shared/process-status", 200),
        ("POST", "/retailer/shipments", 202),
        ("POST", "/retailer/shipments", 400),
        ("POST", "/shared/process-status", 200),
        ("PUT", "/retailer/orders/cancellation", 202),
        ("PUT", "/retailer/orders/cancellation", 400),
        ("PUT", "/retailer/transports/{transport-id}", 202),
    }


# ------------------------------------------------------------ the sandbox is as strict


def bodies(world: Any) -> list[tuple[str, str, str, dict[str, Any]]]:
    """Every request with a body, as it is right: method, template, path, body."""
    first, second = world.sell((CUP, 3)), world.sell()
    world.run(world.bol.confirm(world.shipment(second), not_after=world.soon()))
    world.clock.move(minutes=1)
    world.sandbox.shipments()
    (item,), (transport,) = world.item_refs(first), world.sandbox.trade.transports
    parcel = {"transporterCode": "TNT", "trackAndTrace": "3SABCD1234567"}
    pieces = {"orderItemId": item, "quantity": 1}
    shipment = {"orderItems": [pieces], "shipmentReference": "OH-1", "transport": parcel}
    cancellation = {"orderItems": [{"orderItemId": item, "reasonCode": "OTHER"}]}
    return [
        ("POST", "/retailer/shipments", "/retailer/shipments", shipment),
        ("PUT", "/retailer/transports/{transport-id}", f"/retailer/transports/{transport}", parcel),
        ("POST", "/shared/process-status", "/shared/process-status", {"processStatusQueries": [{"processStatusId": "1"}]}),
        ("PUT", "/retailer/orders/cancellation", "/retailer/orders/cancellation", cancellation),
    ]  # fmt: skip


def test_the_sandbox_takes_no_body_that_the_file_does_not_allow(world: Any, api: Any) -> None:
    world.clock.move(seconds=1)
    asked = bodies(world)
    api.sign_in()

    taken, tried = [], 0
    for method, template, path, body in asked:
        schema = official().operation(method, template).body_schema(MEDIA)
        allowed = compiled(schema).is_valid
        assert allowed(body)
        for wrong in wrong_bodies(body, schema):
            assert not allowed(wrong)
            tried += 1
            taken += [(path, wrong)] if api.send(method, path, wrong).status != 400 else []
        assert api.send(method, path, body).status in (200, 202)

    assert taken == []
    assert tried > 40


@pytest.mark.parametrize("template", ["/retailer/orders", "/retailer/shipments", "/shared/process-status"])
def test_the_sandbox_takes_no_question_that_the_file_does_not_allow(api: Any, template: str) -> None:
    operation = official().operation("GET", template)
    right = {"entity-id": "1", "event-type": "CREATE_SHIPMENT"} if template.startswith("/shared") else {}
    assert api.send("GET", f"{template}?{urlencode(right)}").status == 200

    counted_from_one = [(name, "0") for name in ("page", "change-interval-minute") if name in operation.parameters]
    taken = [
        (name, wrong)
        for name, wrong in [("since", "yesterday"), *counted_from_one, *wrong_parameters(operation)]
        if api.send("GET", f"{template}?{urlencode(right | {name: wrong})}").status != 400
    ]

    assert taken == []


def test_the_check_itself_sees_a_wrong_word() -> None:
    headers = {"Accept": MEDIA, "Content-Type": MEDIA}
    body = b'{"orderItems":[{"orderItemId":"1","reasonCode":"BORED"}]}'

    with pytest.raises(NotInSpec, match="reasonCode"):
        official().check_request(Request("PUT", "https://x/retailer/orders/cancellation", headers, body))
    with pytest.raises(NotInSpec, match="since"):
        official().check_request(Request("GET", "https://x/retailer/orders?since=1", headers))
