"""What can be done about one order, as one table: what it needs, what it does, and the sentence that says what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from orderhaven.actions import joining, links, orders, shipping
from orderhaven.actions.errors import impossible
from orderhaven.actions.hand import Hand
from orderhaven.core.access import Power
from orderhaven.core.language import _, n_
from orderhaven.core.shipment import CancelReason
from orderhaven.store.versions import ExpectedVersion
from orderhaven.words.orders import status_name

Given = Mapping[str, str]
Expected = ExpectedVersion | None


@dataclass(frozen=True, slots=True)
class Act:
    """`do` is called with whose hand, the order (`MARKETPLACE/REF` or its number), the fields, and the version that the order
    must still have; it raises Impossible and Changed."""

    do: Callable[[Hand, str, Given, Expected], str]
    fields: tuple[str, ...] = ()


def act_on(by: Hand, ref: str, act: str, given: Given, *, expected: Expected = None) -> str:
    """What came of it, in a sentence. Raises Impossible, and Changed when the order is not `expected` any more."""
    if act not in ACTS:
        raise impossible("There is no act '{act}'. There are: {acts}.", act=act, acts=", ".join(ACTS))
    missing = [name for name in ACTS[act].fields if not given.get(name, "").strip()]
    if missing:
        raise impossible("{act} needs: {fields}.", act=act, fields=", ".join(missing))
    return ACTS[act].do(by, ref, given, expected)


def _retry(by: Hand, ref: str, _given: Given, expected: Expected) -> str:
    done = orders.retry(by, ref, expected=expected)
    if not (done.messages or done.problems or done.reads):
        return _("Nothing of order {ref} waits for a retry.", ref=done.ref)
    return _("Order {ref} is tried again.", ref=done.ref)


def _handle(by: Hand, ref: str, _given: Given, expected: Expected) -> str:
    orders.handle(by, ref, expected=expected)
    return _("Order {ref} is yours now: nothing more is sent for it.", ref=_number(ref))


def _give_back(by: Hand, ref: str, _given: Given, expected: Expected) -> str:
    status = orders.give_back(by, ref, expected=expected)
    return _("Order {ref} goes on by itself, as: {status}.", ref=_number(ref), status=status_name(status))


def _cancel(by: Hand, ref: str, given: Given, expected: Expected) -> str:
    word = given.get("reason", "") or CancelReason.OUT_OF_STOCK
    if word not in list(CancelReason):
        raise impossible("'{word}' is no reason. There are: {reasons}.", word=word, reasons=", ".join(CancelReason))
    orders.cancel(by, ref, CancelReason(word), expected=expected)
    return _("Order {ref} is cancelled here; marketplace and shop are being told.", ref=_number(ref))


def _refuse(by: Hand, ref: str, _given: Given, expected: Expected) -> str:
    if orders.refuse(by, ref, expected=expected):
        return _("The wish to cancel order {ref} is refused, and the marketplace is being told.", ref=_number(ref))
    return _(
        "The marketplace takes no refusal: refusing means shipping. Complete order {ref} in the shop.", ref=_number(ref)
    )


def _place(by: Hand, ref: str, _given: Given, expected: Expected) -> str:
    joining.place(by, ref, expected=expected)
    return _("Order {ref} will be placed.", ref=_number(ref))


def _place_again(by: Hand, ref: str, _given: Given, expected: Expected) -> str:
    joining.place_again(by, ref, expected=expected)
    return _("Order {ref} will be placed again.", ref=_number(ref))


def _leave(by: Hand, ref: str, _given: Given, expected: Expected) -> str:
    joining.leave(by, ref, expected=expected)
    return _("Order {ref} is left alone.", ref=_number(ref))


def _adopt(by: Hand, ref: str, given: Given, expected: Expected) -> str:
    force = given.get("force", "") in ("yes", "true", "on")
    joining.adopt(by, ref, given["shop_order"], although_it_differs=force, expected=expected)
    return _("Order {ref} is shop order {shop_order}.", ref=_number(ref), shop_order=given["shop_order"])


def _choose_carrier(by: Hand, ref: str, given: Given, expected: Expected) -> str:
    always = given.get("always", "") in ("yes", "true", "on")
    if always:
        by.demand(Power.SET_UP)  # before anything is changed: a rule is for an administrator
    chosen = shipping.choose_carrier(by, ref, given["carrier"], expected=expected)
    name = chosen.carrier.display_name
    if chosen.rule is not None and always:
        links.add_carrier_rule(by, chosen.marketplace, chosen.rule.kind, chosen.rule.match, str(chosen.carrier))
        return _("Order {ref} goes with {carrier}, and so do the next ones like it.", ref=_number(ref), carrier=name)
    return carrier_words(chosen, _number(ref))


def carrier_words(chosen: shipping.Chosen, number: str) -> str:
    """What a person's choice of a carrier comes to."""
    name = chosen.carrier.display_name
    if chosen.waits:
        return _(
            "{carrier} is noted for order {ref}. Its shipment was confirmed before: {marketplace} is told once you send the new code.",
            carrier=name, ref=number, marketplace=chosen.marketplace,
        )  # fmt: skip
    return _("Order {ref} goes with {carrier}.", ref=number, carrier=name)


def _correct(by: Hand, ref: str, _given: Given, expected: Expected) -> str:
    code = shipping.correct(by, ref, expected=expected)
    return _("Code {code} of order {ref} is being told.", code=code, ref=_number(ref))


def _map(by: Hand, ref: str, given: Given, expected: Expected) -> str:
    marketplace = by.order(ref).marketplace
    product_ref = given.get("product_ref", "").strip()
    shop_sku = "" if product_ref else given.get("shop_sku", "")
    count = shipping.map_product(
        by, marketplace, given["sku"], shop_sku=shop_sku, product_ref=product_ref, expected=expected
    )
    said = _("{sku} is that product from now on.", sku=given["sku"])
    return f"{said} " + n_("{number} order goes on.", "{number} orders go on.", count)


def _release(by: Hand, ref: str, _given: Given, _expected: Expected) -> str:
    count = links.release_cancellations(by, by.order(ref).marketplace)
    return n_("{number} held cancellation will be told.", "{number} held cancellations will be told.", count)


def _number(ref: str) -> str:
    """Without the marketplace in front: people know their orders by number."""
    return ref.rpartition("/")[2]


ACTS: Mapping[str, Act] = {
    "retry": Act(_retry),
    "handle": Act(_handle),
    "give-back": Act(_give_back),
    "cancel": Act(_cancel),
    "refuse": Act(_refuse),
    "place": Act(_place),
    "place-again": Act(_place_again),
    "leave": Act(_leave),
    "adopt": Act(_adopt, ("shop_order",)),
    "choose-carrier": Act(_choose_carrier, ("carrier",)),
    "correct": Act(_correct),
    "map": Act(_map, ("sku",)),
    "release": Act(_release),
    "done": Act(_retry),
}
