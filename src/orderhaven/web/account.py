"""What an account has of its own, on the page of its connection: what it lists, and a person's choices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from orderhaven.actions import accounts
from orderhaven.actions.accounts import AS_MATCHED, NONE_OF_OURS
from orderhaven.core.carriers import Carrier
from orderhaven.core.commands import CancelReason
from orderhaven.core.matching import CodeMatch, MatchState
from orderhaven.core.translation import _, n_
from orderhaven.web.merchant_context import MerchantRequest
from orderhaven.words.accounts import carrier_label, matched_words, reason_label
from orderhaven.words.timeline import changes_words

_CARRIERS, _REASONS = "carrier", "reason"
# what a person has to look at comes first
_ORDER = (MatchState.GONE, MatchState.UNMATCHED, MatchState.CHOSEN, MatchState.MATCHED, MatchState.UNUSED)


def account_card(request: MerchantRequest, name: str) -> dict[str, Any]:
    account = accounts.account_of(request.merchant_context.context, name)
    carriers = sorted(((one.value, one.display_name) for one in Carrier), key=lambda pair: pair[1].casefold())
    reasons = [(one.value, one.label) for one in CancelReason]
    lists = [
        _list(_CARRIERS, _("Carriers"), account.carriers, carriers, carrier_label),
        _list(_REASONS, _("Reasons to cancel"), account.reasons, reasons, reason_label),
    ]
    return {"account": account, "lists": [one for one in lists if one["rows"]]}


def read_again(request: MerchantRequest, name: str) -> str:
    """What to say of it. Raises ActionRefused."""
    changes = accounts.read_again(request.merchant_context.context, name)
    if not changes:
        return _("The account of '{name}' was read; nothing changed.", name=name)
    return _("The account of '{name}' was read: {changes}.", name=name, changes=changes_words(changes))


def choose(request: MerchantRequest, name: str) -> str:
    """Of all that the form shows, only what is another choice than before. Raises ActionRefused."""
    context = request.merchant_context.context
    before = accounts.account_of(context, name)
    carriers = _changed(request, _CARRIERS, before.carriers)
    reasons = _changed(request, _REASONS, before.reasons)
    going = accounts.choose_codes(context, name, carriers, reasons)
    saved = _("The choices for '{name}' are saved.", name=name)
    return f"{saved} " + n_("{number} order goes on.", "{number} orders go on.", going) if going else saved


# below: how


def _list(
    what: str,
    title: str,
    matches: Sequence[CodeMatch],
    ours: Sequence[tuple[str, str]],
    label: Callable[[str], str],
) -> dict[str, Any]:
    rows = sorted(matches, key=lambda one: (_ORDER.index(one.state), one.label.casefold()))
    return {
        "what": what,
        "title": title,
        "ours": ours,
        "rows": [
            {
                "code": one.code,
                "label": one.label or one.code,
                "ours": label(one.ours),
                "chosen": _chosen(one),
                "by_name": _by_name(one, label),
                "why": matched_words(one),
            }
            for one in rows
        ],
    }


def _by_name(match: CodeMatch, label: Callable[[str], str]) -> str:
    """What stands in the list for nobody's choice."""
    match match.state:
        case MatchState.MATCHED:
            return label(match.ours)
        case MatchState.GONE:
            return _("forget it")
        case _:
            return _("choose")


def _chosen(match: CodeMatch) -> str:
    """ "" when nobody chose."""
    if match.state is MatchState.UNUSED:
        return NONE_OF_OURS
    return match.ours if match.state in (MatchState.CHOSEN, MatchState.GONE) else ""


def _changed(request: MerchantRequest, what: str, matches: Sequence[CodeMatch]) -> dict[str, str]:
    given = {one.code: request.POST.get(f"{what}:{one.code}", "") for one in matches}
    return {one.code: word for one in matches if (word := given[one.code]) and word != (_chosen(one) or AS_MATCHED)}
