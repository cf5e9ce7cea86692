"""Country codes by ISO 3166: what others write, in two letters or three, as the two that an address has."""

from iso3166 import countries_by_alpha2, countries_by_alpha3


def alpha2(code: str) -> str | None:
    """`NL` for `nl` and for `NLD`. None for what is no country's code: XI, EL and UK are no ISO codes either."""
    if code in countries_by_alpha2:  # as nearly all of them are written
        return code
    plain = code.strip().upper()
    if plain in countries_by_alpha2:
        return plain
    found = countries_by_alpha3.get(plain)
    return found.alpha2 if found else None
