"""Carriers, codes and products: what a person knows and the hub could not tell."""

from dataclasses import dataclass

from orderhaven.actions.errors import Impossible
from orderhaven.actions.hand import Hand, needs
from orderhaven.actions.links import carrier_named
from orderhaven.actions.orders import retry_ids
from orderhaven.actions.outside import ask
from orderhaven.core.access import Power
from orderhaven.core.carriers import Carrier
from orderhaven.core.language import _
from orderhaven.core.problems import ProblemKind
from orderhaven.core.rules import CarrierRule, rule_from
from orderhaven.core.shop_order import ProductWanted
from orderhaven.ports.connector import Can, Declaration
from orderhaven.store import connections
from orderhaven.store.hands import changing, keep_match, known_by, last_shipment, waiting_for_product
from orderhaven.store.models import REFUSED, Kind, MessageState
from orderhaven.store.tellings import rules_of


@dataclass(frozen=True, slots=True)
class Chosen:
    """`rule`: what would have told this carrier, and will for the next orders if the person wants; None: nothing to go by."""

    carrier: Carrier
    marketplace: str  # the connection's name, by which its link goes
    rule: CarrierRule | None


@needs(Power.ACT)
def choose_carrier(by: Hand, ref: str, carrier: str) -> Chosen:
    """This order goes with that carrier; a confirmation that waits for it is tried again. Raises Impossible."""
    found = by.order(ref)
    chosen = carrier_named(carrier)
    _demand_known(by.declaration(found.connector), chosen)
    with changing([found.order_id], by.clock.now(), by.actor) as (ledger, [row]):
        ledger.change(row, chosen_carrier=str(chosen))
        ledger.event(row, "carrier_chosen", {"carrier": str(chosen)})
        ledger.solve(row, (ProblemKind.UNKNOWN_CARRIER,))
        for message in row.outbox:
            if message.kind in (Kind.CONFIRM, Kind.CORRECT) and message.state in REFUSED:
                state = MessageState.UNCLEAR if message.attempt else MessageState.DUE
                ledger.change_message(
                    row, message, state=state, due_at=ledger.now, misses=0, rounds=0, finished_at=None
                )
                ledger.solve_of(message)
                ledger.nudge(message.connection_id)
        rule = rule_from(row.code, row.carrier_word, chosen)
        known = rule is None or any(one == rule for one in rules_of(row.link))
        return Chosen(chosen, row.link.marketplace.name, None if known else rule)


@needs(Power.ACT)
def correct(by: Hand, ref: str) -> str:
    """Tell the marketplace the code that came after the confirmation. The code. Raises Impossible."""
    found = by.order(ref)
    marketplace = by.declaration(found.connector)
    if Can.CORRECT_TRACKING not in marketplace.can:
        raise Impossible(
            _(
                "{marketplace} takes no other code once a shipment is confirmed. Add it there by hand.",
                marketplace=marketplace.title,
            )
        )
    with changing([found.order_id], by.clock.now(), by.actor) as (ledger, [row]):
        shipment = last_shipment(row.pk)
        if row.confirmed_at is None or shipment is None:
            raise Impossible(
                _("Order {ref} has no shipment that Orderhaven confirmed, so there is nothing to correct.", ref=row.ref)
            )
        if not row.code or row.code == shipment.code:
            raise Impossible(
                _(
                    "The shop shows no other code for order {ref} than was confirmed. Add it in the shop first.",
                    ref=row.ref,
                )
            )
        ledger.put(row, Kind.CORRECT, **known_by(shipment))
        return row.code


@needs(Power.ACT)
def map_product(by: Hand, marketplace: str, sku: str, *, shop_sku: str = "", product_ref: str = "") -> int:
    """This SKU of the marketplace is that product of the shop, from now on. How many orders go on because of it.

    `shop_sku` is looked up in the shop; `product_ref` is the shop's own key and is taken as it is. Raises Impossible.
    """
    link = by.link(marketplace)
    if not sku.strip() or not (shop_sku or product_ref):
        raise Impossible(_("Say which SKU it is, and which product of the shop."))
    if not product_ref:
        declaration = by.declaration(link.shop.connector)
        wanted = ProductWanted(shop_sku.strip(), "")
        settings = connections.open_settings(link.shop)
        found = ask(
            by, declaration, settings, lambda shop: shop.find_products((wanted,)), keeps_network=link.shop.keeps_network
        )
        product_ref = found.get(wanted, "")
        if not product_ref:
            raise Impossible(
                _(
                    "The shop has no product with SKU {sku}. Look it up there, or give its own key with --by-key.",
                    sku=shop_sku,
                )
            )
    keep_match(link.shop_id, sku.strip(), product_ref)
    waiting = waiting_for_product(link.shop_id, sku.strip())
    return len(retry_ids(by, waiting)) if waiting else 0


def _demand_known(declaration: Declaration, carrier: Carrier) -> None:
    if declaration.carriers and not declaration.carrier_word(carrier):
        known = ", ".join(sorted(declaration.carriers))
        raise Impossible(
            _(
                "{marketplace} does not know the carrier '{carrier}'. It knows: {known}.",
                marketplace=declaration.title,
                carrier=carrier,
                known=known,
            )
        )
