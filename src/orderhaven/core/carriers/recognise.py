"""Who carries a parcel, told from its code and what is known beside it; "unsure" rather than a guess.

The evidence is asked in one order, the strongest first, and the first that decides is the answer:
the tracking link's website, the shop's own word, the shape of the code (with check digit and country), and
the carriers this merchant uses.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from orderhaven.core.carriers.clean import codes_in, is_link
from orderhaven.core.carriers.families import CARRIERS_WITH_A_SHAPE, Confidence, Family, fitting_families
from orderhaven.core.carriers.links import carrier_of_link
from orderhaven.core.carriers.names import DIVISIONS, Carrier
from orderhaven.core.carriers.words import carriers_named
from orderhaven.core.language import _


class Recognition(Struct, frozen=True):
    code: str  # cleaned; "": the text holds no track & trace code
    carrier: Carrier | None  # None exactly when the confidence is UNSURE
    confidence: Confidence
    candidates: tuple[Carrier, ...]  # best first, the carrier itself among them
    why: str  # a sentence for the merchant
    others: tuple[str, ...] = ()  # further codes in the same field, clean


def recognise(
    code: str,
    *,
    url: str = "",
    destination: str = "",
    origin: str = "",
    shop_says: str = "",
    likely: Sequence[Carrier] = (),
) -> Recognition:
    """`destination` and `origin` are ISO-2 countries, `likely` the merchant's own carriers. Never raises.

    A field that holds several codes is judged by its first; `others` has the rest.
    """
    link = url or (code if is_link(code) else "")
    codes = codes_in(code) or (codes_in(url) if is_link(url) else ())
    if not codes:
        return Recognition("", None, Confidence.UNSURE, (), _("This is not a track & trace code."))
    cleaned, *others = codes
    origin, destination = origin.upper(), destination.upper()
    fits = tuple(family for family in fitting_families(cleaned) if family.may_come_from(origin))
    told = (
        _by_link(cleaned, link, fits)
        or _by_shop_word(cleaned, shop_says, fits)
        or _by_shape(cleaned, fits, _where_it_counts(fits, origin, destination), likely)
        or _by_usual_carriers(cleaned, fits, likely)
        or _unsure(cleaned, fits, likely)
    )
    return replace(told, others=tuple(others)) if others else told


def _by_link(code: str, link: str, fits: tuple[Family, ...]) -> Recognition | None:
    named = carrier_of_link(link) if link else None
    if named is None:
        return None
    carrier = _division(named, fits)
    return _told(
        code, carrier, Confidence.CERTAIN, fits, _("The tracking link is {carrier}'s.", carrier=named.display_name)
    )


def _by_shop_word(code: str, shop_says: str, fits: tuple[Family, ...]) -> Recognition | None:
    named = carriers_named(shop_says) if shop_says else ()
    carriers = _unique(_division(carrier, fits) for carrier in named)
    agreeing = [carrier for carrier in carriers if _fits_carrier(carrier, fits)]
    if len(agreeing) == 1:
        why = _("The shop says {carrier}, and the code looks like theirs.", carrier=agreeing[0].display_name)
        return _told(code, agreeing[0], Confidence.CERTAIN, fits, why)
    if len(carriers) != 1:
        return None
    other = next((family.carrier for family in fits if family.proves is Confidence.CERTAIN), None)
    return _told(code, carriers[0], Confidence.LIKELY, fits, _say_word(carriers[0], other))


def _where_it_counts(fits: tuple[Family, ...], origin: str, destination: str) -> str:
    """The country that says whose code it is: where it was issued; where it goes only if nobody else has such codes."""
    rivals = {family.carrier for family in fits if family.proves_at_home is not Confidence.UNSURE}
    return origin or (destination if len(rivals) == 1 else "")


def _by_shape(code: str, fits: tuple[Family, ...], country: str, likely: Sequence[Carrier]) -> Recognition | None:
    for confidence in (Confidence.CERTAIN, Confidence.LIKELY):
        strong = [family for family in fits if family.proves_in(country) is confidence]
        carriers = _unique(family.carrier for family in strong)
        if len(carriers) > 1 and confidence is Confidence.LIKELY:
            carriers = _unique(carrier for carrier in carriers if carrier in likely)
        if carriers and (confidence is Confidence.CERTAIN or len(carriers) == 1):
            family = next(family for family in strong if family.carrier is carriers[0])
            return _told(code, carriers[0], confidence, fits, _say_shape(family, country))
    return None


def _by_usual_carriers(code: str, fits: tuple[Family, ...], likely: Sequence[Carrier]) -> Recognition | None:
    """A shape that several carriers share is theirs who is the only one of them this merchant uses."""
    # a carrier without a documented shape (Budbee) could have issued any code
    used = (_division(carrier, fits) for carrier in likely)
    fitting = _unique(c for c in used if c not in CARRIERS_WITH_A_SHAPE or _fits_carrier(c, fits))
    if len(fitting) != 1 or not _fits_carrier(fitting[0], fits):
        return None
    carrier = fitting[0]
    why = _("Of the carriers you use, only {carrier} has codes like this.", carrier=carrier.display_name)
    return _told(code, carrier, Confidence.LIKELY, fits, why)


def _unsure(code: str, fits: tuple[Family, ...], likely: Sequence[Carrier]) -> Recognition:
    carriers = _unique(family.carrier for family in fits)
    carriers = tuple(sorted(carriers, key=lambda carrier: carrier not in likely))
    return Recognition(code, None, Confidence.UNSURE, carriers, _say_rivals([one.display_name for one in carriers]))


def _told(code: str, carrier: Carrier, confidence: Confidence, fits: tuple[Family, ...], why: str) -> Recognition:
    candidates = _unique((carrier, *(family.carrier for family in fits)))
    return Recognition(code, carrier, confidence, candidates, why)


def _say_word(carrier: Carrier, other: Carrier | None) -> str:
    named = carrier.display_name
    if other is None:
        return _("The shop says {carrier}.", carrier=named)
    return _(
        "The shop says {carrier}, though the code looks like one of {other}.", carrier=named, other=other.display_name
    )


def _say_rivals(names: Sequence[str]) -> str:
    match names:
        case []:
            return _("No carrier documents codes like this.")
        case [name]:
            return _("{carrier} has codes like this, but the code alone does not prove it.", carrier=name)
        case [one, other]:
            return _("{one} and {other} both have codes like this.", one=one, other=other)
    return _("{carriers} all have codes like this.", carriers=_(" and ").join(names))


def _say_shape(family: Family, country: str) -> str:
    known = {"carrier": family.carrier.display_name, "country": country}
    at_home = family.proves_in(country) is not family.proves
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


def _fits_carrier(carrier: Carrier, fits: tuple[Family, ...]) -> bool:
    return any(family.carrier is carrier for family in fits)


def _unique(carriers: Iterable[Carrier]) -> tuple[Carrier, ...]:
    return tuple(dict.fromkeys(carriers))
