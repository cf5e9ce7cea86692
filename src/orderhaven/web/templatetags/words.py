"""How values look on a page: moments, amounts, durations, in the language of whoever reads."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from django import template
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

from orderhaven.core.translation import _, n_

register = template.Library()
_SIGNS = {"EUR": "€", "GBP": "£", "USD": "$"}


@register.filter
def moment(at: datetime | None) -> SafeString:
    """As short as it can be understood, with the whole of it on hovering."""
    if at is None:
        return SafeString("")
    local, today = timezone.localtime(at), timezone.localtime()
    if local.date() == today.date():
        short = f"{local:%H:%M}"
    elif local.year == today.year:
        short = f"{short_day(local)} {local:%H:%M}"
    else:
        short = f"{short_day(local)} {local:%Y}"
    return format_html('<time datetime="{}" title="{}">{}</time>', at.isoformat(), whole_moment(at), short)


def short_day(local: datetime) -> str:
    """As in 2 Mar; months are written small in Dutch."""
    return date_format(local, _("j M"))


@register.filter
def whole_moment(at: datetime | None) -> str:
    return f"{date_format(timezone.localtime(at), 'j F Y H:i:s')}" if at is not None else ""


@register.filter
def amount(value: Decimal, currency: str) -> str:
    """To the cent, with the sign of the currency where it has one that everybody knows."""
    number = number_format(Decimal(value).quantize(Decimal("0.01")), decimal_pos=2, use_l10n=True, force_grouping=True)
    return f"{_SIGNS.get(currency, currency)}\N{NO-BREAK SPACE}{number}" if currency else ""


@register.filter
def duration(seconds: float | timedelta) -> str:
    """'42 s', '3 min', '2 h 10 min', '3 days'."""
    whole = int(seconds.total_seconds() if isinstance(seconds, timedelta) else seconds)
    if whole < 90:
        return _("{seconds} s", seconds=whole)
    minutes = round(whole / 60)
    if minutes < 60:
        return _("{minutes} min", minutes=minutes)
    hours, rest = divmod(minutes, 60)
    if hours < 48:
        return _("{hours} h {minutes} min", hours=hours, minutes=rest) if rest else _("{hours} h", hours=hours)
    return n_("{number} day", "{number} days", hours // 24)


@register.filter
def ago(at: datetime | None, now: datetime) -> str:
    """How long ago, of something that happened."""
    return _("{time} ago", time=duration(max((now - at).total_seconds(), 0))) if at is not None else ""


@register.filter
def spoken(text: str) -> str:
    """A word of a table of ours, in the reader's language."""
    return _(text)


@register.simple_tag
def status_mark(mark: str) -> SafeString:
    """The coloured dot before a status, as `words.orders.mark` names it; its meaning stands beside it in words."""
    return format_html('<span class="dot dot-{}" aria-hidden="true"></span>', mark)
