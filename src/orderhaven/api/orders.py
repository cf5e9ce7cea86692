"""Orders: found, counted, read."""

from enum import StrEnum
from typing import Annotated

from django.http import HttpResponse
from ninja import Field, Query, Router, Schema

from orderhaven.api import order_shapes
from orderhaven.api.caller import ApiRequest
from orderhaven.api.description import refuses, tagged
from orderhaven.api.etags import tagged_answer
from orderhaven.api.lookups import connection_named, order_named
from orderhaven.api.order_shapes import OrderListedOut, OrderOut
from orderhaven.api.schema_types import Flag, Limit, MomentOrNone, Name, QueryIn, Text, word_of
from orderhaven.core.access import Permission
from orderhaven.core.carriers import Carrier
from orderhaven.core.problems import ProblemKind
from orderhaven.core.status import Status as OrderStatus
from orderhaven.store.listing.filters import Filter, Sort, Tab
from orderhaven.store.listing.pages import count_tabs
from orderhaven.store.listing.rows import list_orders
from orderhaven.store.orders import order_page
from orderhaven.store.upkeep import versions

router = Router(tags=["orders"])


class FulfilmentFilter(StrEnum):
    MERCHANT = "merchant"
    MARKETPLACE = "marketplace"


class OrdersIn(QueryIn):
    tab: Tab = Field(Tab.ALL, description="As the tabs of the order list.")
    status: list[OrderStatus] = Field([], description="Repeat it for more than one.")
    problem: list[ProblemKind] = Field([], description="With one of these open. Repeat it for more than one.")
    marketplace: Name = Field("", description="Only of this connection.")
    shop: Name = Field("", description="Only of this connection.")
    since: MomentOrNone = Field(None, description="Placed at or after this.")
    until: MomentOrNone = Field(None, description="Placed before this.")
    carrier: Annotated[Carrier | None, word_of(Carrier)] = Field(None, description="Of a confirmed shipment.")
    fulfilment: Annotated[FulfilmentFilter | None, word_of(FulfilmentFilter)] = Field(None, description="Who ships it.")
    search: Text = Field(
        "",
        description="Order or shop number, SKU, EAN, code; or, with the scope `write`, how a last name or postcode begins.",
    )
    sort: Sort = Field(Sort.NEWEST, description="`ship_by` shows what is open alone. A search comes newest first.")
    after: Text = Field("", description="From the page before; it belongs to the same filters and sort.")
    limit: Limit = 50


class OrdersOut(Schema):
    orders: list[OrderListedOut]
    after: str = Field(description='Give it back for the next page; `""`: this is the last.')


class CountOut(Schema):
    tab: Tab
    number: int
    is_exact: bool = Field(description="false: there are at least so many.")


class CountsOut(Schema):
    tabs: list[CountOut]


class OrderIn(QueryIn):
    buyer: Flag = Field(default=False, description="With the buyer's names and addresses. Needs the scope `write`.")


@router.get("/orders", response=OrdersOut, summary="Find orders", openapi_extra=refuses(404))
def order_list(request: ApiRequest, wanted: Query[OrdersIn]) -> OrdersOut:
    """A page of the orders that the filters leave. Nobody's name or address is in it."""
    context = request.auth.demand(Permission.READ)
    found = list_orders(
        context.merchant_id, _filter(request, wanted), wanted.after, wanted.limit, now=context.clock.now()
    )
    return OrdersOut(orders=[order_shapes.in_list(row) for row in found.rows], after=found.after)


@router.get("/orders/counts", response=CountsOut, summary="Count orders by tab", openapi_extra=refuses())
def order_counts(request: ApiRequest) -> CountsOut:
    """Exact for what is open, up to 999 for what grows with history."""
    context = request.auth.demand(Permission.READ)
    found = count_tabs(context.merchant_id, context.clock.now())
    return CountsOut(tabs=[CountOut(tab=tab, number=one.number, is_exact=one.is_exact) for tab, one in found.items()])


@router.get(
    "/orders/{marketplace}/{path:ref}",
    response={200: OrderOut, 304: None},
    summary="Read one order",
    openapi_extra=tagged(refuses(404)),
)
def order(request: ApiRequest, marketplace: Name, ref: Name, wanted: Query[OrderIn], response: HttpResponse) -> object:
    """Everything the hub knows of it, with an ETag."""
    context = request.auth.demand(Permission.WRITE if wanted.buyer else Permission.READ)
    found = order_named(context, marketplace, ref)
    version = versions.version_of(found.order_id)
    people = order_page.buyer(found.order_id) if wanted.buyer else None
    shown = order_shapes.order(
        order_page.order_page(found.order_id, quotes=Permission.WRITE in context.permissions), people
    )
    if not wanted.buyer:
        response.headers["Cache-Control"] = "private, no-cache"
    return tagged_answer(request, response, shown, version)


def _filter(request: ApiRequest, wanted: OrdersIn) -> Filter:
    """A connection that is not there is a slip, not an empty list. Raises Http404."""
    names = {one: connection_named(request.auth, one).name for one in (wanted.marketplace, wanted.shop) if one}
    return Filter(
        tab=wanted.tab,
        statuses=tuple(wanted.status),
        problems=tuple(wanted.problem),
        marketplace=names.get(wanted.marketplace, ""),
        shop=names.get(wanted.shop, ""),
        since=wanted.since,
        until=wanted.until,
        carrier=wanted.carrier,
        by_marketplace=None if wanted.fulfilment is None else wanted.fulfilment is FulfilmentFilter.MARKETPLACE,
        search=wanted.search,
        by_person=Permission.WRITE in request.auth.permissions,
        sort=wanted.sort,
    )
