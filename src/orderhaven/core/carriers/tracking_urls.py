"""Tracking websites: which carrier a link belongs to, and the link for a code."""

from __future__ import annotations

from urllib.parse import quote

from orderhaven.core.carriers.clean import split_url
from orderhaven.core.carriers.names import Carrier

# How the names of a carrier's hosts end. Aggregators (myparcel.me, goparcel.nl) and redirects of marketplaces are left out
# on purpose: they serve many carriers.
_WEBSITES: dict[Carrier, str] = {
    Carrier.POSTNL: "postnl.nl postnl.be internationalparceltracking.com",
    Carrier.DHL_ECOMMERCE_NL: "dhlecommerce.nl dhlparcel.nl dhlforyou.nl",
    Carrier.DHL: "dhl.com dhl.nl",
    Carrier.DHL_PARCEL_DE: "dhl.de",
    Carrier.DPD: "dpd.com dpd.nl dpd.be dpd.de dpd.fr dpd.co.uk dpd.com.pl dpdgroup.com dpdlocal.co.uk",
    Carrier.GLS: "gls-group.eu gls-group.com gls-info.nl gls-netherlands.com",
    Carrier.BPOST: "bpost.be bpost.cloud",
    Carrier.TRUNKRS: "trunkrs.nl",
    Carrier.BUDBEE: "budbee.com instabox.com porterbuddy.com",
    Carrier.DYNALOGIC: "mydynalogic.eu",
    Carrier.UPS: "ups.com",
    Carrier.FEDEX: "fedex.com",
    Carrier.TNT: "tnt.com",
    Carrier.LA_POSTE: "laposte.fr",
    Carrier.CHRONOPOST: "chronopost.fr",
    Carrier.MONDIAL_RELAY: "mondialrelay.fr",
    Carrier.INPOST: "inpost.pl",
    Carrier.POCZTA_POLSKA: "poczta-polska.pl",
    Carrier.ROYAL_MAIL: "royalmail.com",
    Carrier.EVRI: "evri.com",
    Carrier.YODEL: "yodel.co.uk",
    Carrier.PARCELFORCE: "parcelforce.com",
    Carrier.PACKETA: "packeta.com",
    Carrier.BRING: "bring.com",
    Carrier.AUSTRIAN_POST: "post.at",
    Carrier.SWISS_POST: "post.ch",
    Carrier.USPS: "usps.com",
    Carrier.CANADA_POST: "canadapost.ca canadapost-postescanada.ca",
    Carrier.HERMES_DE: "myhermes.de",
    Carrier.AN_POST: "anpost.com anpost.ie",
    Carrier.AUSTRALIA_POST: "auspost.com.au",
    Carrier.CORREOS: "correos.es",
    Carrier.MAGYAR_POSTA: "posta.hu",
    Carrier.CESKA_POSTA: "postaonline.cz",
    Carrier.POSTE_ITALIANE: "poste.it",
    Carrier.POSTEN_NORGE: "posten.no",
    Carrier.POSTI: "posti.fi",
    Carrier.POSTNORD: "postnord.com",
    Carrier.NZ_POST: "nzpost.co.nz",
    Carrier.SENDLE: "sendle.com",
    Carrier.AMAZON: "track.amazon.com",
}
_HOSTS = {host: carrier for carrier, hosts in _WEBSITES.items() for host in hosts.split()}

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


def tracking_url(carrier: Carrier, tracking_number: str, postcode: str = "", country: str = "") -> str:
    """Where the buyer follows the parcel; "" when no link is known or what it needs is missing."""
    template = _TRACKING_URLS.get(_SHOWN_AT.get(carrier, carrier), "")
    values = {"code": tracking_number, "postcode": "".join(postcode.split()).upper(), "country": country}
    if any(f"{{{name}}}" in template and not value for name, value in values.items()):
        return ""
    return template.format_map({name: quote(value, safe="") for name, value in values.items()})


def carrier_of_url(url: str) -> Carrier | None:
    """The carrier whose website this is; None for aggregators, shorteners and what is no link."""
    link = split_url(url)
    if link is None or not link.hostname:
        return None
    labels = link.hostname.rstrip(".").split(".")
    for start in range(max(len(labels) - 4, 0), len(labels)):
        carrier = _HOSTS.get(".".join(labels[start:]))
        if carrier:
            return carrier
    return None
