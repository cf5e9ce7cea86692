"""Families of tracking numbers by their form, and which numbers a text holds."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from msgspec import Struct

from orderhaven.core.carriers import checks, names
from orderhaven.core.carriers.clean import is_url, split_fragments
from orderhaven.core.carriers.names import Carrier, Everyday

_DIGIT = re.compile(r"[0-9]")
_SHORTEST = 8
_LONGEST = 40
_SIX_DIGITS = re.compile(r"(?:[A-Z]*[0-9]){6}")
_WORD = re.compile(r"[A-Z]{6}")
_WORD_OF_A_SHORT_ONE = re.compile(r"[A-Z]{5}")
_LONG_SHORT = 8  # up to here a word with a number behind it looks like a code ("ORDER123")
_SPOKEN = re.compile(r"(?<![0-9A-Za-z])[A-Za-z]{3,}(?![0-9A-Za-z])")


class NumbersFound(Struct, frozen=True):
    """What a field holds. Nothing of either: it is empty, or says that there is no number."""

    numbers: tuple[str, ...] = ()  # clean: capitals and digits
    unreadable: tuple[str, ...] = ()  # what stands there and is no number, as it stood
    is_instead: Everyday | None = None  # what the first of those is


NOTHING = NumbersFound()


@lru_cache(maxsize=1024)  # the same field is read at each step of its order
def numbers_in(text: str, own_eans: frozenset[str] = frozenset()) -> NumbersFound:
    """The tracking numbers of a field, each once, and what in it is none.

    `own_eans` are the EANs of the order's own products: one of them scanned by mistake is no number.
    """
    if text.isascii() and text.isalnum() and _DIGIT.search(text):
        return _of_one(text, own_eans)
    if names.is_nothing(text):
        return NOTHING
    whole = names.everyday_kind(text)
    if whole is not None:
        return NumbersFound((), (text.strip(),), whole)
    numbers: list[str] = []
    unread: list[str] = []
    instead: Everyday | None = None
    for piece, codes in split_fragments(text):
        if names.is_nothing(piece):
            continue
        other = _add_fragment(piece, codes, own_eans, numbers)
        if other is not None:
            unread.append(piece)
            instead = instead or other
    return NumbersFound(tuple(dict.fromkeys(numbers)), tuple(unread), instead)


def what_else(code: str, own_eans: frozenset[str] = frozenset()) -> Everyday | None:
    """What bare capitals and digits are instead of a tracking number; None: they can be one."""
    if len(code) > _LONGEST:
        return Everyday.WORDS
    other = names.surely_everyday(code)
    if other is not None:
        return other
    if own_eans and names.same_article(code, own_eans):
        return Everyday.ARTICLE
    return None if _can_be_one(code) else Everyday.WORDS


def _of_one(text: str, own_eans: frozenset[str]) -> NumbersFound:
    """A field as it mostly is: the number and nothing else."""
    code = text.upper()
    other = what_else(code, own_eans)
    return NumbersFound((code,)) if other is None else NumbersFound((), (text,), other)


def _add_fragment(piece: str, codes: tuple[str, ...], own_eans: frozenset[str], numbers: list[str]) -> Everyday | None:
    """Add what is a number; what the piece is instead when none of it is."""
    if not codes:
        return names.everyday_kind(piece) or Everyday.WORDS
    others = {code: what_else(code, own_eans) for code in codes}
    good = [code for code, other in others.items() if other is None]
    if is_url(piece):
        # of an address with several candidates ("/orders/12345678/3S...") the one with a carrier's form is meant
        good = [code for code in good if fitting_families(code)][:1] or good[:1]
    elif len(codes) == 1 and good and _SPOKEN.search(piece) and not fitting_families(codes[0]):
        return names.everyday_kind(piece) or Everyday.WORDS  # "bel 0612345678" is a sentence, not a code in groups
    numbers += good
    return None if good else next(iter(others.values()))


def _can_be_one(code: str) -> bool:
    if len(code) < _SHORTEST:
        return bool(fitting_families(code))
    if code.isdecimal():
        return True
    if len(code) <= _LONG_SHORT and _WORD_OF_A_SHORT_ONE.search(code):
        return False
    return (_SIX_DIGITS.match(code) is not None and _WORD.search(code) is None) or bool(fitting_families(code))


class Confidence(StrEnum):
    CERTAIN = "certain"  # nobody else's codes look like this
    LIKELY = "likely"  # good enough to tell a marketplace
    UNSURE = "unsure"  # a person or a rule must say


LONGEST_EVERYDAY = 14  # digits: a GTIN, a date with its time, a telephone number from abroad


@dataclass(frozen=True, slots=True)
class Family:
    """One shape of code. `proves` is what fitting it (check digit included) is worth when nothing else is known.

    `home`: the countries from which parcels with such codes are sent. What comes from there is worth `proves_at_home`;
    a family that is used `only_at_home` is out when the parcel surely comes from elsewhere. A `hearsay` shape was seen
    once or contradicts what its carrier states: it names a candidate and is never lifted by anything.
    """

    carrier: Carrier
    shape: re.Pattern[str]
    lengths: tuple[int, ...]
    proves: Confidence
    source: str
    check: Callable[[str], bool] | None = None  # None: the format has no check digit, or none is documented
    home: frozenset[str] = frozenset()
    proves_at_home: Confidence = Confidence.UNSURE
    only_at_home: bool = False
    is_hearsay: bool = False

    def fits(self, code: str) -> bool:
        return self.shape.fullmatch(code) is not None and (self.check is None or self.check(code))

    def proves_in(self, origin: str, destination: str = "") -> Confidence:
        """Every order has a destination, so it lifts no shape that everyday numbers share: telephones, EANs, invoices."""
        if origin in self.home or (destination in self.home and self.lengths[0] > LONGEST_EVERYDAY):
            return self.proves_at_home
        return self.proves

    @property
    def proves_by_itself(self) -> bool:
        """Only this carrier has codes like this, and the check digit holds. Of an S10 code another post may be the bringer."""
        return self.proves is Confidence.CERTAIN and self.check not in (None, checks.s10_holds)

    @property
    def may_be_lifted(self) -> bool:
        """Whether it counts that the merchant uses this carrier: a check digit holds, or few other numbers are so long."""
        return not self.is_hearsay and (self.check is not None or self.lengths[0] >= LONGEST_EVERYDAY)

    def may_come_from(self, origin: str) -> bool:
        """`origin` is an ISO-2 country; "" when it is not known."""
        return not (self.only_at_home and origin) or origin in self.home


def _family(
    carrier: Carrier,
    shape: str,
    lengths: int | tuple[int, ...],
    proves: Confidence,
    source: str,
    *,
    check: Callable[[str], bool] | None = None,
    home: str = "",
    at_home: Confidence | None = None,
    only_at_home: bool = False,
    is_hearsay: bool = False,
) -> Family:
    exact = (lengths,) if isinstance(lengths, int) else lengths
    return Family(
        carrier, re.compile(shape, re.ASCII), exact, proves, source, check, frozenset(home.split()), at_home or proves,
        only_at_home, is_hearsay,
    )  # fmt: skip


_C = Carrier
_CERTAIN, _LIKELY, _UNSURE = Confidence.CERTAIN, Confidence.LIKELY, Confidence.UNSURE
_JKEEN = "jkeen/tracking_number_data 2.0.0"
_PAKETDA = "paketda.de, check digits of parcels"
_DHL_IDS = "dhl.com id-labels: numbers of DHL Parcel start with 3S, JVGL or JJD"
_BPOST_FAQ = "bpost FAQ on barcodes"
_POSTNL_API = "PostNL barcode webservice: 3S has 13 or 15 characters; firstred/postnl-api-php for the ranges"
_DPD_LABEL = "bwipp wiki DPD-Parcel-Label"

_AUTODETECTOR = "the autodetector of a shop plug-in"
_PARCEL_FORMS = "paketda.de on parcel numbers"
_DHL_NL_LINKS = "links of DHL eCommerce's own tracking page in public projects"
_PROVIDERS = "providers of a shop's own fulfilments"
_GLS_HOME = "AT BE CZ DE DK ES FI FR HR IE IT LU PT SI SK"
_DPD_HOME = "AT BE CH CZ DE EE FR GB HR HU IE IT LT LU LV NL PT SI SK"

# Read from the top: of two families that are certain, the first wins, so an exception stands above its rule.
FAMILIES: tuple[Family, ...] = (
    # 3S is PostNL's, but the customer code QLW is DHL eCommerce's, and fourteen characters are not PostNL's
    _family(_C.DHL_ECOMMERCE_NL, r"3SQLW\d{10}", 15, _CERTAIN, "seen in five unrelated repositories"),
    _family(_C.POSTNL, r"3S[A-Z]{3,4}\d{7,10}", (13, 15), _CERTAIN, _POSTNL_API),
    _family(_C.POSTNL, r"2S[A-Z]{3,4}\d{7,10}", (13, 15), _LIKELY, _POSTNL_API),
    _family(_C.DHL_ECOMMERCE_NL, r"3S[A-Z]{3,4}\d{8,9}", 14, _UNSURE, _DHL_IDS + " (3SBCC000123456)", is_hearsay=True),
    # JVGL and JJD: the exact length decides
    _family(_C.DHL_ECOMMERCE_NL, r"JVGL\d+", (20, 24), _CERTAIN, _DHL_IDS),
    _family(_C.DHL_ECOMMERCE_NL, r"JVGLOTC\d{10}", 17, _CERTAIN, _DHL_NL_LINKS + "; shipmentTrackerCode"),
    _family(_C.DHL_ECOMMERCE_NL, r"CF\d{11}", 13, _LIKELY, _DHL_NL_LINKS),
    _family(_C.DHL_ECOMMERCE_NL, r"HL\d{9}JB", 13, _LIKELY, _AUTODETECTOR),
    _family(_C.DHL, r"JVGL\d+", (14, 22), _LIKELY, _DHL_IDS + "; division not said"),
    _family(_C.DHL_ECOMMERCE_NL, r"JJD\d{18}|JJD\d{22}", (21, 25), _CERTAIN, _DHL_IDS),
    _family(_C.DHL_EXPRESS, r"JJD\d{9,10}", (12, 13), _LIKELY, _JKEEN + "; piece number"),
    _family(_C.DHL_PARCEL_DE, r"JJD\d{13}", 16, _CERTAIN, _PAKETDA),
    _family(_C.DHL_PARCEL_ES, r"JJD\d{20}", 23, _LIKELY, _AUTODETECTOR),
    _family(_C.DHL_PARCEL_PL, r"JJD\d{21}", 24, _LIKELY, _AUTODETECTOR),
    _family(_C.YODEL, r"J?JD\d{16}", (18, 19), _CERTAIN, _JKEEN),
    _family(_C.DHL_EXPRESS, r"JD\d{18}", 20, _CERTAIN, _DHL_IDS + "; piece number"),
    _family(_C.DHL, r"MY[A-Z]{3}\d{16}", 21, _LIKELY, _AUTODETECTOR + "; DHL eCommerce in Asia"),
    _family(_C.DHL_SAME_DAY, r"DSD\d{8,12}", (11, 12, 13, 14, 15), _LIKELY, _PROVIDERS),
    _family(_C.BPOST, r"JJBEA\d{22}", 27, _CERTAIN, _BPOST_FAQ),
    _family(_C.POSTI, r"JJFI\d{17}", 21, _CERTAIN, "JJ data identifier with the post's own FI prefix"),
    _family(_C.BPOST, r"32(?:32|99)\d{20}", 24, _CERTAIN, _BPOST_FAQ),
    _family(_C.BPOST, r"3232\d{14}", 18, _LIKELY, _BPOST_FAQ),
    _family(_C.BPOST, r"010\d{27}", 30, _CERTAIN, _BPOST_FAQ),
    # check digits
    _family(_C.UPS, r"1Z[0-9A-Z]{15}\d", 18, _CERTAIN, _JKEEN, check=checks.ups_holds),
    _family(_C.UPS, r"[AHJKTV]\d{10}", 11, _LIKELY, _JKEEN + "; waybill", check=checks.ups_holds),
    _family(_C.DHL_PARCEL_DE, r"(?:00)?34043[34]\d{12}", (18, 20), _CERTAIN, _PAKETDA, check=checks.mod10_holds),
    _family(_C.POSTNORD, r"0037\d{16}", 20, _LIKELY, _AUTODETECTOR, check=checks.mod10_holds),
    _family(_C.POCZTA_POLSKA, r"00\d5900773\d{10}", 20, _CERTAIN, "akg.waw.pl", check=checks.mod10_holds),
    _family(_C.DPD, r"[0-9A-Z]{2}\d{12}[A-Z]", 15, _CERTAIN, _DPD_LABEL, check=checks.mod37_36_holds),
    _family(_C.DPD, r"[0-9A-Z]{2}\d{13}", 15, _UNSURE, _DPD_LABEL, check=checks.mod37_36_holds),
    _family(_C.DPD, r"[0-9A-Z]{7}\d{20}[0-9A-Z]", 28, _CERTAIN, _DPD_LABEL, check=checks.mod37_36_holds),
    _family(_C.USPS, r"9[1-5]\d{20}", 22, _LIKELY, _JKEEN, check=checks.mod10_holds),
    _family(_C.USPS, r"9[1-5]\d{24}", 26, _LIKELY, _JKEEN, check=checks.mod10_holds),
    _family(
        _C.USPS, r"420\d{5}(?:9[1-5]\d{24}|(?:\d{4})?9[1-5]\d{20})", (30, 34), _CERTAIN, _JKEEN,
        check=checks.usps_holds,
    ),
    _family(_C.USPS, r"(?:7[0-3]|03|23)\d{18}", 20, _LIKELY, _JKEEN, check=checks.usps20_holds),
    _family(_C.FEDEX, r"96\d{20}", 22, _LIKELY, _JKEEN, check=checks.fedex_ground_holds),
    _family(_C.FEDEX, r"(?:1[01]|96)\d{32}", 34, _CERTAIN, _JKEEN + "; Express and Ground GSN", check=checks.fedex34_holds),
    _family(_C.FEDEX, r"3\d{31}", 32, _CERTAIN, _JKEEN + "; ASTRA", check=checks.fedex_astra_holds),
    _family(_C.FEDEX, r"(?:61|02)\d{18}", 20, _LIKELY, _JKEEN + "; SmartPost", check=checks.smartpost_holds),
    _family(_C.FEDEX, r"92\d{20}", 22, _UNSURE, _AUTODETECTOR + "; SmartPost", check=checks.mod10_holds),
    _family(_C.FEDEX, r"\d{15}", 15, _LIKELY, _JKEEN + "; Ground", check=checks.fedex15_holds),
    _family(_C.FEDEX, r"DT\d{12}", 14, _LIKELY, _PROVIDERS + "; door tag"),
    # GE and GD with nine digits are TNT's, although the S10 check digit holds
    _family(_C.TNT, r"G[DE]\d{9}[A-Z]{2}", 13, _CERTAIN, "karrio; " + _AUTODETECTOR, check=checks.s10_holds),
    _family(_C.CHRONOPOST, r"X[A-Z]\d{9}(?:FR|JB)", 13, _LIKELY, "karrio; " + _AUTODETECTOR, check=checks.s10_holds),
    # prefixes of their own
    _family(_C.AMAZON, r"TB[ACM]\d{12}", 15, _CERTAIN, _JKEEN),
    _family(_C.AMAZON, r"Q[AB]\d{10}", 12, _LIKELY, _AUTODETECTOR),
    _family(_C.AMAZON, r"C[1-9]\d{9}", 11, _LIKELY, _JKEEN + "; C0 are order numbers of a marketplace"),
    _family(_C.HERMES_DE, r"H\d{19,20}", (20, 21), _LIKELY, "itsvic-dev/deliveries issue 212"),
    _family(_C.EVRI, r"[A-Z]\d{2}[A-Z]{3}\d{10}", 16, _LIKELY, "Mail-and-Packages"),
    _family(_C.EVRI, r"[CHT]00[0-9A-Z]{3}\d{10}", 16, _LIKELY, "Mail-and-Packages; " + _PROVIDERS),
    _family(_C.YODEL, r"\d{2}[A-Z]{2}\d{8}[A-Z]\d{3}", 16, _LIKELY, _AUTODETECTOR + "; CollectPlus"),
    _family(_C.LA_POSTE, r"\d[A-Z]\d{11}", 13, _LIKELY, "aide.laposte.fr: thirteen, one letter"),
    _family(_C.POSTE_ITALIANE, r"\d[A-Z]\d{4}[A-Z]\d{6}|\dUW[0-9A-Z]{10}", 13, _LIKELY, _AUTODETECTOR),
    _family(_C.POSTE_ITALIANE, r"\d[A-Z]\d{2}[A-Z]\d{8}", 13, _LIKELY, _AUTODETECTOR),
    _family(_C.CORREOS, r"P[A-Z0-9]{5}\d{16}[A-Z]", 23, _LIKELY, "geartrack"),
    _family(_C.CORREOS, r"(?:32|66)\d{14}", 16, _UNSURE, _AUTODETECTOR, home="ES", at_home=_LIKELY, only_at_home=True),
    _family(_C.MAGYAR_POSTA, r"PB[0-9A-Z]{3}\d{8}", 13, _LIKELY, _AUTODETECTOR),
    _family(_C.INPOST, r"[4569]\d{23}", 24, _LIKELY, "4tracking.net/cs/carriers/inpost"),
    _family(_C.SWISS_POST, r"9[89]\d{16}", 18, _LIKELY, "Aspose on Swiss Post barcodes"),
    _family(_C.AUSTRIAN_POST, r"10[03]\d{19}", 22, _LIKELY, "karrio"),
    _family(_C.ROYAL_MAIL, r"(?=\d*[A-F])[0-9A-F]{21}", 21, _LIKELY, "karrio; " + _JKEEN),
    _family(_C.PARCELFORCE, r"PB[A-Z]{2}\d{10}", 14, _LIKELY, "parcelforce.com number formats; " + _AUTODETECTOR),
    # the middle of a Dutch IBAN looks like this too: four letters of the bank, ten digits
    _family(_C.PARCELFORCE, r"(?!JVGL)[A-Z]{4}\d{10}", 14, _UNSURE, "parcelforce.com number formats", home="GB", at_home=_LIKELY),
    _family(_C.PARCELFORCE, r"[A-Z]{2}\d{7}", 9, _UNSURE, "parcelforce.com number formats", home="GB"),
    _family(_C.DPD, r"\d{13}U\d?", (14, 15), _LIKELY, "Mail-and-Packages; " + _AUTODETECTOR + "; Poland"),
    _family(_C.DPD, r"15[59]\d{11}", 14, _LIKELY, _AUTODETECTOR + "; United Kingdom"),
    _family(_C.DPD, r"250\d{13}", 16, _UNSURE, _AUTODETECTOR + "; France", home="FR", at_home=_LIKELY, only_at_home=True),
    _family(_C.DHL_PARCEL_UK, r"(?:419|601)\d{11}", 14, _LIKELY, _JKEEN + "; " + _AUTODETECTOR),
    _family(_C.GLS, r"(?:2828|4161|9111)\d{7}", 11, _LIKELY, _AUTODETECTOR),
    _family(_C.GLS, r"GS\d{9}", 11, _LIKELY, _AUTODETECTOR + "; GSO in the United States"),
    _family(_C.GLS, r"[A-Z]{2}\d{9}", 11, _UNSURE, _AUTODETECTOR, home="IT", at_home=_LIKELY, only_at_home=True),
    _family(_C.GLS, r"0{7}\d{13}", 20, _UNSURE, _AUTODETECTOR, home="US", at_home=_LIKELY, only_at_home=True),
    _family(_C.PACKETA, r"Z\d{10}", 11, _LIKELY, "geartrack-website issue 60"),
    _family(
        _C.DHL_ECOMMERCE_US, r"9(?:261|274|361|374|474)\d{18}(?:\d{4})?", (22, 26), _UNSURE, "DHL eCommerce; last mile USPS",
        check=checks.mod10_holds,
    ),
    _family(_C.DHL_ECOMMERCE_US, r"GM\d{16,20}", (18, 19, 20, 21, 22), _LIKELY, _JKEEN),
    _family(_C.DHL_ECOMMERCE_US, r"GM(?=\d*[A-Z])[0-9A-Z]{20}", 22, _LIKELY, _JKEEN),
    _family(_C.TNT, r"[A-Z]{2}\d{8}", 10, _UNSURE, _AUTODETECTOR, home="IT", at_home=_LIKELY, only_at_home=True),
    _family(_C.TNT, r"[A-Z]{3}\d{9}", 12, _UNSURE, _AUTODETECTOR, home="AU", at_home=_LIKELY, only_at_home=True),
    _family(_C.SENDLE, r"S(?=[0-9A-Z]*\d[A-Z]*\d)[0-9A-Z]{6}", 7, _UNSURE, "karrio", is_hearsay=True),
    # shapes that several carriers share: alone they say little, and where the parcel comes from says more
    _family(_C.DPD, r"\d{14}", 14, _UNSURE, _DPD_LABEL, home=_DPD_HOME, at_home=_LIKELY),
    _family(_C.GLS, r"\d{14}", 14, _UNSURE, "ha-gls", home="NL", at_home=_LIKELY, only_at_home=True),
    _family(_C.GLS, r"\d{13}", 13, _UNSURE, "ha-gls", home="NL", only_at_home=True),
    _family(
        _C.HERMES_DE, r"\d{14}", 14, _UNSURE, _PAKETDA, check=checks.mod10_holds, home="DE", at_home=_LIKELY,
        only_at_home=True,
    ),
    _family(
        _C.DHL_PARCEL_UK, r"(?:41|60)\d{12}", 14, _UNSURE, _AUTODETECTOR, home="GB", at_home=_LIKELY, only_at_home=True
    ),
    _family(_C.GLS, r"(?=.*\d)(?=.*[A-Z])[A-Z0-9]{8}", 8, _UNSURE, _PARCEL_FORMS + ": Track-ID of GLS"),
    _family(
        _C.GLS, r"\d{11}", 11, _UNSURE, _PARCEL_FORMS + ": GLS without check digit", home=_GLS_HOME, at_home=_LIKELY
    ),
    _family(
        _C.GLS, r"\d{12}", 12, _UNSURE, _PARCEL_FORMS + ": GLS", check=checks.mod10_holds, home=_GLS_HOME,
        at_home=_LIKELY,
    ),
    _family(
        _C.DHL_PARCEL_PL, r"\d{11}", 11, _UNSURE, "karrio; " + _AUTODETECTOR, home="PL", at_home=_LIKELY,
        only_at_home=True,
    ),
    _family(
        _C.DHL_PARCEL_DE, r"\d{12}", 12, _UNSURE, _PAKETDA + "; Identcode", check=checks.identcode_holds, home="DE",
        at_home=_LIKELY, only_at_home=True,
    ),
    _family(_C.FEDEX, r"\d{12}", 12, _UNSURE, _JKEEN, check=checks.fedex12_holds, home="US", at_home=_LIKELY),
    _family(_C.FEDEX, r"\d{15}", 15, _UNSURE, _JKEEN, check=checks.mod10_holds, home="US", at_home=_LIKELY),
    _family(_C.FEDEX, r"00\d{16}", 18, _UNSURE, _JKEEN + "; SSCC", check=checks.mod10_holds, home="US", at_home=_LIKELY),
    _family(
        _C.FEDEX, r"\d{20}", 20, _UNSURE, _JKEEN + "; SmartPost", check=checks.smartpost_holds, home="US", at_home=_LIKELY,
        only_at_home=True,
    ),
    _family(
        _C.USPS, r"\d{20}", 20, _UNSURE, _JKEEN, check=checks.mod10_holds, home="US", at_home=_LIKELY, only_at_home=True
    ),
    _family(_C.UPS, r"80\d{16}", 18, _UNSURE, _AUTODETECTOR + "; i-parcel"),
    _family(_C.UPS, r"927\d{23}", 26, _UNSURE, _AUTODETECTOR + "; Mail Innovations"),
    _family(_C.DHL_EXPRESS, r"\d{10,11}", (10, 11), _UNSURE, _JKEEN + "; waybill", check=checks.mod7_holds),
    _family(_C.PACKETA, r"\d{10}", 10, _UNSURE, "Packeta without its Z", home="CZ SK HU RO", only_at_home=True),
    _family(_C.TRUNKRS, r"4\d{8}", 9, _UNSURE, "test range of Trunkrs's own SDKs", home="NL", only_at_home=True),
    _family(_C.TNT, r"\d{9}", 9, _UNSURE, "delivery-tracker"),
    _family(_C.MONDIAL_RELAY, r"\d{8}", 8, _UNSURE, "a public mail parser", home="FR BE", only_at_home=True),
    _family(_C.BRING, r"73\d{15}", 17, _UNSURE, _AUTODETECTOR, home="NO", at_home=_LIKELY, only_at_home=True),
    _family(_C.EVRI, r"\d{16}", 16, _UNSURE, _AUTODETECTOR, home="GB", only_at_home=True),
    _family(_C.CANADA_POST, r"7\d{15}", 16, _LIKELY, _JKEEN, check=checks.mod10_holds),
    _family(_C.CANADA_POST, r"\d{16}", 16, _UNSURE, _JKEEN, check=checks.mod10_holds, home="CA", at_home=_LIKELY),
)  # fmt: skip

# UPU S10: the suffix is the country of the post that issued the code; another post may bring it.
_POSTS = {
    "AT": _C.AUSTRIAN_POST, "AU": _C.AUSTRALIA_POST, "BE": _C.BPOST, "BG": _C.BULGARIAN_POSTS,
    "BR": _C.CORREIOS, "CA": _C.CANADA_POST, "CH": _C.SWISS_POST, "CN": _C.CHINA_POST,
    "CY": _C.CYPRUS_POST, "CZ": _C.CESKA_POSTA, "DE": _C.DEUTSCHE_POST, "DK": _C.POSTNORD,
    "EE": _C.OMNIVA, "ES": _C.CORREOS, "FI": _C.POSTI, "FR": _C.LA_POSTE,
    "GB": _C.ROYAL_MAIL, "GR": _C.ELTA, "HK": _C.HONGKONG_POST, "HR": _C.HRVATSKA_POSTA,
    "HU": _C.MAGYAR_POSTA, "ID": _C.INDONESIA_POST, "IE": _C.AN_POST, "IL": _C.ISRAEL_POST,
    "IN": _C.INDIA_POST, "IS": _C.ICELAND_POST, "IT": _C.POSTE_ITALIANE, "JP": _C.JAPAN_POST,
    "KR": _C.KOREA_POST, "LI": _C.LIECHTENSTEIN_POST, "LT": _C.LIETUVOS_PASTAS, "LU": _C.POST_LUXEMBOURG,
    "LV": _C.LATVIJAS_PASTS, "MT": _C.MALTAPOST, "MY": _C.POS_MALAYSIA, "NL": _C.POSTNL,
    "NO": _C.POSTEN_NORGE, "NZ": _C.NZ_POST, "PH": _C.PHLPOST, "PL": _C.POCZTA_POLSKA,
    "PT": _C.CTT, "RO": _C.POSTA_ROMANA, "RS": _C.POSTA_SRBIJE, "SA": _C.SAUDI_POST,
    "SE": _C.POSTNORD, "SG": _C.SINGAPORE_POST, "SI": _C.POSTA_SLOVENIJE, "SK": _C.SLOVENSKA_POSTA,
    "TH": _C.THAILAND_POST, "TR": _C.PTT, "TW": _C.CHUNGHWA_POST, "UA": _C.UKRPOSHTA,
    "US": _C.USPS, "VN": _C.VIETNAM_POST,
}  # fmt: skip

# The first letter J, K, S or W is reserved, so such a code is no S10; T is in use (seen: TQ...GB).
S10_FAMILIES: dict[str, Family] = {
    suffix: _family(post, rf"[A-IL-RT-VX-Z][A-Z]\d{{9}}{suffix}", 13, _CERTAIN, "UPU S10", check=checks.s10_holds)
    for suffix, post in _POSTS.items()
}

CARRIERS_WITH_A_SHAPE = frozenset(family.carrier for family in (*FAMILIES, *S10_FAMILIES.values()))

_BY_LENGTH: dict[int, tuple[Family, ...]] = {
    length: tuple(family for family in FAMILIES if length in family.lengths)
    for length in {length for family in FAMILIES for length in family.lengths}
}


@lru_cache(maxsize=1024)  # the same code is looked at more than once
def fitting_families(code: str) -> tuple[Family, ...]:
    """Every family that a clean code fits, exceptions before rules."""
    fitting = tuple(family for family in _BY_LENGTH.get(len(code), ()) if family.fits(code))
    post = S10_FAMILIES.get(code[-2:])
    return (*fitting, post) if post and post.fits(code) else fitting
