"""Where an order stands, in words: the status, and beside it what each side still has to be told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orderhaven.core.status import SHOWN_AS, Status

if TYPE_CHECKING:
    from orderhaven.store.listing import Row

_HELD = {"older": "older than the link: place, adopt or leave it", "left": "left alone"}
_TOLD = {
    # what the marketplace has to be told, where that says more than the status
    "being_told": "{marketplace} is being told",
    "refused": "{marketplace} was not told: see the problem",
    "told": "confirmed by {marketplace}",
}


def status_words(row: Row) -> str:
    return SHOWN_AS[row.status][1]


def told_words(row: Row) -> str:
    """What stands beside the status; "" where there is nothing to say."""
    if row.hold and row.status is Status.NOT_SHIPPED:
        return _HELD[row.hold]
    if row.rehearsal and "being_told" in (row.shop_told, row.marketplace_told):
        return "rehearsal: not sent"
    if row.handled_by_others:
        return f"handled at {row.marketplace} by others"
    if row.status in (Status.SHIPPED, Status.CANCELLED) and row.marketplace_told:
        return _TOLD[row.marketplace_told].format(marketplace=row.marketplace)
    if row.status is Status.NOT_SHIPPED:
        return _before_shipping(row)
    return ""


def _before_shipping(row: Row) -> str:
    match row.shop_told:
        case "being_told":
            return "being placed"
        case "refused":
            return "not placed: see the problem"
        case "told":
            return "in the shop"
    return f"shipped by {row.marketplace}" if row.by_marketplace else ""
