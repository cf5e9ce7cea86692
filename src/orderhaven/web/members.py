"""Who works for the merchant, as what; invitations; and who did what."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from orderhaven.actions import notices, people
from orderhaven.actions.errors import impossible
from orderhaven.core.access import Power, Role
from orderhaven.core.language import _
from orderhaven.core.notices import NoticeKind
from orderhaven.web.desk import AtDesk, at_desk
from orderhaven.web.way_back import way_back
from orderhaven.words.notices import answer_words
from orderhaven.words.people import NOTICE_NAMES, ROLES, role_name
from orderhaven.words.timeline import actor_words, event_words

_A_PAGE = 100


@at_desk
@require_safe
def page(request: AtDesk) -> HttpResponse:
    return _page(request)


def _page(request: AtDesk, invitation: str = "") -> HttpResponse:
    """With the address of an invitation that was just made: it stands in this answer and nowhere else."""
    by = request.desk.by
    shown = {
        "members": [(row, role_name(Role(row.role))) for row in people.people(by)],
        "roles": [(role.value, role_name(role), _(ROLES[role])) for role in Role],
        "invitations": people.open_invitations(by) if request.desk.may_set_up else [],
        "invitation": invitation,
    }
    return render(request, "people.html", shown)


@at_desk
@require_http_methods(["GET", "HEAD", "POST"])
def act(request: AtDesk) -> HttpResponse:
    if request.method != "POST":  # the answer with an invitation was shown here, and is loaded again
        return redirect("people", request.desk.merchant.slug)
    by, given = request.desk.by, request.POST
    match given.get("act"):
        case "invite":
            return _page(request, people.invite(by, given.get("email", ""), _role(given.get("role", ""))))
        case "role":
            people.change_role(by, _number(given.get("person", "")), _role(given.get("role", "")))
            messages.success(request, _("The role is changed."))
        case "remove":
            people.remove(by, _number(given.get("person", "")))
            messages.success(request, _("This person cannot come in here any more."))
        case "take_back":
            people.take_back_invitation(by, _number(given.get("invitation", "")))
            messages.success(request, _("The invitation is taken back."))
    return redirect(way_back(request))


@at_desk
@require_safe
def audit(request: AtDesk) -> HttpResponse:
    request.desk.by.demand(Power.SET_UP)
    before = request.GET.get("before", "")
    rows = people.audit(request.desk.by, int(before[:18]) if before.isdecimal() else None)
    shown = {
        "rows": [
            {
                "at": row.at,
                "who": actor_words(row.actor),
                "about": row.connection.name if row.connection else "",
                "what": event_words(row.kind, row.data),
            }
            for row in rows
        ],
        "before": rows[-1].pk if len(rows) == _A_PAGE else "",
        "mails": [
            (one, _(NOTICE_NAMES[NoticeKind(one.kind)]), answer_words(one.answer))
            for one in notices.mail_log(request.desk.by)
        ],
    }
    return render(request, "audit.html", shown)


def _role(word: str) -> Role:
    if word not in list(Role):
        raise impossible("Choose a role.")
    return Role(word)


def _number(text: str) -> int:
    if not text.isdecimal() or len(text) > 18:
        raise impossible("Say who is meant.")
    return int(text)
