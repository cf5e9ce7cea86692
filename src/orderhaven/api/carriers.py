"""Who carries a parcel: as the hub recognises it, for any tracking number."""

from typing import Annotated

from ninja import Field, Query, Router, Schema
from pydantic import StringConstraints

from orderhaven.api.caller import ApiRequest
from orderhaven.api.description import refuses
from orderhaven.api.schema_types import Country, QueryIn, Text, columns_of
from orderhaven.core.access import Permission
from orderhaven.core.carriers import Carrier, Confidence, recognise, tracking_url

router = Router(tags=["orders"])
Link = Annotated[str, StringConstraints(max_length=2_000)]


class RecognitionIn(QueryIn):
    tracking_number: Text = Field(description="The track & trace code as it stands in the shop, or a tracking link.")
    to: Country = Field("", description="Where the parcel goes.")
    origin: Country = Field("", description="Where it is sent from.")
    url: Link = Field("", description="The tracking link that stands beside the code.")
    carrier_name: Text = Field("", description="What the shop calls the carrier.")
    uses: list[Carrier] = Field([], description="Carriers that you use. Repeat it for more than one.")
    postcode: Text = Field("", description="The buyer's; some tracking pages ask for it.")


class RecognitionOut(Schema):
    """Who carries it, and why."""

    tracking_number: str = Field(description='Cleaned; `""`: this is no code.')
    carrier: Carrier | None = Field(description="null: unsure.")
    carrier_name: str
    confidence: Confidence
    candidates: list[Carrier] = Field(description="Who could be meant, the likeliest first.")
    why: str
    others: list[str] = Field(description="Further codes in the same text.")
    tracking_url: str = Field(description='Where the parcel is followed; `""`: no such page is known.')


@router.get(
    "/carrier", response=RecognitionOut, summary="Recognise a carrier by a tracking number", openapi_extra=refuses()
)
def carrier(request: ApiRequest, wanted: Query[RecognitionIn]) -> RecognitionOut:
    """Unsure rather than a guess."""
    request.auth.demand(Permission.READ)
    found = recognise(
        wanted.tracking_number,
        url=wanted.url,
        destination=wanted.to,
        origin=wanted.origin,
        carrier_name=wanted.carrier_name,
        likely=wanted.uses,
    )
    link = (
        tracking_url(found.carrier, found.tracking_number, wanted.postcode, wanted.to.upper()) if found.carrier else ""
    )
    name = found.carrier.display_name if found.carrier else ""
    lists = {"candidates": list(found.candidates), "others": list(found.others)}
    return RecognitionOut(**columns_of(RecognitionOut, found, carrier_name=name, tracking_url=link, **lists))
