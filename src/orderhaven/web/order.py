"""One order: the three sides, what is wrong and what can be done, and everything that happened."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods
from msgspec import to_builtins

from orderhaven.actions.problem_actions import ProblemAction, offers
from orderhaven.core.access import Permission
from orderhaven.core.carriers import Carrier, normalise, tracking_url
from orderhaven.core.commands import CancelReason
from orderhaven.core.order import Address
from orderhaven.core.status import Status
from orderhaven.core.translation import _
from orderhaven.ports.connector import Capability, ConnectorSpec
from orderhaven.store.models import REJECTED_STATES, Side
from orderhaven.store.orders import order_page
from orderhaven.store.orders.order_page import MessageView, OrderPage, ProblemView
from orderhaven.store.upkeep import health
from orderhaven.web.confirmation import ask, back_from, is_asked
from orderhaven.web.merchant_context import MerchantRequest, merchant_required
from orderhaven.words.confirmations import before_cancelling
from orderhaven.words.order_actions import run_action
from orderhaven.words.orders import (
    OPEN_STATES,
    evidence_words,
    mark,
    message_name,
    shop_state_words,
    state_words,
    status_words,
    sync_words,
)
from orderhaven.words.timeline import actor_words, event_words

# what the form of an act asks for beside the button
_ASKS = {
    ProblemAction.MAP: "map",
    ProblemAction.ADOPT: "adopt",
    ProblemAction.CHOOSE_CARRIER: "choose_carrier",
    ProblemAction.CANCEL: "cancel",
}


@merchant_required
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: MerchantRequest, marketplace: str, ref: str) -> HttpResponse:
    """The order; posting does one act about it and comes back."""
    context = request.merchant_context.context
    if request.method == "POST":
        return _do(request, f"{marketplace}/{ref}")
    heartbeat = health.record_heartbeat()
    if request.GET.get("live") == heartbeat:
        return HttpResponse(status=204)
    found = context.order(f"{marketplace}/{ref}")
    shown = order_page.order_page(found.order_id, quotes=Permission.WRITE in context.permissions)
    buyer = order_page.buyer(found.order_id) if Permission.WRITE in context.permissions else {}
    template = "order_live.html" if "live" in request.GET else "order.html"
    return render(request, template, {**_shown(request, shown, buyer), "buyer": _buyer(buyer), "heartbeat": heartbeat})


# below: what is done


def _do(request: MerchantRequest, ref: str) -> HttpResponse:
    context = request.merchant_context.context
    given = {name: str(value) for name, value in request.POST.items()}
    act = given.get("act", "")
    if act == "cancel" and Permission.WRITE in context.permissions and not is_asked(request):
        return ask(request, before_cancelling(order_page.order_page(context.order(ref).order_id)), request.path)
    messages.success(request, run_action(context, ref, act, given))
    return redirect(back_from(request))


# below: what is shown


def _shown(request: MerchantRequest, page: OrderPage, buyer: Mapping[str, Address]) -> dict[str, Any]:
    to = buyer.get("ship_to")
    return {
        "page": page,
        "head": page.head,
        "status": status_words(page.head),
        "mark": mark(page.head),
        "sync": sync_words(page.head),
        "sides": _sides(request, page),
        "problems": [_problem(one) for one in page.problems],
        "asks": _asks_to_cancel(request, page),
        "shipments": [_shipment(one, page, to) for one in page.shipments],
        "recognised": _recognised(page, to),
        "events": [
            {"at": one.at, "who": actor_words(one.actor), "what": event_words(one.kind, one.data), "kind": one.kind}
            for one in reversed(page.events)
        ],
        "carriers": _carriers(request, page),
        "reasons": [(reason.value, reason.label) for reason in CancelReason],
        "may_cancel": _may_cancel(request, page),
        "support": _for_support(page),
    }


def _carriers(request: MerchantRequest, page: OrderPage) -> list[tuple[str, str]]:
    """Whom the marketplace knows; all where it takes any name."""
    marketplace = _marketplace(request, page)
    known = [one for one in Carrier if marketplace is None or marketplace.takes_carrier(one)]
    return sorted(((one.value, one.display_name) for one in known), key=lambda pair: pair[1].casefold())


def _marketplace(request: MerchantRequest, page: OrderPage) -> ConnectorSpec | None:
    """As its account has it; None: its connector is not installed any more."""
    context = request.merchant_context.context
    return (
        context.spec_of(context.connection(page.head.marketplace)) if page.connector in context.specs_by_name else None
    )


def _sides(request: MerchantRequest, page: OrderPage) -> dict[str, Any]:
    """What still has to be sent, by side: the labels of the arrows."""
    now, is_dry_run = request.merchant_context.context.clock.now(), page.head.dry_run
    still = [one for one in page.messages if one.state in OPEN_STATES]
    return {
        "to_shop": [_open(one, now, is_dry_run=is_dry_run) for one in still if one.side is Side.SHOP],
        "to_marketplace": [_open(one, now, is_dry_run=is_dry_run) for one in still if one.side is Side.MARKETPLACE],
        "shop_state": shop_state_words(page.shop_state),
        "shop_status": page.shop_status if page.shop_status != page.shop_state else "",
        "shop_title": _title(request, page.shop_connector),
        "marketplace_title": _title(request, page.connector),
    }


def _title(request: MerchantRequest, connector: str) -> str:
    specs_by_name = request.merchant_context.context.specs_by_name.get(connector)
    return specs_by_name.title if specs_by_name is not None else connector


def _open(message: MessageView, now: datetime, *, is_dry_run: bool) -> dict[str, Any]:
    is_stuck = message.state in REJECTED_STATES
    return {
        "name": message_name(message.kind),
        "state": state_words(message.state, is_dry_run=is_dry_run),
        "is_stuck": is_stuck,
        "next_at": message.due_at if message.due_at > now and not is_stuck and not is_dry_run else None,
    }


def _problem(problem: ProblemView) -> dict[str, Any]:
    found = offers(problem.kind)
    return {
        "title": problem.kind.label,
        "sentence": problem.sentence,
        "at": problem.at,
        "values": problem.values,
        "buttons": [
            {
                "act": offer.replace(" --", "-"),  # as `words.order_actions` names it
                "label": offer.label,
                "asks": _ASKS.get(offer, ""),
                "is_first": offer is found[0],
            }
            for offer in found
        ],
    }


def _asks_to_cancel(request: MerchantRequest, page: OrderPage) -> dict[str, Any] | None:
    """The buyer's wish, when it waits for an answer."""
    if page.head.status is not Status.CANCELLATION_REQUESTED:
        return None
    marketplace = _marketplace(request, page)
    return {"may_refuse": marketplace is not None and Capability.REFUSE_CANCELLATION in marketplace.capabilities}


