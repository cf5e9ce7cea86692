"""The carriers Orderhaven knows, their display names, and which of them share a brand or an owner."""

from __future__ import annotations

from enum import StrEnum

from orderhaven.core.language import _


class Carrier(StrEnum):
    """Our own word for a carrier: stored, shown in the API, mapped to a marketplace's code by its connector.

    A carrier of several countries (DPD, GLS, FedEx) is one carrier here; where a marketplace has a code per
    country (DPD-NL, DPD-BE), its connector picks by country.
    """

    # Netherlands and Belgium
    POSTNL = "postnl"
    POSTNL_EXTRA = "postnl_extra"
    POSTNL_MAIL = "postnl_mail"
    DHL_ECOMMERCE_NL = "dhl_ecommerce_nl"
    DHL_SAME_DAY = "dhl_same_day"
    BPOST = "bpost"
    BPOST_MAIL = "bpost_mail"
    AMPERE = "ampere"
    BUDBEE = "budbee"
    CYCLOON = "cycloon"
    DYNALOGIC = "dynalogic"
    FADELLO = "fadello"
    FIEGE = "fiege"
    HOMERR = "homerr"
    KIALA = "kiala"
    LOGOIX = "logoix"
    PACKS = "packs"
    PARCEL_NL = "parcel_nl"
    RED_JE_PAKKETJE = "red_je_pakketje"
    TRANSMISSION = "transmission"
    TRUNKRS = "trunkrs"
    LETTER_MAIL = "letter_mail"
    COURIER = "courier"
    OTHER = "other"
    # of many countries
    DHL = "dhl"
    DHL_EXPRESS = "dhl_express"
    DHL_PARCEL_DE = "dhl_parcel_de"
    DHL_PARCEL_ES = "dhl_parcel_es"
    DHL_PARCEL_PL = "dhl_parcel_pl"
    DHL_PARCEL_UK = "dhl_parcel_uk"
    DHL_ECOMMERCE_US = "dhl_ecommerce_us"
    DHL_GLOBAL_MAIL = "dhl_global_mail"
    DHL_FREIGHT = "dhl_freight"
    DPD = "dpd"
    FEDEX = "fedex"
    GLS = "gls"
    TNT = "tnt"
    UPS = "ups"
    AMAZON = "amazon"
    # of one country or region
    BRING = "bring"
    CHRONOPOST = "chronopost"
    COLISSIMO = "colissimo"
    EVRI = "evri"
    HERMES_DE = "hermes_de"
    INPOST = "inpost"
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
    CESKA_POSTA = "ceska_posta"
    CHINA_POST = "china_post"
    CHUNGHWA_POST = "chunghwa_post"
    CORREIOS = "correios"
    CORREOS = "correos"
    CTT = "ctt"
    CYPRUS_POST = "cyprus_post"
    DEUTSCHE_POST = "deutsche_post"
    ELTA = "elta"
    HONGKONG_POST = "hongkong_post"
    HRVATSKA_POSTA = "hrvatska_posta"
    ICELAND_POST = "iceland_post"
    INDIA_POST = "india_post"
    INDONESIA_POST = "indonesia_post"
    ISRAEL_POST = "israel_post"
    JAPAN_POST = "japan_post"
    KOREA_POST = "korea_post"
    LA_POSTE = "la_poste"
    LATVIJAS_PASTS = "latvijas_pasts"
    LIECHTENSTEIN_POST = "liechtenstein_post"
    LIETUVOS_PASTAS = "lietuvos_pastas"
    MAGYAR_POSTA = "magyar_posta"
    MALTAPOST = "maltapost"
    NZ_POST = "nz_post"
    OMNIVA = "omniva"
    PHLPOST = "phlpost"
    POCZTA_POLSKA = "poczta_polska"
    POS_MALAYSIA = "pos_malaysia"
    POST_LUXEMBOURG = "post_luxembourg"
    POSTA_ROMANA = "posta_romana"
    POSTA_SLOVENIJE = "posta_slovenije"
    POSTE_ITALIANE = "poste_italiane"
    POSTI = "posti"
    POSTNORD = "postnord"
    POSTEN_NORGE = "posten_norge"
    PTT = "ptt"
    ROYAL_MAIL = "royal_mail"
    SAUDI_POST = "saudi_post"
    SINGAPORE_POST = "singapore_post"
    SLOVENSKA_POSTA = "slovenska_posta"
    POSTA_SRBIJE = "posta_srbije"
    SWISS_POST = "swiss_post"
    THAILAND_POST = "thailand_post"
    UKRPOSHTA = "ukrposhta"
    USPS = "usps"
    VIETNAM_POST = "vietnam_post"
    BULGARIAN_POSTS = "bulgarian_posts"

    @property
    def display_name(self) -> str:
        """What people call it; what is no name of its own, in their language."""
        if self in _DESCRIBED:
            return _(_DESCRIBED[self])
        return _SPELLED.get(self) or self.value.replace("_", " ").title()

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
# Only what differs from the slug in title case ("Trunkrs", "Royal Mail").
_SPELLED = {
    Carrier.POSTNL: "PostNL",
    Carrier.POSTNL_EXTRA: "PostNL Extra@Home",
    Carrier.DHL_ECOMMERCE_NL: "DHL eCommerce Benelux",
    Carrier.DHL_SAME_DAY: "DHL Same Day",
    Carrier.BPOST: "bpost",
    Carrier.PARCEL_NL: "Parcel.nl",
    Carrier.RED_JE_PAKKETJE: "Red je Pakketje",
    Carrier.DHL: "DHL",
    Carrier.DHL_EXPRESS: "DHL Express",
    Carrier.DHL_PARCEL_DE: "DHL Paket",
    Carrier.DHL_PARCEL_ES: "DHL Parcel Iberia",
    Carrier.DHL_PARCEL_PL: "DHL eCommerce Poland",
    Carrier.DHL_PARCEL_UK: "DHL eCommerce UK",
    Carrier.DHL_ECOMMERCE_US: "DHL eCommerce Americas",
    Carrier.DHL_GLOBAL_MAIL: "DHL Global Mail",
    Carrier.DHL_FREIGHT: "DHL Freight",
    Carrier.DPD: "DPD",
    Carrier.FEDEX: "FedEx",
    Carrier.GLS: "GLS",
    Carrier.TNT: "TNT Express",
    Carrier.UPS: "UPS",
    Carrier.HERMES_DE: "Hermes",
    Carrier.INPOST: "InPost",
    Carrier.TRANSMISSION: "TransMission",
    Carrier.LOGOIX: "LogoiX",
    Carrier.FIEGE: "FIEGE",
    Carrier.CESKA_POSTA: "Česká pošta",
    Carrier.CTT: "CTT",
    Carrier.ELTA: "ELTA",
    Carrier.HONGKONG_POST: "Hongkong Post",
    Carrier.HRVATSKA_POSTA: "Hrvatska pošta",
    Carrier.LA_POSTE: "La Poste",
    Carrier.LATVIJAS_PASTS: "Latvijas Pasts",
    Carrier.LIETUVOS_PASTAS: "Lietuvos paštas",
    Carrier.MALTAPOST: "MaltaPost",
    Carrier.NZ_POST: "NZ Post",
    Carrier.PHLPOST: "PHLPost",
    Carrier.POST_LUXEMBOURG: "POST Luxembourg",
    Carrier.POSTA_ROMANA: "Poșta Română",
    Carrier.POSTNORD: "PostNord",
    Carrier.POSTEN_NORGE: "Posten Norge",
    Carrier.PTT: "PTT",
    Carrier.SLOVENSKA_POSTA: "Slovenská pošta",
    Carrier.POSTA_SRBIJE: "Pošta Srbije",
    Carrier.USPS: "USPS",
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
