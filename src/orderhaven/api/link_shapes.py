"""A link as the API shows it, and what it takes to make and change one."""

from datetime import datetime
from typing import Literal

from ninja import Field, Schema
from pydantic import StrictBool

from orderhaven.api.schema_types import (
    BodyIn,
    Channel,
    Country,
    CutOff,
    Day,
    EverySeconds,
    Limit,
    Moment,
    Name,
    Number,
    QueryIn,
    Text,
    TransitDays,
    WaitSeconds,
    Weekday,
)
from orderhaven.core.carriers import Carrier
from orderhaven.core.carriers.recognise import RuleKind
from orderhaven.store.models import FulfilledByMarketplace, Side


class CarrierRuleOut(Schema):
    """Codes that begin so, or shipping methods called so, are this carrier's; the first rule that fits counts."""

    kind: RuleKind
    match: str
    carrier: str


class LinkListedOut(Schema):
    """Channels of a marketplace connection joined to a shop connection."""

    name: str = Field(description="By which it is addressed: its marketplace's, for the first link of that.")
    marketplace: str
    shop: str
    channels: list[str] = Field(description="Which of the marketplace's channels it takes; empty: all of them.")
    does_orders: bool = Field(description="New orders of these channels go to this shop.")
    does_stock: bool = Field(description="Kept for a later version: nothing is done with it yet.")
    does_returns: bool = Field(description="Kept for a later version: nothing is done with it yet.")
    from_at: datetime = Field(description="Older orders are listed and wait for a person's word.")
    dry_run: bool = Field(description="Everything is pulled, nothing is sent.")
    accepts_by_itself: bool = Field(description="Orders that wait for a yes get it; else a person gives it.")
    wait_s: int = Field(description="How long a completed order waits for a track & trace code.")
    every_s: int = Field(description="How often the marketplace is pulled.")
    ship_by_margin_s: int = Field(description="So long before a ship-by time that the marketplace states a wait ends.")
    transit_days: int = Field(description="These five are for ship-by times that are estimated.")
    working_days: list[int] = Field(description="On which days parcels leave: 1 is Monday, 7 is Sunday.")
    cut_off: str = Field(description="As in `17:00`.")
    time_zone: str = Field(description='As in `Europe/Amsterdam`; `""`: the hub\'s own.')
    free_days: list[str] = Field(description="Dates on which nothing leaves.")
    fulfilled_by_marketplace: FulfilledByMarketplace
    cancellations_per_hour: int = Field(
        description="More of the shop's cancellations than this wait for a person's word."
    )
    default_carrier: str
    own_carriers: list[str] = Field(description="Whom you use: they decide where several have such codes.")
    ships_from: str = Field(description='ISO 3166 alpha-2; `""`: not said.')
    carrier_rules: list[CarrierRuleOut]


class LinksOut(Schema):
    links: list[LinkListedOut]


class LinkOut(LinkListedOut):
    """A link, and how many orders wait for a word about all of them."""

    older: int = Field(description="Open orders from before the link, neither created in the shop nor ignored.")


class LinkSettingsIn(BodyIn):
    """What is left out, or null, stays as it is, or as the default says."""

    from_at: Moment | None = None
    dry_run: StrictBool | None = None
    accepts_by_itself: StrictBool | None = None
    wait_s: WaitSeconds | None = None
    every_s: EverySeconds | None = None
    ship_by_margin_s: WaitSeconds | None = None
    transit_days: TransitDays | None = None
    working_days: list[Weekday] | None = Field(None, min_length=1, max_length=7)
    cut_off: CutOff | None = None
    time_zone: Text | None = None
    free_days: list[Day] | None = Field(None, max_length=200)
    fulfilled_by_marketplace: FulfilledByMarketplace | None = None
    cancellations_per_hour: Number | None = None
    default_carrier: Carrier | Literal[""] | None = Field(None, description='`""`: none any more.')
    own_carriers: list[Carrier] | None = Field(None, max_length=200)
    ships_from: Country | None = None
    channels: list[Channel] | None = Field(
        None,
        max_length=200,
        description="`[]`: all. A channel goes to one shop only: each belongs to one link that does orders.",
    )
    does_orders: StrictBool | None = None
    does_stock: StrictBool | None = Field(None, description="Kept for a later version: nothing is done with it yet.")
    does_returns: StrictBool | None = Field(None, description="Kept for a later version: nothing is done with it yet.")


class LinkIn(LinkSettingsIn):
    marketplace: Name = Field(description="A marketplace connection.")
    shop: Name = Field(description="A shop connection.")


class RuleMatchIn(BodyIn):
    kind: RuleKind
    match: Text


class RuleIn(RuleMatchIn):
    carrier: Carrier


class ProductIn(BodyIn):
    """This SKU of the marketplace is that product of the shop."""

    sku: Text
    shop_sku: Text = Field("", description="The product's SKU in the shop; it is looked up there.")
    product_ref: Text = Field("", description="Or the shop's own key of the product, taken as it is.")


class AdoptionPairIn(BodyIn):
    order: Text = Field(description="The order's number, or `MARKETPLACE/NUMBER` where two have the same.")
    shop_order: Text = Field(description="The shop's own key of its order.")


class AdoptionPairsIn(BodyIn):
    pairs: list[AdoptionPairIn] = Field(min_length=1, max_length=200)
    force: StrictBool = Field(default=False, description="Although they differ.")


class AdoptionOut(Schema):
    order: str
    shop_order: str
    is_done: bool
    sentence: str = Field(description='Why not; `""` when it was done.')


class AdoptionsOut(Schema):
    adoptions: list[AdoptionOut]


class DryRunEntryOut(Schema):
    """One thing that a link in a dry run would send; nobody's name or address is in it."""

    ref: str
    side: Side
    what: str
    reference: str
    facts: str
    problem: str = Field(description='Why it would wait for a person; `""`: it would be sent.')


class DryRunOut(Schema):
    dry_run_entries: list[DryRunEntryOut] = Field(description="Oldest first.")
    looked_up_at: datetime | None = Field(description="When the shop was last asked which products it has.")


class DryRunIn(QueryIn):
    limit: Limit = 200