def _may_cancel(request: MerchantRequest, page: OrderPage) -> bool:
    marketplace = _marketplace(request, page)
    is_open = page.head.status in (Status.NOT_SHIPPED, Status.PENDING_CONFIRMATION)
    return is_open and marketplace is not None and Capability.CANCEL in marketplace.capabilities


def _shipment(shipment: order_page.ShipmentView, page: OrderPage, to: Address | None) -> dict[str, Any]:
    """With the evidence, where the carrier that was sent is still the one that is thought of."""
    carrier = Carrier(shipment.carrier) if shipment.carrier in list(Carrier) else None
    found = page.evidence
    is_same = (
        found is not None and found.carrier is carrier and found.tracking_number == normalise(shipment.tracking_number)
    )
    return {
        "shipment": shipment,
        "carrier": carrier.display_name if carrier else shipment.carrier,
        "why": evidence_words(found) if found is not None and is_same else "",
        "link": _tracking(carrier, shipment.tracking_number, to),
    }


def _recognised(page: OrderPage, to: Address | None) -> dict[str, Any] | None:
    """Whose the code is thought to be, and why; with a way to the parcel until it stands among the shipments."""
    found = page.evidence
    if found is None:
        return None
    return {
        "carrier": found.carrier.display_name if found.carrier else "",
        "why": evidence_words(found),
        "link": "" if page.shipments else _tracking(found.carrier, found.tracking_number, to),
    }


def _tracking(carrier: Carrier | None, code: str, to: Address | None) -> str:
    """Some carriers show a parcel only to whoever knows where it goes; `to` is None for who may not."""
    where = (to.postcode, to.country) if to is not None else ("", "")
    return tracking_url(carrier, code, *where) if carrier and code else ""


def _buyer(found: Mapping[str, Address]) -> list[dict[str, Any]]:
    """Names and addresses, of those who may see them; once where both are the same."""
    titles = {"ship_to": _("Ship to"), "bill_to": _("Bill to")}
    same = len(set(map(repr, found.values()))) == 1
    return [
        {"title": titles.get(role, role), "address": address}
        for role, address in found.items()
        if not (same and role != "ship_to")
    ]


def _for_support(page: OrderPage) -> str:
    """What went over and what came back, without secrets and personal data."""
    exchange = {
        "order": page.head.ref,
        "messages": [
            {"side": one.side, "kind": one.kind, "state": one.state, "attempt": one.attempt, "created_at": one.created_at.isoformat(),
             "payload": to_builtins(one.payload), "handle": one.handle, "remote_ref": one.remote_ref}
            for one in page.messages
        ],
        "problems": [{"kind": one.kind, "values": dict(one.values), "evidence": one.evidence} for one in page.problems],
    }  # fmt: skip
    return json.dumps(exchange, indent=2, ensure_ascii=False, default=str)
