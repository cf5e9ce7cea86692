"""What happened, what was shipped, and what needs a person: lists that a program follows."""

from datetime import datetime
from typing import Annotated, Any

from ninja import Field, Query, Router, Schema
from pydantic import StringConstraints

from orderhaven.api.caller import Asking
from orderhaven.api.description import refuses
from orderhaven.api.fields import Asked, Limit, MomentOrNone, columns_of, cursor, place_of
from orderhaven.api.order_shapes import OrderProblem, Shipped, problem_columns, shipment_columns
from orderhaven.core.access import Power
from orderhaven.core.problems import ProblemKind
from orderhaven.core.status import Status
from orderhaven.store import events, problems, shipments
from orderhaven.store.events import EventRow
from orderhaven.store.problems import ProblemRow
from orderhaven.store.shipments import ShipmentRow
from orderhaven.words.timeline import event_words

router = Router(tags=["feeds"])


def _cursor_of(letter: str, *words: str) -> Any:
    texts = "|".join([f"{letter}[0-9a-f]{{1,15}}", *words])
    return StringConstraints(pattern=f"^({texts})?$", max_length=16)


class Event(Schema):
    """Something that happened. It never changes, and each has another id."""

    id: str = Field(description="Also the place behind which `after` goes on.")
    at: datetime
    actor: str = Field(description="`hub`, or whose hand it was.")
    kind: str
    sentence: str
    data: dict[str, Any]
    marketplace: str = Field(description='With `ref` the order it happened to; `""`: to none.')
    ref: str
    connection: str = Field(description='The connection it happened to; `""`: to none.')


class Events(Schema):
    events: list[Event] = Field(description="In the order in which they were written.")
    after: str = Field(description="Keep it: the next question goes on there, also when there was nothing new.")
    has_more: bool = Field(description="true: ask again at once; false: in a while.")


class EventsAsked(Asked):
    after: Annotated[str, _cursor_of("e", "latest")] = Field(
        "",
        description="From the answer before. `latest`: begin with what is still to happen. Without it: from the first on.",
    )
    limit: Limit = 100


class Shipment(Shipped):
    """A shipment that a marketplace confirmed, and of which order."""

    marketplace: str
    ref: str
    pieces: dict[str, int] = Field(description="Pieces by the order's lines.")


class Shipments(Schema):
    shipments: list[Shipment]
    after: str = Field(description='Give it back for the next page; `""`: this is the last.')


class ShipmentsAsked(Asked):
    since: MomentOrNone = Field(None, description="Confirmed at or after this.")
    after: Annotated[str, _cursor_of("s")] = Field("", description="From the page before.")
    limit: Limit = 50


class Problem(OrderProblem):
    """Why a person must look, and at which order."""

    marketplace: str
    ref: str
    status: Status = Field(description="Of the order.")


class Problems(Schema):
    problems: list[Problem]
    after: str = Field(description='Give it back for the next page; `""`: this is the last.')


class ProblemsAsked(Asked):
    kind: list[ProblemKind] = Field([], description="Repeat it for more than one.")
    after: Annotated[str, _cursor_of("p")] = Field("", description="From the page before.")
    limit: Limit = 50


@router.get("/events", response=Events, summary="Follow what happens", openapi_extra=refuses())
def event_list(request: Asking, wanted: Query[EventsAsked]) -> Events:
    """Everything that happened to the merchant's orders and connections, oldest first, a few seconds after it happened.

    With the scope `set_up` also what people did beside those: who came in, which tokens were made.
    """
    by = request.auth.demand(Power.LOOK)
    now = by.clock.now()
    after = events.newest(now) if wanted.after == "latest" else place_of(wanted.after) or 0
    found = events.events(by.merchant_id, after, wanted.limit, now, of_merchant=Power.SET_UP in by.powers)
    return Events(events=[_event(row) for row in found.rows], after=cursor("e", found.after), has_more=found.has_more)


@router.get("/shipments", response=Shipments, summary="List shipments", openapi_extra=refuses())
def shipment_list(request: Asking, wanted: Query[ShipmentsAsked]) -> Shipments:
    """What marketplaces confirmed, newest first."""
    by = request.auth.demand(Power.LOOK)
    found = shipments.shipments(by.merchant_id, place_of(wanted.after), wanted.since, wanted.limit)
    return Shipments(shipments=[_shipment(row) for row in found.rows], after=cursor("s", found.before))


@router.get("/problems", response=Problems, summary="List open problems", openapi_extra=refuses())
def problem_list(request: Asking, wanted: Query[ProblemsAsked]) -> Problems:
    """What needs a person now, newest first."""
    by = request.auth.demand(Power.LOOK)
    may_see = Power.ACT in by.powers
    found = problems.open_problems(by.merchant_id, wanted.kind, place_of(wanted.after), wanted.limit, quotes=may_see)
    return Problems(problems=[_problem(row) for row in found.rows], after=cursor("p", found.before))


# below: rows


def _event(row: EventRow) -> Event:
    sentence = event_words(row.kind, row.data)
    return Event(**columns_of(Event, row, id=cursor("e", row.event_id), sentence=sentence, data=dict(row.data)))


def _shipment(row: ShipmentRow) -> Shipment:
    return Shipment(marketplace=row.marketplace, ref=row.ref, pieces=dict(row.pieces), **shipment_columns(row))


def _problem(row: ProblemRow) -> Problem:
    return Problem(marketplace=row.marketplace, ref=row.ref, status=row.status, **problem_columns(row))
