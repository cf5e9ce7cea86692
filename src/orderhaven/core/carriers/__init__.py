"""Carriers: who they are, who issued a track & trace code, and where a parcel is followed."""

from orderhaven.core.carriers.clean import clean_code, codes_in
from orderhaven.core.carriers.families import Confidence, Family, fitting_families
from orderhaven.core.carriers.links import tracking_url
from orderhaven.core.carriers.names import DIVISIONS, Carrier
from orderhaven.core.carriers.recognise import Recognition, recognise
from orderhaven.core.carriers.words import carriers_named

__all__ = [
    "DIVISIONS",
    "Carrier",
    "Confidence",
    "Family",
    "Recognition",
    "carriers_named",
    "clean_code",
    "codes_in",
    "fitting_families",
    "recognise",
    "tracking_url",
]
