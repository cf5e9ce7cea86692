"""Who carries a parcel: recognised from its tracking number and what is known beside it, never guessed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from orderhaven.core.carriers.clean import is_url, normalise
from orderhaven.core.carriers.families import CARRIERS_WITH_A_SHAPE, Confidence, Family, fitting_families, numbers_in
from orderhaven.core.carriers.names import BRAND, DIVISIONS, Carrier, Everyday, is_article
from orderhaven.core.carriers.tracking_urls import carrier_of_url
from orderhaven.core.carriers.words import carriers_named
from orderhaven.core.translation import _


class Recognition(Struct, frozen=True):
    tracking_number: str  # cleaned; "": the text holds no tracking number
    carrier: Carrier | None  # None exactly when the confidence is UNSURE
    confidence: Confidence
    candidates: tuple[Carrier, ...]  # best first, the carrier itself among them
    why: str  # a sentence for the merchant
    others: tuple[str, ...] = ()  # further codes in the same field, clean
    # the evidence contradicts itself, or the number may be something else: only a person may say, no rule of thumb
    needs_choice: bool = False

    def may_be(self, carrier: Carrier) -> bool:
        """Whether this carrier could have issued it, as far as its forms are known."""
        if not self.tracking_number or self.needs_choice:
            return False
        return carrier not in CARRIERS_WITH_A_SHAPE or any(_same_brand(carrier, one) for one in self.candidates)


def recognise(
    tracking_number: str,
    *,
    url: str = "",
    destination: str = "",
    origin: str = "",
    carrier_name: str = "",
    likely: Sequence[Carrier] = (),
    own_eans: frozenset[str] = frozenset(),
) -> Recognition:
    """`destination` and `origin` are ISO-2 countries, `likely` the merchant's own carriers, `own_eans` those of the order's lines.

    Never raises. A field that holds several codes is judged by its first; `others` has the rest.
    """
    found = numbers_in(tracking_number, own_eans)
    if not found.numbers and url and is_url(url):
        found = numbers_in(url, own_eans) if not found.unreadable else found
    if not found.numbers:
        return Recognition("", None, Confidence.UNSURE, (), _(_SAY_INSTEAD[found.is_instead or Everyday.NOTHING]))
    number, *others = found.numbers
    url_carrier = url or (tracking_number if "." in tracking_number and is_url(tracking_number) else "")
    origin, destination = origin.upper(), destination.upper()
    fits = tuple([family for family in fitting_families(number) if family.may_come_from(origin)])
    where = origin, _where_it_counts(fits, origin, destination)
    doubtful = is_article(number)
    told = (
        (_by_url(number, url_carrier, fits) if url_carrier else None)
        or (_by_carrier_name(number, carrier_name, fits, where, doubtful=doubtful) if carrier_name else None)
        or (_may_be_an_article(number, fits) if doubtful else None)
        or _by_shape(number, fits, where, likely)
        or _by_usual_carriers(number, fits, likely)
        or _unsure(number, fits, likely)
    )
    return replace(told, others=tuple(others)) if others else told


def _by_url(code: str, url_carrier: str, fits: tuple[Family, ...]) -> Recognition | None:
    named = carrier_of_url(url_carrier)
    if named is None:
        return None
    carrier = _division(named, fits)
    return _recognised(
        code, carrier, Confidence.CERTAIN, fits, _("The tracking link is {carrier}'s.", carrier=named.display_name)
    )


def _by_carrier_name(
    code: str, carrier_name: str, fits: tuple[Family, ...], where: tuple[str, str], *, doubtful: bool
) -> Recognition | None:
    """The shop's word, asked of the number: it agrees, it proves another, it contradicts, or it cannot say."""
    carriers = _unique(_division(carrier, fits) for carrier in carriers_named(carrier_name))
    if not carriers:
        return None
    first = next((family.carrier for family in fits if family.proves is Confidence.CERTAIN), None)
    agreeing = _unique(
        carrier for carrier in carriers
        # an exception stands above its rule: 3SQLW fits PostNL's form as well, and is DHL's
        if (first is None or _same_brand(first, carrier))
        and any(_same_brand(family.carrier, carrier) and (family.may_be_lifted or not doubtful) for family in fits)
    )  # fmt: skip
    if len(agreeing) == 1:
        why = _("The shop says {carrier}, and the code looks like theirs.", carrier=agreeing[0].display_name)
        return _recognised(code, agreeing[0], Confidence.CERTAIN, fits, why)
    if agreeing or doubtful:
        return None
    return _despite_the_name(code, carriers, fits, where)


