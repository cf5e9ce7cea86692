"""Links: which marketplace's orders go to which shop, and how; and what is said about all orders of one."""

from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from ninja import Query, Router, Status

from orderhaven.actions import dry_run, links, onboarding, shipping
from orderhaven.actions.context import ActionContext
from orderhaven.actions.links import LinkSettings
from orderhaven.api.caller import ApiRequest
from orderhaven.api.description import conditional, refuses, tagged
from orderhaven.api.etags import expected_by, tagged_answer
from orderhaven.api.link_shapes import (
    AdoptionOut,
    AdoptionPairsIn,
    AdoptionsOut,
    DryRunEntryOut,
    DryRunIn,
    DryRunOut,
    LinkIn,
    LinkListedOut,
    LinkOut,
    LinkSettingsIn,
    LinksOut,
    ProductIn,
    RuleIn,
    RuleMatchIn,
)  # fmt: skip
from orderhaven.api.lookups import connection_named, link_named
from orderhaven.api.schema_types import DoneOut, Name, columns_of
from orderhaven.core.access import Permission
from orderhaven.core.translation import _, n_
from orderhaven.store.connections.links import all_of, older_count
from orderhaven.store.models import Link as LinkRow
from orderhaven.store.upkeep.versions import version_of_link

router = Router(tags=["links"])


@router.get("/links", response=LinksOut, summary="List links", openapi_extra=refuses())
def link_list(request: ApiRequest) -> LinksOut:
    """All of them: a marketplace has one, or several that divide its channels."""
    context = request.auth.demand(Permission.READ)
    return LinksOut(links=[LinkListedOut(**_columns(row)) for row in all_of(context.merchant_id)])


@router.post("/links", response={201: LinkOut}, summary="Make a link", openapi_extra=refuses(404, 409, body=True))
def make_link(request: ApiRequest, given: LinkIn) -> Status[LinkOut]:
    """Orders go from then on; older ones wait for a person's word. Set `dry_run` to see first what would be sent."""
    context = request.auth.demand(Permission.CONFIGURE)
    marketplace, shop = (connection_named(context, name).name for name in (given.marketplace, given.shop))
    made = links.link(context, marketplace, shop, _wish(given))
    return Status(201, _shown(made))


@router.get(
    "/links/{marketplace}",
    response={200: LinkOut, 304: None},
    summary="Read one link",
    openapi_extra=tagged(refuses(404)),
)
def link(request: ApiRequest, marketplace: Name, response: HttpResponse) -> object:
    """How its orders are handled, with an ETag."""
    context = request.auth.demand(Permission.READ)
    row = link_named(context, marketplace)
    return tagged_answer(request, response, _shown(row), version_of_link(row.pk))


@router.patch(
    "/links/{marketplace}",
    response=LinkOut,
    summary="Change a link",
    openapi_extra=conditional(refuses(404, 409, body=True)),
)
def change_link(request: ApiRequest, marketplace: Name, given: LinkSettingsIn) -> LinkOut:
    """Only what is named changes."""
    context = request.auth.demand(Permission.CONFIGURE)
    found = link_named(context, marketplace)
    expected = expected_by(request, found.pk, version_of_link)
    return _shown(links.change_link(context, found.name, _wish(given), expected=expected))


@router.get(
    "/links/{marketplace}/dry-run",
    response=DryRunOut,
    summary="What a dry run would send",
    openapi_extra=refuses(404, 409),
)
def show_dry_run(request: ApiRequest, marketplace: Name, wanted: Query[DryRunIn]) -> DryRunOut:
    """Now, if it did send, by what the shop said when it was last asked which products it has."""
    context = request.auth.demand(Permission.READ)
    return _dry_run(context, link_named(context, marketplace).name, wanted.limit)


@router.post(
    "/links/{marketplace}/dry-run/look-up",
    response=DryRunOut,
    summary="Look up which products the shop has",
    openapi_extra=refuses(404, 409),
)
def look_up(request: ApiRequest, marketplace: Name, wanted: Query[DryRunIn]) -> DryRunOut:
    """The shop is asked for the products of what a dry run would create, and nothing else."""
    context = request.auth.demand(Permission.WRITE)
    name = link_named(context, marketplace).name
    dry_run.look_up(context, name, wanted.limit)
    return _dry_run(context, name, wanted.limit)


@router.post(
    "/links/{marketplace}/create-older",
    response=DoneOut,
    summary="Create all older orders",
    openapi_extra=refuses(404, 409),
)
def create_older(request: ApiRequest, marketplace: Name) -> DoneOut:
    """Every open order from before the link is created in the shop."""
    context = request.auth.demand(Permission.WRITE)
    count = onboarding.create_older(context, link_named(context, marketplace).name)
    return DoneOut(
        sentence=n_(
            "{number} order will be created in the shop.", "{number} orders will be created in the shop.", count
        )
    )


