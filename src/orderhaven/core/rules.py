"""What a merchant decided about carriers: by rule, and by default when nothing else tells."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from orderhaven.core.carriers import Carrier, Confidence, Recognition, bare, is_article

# what stands before a code's own number: letters with at most one digit in front ("3SHLTA"), else four digits
_BEGINNING = re.compile(r"[0-9]?[A-Z]{2,}|[0-9]{4}(?=[0-9]{4})")


class RuleKind(StrEnum):
    CODE_PREFIX = "code_prefix"  # codes that start with `match`
    SHOP_CARRIER = "shop_carrier"  # the shop calls the carrier or shipping method `match`


@dataclass(frozen=True, slots=True)
class CarrierRule:
    """Upper and lower case and spaces around make no difference; an empty `match` never applies."""

    kind: RuleKind
    match: str
    carrier: Carrier

    def applies(self, code: str, shop_says: str) -> bool:
        match self.kind:
            case RuleKind.CODE_PREFIX:
                prefix = bare(self.match)
                return prefix != "" and code.startswith(prefix)
            case RuleKind.SHOP_CARRIER:
                words = _folded(self.match)
                return words != "" and _folded(shop_says) == words


def choose_carrier(
    rules: Iterable[CarrierRule], recognition: Recognition, shop_says: str, default: Carrier | None
) -> Carrier | None:
    """The first rule that applies, else who was recognised, else the default where it may have issued it; None: nobody can tell.

    The default says who it is of those who have such numbers. It makes no number of anything else.
    """
    rule = rule_for(rules, recognition, shop_says)
    if rule is not None:
        return rule.carrier
    if recognition.confidence is not Confidence.UNSURE:
        return recognition.carrier
    return default if default is not None and recognition.may_be(default) else None


def rule_for(rules: Iterable[CarrierRule], recognition: Recognition, shop_says: str) -> CarrierRule | None:
    """The rule that decides, of a tracking number. The shop's word alone makes none of an article's number."""
    if not recognition.code:
        return None
    return next(
        (
            rule
            for rule in rules
            if rule.applies(recognition.code, shop_says)
            and not (rule.kind is RuleKind.SHOP_CARRIER and is_article(recognition.code))
        ),
        None,
    )


def rule_from(code: str, shop_says: str, carrier: Carrier) -> CarrierRule | None:
    """The rule behind a person's choice for one order: by the shop's own word where it has one, else by how the code begins.

    None where neither is there to go by.
    """
    if shop_says.strip():
        return CarrierRule(RuleKind.SHOP_CARRIER, shop_says.strip(), carrier)
    beginning = _BEGINNING.match(bare(code))
    return CarrierRule(RuleKind.CODE_PREFIX, beginning.group(), carrier) if beginning else None


def _folded(words: str) -> str:
    return " ".join(words.casefold().split())
