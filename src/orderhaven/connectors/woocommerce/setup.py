"""What a shop says about itself, and what connecting it asks."""

import asyncio
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from orderhaven.connectors.kit.decoding import refuse_wrong_clock
from orderhaven.connectors.kit.rows import RowsOf
from orderhaven.connectors.kit.session import NotData, decode
from orderhaven.connectors.woocommerce.calls import Calls, explain, fingerprint, refuse_plain_http
from orderhaven.connectors.woocommerce.mapping import TheirRate, TheirSetting, tax_rules
from orderhaven.connectors.woocommerce.order_body import Products
from orderhaven.connectors.woocommerce.pricing import TaxRules
from orderhaven.connectors.woocommerce.responses import (
    SIDE,
    RouteMissing,
    may_not_write,
    not_allowed,
    raise_read_refused,
    refusal_in,
)
from orderhaven.core.errors import AuthRejected, UnexpectedResponse, WrongAddress
from orderhaven.ports.connector import AccountProfile, Clock, ConnectorContext, Limits, is_recent

_GOOD_FOR_S = 60.0  # real seconds: a merchant may change a setting while orders go in


@dataclass(frozen=True, slots=True)
class ShopFacts:
    currency: str
    taxes: TaxRules


class CachedShopFacts:
    """The facts of a shop, with an age: they are read again when they are old, or when something says that they changed."""

    def __init__(self, calls: Calls, products: Products, clock: Clock) -> None:
        self._calls = calls
        self._products = products
        self._clock = clock
        self._reading = asyncio.Lock()
        self._kept: tuple[ShopFacts, datetime] | None = None  # with the time; None: not asked for, or not good any more

    def keep(self, facts: ShopFacts) -> None:
        self._kept = facts, self._clock.now()

    def outdate(self) -> None:
        self._kept = None

    async def known(self) -> ShopFacts:
        """Of several that ask at once, one reads for all of them."""
        if (facts := self._still_good()) is not None:
            return facts
        async with self._reading:
            if (facts := self._still_good()) is None:
                self._products.forget()
                facts = await read_facts(self._calls)
                self.keep(facts)
            return facts

    def _still_good(self) -> ShopFacts | None:
        if self._kept is None:
            return None
        facts, read_at = self._kept
        return facts if is_recent(read_at, self._clock.now(), self._clock.in_real(_GOOD_FOR_S)) else None


async def read_facts(calls: Calls) -> ShopFacts:
    """One call where taxes are off, else three (one more for each further 100 tax rates)."""
    general = await _settings(calls, "general")
    currency = general.get("woocommerce_currency")
    if not isinstance(currency, str) or not currency:
        raise UnexpectedResponse("the shop names no currency")
    tax: dict[str, Any] = {}
    rates: list[TheirRate] = []
    if general.get("woocommerce_calc_taxes") == "yes":
        tax = await _settings(calls, "tax")
        async for page in calls.pages("/taxes", TheirRate, {}):
            rates += page
    return ShopFacts(currency, tax_rules(general, tax, rates))


async def _settings(calls: Calls, group: str) -> dict[str, Any]:
    rows = await calls.get(f"/settings/{group}", list[TheirSetting], {"_fields": "id,value"})
    return {row.id: row.value for row in rows}


_OLDEST = (9, 9)
_TOO_OLD = "WooCommerce must be 9.9 or newer: older ones cannot tell exactly whether they have an order already"


class _Status(msgspec.Struct):
    slug: str


_STATUSES = RowsOf(_Status, "slug")
_VERSION = re.compile(r"[0-9][0-9A-Za-z.+-]{0,30}")


class _Environment(msgspec.Struct):
    version: str = ""
    home_url: str = ""


class _SystemStatus(msgspec.Struct):
    environment: _Environment


class _Endpoint(msgspec.Struct):
    methods: list[str] = []
    args: dict[str, Any] | list[Any] = {}


class _Options(msgspec.Struct):
    endpoints: list[_Endpoint] = []


async def check_account(
    calls: Calls, root: str, context: ConnectorContext, limits: Limits, more_currencies: frozenset[str]
) -> tuple[AccountProfile, ShopFacts]:
    """What setup tells the merchant, and what creating orders needs to know."""
    refuse_plain_http(root)
    statuses = await _first_question(calls, root, context, limits)
    version, home_url = await _version_and_home(calls, root)
    await _may_write(calls)
    facts = await read_facts(calls)
    remarks = [f"WooCommerce {version}"] if version else []
    if not facts.taxes.on:
        remarks.append("The shop computes no taxes: orders are placed with prices as the marketplace states them.")
    account = AccountProfile(
        fingerprint=fingerprint(home_url),
        name=home_url.partition("://")[2].rstrip("/"),
        remarks=tuple(remarks),
        choices=dict.fromkeys(("completed_statuses", "cancelled_statuses", "placed_status"), statuses),
        currencies=frozenset({facts.currency}) | more_currencies,
    )
    return account, facts


async def _first_question(calls: Calls, root: str, context: ConnectorContext, limits: Limits) -> tuple[str, ...]:
    """The shop's statuses; and on the way, whether this is a shop at all, its clock, and the key."""
    try:
        response = await calls.ask("/reports/orders/totals", {"_fields": "slug"})
        # before the key: a clock that is off makes a good signature a refused one
        if response.body.lstrip()[:1] in (b"{", b"["):  # it came from an API: a web page's date may be a cache's
            refuse_wrong_clock(SIDE, response, context.clock, limits.call_timeout_s)
        if response.status != 200:
            raise_read_refused(response)
        return tuple(status.slug for status in _STATUSES.read(response, SIDE).good)
    except (RouteMissing, NotData, WrongAddress):
        raise await explain(root, context, limits) from None


async def _version_and_home(calls: Calls, root: str) -> tuple[str, str]:
    response = await calls.ask("/system_status", {"_fields": "environment.version,environment.home_url"})
    if response.status == 200:
        found = decode(response, _SystemStatus, SIDE).environment
        if not has_version(found.version):
            is_version = _VERSION.fullmatch(found.version)
            raise WrongAddress(root, f"{_TOO_OLD}; this one is {found.version}" if is_version else _TOO_OLD)
        return found.version, found.home_url or root
    if response.status not in (401, 403):
        raise_read_refused(response)
    if not await _filters_by_several(calls):
        raise WrongAddress(root, _TOO_OLD)
    return "", root


def has_version(text: str) -> bool:
    numbers = re.findall(r"\d+", text)[:2]
    return tuple(int(number) for number in numbers) >= _OLDEST


async def _filters_by_several(calls: Calls) -> bool:
    """Whether `created_via` of the order list takes a list: the list's own description says so."""
    response = await calls.ask("/orders", method="OPTIONS")
    if response.status != 200:
        raise_read_refused(response)
    for endpoint in decode(response, _Options, SIDE).endpoints:
        if "GET" in endpoint.methods and isinstance(endpoint.args, dict):
            argument = endpoint.args.get("created_via")
            return isinstance(argument, dict) and argument.get("type") == "array"
    return False


async def _may_write(calls: Calls) -> None:
    """An empty batch changes nothing, and needs the right to write all the same."""
    response = await calls.ask("/orders/batch", method="POST")
    if response.status in (401, 403):
        problem, refusal = not_allowed(response), refusal_in(response)
        if not isinstance(problem, AuthRejected) or refusal is None:
            raise problem
        raise may_not_write(refusal)
    if response.status not in (200, 201):
        raise UnexpectedResponse(f"status {response.status} on an empty batch")
