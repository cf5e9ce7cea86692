"""What happened to an order, a connection or a merchant, in one sentence per event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from orderhaven.core.carriers import Carrier
from orderhaven.core.problems import ProblemKind
from orderhaven.core.reasons import translate_reason
from orderhaven.core.status import Status, Trigger
from orderhaven.core.translation import _
from orderhaven.ports.connector import Capability
from orderhaven.store.models import MessageKind
from orderhaven.words.accounts import carrier_label, reason_label
from orderhaven.words.days import exact
from orderhaven.words.orders import status_name

EVENTS: Mapping[str, str] = {
    # of an order
    "received": "Received",
    "shop_order_created": "Created in the shop as {number}",
    "confirmed": "The marketplace confirmed the shipment",
    "handled_externally": "Handled at the marketplace by others",
    "cancelled_in_shop": "Cancelled in the shop",
    "cancel_synced": "The marketplace knows of the cancellation",
    "address_changed_there": "An address changed at the marketplace",
    "lines_changed_there": "Changed at the marketplace: {lines}",
    "accept_requested": "To be accepted at the marketplace",
    "accept_synced": "Accepted at the marketplace",
    "refuse_synced": "The marketplace knows that the cancellation is refused",
    "tracking_corrected": "The marketplace has the new code {tracking_number}",
    "completed_in_shop": "Completed in the shop",
    "tracking_added": "Track & trace code {tracking_number}",
    "unconfirmed": "{message}: no clear answer, so it is looked up ({cause})",
    "not_done": "{message}: it was not done, so it is sent again",
    "partly_created": "Shop order {shop_ref} was made, but not completely",
    "rejected": "{message}: not done. {problem}",
    "stopped": "{message}: rejected like others before it; the connection says why",
    "problem": "Problem: {problem}",
    "retried": "Tried again",
    "carrier_chosen": "Carrier chosen: {carrier}",
    "released": "Held cancellation released",
    "adopted": "Shop order {number} taken for this order",
    "create_requested": "To be created",
    "recreate_requested": "To be created again, instead of {instead_of}",
    "ignored": "Ignored: it is not created",
    "link_found": "Taken by the link '{link}'",
    # of a connection
    "connected": "Connected",
    "keys_changed": "New keys or settings",
    "address_changed": "Its address was {before} and is {after} now",
    "account_changed": "The account changed",
    "account_codes_chosen": "Codes of the account chosen",
    "paused": "Paused",
    "resumed": "Resumed",
    "failing_long": "Fails for hours: {reason}",
    "unidentified_rows": "A row that does not say which order it is: {cause}",
    "needs_attention": "Needs attention: {problem}",
    "repeated_rejection": "Rejects order after order for the same cause",
    "refusal_over": "Takes orders again that it rejected for the same cause",
    "linked": "Linked to a shop",
    "link_changed": "Link changed",
    # of a merchant
    "joined": "{person} joined as {role}",
    "role_changed": "{person} is {role} now",
    "removed": "{person} was removed",
    "invited": "Somebody was invited as {role}",
    "invitation_revoked": "The invitation of somebody as {role} was taken back",
    "renamed": "{person} is called {name} now",
    "password_changed": "{person} has another password",
    "password_given": "{person} was given another password",
    "second_factor_on": "{person} has a second factor",
    "second_factor_off": "{person} has no second factor any more",
    "account_locked": "Many wrong passwords were tried for the account of {person}; who tries more must wait",
    "token_created": "API token '{name}' made ({scopes})",
    "token_revoked": "API token '{name}' ended",
    "webhook_created": "Webhook to {url} made",
    "webhook_deleted": "Webhook to {url} ended",
    "webhook_paused": "Webhook to {url} paused",
    "webhook_resumed": "Webhook to {url} resumed",
}


FIELDS: Mapping[str, str] = {
    # what can be set of a link
    "from_at": "orders from",
    "dry_run": "dry run",
    "accepts_by_itself": "accepts orders by itself",
    "wait_s": "wait for a code",
    "ship_by_margin_s": "margin before the ship-by time",
    "fulfilled_by_marketplace": "orders that the marketplace ships itself",
    "cancellations_per_hour": "cancellations an hour",
    "default_carrier": "carrier when nothing else tells",
    "own_carriers": "carriers in use",
    "ships_from": "parcels start in",
    "channels": "channels",
    "does_orders": "does orders",
    "does_stock": "does stock",
    "does_returns": "does returns",
    "carrier_rule": "carrier rule",
    "ended_rule": "carrier rule ended",
    # what can change of an account
    "title": "title",
    "account_name": "name",
    "abilities_gone": "no longer possible",
    "abilities_new": "possible now",
    "currencies_gone": "currencies that are gone",
    "currencies_new": "new currencies",
    "channels_gone": "channels that are gone",
    "channels_new": "new channels",
    "carriers_gone": "carriers that are gone",
    "carriers_new": "new carriers",
    "reasons_gone": "reasons to cancel that are gone",
    "reasons_new": "new reasons to cancel",
    "limits": "limits",
}
_YES_NO = {"True": "yes", "False": "no"}


def event_words(kind: str, data: Mapping[str, object]) -> str:
    """One sentence; an event of a version that this one does not know is shown by its own name."""
    if kind == "status":
        moved = f"{_status(data.get('from'))} → {_status(data.get('to'))}"
        fact = str(data.get("trigger", ""))
        return f"{moved} ({Trigger(fact).label})" if fact in list(Trigger) else moved
    if kind not in EVENTS:
        return kind.replace("_", " ")
    return _(EVENTS[kind]).format_map(_Values(data)) + _details(kind, data)


def actor_words(actor: str) -> str:
    return _("Orderhaven") if actor == "hub" else actor


def _status(word: object) -> str:
    return status_name(Status(str(word))) if word in list(Status) else str(word)


def _details(kind: str, data: Mapping[str, object]) -> str:
    """Code and carrier of a confirmation; what was changed of a link."""
    match kind:
        case "confirmed":
            parts = [str(data.get("tracking_number") or _("without a code")), _carrier(data.get("carrier"))]
        case "link_changed" | "linked" | "account_changed":
            parts = [changes_words(data)]
        case "account_codes_chosen":
            words = (("carriers", carrier_label), ("reasons", reason_label))
            parts = [f"{code}: {label(ours)}" for name, label in words for code, ours in _pairs(data.get(name))]
        case _:
            return ""
    listed = ", ".join(part for part in parts if part)
    return f" ({listed})" if listed else ""


def changes_words(data: Mapping[str, object]) -> str:
    """What was set of a link, or changed of an account."""
    return ", ".join(_changed(name, str(value)) for name, value in data.items())


def _changed(name: str, value: str) -> str:
    called = _(FIELDS[name]) if name in FIELDS else name
    if name.startswith("abilities"):
        value = ", ".join(_ability(word) for word in value.split(", "))
    if name.endswith("_s") and value.replace(".", "", 1).isdecimal():
        return f"{called}: {exact(float(value))}"
    return f"{called}: {_(_YES_NO[value]) if value in _YES_NO else value}"


def _carrier(word: object) -> str:
    return Carrier(str(word)).display_name if word in list(Carrier) else str(word or "")


def _pairs(kept: object) -> Iterable[tuple[str, str]]:
    return kept.items() if isinstance(kept, Mapping) else ()


def _ability(word: str) -> str:
    return Capability(word).label if word in list(Capability) else word


class _Values(dict[str, str]):
    """What an event kept, in words."""

    def __init__(self, data: Mapping[str, object]) -> None:
        super().__init__({name: str(value) for name, value in data.items()})
        if data.get("kind") in list(MessageKind):
            self["message"] = MessageKind(str(data["kind"])).label
        if data.get("problem") in list(ProblemKind):
            self["problem"] = ProblemKind(str(data["problem"])).label
        if "carrier" in data:
            self["carrier"] = _carrier(data["carrier"])
        for name in ("cause", "reason"):
            if name in data:
                self[name] = translate_reason(str(data[name]))
        if "role" in data:
            self["role"] = _(str(data["role"]))

    def __missing__(self, key: str) -> str:
        return "?"
