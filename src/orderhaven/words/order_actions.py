"""What can be done about one order, as one table: what it needs, what it does, and the sentence that says what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from orderhaven.actions import links, onboarding, orders, shipping
from orderhaven.actions.context import ActionContext
from orderhaven.actions.errors import action_refused
from orderhaven.core.access import Permission
from orderhaven.core.commands import CancelReason
from orderhaven.core.translation import _, n_
from orderhaven.store.upkeep.versions import ExpectedVersion
from orderhaven.words.orders import status_name

Given = Mapping[str, str]
Expected = ExpectedVersion | None


@dataclass(frozen=True, slots=True)
class OrderAction:
    """`do` is called with the context, the order (`MARKETPLACE/REF` or its number), the fields, and the version that the order
    must still have; it raises ActionRefused and Changed."""

    do: Callable[[ActionContext, str, Given, Expected], str]
    fields: tuple[str, ...] = ()


def run_action(context: ActionContext, ref: str, action: str, given: Given, *, expected: Expected = None) -> str:
    """What came of it, in a sentence. Raises ActionRefused, and Changed when the order is not `expected` any more."""
    if action not in ORDER_ACTIONS:
        raise action_refused(
            "There is no action '{action}'. There are: {actions}.", action=action, actions=", ".join(ORDER_ACTIONS)
        )
    missing = [name for name in ORDER_ACTIONS[action].fields if not given.get(name, "").strip()]
    if missing:
        raise action_refused("{action} needs: {fields}.", action=action, fields=", ".join(missing))
    return ORDER_ACTIONS[action].do(context, ref, given, expected)


def _retry(context: ActionContext, ref: str, _given: Given, expected: Expected) -> str:
    done = orders.retry(context, ref, expected=expected)
    if not (done.messages or done.problems or done.reads):
        return _("Nothing of order {ref} waits for a retry.", ref=done.ref)
    return _("Order {ref} is tried again.", ref=done.ref)


def _handle(context: ActionContext, ref: str, _given: Given, expected: Expected) -> str:
    orders.handle(context, ref, expected=expected)
    return _("Order {ref} is yours now: nothing more is sent for it.", ref=_number(ref))


def _give_back(context: ActionContext, ref: str, _given: Given, expected: Expected) -> str:
    status = orders.give_back(context, ref, expected=expected)
    return _("Order {ref} goes on by itself, as: {status}.", ref=_number(ref), status=status_name(status))


def _cancel(context: ActionContext, ref: str, given: Given, expected: Expected) -> str:
    word = given.get("reason", "") or CancelReason.OUT_OF_STOCK
    if word not in list(CancelReason):
        raise action_refused("'{word}' is no reason. There are: {reasons}.", word=word, reasons=", ".join(CancelReason))
    orders.cancel(context, ref, CancelReason(word), expected=expected)
    return _("Order {ref} is cancelled here; marketplace and shop are being updated.", ref=_number(ref))


def _accept(context: ActionContext, ref: str, _given: Given, expected: Expected) -> str:
    orders.accept(context, ref, expected=expected)
    return _("Order {ref} is being accepted at the marketplace.", ref=_number(ref))


def _refuse(context: ActionContext, ref: str, _given: Given, expected: Expected) -> str:
    if orders.refuse(context, ref, expected=expected):
        return _(
            "The cancellation request of order {ref} is refused, and the marketplace is being updated.",
            ref=_number(ref),
        )
    return _(
        "The marketplace takes no refusal: refusing means shipping. Complete order {ref} in the shop.", ref=_number(ref)
    )


def _create(context: ActionContext, ref: str, _given: Given, expected: Expected) -> str:
    onboarding.create(context, ref, expected=expected)
    return _("Order {ref} will be created in the shop.", ref=_number(ref))


def _recreate(context: ActionContext, ref: str, _given: Given, expected: Expected) -> str:
    onboarding.recreate(context, ref, expected=expected)
    return _("Order {ref} will be created again.", ref=_number(ref))


def _ignore(context: ActionContext, ref: str, _given: Given, expected: Expected) -> str:
    onboarding.ignore(context, ref, expected=expected)
    return _("Order {ref} is ignored.", ref=_number(ref))


def _adopt(context: ActionContext, ref: str, given: Given, expected: Expected) -> str:
    force = given.get("force", "") in ("yes", "true", "on")
    onboarding.adopt(context, ref, given["shop_order"], although_it_differs=force, expected=expected)
    return _("Order {ref} is shop order {shop_order}.", ref=_number(ref), shop_order=given["shop_order"])


def _choose_carrier(context: ActionContext, ref: str, given: Given, expected: Expected) -> str:
    always = given.get("always", "") in ("yes", "true", "on")
    if always:
        context.demand(Permission.CONFIGURE)  # before anything is changed: a rule is for an administrator
    chosen = shipping.choose_carrier(context, ref, given["carrier"], expected=expected)
    name = chosen.carrier.display_name
    if chosen.rule is not None and always:
        links.add_carrier_rule(context, chosen.link, chosen.rule.kind, chosen.rule.match, str(chosen.carrier))
        return _("Order {ref} goes with {carrier}, and so do the next ones like it.", ref=_number(ref), carrier=name)
    return carrier_words(chosen, _number(ref))


def carrier_words(chosen: shipping.CarrierChoice, number: str) -> str:
    """What a person's choice of a carrier comes to."""
    name = chosen.carrier.display_name
    if chosen.waits:
        return _(
            "{carrier} is noted for order {ref}. Its shipment was confirmed before: {marketplace} is updated once "
            "you send the new code.",
            carrier=name, ref=number, marketplace=chosen.marketplace,
        )  # fmt: skip
    return _("Order {ref} goes with {carrier}.", ref=number, carrier=name)


def _correct(context: ActionContext, ref: str, _given: Given, expected: Expected) -> str:
    code = shipping.correct(context, ref, expected=expected)
    return _("Code {code} of order {ref} is being sent.", code=code, ref=_number(ref))


def _map(context: ActionContext, ref: str, given: Given, expected: Expected) -> str:
    link = context.link_of(context.order(ref)).name
    product_ref = given.get("product_ref", "").strip()
    shop_sku = "" if product_ref else given.get("shop_sku", "")
    count = shipping.map_product(
        context, link, given["sku"], shop_sku=shop_sku, product_ref=product_ref, expected=expected
    )
    said = _("{sku} is that product from now on.", sku=given["sku"])
    return f"{said} " + n_("{number} order goes on.", "{number} orders go on.", count)


def _release(context: ActionContext, ref: str, _given: Given, _expected: Expected) -> str:
    count = links.release_cancellations(context, context.link_of(context.order(ref)).name)
    return n_("{number} held cancellation will be sent.", "{number} held cancellations will be sent.", count)


def _number(ref: str) -> str:
    """Without the marketplace in front: people know their orders by number."""
    return ref.rpartition("/")[2]


ORDER_ACTIONS: Mapping[str, OrderAction] = {
    "retry": OrderAction(_retry),
    "handle": OrderAction(_handle),
    "give-back": OrderAction(_give_back),
    "cancel": OrderAction(_cancel),
    "accept": OrderAction(_accept),
    "refuse": OrderAction(_refuse),
    "create": OrderAction(_create),
    "create-again": OrderAction(_recreate),
    "ignore": OrderAction(_ignore),
    "adopt": OrderAction(_adopt, ("shop_order",)),
    "choose-carrier": OrderAction(_choose_carrier, ("carrier",)),
    "correct": OrderAction(_correct),
    "map": OrderAction(_map, ("sku",)),
    "release": OrderAction(_release),
    "done": OrderAction(_retry),
}
