"""Links: which marketplace's orders go to which shop, and how; and what is said about all orders of one."""

from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from ninja import Query, Router, Status

from orderhaven.actions import joining, links, rehearsing, shipping
from orderhaven.actions.hand import Hand
from orderhaven.actions.links import LinkWish
from orderhaven.api.caller import Asking
from orderhaven.api.description import conditional, refuses, tagged
from orderhaven.api.etags import expected_by, is_known, tag_of
from orderhaven.api.fields import Done, Name, columns_of
from orderhaven.api.link_shapes import (
    Adoption,
    Adoptions,
    Link,
    LinkGiven,
    LinkInList,
    Links,
    Pairs,
    ProductGiven,
    Rehearsal,
    RehearsalAsked,
    RuleGiven,
    RuleMatched,
    Wish,
    WouldSend,
)  # fmt: skip
from orderhaven.api.named import connection_named, link_named
from orderhaven.core.access import Power
from orderhaven.core.language import _, n_
from orderhaven.store.links import all_of, older_count
from orderhaven.store.models import Link as LinkRow
from orderhaven.store.versions import version_of_link

router = Router(tags=["links"])


@router.get("/links", response=Links, summary="List links", openapi_extra=refuses())
def link_list(request: Asking) -> Links:
    """All of them: a marketplace has one."""
    by = request.auth.demand(Power.LOOK)
    return Links(links=[LinkInList(**_columns(row)) for row in all_of(by.merchant_id)])


@router.post("/links", response={201: Link}, summary="Make a link", openapi_extra=refuses(404, 409, body=True))
def make_link(request: Asking, given: LinkGiven) -> Status[Link]:
    """Orders go from then on; older ones wait for a person's word. Say `rehearsal` to look first what would be sent."""
    by = request.auth.demand(Power.SET_UP)
    marketplace, shop = (connection_named(by, name).name for name in (given.marketplace, given.shop))
    made = links.link(by, marketplace, shop, _wish(given))
    return Status(201, _shown(made))


@router.get(
    "/links/{marketplace}", response={200: Link, 304: None}, summary="Read one link", openapi_extra=tagged(refuses(404))
)
def link(request: Asking, marketplace: Name, response: HttpResponse) -> object:
    """How its orders are handled, with an ETag."""
    by = request.auth.demand(Power.LOOK)
    row = link_named(by, marketplace)
    shown = _shown(row)
    tag = tag_of(shown, version_of_link(row.pk))
    response.headers["ETag"] = tag
    return Status(304, None) if is_known(request, tag) else shown


@router.patch(
    "/links/{marketplace}",
    response=Link,
    summary="Change a link",
    openapi_extra=conditional(refuses(404, 409, body=True)),
)
def change_link(request: Asking, marketplace: Name, given: Wish) -> Link:
    """Only what is named changes."""
    by = request.auth.demand(Power.SET_UP)
    found = link_named(by, marketplace)
    expected = expected_by(request, found.pk, version_of_link)
    return _shown(links.change_link(by, found.marketplace.name, _wish(given), expected=expected))


@router.get(
    "/links/{marketplace}/rehearsal",
    response=Rehearsal,
    summary="What a rehearsal would send",
    openapi_extra=refuses(404, 409),
)
def rehearsal(request: Asking, marketplace: Name, wanted: Query[RehearsalAsked]) -> Rehearsal:
    """Now, if it did send, by what the shop said when it was last asked which products it has."""
    by = request.auth.demand(Power.LOOK)
    return _rehearsal(by, link_named(by, marketplace).marketplace.name, wanted.limit)


@router.post(
    "/links/{marketplace}/rehearsal/look-up",
    response=Rehearsal,
    summary="Look up which products the shop has",
    openapi_extra=refuses(404, 409),
)
def look_up(request: Asking, marketplace: Name, wanted: Query[RehearsalAsked]) -> Rehearsal:
    """The shop is asked for the products of what a rehearsal would place, and nothing else."""
    by = request.auth.demand(Power.ACT)
    name = link_named(by, marketplace).marketplace.name
    rehearsing.look_up(by, name, wanted.limit)
    return _rehearsal(by, name, wanted.limit)


@router.post(
    "/links/{marketplace}/place-older", response=Done, summary="Place all older orders", openapi_extra=refuses(404, 409)
)
def place_older(request: Asking, marketplace: Name) -> Done:
    """Every open order from before the link is placed in the shop."""
    by = request.auth.demand(Power.ACT)
    count = joining.place_older(by, link_named(by, marketplace).marketplace.name)
    return Done(sentence=n_("{number} order will be placed.", "{number} orders will be placed.", count))


