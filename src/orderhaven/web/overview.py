"""How the trade runs, drawn, with a table behind each picture."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from orderhaven.core.translation import _
from orderhaven.store.listing.filters import Tab
from orderhaven.store.listing.pages import count_tabs
from orderhaven.store.upkeep import health
from orderhaven.store.upkeep.health import Overview, Times, overview
from orderhaven.web.charts import COLOURS, Bar, Column, Span, bars, spans, stacked
from orderhaven.web.merchant_context import MerchantRequest, merchant_required
from orderhaven.web.templatetags.words import duration, short_day


@merchant_required
@require_safe
def page(request: MerchantRequest) -> HttpResponse:
    """The last 24 hours by the hour, or the last 14 days by the day."""
    heartbeat = health.record_heartbeat()
    if request.GET.get("live") == heartbeat:
        return HttpResponse(status=204)
    by_day = request.GET.get("period") == "days"
    now = request.merchant_context.context.clock.now()
    moments = _moments(now, by_day=by_day)
    zone = timezone.get_current_timezone()
    found = overview(request.merchant_context.merchant.pk, moments[0], now, zone, by_day=by_day)
    shown = {
        "by_day": by_day,
        "figures": _figures(request, found, now),
        **_orders(found, moments, by_day=by_day),
        **_durations(found),
        **_problems(request, found),
        "heartbeat": heartbeat,
    }
    return render(request, "overview_live.html" if "live" in request.GET else "overview.html", shown)


def _moments(now: datetime, *, by_day: bool) -> list[datetime]:
    """The beginnings of the hours or days that are shown, oldest first."""
    local = timezone.localtime(now)
    if by_day:
        today = local.replace(hour=0, minute=0, second=0, microsecond=0)
        days = [today.date() - timedelta(days=back) for back in range(13, -1, -1)]
        return [timezone.make_aware(datetime(day.year, day.month, day.day)) for day in days]  # noqa: DTZ001
    hour = now.replace(minute=0, second=0, microsecond=0)
    return [hour - timedelta(hours=back) for back in range(23, -1, -1)]


def _figures(request: MerchantRequest, found: Overview, now: datetime) -> list[dict[str, Any]]:
    numbers = count_tabs(request.merchant_context.merchant.pk, now)
    orders = reverse("orders", args=[request.merchant_context.merchant.slug])

    rows = [  # each with what it means, and whether it is bad
        (_("Not shipped"), _("still to be sent"), numbers[Tab.NOT_SHIPPED].number, "?tab=not_shipped", False),
        (_("Waiting"), _("sent, no code yet"), numbers[Tab.WAITING].number, "?tab=waiting", False),
        (_("Being confirmed"), _("the marketplace has not agreed yet"), numbers[Tab.CONFIRMING].number, "?tab=confirming", False),
        (_("Not confirmed"), _("shipped, and the marketplace is not updated"), numbers[Tab.UNCONFIRMED].number,
         "?tab=unconfirmed", True),
        (_("At risk"), _("to be sent within four hours"), found.at_risk, "?tab=not_shipped&sort=ship_by", True),
        (_("Late"), _("the time to be sent is over"), numbers[Tab.LATE].number, "?tab=late", True),
        (_("Problems"), _("a person must look"), numbers[Tab.PROBLEMS].number, "?tab=problems", True),
    ]  # fmt: skip
    return [
        {"title": title, "means": means, "number": number, "address": orders + address, "is_bad": is_bad and number > 0}
        for title, means, number, address, is_bad in rows
    ]


def _orders(found: Overview, moments: list[datetime], *, by_day: bool) -> dict[str, Any]:
    names = sorted({name for _moment, name in found.received})
    by_moment = {(moment.timestamp(), name): number for (moment, name), number in found.received.items()}
    columns = [
        Column(_label(moment, by_day=by_day), tuple(by_moment.get((moment.timestamp(), name), 0) for name in names))
        for moment in moments
    ]
    title = _("Orders per day and marketplace") if by_day else _("Orders per hour and marketplace")
    total = sum(found.received.values())
    return {
        "orders_title": title, "orders_chart": stacked(title, names, columns), "orders_names": names,
        "orders_legend": [(name, index % COLOURS) for index, name in enumerate(names)], "orders_rows": columns, "orders_total": total,
    }  # fmt: skip


def _label(moment: datetime, *, by_day: bool) -> str:
    local = timezone.localtime(moment)
    return short_day(local) if by_day else f"{local:%H:%M}"


def _durations(found: Overview) -> dict[str, Any]:
    rows = [
        (_("From order to shop"), found.to_shop),
        (_("From completion to confirmation"), found.to_confirmation),
    ]
    title = _("How long it takes")
    drawn = [(_span(label, times), times.count) for label, times in rows if times.count]
    return {
        "spans_title": title,
        "spans_chart": spans(title, [one for one, _count in drawn], duration),
        "spans_rows": drawn,
    }


def _span(label: str, times: Times) -> Span:
    return Span(label, times.p50_s, times.p95_s, duration(times.p50_s), duration(times.p95_s))


def _problems(request: MerchantRequest, found: Overview) -> dict[str, Any]:
    orders = reverse("orders", args=[request.merchant_context.merchant.slug])
    rows = [Bar(kind.label, number, f"{orders}?tab=problems&problem={kind}") for kind, number in found.problems]
    title = _("Open problems by cause")
    return {"problems_title": title, "problems_chart": bars(title, rows), "problems_rows": rows}
