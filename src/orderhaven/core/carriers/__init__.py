"""Carriers: who they are, who issued a track & trace code, and where a parcel is followed."""

from orderhaven.core.carriers.clean import normalise
from orderhaven.core.carriers.families import Confidence, Family, NumbersFound, fitting_families, numbers_in
from orderhaven.core.carriers.names import DIVISIONS, Carrier, Everyday, is_article
from orderhaven.core.carriers.recognise import Recognition, recognise
from orderhaven.core.carriers.tracking_urls import tracking_url
from orderhaven.core.carriers.words import carriers_named
