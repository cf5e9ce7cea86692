"""Every request that is sent, and every answer that the file describes, held to bol's own OpenAPI file."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jsonschema
import pytest

from orderhaven.connectors.kit.http import Request, Response
from orderhaven.core.carriers import Carrier
from orderhaven.core.commands import CancelReason
from orderhaven.core.errors import HubError
from orderhaven.ports.sandbox import Basket, CatalogueItem, CommandFate

SPECS = Path(__file__).resolve().parents[4] / "shared" / "specs" / "bol"
FILES = [SPECS / "retailer.json", SPECS / "shared.json"]
CUP = CatalogueItem("CUP", "8700000000017", "Kop", "4.50")

pytestmark = pytest.mark.skipif(
    not all(file.exists() for file in FILES), reason="bol's OpenAPI files are not beside the repository"
)


# ------------------------------------------------------------ the file


@cache
def operations() -> list[tuple[str, str, dict[str, Any], dict[str, Any]]]:
    """Method, path template, operation and the file it is in; exact paths before those with a parameter."""
    found = []
    for file in FILES:
        spec = json.loads(file.read_text())
        for template, methods in spec["paths"].items():
            found += [(method.upper(), template, operation, spec) for method, operation in methods.items()]
    return sorted(found, key=lambda each: "{" in each[1])


def closed(node: Any, spec: Mapping[str, Any]) -> Any:
    """With references put in place, and objects that take no property but those described."""
    if isinstance(node, list):
        return [closed(each, spec) for each in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        target: Any = spec
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        return closed(target, spec)
    whole = {name: closed(each, spec) for name, each in node.items()}
    return (
        {**whole, "additionalProperties": False} if "properties" in whole and whole.get("type") == "object" else whole
    )


def operation_of(request: Request) -> dict[str, Any]:
    for method, template, operation, spec in operations():
        pattern = re.sub(r"\{[^}]+\}", "[^/]+", template)
        if method == request.method and re.fullmatch(pattern, request.path):
            return dict(closed(operation, spec))
    raise AssertionError(f"{request.method} {request.path} is not in the file")


# ------------------------------------------------------------ holding to it


def check_request(request: Request) -> None:
    operation = operation_of(request)
    parameters = {each["name"]: each for each in operation.get("parameters", ()) if each["in"] == "query"}
    missing = {name for name, each in parameters.items() if each.get("required")} - set(request.query)
    assert missing == set()
    for name, value in request.query.items():
        assert name in parameters, f"{name} is no parameter of {request.path}"
        valid(int(value) if parameters[name]["schema"]["type"] == "integer" else value, parameters[name]["schema"])
    check_body(request, operation)


def check_body(request: Request, operation: Mapping[str, Any]) -> None:
    described = operation.get("requestBody", {}).get("content", {})
    assert bool(described) == bool(request.body)
    if described:
        valid(json.loads(request.body), described[request.headers["Content-Type"]]["schema"])


def check_answer(request: Request, response: Response) -> bool:
    """Whether the file describes this status at all."""
    described = operation_of(request)["responses"].get(str(response.status))
    if described is None:
        return False
    media = response.headers["content-type"]
    assert request.headers["Accept"] == media
    valid(json.loads(response.body), described["content"][media]["schema"])
    return True


def valid(value: Any, schema: Mapping[str, Any]) -> None:
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    jsonschema.Draft202012Validator(schema, format_checker=checker).validate(value)


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
    return [(request, response) for request, response in world.tape.kept if request.path != "/token"]


def test_every_request_and_every_described_answer_is_valid(tape: list[tuple[Request, Response]]) -> None:
    checked = 0
    for request, response in tape:
        check_request(request)
        checked += check_answer(request, response)

    assert checked == len(tape)


def test_the_day_touches_every_operation_and_status_that_is_used(tape: list[tuple[Request, Response]]) -> None:
    seen = {(request.method, re.sub(r"/[A-Z]?\d+$", "/*", request.path), response.status) for request, response in tape}

    assert seen == {
        ("GET", "/retailer/orders", 200),
        ("GET", "/retailer/orders/*", 200),
        ("GET", "/retailer/orders/*", 404),
        ("GET", "/retailer/retailers/current", 200),
        ("GET", "/retailer/shipments", 200),
        ("GET", "/retailer/shipments/*", 200),
        ("GET", "/shared/process-status", 200),
        ("POST", "/retailer/shipments", 202),
        ("POST", "/retailer/shipments", 400),
        ("POST", "/shared/process-status", 200),
        ("PUT", "/retailer/orders/cancellation", 202),
        ("PUT", "/retailer/orders/cancellation", 400),
        ("PUT", "/retailer/transports/*", 202),
    }


# ------------------------------------------------------------ the sandbox is as strict


def schema_of(method: str, template: str) -> dict[str, Any]:
    operation, spec = next((each, spec) for m, t, each, spec in operations() if (m, t) == (method, template))
    schema = closed(operation, spec)["requestBody"]["content"]["application/vnd.retailer.v10+json"]["schema"]
    return dict(schema)


def spoiled(value: Any, schema: Mapping[str, Any]) -> Iterator[Any]:
    """The same body with one thing in it that the file does not allow, each in turn."""
    match schema["type"]:
        case "object":
            for name, inner in value.items():
                if name in schema.get("required", ()):
                    yield {key: each for key, each in value.items() if key != name}
                    yield {**value, name: None}
                yield from ({**value, name: each} for each in spoiled(inner, schema["properties"][name]))
            yield [value]
        case "array":
            yield from ([each] for each in spoiled(value[0], schema["items"]))
            yield from ([],) if schema.get("minItems") else ()
            yield from ([value[0]] * (schema["maxItems"] + 1),) if "maxItems" in schema else ()
            yield {"0": value[0]}
        case "string":
            yield 7
            yield from ("",) if schema.get("minLength") else ()
            yield from ("x" * (schema["maxLength"] + 1),) if "maxLength" in schema else ()
            yield from ("SOMETHING_NEW",) if "enum" in schema else ()
        case "integer":
            yield "two"
            yield 1.5


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
        schema = schema_of(method, template)
        valid(body, schema)
        for wrong in spoiled(body, schema):
            with pytest.raises(jsonschema.ValidationError):
                valid(wrong, schema)
            tried += 1
            taken += [(path, wrong)] if api.send(method, path, wrong).status != 400 else []
        assert api.send(method, path, body).status in (200, 202)

    assert taken == []
    assert tried > 40


@pytest.mark.parametrize("template", ["/retailer/orders", "/retailer/shipments", "/shared/process-status"])
def test_the_sandbox_takes_no_question_that_the_file_does_not_allow(api: Any, template: str) -> None:
    operation = next(each for method, path, each, _ in operations() if (method, path) == ("GET", template))
    right = {"entity-id": "1", "event-type": "CREATE_SHIPMENT"} if template.startswith("/shared") else {}
    assert api.send("GET", f"{template}?{urlencode(right)}").status == 200

    taken = [
        (name, wrong)
        for name, wrong in [("since", "yesterday"), *wrong_parameters(operation)]
        if api.send("GET", f"{template}?{urlencode(right | {name: wrong})}").status != 400
    ]

    assert taken == []


def wrong_parameters(operation: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for each in operation["parameters"]:
        schema = each["schema"]
        if "enum" in schema:
            yield each["name"], "SOMETHING_NEW"
        if schema["type"] == "integer":
            yield each["name"], "one"
            yield each["name"], "0"
            yield from [(each["name"], str(schema["maximum"] + 1))] if "maximum" in schema else []


def test_the_check_itself_sees_a_wrong_word() -> None:
    headers = {"Accept": "application/vnd.retailer.v10+json", "Content-Type": "application/vnd.retailer.v10+json"}
    body = b'{"orderItems":[{"orderItemId":"1","reasonCode":"BORED"}]}'

    with pytest.raises(jsonschema.ValidationError):
        check_request(Request("PUT", "https://x/retailer/orders/cancellation", headers, body))
    with pytest.raises(AssertionError):
        check_request(Request("GET", "https://x/retailer/orders?since=1", headers))
