"""Carriers: who they are, who issued a track & trace code, and where a parcel is followed."""

from orderhaven.core.carriers.clean import bare
from orderhaven.core.carriers.everyday import Everyday, is_article
from orderhaven.core.carriers.families import Confidence, Family, fitting_families
from orderhaven.core.carriers.links import tracking_url
from orderhaven.core.carriers.names import DIVISIONS, Carrier
from orderhaven.core.carriers.numbers import Found, numbers_in
from orderhaven.core.carriers.recognise import Recognition, recognise
from orderhaven.core.carriers.words import carriers_named

__all__ = [
    "DIVISIONS",
    "Carrier",
    "Confidence",
    "Everyday",
    "Family",
    "Found",
    "Recognition",
    "bare",
    "carriers_named",
    "fitting_families",
    "is_article",
    "numbers_in",
    "recognise",
    "tracking_url",
]
