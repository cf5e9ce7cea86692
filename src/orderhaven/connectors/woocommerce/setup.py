"""The look at a shop before its connection is saved: whose it is, whether the key may read and write, what
to choose from."""

import re
from datetime import timedelta
from typing import Any

import msgspec

from orderhaven.connectors.kit.rows import RowsOf
from orderhaven.connectors.kit.session import NotData, shaped
from orderhaven.connectors.woocommerce.answers import (
    SIDE,
    NotThere,
    may_not_write,
    not_allowed,
    raise_read_refused,
    refusal_in,
)
from orderhaven.connectors.woocommerce.calls import Calls, differ_by
from orderhaven.connectors.woocommerce.facts import ShopFacts, read_facts
from orderhaven.connectors.woocommerce.site import explain, fingerprint, refuse_plain_http
from orderhaven.core.errors import AuthRefused, ClockOff, Surprise, WrongAddress
from orderhaven.ports.connector import Account, Limits, Outside

_OLDEST = (9, 9)
_TOO_OLD = "WooCommerce must be 9.9 or newer: older ones cannot tell exactly whether they have an order already"
# a signature is good for 15 minutes, and hearing reaches back 10
_CLOCKS_MAY_DIFFER = timedelta(minutes=5)


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
    calls: Calls, root: str, outside: Outside, limits: Limits, more_currencies: frozenset[str]
) -> tuple[Account, ShopFacts]:
    """What setup tells the merchant, and what placing needs to know."""
    refuse_plain_http(root)
    statuses = await _first_question(calls, root, outside, limits)
    version, home_url = await _version_and_home(calls, root)
    await _may_write(calls)
    facts = await read_facts(calls)
    remarks = [f"WooCommerce {version}"] if version else []
    if not facts.taxes.on:
        remarks.append("The shop computes no taxes: orders are placed with prices as the marketplace states them.")
    account = Account(
        fingerprint=fingerprint(home_url),
        name=home_url.partition("://")[2].rstrip("/"),
        remarks=tuple(remarks),
        choices=dict.fromkeys(("completed_statuses", "cancelled_statuses", "placed_status"), statuses),
        currencies=frozenset({facts.currency}) | more_currencies,
    )
    return account, facts


async def _first_question(calls: Calls, root: str, outside: Outside, limits: Limits) -> tuple[str, ...]:
    """The shop's statuses; and on the way, whether this is a shop at all, its clock, and the key."""
    try:
        response = await calls.ask("/reports/orders/totals", {"_fields": "slug"})
        # before the key: a clock that is off makes a good signature a refused one
        allowed = max(_CLOCKS_MAY_DIFFER, outside.clock.in_real(limits.call_timeout_s))
        differ = differ_by(response, outside.clock.now())
        if differ > allowed and refusal_or_data(response.body):
            raise ClockOff(SIDE, int(differ.total_seconds()))
        if response.status != 200:
            raise_read_refused(response)
        return tuple(status.slug for status in _STATUSES.read(response, SIDE).good)
    except (NotThere, NotData, WrongAddress):
        raise await explain(root, outside, limits) from None


def refusal_or_data(body: bytes) -> bool:
    """Whether this came from an API: a web page's date may be a cache's."""
    return body.lstrip()[:1] in (b"{", b"[")


async def _version_and_home(calls: Calls, root: str) -> tuple[str, str]:
    response = await calls.ask("/system_status", {"_fields": "environment.version,environment.home_url"})
    if response.status == 200:
        found = shaped(response, _SystemStatus, SIDE).environment
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
    for endpoint in shaped(response, _Options, SIDE).endpoints:
        if "GET" in endpoint.methods and isinstance(endpoint.args, dict):
            argument = endpoint.args.get("created_via")
            return isinstance(argument, dict) and argument.get("type") == "array"
    return False


async def _may_write(calls: Calls) -> None:
    """An empty batch changes nothing, and needs the right to write all the same."""
    response = await calls.ask("/orders/batch", method="POST")
    if response.status in (401, 403):
        problem, refusal = not_allowed(response), refusal_in(response)
        if not isinstance(problem, AuthRefused) or refusal is None:
            raise problem
        raise may_not_write(refusal)
    if response.status not in (200, 201):
        raise Surprise(f"status {response.status} on an empty batch")