def _despite_the_name(
    code: str, carriers: tuple[Carrier, ...], fits: tuple[Family, ...], where: tuple[str, str]
) -> Recognition | None:
    """No carrier of that name documents such numbers."""
    named = carriers[0]
    proof = next((family for family in fits if family.proves_by_itself), None)
    if proof is not None:
        why = _(
            "The shop says {carrier}, but the check digit proves that it is {other}'s.",
            carrier=named.display_name, other=proof.carrier.display_name,
        )  # fmt: skip
        return _recognised(code, proof.carrier, Confidence.CERTAIN, fits, why)
    rivals = _unique(family.carrier for family in fits if family.proves_in(*where) is not Confidence.UNSURE)
    if rivals:
        why = _("The shop says {carrier}, but the code looks like one of {other}.", carrier=named.display_name,
            other=rivals[0].display_name)  # fmt: skip
        return _ask(code, (*carriers, *rivals), fits, why)
    possible = [carrier for carrier in carriers if code.startswith(_BEGINS.get(carrier, ""))]
    if not possible:
        why = _("The shop says {carrier}, but codes of {carrier} look different.", carrier=named.display_name)
        return _ask(code, carriers, fits, why)
    if len(possible) > 1:
        return None
    why = _("The shop says {carrier}.", carrier=possible[0].display_name)
    return _recognised(code, possible[0], Confidence.LIKELY, fits, why)


# Whose numbers are documented so completely that one which begins otherwise is not theirs, whatever the shop calls it.
_BEGINS: Mapping[Carrier, tuple[str, ...]] = {
    Carrier.POSTNL: ("3S", "2S"),
}


def _may_be_an_article(code: str, fits: tuple[Family, ...]) -> Recognition:
    return _ask(code, (), fits, _("It may be the article number (EAN) of a product: its check digit is right."))


def _where_it_counts(fits: tuple[Family, ...], origin: str, destination: str) -> str:
    """Where it goes says whose code it is only if nobody else has such codes, and nobody knows where it was issued."""
    if origin or not destination:
        return ""
    rivals = {family.carrier for family in fits if family.proves_at_home is not Confidence.UNSURE}
    return destination if len(rivals) == 1 else ""


def _by_shape(
    code: str, fits: tuple[Family, ...], where: tuple[str, str], likely: Sequence[Carrier]
) -> Recognition | None:
    for confidence in (Confidence.CERTAIN, Confidence.LIKELY):
        strong = [family for family in fits if family.proves_in(*where) is confidence]
        carriers = _unique(family.carrier for family in strong)
        if len(carriers) > 1 and confidence is Confidence.LIKELY:
            carriers = _unique(carrier for carrier in carriers if carrier in likely)
        if carriers and (confidence is Confidence.CERTAIN or len(carriers) == 1):
            family = next(family for family in strong if family.carrier is carriers[0])
            return _recognised(code, carriers[0], confidence, fits, _say_shape(family, where))
    return None


def _by_usual_carriers(code: str, fits: tuple[Family, ...], likely: Sequence[Carrier]) -> Recognition | None:
    """A shape that several carriers share is theirs who is the only one of them this merchant uses."""
    # a carrier without a documented shape (Budbee) could have issued any code
    used = (_division(carrier, fits) for carrier in likely)
    fitting = _unique(c for c in used if c not in CARRIERS_WITH_A_SHAPE or any(family.carrier is c for family in fits))
    if len(fitting) != 1 or not any(family.carrier is fitting[0] and family.may_be_lifted for family in fits):
        return None
    carrier = fitting[0]
    why = _("Of the carriers you use, only {carrier} has codes like this.", carrier=carrier.display_name)
    return _recognised(code, carrier, Confidence.LIKELY, fits, why)


def _unsure(code: str, fits: tuple[Family, ...], likely: Sequence[Carrier]) -> Recognition:
    carriers = _unique(family.carrier for family in fits)
    carriers = tuple(sorted(carriers, key=lambda carrier: carrier not in likely))
    return Recognition(code, None, Confidence.UNSURE, carriers, _say_rivals([one.display_name for one in carriers]))


def _recognised(code: str, carrier: Carrier, confidence: Confidence, fits: tuple[Family, ...], why: str) -> Recognition:
    candidates = _unique((carrier, *(family.carrier for family in fits)))
    return Recognition(code, carrier, confidence, candidates, why)


def _ask(code: str, named: tuple[Carrier, ...], fits: tuple[Family, ...], why: str) -> Recognition:
    candidates = _unique((*named, *(family.carrier for family in fits)))
    return Recognition(code, None, Confidence.UNSURE, candidates, why, needs_choice=True)


