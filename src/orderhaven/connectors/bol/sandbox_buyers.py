"""Who buys in the sandbox: made-up people in the Netherlands and Belgium, every time in the same order."""

from collections.abc import Mapping

from orderhaven.ports.sandbox import Basket

Person = dict[str, str]

_BUYERS: tuple[Person, ...] = (
    {
        "salutation": "FEMALE", "firstName": "Fenna", "surname": "de Wit", "streetName": "Molenpad",
        "houseNumber": "12", "houseNumberExtension": "bis", "zipCode": "3511KL", "city": "Utrecht",
        "countryCode": "NL", "language": "nl",
    },
    {
        "salutation": "MALE", "firstName": "Jef", "surname": "Peeters", "streetName": "Kerkstraat",
        "houseNumber": "7", "houseNumberExtension": "bus 3", "zipCode": "2060", "city": "Antwerpen",
        "countryCode": "BE", "language": "nl-BE",
    },
    {
        "salutation": "UNKNOWN", "firstName": "Sami", "surname": "Öztürk", "streetName": "Lange Nieuwstraat",
        "houseNumber": "230", "zipCode": "5041DJ", "city": "Tilburg", "countryCode": "NL", "language": "nl",
        "company": "Öztürk Bouw B.V.", "vatNumber": "NL000099998B57", "kvkNumber": "00000019",
        "orderReference": "Kantoor 2e etage",
    },
    {
        "salutation": "FEMALE", "firstName": "Amélie", "surname": "Lambert", "streetName": "Rue de l'Étuve",
        "houseNumber": "41", "zipCode": "1000", "city": "Bruxelles", "countryCode": "BE", "language": "fr-BE",
    },
    {
        "salutation": "MALE", "firstName": "Teun", "surname": "van den Heuvel", "streetName": "1e Dwarsstraat",
        "houseNumber": "3", "houseNumberExtension": "A", "zipCode": "9712HX", "city": "Groningen",
        "countryCode": "NL", "language": "nl", "extraAddressInformation": "Bel werkt niet, graag kloppen",
        "deliveryPhoneNumber": "0612000034",
    },
    {
        "salutation": "FEMALE", "firstName": "Noor", "surname": "Hendriks", "streetName": "Plein 1944",
        "houseNumber": "80", "zipCode": "6511JE", "city": "Nijmegen", "countryCode": "NL", "language": "nl",
    },
)  # fmt: skip
_THEIR_WORD = {
    "salutation": "salutation",
    "first_name": "firstName",
    "last_name": "surname",
    "company": "company",
    "vat_number": "vatNumber",
    "extra": "extraAddressInformation",
    "street": "streetName",
    "house_number": "houseNumber",
    "addition": "houseNumberExtension",
    "postcode": "zipCode",
    "city": "city",
    "country": "countryCode",
    "email": "email",
    "phone": "deliveryPhoneNumber",
}
_BILLING_ONLY = frozenset({"vatNumber", "kvkNumber", "orderReference"})
_SHIPPING_ONLY = frozenset({"deliveryPhoneNumber", "language", "pickupPointName"})
_ALWAYS_THERE = frozenset(
    {"salutation", "firstName", "surname", "streetName", "houseNumber", "zipCode", "city", "countryCode", "email"}
)


def people_of(number: int, basket: Basket) -> tuple[Person, Person]:
    """Shipment and billing details of the order with this number."""
    person = {**_BUYERS[number % len(_BUYERS)], "email": f"k{number:09d}@koper.bol.example"}
    person |= _said(basket.address)
    ship_to = _without(person, _BILLING_ONLY)
    if basket.pickup_point:
        ship_to |= {
            "pickupPointName": basket.pickup_point, "streetName": "Stationsplein", "houseNumber": "1",
            "zipCode": "3511ED", "city": "Utrecht", "countryCode": "NL",
        }  # fmt: skip
        ship_to.pop("houseNumberExtension", None)
    return ship_to, _without(person, _SHIPPING_ONLY)


def _said(overrides: Mapping[str, str]) -> Person:
    known = {_THEIR_WORD[name]: value for name, value in overrides.items() if name in _THEIR_WORD}
    if known.get("salutation", "UNKNOWN") not in ("MALE", "FEMALE"):
        known["salutation"] = "UNKNOWN"
    return known


def _without(person: Person, names: frozenset[str]) -> Person:
    """What bol does not know of a person is left out of the JSON, not sent empty."""
    return {name: value for name, value in person.items() if name not in names and (value or name in _ALWAYS_THERE)}
