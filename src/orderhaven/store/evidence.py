"""Whose parcel a code is thought to be, and who decided that: a person, a rule of the link, the code itself or a default."""

from dataclasses import dataclass
from enum import StrEnum

from orderhaven.core.carriers import Carrier, Confidence, Recognition, recognise
from orderhaven.core.rules import CarrierRule, choose_carrier
from orderhaven.store.models import Order
from orderhaven.store.tellings import own_carriers, rules_of


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
    link = row.link
    seen = recognise(
        row.code, url=row.code_url, destination=row.country, origin=link.ships_from, shop_says=row.carrier_word,
        likely=own_carriers(link),
    )  # fmt: skip
    rule = next((one for one in rules_of(link) if one.applies(seen.code, row.carrier_word)), None)
    return _decided(row, seen, rule)


# below: how


def _decided(row: Order, seen: Recognition, rule: CarrierRule | None) -> Evidence:
    code = seen.code or row.code
    if row.chosen_carrier:
        return Evidence(code, Carrier(row.chosen_carrier), DecidedBy.HAND, seen.why, None)
    default = Carrier(row.link.default_carrier) if row.link.default_carrier else None
    carrier = choose_carrier([rule] if rule else [], seen, row.carrier_word, default)
    if rule is not None:
        by = DecidedBy.RULE
    elif seen.confidence is not Confidence.UNSURE:
        by = DecidedBy.CODE
    else:
        by = DecidedBy.DEFAULT if carrier else DecidedBy.NOBODY
    return Evidence(code, carrier, by, seen.why, rule)
