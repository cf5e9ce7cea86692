"""What is done about orders: one action on one order, or one action on many."""

from typing import Annotated

from django.http import Http404
from ninja import Field, Router, Schema
from pydantic import AfterValidator, StrictBool, WithJsonSchema

from orderhaven.actions.context import ActionContext
from orderhaven.actions.errors import ActionRefused
from orderhaven.api.caller import ApiRequest
from orderhaven.api.description import conditional, refuses
from orderhaven.api.etags import expected_by
from orderhaven.api.lookups import order_named
from orderhaven.api.schema_types import BodyIn, DoneOut, Name, Text
from orderhaven.core.access import Permission
from orderhaven.core.carriers import Carrier
from orderhaven.core.commands import CancelReason
from orderhaven.store.upkeep.versions import version_of
from orderhaven.words.order_actions import ORDER_ACTIONS, run_action

router = Router(tags=["orders"])


def _known(act: str) -> str:
    if act not in ORDER_ACTIONS:
        raise ValueError(f"There is no action {act[:50]!r}. There are: {', '.join(ORDER_ACTIONS)}.")
    return act


ActionName = Annotated[str, AfterValidator(_known), WithJsonSchema({"type": "string", "enum": [*ORDER_ACTIONS]})]


class OrderActionIn(BodyIn):
    """What an action needs or takes; most need nothing. What it does not take is not looked at."""

    reason: CancelReason | None = Field(None, description="Of `cancel`; without it: out of stock.")
    shop_order: Text | None = Field(None, description="`adopt` needs it: the shop's own key of its order.")
    force: StrictBool = Field(default=False, description="Of `adopt`: although it differs.")
    carrier: Carrier | None = Field(None, description="`choose-carrier` needs it.")
    always: StrictBool = Field(
        default=False, description="Of `choose-carrier`: for the next ones like it too. Needs `configure`."
    )
    sku: Text | None = Field(None, description="`map` needs it: the article as the marketplace calls it.")
    shop_sku: Text | None = Field(None, description="Of `map`: the product's SKU in the shop.")
    product_ref: Text | None = Field(
        None, description="Of `map`: the shop's own key of the product, instead of its SKU."
    )


class OrderNameIn(BodyIn):
    marketplace: Name
    ref: Name


class BulkActionIn(BodyIn):
    """One action on many orders."""

    action: ActionName
    orders: list[OrderNameIn] = Field(min_length=1, max_length=200)
    given: OrderActionIn | None = None


class ActionResultOut(Schema):
    """What came of it for one order."""

    marketplace: str
    ref: str
    is_done: bool
    sentence: str = Field(description="What was done, or why not.")


class ActionResultsOut(Schema):
    results: list[ActionResultOut] = Field(description="As many as there were orders, in the same order.")


@router.post(
    "/orders/{marketplace}/{path:ref}/actions/{action}",
    response=DoneOut,
    summary="Do something about an order",
    openapi_extra=conditional(refuses(404, 409, body=True)),
)
def act(
    request: ApiRequest, marketplace: Name, ref: Name, action: ActionName, given: OrderActionIn | None = None
) -> DoneOut:
    """The actions that an order's problems offer, and those that can always be done. What has happened is not repeated."""
    context = request.auth
    _demand_power(context, given)
    found = order_named(context, marketplace, ref)
    expected = expected_by(request, found.order_id, version_of)
    return DoneOut(sentence=run_action(context, f"{marketplace}/{ref}", action, _words(given), expected=expected))


@router.post(
    "/actions", response=ActionResultsOut, summary="Do one thing about many orders", openapi_extra=refuses(body=True)
)
def bulk(request: ApiRequest, wanted: BulkActionIn) -> ActionResultsOut:
    """What cannot be done for one order says why, and holds the others up in nothing."""
    context = request.auth
    _demand_power(context, wanted.given)
    words = _words(wanted.given)
    return ActionResultsOut(results=[_outcome(context, one, wanted.action, words) for one in wanted.orders])


def _demand_power(context: ActionContext, given: OrderActionIn | None) -> None:
    """All of it before anything is done. Raises PermissionDenied."""
    context.demand(Permission.WRITE)
    if given is not None and given.always:
        context.demand(Permission.CONFIGURE)


def _words(given: OrderActionIn | None) -> dict[str, str]:
    """As a form would send them."""
    if given is None:
        return {}
    filled = given.model_dump(exclude_none=True)
    return {name: "yes" if value is True else str(value) for name, value in filled.items() if value is not False}


def _outcome(context: ActionContext, name: OrderNameIn, act: str, words: dict[str, str]) -> ActionResultOut:
    is_done = False
    try:
        found = order_named(context, name.marketplace, name.ref)
        sentence, is_done = run_action(context, f"{found.marketplace}/{found.ref}", act, words), True
    except (Http404, ActionRefused) as error:
        sentence = str(error)
    return ActionResultOut(marketplace=name.marketplace, ref=name.ref, is_done=is_done, sentence=sentence)
