"""Whose parcel a code is thought to be, and who decided that: a person, a rule of the link, the code itself or a default."""

from dataclasses import dataclass
from enum import StrEnum

from orderhaven.core.carriers import Carrier, Confidence, Recognition
from orderhaven.core.rules import CarrierRule, rule_for
from orderhaven.store.models import Order
from orderhaven.store.tellings import carrier_of, recognised, rules_of


class DecidedBy(StrEnum):
    HAND = "hand"
    RULE = "rule"
    CODE = "code"  # and what the shop says beside it
    DEFAULT = "default"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Evidence:
    code: str  # clean, where it has the form of one
    carrier: Carrier | None  # None exactly when nobody decided
    by: DecidedBy
    why: str  # what the code itself tells, in a sentence
    rule: CarrierRule | None  # the rule that decided; None when none did


def evidence(row: Order) -> Evidence | None:
    """As the marketplace is told it, by what is set now; None without a code."""
    if not row.code:
        return None
    seen = recognised(row)
    rule = rule_for(rules_of(row.link), seen, row.carrier_word)
    carrier = carrier_of(row, seen)
    by = _decided_by(row, seen, rule, carrier)
    return Evidence(seen.code or row.code, carrier, by, seen.why, rule if by is DecidedBy.RULE else None)


def _decided_by(row: Order, seen: Recognition, rule: CarrierRule | None, carrier: Carrier | None) -> DecidedBy:
    if row.chosen_carrier:
        return DecidedBy.HAND
    if rule is not None:
        return DecidedBy.RULE
    if seen.confidence is not Confidence.UNSURE:
        return DecidedBy.CODE
    return DecidedBy.DEFAULT if carrier else DecidedBy.NOBODY
