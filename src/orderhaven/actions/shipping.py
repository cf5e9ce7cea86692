"""Carriers, codes and products: what a person knows and the hub could not tell."""

from dataclasses import dataclass

from orderhaven.actions.errors import impossible
from orderhaven.actions.hand import Hand, needs
from orderhaven.actions.links import carrier_named
from orderhaven.actions.orders import retry_ids
from orderhaven.actions.outside import ask_of
from orderhaven.core.access import Power
from orderhaven.core.carriers import Carrier
from orderhaven.core.problems import ProblemKind
from orderhaven.core.rules import CarrierRule, rule_from
from orderhaven.core.shop_order import ProductWanted
from orderhaven.core.status import Status
from orderhaven.ports.connector import Can, Declaration
from orderhaven.store.corrections import correction_of, uncorrected
from orderhaven.store.hands import changing, keep_match, last_shipment, waiting_for_product
from orderhaven.store.models import REFUSED, UNFINISHED, Kind, MessageState, Order
from orderhaven.store.tellings import rules_of
from orderhaven.store.versions import ExpectedVersion


@dataclass(frozen=True, slots=True)
class Chosen:
    """`rule`: what would have told this carrier, and will for the next orders if the person wants; None: nothing to go by."""

    carrier: Carrier
    marketplace: str  # the connection's name, by which its link goes
    rule: CarrierRule | None
    waits: bool = False  # the shipment was confirmed before: the marketplace hears of it with the code that came since


@needs(Power.ACT)
def choose_carrier(by: Hand, ref: str, carrier: str, *, expected: ExpectedVersion | None = None) -> Chosen:
    """This order goes with that carrier; a confirmation that waits for it is tried again. Raises Impossible, also where the
    marketplace would never hear of it."""
    found = by.order(ref)
    chosen = carrier_named(carrier)
    marketplace = by.declaration(found.connector)
    _demand_known(marketplace, chosen)
    with changing([found.order_id], by.clock.now(), by.actor, expected) as (ledger, [row]):
        waits = _waits_for_correction(row, marketplace)
        ledger.change(row, chosen_carrier=str(chosen))
        ledger.event(row, "carrier_chosen", {"carrier": str(chosen)})
        ledger.solve(row, (ProblemKind.UNKNOWN_CARRIER,))
        for message in row.outbox:
            if message.kind in (Kind.CONFIRM, Kind.CORRECT) and message.state in REFUSED:
                ledger.begin_anew(row, message, MessageState.UNCLEAR if message.attempt else MessageState.DUE)
                ledger.solve_of(message)
                ledger.nudge(message.connection_id)
        rule = rule_from(row.code, row.carrier_word, chosen)
        known = rule is None or any(one == rule for one in rules_of(row.link))
        return Chosen(chosen, row.link.marketplace.name, None if known else rule, waits)


@needs(Power.ACT)
def correct(by: Hand, ref: str, *, expected: ExpectedVersion | None = None) -> str:
    """Tell the marketplace the code that came after the confirmation. The code. Raises Impossible."""
    found = by.order(ref)
    marketplace = by.declaration(found.connector)
    if Can.CORRECT_TRACKING not in marketplace.can:
        raise impossible(
            "{marketplace} takes no other code once a shipment is confirmed. Add it there by hand.",
            marketplace=marketplace.title,
        )
    with changing([found.order_id], by.clock.now(), by.actor, expected) as (ledger, [row]):
        if row.confirmed_at is None or last_shipment(row.pk) is None:
            raise impossible(
                "Order {ref} has no shipment that Orderhaven confirmed, so there is nothing to correct.", ref=row.ref
            )
        shipment = uncorrected(row.pk, row.code)
        if not row.code or shipment is None:
            raise impossible(
                "The shop shows no other code for order {ref} than was confirmed. Add it in the shop first.",
                ref=row.ref,
            )
        ledger.put(row, Kind.CORRECT, correction_of(shipment))
        return row.code


@needs(Power.ACT)
def map_product(
    by: Hand,
    marketplace: str,
    sku: str,
    *,
    shop_sku: str = "",
    product_ref: str = "",
    expected: ExpectedVersion | None = None,
) -> int:
    """This SKU of the marketplace is that product of the shop, from now on. How many orders go on because of it.

    `shop_sku` is looked up in the shop; `product_ref` is the shop's own key and is taken as it is. Raises Impossible.
    """
    link = by.link(marketplace)
    if not sku.strip() or not (shop_sku or product_ref):
        raise impossible("Say which SKU it is, and which product of the shop.")
    if not product_ref:
        wanted = ProductWanted(shop_sku.strip(), "")
        found = ask_of(by, link.shop, lambda shop: shop.find_products((wanted,)))
        product_ref = found.get(wanted, "")
        if not product_ref:
            raise impossible(
                "The shop has no product with SKU {sku}. Look it up there, or give the shop's own key of it.",
                sku=shop_sku,
            )
    keep_match(link.shop_id, sku.strip(), product_ref)
    waiting = waiting_for_product(link.shop_id, sku.strip())
    return len(retry_ids(by, waiting, expected=expected)) if waiting else 0


def _waits_for_correction(row: Order, marketplace: Declaration) -> bool:
    """Whether the choice goes out with a correction that a person still has to send. Raises Impossible when it never goes out."""
    if row.status == Status.CANCELLED:
        raise impossible("Order {ref} is cancelled, so no carrier is told to anybody.", ref=row.ref)
    its_name = row.link.marketplace.name
    if row.handled_by_others:
        raise impossible(
            "Order {ref} was shipped at {marketplace} by others. Change the carrier there.",
            ref=row.ref,
            marketplace=its_name,
        )
    if row.confirmed_at is None or any(one.kind == Kind.CORRECT and one.state in UNFINISHED for one in row.outbox):
        return False
    if Can.CORRECT_TRACKING in marketplace.can and row.code and uncorrected(row.pk, row.code) is not None:
        return True
    raise impossible(
        "The shipment of order {ref} is confirmed already, and {marketplace} is not told of another carrier. Change it there.",
        ref=row.ref,
        marketplace=its_name,
    )


def _demand_known(declaration: Declaration, carrier: Carrier) -> None:
    if declaration.carriers and not declaration.carrier_word(carrier):
        known = ", ".join(sorted(declaration.carriers))
        raise impossible(
            "{marketplace} does not know the carrier '{carrier}'. It knows: {known}.",
            marketplace=declaration.title,
            carrier=carrier,
            known=known,
        )
