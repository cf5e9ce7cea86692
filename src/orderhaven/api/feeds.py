"""What happened, what was shipped, and what needs a person: lists that a program follows."""

from datetime import datetime
from typing import Annotated, Any

from ninja import Field, Query, Router, Schema
from pydantic import StringConstraints

from orderhaven.api.caller import ApiRequest
from orderhaven.api.description import refuses
from orderhaven.api.order_shapes import ProblemOut, ShipmentOut, problem_columns, shipment_columns
from orderhaven.api.schema_types import Limit, MomentOrNone, QueryIn, columns_of, cursor, place_of
from orderhaven.core.access import Permission
from orderhaven.core.problems import ProblemKind
from orderhaven.core.status import Status
from orderhaven.store.orders import events, order_page, problems
from orderhaven.store.orders.events import EventRow
from orderhaven.store.orders.order_page import ShipmentRow
from orderhaven.store.orders.problems import ProblemRow
from orderhaven.words.timeline import event_words

router = Router(tags=["feeds"])


def _cursor_of(letter: str, *words: str) -> Any:
    texts = "|".join([f"{letter}[0-9a-f]{{1,15}}", *words])
    return StringConstraints(pattern=f"^({texts})?$", max_length=16)


class EventOut(Schema):
    """Something that happened. It never changes, and each has another id."""

    id: str = Field(description="Also the place behind which `after` goes on.")
    at: datetime
    actor: str = Field(description="`hub`, or who did it.")
    kind: str
    sentence: str
    data: dict[str, Any]
    marketplace: str = Field(description='With `ref` the order it happened to; `""`: to none.')
    ref: str
    connection: str = Field(description='The connection it happened to; `""`: to none.')


class EventsOut(Schema):
    events: list[EventOut] = Field(description="In the order in which they were written.")
    after: str = Field(description="Keep it: the next question goes on there, also when there was nothing new.")
    has_more: bool = Field(description="true: ask again at once; false: in a while.")


class EventsIn(QueryIn):
    after: Annotated[str, _cursor_of("e", "latest")] = Field(
        "",
        description="From the answer before. `latest`: begin with what is still to happen. Without it: from the first on.",
    )
    limit: Limit = 100


class FeedShipmentOut(ShipmentOut):
    """A shipment that a marketplace confirmed, and of which order."""

    marketplace: str
    ref: str
    quantities: dict[str, int] = Field(description="Pieces by the order's lines.")


class ShipmentsOut(Schema):
    shipments: list[FeedShipmentOut]
    after: str = Field(description='Give it back for the next page; `""`: this is the last.')


class ShipmentsIn(QueryIn):
    since: MomentOrNone = Field(None, description="Confirmed at or after this.")
    after: Annotated[str, _cursor_of("s")] = Field("", description="From the page before.")
    limit: Limit = 50


class FeedProblemOut(ProblemOut):
    """Why a person must look, and at which order."""

    marketplace: str
    ref: str
    status: Status = Field(description="Of the order.")


class ProblemsOut(Schema):
    problems: list[FeedProblemOut]
    after: str = Field(description='Give it back for the next page; `""`: this is the last.')


class ProblemsIn(QueryIn):
    kind: list[ProblemKind] = Field([], description="Repeat it for more than one.")
    after: Annotated[str, _cursor_of("p")] = Field("", description="From the page before.")
    limit: Limit = 50


@router.get("/events", response=EventsOut, summary="Follow what happens", openapi_extra=refuses())
def event_list(request: ApiRequest, wanted: Query[EventsIn]) -> EventsOut:
    """Everything that happened to the merchant's orders and connections, oldest first, a few seconds after it happened.

    With the scope `configure` also what people did beside those: who joined, which tokens were made.
    """
    context = request.auth.demand(Permission.READ)
    now = context.clock.now()
    after = events.newest(now) if wanted.after == "latest" else place_of(wanted.after) or 0
    found = events.events(
        context.merchant_id, after, wanted.limit, now, of_merchant=Permission.CONFIGURE in context.permissions
    )
    return EventsOut(
        events=[_event(row) for row in found.rows], after=cursor("e", found.after), has_more=found.has_more
    )


@router.get("/shipments", response=ShipmentsOut, summary="List shipments", openapi_extra=refuses())
def shipment_list(request: ApiRequest, wanted: Query[ShipmentsIn]) -> ShipmentsOut:
    """What marketplaces confirmed, newest first."""
    context = request.auth.demand(Permission.READ)
    found = order_page.shipments(context.merchant_id, place_of(wanted.after), wanted.since, wanted.limit)
    return ShipmentsOut(shipments=[_shipment(row) for row in found.rows], after=cursor("s", found.before))


@router.get("/problems", response=ProblemsOut, summary="List open problems", openapi_extra=refuses())
def problem_list(request: ApiRequest, wanted: Query[ProblemsIn]) -> ProblemsOut:
    """What needs a person now, newest first."""
    context = request.auth.demand(Permission.READ)
    may_see = Permission.WRITE in context.permissions
    found = problems.open_problems(
        context.merchant_id, wanted.kind, place_of(wanted.after), wanted.limit, quotes=may_see
    )
    return ProblemsOut(problems=[_problem(row) for row in found.rows], after=cursor("p", found.before))


# below: rows


def _event(row: EventRow) -> EventOut:
    sentence = event_words(row.kind, row.data)
    return EventOut(**columns_of(EventOut, row, id=cursor("e", row.event_id), sentence=sentence, data=dict(row.data)))


def _shipment(row: ShipmentRow) -> FeedShipmentOut:
    return FeedShipmentOut(
        marketplace=row.marketplace, ref=row.ref, quantities=dict(row.quantities), **shipment_columns(row)
    )


def _problem(row: ProblemRow) -> FeedProblemOut:
    return FeedProblemOut(marketplace=row.marketplace, ref=row.ref, status=row.status, **problem_columns(row))
