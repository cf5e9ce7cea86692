"""Links: which marketplace's orders go to which shop, how, and what a rehearsal would send."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from orderhaven import paths
from orderhaven.actions import joining, links, rehearsing
from orderhaven.actions.errors import impossible
from orderhaven.actions.links import LinkWish
from orderhaven.actions.rehearsing import Rehearsal
from orderhaven.core.access import Power
from orderhaven.core.carriers import Carrier
from orderhaven.core.deadline import MONDAY, SUNDAY
from orderhaven.core.language import _, n_
from orderhaven.core.rules import RuleKind
from orderhaven.ports.connector import Can
from orderhaven.store import connections
from orderhaven.store.links import all_of, older_count
from orderhaven.store.models import DeliveredByMarketplace, Kind, Link
from orderhaven.web.desk import AtDesk, at_desk
from orderhaven.web.templatetags.words import whole_moment
from orderhaven.web.way_back import way_back
from orderhaven.words.days import weekday_name
from orderhaven.words.durations import exact, read
from orderhaven.words.orders import message_name

_SHOWN = 50  # of what a rehearsal would send
_RULE_KINDS = {RuleKind.CODE_PREFIX: "Code begins with", RuleKind.SHOP_CARRIER: "The shop says"}


@at_desk
@require_safe
def page(request: AtDesk) -> HttpResponse:
    merchant_id = request.desk.merchant.pk
    rows = all_of(merchant_id)
    linked = {row.marketplace_id for row in rows}
    sides = connections.all_of(merchant_id)
    shown = {
        "links": [(row, _settings(row)) for row in rows],
        "marketplaces": [row for row in sides if row.role == "marketplace" and row.pk not in linked],
        "shops": [row for row in sides if row.role == "shop"],
        "has_marketplaces": any(row.role == "marketplace" for row in sides),
    }
    return render(request, "links.html", shown)


@at_desk
@require_POST
def new(request: AtDesk) -> HttpResponse:
    """A link begins as a rehearsal, unless the person wants otherwise."""
    given = request.POST
    wish = LinkWish(rehearsal=given.get("start") != "now", from_at=_moment(given.get("from_at", "")))
    made = links.link(request.desk.by, given.get("marketplace", ""), given.get("shop", ""), wish)
    messages.success(
        request, _("{marketplace} goes to {shop} from now on.", marketplace=made.marketplace.name, shop=made.shop.name)
    )
    return redirect("link", request.desk.merchant.slug, made.marketplace.name)


@at_desk
@require_http_methods(["GET", "HEAD", "POST"])
def one(request: AtDesk, marketplace: str) -> HttpResponse:
    by = request.desk.by
    if request.method == "POST":
        by.demand(Power.SET_UP)
        links.change_link(by, marketplace, _wish(request))
        messages.success(request, _("The link is changed."))
        return redirect("link", request.desk.merchant.slug, marketplace)
    found = by.link(marketplace)
    return render(request, "link.html", _shown(request, found))


@at_desk
@require_POST
def act(request: AtDesk, marketplace: str) -> HttpResponse:
    by, given = request.desk.by, request.POST
    match given.get("act"):
        case "go":
            links.end_rehearsal(by, marketplace)
            messages.success(request, _("The rehearsal is over: what waits is sent from now on."))
        case "rehearse":
            links.change_link(by, marketplace, LinkWish(rehearsal=True))
            messages.success(request, _("From now on this link only rehearses: it hears everything and sends nothing."))
        case "look_up":
            rehearsing.look_up(by, marketplace, _SHOWN)
            messages.success(request, _("Which products the shop has is looked up."))
        case "place_older":
            count = joining.place_older(by, marketplace)
            messages.success(request, n_("{number} order will be placed.", "{number} orders will be placed.", count))
        case "leave_older":
            count = joining.leave_older(by, marketplace)
            messages.success(request, n_("{number} order is left alone.", "{number} orders are left alone.", count))
        case "release":
            count = links.release_cancellations(by, marketplace)
            messages.success(
                request,
                n_("{number} held cancellation will be told.", "{number} held cancellations will be told.", count),
            )
        case "rule":
            kind = _rule_kind(given.get("kind", ""))
            links.add_carrier_rule(by, marketplace, kind, given.get("match", ""), given.get("carrier", ""))
            messages.success(request, _("The rule counts from now on."))
        case "end_rule":
            links.end_carrier_rule(by, marketplace, _rule_kind(given.get("kind", "")), given.get("match", ""))
            messages.success(request, _("The rule does not count any more."))
        case "adopt":
            _adopt_many(request)
    return redirect(way_back(request))


def _rule_kind(word: str) -> RuleKind:
    if word not in list(RuleKind):
        raise impossible("Say whether the rule goes by the code or by the shop's word.")
    return RuleKind(word)


def _rehearsal(request: AtDesk, found: Link) -> Rehearsal:
    if not found.rehearsal:
        return Rehearsal((), None)
    return rehearsing.rehearsal(request.desk.by, found.marketplace.name, _SHOWN)


def _shown(request: AtDesk, found: Link) -> dict[str, Any]:
    shop = request.desk.by.declared.get(found.shop.connector)
    would = _rehearsal(request, found)
    return {
        "link": found,
        "settings": _settings(found),
        "older": older_count(found.pk),
        "would_send": [(one, message_name(one.what)) for one in would.would_send],
        "looked_up_at": would.looked_up_at,
        "would_place": any(one.what == Kind.PLACE for one in would.would_send),
        "carriers": sorted(((one.value, one.display_name) for one in Carrier), key=lambda pair: pair[1].casefold()),
        "own_carriers": [Carrier(word) for word in found.own_carriers if word in list(Carrier)],
        "may_take_delivered": shop is not None and Can.TAKE_DELIVERED in shop.can,
        "rules": [
            {**rule, "says": _(_RULE_KINDS[rule["kind"]]), "carrier": Carrier(rule["carrier"]).display_name}
            for rule in found.carrier_rules
        ],
        "rule_kinds": [(kind, _(_RULE_KINDS[kind])) for kind in _RULE_KINDS],
        "wait_hours": exact(found.wait_s),
        "margin_hours": exact(found.ship_by_margin_s),
        "every_minutes": exact(found.marketplace.hear_every_s),
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
        (_("Orders from"), whole_moment(found.from_at)),
        (_("Hears both sides every"), exact(found.marketplace.hear_every_s)),
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


def _wish(request: HttpRequest) -> LinkWish:
    given = request.POST
    delivered = given.get("delivered_by_marketplace", "")
    cancellations = given.get("cancellations_per_hour", "")
    if cancellations and not cancellations.isdecimal():
        raise impossible("The number of cancellations an hour is a whole number.")
    return LinkWish(
        wait=_time(given.get("wait_hours", ""), hours=1),
        every=_time(given.get("every_minutes", ""), minutes=1),
        ship_by_margin=_time(given.get("margin_hours", ""), hours=1),
        **_dispatch(given),
        delivered_by_marketplace=DeliveredByMarketplace(delivered)
        if delivered in list(DeliveredByMarketplace)
        else None,
        cancellations_per_hour=int(cancellations[:6]) if cancellations else None,
        default_carrier=given.get("default_carrier", ""),
        own_carriers=[one for one in given.getlist("own_carriers") if one],
        ships_from=given.get("ships_from", ""),
    )


def _dispatch(given: QueryDict) -> dict[str, Any]:
    """How parcels leave. A form that does not show the days of the week leaves them as they are. Raises Impossible."""
    transit = given.get("transit_days", "").strip()
    if transit and not transit.isdecimal():
        raise impossible("'{text}' is no number.", text=transit[:20])
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
    """As people write it; a number alone is so many of a unit. Raises Impossible."""
    if not text.strip():
        return None
    try:
        return read(text, timedelta(**unit))
    except ValueError:
        raise impossible("'{text}' is no duration. Say 40 s, 5 min or 1 h 30 min.", text=text[:20]) from None


def _moment(text: str) -> datetime | None:
    """A local time as a browser's field gives it. Raises Impossible."""
    if not text:
        return None
    try:
        return timezone.make_aware(datetime.fromisoformat(text)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise impossible("'{text}' is no date.", text=text[:30]) from None


def _adopt_many(request: AtDesk) -> None:
    """Lines of ORDER,SHOP-ORDER as they come out of another tool."""
    done = joining.adopt_all(request.desk.by, joining.pairs_in(request.POST.get("pairs", "")[:200_000]))
    for one_pair in done:
        if one_pair.sentence:
            messages.error(request, f"{one_pair.ref}: {one_pair.sentence}")
    count = sum(not one_pair.sentence for one_pair in done)
    messages.success(request, n_("{number} order adopted.", "{number} orders adopted.", count))
