"""What must be known of a shop before an order can be priced for it: its currency and how it taxes."""

from dataclasses import dataclass
from typing import Any

from orderhaven.connectors.woocommerce.calls import Calls
from orderhaven.connectors.woocommerce.mapping import TheirRate, TheirSetting, tax_rules
from orderhaven.connectors.woocommerce.taxes import TaxRules
from orderhaven.core.errors import Surprise


@dataclass(frozen=True, slots=True)
class ShopFacts:
    currency: str
    taxes: TaxRules


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
