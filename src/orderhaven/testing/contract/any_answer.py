"""Whatever the other side answers, a connector gives what the port says or raises one of our errors: never anything else,
never half of something, and never what stood in the answer about a buyer."""

import asyncio
import copy
import json
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from msgspec.structs import replace

from orderhaven.connectors import make_sandbox, open_connector
from orderhaven.connectors.kit.http import Request, Response
from orderhaven.connectors.kit.server import InProcessTransport
from orderhaven.core.commands import Cancellation, CancelReason, LineQuantity, ShipmentConfirmation
from orderhaven.core.errors import HubError
from orderhaven.core.order import MarketplaceOrder
from orderhaven.core.shop_order import ProductQuery, ShopOrderCancellation, ShopOrderDraft, ShopOrderSnapshot
from orderhaven.ports.account import NOTHING_CHOSEN, kept_of, read_account, spec_of_account
from orderhaven.ports.connector import AccountProfile, Capability, ConnectorContext, ConnectorSpec, InMemoryTokenCache
from orderhaven.ports.marketplace import SummaryPage, Verification
from orderhaven.ports.receipts import Receipt
from orderhaven.ports.sandbox import Basket
from orderhaven.ports.shop import ShopPage
from orderhaven.testing.clock import ManualClock
from orderhaven.testing.contract.subject import Subject
from orderhaven.testing.goods import LAMP, MUG, order_of

Call = Callable[[], Awaitable[Any]]

BUYER = {"last_name": "Quastenberg", "street": "Vlinderdwarspad", "email": "quastenberg@buyer.example"}
STRANGE = "Quastenberg, Vlinderdwarspad 3"
_HOST = "side.test"
_TRACKING_NUMBER = "3SABCD1234567"
_GIVEN_BACK = (
    AccountProfile, SummaryPage, MarketplaceOrder, Receipt, Verification, ShopPage, ShopOrderSnapshot, str, list, tuple,
)  # fmt: skip

