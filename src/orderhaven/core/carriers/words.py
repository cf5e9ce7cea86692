"""What shops, plug-ins and label makers call a carrier, and which of ours they may mean."""

from __future__ import annotations

import re
import unicodedata

from orderhaven.core.carriers.names import BRAND, Carrier

_LONGEST_WORDS = 200
_WORD = re.compile(r"[a-z0-9]+")
_C = Carrier

# What else a carrier is called beside our own word for it: lower-case letters and digits, words run together.
_CALLED: dict[Carrier, str] = {
    _C.POSTNL: "tntpost postnl3s postnlinternational netherlandspost",
    _C.POSTNL_EXTRA: "postnlextrahome tntextra",
    _C.POSTNL_MAIL: "tntbrief postnlbrievenbuspakje",
    _C.BPOST_MAIL: "bpostbrief",
    _C.BPOST: "bpostbe belgianpost",
    _C.LETTER_MAIL: "briefpost",
    _C.TNT: "tntexpress",
    _C.DHL_ECOMMERCE_NL: "dhlforyou dhlnl dhlnetherlands dhlbenelux dhlparcelnl dhlparcelbenelux",
    _C.DHL: "dhlecommerce dhlparcel dhlglobal deutschepostdhl",
    _C.DHL_PARCEL_DE: "dhlde dhlpaket dhlgermany dhlgermanyparcel",
    _C.DHL_SAME_DAY: "dhlsd",
    _C.DPD: "dpdnl dpdbe dpdde dpduk dpdgroup",
    _C.GLS: "glsnl glsnetherlands",
    _C.DYNALOGIC: "dyl mydynalogic",
    _C.FEDEX: "fedexnl fedexbe federalexpress",
    _C.UPS: "unitedparcelservice",
    _C.RED_JE_PAKKETJE: "rjp",
    _C.PACKETA: "zasilkovna",
    _C.AUSTRIAN_POST: "oesterreichischepost postaustria postat osterreichischepost",
    _C.AMAZON: "amazonlogistics amazonshipping swiship",
    _C.DHL_PARCEL_UK: "ukmail",
    _C.HERMES_DE: "hermesgermany hermeseuropa",
    _C.EVRI: "hermesuk",
    _C.YODEL: "collectplus",
    _C.CESKA_POSTA: "czechpost",
    _C.HRVATSKA_POSTA: "croatiapost",
    _C.POSTNORD: "denmarkpost swedenpost",
    _C.POSTI: "finlandpost",
    _C.POSTEN_NORGE: "norwaypost norwegianpost",
    _C.POCZTA_POLSKA: "polandpost polishpost",
    _C.MAGYAR_POSTA: "hungarypost hungarianpost",
    _C.ELTA: "greecepost hellenicpost",
    _C.LIETUVOS_PASTAS: "lithuaniapost lithuanianpost",
    _C.OMNIVA: "estoniapost",
    _C.LATVIJAS_PASTS: "latviapost",
    _C.POSTA_ROMANA: "romaniapost",
    _C.POSTA_SRBIJE: "serbiapost",
    _C.POSTA_SLOVENIJE: "sloveniapost",
    _C.SLOVENSKA_POSTA: "slovakiapost",
    _C.BULGARIAN_POSTS: "bulgariapost",
    _C.PTT: "turkeypost",
    _C.CTT: "portugalpost",
    _C.CORREIOS: "brazilcorreios",
    _C.NZ_POST: "newzealandpost",
    _C.CHUNGHWA_POST: "taiwanpost",
    _C.AN_POST: "irelandpost",
    _C.POST_LUXEMBOURG: "luxembourgpost",
    _C.POSTE_ITALIANE: "postitaliane sda",
    _C.INPOST: "paczkomaty",
}
_ALIASES: dict[str, tuple[Carrier, ...]] = {
    # but for the two words that say nothing about who carries it
    **{carrier.value.replace("_", ""): (carrier,) for carrier in Carrier if carrier not in (_C.OTHER, _C.COURIER)},
    **{word: (carrier,) for carrier, words in _CALLED.items() for word in words.split()},
    # two carriers behind one word: the code must pick. One Dutch marketplace's TNT is PostNL, everybody else's is TNT Express
    "tnt": (_C.TNT, _C.POSTNL),
    "hermes": (_C.HERMES_DE, _C.EVRI),
    "myhermes": (_C.EVRI, _C.HERMES_DE),
}
_LONGEST_ALIAS = max(map(len, _ALIASES))
_LONG_ENOUGH = 5  # letters of a name that stands before others; "ups" begins "upsell"
_ADDED = re.compile(
    r"nl|be|de|fr|uk|gb|at|it|es|pl|eu|parcel|paket|pakket|express|ecommerce|standard|service|connect|\d"
)


# What people and plug-ins write before a code, whoever carries it.
_LABELS = frozenset({
    "track", "trace", "tracktrace", "tt", "en", "und", "and", "code", "codes", "number", "numbers", "nr", "no", "nummer", "nummers",
    "tracking", "trackingcode", "trackingnumber", "trackingnummer", "barcode", "zending", "zendingnummer", "zendingsnummer", "pakket",
    "pakketnummer", "parcel", "package", "shipment", "sendung", "sendungsnummer", "sendungsverfolgung", "paketnummer", "colis",
    "suivi", "collo", "verzonden", "met", "via", "with", "mit",
})  # fmt: skip


def is_label(word: str) -> bool:
    """Whether a word before a code names a carrier or says that a code follows ("Track", "&", "DHL")."""
    letters = "".join(_WORD.findall(word.lower()[:_LONGEST_WORDS]))
    return not letters or letters in _LABELS or letters in _ALIASES


def carriers_named(words: str) -> tuple[Carrier, ...]:
    """Whom these words may mean: one carrier when they are plain, several or none when they are not.

    "PostNL pakket (NL)" -> PostNL, "Deutsche Post DHL" -> DHL. Words that name two carriers ("DHL of PostNL") name none.
    """
    words = words[:_LONGEST_WORDS]
    if not words.isascii():
        words = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode()
    found = _WORD.findall(words.lower())
    named: list[tuple[Carrier, ...]] = []
    at = 0
    while at < len(found):
        length, meant = _longest_name(found, at)
        if meant:
            named.append(meant)
        at += length
    return _meant_by_all(named)


def _longest_name(found: list[str], at: int) -> tuple[int, tuple[Carrier, ...]]:
    for length in (3, 2, 1):
        meant = _ALIASES.get("".join(found[at : at + length]))
        if meant:
            return length, meant
    return 1, _of_a_compound(found[at])


def _of_a_compound(word: str) -> tuple[Carrier, ...]:
    """ "postnlpakket", "dhlparcelconnect", "dpdnl2shop": a name with more words run into it."""
    for length in range(min(len(word) - 1, _LONGEST_ALIAS), 2, -1):
        meant = _ALIASES.get(word[:length])
        if meant and (length >= _LONG_ENOUGH or _ADDED.match(word, length)):
            return meant
    return ()


def _meant_by_all(named: list[tuple[Carrier, ...]]) -> tuple[Carrier, ...]:
    if not named:
        return ()
    both = tuple(carrier for carrier in named[0] if all(carrier in others for others in named))
    if both:
        return both
    brands = {BRAND.get(carrier, carrier) for meant in named for carrier in meant}
    return tuple(brands) if len(brands) == 1 else ()
