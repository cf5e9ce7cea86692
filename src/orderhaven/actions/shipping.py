"""Carriers, codes and products: what a person knows and the hub could not tell."""

from dataclasses import dataclass

from orderhaven.actions.context import ActionContext, requires
from orderhaven.actions.errors import action_refused
from orderhaven.actions.links import carrier_named
from orderhaven.actions.orders import retry_ids
from orderhaven.actions.probing import ask_of
from orderhaven.core.access import Permission
from orderhaven.core.carriers import Carrier
from orderhaven.core.carriers.recognise import CarrierRule, rule_from
from orderhaven.core.problems import ProblemKind
from orderhaven.core.shop_order import ProductQuery
from orderhaven.core.status import Status
from orderhaven.core.translation import _
from orderhaven.ports.connector import Capability, ConnectorSpec
from orderhaven.store.models import REJECTED_STATES, UNFINISHED, MessageKind, MessageState, Order
from orderhaven.store.orders.changes import changing, keep_match, last_shipment, waiting_for_product
from orderhaven.store.outbox.apply_results import correction_of, uncorrected
from orderhaven.store.outbox.commands import rules_of
from orderhaven.store.upkeep.versions import ExpectedVersion


@dataclass(frozen=True, slots=True)
class CarrierChoice:
    """`rule`: what would have told this carrier, and will for the next orders if the person wants; None: nothing to go by."""

    carrier: Carrier
    marketplace: str  # the connection's name
    link: str  # of that link
    rule: CarrierRule | None
    waits: bool = False  # the shipment was confirmed before: the marketplace hears of it with the code that came since


@requires(Permission.WRITE)
def choose_carrier(
    context: ActionContext, ref: str, carrier: str, *, expected: ExpectedVersion | None = None
) -> CarrierChoice:
    """This order goes with that carrier; a confirmation that waits for it is tried again. Raises ActionRefused, also where the
    marketplace would never hear of it."""
    found = context.order(ref)
    chosen = carrier_named(carrier)
    marketplace = context.marketplace_of(found)
    _require_known(marketplace, chosen, found.marketplace)
    with changing([found.order_id], context.clock.now(), context.actor, expected) as (uow, [row]):
        waits = _waits_for_correction(row, marketplace)
        uow.change(row, chosen_carrier=str(chosen))
        uow.event(row, "carrier_chosen", {"carrier": str(chosen)})
        uow.resolve(row, (ProblemKind.UNKNOWN_CARRIER, ProblemKind.CARRIER_NOT_LISTED))
        for message in row.outbox:
            if message.kind in (MessageKind.CONFIRM, MessageKind.CORRECT) and message.state in REJECTED_STATES:
                uow.restart(row, message, MessageState.UNCONFIRMED if message.attempt else MessageState.QUEUED)
                uow.resolve_of_message(message)
                uow.nudge(message.connection_id)
        rule = rule_from(row.tracking_number, row.carrier_name, chosen)
        link = row.link
        known = rule is None or link is None or any(one == rule for one in rules_of(link))
        name = link.name if link is not None else ""
        return CarrierChoice(chosen, row.connection.name, name, None if known else rule, waits)


@requires(Permission.WRITE)
def correct(context: ActionContext, ref: str, *, expected: ExpectedVersion | None = None) -> str:
    """Tell the marketplace the code that came after the confirmation. The code. Raises ActionRefused."""
    found = context.order(ref)
    marketplace = context.marketplace_of(found)
    if Capability.CORRECT_TRACKING not in marketplace.capabilities:
        raise action_refused(
            "{marketplace} takes no other code once a shipment is confirmed. Add it there by hand.",
            marketplace=found.marketplace,
        )
    with changing([found.order_id], context.clock.now(), context.actor, expected) as (uow, [row]):
        if row.confirmed_at is None or last_shipment(row.pk) is None:
            raise action_refused(
                "Order {ref} has no shipment that Orderhaven confirmed, so there is nothing to correct.", ref=row.ref
            )
        shipment = uncorrected(row.pk, row.tracking_number)
        if not row.tracking_number or shipment is None:
            raise action_refused(
                "The shop shows no other code for order {ref} than was confirmed. Add it in the shop first.",
                ref=row.ref,
            )
        uow.enqueue(row, MessageKind.CORRECT, correction_of(shipment))
        return row.tracking_number


@requires(Permission.WRITE)
def map_product(
    context: ActionContext,
    marketplace: str,
    sku: str,
    *,
    shop_sku: str = "",
    product_ref: str = "",
    expected: ExpectedVersion | None = None,
) -> int:
    """This SKU of the marketplace is that product of the shop, from now on. How many orders go on because of it.

    `shop_sku` is looked up in the shop; `product_ref` is the shop's own key and is taken as it is. Raises ActionRefused.
    """
    link = context.link(marketplace)
    if not sku.strip() or not (shop_sku or product_ref):
        raise action_refused("Say which SKU it is, and which product of the shop.")
    if not product_ref:
        wanted = ProductQuery(shop_sku.strip(), "")
        found = ask_of(context, link.shop, lambda shop: shop.find_products((wanted,)))
        product_ref = found.get(wanted, "")
        if not product_ref:
            raise action_refused(
                "The shop has no product with SKU {sku}. Look it up there, or give the shop's own key of it.",
                sku=shop_sku,
            )
    keep_match(link.shop_id, sku.strip(), product_ref)
    waiting = waiting_for_product(link.shop_id, sku.strip())
    return len(retry_ids(context, waiting, expected=expected)) if waiting else 0


def _waits_for_correction(row: Order, marketplace: ConnectorSpec) -> bool:
    """Whether the choice goes out with a correction that a person still has to send. Raises ActionRefused when it never goes out."""
    if row.status == Status.CANCELLED:
        raise action_refused("Order {ref} is cancelled, so no carrier is sent to anybody.", ref=row.ref)
    its_name = row.connection.name
    if row.handled_externally:
        raise action_refused(
            "Order {ref} was shipped at {marketplace} by others. Change the carrier there.",
            ref=row.ref,
            marketplace=its_name,
        )
    if row.confirmed_at is None or any(
        one.kind == MessageKind.CORRECT and one.state in UNFINISHED for one in row.outbox
    ):
        return False
    if (
        Capability.CORRECT_TRACKING in marketplace.capabilities
        and row.tracking_number
        and uncorrected(row.pk, row.tracking_number) is not None
    ):
        return True
    raise action_refused(
        "The shipment of order {ref} is confirmed already, and {marketplace} takes no other carrier. Change it there.",
        ref=row.ref,
        marketplace=its_name,
    )


def _require_known(spec: ConnectorSpec, carrier: Carrier, its_name: str) -> None:
    if not spec.takes_carrier(carrier):
        known = ", ".join(sorted(spec.carriers)) or _("none yet")
        raise action_refused(
            "{marketplace} does not know the carrier '{carrier}'. It knows: {known}.",
            marketplace=its_name,
            carrier=carrier,
            known=known,
        )
