"""Whatever the other side answers, a connector gives what the port says or raises one of our errors: never anything else,
never half of something, and never what stood in the answer about a buyer."""

import asyncio
import copy
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from orderhaven.connectors import make_sandbox, open_connector, specs
from orderhaven.connectors.kit.http import Request, Response
from orderhaven.connectors.kit.server import InProcessTransport
from orderhaven.connectors.kit.session import retry_after
from orderhaven.core.carriers import Carrier, recognise
from orderhaven.core.commands import Cancellation, LineQuantity, ShipmentConfirmation
from orderhaven.core.errors import HubError
from orderhaven.core.money import Money
from orderhaven.core.order import Address, MarketplaceOrder, address_lines, join_street
from orderhaven.core.shop_order import ProductQuery, ShopOrderCancellation, ShopOrderDraft, ShopOrderSnapshot
from orderhaven.ports.connector import AccountProfile, ConnectorContext, InMemoryTokenCache
from orderhaven.ports.marketplace import SummaryPage, Verification
from orderhaven.ports.receipts import Receipt
from orderhaven.ports.sandbox import Basket
from orderhaven.ports.shop import ShopPage
from orderhaven.testing.clock import ManualClock
from orderhaven.testing.goods import LAMP, MUG, order_of

BUYER = {"last_name": "Quastenberg", "street": "Vlinderdwarspad", "email": "quastenberg@buyer.example"}
_HOST = "side.test"
_KINDS = (
    AccountProfile,
    SummaryPage,
    MarketplaceOrder,
    Receipt,
    Verification,
    ShopPage,
    ShopOrderSnapshot,
    str,
)

scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.integers(10**15, 10**30), st.floats(), st.text(max_size=30),
    st.sampled_from(("", "0", "-1", "NaN", "2026-02-30T25:61:00", "2026-11-05T10:00:00Z", "9" * 400, "\x00", "é\ud83d", "12,99")),
)  # fmt: skip
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
ways = st.sampled_from(("replace", "drop", "double", "wrap", "empty"))


class Spoiling:
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


def changed(body: bytes, place: int, way: str, value: Any) -> bytes:
    """The same JSON with something else somewhere."""
    try:
        whole = [copy.deepcopy(msgspec.json.decode(body))]
    except msgspec.DecodeError:
        return body
    spots = list(_spots(whole))
    holder, key = spots[place % len(spots)]
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
    return _written(whole[0])


def _written(value: Any) -> bytes:
    import json

    return json.dumps(value).encode()  # msgspec writes no NaN; others do


def _spots(value: Any) -> Any:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in list(items):
        yield value, key
        yield from _spots(inner)


# ---------------------------------------------------------------- the calls


def marketplace_calls(connector: Any, sandbox: Any, clock: ManualClock) -> list[Coroutine[Any, Any, Any]]:
    ref = sandbox.sell(Basket(lines=((MUG, 2), (LAMP, 1)), address=BUYER))
    soon = clock.now() + timedelta(seconds=30)
    item = next(iter(sandbox.trade.sales[ref].items)).ref
    told = (LineQuantity(item, (item,), 1),)
    shipment = ShipmentConfirmation(ref, "ours-1", told, tracking_number="3SABCD1234567", carrier=Carrier.POSTNL)
    return [
        _all(connector.pull("")), _all(connector.pull(clock.now().isoformat())), connector.read(ref),
        connector.confirm(shipment, not_after=soon), connector.verify(shipment), connector.outcomes({"ours-1": "1", "ours-2": "2"}),
        connector.cancel(Cancellation(ref, "ours-2", told), not_after=soon), connector.verify(Cancellation(ref, "ours-2", told)),
        connector.check(),
    ]  # fmt: skip


