"""Codes of an account, and which of ours they are, as people read it."""

from __future__ import annotations

from collections.abc import Mapping

from orderhaven.core.carriers import Carrier
from orderhaven.core.commands import CancelReason
from orderhaven.core.matching import CodeMatch, MatchState
from orderhaven.core.translation import _

_STATES: Mapping[MatchState, str] = {
    MatchState.CHOSEN: "chosen",
    MatchState.MATCHED: "by its name",
    MatchState.UNUSED: "chosen: not used",
    MatchState.UNMATCHED: "not known: choose",
    MatchState.GONE: "chosen, but gone from the account",
}


def carrier_label(word: str) -> str:
    return Carrier(word).display_name if word in list(Carrier) else word or "-"


def reason_label(word: str) -> str:
    return CancelReason(word).label if word in list(CancelReason) else word or "-"


def matched_words(match: CodeMatch) -> str:
    return _(_STATES[match.state])
