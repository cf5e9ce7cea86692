"""Links: which marketplace's orders go to which shop, how, and what a dry run would send."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from orderhaven import paths
from orderhaven.actions import dry_run, links, onboarding
from orderhaven.actions.dry_run import DryRun
from orderhaven.actions.errors import action_refused
from orderhaven.actions.link_channels import channel_names, free_channels, other_links
from orderhaven.actions.links import LinkSettings
from orderhaven.core.access import Permission
from orderhaven.core.carriers import Carrier
from orderhaven.core.carriers.recognise import RuleKind
from orderhaven.core.order import MONDAY, SUNDAY
from orderhaven.core.translation import _, n_
from orderhaven.ports.connector import Capability
from orderhaven.store.connections import connections
from orderhaven.store.connections.links import all_of, older_count
from orderhaven.store.models import Connection, FulfilledByMarketplace, Link, MessageKind
from orderhaven.web.confirmation import way_back
from orderhaven.web.merchant_context import MerchantRequest, merchant_required
from orderhaven.web.templatetags.words import whole_moment
from orderhaven.words.days import exact, read, weekday_name
from orderhaven.words.orders import message_name

_SHOWN = 50  # of what a dry run would send
_RULE_KINDS = {RuleKind.TRACKING_PREFIX: "Code begins with", RuleKind.CARRIER_NAME: "The shop says"}


@merchant_required
@require_safe
def page(request: MerchantRequest) -> HttpResponse:
    merchant_id = request.merchant_context.merchant.pk
    rows = all_of(merchant_id)
    divided = {row.marketplace_id for row in rows if row.does_orders}
    sides = connections.all_of(merchant_id)
    free = {row: _free(row, rows) for row in sides if row.side == "marketplace"}
    shown = {
        "links": [(row, _settings(row)) for row in rows],
        "marketplaces": [row for row, channels in free.items() if channels or row.pk not in divided],
        "by_channel": [(row, channels) for row, channels in free.items() if channels],
        "divided": divided,
        "shops": [row for row in sides if row.side == "shop"],
        "has_marketplaces": any(row.side == "marketplace" for row in sides),
    }
    return render(request, "links.html", shown)


def _free(marketplace: Connection, rows: Sequence[Link]) -> Sequence[tuple[str, str]]:
    """Channels for one more link; none where a link takes all of them."""
    whole = any(row.marketplace_id == marketplace.pk and row.does_orders and not row.channels for row in rows)
    return () if whole else free_channels(marketplace)


@merchant_required
@require_POST
def new(request: MerchantRequest) -> HttpResponse:
    """A link begins as a dry run, unless the person wants otherwise."""
    given, context = request.POST, request.merchant_context.context
    marketplace = given.get("marketplace", "")
    settings = LinkSettings(
        dry_run=given.get("start") != "now",
        from_at=_moment(given.get("from_at", "")),
        channels=given.getlist(f"channels-{context.connection(marketplace).pk}") or None,
    )
    made = links.link(context, marketplace, given.get("shop", ""), settings)
    messages.success(
        request, _("{marketplace} goes to {shop} from now on.", marketplace=made.marketplace.name, shop=made.shop.name)
    )
    return redirect("link", request.merchant_context.merchant.slug, made.name)


@merchant_required
@require_http_methods(["GET", "HEAD", "POST"])
def one(request: MerchantRequest, marketplace: str) -> HttpResponse:
    context = request.merchant_context.context
    if request.method == "POST":
        context.demand(Permission.CONFIGURE)
        links.change_link(context, marketplace, _wish(request))
        messages.success(request, _("The link is changed."))
        return redirect("link", request.merchant_context.merchant.slug, marketplace)
    found = context.link(marketplace)
    return render(request, "link.html", _shown(request, found))


@merchant_required
@require_POST
def act(request: MerchantRequest, marketplace: str) -> HttpResponse:
    context, given = request.merchant_context.context, request.POST
    match given.get("act"):
        case "go":
            links.change_link(context, marketplace, LinkSettings(dry_run=False))
            messages.success(request, _("The dry run has ended: what waits is sent from now on."))
        case "dry_run":
            links.change_link(context, marketplace, LinkSettings(dry_run=True))
            messages.success(request, _("From now on this link is a dry run: it pulls everything and sends nothing."))
        case "look_up":
            dry_run.look_up(context, marketplace, _SHOWN)
            messages.success(request, _("Which products the shop has is looked up."))
        case "create_older":
            count = onboarding.create_older(context, marketplace)
            messages.success(
                request,
                n_(
                    "{number} order will be created in the shop.", "{number} orders will be created in the shop.", count
                ),
            )
        case "ignore_older":
            count = onboarding.ignore_older(context, marketplace)
            messages.success(request, n_("{number} order is ignored.", "{number} orders are ignored.", count))
        case "release":
            count = links.release_cancellations(context, marketplace)
            messages.success(
                request,
                n_("{number} held cancellation will be sent.", "{number} held cancellations will be sent.", count),
            )
        case "rule":
            kind = _rule_kind(given.get("kind", ""))
            links.add_carrier_rule(context, marketplace, kind, given.get("match", ""), given.get("carrier", ""))
            messages.success(request, _("The rule counts from now on."))
        case "end_rule":
            links.end_carrier_rule(context, marketplace, _rule_kind(given.get("kind", "")), given.get("match", ""))
            messages.success(request, _("The rule does not count any more."))
        case "adopt":
            _adopt_many(request)
    return redirect(way_back(request))


def _rule_kind(word: str) -> RuleKind:
    if word not in list(RuleKind):
        raise action_refused("Say whether the rule goes by the code or by the shop's word.")
    return RuleKind(word)


def _dry_run(request: MerchantRequest, found: Link) -> DryRun:
    if not found.dry_run:
        return DryRun((), None)
    return dry_run.dry_run(request.merchant_context.context, found.name, _SHOWN)


def _shown(request: MerchantRequest, found: Link) -> dict[str, Any]:
    context = request.merchant_context.context
    marketplace, shop = (
        context.spec_of(one) if one.connector in context.specs_by_name else None
        for one in (found.marketplace, found.shop)
    )
    would = _dry_run(request, found)
    return {
        "link": found,
        "channel_names": channel_names(found),
        "free_channels": free_channels(found.marketplace, found),
        "other_links": [f"{', '.join(channel_names(one))} → {one.shop.name}" for one in other_links(found)],
        "settings": _settings(found),
        "older": older_count(found.pk),
        "dry_run_entries": [(one, message_name(one.what)) for one in would.dry_run_entries],
        "looked_up_at": would.looked_up_at,
        "would_create": any(one.what == MessageKind.CREATE for one in would.dry_run_entries),
        "carriers": sorted(((one.value, one.display_name) for one in Carrier), key=lambda pair: pair[1].casefold()),
        "own_carriers": [Carrier(word) for word in found.own_carriers if word in list(Carrier)],
        "may_ask": marketplace is not None and Capability.ACCEPT in marketplace.capabilities,
        "may_take_delivered": shop is not None and Capability.FULFILLED_BY_MARKETPLACE in shop.capabilities,
        "rules": [
            {**rule, "says": _(_RULE_KINDS[rule["kind"]]), "carrier": Carrier(rule["carrier"]).display_name}
            for rule in found.carrier_rules
        ],
        "rule_kinds": [(kind, _(_RULE_KINDS[kind])) for kind in _RULE_KINDS],
        "wait_hours": exact(found.wait_s),
        "margin_hours": exact(found.ship_by_margin_s),
        "every_minutes": exact(found.marketplace.pull_every_s),
        "weekdays": [(day, weekday_name(day)) for day in range(MONDAY, SUNDAY + 1)],
        "free_days": ", ".join(found.free_days),
        "hub_zone": paths.time_zone(),
    }


def _settings(found: Link) -> list[tuple[str, str]]:
    """What a link does, for whoever only reads it; what is not set says nothing."""
    own = [Carrier(word).display_name for word in found.own_carriers if word in list(Carrier)]
    default = Carrier(found.default_carrier).display_name if found.default_carrier in list(Carrier) else ""
    rules = [f"{rule['match']} → {Carrier(rule['carrier']).display_name}" for rule in found.carrier_rules]
    rows = [
        (_("Channels"), ", ".join(channel_names(found))),
        (_("Orders from"), whole_moment(found.from_at)),
        (_("Pulls both sides every"), exact(found.marketplace.pull_every_s)),
        (_("Orders that wait for a yes"), "" if found.accepts_by_itself else _("wait for yours")),
        (_("Waits for a code"), exact(found.wait_s)),
        (_("Margin before the ship-by time"), exact(found.ship_by_margin_s)),
        (_("Parcels leave on"), ", ".join(weekday_name(day) for day in found.working_days)),
        (_("Ready by"), f"{found.cut_off} ({found.time_zone or paths.time_zone()})"),
        (_("Days on the way"), str(found.transit_days)),
        (_("Free days"), ", ".join(found.free_days)),
        (_("Cancellations in an hour, at most"), str(found.cancellations_per_hour)),
        (_("Parcels start in"), found.ships_from),
        (_("Carriers you use"), ", ".join(own)),
        (_("Carrier when nothing else tells"), default),
        (_("Carrier rules"), ", ".join(rules)),
    ]
    return [(name, value) for name, value in rows if value]


def _wish(request: HttpRequest) -> LinkSettings:
    given = request.POST
    accepts = given.get("accepts_by_itself", "")
    delivered = given.get("fulfilled_by_marketplace", "")
    cancellations = given.get("cancellations_per_hour", "")
    if cancellations and not cancellations.isdecimal():
        raise action_refused("The number of cancellations an hour is a whole number.")
    return LinkSettings(
        wait=_time(given.get("wait_hours", ""), hours=1),
        every=_time(given.get("every_minutes", ""), minutes=1),
        ship_by_margin=_time(given.get("margin_hours", ""), hours=1),
        **_dispatch(given),
        accepts_by_itself=accepts == "yes" if accepts else None,
        fulfilled_by_marketplace=FulfilledByMarketplace(delivered)
        if delivered in list(FulfilledByMarketplace)
        else None,
        cancellations_per_hour=int(cancellations[:6]) if cancellations else None,
        default_carrier=given.get("default_carrier", ""),
        own_carriers=[one for one in given.getlist("own_carriers") if one],
        ships_from=given.get("ships_from", ""),
        channels=_channels(given),
    )


def _channels(given: QueryDict) -> list[str] | None:
    """A form that shows none leaves them as they are. Raises ActionRefused."""
    if given.get("takes") != "some":
        return [] if given.get("takes") == "all" else None
    if not given.getlist("channels"):
        raise action_refused("Tick at least one channel, or say that the link takes all of them.")
    return given.getlist("channels")


def _dispatch(given: QueryDict) -> dict[str, Any]:
    """How parcels leave. A form that does not show the days of the week leaves them as they are. Raises ActionRefused."""
    transit = given.get("transit_days", "").strip()
    if transit and not transit.isdecimal():
        raise action_refused("'{text}' is no number.", text=transit[:20])
    if "transit_days" not in given:
        return {}
    return {
        "transit_days": int(transit[:6]) if transit else None,
        "working_days": [int(day) if day.isdecimal() else 0 for day in given.getlist("working_days")],
        "cut_off": given.get("cut_off", "").strip() or None,
        "time_zone": given.get("time_zone", ""),
        "free_days": re.split(r"[\s,;]+", given.get("free_days", "").strip())
        if given.get("free_days", "").strip()
        else [],
    }


def _time(text: str, **unit: int) -> timedelta | None:
    """As people write it; a number alone is so many of a unit. Raises ActionRefused."""
    if not text.strip():
        return None
    try:
        return read(text, timedelta(**unit))
    except ValueError:
        raise action_refused("'{text}' is no duration. Say 40 s, 5 min or 1 h 30 min.", text=text[:20]) from None


def _moment(text: str) -> datetime | None:
    """A local time as a browser's field gives it. Raises ActionRefused."""
    if not text:
        return None
    try:
        return timezone.make_aware(datetime.fromisoformat(text)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise action_refused("'{text}' is no date.", text=text[:30]) from None


def _adopt_many(request: MerchantRequest) -> None:
    """Lines of ORDER,SHOP-ORDER as they come out of another tool."""
    done = onboarding.adopt_all(
        request.merchant_context.context, onboarding.pairs_in(request.POST.get("pairs", "")[:200_000])
    )
    for one_pair in done:
        if one_pair.sentence:
            messages.error(request, f"{one_pair.ref}: {one_pair.sentence}")
    count = sum(not one_pair.sentence for one_pair in done)
    messages.success(request, n_("{number} order adopted.", "{number} orders adopted.", count))