def shop_calls(connector: Any, sandbox: Any, clock: ManualClock) -> list[Coroutine[Any, Any, Any]]:
    sandbox.stock([MUG, LAMP])
    made = sandbox.create_by_other_tool(Basket(lines=((MUG, 1),), address=BUYER), "OTHER-1")
    sandbox.complete(made, tracking_number="3SABCD1234567")
    order = order_of("A-1", Basket(lines=((MUG, 2), (LAMP, 1)), address=BUYER), clock.now())
    quantities = {line.ref: line.quantities.ordered for line in order.lines}
    products = {line.ref: str(number) for line, number in zip(order.lines, sandbox.book.products, strict=False)}
    order_draft = ShopOrderDraft(order, "bol-A-1", "bol", quantities, products)
    soon = clock.now() + timedelta(seconds=30)
    return [
        _all(connector.pull((clock.now() - timedelta(hours=1)).isoformat())), _all(connector.pull("")), connector.read([made, "4711"]),
        connector.find(["bol-A-1"]), connector.find_products([ProductQuery("MUG-1", ""), ProductQuery("", LAMP.ean)]),
        connector.create(order_draft, not_after=soon), connector.find(["bol-A-1"]), connector.read([made]),
        connector.cancel(ShopOrderCancellation(made, "ours-1"), not_after=soon), connector.check(),
    ]  # fmt: skip


async def _all(pages: Any) -> list[Any]:
    return [page async for page in pages]


CALLS = {"bol": marketplace_calls, "woocommerce": shop_calls}


def _shapes_of(result: Any) -> list[Any]:
    inner = result.values() if isinstance(result, dict) else result if isinstance(result, list | tuple) else [result]
    return list(inner)


@pytest.mark.parametrize("name", sorted(CALLS))
@given(
    call=st.integers(0, 9),
    nth=st.integers(1, 4),
    place=st.integers(0, 400),
    way=ways,
    value=values,
    raw=st.none() | st.binary(max_size=40),
)
@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_any_answer_is_understood_or_refused(
    name: str, call: int, nth: int, place: int, way: str, value: Any, raw: bytes | None
) -> None:
    clock = ManualClock()
    spec = specs()[name]
    sandbox = make_sandbox(spec, clock)
    spoil = Spoiling(
        InProcessTransport({_HOST: sandbox}),
        nth,
        lambda body: raw if raw is not None else changed(body, place, way, value),
    )
    given_settings = {setting.key: setting.default for setting in spec.settings if setting.default is not None}
    connector = open_connector(
        spec,
        {**given_settings, **sandbox.settings(f"https://{_HOST}")},
        ConnectorContext(clock, spoil, InMemoryTokenCache()),
    )
    calls = CALLS[name](connector, sandbox, clock)
    chosen = calls.pop(call % len(calls))
    for unused in calls:
        unused.close()

    try:
        result = asyncio.run(chosen)
    except HubError as error:
        said = f"{error} {vars(error) if hasattr(error, '__dict__') else ''}"
        assert not any(text in said for text in BUYER.values()), said
    else:
        assert result is None or all(isinstance(one, (*_KINDS, list, tuple)) for one in _shapes_of(result))


# ---------------------------------------------------------------- the small parsers


@given(st.text(max_size=300), st.text(max_size=80), st.text(max_size=3))
def test_any_text_has_a_carrier_or_none(code: str, carrier_name: str, country: str) -> None:
    seen = recognise(code, url=code, carrier_name=carrier_name, destination=country)
    assert seen.carrier is None or seen.carrier in seen.candidates


@given(st.text(max_size=40), st.sampled_from(("EUR", "JPY", "eur", "")))
def test_any_text_is_an_amount_or_refused(amount: str, currency: str) -> None:
    try:
        money = Money.of(amount, currency)
    except ValueError:
        return
    assert money.rounded().amount == money.rounded().rounded().amount


@given(
    st.builds(
        Address,
        **{
            name: st.text(max_size=40)
            for name in ("last_name", "street", "postcode", "city", "house_number", "addition", "extra")
        },
        country=st.sampled_from(("NL", "BE", "DE")),
    )
)
def test_any_address_can_be_written_on_a_parcel(address: Address) -> None:
    assert "".join(address.street.split()) in "".join(join_street(address).split())
    assert len(address_lines(address)) == 2


