"""What happened to an order, a connection or a merchant, in one sentence per event."""

from __future__ import annotations

from collections.abc import Mapping

from orderhaven.core.carriers import Carrier
from orderhaven.core.language import _
from orderhaven.core.problems import ProblemKind
from orderhaven.core.status import Fact, Status
from orderhaven.store.models import Kind
from orderhaven.words.orders import MESSAGES, status_name
from orderhaven.words.problems import TITLES

EVENTS: Mapping[str, str] = {
    # of an order
    "heard": "Heard",
    "placed": "Placed in the shop as {number}",
    "confirmed": "The marketplace confirmed the shipment",
    "handled_by_others": "Handled at the marketplace by others",
    "cancelled_in_shop": "Cancelled in the shop",
    "cancel_told": "The marketplace knows of the cancellation",
    "accept_told": "Accepted at the marketplace",
    "refuse_told": "The marketplace knows that the cancellation is refused",
    "corrected": "The marketplace has the new code {code}",
    "completed_in_shop": "Completed in the shop",
    "code": "Track & trace code {code}",
    "unclear": "{message}: no clear answer, so it is looked up ({cause})",
    "not_done": "{message}: it was not done, so it is sent again",
    "half_made": "Shop order {shop_ref} was made, but not completely",
    "refused": "{message}: not done. {problem}",
    "problem": "Problem: {problem}",
    "retried": "Tried again",
    "carrier_chosen": "Carrier chosen: {carrier}",
    "released": "Held cancellation released",
    "adopted": "Shop order {number} taken for this order",
    "to_be_placed": "To be placed",
    "to_be_placed_again": "To be placed again, instead of {instead_of}",
    "left": "Left alone: it is not placed",
    # of a connection
    "connected": "Connected",
    "keys_changed": "New keys or settings",
    "paused": "Paused",
    "resumed": "Resumed",
    "failing_long": "Fails for hours: {reason}",
    "needs_attention": "Needs attention: {problem}",
    "linked": "Linked to a shop",
    "link_changed": "Link changed",
    # of a merchant
    "joined": "{person} came in as {role}",
    "role_changed": "{person} is {role} now",
    "removed": "{person} was removed",
    "invited": "Somebody was invited as {role}",
    "token_made": "API token '{name}' made ({scopes})",
    "token_ended": "API token '{name}' ended",
    "webhook_made": "Webhook to {url} made",
    "webhook_ended": "Webhook to {url} ended",
    "webhook_paused": "Webhook to {url} paused: it failed for days",
    "webhook_resumed": "Webhook to {url} resumed",
}
FACTS: Mapping[Fact, str] = {
    Fact.ACCEPTED: "accepted at the marketplace",
    Fact.UNACCEPTED: "it waits for acceptance again",
    Fact.COMPLETED_WITH_CODE: "completed in the shop, with a code",
    Fact.COMPLETED_BARE: "completed in the shop, without a code",
    Fact.CODE: "a code came",
    Fact.WAIT_OVER: "the wait for a code is over",
    Fact.REOPENED: "reopened in the shop",
    Fact.REOPENED_LATE: "reopened in the shop after the marketplace was told",
    Fact.SHOP_CANCELLED: "cancelled in the shop",
    Fact.PART_SENT: "a part was sent",
    Fact.REST_SENT: "the rest was sent or cancelled",
    Fact.SHIPPED_THERE: "shipped at the marketplace",
    Fact.CANCELLED_THERE: "cancelled at the marketplace",
    Fact.CANCELLED_THERE_LATE: "cancelled at the marketplace after it was confirmed",
    Fact.BUYER_ASKS: "the buyer asks to cancel",
    Fact.CANCEL_ACCEPTED: "the cancellation was accepted",
    Fact.CANCEL_REFUSED: "the cancellation was refused",
    Fact.CANCEL_WITHDRAWN: "the buyer does not want to cancel any more",
    Fact.TAKEN_OVER: "taken over by hand",
    Fact.GIVEN_BACK: "given back",
}


def event_words(kind: str, data: Mapping[str, object]) -> str:
    """One sentence; an event of a version that this one does not know is shown by its own name."""
    if kind == "status":
        moved = f"{_status(data.get('from'))} → {_status(data.get('to'))}"
        fact = str(data.get("fact", ""))
        return f"{moved} ({_(FACTS[Fact(fact)])})" if fact in list(Fact) else moved
    if kind not in EVENTS:
        return kind.replace("_", " ")
    return _(EVENTS[kind]).format_map(_Said(data)) + _details(kind, data)


def actor_words(actor: str) -> str:
    return _("Orderhaven") if actor == "hub" else actor


def _status(word: object) -> str:
    return status_name(Status(str(word))) if word in list(Status) else str(word)


def _details(kind: str, data: Mapping[str, object]) -> str:
    """Code and carrier of a confirmation; what was changed of a link."""
    match kind:
        case "confirmed":
            parts = [str(data.get("code") or _("without a code")), _carrier(data.get("carrier"))]
        case "link_changed" | "linked":
            parts = [f"{name} {value}" for name, value in data.items()]
        case _:
            return ""
    said = ", ".join(part for part in parts if part)
    return f" ({said})" if said else ""


def _carrier(word: object) -> str:
    return Carrier(str(word)).display_name if word in list(Carrier) else str(word or "")


class _Said(dict[str, str]):
    """What an event kept, in words."""

    def __init__(self, data: Mapping[str, object]) -> None:
        super().__init__({name: str(value) for name, value in data.items()})
        if data.get("kind") in list(Kind):
            self["message"] = _(MESSAGES[Kind(str(data["kind"]))])
        if data.get("problem") in list(ProblemKind):
            self["problem"] = _(TITLES[ProblemKind(str(data["problem"]))])
        if "carrier" in data:
            self["carrier"] = _carrier(data["carrier"])
        if "role" in data:
            self["role"] = _(str(data["role"]))

    def __missing__(self, key: str) -> str:
        return "?"