_SAY_INSTEAD = {
    Everyday.NOTHING: "It says that there is no tracking number.",
    Everyday.WORDS: "This is not a tracking number.",
    Everyday.TELEPHONE: "This is a telephone number, not a tracking number.",
    Everyday.DATE: "This is a date, not a tracking number.",
    Everyday.AMOUNT: "This is an amount, not a tracking number.",
    Everyday.ORDER_NUMBER: "This is an order number, not a tracking number.",
    Everyday.BANK: "This is a bank account, not a tracking number.",
    Everyday.COMPANY: "This is a company's VAT number, not a tracking number.",
    Everyday.COMPUTER: "This is a number from a computer, not a tracking number.",
    Everyday.FILLER: "This is a made-up number, not a tracking number.",
    Everyday.ARTICLE: "This is the article number (EAN) of a product in this order, not a tracking number.",
}


def _say_rivals(names: Sequence[str]) -> str:
    match names:
        case []:
            return _("No carrier documents codes like this.")
        case [name]:
            return _("{carrier} has codes like this, but the code alone does not prove it.", carrier=name)
        case [one, other]:
            return _("{one} and {other} both have codes like this.", one=one, other=other)
    return _("{carriers} all have codes like this.", carriers=_(" and ").join(names))


def _say_shape(family: Family, where: tuple[str, str]) -> str:
    known = {"carrier": family.carrier.display_name, "country": where[0] or where[1]}
    at_home = family.proves_in(*where) is not family.proves
    if family.check is None:
        if at_home:
            return _("The code has the form of {carrier}, as theirs have in {country}.", **known)
        return _("The code has the form of {carrier}.", **known)
    if at_home:
        return _(
            "The code has the form of {carrier} and its check digit is right, as theirs have in {country}.", **known
        )
    return _("The code has the form of {carrier} and its check digit is right.", **known)


def _division(named: Carrier, fits: tuple[Family, ...]) -> Carrier:
    """DHL -> the one division of DHL whose codes look like this; DHL itself where that is not clear."""
    divisions = DIVISIONS.get(named, ())
    fitting = _unique(family.carrier for family in fits if family.carrier in divisions)
    return fitting[0] if len(fitting) == 1 else named


def _same_brand(one: Carrier, other: Carrier) -> bool:
    return one is other or BRAND.get(one, one) is BRAND.get(other, other)


def _unique(carriers: Iterable[Carrier]) -> tuple[Carrier, ...]:
    return tuple(dict.fromkeys(carriers))


# what stands before a code's own number: letters with at most one digit in front ("3SHLTA"), else four digits
_BEGINNING = re.compile(r"[0-9]?[A-Z]{2,}|[0-9]{4}(?=[0-9]{4})")


class RuleKind(StrEnum):
    TRACKING_PREFIX = "tracking_prefix"  # codes that start with `match`
    CARRIER_NAME = "carrier_name"  # the shop calls the carrier or shipping method `match`


@dataclass(frozen=True, slots=True)
class CarrierRule:
    """Upper and lower case and spaces around make no difference; an empty `match` never applies."""

    kind: RuleKind
    match: str
    carrier: Carrier

    def applies(self, tracking_number: str, carrier_name: str) -> bool:
        match self.kind:
            case RuleKind.TRACKING_PREFIX:
                prefix = normalise(self.match)
                return prefix != "" and tracking_number.startswith(prefix)
            case RuleKind.CARRIER_NAME:
                words = _folded(self.match)
                return words != "" and _folded(carrier_name) == words


def choose_carrier(
    rules: Iterable[CarrierRule], recognition: Recognition, carrier_name: str, default: Carrier | None
) -> Carrier | None:
    """The first rule that applies, else who was recognised, else the default where it may have issued it; None: nobody can tell.

    The default says who it is of those who have such numbers. It makes no number of anything else.
    """
    rule = rule_for(rules, recognition, carrier_name)
    if rule is not None:
        return rule.carrier
    if recognition.confidence is not Confidence.UNSURE:
        return recognition.carrier
    return default if default is not None and recognition.may_be(default) else None


def rule_for(rules: Iterable[CarrierRule], recognition: Recognition, carrier_name: str) -> CarrierRule | None:
    """The rule that decides, of a tracking number. The shop's word alone makes none of an article's number."""
    if not recognition.tracking_number:
        return None
    return next(
        (
            rule
            for rule in rules
            if rule.applies(recognition.tracking_number, carrier_name)
            and not (rule.kind is RuleKind.CARRIER_NAME and is_article(recognition.tracking_number))
        ),
        None,
    )


def rule_from(tracking_number: str, carrier_name: str, carrier: Carrier) -> CarrierRule | None:
    """The rule behind a person's choice for one order: by the shop's own word where it has one, else by how the code begins.

    None where neither is there to go by.
    """
    if carrier_name.strip():
        return CarrierRule(RuleKind.CARRIER_NAME, carrier_name.strip(), carrier)
    beginning = _BEGINNING.match(normalise(tracking_number))
    return CarrierRule(RuleKind.TRACKING_PREFIX, beginning.group(), carrier) if beginning else None


def _folded(words: str) -> str:
    return " ".join(words.casefold().split())
