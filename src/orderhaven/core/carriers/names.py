"""Carriers by name, by brand, and in everyday words."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Self

from orderhaven.core.carriers.checks import mod10_holds
from orderhaven.core.translation import _


class Carrier(StrEnum):
    """Our own word for a carrier: stored, shown in the API, mapped to a marketplace's code by its connector.

    A carrier of several countries (DPD, GLS, FedEx) is one carrier here; where a marketplace has a code per
    country (DPD-NL, DPD-BE), its connector picks by country. Beside it stands how it is spelled, where that differs from
    the word in title case ("Trunkrs", "Royal Mail").
    """

    spelled: str

    def __new__(cls, value: str, spelled: str = "") -> Self:
        carrier = str.__new__(cls, value)
        carrier._value_ = value
        carrier.spelled = spelled or value.replace("_", " ").title()
        return carrier

    # Netherlands and Belgium
    POSTNL = "postnl", "PostNL"
    POSTNL_EXTRA = "postnl_extra", "PostNL Extra@Home"
    POSTNL_MAIL = "postnl_mail"
    DHL_ECOMMERCE_NL = "dhl_ecommerce_nl", "DHL eCommerce Benelux"
    DHL_SAME_DAY = "dhl_same_day", "DHL Same Day"
    BPOST = "bpost", "bpost"
    BPOST_MAIL = "bpost_mail"
    AMPERE = "ampere"
    BUDBEE = "budbee"
    CYCLOON = "cycloon"
    DYNALOGIC = "dynalogic"
    FADELLO = "fadello"
    FIEGE = "fiege", "FIEGE"
    HOMERR = "homerr"
    KIALA = "kiala"
    LOGOIX = "logoix", "LogoiX"
    PACKS = "packs"
    PARCEL_NL = "parcel_nl", "Parcel.nl"
    RED_JE_PAKKETJE = "red_je_pakketje", "Red je Pakketje"
    TRANSMISSION = "transmission", "TransMission"
    TRUNKRS = "trunkrs"
    LETTER_MAIL = "letter_mail"
    COURIER = "courier"
    OTHER = "other"
    # of many countries
    DHL = "dhl", "DHL"
    DHL_EXPRESS = "dhl_express", "DHL Express"
    DHL_PARCEL_DE = "dhl_parcel_de", "DHL Paket"
    DHL_PARCEL_ES = "dhl_parcel_es", "DHL Parcel Iberia"
    DHL_PARCEL_PL = "dhl_parcel_pl", "DHL eCommerce Poland"
    DHL_PARCEL_UK = "dhl_parcel_uk", "DHL eCommerce UK"
    DHL_ECOMMERCE_US = "dhl_ecommerce_us", "DHL eCommerce Americas"
    DHL_GLOBAL_MAIL = "dhl_global_mail", "DHL Global Mail"
    DHL_FREIGHT = "dhl_freight", "DHL Freight"
    DPD = "dpd", "DPD"
    FEDEX = "fedex", "FedEx"
    GLS = "gls", "GLS"
    TNT = "tnt", "TNT Express"
    UPS = "ups", "UPS"
    AMAZON = "amazon"
    # of one country or region
    BRING = "bring"
    CHRONOPOST = "chronopost"
    COLISSIMO = "colissimo"
    EVRI = "evri"
    HERMES_DE = "hermes_de", "Hermes"
    INPOST = "inpost", "InPost"
    MONDIAL_RELAY = "mondial_relay"
    PACKETA = "packeta"
    PARCELFORCE = "parcelforce"
    SENDLE = "sendle"
    YODEL = "yodel"
    # national posts
    AN_POST = "an_post"
    AUSTRALIA_POST = "australia_post"
    AUSTRIAN_POST = "austrian_post"
    CANADA_POST = "canada_post"
    CESKA_POSTA = "ceska_posta", "Česká pošta"
    CHINA_POST = "china_post"
    CHUNGHWA_POST = "chunghwa_post"
    CORREIOS = "correios"
    CORREOS = "correos"
    CTT = "ctt", "CTT"
    CYPRUS_POST = "cyprus_post"
    DEUTSCHE_POST = "deutsche_post"
    ELTA = "elta", "ELTA"
    HONGKONG_POST = "hongkong_post", "Hongkong Post"
    HRVATSKA_POSTA = "hrvatska_posta", "Hrvatska pošta"
    ICELAND_POST = "iceland_post"
    INDIA_POST = "india_post"
    INDONESIA_POST = "indonesia_post"
    ISRAEL_POST = "israel_post"
    JAPAN_POST = "japan_post"
    KOREA_POST = "korea_post"
    LA_POSTE = "la_poste", "La Poste"
    LATVIJAS_PASTS = "latvijas_pasts", "Latvijas Pasts"
    LIECHTENSTEIN_POST = "liechtenstein_post"
    LIETUVOS_PASTAS = "lietuvos_pastas", "Lietuvos paštas"
    MAGYAR_POSTA = "magyar_posta"
    MALTAPOST = "maltapost", "MaltaPost"
    NZ_POST = "nz_post", "NZ Post"
    OMNIVA = "omniva"
    PHLPOST = "phlpost", "PHLPost"
    POCZTA_POLSKA = "poczta_polska"
    POS_MALAYSIA = "pos_malaysia"
    POST_LUXEMBOURG = "post_luxembourg", "POST Luxembourg"
    POSTA_ROMANA = "posta_romana", "Poșta Română"
    POSTA_SLOVENIJE = "posta_slovenije"
    POSTE_ITALIANE = "poste_italiane"
    POSTI = "posti"
    POSTNORD = "postnord", "PostNord"
    POSTEN_NORGE = "posten_norge", "Posten Norge"
    PTT = "ptt", "PTT"
    ROYAL_MAIL = "royal_mail"
    SAUDI_POST = "saudi_post"
    SINGAPORE_POST = "singapore_post"
    SLOVENSKA_POSTA = "slovenska_posta", "Slovenská pošta"
    POSTA_SRBIJE = "posta_srbije", "Pošta Srbije"
    SWISS_POST = "swiss_post"
    THAILAND_POST = "thailand_post"
    UKRPOSHTA = "ukrposhta"
    USPS = "usps", "USPS"
    VIETNAM_POST = "vietnam_post"
    BULGARIAN_POSTS = "bulgarian_posts"

    @property
    def display_name(self) -> str:
        """What people call it; what is no name of its own, in their language."""
        return _(_DESCRIBED[self]) if self in _DESCRIBED else self.spelled

    @classmethod
    def named(cls, word: str) -> Carrier:
        """By our word ("dhl_parcel_de") or by what people call it ("DHL Paket"). Raises ValueError, saying which are near."""
        folded = word.strip().casefold()
        for carrier in cls:
            if folded in (carrier.value, carrier.display_name.casefold()):
                return carrier
        near = [carrier.value for carrier in cls if folded[:3] in carrier][:8]
        if near:
            raise ValueError(_("There is no carrier '{word}'. Perhaps {near}?", word=word, near=", ".join(near)))
        raise ValueError(_("There is no carrier '{word}'. They are listed in docs/reference/carriers.md.", word=word))


_DESCRIBED = {
    Carrier.POSTNL_MAIL: "PostNL letterbox parcel or letter",
    Carrier.BPOST_MAIL: "bpost letter",
    Carrier.LETTER_MAIL: "Ordinary letter",
    Carrier.COURIER: "Courier",
    Carrier.OTHER: "Another carrier",
}

# One brand, one website, one word on a label: what the code itself says picks the division.
DIVISIONS: dict[Carrier, tuple[Carrier, ...]] = {
    Carrier.DHL: (
        Carrier.DHL_ECOMMERCE_NL,
        Carrier.DHL_EXPRESS,
        Carrier.DHL_PARCEL_DE,
        Carrier.DHL_PARCEL_ES,
        Carrier.DHL_PARCEL_PL,
        Carrier.DHL_PARCEL_UK,
        Carrier.DHL_ECOMMERCE_US,
        Carrier.DHL_GLOBAL_MAIL,
        Carrier.DHL_FREIGHT,
        Carrier.DEUTSCHE_POST,
    ),
    Carrier.LA_POSTE: (Carrier.COLISSIMO, Carrier.CHRONOPOST),
    Carrier.ROYAL_MAIL: (Carrier.PARCELFORCE,),
}
# Division -> brand, for whoever asks whether two carriers are one company to a customer.
BRAND: dict[Carrier, Carrier] = {
    **{division: brand for brand, divisions in DIVISIONS.items() for division in divisions},
    Carrier.DHL_SAME_DAY: Carrier.DHL,
    Carrier.POSTNL_EXTRA: Carrier.POSTNL,
    Carrier.POSTNL_MAIL: Carrier.POSTNL,
    Carrier.BPOST_MAIL: Carrier.BPOST,
}


class Everyday(StrEnum):
    """What a text is instead of a tracking number."""

    NOTHING = "nothing"  # "-", "geen", "n/a": somebody says that there is none
    WORDS = "words"  # no digits, too few, or a sentence
    TELEPHONE = "telephone"
    DATE = "date"
    AMOUNT = "amount"
    ORDER_NUMBER = "order_number"
    BANK = "bank"  # an IBAN or a bank's own code
    COMPANY = "company"  # a VAT number
    COMPUTER = "computer"  # an IP address or a UUID
    FILLER = "filler"  # 0000000000, 1234567890
    ARTICLE = "article"  # the EAN of a product, also of the order's own line


def is_nothing(text: str) -> bool:
    """Whether the text says in Dutch, English, German or French that there is no number."""
    if len(text) > _LONGEST_NOTHING:
        return False
    return _NO_LETTER.sub("", text.casefold()) in _NOTHING


def everyday_kind(text: str) -> Everyday | None:
    """What a text is by the signs in it, before they are taken out: "+49 151 ...", "29-11-2026", "192.168.1.1"."""
    found = _BY_LOOK.fullmatch(text.strip())
    return Everyday(found.lastgroup) if found and found.lastgroup else None


def surely_everyday(text: str) -> Everyday | None:
    """What capitals and digits alone are, where no carrier's number would be mistaken for it."""
    if text.isdecimal():
        if _TELEPHONE.fullmatch(text):
            return Everyday.TELEPHONE
        if _DATE.fullmatch(text):
            return Everyday.DATE
        return Everyday.FILLER if _is_filler(text) else None
    found = _WITH_LETTERS.fullmatch(text)
    if found is None or found.lastgroup is None:
        return None
    if found.lastgroup == "iban":
        return Everyday.BANK if _is_iban(text) else None
    return Everyday(found.lastgroup)