@router.post(
    "/links/{marketplace}/ignore-older",
    response=DoneOut,
    summary="Leave all older orders",
    openapi_extra=refuses(404, 409),
)
def ignore_older(request: ApiRequest, marketplace: Name) -> DoneOut:
    """No open order from before the link is ever created in the shop; they stay in the list."""
    context = request.auth.demand(Permission.WRITE)
    count = onboarding.ignore_older(context, link_named(context, marketplace).name)
    return DoneOut(sentence=n_("{number} order is ignored.", "{number} orders are ignored.", count))


@router.post(
    "/links/{marketplace}/release", response=DoneOut, summary="Release held cancellations", openapi_extra=refuses(404)
)
def release(request: ApiRequest, marketplace: Name) -> DoneOut:
    """The shop's cancellations that were held because they were many were meant: they are sent."""
    context = request.auth.demand(Permission.WRITE)
    count = links.release_cancellations(context, link_named(context, marketplace).name)
    return DoneOut(
        sentence=n_("{number} held cancellation will be sent.", "{number} held cancellations will be sent.", count)
    )


@router.post(
    "/links/{marketplace}/carrier-rules",
    response={201: LinkOut},
    summary="Add a carrier rule",
    openapi_extra=refuses(404, 409, body=True),
)
def add_carrier_rule(request: ApiRequest, marketplace: Name, given: RuleIn) -> Status[LinkOut]:
    """Behind those that there are."""
    context = request.auth.demand(Permission.CONFIGURE)
    found = link_named(context, marketplace)
    changed = links.add_carrier_rule(context, found.name, given.kind, given.match, given.carrier)
    return Status(201, _shown(changed))


@router.post(
    "/links/{marketplace}/carrier-rules/end",
    response=LinkOut,
    summary="End a carrier rule",
    openapi_extra=refuses(404, 409, body=True),
)
def end_carrier_rule(request: ApiRequest, marketplace: Name, given: RuleMatchIn) -> LinkOut:
    """From now on it says nothing any more."""
    context = request.auth.demand(Permission.CONFIGURE)
    found = link_named(context, marketplace)
    return _shown(links.end_carrier_rule(context, found.name, given.kind, given.match))


@router.post(
    "/links/{marketplace}/products",
    response=DoneOut,
    summary="Match a product",
    openapi_extra=refuses(404, 409, body=True),
)
def match_product(request: ApiRequest, marketplace: Name, given: ProductIn) -> DoneOut:
    """From now on; orders that waited for it go on."""
    context = request.auth.demand(Permission.WRITE)
    name = link_named(context, marketplace).name
    count = shipping.map_product(context, name, given.sku, shop_sku=given.shop_sku, product_ref=given.product_ref)
    said = _("{sku} is that product from now on.", sku=given.sku)
    return DoneOut(sentence=f"{said} " + n_("{number} order goes on.", "{number} orders go on.", count))


@router.post(
    "/adoptions", response=AdoptionsOut, summary="Adopt many shop orders", openapi_extra=refuses(409, body=True)
)
def adopt(request: ApiRequest, given: AdoptionPairsIn) -> AdoptionsOut:
    """These shop orders, made by another tool or by hand, are these orders: nothing is created. One that cannot be says why."""
    context = request.auth
    pairs = [(pair.order, pair.shop_order) for pair in given.pairs]
    done = onboarding.adopt_all(context, pairs, although_they_differ=given.force)
    return AdoptionsOut(
        adoptions=[
            AdoptionOut(order=one.ref, shop_order=one.shop_ref, is_done=not one.sentence, sentence=one.sentence)
            for one in done
        ]
    )


def _dry_run(context: ActionContext, marketplace: str, limit: int) -> DryRunOut:
    found = dry_run.dry_run(context, marketplace, limit)
    would = [DryRunEntryOut.model_validate(one) for one in found.dry_run_entries]
    return DryRunOut(dry_run_entries=would, looked_up_at=found.looked_up_at)


def _wish(given: LinkSettingsIn) -> LinkSettings:
    wanted = given.model_dump(include=set(LinkSettingsIn.model_fields))
    times: dict[str, Any] = {name: _time(wanted.pop(f"{name}_s")) for name in ("wait", "every", "ship_by_margin")}
    return LinkSettings(**wanted, **times)


def _time(seconds: int | None) -> timedelta | None:
    return timedelta(seconds=seconds) if seconds is not None else None


def _shown(row: LinkRow) -> LinkOut:
    return LinkOut(**_columns(row), older=older_count(row.pk))


def _columns(row: LinkRow) -> dict[str, Any]:
    sides = {"marketplace": row.marketplace.name, "shop": row.shop.name, "every_s": row.marketplace.pull_every_s}
    return columns_of(LinkListedOut, row, **sides)
