"""What shops, plug-ins and label makers call a carrier, and which of ours they may mean."""

from __future__ import annotations

import re

from orderhaven.core.carriers.names import Carrier

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
}
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

    "PostNL pakket (NL)" -> PostNL. Words that name two carriers ("DHL of PostNL") name none.
    """
    found = _WORD.findall(words[:_LONGEST_WORDS].lower())
    named: list[tuple[Carrier, ...]] = []
    at = 0
    while at < len(found):
        length = next((n for n in (3, 2, 1) if "".join(found[at : at + n]) in _ALIASES), 0)
        if length:
            named.append(_ALIASES["".join(found[at : at + length])])
        at += length or 1
    return named[0] if len(set(named)) == 1 else ()
