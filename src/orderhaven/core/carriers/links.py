"""Tracking websites: which carrier a link belongs to, and the link for a code."""

from __future__ import annotations

from urllib.parse import quote

from orderhaven.core.carriers.clean import split_link
from orderhaven.core.carriers.names import Carrier

# The end of a host's name. Aggregators (myparcel.me, goparcel.nl) and redirects of marketplaces are left out
# on purpose: they serve many carriers.
_HOSTS: dict[str, Carrier] = {
    "postnl.nl": Carrier.POSTNL,
    "postnl.be": Carrier.POSTNL,
    "internationalparceltracking.com": Carrier.POSTNL,
    "dhlecommerce.nl": Carrier.DHL_ECOMMERCE_NL,
    "dhlparcel.nl": Carrier.DHL_ECOMMERCE_NL,
    "dhlforyou.nl": Carrier.DHL_ECOMMERCE_NL,
    "dhl.com": Carrier.DHL,
    "dhl.nl": Carrier.DHL,
    "dhl.de": Carrier.DHL_PARCEL_DE,
    "dpd.com": Carrier.DPD,
    "dpd.nl": Carrier.DPD,
    "dpd.be": Carrier.DPD,
    "dpd.de": Carrier.DPD,
    "dpd.fr": Carrier.DPD,
    "dpd.co.uk": Carrier.DPD,
    "dpd.com.pl": Carrier.DPD,
    "dpdgroup.com": Carrier.DPD,
    "dpdlocal.co.uk": Carrier.DPD,
    "gls-group.eu": Carrier.GLS,
    "gls-group.com": Carrier.GLS,
    "gls-info.nl": Carrier.GLS,
    "gls-netherlands.com": Carrier.GLS,
    "bpost.be": Carrier.BPOST,
    "bpost.cloud": Carrier.BPOST,
    "trunkrs.nl": Carrier.TRUNKRS,
    "budbee.com": Carrier.BUDBEE,
    "instabox.com": Carrier.BUDBEE,
    "porterbuddy.com": Carrier.BUDBEE,
    "mydynalogic.eu": Carrier.DYNALOGIC,
    "ups.com": Carrier.UPS,
    "fedex.com": Carrier.FEDEX,
    "tnt.com": Carrier.TNT,
    "laposte.fr": Carrier.LA_POSTE,
    "chronopost.fr": Carrier.CHRONOPOST,
    "mondialrelay.fr": Carrier.MONDIAL_RELAY,
    "inpost.pl": Carrier.INPOST,
    "poczta-polska.pl": Carrier.POCZTA_POLSKA,
    "royalmail.com": Carrier.ROYAL_MAIL,
    "evri.com": Carrier.EVRI,
    "yodel.co.uk": Carrier.YODEL,
    "parcelforce.com": Carrier.PARCELFORCE,
    "packeta.com": Carrier.PACKETA,
    "bring.com": Carrier.BRING,
    "post.at": Carrier.AUSTRIAN_POST,
    "post.ch": Carrier.SWISS_POST,
    "usps.com": Carrier.USPS,
    "canadapost.ca": Carrier.CANADA_POST,
    "canadapost-postescanada.ca": Carrier.CANADA_POST,
    "myhermes.de": Carrier.HERMES_DE,
    "anpost.com": Carrier.AN_POST,
    "anpost.ie": Carrier.AN_POST,
    "auspost.com.au": Carrier.AUSTRALIA_POST,
    "correos.es": Carrier.CORREOS,
    "posta.hu": Carrier.MAGYAR_POSTA,
    "postaonline.cz": Carrier.CESKA_POSTA,
    "poste.it": Carrier.POSTE_ITALIANE,
    "posten.no": Carrier.POSTEN_NORGE,
    "posti.fi": Carrier.POSTI,
    "postnord.com": Carrier.POSTNORD,
    "nzpost.co.nz": Carrier.NZ_POST,
    "sendle.com": Carrier.SENDLE,
    "track.amazon.com": Carrier.AMAZON,
}

