"""What must be known of a shop before an order can be priced for it: its currency and how it taxes."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orderhaven.connectors.woocommerce.calls import Calls
from orderhaven.connectors.woocommerce.mapping import TheirRate, TheirSetting, tax_rules
from orderhaven.connectors.woocommerce.products import Products
from orderhaven.connectors.woocommerce.taxes import TaxRules
from orderhaven.core.errors import Surprise
from orderhaven.ports.clock import Clock, is_recent

_GOOD_FOR_S = 60.0  # real seconds: a merchant may change a setting while orders go in


@dataclass(frozen=True, slots=True)
class ShopFacts:
    currency: str
    taxes: TaxRules


class KeptFacts:
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
        raise Surprise("the shop names no currency")
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
