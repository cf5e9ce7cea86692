"""Where an order stands, in words: the status, and beside it what each side still has to be sent."""

from __future__ import annotations

from collections.abc import Mapping

from orderhaven.core.carriers.recognise import CarrierRule, RuleKind
from orderhaven.core.order import WaitsFor
from orderhaven.core.problems import ProblemKind
from orderhaven.core.status import STATUS_NAMES, Status
from orderhaven.core.translation import _
from orderhaven.store.listing.rows import Row
from orderhaven.store.models import ConnectionState, MessageKind, MessageState, SyncState
from orderhaven.store.orders.order_page import DecidedBy, Evidence

NEEDS_ATTENTION = "trouble"  # the mark, whatever the status
_HELD = {
    "older": "older than the link: create, adopt or ignore it",
    "ignored": "ignored",
    "no_link": "no link takes its channel: make one",
}
_TOLD = {
    # what the marketplace has to be sent, where that says more than the status
    "pending": "{marketplace} is being updated",
    "rejected": "{marketplace} was not updated: see the problem",
    "synced": "confirmed by {marketplace}",
}
_AFTERWARDS = {  # of what was confirmed before
    "pending": "confirmed by {marketplace}, which is being sent more",
    "rejected": "confirmed by {marketplace}; what came later was not sent",
}
_NOT_SENT = {
    ConnectionState.PAUSED: "{marketplace} is not updated: its connection is paused",
    ConnectionState.ATTENTION: "{marketplace} is not updated: its connection needs attention",
}
_WAITS = {
    WaitsFor.OUR_YES: "to be accepted",
    WaitsFor.THEIR_PAYMENT_CHECK: "{marketplace} checks the payment",
    WaitsFor.THEIR_RELEASE: "not released by {marketplace} yet",
}
_ACCEPTING = {
    SyncState.PENDING: "being accepted",
    SyncState.REJECTED: "not accepted: see the problem",
    SyncState.SYNCED: "accepted",
}
_IN_SHOP = {"pending": "being created", "rejected": "not created: see the problem", "synced": "in the shop"}
OPEN_STATES: Mapping[MessageState, str] = {
    MessageState.ON_HOLD: "held until you say so",
    MessageState.QUEUED: "about to be sent",
    MessageState.IN_FLIGHT: "being sent now",
    MessageState.UNCONFIRMED: "perhaps sent: being verified",
    MessageState.PROCESSING: "taken in there, outcome pending",
    MessageState.BLOCKED: "not sent: see the problem",
    MessageState.STOPPED: "rejected like others: see the connection",
}
_SHOP_STATES = {
    "open": "open", "completed": "completed", "cancelled": "cancelled", "trashed": "in the trash", "gone": "gone",
}  # fmt: skip


def status_name(status: Status) -> str:
    return _(STATUS_NAMES[status][1])


def status_words(row: Row) -> str:
    return _("Not confirmed") if row.is_unconfirmed else status_name(row.status)


def mark(row: Row) -> str:
    """What colour stands before the status: its own, or that of what needs somebody."""
    if row.is_unconfirmed or SyncState.REJECTED in (row.shop_sync, row.marketplace_sync) or _is_held(row):
        return NEEDS_ATTENTION
    is_under_way = row.status is Status.SHIPPED and row.marketplace_sync is SyncState.PENDING and not row.is_confirmed
    return "confirming" if is_under_way else str(row.status)


def sync_words(row: Row) -> str:
    """What stands beside the status; "" where there is nothing to say."""
    if row.hold and row.status is Status.NOT_SHIPPED:
        return _(_HELD[row.hold])
    if row.dry_run and "pending" in (row.shop_sync, row.marketplace_sync):
        return _("dry run: not sent")
    if row.handled_externally:
        return _("handled at {marketplace} by others", marketplace=row.marketplace)
    if row.status in (Status.SHIPPED, Status.CANCELLED) and row.marketplace_sync:
        return _to_marketplace(row)
    if row.status is Status.PENDING_CONFIRMATION:
        return waiting_words(row)
    if row.status is Status.NOT_SHIPPED:
        return _before_shipping(row)
    return ""


def waiting_words(row: Row) -> str:
    """For whose word an order waits that is not accepted yet; "" where it waits for nobody's."""
    if row.waits_for is WaitsFor.OUR_YES and row.marketplace_sync:
        return _(_ACCEPTING[row.marketplace_sync])
    return _(_WAITS[row.waits_for], marketplace=row.marketplace) if row.waits_for else ""


def message_name(kind: str) -> str:
    """What one side is sent, or would be."""
    return MessageKind(kind).label


def message_words(kind: MessageKind, state: MessageState, *, is_dry_run: bool) -> str:
    """What one side still has to be sent, and how far that is."""
    return f"{kind.label}: {state_words(state, is_dry_run=is_dry_run)}"


def state_words(state: MessageState, *, is_dry_run: bool) -> str:
    """How far it is with what one side still has to be sent; nothing is sent while the link `is_dry_run`."""
    return _("dry run: not sent") if is_dry_run and state is MessageState.QUEUED else _(OPEN_STATES[state])


def evidence_words(found: Evidence) -> str:
    """Why a parcel is thought to be its carrier's, or why nobody can tell."""
    match found.decided_by:
        case DecidedBy.PERSON:
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
    if rule.kind is RuleKind.TRACKING_PREFIX:
        return _("By your rule for codes that begin with {match}.", match=rule.match)
    return _("By your rule for what the shop calls {match}.", match=rule.match)


def _is_held(row: Row) -> bool:
    return ProblemKind.CANCELLATIONS_ON_HOLD in row.problems


def _to_marketplace(row: Row) -> str:
    """What the marketplace knows of a shipment or a cancellation, or why it does not."""
    told, its_name = row.marketplace_sync, row.marketplace
    if row.is_confirmed and row.status is Status.SHIPPED and told in _AFTERWARDS:
        return _(_AFTERWARDS[told], marketplace=its_name)
    if told is SyncState.REJECTED and not row.problems:  # it is said once, for all orders that met the same refusal
        return _("{marketplace} was not updated: see the connection", marketplace=its_name)
    if told is SyncState.PENDING and _is_held(row):
        return _("{marketplace} is not updated until you say so", marketplace=its_name)
    if told is SyncState.PENDING and row.connection in _NOT_SENT:
        return _(_NOT_SENT[row.connection], marketplace=its_name)
    return _(_TOLD[told], marketplace=its_name)


def _before_shipping(row: Row) -> str:
    if row.shop_sync is SyncState.REJECTED and not row.problems:
        return _("not created: see the connection")
    if row.shop_sync:
        return _(_IN_SHOP[row.shop_sync])
    return _("shipped by {marketplace}", marketplace=row.marketplace) if row.by_marketplace else ""
