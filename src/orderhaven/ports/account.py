"""What an account has of its own, laid over what its connector's spec says: read with `check`, kept on the connection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import msgspec
from msgspec import Struct

from orderhaven.core.carriers import Carrier
from orderhaven.core.errors import UnexpectedResponse
from orderhaven.core.matching import (
    CodeMatch,
    MatchState,
    carriers_meant,
    codes_by_carrier,
    codes_by_reason,
    match_codes,
    reasons_meant,
)
from orderhaven.ports.connector import AccountProfile, ConnectorSpec, Limits

_LONGEST_CODE = 200


class KeptAccount(Struct, frozen=True, omit_defaults=True):
    """Of an account, as it was last read, what its connector's spec says otherwise."""

    lacks: tuple[str, ...] = ()  # capabilities
    carriers: dict[str, str] | None = None  # code -> label; None: those of the spec
    reasons: dict[str, str] | None = None
    limits: dict[str, Any] = {}  # only those that differ
    title: str = ""  # "": that of the spec


class AccountChoices(Struct, frozen=True, omit_defaults=True):
    """What a person said of the account's codes: code -> which of ours it is, "" for none."""

    carriers: dict[str, str] = {}
    reasons: dict[str, str] = {}


NOTHING_KEPT, NOTHING_CHOSEN = KeptAccount(), AccountChoices()


async def read_account(connector: Any, spec: ConnectorSpec) -> AccountProfile:
    """Whose account it is and what it has. Raises what `check` raises, and UnexpectedResponse for what cannot be."""
    profile: AccountProfile = await connector.check()
    flaw = _flaw_of(profile, spec)
    if flaw:
        raise UnexpectedResponse(flaw)
    return profile


def kept_of(profile: AccountProfile, spec: ConnectorSpec) -> KeptAccount:
    return KeptAccount(
        lacks=tuple(sorted(str(one) for one in profile.lacks & spec.capabilities)),
        carriers=None if profile.carriers is None else dict(profile.carriers),
        reasons=None if profile.reasons is None else dict(profile.reasons),
        limits=_differing(profile.limits, spec.limits),
        title=profile.title,
    )


def spec_of_account(spec: ConnectorSpec, kept: KeptAccount, choices: AccountChoices) -> ConnectorSpec:
    """The spec as this account has it: everything that asks for an ability, a limit, a carrier or a reason asks this one."""
    if kept == NOTHING_KEPT:
        return spec
    own: dict[str, Any] = {
        "capabilities": frozenset(one for one in spec.capabilities if str(one) not in kept.lacks),
        "limits": _limits(spec.limits, kept.limits),
        "title": kept.title or spec.title,
    }
    if kept.carriers is not None:
        own |= _carriers(spec, carrier_matches(spec, kept, choices), choices)
    if kept.reasons is not None:
        reasons = codes_by_reason(reason_matches(spec, kept, choices), spec.reasons)
        own |= {"reasons": reasons, "reasons_are_listed": True}
    return replace(spec, **own)


def carrier_matches(spec: ConnectorSpec, kept: KeptAccount, choices: AccountChoices) -> tuple[CodeMatch, ...]:
    """Each carrier that the account lists with which of ours it is; none where it lists none."""
    if kept.carriers is None:
        return ()
    words = ({Carrier.OTHER: spec.other_carrier}, *spec.carriers_from.values(), spec.carriers)
    known = {word: ours for one in words for ours, word in reversed([*one.items()])}
    return match_codes(kept.carriers, choices.carriers, known, carriers_meant)


def reason_matches(spec: ConnectorSpec, kept: KeptAccount, choices: AccountChoices) -> tuple[CodeMatch, ...]:
    if kept.reasons is None:
        return ()
    known = {word: ours for ours, word in spec.reasons.items()}
    return match_codes(kept.reasons, choices.reasons, known, reasons_meant)


# below: how


def _carriers(spec: ConnectorSpec, matches: tuple[CodeMatch, ...], choices: AccountChoices) -> dict[str, Any]:
    """Words by country stay as far as the account has them and no person chose another one."""
    codes = codes_by_carrier(matches, spec.carriers)
    usable = {one.code for one in matches if one.state is MatchState.MATCHED}
    chosen = set(choices.carriers.values())
    by_country = {
        country: {ours: word for ours, word in words.items() if word in usable and ours not in chosen}
        for country, words in spec.carriers_from.items()
    }
    other = codes.get(Carrier.OTHER, "")
    return {"carriers": codes, "carriers_from": by_country, "other_carrier": other, "carriers_are_listed": True}


def _differing(limits: Limits | None, default: Limits) -> dict[str, Any]:
    """So that what a later version says of the others holds at once."""
    if limits is None:
        return {}
    said, usual = msgspec.to_builtins(limits), msgspec.to_builtins(default)
    return {name: value for name, value in said.items() if value != usual[name]}


def _limits(default: Limits, differing: Mapping[str, Any]) -> Limits:
    return msgspec.convert({**msgspec.to_builtins(default), **differing}, Limits) if differing else default


def _flaw_of(profile: AccountProfile, spec: ConnectorSpec) -> str:
    """What would break later, or mean nothing; "" when all is well."""
    codes = [*(profile.carriers or ()), *(profile.reasons or ()), *profile.channels]
    if any(not code.strip() or len(code) > _LONGEST_CODE for code in codes):
        return "the account lists a code that is empty or longer than any"
    return "the account states a limit that cannot be" if profile.limits and _cannot_be(profile.limits, spec) else ""


def _cannot_be(limits: Limits, spec: ConnectorSpec) -> bool:
    values = [getattr(limits, one.name) for one in fields(limits)]
    nothing = any(value < 1 for value in values if isinstance(value, int))
    backwards = any(value < timedelta(0) for value in values if isinstance(value, timedelta))
    # a connector that sends one by one cannot send many, whatever an account may
    too_many = limits.commands_per_call > 1 >= spec.limits.commands_per_call
    return nothing or backwards or too_many or limits.poll_floor == timedelta(0) or limits.call_timeout_s <= 0