@router.post(
    "/links/{marketplace}/leave-older", response=Done, summary="Leave all older orders", openapi_extra=refuses(404, 409)
)
def leave_older(request: Asking, marketplace: Name) -> Done:
    """No open order from before the link is ever placed; they stay in the list."""
    by = request.auth.demand(Power.ACT)
    count = joining.leave_older(by, link_named(by, marketplace).marketplace.name)
    return Done(sentence=n_("{number} order is left alone.", "{number} orders are left alone.", count))


@router.post(
    "/links/{marketplace}/release", response=Done, summary="Release held cancellations", openapi_extra=refuses(404)
)
def release(request: Asking, marketplace: Name) -> Done:
    """The shop's cancellations that were held because they were many, were meant: they are told."""
    by = request.auth.demand(Power.ACT)
    count = links.release_cancellations(by, link_named(by, marketplace).marketplace.name)
    return Done(
        sentence=n_("{number} held cancellation will be told.", "{number} held cancellations will be told.", count)
    )


@router.post(
    "/links/{marketplace}/carrier-rules",
    response={201: Link},
    summary="Add a carrier rule",
    openapi_extra=refuses(404, 409, body=True),
)
def add_carrier_rule(request: Asking, marketplace: Name, given: RuleGiven) -> Status[Link]:
    """Behind those that there are."""
    by = request.auth.demand(Power.SET_UP)
    found = link_named(by, marketplace)
    changed = links.add_carrier_rule(by, found.marketplace.name, given.kind, given.match, given.carrier)
    return Status(201, _shown(changed))


@router.post(
    "/links/{marketplace}/carrier-rules/end",
    response=Link,
    summary="End a carrier rule",
    openapi_extra=refuses(404, 409, body=True),
)
def end_carrier_rule(request: Asking, marketplace: Name, given: RuleMatched) -> Link:
    """From now on it says nothing any more."""
    by = request.auth.demand(Power.SET_UP)
    found = link_named(by, marketplace)
    return _shown(links.end_carrier_rule(by, found.marketplace.name, given.kind, given.match))


@router.post(
    "/links/{marketplace}/products",
    response=Done,
    summary="Match a product",
    openapi_extra=refuses(404, 409, body=True),
)
def match_product(request: Asking, marketplace: Name, given: ProductGiven) -> Done:
    """From now on; orders that waited for it go on."""
    by = request.auth.demand(Power.ACT)
    name = link_named(by, marketplace).marketplace.name
    count = shipping.map_product(by, name, given.sku, shop_sku=given.shop_sku, product_ref=given.product_ref)
    said = _("{sku} is that product from now on.", sku=given.sku)
    return Done(sentence=f"{said} " + n_("{number} order goes on.", "{number} orders go on.", count))


@router.post("/adoptions", response=Adoptions, summary="Adopt many shop orders", openapi_extra=refuses(409, body=True))
def adopt(request: Asking, given: Pairs) -> Adoptions:
    """These shop orders, made by another tool or by hand, are these orders: nothing is placed. One that cannot be says why."""
    by = request.auth
    pairs = [(pair.order, pair.shop_order) for pair in given.pairs]
    done = joining.adopt_all(by, pairs, although_they_differ=given.force)
    return Adoptions(
        adoptions=[
            Adoption(order=one.ref, shop_order=one.shop_ref, is_done=not one.sentence, sentence=one.sentence)
            for one in done
        ]
    )


def _rehearsal(by: Hand, marketplace: str, limit: int) -> Rehearsal:
    found = rehearsing.rehearsal(by, marketplace, limit)
    would = [WouldSend.model_validate(one) for one in found.would_send]
    return Rehearsal(would_send=would, looked_up_at=found.looked_up_at)


def _wish(given: Wish) -> LinkWish:
    wanted = given.model_dump(include=set(Wish.model_fields))
    times: dict[str, Any] = {name: _time(wanted.pop(f"{name}_s")) for name in ("wait", "every", "ship_by_margin")}
    return LinkWish(**wanted, **times)


def _time(seconds: int | None) -> timedelta | None:
    return timedelta(seconds=seconds) if seconds is not None else None


def _shown(row: LinkRow) -> Link:
    return Link(**_columns(row), older=older_count(row.pk))


def _columns(row: LinkRow) -> dict[str, Any]:
    sides = {"marketplace": row.marketplace.name, "shop": row.shop.name, "every_s": row.marketplace.hear_every_s}
    return columns_of(LinkInList, row, **sides)
