"""What an account has of its own, as a person sees it; and the person's word on which of ours its codes are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from random import random

from orderhaven.actions.context import ActionContext, requires
from orderhaven.actions.errors import ActionRefused, action_refused
from orderhaven.actions.links import carrier_named
from orderhaven.actions.orders import retry_ids
from orderhaven.actions.probing import ask_of
from orderhaven.core.access import Permission
from orderhaven.core.commands import CancelReason
from orderhaven.core.matching import CodeMatch
from orderhaven.core.problems import ProblemKind
from orderhaven.core.sentences import sentence
from orderhaven.ports.account import carrier_matches, read_account, reason_matches
from orderhaven.ports.connector import Capability
from orderhaven.store.connections import accounts
from orderhaven.store.models import Connection
from orderhaven.store.orders.changes import waiting_for_a_code
from orderhaven.store.upkeep.versions import ExpectedVersion

AS_MATCHED = "auto"  # instead of a carrier or a reason: what a person said is forgotten
NONE_OF_OURS = "none"
_NAMED = 12  # codes in a sentence

Chosen = Mapping[str, str]  # code of the account -> one of ours, NONE_OF_OURS, or AS_MATCHED


@dataclass(frozen=True, slots=True)
class AccountView:
    """`carriers` and `reasons` are those that the account lists; nothing: those of the connector hold for every account."""

    title: str
    read_at: datetime | None  # None: not yet
    capabilities: tuple[Capability, ...]
    lacks: tuple[Capability, ...]  # what others of this marketplace or shop can do
    currencies: tuple[str, ...]
    channels: Mapping[str, str]
    carriers: tuple[CodeMatch, ...]
    reasons: tuple[CodeMatch, ...]


@requires(Permission.READ)
def account_of(context: ActionContext, name: str) -> AccountView:
    """As it was last read. Raises ActionRefused."""
    row = context.connection(name)
    spec, own = context.spec(row.connector), context.spec_of(row)
    return AccountView(
        title=own.title,
        read_at=row.account_read_at,
        capabilities=tuple(one for one in Capability if one in own.capabilities),
        lacks=tuple(one for one in Capability if one in spec.capabilities - own.capabilities),
        currencies=tuple(row.currencies),
        channels=row.channels,
        carriers=carrier_matches(spec, row.account, row.account_choices),
        reasons=reason_matches(spec, row.account, row.account_choices),
    )


@requires(Permission.CONFIGURE)
def read_again(context: ActionContext, name: str) -> Mapping[str, str]:
    """Read it now; what changed since the last time. Raises ActionRefused when it does not answer, or is another account."""
    row = context.connection(name)
    spec = context.spec(row.connector)
    profile = ask_of(context, row, lambda connector: read_account(connector, spec))
    if profile.fingerprint != row.fingerprint:
        raise ActionRefused(sentence(ProblemKind.OTHER_ACCOUNT, {"side": row.name}))
    now = context.clock.now()
    return accounts.keep(row.pk, accounts.columns_of(profile, spec, now, random()), now, context.actor)


@requires(Permission.CONFIGURE)
def choose_codes(
    context: ActionContext,
    name: str,
    carriers: Chosen | None = None,
    reasons: Chosen | None = None,
    *,
    expected: ExpectedVersion | None = None,
) -> int:
    """Say which of ours these codes are; the others stay. How many orders go on because of it. Raises ActionRefused."""
    row = context.connection(name)
    chosen_carriers = {code: _carrier(word) for code, word in (carriers or {}).items()}
    chosen_reasons = {code: _reason(word) for code, word in (reasons or {}).items()}
    with accounts.choosing(row.pk, context.clock.now(), context.actor, expected) as kept:
        _demand_listed(kept, kept.account.carriers, kept.account_choices.carriers, chosen_carriers)
        _demand_listed(kept, kept.account.reasons, kept.account_choices.reasons, chosen_reasons)
        accounts.choose(kept, chosen_carriers, chosen_reasons)
        _demand_one_each(kept)
    waiting = waiting_for_a_code(row.pk)
    return len(retry_ids(context, waiting)) if waiting else 0


# below: how


def _carrier(word: str) -> str | None:
    return _special(word) if word in (AS_MATCHED, NONE_OF_OURS) else str(carrier_named(word))


def _reason(word: str) -> str | None:
    if word in (AS_MATCHED, NONE_OF_OURS):
        return _special(word)
    if word not in list(CancelReason):
        raise action_refused("'{word}' is no reason. There are: {reasons}.", word=word, reasons=", ".join(CancelReason))
    return word


def _special(word: str) -> str | None:
    return "" if word == NONE_OF_OURS else None


def _demand_listed(
    row: Connection, theirs: Mapping[str, str] | None, chosen: Mapping[str, str], given: Mapping[str, str | None]
) -> None:
    """A code that is gone can only be forgotten."""
    unknown = [code for code in given if code not in (theirs or {}) and not (code in chosen and given[code] is None)]
    if not unknown:
        return
    if not theirs:
        raise action_refused(
            "The account of '{name}' has no list of its own, so there is nothing to choose.", name=row.name
        )
    listed = ", ".join([*theirs][:_NAMED]) + (" ..." if len(theirs) > _NAMED else "")
    raise action_refused(
        "The account of '{name}' has no code '{code}'. It has: {codes}.", name=row.name, code=unknown[0], codes=listed
    )


def _demand_one_each(row: Connection) -> None:
    for chosen in (row.account_choices.carriers, row.account_choices.reasons):
        codes: dict[str, str] = {}
        for code, ours in chosen.items():
            if ours and ours in codes:
                raise action_refused(
                    "'{one}' and '{other}' cannot both be {ours}. Choose one of them, and 'none' for the other.",
                    one=codes[ours],
                    other=code,
                    ours=ours,
                )
            codes[ours] = code
