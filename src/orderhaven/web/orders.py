"""The order list: what a link asks for, live; many at once; and the same list as a file."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from orderhaven.actions.errors import ActionRefused, action_refused
from orderhaven.core.access import Permission
from orderhaven.core.carriers import Carrier
from orderhaven.core.problems import ProblemKind
from orderhaven.core.translation import n_
from orderhaven.store.connections import connections
from orderhaven.store.listing.filters import CLOSED_TABS, Filter, Sort, Tab
from orderhaven.store.listing.pages import count_tabs
from orderhaven.store.listing.rows import Row, list_orders
from orderhaven.store.upkeep import health
from orderhaven.web.confirmation import ask, back_from, is_asked
from orderhaven.web.merchant_context import MerchantContext, MerchantRequest, merchant_required
from orderhaven.words.confirmations import before_many
from orderhaven.words.order_actions import run_action
from orderhaven.words.orders import mark, status_words, sync_words

_A_PAGE = 50
_MOST_AT_ONCE = 200
_FILTERS = ("marketplace", "shop", "since", "until", "carrier", "fulfilment", "problem")
_IN_BULK = ("retry", "handle", "create", "ignore")
_NEEDS_A_PERSON = frozenset({Tab.PROBLEMS, Tab.UNCONFIRMED, Tab.ASKED, Tab.LATE})
_SHOWN_WHEN_NEEDED = CLOSED_TABS | {Tab.UNCONFIRMED}


@dataclass(frozen=True, slots=True)
class TabView:
    """A tab as it is drawn."""

    key: str
    name: str
    count: str
    address: str
    is_here: bool
    needs_attention: bool


@merchant_required
@require_safe
def page(request: MerchantRequest) -> HttpResponse:
    """The whole page; only its live part when that asks for itself, and nothing when nothing has happened since."""
    heartbeat = health.record_heartbeat()
    if request.GET.get("live") == heartbeat:
        return HttpResponse(status=204)
    template = "orders_live.html" if "live" in request.GET else "orders.html"
    return render(request, template, {**_list(request), "heartbeat": heartbeat, **_choices(request)})


@merchant_required
@require_POST
def bulk(request: MerchantRequest) -> HttpResponse:
    """One act on every order that was ticked; what cannot be done says why and holds nothing up.

    What many orders would feel is asked first."""
    act = request.POST.get("act", "")
    refs = request.POST.getlist("order")[:_MOST_AT_ONCE]
    if act not in _IN_BULK or not refs:
        raise action_refused("Tick the orders first, and then say what to do with them.")
    question = before_many(act, len(refs))
    if (
        question is not None
        and Permission.WRITE in request.merchant_context.context.permissions
        and not is_asked(request)
    ):
        return ask(request, question, reverse("orders", args=[request.merchant_context.merchant.slug]))
    done = 0
    for ref in refs:
        try:
            run_action(request.merchant_context.context, ref, act, {})
            done += 1
        except ActionRefused as error:
            messages.error(request, str(error))
    if done:
        messages.success(request, n_("Done for {number} order.", "Done for {number} orders.", done))
    return redirect(back_from(request))


@merchant_required
@require_safe
def export(request: MerchantRequest) -> StreamingHttpResponse:
    """Everything the filters leave, as a CSV file that a spreadsheet opens; no personal data."""
    wanted = filter_of(request.GET, by_person=request.merchant_context.may_write)
    response = StreamingHttpResponse(_csv(request.merchant_context, wanted), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="orders-{timezone.localdate():%Y-%m-%d}.csv"'
    return response


def filter_of(given: QueryDict, *, by_person: bool) -> Filter:
    """What an address asks for; a word that makes no sense narrows nothing."""
    tab, sort, carrier = given.get("tab", ""), given.get("sort", ""), given.get("carrier", "")
    until = _day(given.get("until", ""), days_later=1)
    return Filter(
        tab=Tab(tab) if tab in list(Tab) else Tab.ALL,
        problems=tuple(ProblemKind(one) for one in given.getlist("problem") if one in list(ProblemKind)),
        marketplace=_text(given, "marketplace"),
        shop=_text(given, "shop"),
        since=_day(given.get("since", "")),
        until=until,
        carrier=Carrier(carrier) if carrier in list(Carrier) else None,
        by_marketplace={"merchant": False, "marketplace": True}.get(given.get("fulfilment", "")),
        search=_text(given, "q"),
        by_person=by_person,
        sort=Sort(sort) if sort in list(Sort) else Sort.NEWEST,
    )


def _text(given: QueryDict, name: str) -> str:
    return given.get(name, "").replace("\x00", "")[:200]  # PostgreSQL takes no NUL


# below: the list


def _list(request: MerchantRequest) -> dict[str, Any]:
    now = request.merchant_context.context.clock.now()
    wanted = filter_of(request.GET, by_person=request.merchant_context.may_write)
    found = list_orders(request.merchant_context.merchant.pk, wanted, request.GET.get("after", ""), _A_PAGE, now=now)
    nothing_yet = wanted == Filter() and not found.rows
    return {
        **(_first_steps(request) if nothing_yet else {}),
        "tabs": _tabs(request, wanted.tab, now),
        "rows": [_shown(row, now) for row in found.rows],
        "next": _address(request.GET, after=found.after) if found.after else "",
        "first": _address(request.GET, after="") if request.GET.get("after") else "",
        "address": _address(request.GET),
        "is_narrowed": replace(wanted, tab=Tab.ALL, sort=Sort.NEWEST) != Filter(),
        "is_filtered": any(map(request.GET.get, _FILTERS)) or wanted.sort is not Sort.NEWEST,
        "wanted": wanted,
        "has_ship_by": any(row.ship_by is not None for row in found.rows),  # some marketplaces never say it
        "nothing_yet": nothing_yet,
    }


def _first_steps(request: MerchantRequest) -> dict[str, Any]:
    """How far a merchant without any order has come."""
    rows = connections.all_of(request.merchant_context.merchant.pk)
    return {
        "is_connected": {row.side for row in rows} == {"marketplace", "shop"},
        "is_linked": any(row.links.all() for row in rows if row.side == "marketplace"),
    }


def _tabs(request: MerchantRequest, here: Tab, now: datetime) -> list[TabView]:
    found = count_tabs(request.merchant_context.merchant.pk, now)
    return [
        TabView(
            key=tab,
            name=tab.label,
            count=f"{found[tab].number}{'' if found[tab].is_exact else '+'}",
            address=_address(request.GET, tab="" if tab is Tab.ALL else tab, after=""),
            is_here=tab is here,
            needs_attention=tab in _NEEDS_A_PERSON and found[tab].number > 0,
        )
        for tab in Tab
        if tab is Tab.ALL or tab is here or found[tab].number or tab not in _SHOWN_WHEN_NEEDED
    ]


def _shown(row: Row, now: datetime) -> dict[str, Any]:
    is_open = row.status not in ("shipped", "cancelled")
    return {
        "row": row,
        "status": status_words(row),
        "mark": mark(row),
        "sync": sync_words(row),
        "problems": [kind.label for kind in row.problems],
        "carriers": ", ".join(Carrier(one).display_name if one in list(Carrier) else one for one in row.carriers),
        "is_late": row.ship_by is not None and row.ship_by < now and is_open and not row.by_marketplace,
        "is_soon": row.ship_by is not None and now <= row.ship_by < now + timedelta(hours=4) and is_open,
    }


def _choices(request: MerchantRequest) -> dict[str, Any]:
    """What can be filtered by, as the merchant has it; not needed by the part that updates itself."""
    if "live" in request.GET:
        return {}
    rows = connections.all_of(request.merchant_context.merchant.pk)
    return {
        "marketplaces": [row.name for row in rows if row.side == "marketplace"],
        "shops": [row.name for row in rows if row.side == "shop"],
        "carriers": sorted(((one.value, one.display_name) for one in Carrier), key=lambda pair: pair[1].casefold()),
        "sorts": [(sort, sort.label) for sort in Sort],
        "problem_kinds": sorted(((kind.value, kind.label) for kind in ProblemKind), key=lambda pair: pair[1]),
        "given": request.GET,
    }


def _address(given: QueryDict, **changes: str) -> str:
    """The same list with other words; what is empty or only for the moment is left out."""
    kept = [(name, value) for name in given for value in given.getlist(name) if name not in ("live", *changes)]
    return "?" + urlencode([(name, value) for name, value in [*kept, *changes.items()] if value])


def _day(text: str, days_later: int = 0) -> datetime | None:
    """The beginning of a day, by the reader's clock; None for what is no day."""
    try:
        day = datetime.fromisoformat(text).date() + timedelta(days=days_later)
        return timezone.make_aware(datetime.combine(day, time())).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


