"""Mails, in words: a subject that says what happened, then one paragraph a thing, each with the address of its page."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

from django.utils import translation
from django.utils.formats import date_format

from orderhaven import paths
from orderhaven.core.notifications import NotificationKind
from orderhaven.core.problems import ProblemKind
from orderhaven.core.reasons import name_connection, translate_reason
from orderhaven.core.sentences import sentence
from orderhaven.core.translation import _, n_
from orderhaven.notifications import delivery_answers
from orderhaven.notifications.templates import MailText, NotificationContext, Write
from orderhaven.store.listing.filters import Tab
from orderhaven.store.notifications.deliveries import PAUSED

ANSWERS: Mapping[str, str] = {
    delivery_answers.NOT_IN_TIME: "did not answer in time",
    delivery_answers.NOT_REACHED: "cannot be reached",
    delivery_answers.NOT_TRUSTED: "its certificate is not trusted here",
    delivery_answers.BROKE_OFF: "broke off",
    delivery_answers.PRIVATE: "the address lies in a private network",
    delivery_answers.NO_READER: "the reader does not work here any more",
    delivery_answers.NO_SERVER: "no mail server is set up",
    delivery_answers.UNEXPECTED: "something unexpected went wrong in Orderhaven: its log says what",
    PAUSED: "the webhook was paused",
}
_COUNTED = (
    Tab.PROBLEMS, Tab.NOT_SHIPPED, Tab.WAITING, Tab.CONFIRMING, Tab.UNCONFIRMED, Tab.ASKED, Tab.LATE,
)  # fmt: skip


def answer_words(answer: str) -> str:
    """What an attempt came to, as the log shows it: a server's own answer stays as it was."""
    return _(ANSWERS[answer]) if answer in ANSWERS else answer


def write(news: NotificationContext) -> MailText:
    """The mail that says this, in the language that is spoken and the reader's time."""
    with translation.override(news.language):  # for the names of months
        letter = _WRITERS[news.kind](news)
    return MailText(letter.subject, f"{letter.text}\n\n-- \n{_footer(news)}\n")


# ---------------------------------------------------------------- one letter for each kind


def _of_problems(news: NotificationContext) -> MailText:
    subject = n_(
        "{merchant}: a problem with an order", "{merchant}: {number} problems with orders", _number(news),
        merchant=news.merchant,
    )  # fmt: skip
    return MailText(subject, _listed(news, [_problem(news, one) for one in news.facts["items"]], Tab.PROBLEMS))


def _problem(news: NotificationContext, one: Mapping[str, Any]) -> str:
    if one["problem"] not in list(ProblemKind):  # of another version
        return _order(news, one)
    kind = ProblemKind(one["problem"])
    # what the other side said itself is not mailed, as it may quote a buyer
    values = {"reason": _("see there"), "cause": _("see there"), **one["values"]}
    return f"{_order(news, one, kind.label)}\n{sentence(kind, values)}"


def _of_connections(news: NotificationContext) -> MailText:
    new, over = news.facts["items"], news.facts["over"]
    if new and all(one["problem"] == ProblemKind.UNIDENTIFIED_ROWS for one in new):
        subject = _(
            "{merchant}: '{name}' lists what nobody understands", merchant=news.merchant, name=new[0]["connection"]
        )
    elif new and all(one["problem"] == ProblemKind.REPEATED_REJECTION for one in new):
        subject = _("{merchant}: '{name}' rejects order after order", merchant=news.merchant, name=new[0]["connection"])
    elif new:
        subject = n_(
            "{merchant}: '{name}' cannot be used", "{merchant}: {number} connections cannot be used", _number(news),
            merchant=news.merchant, name=new[0]["connection"],
        )  # fmt: skip
    else:
        subject = n_(
            "{merchant}: '{name}' works again", "{merchant}: {number} connections work again", len(over),
            merchant=news.merchant, name=over[0]["connection"],
        )  # fmt: skip
    parts = [_trouble(news, one) for one in new]
    parts += [_("'{name}' works again. What waited for it goes on by itself.", name=one["connection"]) for one in over]
    return MailText(subject, "\n\n".join([*parts, f"{_address(news)}/connections"]))


