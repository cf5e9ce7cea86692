"""What shops, plug-ins and label makers call a carrier, and which of ours they may mean."""

from __future__ import annotations

import re
import unicodedata

from orderhaven.core.carriers.names import BRAND, Carrier

_LONGEST_WORDS = 200
_WORD = re.compile(r"[a-z0-9]+")
_C = Carrier

# Lower-case letters and digits, words run together. Two carriers behind one word: the code must pick.
_ALIASES: dict[str, tuple[Carrier, ...]] = {
    **{carrier.value.replace("_", ""): (carrier,) for carrier in Carrier},
    "tntpost": (_C.POSTNL,),
    "postnl3s": (_C.POSTNL,),
    "postnlinternational": (_C.POSTNL,),
    "postnlextrahome": (_C.POSTNL_EXTRA,),
    "tntextra": (_C.POSTNL_EXTRA,),
    "tntbrief": (_C.POSTNL_MAIL,),
    "postnlbrievenbuspakje": (_C.POSTNL_MAIL,),
    "bpostbrief": (_C.BPOST_MAIL,),
    "bpostbe": (_C.BPOST,),
    "belgianpost": (_C.BPOST,),
    "briefpost": (_C.LETTER_MAIL,),
    # one Dutch marketplace's TNT is PostNL, everybody else's is TNT Express
    "tnt": (_C.TNT, _C.POSTNL),
    "tntexpress": (_C.TNT,),
    "dhlforyou": (_C.DHL_ECOMMERCE_NL,),
    "dhlnl": (_C.DHL_ECOMMERCE_NL,),
    "dhlnetherlands": (_C.DHL_ECOMMERCE_NL,),
    "dhlbenelux": (_C.DHL_ECOMMERCE_NL,),
    "dhlparcelnl": (_C.DHL_ECOMMERCE_NL,),
    "dhlparcelbenelux": (_C.DHL_ECOMMERCE_NL,),
    "dhlecommerce": (_C.DHL,),
    "dhlparcel": (_C.DHL,),
    "dhlde": (_C.DHL_PARCEL_DE,),
    "dhlpaket": (_C.DHL_PARCEL_DE,),
    "dhlgermany": (_C.DHL_PARCEL_DE,),
    "dhlsd": (_C.DHL_SAME_DAY,),
    "dpdnl": (_C.DPD,),
    "dpdbe": (_C.DPD,),
    "dpdde": (_C.DPD,),
    "dpduk": (_C.DPD,),
    "dpdgroup": (_C.DPD,),
    "glsnl": (_C.GLS,),
    "glsnetherlands": (_C.GLS,),
    "dyl": (_C.DYNALOGIC,),
    "mydynalogic": (_C.DYNALOGIC,),
    "fedexnl": (_C.FEDEX,),
    "fedexbe": (_C.FEDEX,),
    "federalexpress": (_C.FEDEX,),
    "unitedparcelservice": (_C.UPS,),
    "rjp": (_C.RED_JE_PAKKETJE,),
    "hermes": (_C.HERMES_DE, _C.EVRI),
    "myhermes": (_C.EVRI, _C.HERMES_DE),
    "laposte": (_C.LA_POSTE,),
    "correos": (_C.CORREOS,),
    "zasilkovna": (_C.PACKETA,),
    "oesterreichischepost": (_C.AUSTRIAN_POST,),
    "amazonlogistics": (_C.AMAZON,),
    "amazonshipping": (_C.AMAZON,),
    "swiship": (_C.AMAZON,),
    "ukmail": (_C.DHL_PARCEL_UK,),
    "dhlgermanyparcel": (_C.DHL_PARCEL_DE,),
    "dhlglobal": (_C.DHL,),
    "deutschepostdhl": (_C.DHL,),
    "hermesgermany": (_C.HERMES_DE,),
    "hermesuk": (_C.EVRI,),
    "hermeseuropa": (_C.HERMES_DE,),
    "collectplus": (_C.YODEL,),
    "czechpost": (_C.CESKA_POSTA,),
    "croatiapost": (_C.HRVATSKA_POSTA,),
    "denmarkpost": (_C.POSTNORD,),
    "swedenpost": (_C.POSTNORD,),
    "finlandpost": (_C.POSTI,),
    "estoniapost": (_C.OMNIVA,),
    "latviapost": (_C.LATVIJAS_PASTS,),
    "romaniapost": (_C.POSTA_ROMANA,),
    "serbiapost": (_C.POSTA_SRBIJE,),
    "sloveniapost": (_C.POSTA_SLOVENIJE,),
    "slovakiapost": (_C.SLOVENSKA_POSTA,),
    "bulgariapost": (_C.BULGARIAN_POSTS,),
    "turkeypost": (_C.PTT,),
    "portugalpost": (_C.CTT,),
    "brazilcorreios": (_C.CORREIOS,),
    "newzealandpost": (_C.NZ_POST,),
    "taiwanpost": (_C.CHUNGHWA_POST,),
    "irelandpost": (_C.AN_POST,),
    "luxembourgpost": (_C.POST_LUXEMBOURG,),
    "postaustria": (_C.AUSTRIAN_POST,),
    "postat": (_C.AUSTRIAN_POST,),
    "osterreichischepost": (_C.AUSTRIAN_POST,),
    "postitaliane": (_C.POSTE_ITALIANE,),
    "sda": (_C.POSTE_ITALIANE,),
    "netherlandspost": (_C.POSTNL,),
    "paczkomaty": (_C.INPOST,),
}
_LONGEST_ALIAS = max(map(len, _ALIASES))
_LONG_ENOUGH = 5  # letters of a name that stands before others; "ups" begins "upsell"
_ADDED = re.compile(
    r"nl|be|de|fr|uk|gb|at|it|es|pl|eu|parcel|paket|pakket|express|ecommerce|standard|service|connect|\d"
)
# Words that say nothing about who carries it.
for _word in ("other", "courier"):
    del _ALIASES[_word]


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
