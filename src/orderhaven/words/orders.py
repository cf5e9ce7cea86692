"""Where an order stands, in words: the status, and beside it what each side still has to be told."""

from __future__ import annotations

from collections.abc import Mapping

from orderhaven.core.language import _
from orderhaven.core.problems import ProblemKind
from orderhaven.core.rules import CarrierRule, RuleKind
from orderhaven.core.status import SHOWN_AS, Status
from orderhaven.store.evidence import DecidedBy, Evidence
from orderhaven.store.listing.filters import Tab
from orderhaven.store.listing.rows import Row
from orderhaven.store.models import ConnectionState, Kind, MessageState, Told

TABS: Mapping[Tab, str] = {
    Tab.ALL: "All",
    Tab.PROBLEMS: "Problems",
    Tab.NOT_SHIPPED: "Not shipped",
    Tab.WAITING: "Waiting",
    Tab.CONFIRMING: "Being confirmed",
    Tab.UNCONFIRMED: "Not confirmed",
    Tab.SHIPPED: "Shipped",
    Tab.ASKED: "Cancellation requested",
    Tab.CANCELLED: "Cancelled",
    Tab.MANUAL: "Manual",
    Tab.LATE: "Late",
}
NEEDS_A_PERSON = "trouble"  # the mark, whatever the status
_HELD = {"older": "older than the link: place, adopt or leave it", "left": "left alone"}
_TOLD = {
    # what the marketplace has to be told, where that says more than the status
    "being_told": "{marketplace} is being told",
    "refused": "{marketplace} was not told: see the problem",
    "told": "confirmed by {marketplace}",
}
_AFTERWARDS = {  # of what was confirmed before
    "being_told": "confirmed by {marketplace}, which is being told more",
    "refused": "confirmed by {marketplace}; what came later was not told",
}
_NOT_SENT = {
    ConnectionState.PAUSED: "{marketplace} is not told: its connection is paused",
    ConnectionState.ATTENTION: "{marketplace} is not told: its connection needs attention",
}
_IN_SHOP = {"being_told": "being placed", "refused": "not placed: see the problem", "told": "in the shop"}
MESSAGES: Mapping[Kind, str] = {
    Kind.PLACE: "Place in the shop",
    Kind.CANCEL_SHOP: "Cancel in the shop",
    Kind.ACCEPT: "Accept the order",
    Kind.CONFIRM: "Confirm the shipment",
    Kind.CANCEL: "Cancel the order",
    Kind.REFUSE: "Refuse the cancellation",
    Kind.CORRECT: "Correct the code",
}
OPEN_STATES: Mapping[MessageState, str] = {
    MessageState.HELD: "held until you say so",
    MessageState.DUE: "about to be told",
    MessageState.SENDING: "being told now",
    MessageState.UNCLEAR: "perhaps told: being looked up",
    MessageState.AWAITING: "taken in there, outcome pending",
    MessageState.PARKED: "not told: see the problem",
    MessageState.STOPPED: "refused like others: see the connection",
}
_SHOP_STATES = {
    "open": "open", "completed": "completed", "cancelled": "cancelled", "trashed": "in the trash", "gone": "gone",
}  # fmt: skip


def status_name(status: Status) -> str:
    return _(SHOWN_AS[status][1])


def status_words(row: Row) -> str:
    return _("Not confirmed") if row.is_unconfirmed else status_name(row.status)


def mark(row: Row) -> str:
    """What colour stands before the status: its own, or that of what needs somebody."""
    if row.is_unconfirmed or Told.REFUSED in (row.shop_told, row.marketplace_told) or _is_held(row):
        return NEEDS_A_PERSON
    is_under_way = row.status is Status.SHIPPED and row.marketplace_told is Told.BEING_TOLD and not row.is_confirmed
    return "confirming" if is_under_way else str(row.status)


def told_words(row: Row) -> str:
    """What stands beside the status; "" where there is nothing to say."""
    if row.hold and row.status is Status.NOT_SHIPPED:
        return _(_HELD[row.hold])
    if row.rehearsal and "being_told" in (row.shop_told, row.marketplace_told):
        return _("rehearsal: not sent")
    if row.handled_by_others:
        return _("handled at {marketplace} by others", marketplace=row.marketplace)
    if row.status in (Status.SHIPPED, Status.CANCELLED) and row.marketplace_told:
        return _to_marketplace(row)
    if row.status is Status.NOT_SHIPPED:
        return _before_shipping(row)
    return ""


def message_name(kind: str) -> str:
    """What one side is told, or would be."""
    return _(MESSAGES[Kind(kind)])


def message_words(kind: Kind, state: MessageState, *, rehearses: bool) -> str:
    """What one side still has to be told, and how far that is."""
    return f"{_(MESSAGES[kind])}: {state_words(state, rehearses=rehearses)}"


def state_words(state: MessageState, *, rehearses: bool) -> str:
    """How far it is with what one side still has to be told; nothing is sent while the link `rehearses`."""
    return _("rehearsal: not sent") if rehearses and state is MessageState.DUE else _(OPEN_STATES[state])


def evidence_words(found: Evidence) -> str:
    """Why a parcel is thought to be its carrier's, or why nobody can tell."""
    match found.by:
        case DecidedBy.HAND:
            return _("Chosen by hand.")
        case DecidedBy.RULE if found.rule is not None:
            return _rule_words(found.rule)
        case DecidedBy.DEFAULT:
            return _("Nothing else tells, so it is the carrier that the link names for that.")
        case _:
            return found.why


def shop_state_words(state: str) -> str:
    """Of a shop order as it was read; a word that is not ours is the shop's own."""
    return _(_SHOP_STATES[state]) if state in _SHOP_STATES else state


def _rule_words(rule: CarrierRule) -> str:
    if rule.kind is RuleKind.CODE_PREFIX:
        return _("By your rule for codes that begin with {match}.", match=rule.match)
    return _("By your rule for what the shop calls {match}.", match=rule.match)


def _is_held(row: Row) -> bool:
    return ProblemKind.CANCELLATIONS_HELD in row.problems


def _to_marketplace(row: Row) -> str:
    """What the marketplace knows of a shipment or a cancellation, or why it does not."""
    told, its_name = row.marketplace_told, row.marketplace
    if row.is_confirmed and row.status is Status.SHIPPED and told in _AFTERWARDS:
        return _(_AFTERWARDS[told], marketplace=its_name)
    if told is Told.REFUSED and not row.problems:  # it is said once, for all orders that met the same refusal
        return _("{marketplace} was not told: see the connection", marketplace=its_name)
    if told is Told.BEING_TOLD and _is_held(row):
        return _("{marketplace} is not told until you say so", marketplace=its_name)
    if told is Told.BEING_TOLD and row.connection in _NOT_SENT:
        return _(_NOT_SENT[row.connection], marketplace=its_name)
    return _(_TOLD[told], marketplace=its_name)


def _before_shipping(row: Row) -> str:
    if row.shop_told is Told.REFUSED and not row.problems:
        return _("not placed: see the connection")
    if row.shop_told:
        return _(_IN_SHOP[row.shop_told])
    return _("shipped by {marketplace}", marketplace=row.marketplace) if row.by_marketplace else ""