# below: a file


class _CsvSink:
    """What the csv module writes to; it gives the line back."""

    def write(self, line: str) -> str:
        return line


def _csv(merchant_context: MerchantContext, wanted: Filter) -> Iterator[str]:
    writer = csv.writer(_CsvSink())
    yield "\ufeff" + writer.writerow(_HEADINGS)
    after = ""
    while True:
        found = list_orders(merchant_context.merchant.pk, wanted, after, 500, now=merchant_context.context.clock.now())
        for row in found.rows:
            yield writer.writerow([_harmless(cell) for cell in _cells(row)])
        after = found.after
        if not after:
            return


_HEADINGS = (
    "order", "marketplace", "shop", "shop_order", "status", "placed_at", "ship_by", "ship_by_is", "quantity", "total", "currency",
    "tracking_number", "carrier", "problems",
)  # fmt: skip


def _cells(row: Row) -> list[str]:
    ship_by = row.ship_by.isoformat() if row.ship_by else ""
    ship_by_is = "" if row.ship_by is None else "estimated" if row.ship_by_is_estimated else "stated"
    problems = " ".join(row.problems)
    return [
        row.ref, row.marketplace, row.shop, row.shop_number, row.status, row.placed_at.isoformat(), ship_by, ship_by_is,
        str(row.quantity), f"{row.total:.2f}", row.currency, row.tracking_number, " ".join(row.carriers), problems,
    ]  # fmt: skip


def _harmless(cell: str) -> str:
    """A spreadsheet takes a cell that begins so for a formula, and runs it."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
