"""Who works for the merchant, as what; invitations; and who did what."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from orderhaven.actions import notifications, users
from orderhaven.actions.errors import action_refused
from orderhaven.core.access import Permission, Role
from orderhaven.core.notifications import NotificationKind
from orderhaven.core.translation import _
from orderhaven.web.confirmation import way_back
from orderhaven.web.merchant_context import MerchantRequest, merchant_required
from orderhaven.words.notifications import answer_words
from orderhaven.words.roles import ROLES, role_name
from orderhaven.words.timeline import actor_words, event_words

_A_PAGE = 100


@merchant_required
@require_safe
def page(request: MerchantRequest) -> HttpResponse:
    return _page(request)


def _page(request: MerchantRequest, invitation: str = "") -> HttpResponse:
    """With the address of an invitation that was just made: it stands in this answer and nowhere else."""
    context = request.merchant_context.context
    shown = {
        "members": [(row, role_name(Role(row.role))) for row in users.users(context)],
        "roles": [(role.value, role_name(role), _(ROLES[role])) for role in Role],
        "invitations": users.open_invitations(context) if request.merchant_context.may_configure else [],
        "invitation": invitation,
    }
    return render(request, "users.html", shown)


@merchant_required
@require_http_methods(["GET", "HEAD", "POST"])
def act(request: MerchantRequest) -> HttpResponse:
    if request.method != "POST":  # the answer with an invitation was shown here, and is loaded again
        return redirect("users", request.merchant_context.merchant.slug)
    context, given = request.merchant_context.context, request.POST
    match given.get("act"):
        case "invite":
            return _page(request, users.invite(context, given.get("email", ""), _role(given.get("role", ""))))
        case "role":
            users.change_role(context, _number(given.get("person", "")), _role(given.get("role", "")))
            messages.success(request, _("The role is changed."))
        case "remove":
            users.remove(context, _number(given.get("person", "")))
            messages.success(request, _("This person cannot log in here any more."))
        case "take_back":
            users.revoke_invitation(context, _number(given.get("invitation", "")))
            messages.success(request, _("The invitation is taken back."))
    return redirect(way_back(request))


@merchant_required
@require_safe
def audit(request: MerchantRequest) -> HttpResponse:
    request.merchant_context.context.demand(Permission.CONFIGURE)
    before = request.GET.get("before", "")
    rows = users.audit(request.merchant_context.context, int(before[:18]) if before.isdecimal() else None)
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
            (one, NotificationKind(one.kind).label, answer_words(one.answer))
            for one in notifications.mail_log(request.merchant_context.context)
        ],
    }
    return render(request, "audit.html", shown)


def _role(word: str) -> Role:
    if word not in list(Role):
        raise action_refused("Choose a role.")
    return Role(word)


def _number(text: str) -> int:
    if not text.isdecimal() or len(text) > 18:
        raise action_refused("Say who is meant.")
    return int(text)