# A link with {postcode} or {country} shows nothing without them, so none is given then.
_TRACKING_URLS: dict[Carrier, str] = {
    Carrier.POSTNL: "https://jouw.postnl.nl/track-and-trace/{code}-{country}-{postcode}",
    Carrier.DHL_ECOMMERCE_NL: "https://my.dhlecommerce.nl/home/tracktrace/{code}",
    Carrier.DHL: "https://www.dhl.com/global-en/home/tracking.html?tracking-id={code}",
    Carrier.DHL_EXPRESS: "https://www.dhl.com/global-en/home/tracking.html?tracking-id={code}",
    Carrier.DHL_PARCEL_DE: "https://www.dhl.de/de/privatkunden/dhl-sendungsverfolgung.html?piececode={code}",
    Carrier.DPD: "https://tracking.dpd.de/status/en_US/parcel/{code}",
    Carrier.GLS: "https://gls-group.com/track/{code}",
    Carrier.BPOST: "https://track.bpost.cloud/btr/web/#/search?itemCode={code}",
    Carrier.TRUNKRS: "https://parcel.trunkrs.nl/{code}/{postcode}",
    Carrier.BUDBEE: "https://tracking.budbee.com/{code}",
    Carrier.UPS: "https://www.ups.com/track?tracknum={code}",
    Carrier.FEDEX: "https://www.fedex.com/fedextrack/?trknbr={code}",
    Carrier.TNT: "https://www.tnt.com/express/en_gc/site/shipping-tools/tracking.html?cons={code}",
    Carrier.LA_POSTE: "https://www.laposte.fr/outils/suivre-vos-envois?code={code}",
    Carrier.COLISSIMO: "https://www.laposte.fr/outils/suivre-vos-envois?code={code}",
    Carrier.CHRONOPOST: "https://www.chronopost.fr/tracking-no-cms/suivi-page?listeNumerosLT={code}",
    Carrier.MONDIAL_RELAY: "https://www.mondialrelay.fr/suivi-de-colis/?Expedition={code}",
    Carrier.INPOST: "https://inpost.pl/sledzenie-przesylek?number={code}",
    Carrier.POCZTA_POLSKA: "https://emonitoring.poczta-polska.pl/?numer={code}",
    Carrier.ROYAL_MAIL: "https://www.royalmail.com/track-your-item#/tracking-results/{code}",
    Carrier.EVRI: "https://www.evri.com/track/parcel/{code}/details?postcode={postcode}",
    Carrier.YODEL: "https://www.yodel.co.uk/tracking/{code}/{postcode}",
    Carrier.PARCELFORCE: "https://www.parcelforce.com/track-trace?trackNumber={code}",
    Carrier.PACKETA: "https://tracking.packeta.com/en/?id={code}",
    Carrier.BRING: "https://tracking.bring.com/tracking?q={code}",
    Carrier.AUSTRIAN_POST: "https://www.post.at/sendungsverfolgung.php/details?pnum1={code}",
    Carrier.USPS: "https://tools.usps.com/go/TrackConfirmAction?tLabels={code}",
    Carrier.AMAZON: "https://track.amazon.com/tracking/{code}",
    Carrier.SENDLE: "https://track.sendle.com/tracking?ref={code}",
    Carrier.HERMES_DE: "https://www.myhermes.de/empfangen/sendungsverfolgung/sendungsinformation#{code}",
    Carrier.AN_POST: "https://www.anpost.com/Post-Parcels/Track/History?item={code}",
    Carrier.AUSTRALIA_POST: "https://auspost.com.au/mypost/track/#/details/{code}",
    Carrier.CANADA_POST: "https://www.canadapost-postescanada.ca/track-reperage/en#/search?searchFor={code}",
    Carrier.CESKA_POSTA: "https://www.postaonline.cz/trackandtrace/-/zasilka/cislo?parcelNumbers={code}",
    Carrier.CORREOS: "https://www.correos.es/es/es/herramientas/localizador/envios/detalle?tracking-number={code}",
    Carrier.MAGYAR_POSTA: "https://www.posta.hu/nyomkovetes/nyitooldal?searchvalue={code}",
    Carrier.NZ_POST: "https://www.nzpost.co.nz/tools/tracking?trackid={code}",
    Carrier.POSTE_ITALIANE: "https://www.poste.it/cerca/index.html#/risultati-spedizioni/{code}",
    Carrier.POSTEN_NORGE: "https://sporing.posten.no/sporing/{code}",
    Carrier.POSTI: "https://www.posti.fi/fi/seuranta#/lahetys/{code}",
    Carrier.POSTNORD: "https://tracking.postnord.com/en/?id={code}",
    Carrier.SWISS_POST: "https://service.post.ch/ekp-web/ui/entry/search/{code}",
}
# Where another carrier's page shows these too.
_SHOWN_AT = {
    Carrier.POSTNL_EXTRA: Carrier.POSTNL,
    Carrier.POSTNL_MAIL: Carrier.POSTNL,
    Carrier.BPOST_MAIL: Carrier.BPOST,
    Carrier.DEUTSCHE_POST: Carrier.DHL_PARCEL_DE,
    Carrier.DHL_PARCEL_ES: Carrier.DHL,
    Carrier.DHL_PARCEL_PL: Carrier.DHL,
    Carrier.DHL_PARCEL_UK: Carrier.DHL,
    Carrier.DHL_ECOMMERCE_US: Carrier.DHL,
    Carrier.DHL_GLOBAL_MAIL: Carrier.DHL,
    Carrier.DHL_FREIGHT: Carrier.DHL,
}


def tracking_url(carrier: Carrier, code: str, postcode: str = "", country: str = "") -> str:
    """Where the buyer follows the parcel; "" when no link is known or what it needs is missing."""
    template = _TRACKING_URLS.get(_SHOWN_AT.get(carrier, carrier), "")
    values = {"code": code, "postcode": "".join(postcode.split()).upper(), "country": country}
    if any(f"{{{name}}}" in template and not value for name, value in values.items()):
        return ""
    return template.format_map({name: quote(value, safe="") for name, value in values.items()})


def carrier_of_link(url: str) -> Carrier | None:
    """The carrier whose website this is; None for aggregators, shorteners and what is no link."""
    link = split_link(url)
    if link is None or not link.hostname:
        return None
    labels = link.hostname.rstrip(".").split(".")
    for start in range(max(len(labels) - 4, 0), len(labels)):
        carrier = _HOSTS.get(".".join(labels[start:]))
        if carrier:
            return carrier
    return None
