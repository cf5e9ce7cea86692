"""Codes of an account, for its carriers and its reasons to cancel, matched to ours: by their words, or by a person's choice."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from enum import StrEnum
from functools import lru_cache

from msgspec import Struct

from orderhaven.core.carriers import Carrier, carriers_named
from orderhaven.core.carriers.names import BRAND
from orderhaven.core.commands import CancelReason


class MatchState(StrEnum):
    CHOSEN = "chosen"  # a person said which of ours it is
    MATCHED = "matched"  # its words mean one of ours, and no other code of the account means that too
    UNUSED = "unused"  # a person said that it is none of ours
    UNMATCHED = "unmatched"  # not used until a person chooses
    GONE = "gone"  # a person chose it, and the account does not have it any more


class CodeMatch(Struct, frozen=True):
    """One code of the account."""

    code: str
    label: str  # what the account calls it; "": it is gone
    ours: str  # a `Carrier` or a `CancelReason`; "": none
    state: MatchState


Meaning = Callable[[str, str], Collection[str]]  # (code, label) -> which of ours these words may mean


def match_codes(
    theirs: Mapping[str, str], chosen: Mapping[str, str], known: Mapping[str, str], meaning: Meaning
) -> tuple[CodeMatch, ...]:
    """Each code of the account (code -> label) with which of ours it is. One of ours has one code at most.

    `chosen`: code -> which of ours a person said it is, or "" for none; `known`: the same as the connector itself has it. Where
    several codes mean the same one of ours, it is the one that is called exactly so, if there is one; else a person chooses.
    """
    claims: dict[str, list[str]] = {}
    for code, label in theirs.items():
        meant = () if code in chosen or code in known else meaning(code, label)
        if len(meant) == 1:
            claims.setdefault(next(iter(meant)), []).append(code)
    taken = {*chosen.values(), *(ours for code, ours in known.items() if code in theirs and code not in chosen)}
    found = {
        code: ours for ours, codes in claims.items() if ours not in taken and (code := _one_of(codes, theirs, ours))
    }
    there = [_match(code, label, chosen, {**known, **found}) for code, label in theirs.items()]
    gone = [CodeMatch(code, "", ours, MatchState.GONE) for code, ours in chosen.items() if code not in theirs]
    return (*there, *gone)


@lru_cache(maxsize=2048)
def carriers_meant(code: str, label: str) -> tuple[Carrier, ...]:
    """By label and code together: where both name carriers, those that both may mean."""
    if {_folded(code), _folded(label)} & _ANOTHER:
        return (Carrier.OTHER,)
    by_label, by_code = carriers_named(label), carriers_named(code.replace("_", " "))
    exactly = _CALLED.get(_folded(label))
    if exactly is not None and len(by_label) < 2:
        fits = not by_code or {exactly, BRAND.get(exactly)} & {*by_code}
        return (exactly,) if fits else ()
    if by_label and by_code:
        return tuple(carrier for carrier in by_label if carrier in by_code)
    return by_label or by_code


def reasons_meant(code: str, label: str) -> tuple[CancelReason, ...]:
    words = _folded(f"{code} {label}")
    if {_folded(code), _folded(label)} & _ANOTHER:
        return (CancelReason.OTHER,)
    return tuple(reason for reason, pattern in _REASONS.items() if pattern.search(words))


def codes_by_carrier(matches: Collection[CodeMatch], default: Mapping[Carrier, str]) -> dict[Carrier, str]:
    """Ours -> the account's code, of `default` what the account has.

    A division without a code goes by its brand's, where that is the brand's and not another division's that is not known here.
    """
    codes = codes_of(matches, default)
    whole = {one.ours for one in matches if one.state is MatchState.CHOSEN or _is_called(one.code, one.label, one.ours)}
    brands = {brand for brand in BRAND.values() if brand in codes and (brand in whole or brand in default)}
    by_brand = {division: codes[brand] for division, brand in BRAND.items() if brand in brands}
    return by_brand | {Carrier(ours): code for ours, code in codes.items()}


def codes_by_reason(matches: Collection[CodeMatch], default: Mapping[CancelReason, str]) -> dict[CancelReason, str]:
    return {CancelReason(ours): code for ours, code in codes_of(matches, default).items()}


def codes_of(
    matches: Collection[CodeMatch], default: Mapping[Carrier, str] | Mapping[CancelReason, str]
) -> dict[str, str]:
    """A person's choice goes before everything else."""
    usable = {one.code for one in matches if one.state is MatchState.MATCHED}
    kept = {str(ours): code for ours, code in default.items() if code in usable}
    matched = {one.ours: one.code for one in matches if one.state is MatchState.MATCHED}
    chosen = {one.ours: one.code for one in matches if one.state is MatchState.CHOSEN}
    return {**matched, **kept, **chosen}


# below: how

# how an account calls what is none of those that it names: Dutch, English, French, German, Italian, Spanish
_ANOTHER = frozenset({
    "other", "others", "othercarrier", "otherreason", "overig", "overige", "anders", "andere", "anderer", "autre", "autres",
    "sonstige", "sonstiges", "altro", "otro", "otros",
})  # fmt: skip
_REASONS: Mapping[CancelReason, re.Pattern[str]] = {
    CancelReason.OUT_OF_STOCK: re.compile(
        r"outofstock|stock|inventory|unavailable|voorraad|leverbaar|vorratig|verfugbar|lager|rupture|indisponible"
    ),
    CancelReason.BUYER_REQUEST: re.compile(
        r"(?:customer|buyer|consumer|klant|koper|kunde|client|acheteur).*(?:request|cancel|mind|verzoek|wunsch|demande|annul)"
        r"|(?:request|cancel|verzoek|wunsch|demande|annul).*(?:customer|buyer|consumer|klant|koper|kunde|client|acheteur)"
    ),
}


def _match(code: str, label: str, chosen: Mapping[str, str], found: Mapping[str, str]) -> CodeMatch:
    if code in chosen:
        return CodeMatch(code, label, chosen[code], MatchState.CHOSEN if chosen[code] else MatchState.UNUSED)
    ours = found.get(code, "")
    return CodeMatch(code, label, ours, MatchState.MATCHED if ours else MatchState.UNMATCHED)


def _one_of(codes: list[str], theirs: Mapping[str, str], ours: str) -> str:
    """The only one, or the only one that is called exactly so; "" when it cannot be said."""
    if len(codes) == 1:
        return codes[0]
    plain = [code for code in codes if _is_called(code, theirs[code], ours)]
    return plain[0] if len(plain) == 1 else ""


def _is_called(code: str, label: str, ours: str) -> bool:
    """Exactly so, and not with more words."""
    return bool({_folded(code), _folded(label)} & {_folded(ours), _folded(getattr(ours, "spelled", ours))})


def _folded(words: str) -> str:
    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "", plain)


_CALLED: Mapping[str, Carrier] = {_folded(carrier.spelled): carrier for carrier in Carrier}