def is_article(text: str) -> bool:
    """A GTIN of 8, 12, 13 or 14 digits whose check digit holds and whose prefix GS1 has given out for retail goods.

    One in ten numbers of that length passes by chance, so it is evidence against a tracking number, not proof.
    """
    if len(text) not in _GTIN_LENGTHS or not text.isdecimal() or not mod10_holds(text):
        return False
    return len(text) == min(_GTIN_LENGTHS) or _RETAIL.match(text.zfill(14)) is not None


def same_article(text: str, eans: frozenset[str]) -> bool:
    """Whether it is one of these EANs, with or without leading zeros."""
    return bool(eans) and text.isdecimal() and text.lstrip("0") in {ean.strip().lstrip("0") for ean in eans} - {""}


_LONGEST_NOTHING = 40
_NO_LETTER = re.compile(r"[\W_]+")
# folded, without signs and spaces; "" is what is left of "-" and "n/a" without its letters
_NOTHING = frozenset({
    "", "x", "xx", "xxx",
    # Dutch
    "geen", "nvt", "nietvantoepassing", "niet", "nee", "onbekend", "leeg", "nihil", "nogniet", "nogonbekend", "nognietbekend",
    "nietbeschikbaar", "zonder", "zondertracktrace", "zondertracktracecode", "zondertrackentrace", "geentracktrace",
    "geentrackentrace", "geentracktracecode", "geentrackentracecode", "geencode", "geentt", "geentrackingcode",
    "geentracking", "geentrackingnummer", "geennummer", "volgt", "volgtnog",
    # English
    "none", "na", "no", "nil", "null", "undefined", "nan", "empty", "unknown", "notapplicable", "notavailable",
    "notracking", "notrackingnumber", "notrackingcode", "nonumber", "nocode", "untracked", "withouttracking", "without",
    "tba", "tbd", "tbc", "tobeannounced", "todo", "pending", "false",
    # German
    "keine", "kein", "keiner", "keines", "ohne", "nein", "entfaellt", "entfällt", "unbekannt", "nichtvorhanden",
    "nichtverfügbar", "nichtverfuegbar", "keinenummer", "keinesendungsnummer", "ohnesendungsverfolgung", "ohnetracking",
    "keinesendungsverfolgung", "nichtzutreffend", "nochnicht", "leer", "folgt", "keineangabe", "ka",
    # French
    "aucun", "aucune", "sans", "non", "néant", "neant", "so", "sansobjet", "inconnu", "vide", "aucunnuméro", "aucunnumero",
    "sanssuivi", "nondisponible", "pasdesuivi", "pasdenumero", "pasdenuméro", "nonapplicable",
})  # fmt: skip
_CALL = r"(?:tel|telefoon|telefon|téléphone|phone|mob|mobiel|mobile|handy|gsm|bel|call)\b[.:]?"
_BY_LOOK = re.compile(
    rf"(?P<telephone>(?:{_CALL}|[tm][.:])?\s*\(?\+[\d\s().\-/]{{7,24}}|{_CALL}(?=.*\d).*|\(0\d{{1,4}}\)[\d\s.\-/]{{5,12}})"
    r"|(?P<date>\d{1,2}[-./ ]\d{1,2}[-./ ](?:\d{2}|\d{4})(?:[ T]\d{1,2}:\d{2}.*)?"
    r"|\d{4}[-./]\d{1,2}[-./]\d{1,2}(?:[ T]\d{1,2}:\d{2}.*)?)"
    r"|(?P<amount>(?:€|eur|£|\$)?\s*\d{1,3}(?:[.,]\d{3})*[.,]\d{2}|(?:€|eur|£|\$)\s*[\d.,]+|\d{1,3}(?:\.\d{3})+)"
    r"|(?P<order_number>\d{3}-\d{7}-\d{7}|\d{2}-\d{5}-\d{5}|(?:order|bestelling|bestelnr|bestellung|factuur|invoice|rechnung)\b.*)"
    r"|(?P<computer>\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})",
    re.IGNORECASE | re.DOTALL,
)
# Country codes of ITU E.164, of which no other is given out ("85" alone is none, so 0085... is no telephone).
_COUNTRY_CODES = (
    r"1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]"
    r"|21[1-368]|22\d|23\d|24\d|25[0-8]|26\d|29[01789]|35\d|37\d|38[0-35-79]|42[0139]|50\d|59\d|67[0-9]|68[0-9]|69[0-2]"
    r"|800|808|85[02356]|870|880|88[1-36]|886|96[0-8]|97[0-79]|99[234568]"
)
_TELEPHONE = re.compile(
    # within a country, with its leading zero: nine to eleven digits, twelve for mobile numbers in Germany
    r"0[1-9]\d{7,9}|01[5-7]\d{9}"
    # from abroad, with two zeros
    rf"|(?=\d{{10,15}}\Z)00(?:{_COUNTRY_CODES})\d+"
    # mobile numbers with their country's code and nothing before it
    r"|316\d{8}|324[5-9]\d{7}|491[5-7]\d{8,9}|33[67]\d{8}|447\d{9}|34[67]\d{8}|393[2-9]\d{8}|48[4-8]\d{8}|436[4-9]\d{8,10}"
    r"|417[5-9]\d{7}|3526\d{8}|3519[1236]\d{7}|3538\d{8}|467\d{8}"
)
_DAY = r"(?:0[1-9]|[12]\d|3[01])"
_MONTH = r"(?:0[1-9]|1[0-2])"
_YEAR = r"(?:19[3-9]|20[0-4])\d"
_DATE = re.compile(rf"{_YEAR}{_MONTH}{_DAY}(?:(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d)?)?|{_DAY}{_MONTH}{_YEAR}")
_WITH_LETTERS = re.compile(
    r"(?P<order_number>C000[0-9A-Z]{6,8}|(?:INV|ORD|BST|FACT|WC)\d{3,10}|[A-Z]{1,4}20[12]\d\d{3,6})"
    r"|(?P<company>NL\d{9}B\d{2}|BE[01]\d{9}|(?:DE|EE|EL|GR|PT)\d{9}|ATU\d{8}|FR[0-9A-Z]{2}\d{9}|IT\d{11}|ES[0-9A-Z]\d{7}[0-9A-Z]"
    r"|(?:LU|DK|FI|HU|MT|SI)\d{8}|(?:PL|SK|RO)\d{10}|SE\d{10}01|HR\d{11}|CZ\d{8,10}|GB\d{9}|IE\d[0-9A-Z]\d{5}[A-Z]{1,2}"
    r"|CHE\d{9})"
    r"|(?P<bank>[A-Z]{4}(?:NL|BE|DE|FR|GB|LU|AT|ES|IT|PL|IE|CH)[0-9A-Z]{2}(?:XXX)?)"
    r"|(?P<words>[1-9]\d{3}[A-Z]{2}\d{1,4})"  # a Dutch postcode with a house number
    r"|(?P<iban>[A-Z]{2}\d{2}[0-9A-Z]{11,30})"
)
_GTIN_LENGTHS = (8, 12, 13, 14)
# A GTIN of fourteen has its prefix behind the first digit; these stand for no retail product, or were never given out.
_RETAIL = re.compile(r"\d(?!05|1[4-9]|2\d|55|58|6[5-8]|92|98|99)")


def _is_filler(digits: str) -> bool:
    return len(digits) >= _SHORTEST_FILLER and (
        digits in _COUNTED or len(set(digits)) == 1 or len(digits.lstrip("0")) <= _SMALLEST
    )


_COUNTED = frozenset("12345678901234567890"[start : start + length] for start in (0, 9) for length in range(8, 12))
_SHORTEST_FILLER = 8
_SMALLEST = 3  # digits behind zeros ("0000000012"): a counter


def _is_iban(text: str) -> bool:
    turned = text[4:] + text[:4]
    return int("".join(str(int(sign, 36)) for sign in turned)) % 97 == 1