def _trouble(news: NotificationContext, one: Mapping[str, Any]) -> str:
    if one["problem"] in list(ProblemKind) and one["problem"] != ProblemKind.DELAYED:
        values = {"reason": _("see there"), **one["values"], "side": one["connection"]}
        return f"{one['connection']}: {sentence(ProblemKind(one['problem']), values)}"
    return _(
        "'{name}' cannot be used since {time} ({reason}). Orderhaven keeps trying, nothing is lost meanwhile, and you hear "
        "when it works again.",
        name=one["connection"], time=_moment(news, one["since"]),
        reason=translate_reason(name_connection(one["reason"], one["connection"])),
    )  # fmt: skip


def _of_cancellations(news: NotificationContext) -> MailText:
    subject = n_(
        "{merchant}: a buyer asks to cancel", "{merchant}: {number} buyers ask to cancel", _number(news),
        merchant=news.merchant,
    )  # fmt: skip
    asks = _("The buyer asks to cancel. Accept or refuse it on the order's page.")
    return MailText(subject, _listed(news, [f"{_order(news, one)}\n{asks}" for one in news.facts["items"]], Tab.ASKED))


def _of_late(news: NotificationContext) -> MailText:
    subject = n_(
        "{merchant}: an order may be sent too late", "{merchant}: {number} orders may be sent too late", _number(news),
        merchant=news.merchant,
    )  # fmt: skip
    parts = [f"{_order(news, one)}\n{' '.join(_deadlines(news, one))}" for one in news.facts["items"]]
    return MailText(subject, _listed(news, parts, Tab.NOT_SHIPPED))


def _deadlines(news: NotificationContext, one: Mapping[str, Any]) -> Iterator[str]:
    time = _moment(news, one["ship_by"])
    if one["ship_by"] and one.get("is_estimated"):
        yield _("To be sent by {time}, estimated from the day of delivery that was promised.", time=time)
    elif one["ship_by"]:
        yield _("To be sent by {time}.", time=time)
    if one.get("expires_at"):
        yield _("{marketplace} cancels it by itself after {time}.", marketplace=one["marketplace"],
                time=_moment(news, one["expires_at"]))  # fmt: skip


def _of_the_day(news: NotificationContext) -> MailText:
    day = date_format(news.created_at.astimezone(news.zone), "j F")
    counts = [f"{tab.label}: {news.facts['counts'][tab]}" for tab in _COUNTED if tab in news.facts["counts"]]
    kinds = [
        f"{ProblemKind(kind).label}: {number}"
        for kind, number in news.facts["problems"].items()
        if kind in list(ProblemKind)
    ]
    parts = ["\n".join(counts)]
    if kinds:
        parts.append("\n".join([_("Problems by cause:"), *kinds]))
    parts += [_("'{name}' cannot be used at the moment.", name=name) for name in news.facts["connections"]]
    parts.append(f"{_address(news)}/orders")
    return MailText(_("{merchant}: how things stand on {day}", merchant=news.merchant, day=day), "\n\n".join(parts))


_WRITERS: Mapping[NotificationKind, Write] = {
    NotificationKind.PROBLEM: _of_problems,
    NotificationKind.CONNECTION: _of_connections,
    NotificationKind.CANCELLATION: _of_cancellations,
    NotificationKind.LATE: _of_late,
    NotificationKind.DIGEST: _of_the_day,
}

# ---------------------------------------------------------------- parts of a letter


def _number(news: NotificationContext) -> int:
    return len(news.facts["items"]) + int(news.facts["more"])


def _order(news: NotificationContext, one: Mapping[str, Any], title: str = "") -> str:
    named = f"{one['marketplace']} {one['ref']}" + (f": {title}" if title else "")
    page = f"{_address(news)}/orders/{quote(one['marketplace'], safe='')}/{quote(one['ref'], safe='')}"
    return f"{named}\n{page}"


def _listed(news: NotificationContext, parts: list[str], tab: Tab) -> str:
    more = int(news.facts["more"])
    if more:
        parts = [*parts, f"{_('And {number} more:', number=more)} {_address(news)}/orders?tab={tab}"]
    return "\n\n".join(parts)


def _footer(news: NotificationContext) -> str:
    return _(
        "You get this because you work for {merchant} in Orderhaven. Choose what you get: {address}",
        merchant=news.merchant, address=f"{paths.web_address()}/me",
    )  # fmt: skip


def _address(news: NotificationContext) -> str:
    return f"{paths.web_address()}/{news.slug}"


def _moment(news: NotificationContext, iso: str) -> str:
    if not iso:
        return "?"
    local = datetime.fromisoformat(iso).astimezone(news.zone)
    return f"{date_format(local, 'j F')} {local:%H:%M}"
