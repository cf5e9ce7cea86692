"""What is done about orders: one act on one order, or one act on many."""

from typing import Annotated

from django.http import Http404
from ninja import Field, Router, Schema
from pydantic import AfterValidator, StrictBool, WithJsonSchema

from orderhaven.actions.errors import Impossible
from orderhaven.actions.hand import Hand
from orderhaven.api.caller import Asking
from orderhaven.api.description import conditional, refuses
from orderhaven.api.etags import expected_by
from orderhaven.api.fields import Done, Given, Name, Text
from orderhaven.api.named import order_named
from orderhaven.core.access import Power
from orderhaven.core.carriers import Carrier
from orderhaven.core.shipment import CancelReason
from orderhaven.store.versions import version_of
from orderhaven.words.acts import ACTS, act_on

router = Router(tags=["orders"])


def _known(act: str) -> str:
    if act not in ACTS:
        raise ValueError(f"There is no act {act[:50]!r}. There are: {', '.join(ACTS)}.")
    return act


ActName = Annotated[str, AfterValidator(_known), WithJsonSchema({"type": "string", "enum": [*ACTS]})]


class ActGiven(Given):
    """What an act needs or takes; most need nothing. What it does not take is not looked at."""

    reason: CancelReason | None = Field(None, description="Of `cancel`; without it: out of stock.")
    shop_order: Text | None = Field(None, description="`adopt` needs it: the shop's own key of its order.")
    force: StrictBool = Field(default=False, description="Of `adopt`: although it differs.")
    carrier: Carrier | None = Field(None, description="`choose-carrier` needs it.")
    always: StrictBool = Field(
        default=False, description="Of `choose-carrier`: for the next ones like it too. Needs `set_up`."
    )
    sku: Text | None = Field(None, description="`map` needs it: the article as the marketplace calls it.")
    shop_sku: Text | None = Field(None, description="Of `map`: the product's SKU in the shop.")
    product_ref: Text | None = Field(
        None, description="Of `map`: the shop's own key of the product, instead of its SKU."
    )


class OrderName(Given):
    marketplace: Name
    ref: Name


class BulkGiven(Given):
    """One act on many orders."""

    act: ActName
    orders: list[OrderName] = Field(min_length=1, max_length=200)
    given: ActGiven | None = None


class Outcome(Schema):
    """What came of it for one order."""

    marketplace: str
    ref: str
    is_done: bool
    sentence: str = Field(description="What was done, or why not.")


class Outcomes(Schema):
    outcomes: list[Outcome] = Field(description="As many as there were orders, in the same order.")


@router.post(
    "/orders/{marketplace}/{path:ref}/acts/{act}",
    response=Done,
    summary="Do something about an order",
    openapi_extra=conditional(refuses(404, 409, body=True)),
)
def act(request: Asking, marketplace: Name, ref: Name, act: ActName, given: ActGiven | None = None) -> Done:
    """The acts that an order's problems offer, and those that can always be done. What has happened is not repeated."""
    by = request.auth
    _demand_power(by, given)
    found = order_named(by, marketplace, ref)
    expected = expected_by(request, found.order_id, version_of)
    return Done(sentence=act_on(by, f"{marketplace}/{ref}", act, _words(given), expected=expected))


@router.post("/acts", response=Outcomes, summary="Do one thing about many orders", openapi_extra=refuses(body=True))
def bulk(request: Asking, wanted: BulkGiven) -> Outcomes:
    """What cannot be done for one order says why, and holds the others up in nothing."""
    by = request.auth
    _demand_power(by, wanted.given)
    words = _words(wanted.given)
    return Outcomes(outcomes=[_outcome(by, one, wanted.act, words) for one in wanted.orders])


def _demand_power(by: Hand, given: ActGiven | None) -> None:
    """All of it before anything is done. Raises NotAllowed."""
    by.demand(Power.ACT)
    if given is not None and given.always:
        by.demand(Power.SET_UP)


def _words(given: ActGiven | None) -> dict[str, str]:
    """As a form would send them."""
    if given is None:
        return {}
    filled = given.model_dump(exclude_none=True)
    return {name: "yes" if value is True else str(value) for name, value in filled.items() if value is not False}


def _outcome(by: Hand, name: OrderName, act: str, words: dict[str, str]) -> Outcome:
    is_done = False
    try:
        found = order_named(by, name.marketplace, name.ref)
        sentence, is_done = act_on(by, f"{found.marketplace}/{found.ref}", act, words), True
    except (Http404, Impossible) as error:
        sentence = str(error)
    return Outcome(marketplace=name.marketplace, ref=name.ref, is_done=is_done, sentence=sentence)