@given(st.text(max_size=60))
def test_any_retry_after_is_a_wait_or_none(text: str) -> None:
    wait = retry_after(Response(429, {"retry-after": text}), datetime(2026, 3, 2, tzinfo=UTC))
    assert wait is None or wait >= timedelta(0)


# ---------------------------------------------------------------- what is said of a bent answer

STRANGE = "Quastenberg, Vlinderdwarspad 3"


@pytest.mark.parametrize("strange", [STRANGE, [STRANGE], {STRANGE: STRANGE}], ids=["text", "a list", "an object"])
@pytest.mark.parametrize("call", range(4))
@pytest.mark.parametrize("name", sorted(CALLS))
def test_whatever_field_is_malformed_what_is_said_of_it_is_not_what_stands_there(
    name: str, call: int, strange: Any
) -> None:
    said: list[str] = []
    for nth in (1, 2, 3):
        place = 0
        while spoiled := spoiled_answer(name, call, nth, place, strange):
            said += spoiled
            place += 1

    assert len(said) > 20
    assert [one for one in said if "Quastenberg" in one or "Vlinderdwarspad" in one] == []


def spoiled_answer(name: str, call: int, nth: int, place: int, strange: Any) -> list[str]:
    """What a read says where one field of the nth answer holds this; nothing where there is no such field."""
    clock = ManualClock()
    spec = specs()[name]
    sandbox = make_sandbox(spec, clock)
    reached: list[str] = []

    def spoil(body: bytes) -> bytes:
        try:
            if place < len(list(_spots([msgspec.json.decode(body)]))):
                reached.append("")
                return changed(body, place, "replace", strange)
        except msgspec.DecodeError:
            pass
        return body

    given_settings = {setting.key: setting.default for setting in spec.settings if setting.default is not None}
    context = ConnectorContext(clock, Spoiling(InProcessTransport({_HOST: sandbox}), nth, spoil), InMemoryTokenCache())
    connector = open_connector(spec, {**given_settings, **sandbox.settings(f"https://{_HOST}")}, context)
    snapshots = READINGS[name](connector, sandbox, clock)
    chosen = snapshots.pop(call)
    for unused in snapshots:
        unused.close()
    try:
        result = asyncio.run(chosen)
    except HubError as error:
        return [*reached, f"{error} {vars(error)}"] if reached else []
    pages = [one for one in result if isinstance(one, SummaryPage | ShopPage)] if isinstance(result, list) else []
    causes = [
        f"{page.not_understood} {page.unidentified}" for page in pages if page.not_understood or page.unidentified
    ]
    return reached + causes if reached else []


def marketplace_readings(connector: Any, sandbox: Any, clock: ManualClock) -> list[Coroutine[Any, Any, Any]]:
    ref = sandbox.sell(Basket(lines=((MUG, 2),)))
    item = next(iter(sandbox.trade.sales[ref].items)).ref
    told = ShipmentConfirmation(
        ref, "ours-1", (LineQuantity(item, (item,), 1),), tracking_number="3SABCD1234567", carrier=Carrier.POSTNL
    )

    async def shown() -> Verification:
        await connector.confirm(told, not_after=clock.now() + timedelta(seconds=30))
        found: Verification = await connector.verify(told)
        return found

    return [_all(connector.pull("")), connector.read(ref), connector.verify(told), shown()]


def shop_readings(connector: Any, sandbox: Any, clock: ManualClock) -> list[Coroutine[Any, Any, Any]]:
    sandbox.stock([MUG])
    made = sandbox.create_by_other_tool(Basket(lines=((MUG, 1),)), "OTHER-1")
    sandbox.complete(made, tracking_number="3SABCD1234567")
    return [
        _all(connector.pull((clock.now() - timedelta(hours=1)).isoformat())), connector.read([made]),
        connector.find_products([ProductQuery("MUG-1", "")]), connector.check(),
    ]  # fmt: skip


READINGS = {"bol": marketplace_readings, "woocommerce": shop_readings}
