"""Who carries a parcel: as the hub would tell it, for any code."""

from typing import Annotated

from ninja import Field, Query, Router, Schema
from pydantic import StringConstraints

from orderhaven.api.caller import Asking
from orderhaven.api.description import refuses
from orderhaven.api.fields import Asked, Country, Text, columns_of
from orderhaven.core.access import Power
from orderhaven.core.carriers import Carrier, Confidence, recognise, tracking_url

router = Router(tags=["orders"])
Link = Annotated[str, StringConstraints(max_length=2_000)]


class CarrierAsked(Asked):
    code: Text = Field(description="The track & trace code as it stands in the shop, or a tracking link.")
    to: Country = Field("", description="Where the parcel goes.")
    origin: Country = Field("", description="Where it is sent from.")
    url: Link = Field("", description="The tracking link that stands beside the code.")
    shop_says: Text = Field("", description="What the shop calls the carrier.")
    uses: list[Carrier] = Field([], description="Carriers that you use. Repeat it for more than one.")
    postcode: Text = Field("", description="The buyer's; some tracking pages ask for it.")


class Recognised(Schema):
    """Who carries it, and why."""

    code: str = Field(description='Cleaned; `""`: this is no code.')
    carrier: Carrier | None = Field(description="null: unsure.")
    carrier_name: str
    confidence: Confidence
    candidates: list[Carrier] = Field(description="Who could be meant, the likeliest first.")
    why: str
    others: list[str] = Field(description="Further codes in the same text.")
    link: str = Field(description='Where the parcel is followed; `""`: no such page is known.')


@router.get("/carrier", response=Recognised, summary="Tell a carrier by a code", openapi_extra=refuses())
def carrier(request: Asking, wanted: Query[CarrierAsked]) -> Recognised:
    """Unsure rather than a guess."""
    request.auth.demand(Power.LOOK)
    told = recognise(
        wanted.code,
        url=wanted.url,
        destination=wanted.to,
        origin=wanted.origin,
        shop_says=wanted.shop_says,
        likely=wanted.uses,
    )
    link = tracking_url(told.carrier, told.code, wanted.postcode, wanted.to.upper()) if told.carrier else ""
    name = told.carrier.display_name if told.carrier else ""
    lists = {"candidates": list(told.candidates), "others": list(told.others)}
    return Recognised(**columns_of(Recognised, told, carrier_name=name, link=link, **lists))