_scalars = some.one_of(
    some.none(), some.booleans(), some.integers(), some.integers(10**15, 10**30), some.floats(), some.text(max_size=30),
    some.sampled_from(("", "0", "-1", "NaN", "2026-02-30T25:61:00", "2026-11-05T10:00:00Z", "9" * 400, "\x00", "é\ud83d", "12,99")),
)  # fmt: skip
_values = some.recursive(
    _scalars,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
_WAYS = ("replace", "drop", "double", "wrap", "empty")
_SUPPRESSED = (
    HealthCheck.too_slow,
    HealthCheck.data_too_large,
    HealthCheck.function_scoped_fixture,
    HealthCheck.differing_executors,
)


@dataclass
class Side:
    """A sandbox on which something was sold, and two connectors: `plain`, and the one whose answers are spoiled."""

    spec: ConnectorSpec
    clock: ManualClock
    sandbox: Any
    plain: Any
    spoiled: Any

    def can(self, capability: Capability) -> bool:
        return capability in self.spec.capabilities

    def soon(self) -> datetime:
        return self.clock.now() + timedelta(seconds=30)

    async def prepared(self, command: Any) -> Any:
        is_wanted = self.can(Capability.PREPARES)
        return replace(command, prepared=await self.plain.prepare(command)) if is_wanted else command


class AnyAnswer:
    """Of a connector that speaks HTTP."""

    async def calls(self, side: Side) -> Sequence[Call]:
        """All that the port offers, of the spoiled connector."""
        raise NotImplementedError

    async def questions(self, side: Side) -> Sequence[Call]:
        """Four that ask."""
        raise NotImplementedError

    @given(
        call=some.integers(0, 9),
        nth=some.integers(1, 4),
        place=some.integers(0, 400),
        way=some.sampled_from(_WAYS),
        value=_values,
        raw=some.none() | some.binary(max_size=40),
    )
    @settings(max_examples=250, deadline=None, suppress_health_check=_SUPPRESSED)
    def test_any_answer_is_understood_or_refused(
        self, subject: Subject, call: int, nth: int, place: int, way: str, value: Any, raw: bytes | None
    ) -> None:
        _demand_http(subject)

        async def run() -> Any:
            side = await _side(
                subject.spec, nth, lambda body: raw if raw is not None else _changed(body, place, way, value)
            )
            calls = await self.calls(side)
            return await calls[call % len(calls)]()

        try:
            result = asyncio.run(run())
        except HubError as error:
            said = f"{error} {vars(error)}"
            assert not any(text in said for text in BUYER.values()), said
        else:
            found = result.values() if isinstance(result, dict) else result if isinstance(result, list) else [result]
            assert result is None or all(isinstance(one, _GIVEN_BACK) for one in found)

    @pytest.mark.parametrize("strange", [STRANGE, [STRANGE], {STRANGE: STRANGE}], ids=["text", "a list", "an object"])
    @pytest.mark.parametrize("call", range(4))
    def test_whatever_field_is_malformed_what_is_said_of_it_is_not_what_stands_there(
        self, subject: Subject, call: int, strange: Any
    ) -> None:
        _demand_http(subject)
        said: list[str] = []

        for nth in (1, 2, 3):
            place = 0
            while (found := asyncio.run(self._said_of(subject.spec, call, nth, place, strange))) is not None:
                said.append(found)
                place += 1

        assert said
        assert [one for one in said if "Quastenberg" in one or "Vlinderdwarspad" in one] == []

    async def _said_of(self, spec: ConnectorSpec, call: int, nth: int, place: int, strange: Any) -> str | None:
        """What a reading says where one field of the nth answer holds this; None where there is no such field."""
        reached = False

        def spoil(body: bytes) -> bytes:
            nonlocal reached
            reached = place < sum(1 for _ in _spots([_decoded(body)]))
            return _changed(body, place, "replace", strange) if reached else body

        side = await _side(spec, nth, spoil)
        try:
            result = await (await self.questions(side))[call]()
        except HubError as error:
            return f"{error} {vars(error)}" if reached else None
        pages = [one for one in result if isinstance(one, SummaryPage | ShopPage)] if isinstance(result, list) else []
        return " ".join(f"{page.not_understood} {page.unidentified}" for page in pages) if reached else None


class MarketplaceWithAnyAnswer(AnyAnswer):
    async def calls(self, side: Side) -> Sequence[Call]:
        cursor, shipment = await _sold(side)
        marketplace, soon = side.spoiled, side.soon()
        calls: list[Call] = [
            lambda: _all(marketplace.pull("")),
            lambda: _all(marketplace.pull(cursor)),
            lambda: marketplace.read(shipment.order_ref),
            lambda: marketplace.confirm(shipment, not_after=soon),
            lambda: marketplace.verify(shipment),
            lambda: marketplace.check(),
        ]
        if side.can(Capability.ASYNCHRONOUS_COMMANDS):
            calls.append(lambda: marketplace.outcomes({"ours-1": "1", "ours-2": "2"}))
        if side.can(Capability.CANCEL):
            reason = side.spec.reason_code(CancelReason.OTHER)
            cancellation = Cancellation(
                shipment.order_ref, "ours-2", shipment.quantities, prepared=shipment.prepared, reason_code=reason
            )
            calls.append(lambda: marketplace.cancel(cancellation, not_after=soon))
            calls.append(lambda: marketplace.verify(cancellation))
        return calls

    async def questions(self, side: Side) -> Sequence[Call]:
        _, shipment = await _sold(side)
        marketplace = side.spoiled

        async def shown() -> Verification:
            await side.plain.confirm(shipment, not_after=side.soon())
            verification: Verification = await marketplace.verify(shipment)
            return verification

        return [
            lambda: _all(marketplace.pull("")),
            lambda: marketplace.read(shipment.order_ref),
            lambda: marketplace.verify(shipment),
            shown,
        ]


class ShopWithAnyAnswer(AnyAnswer):
    async def calls(self, side: Side) -> Sequence[Call]:
        cursor, made = await _created_elsewhere(side)
        order = order_of("A-1", Basket(lines=((MUG, 2), (LAMP, 1)), address=BUYER), side.clock.now())
        wanted = {line.ref: ProductQuery(line.sku, line.ean) for line in order.lines}
        products = await side.plain.find_products(list(wanted.values()))
        quantities = {line.ref: line.quantities.ordered for line in order.lines}
        by_line = {ref: products[each] for ref, each in wanted.items()}
        draft = await side.prepared(ShopOrderDraft(order, "orh-A-1", "Somewhere", quantities, by_line))
        shop, soon, known = side.spoiled, side.soon(), {draft.reference: draft.prepared}
        calls: list[Call] = [
            lambda: _all(shop.pull(cursor)),
            lambda: _all(shop.pull("")),
            lambda: shop.read([made, "4711"]),
            lambda: shop.find([draft.reference], known),
            lambda: shop.find_products([ProductQuery(MUG.sku, ""), ProductQuery("", LAMP.ean)]),
            lambda: shop.create(draft, not_after=soon),
            lambda: shop.read([made]),
            lambda: shop.check(),
        ]
        if side.can(Capability.CANCEL):
            calls.append(lambda: shop.cancel(ShopOrderCancellation(made, "ours-1"), not_after=soon))
        return calls

    async def questions(self, side: Side) -> Sequence[Call]:
        cursor, made = await _created_elsewhere(side)
        shop = side.spoiled
        return [
            lambda: _all(shop.pull(cursor)),
            lambda: shop.read([made]),
            lambda: shop.find_products([ProductQuery(MUG.sku, "")]),
            lambda: shop.check(),
        ]


class _Spoiling:
    """A transport that changes something in the `nth` answer."""

    def __init__(self, inner: InProcessTransport, nth: int, change: Callable[[bytes], bytes]) -> None:
        self._inner = inner
        self._left = nth
        self._change = change

    async def __call__(self, request: Request, timeout_s: float) -> Response:
        response = await self._inner(request, timeout_s)
        self._left -= 1
        return replace(response, body=self._change(response.body)) if self._left == 0 else response

    async def close(self) -> None:
        return None


async def _side(spec: ConnectorSpec, nth: int, change: Callable[[bytes], bytes]) -> Side:
    clock = ManualClock()
    sandbox = make_sandbox(spec, clock)
    sound = InProcessTransport({_HOST: sandbox})
    defaults = {setting.key: setting.default for setting in spec.settings if setting.default is not None}
    given_settings = {**defaults, **sandbox.settings(f"https://{_HOST}")}
    plain, spoiled = (
        open_connector(spec, given_settings, ConnectorContext(clock, transport, InMemoryTokenCache()))
        for transport in (sound, _Spoiling(sound, nth, change))
    )
    if spec.carriers_are_listed or spec.reasons_are_listed:
        spec = spec_of_account(spec, kept_of(await read_account(plain, spec), spec), NOTHING_CHOSEN)
    return Side(spec, clock, sandbox, plain, spoiled)


async def _sold(side: Side) -> tuple[str, ShipmentConfirmation]:
    """A cursor from before, and a confirmation of a piece of what was sold after it."""
    cursor = (await _all(side.plain.pull("")))[-1].cursor
    order = await side.plain.read(side.sandbox.sell(Basket(lines=((MUG, 2), (LAMP, 1)), address=BUYER)))
    piece = LineQuantity(order.lines[0].ref, order.lines[0].remote_ids, 1)
    carrier = next(iter(side.spec.carriers), None)
    code = side.spec.carrier_code(carrier) if carrier else ""
    shipment = ShipmentConfirmation(
        order.ref, "ours-1", (piece,), tracking_number=_TRACKING_NUMBER, carrier=carrier, carrier_code=code
    )
    return cursor, await side.prepared(shipment)


async def _created_elsewhere(side: Side) -> tuple[str, str]:
    """A cursor from before, and the key of a shop order that another tool made and the merchant completed."""
    side.sandbox.stock([MUG, LAMP])
    cursor = (await _all(side.plain.pull("")))[-1].cursor
    made = side.sandbox.create_by_other_tool(Basket(lines=((MUG, 1),), address=BUYER), "OTHER-1")
    side.sandbox.complete(made, tracking_number=_TRACKING_NUMBER)
    return cursor, made


async def _all(pages: Any) -> list[Any]:
    return [page async for page in pages]


def _demand_http(subject: Subject) -> None:
    if not subject.sandbox.speaks_http:
        pytest.skip(f"{subject.spec.title} answers without bytes")


# ------------------------------------------------------------ an answer with something else in it


def _changed(body: bytes, place: int, way: str, value: Any) -> bytes:
    """The same JSON with something else somewhere; what is no JSON stays as it is."""
    whole = [copy.deepcopy(_decoded(body))]
    holder, key = list(_spots(whole))[place % sum(1 for _ in _spots(whole))]
    match way:
        case "drop" if holder is not whole:
            del holder[key]
        case "double" if isinstance(holder[key], list):
            holder[key] = holder[key] * 2
        case "wrap":
            holder[key] = [holder[key]]
        case "empty":
            holder[key] = type(holder[key])() if holder[key] is not None else value
        case _:
            holder[key] = value
    return json.dumps(whole[0]).encode()  # msgspec writes no NaN; others do


def _decoded(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return body.decode(errors="replace")


def _spots(value: Any) -> Iterator[tuple[Any, Any]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in list(items):
        yield value, key
        yield from _spots(inner)
