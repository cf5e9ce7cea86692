"""What bol is asked to do, and how it is verified that bol did it."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from orderhaven.connectors.bol import SPEC
from orderhaven.connectors.bol.mapping import open_quantity
from orderhaven.connectors.bol.shapes import BolShipment, OrderDetail, OrderItem, ProcessStatus, Rejection
from orderhaven.connectors.kit.http import Response
from orderhaven.connectors.kit.rows import Rows
from orderhaven.core.commands import (
    Cancellation,
    LineQuantity,
    MarketplaceCommand,
    ShipmentConfirmation,
    TrackingCorrection,
)
from orderhaven.core.errors import OrderProblem, OrderRejected, UnexpectedResponse, UnknownCarrier
from orderhaven.ports.marketplace import RemoteState, Verification
from orderhaven.ports.receipts import Receipt, ReceiptState

_LONGEST_REFERENCE = 90


def shipment_body(shipment: ShipmentConfirmation) -> dict[str, Any]:
    """One confirmation. Raises UnknownCarrier for a tracking number without a carrier's code: bol takes none."""
    if len(shipment.reference) > _LONGEST_REFERENCE:
        reason = f"the order's number has more than the {_LONGEST_REFERENCE} characters that it keeps"
        raise OrderRejected(SPEC.title, reason)
    _refuse_too_many(shipment, SPEC.limits.lines_per_confirmation)
    body: dict[str, Any] = {
        "orderItems": [{"orderItemId": item_ref(each), "quantity": each.quantity} for each in shipment.quantities],
        "shipmentReference": shipment.reference,
    }
    if shipment.label_number:
        return {**body, "shippingLabelId": shipment.label_number}
    if shipment.tracking_number:
        return {**body, "transport": _transport(shipment)}
    return body


def cancellation_body(cancellation: Cancellation) -> dict[str, Any]:
    """One item, all that is open of it."""
    _refuse_too_many(cancellation, SPEC.limits.lines_per_cancellation)
    (quantity,) = cancellation.quantities
    return {"orderItems": [{"orderItemId": item_ref(quantity), "reasonCode": cancellation.reason_code}]}


def correction_body(correction: TrackingCorrection) -> dict[str, Any]:
    return _transport(correction)


def item_ref(quantity: LineQuantity) -> str:
    """bol counts pieces within an item, so a line has one id."""
    (ref,) = quantity.remote_ids
    return ref


def _refuse_too_many(command: MarketplaceCommand, most: int) -> None:
    if len(command.quantities) > most:
        reason = f"it takes {most} lines in one request, and this one has {len(command.quantities)}"
        raise OrderRejected(SPEC.title, reason)


def _transport(command: ShipmentConfirmation | TrackingCorrection) -> dict[str, Any]:
    if not command.carrier_code:
        raise UnknownCarrier(command.tracking_number, command.carrier.display_name if command.carrier else "")
    return {"transporterCode": command.carrier_code, "trackAndTrace": command.tracking_number}


def refusal(response: Response, command: MarketplaceCommand) -> OrderProblem:
    """Why they will not have it, in their words. A refused carrier is one that the merchant can choose anew."""
    try:
        problem = msgspec.json.decode(response.body, type=Rejection)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        problem = Rejection()
    violations = problem.violations or []
    names_carrier = any("transporter" in (violation.name or "").lower() for violation in violations)
    if names_carrier and isinstance(command, ShipmentConfirmation | TrackingCorrection) and command.carrier:
        return UnknownCarrier(command.tracking_number, command.carrier.display_name)
    reasons = [violation.reason for violation in violations if violation.reason]
    words = "; ".join(reasons) or problem.detail or problem.title or f"status {response.status}"
    return OrderRejected(SPEC.title, words.rstrip(". "))


def outcomes_body(handles: Sequence[str]) -> dict[str, Any]:
    return {"processStatusQueries": [{"processStatusId": handle} for handle in handles]}


def receipts_from(answer: Rows[ProcessStatus], pending: Mapping[str, str]) -> Mapping[str, Receipt]:
    """Reference -> receipt, by its handle. Those that bol forgot are not in the answer; for those that are bent a look follows
    too."""
    known = {process.process_status_id: process for process in answer.good}
    return {reference: _receipt(known.get(handle), handle) for reference, handle in pending.items()}


def _receipt(process: ProcessStatus | None, handle: str) -> Receipt:
    match process.status if process else "TIMEOUT":
        case "SUCCESS":
            # a process names the item, not the shipment that was made of it: remote_ref comes with a look
            return Receipt(ReceiptState.DONE, handle)
        case "FAILURE":
            reason = process.error_message if process else None
            return Receipt(ReceiptState.REJECTED, handle, rejection=reason or "bol gives no reason")
        case "PENDING":
            return Receipt(ReceiptState.PENDING, handle)
        case _:
            # also for a status that nobody knows: a look follows, and it holds up no other order
            return Receipt(ReceiptState.UNKNOWN, handle)


CREATE_SHIPMENT = "CREATE_SHIPMENT"
CANCEL_ORDER = "CANCEL_ORDER"
CHANGE_TRANSPORT = "CHANGE_TRANSPORT"
_PENDING = "PENDING"
_ENDED = frozenset({"SUCCESS", "FAILURE", "TIMEOUT"})


def shipment_verification(
    shipment: ShipmentConfirmation, processes: Rows[ProcessStatus], detail: OrderDetail, shipments: Rows[BolShipment]
) -> Verification:
    """Ours is the one that carries our reference: a code may be corrected since, or be used by others too.

    Raises UnexpectedResponse, as each of these, where it would be no yes and some of the record cannot be understood.
    """
    wanted = {item_ref(quantity) for quantity in shipment.quantities}
    ours = [made for made in shipments.good if made.shipment_reference == shipment.reference]
    if ours and wanted <= _items_of(ours):
        return Verification(RemoteState.DONE, ours[0].shipment_id)
    _require_understood(processes, shipments)
    items = _items(shipment, detail)
    if ours or _is_pending(processes) or len(items) < len(wanted):
        return Verification(RemoteState.PENDING)
    if any(map(open_quantity, items)):
        return Verification(RemoteState.NOT_DONE)
    sent = {item.order_item_id for item in items if item.quantity_shipped}
    # pieces that left without a shipment to show for it: the list lags, and the missing one may be ours
    return Verification(RemoteState.DONE_BY_OTHERS if sent <= _items_of(shipments.good) else RemoteState.PENDING)


def cancellation_verification(
    cancellation: Cancellation, processes: Rows[ProcessStatus], detail: OrderDetail
) -> Verification:
    """Cancelled is cancelled: bol keeps no reference of who did it, and already done is success."""
    items = _items(cancellation, detail)
    if items and all(open_quantity(item) == 0 and item.quantity_cancelled for item in items):
        return Verification(RemoteState.DONE)
    _require_understood(processes)
    if _is_pending(processes) or not items:
        return Verification(RemoteState.PENDING)
    return Verification(RemoteState.NOT_DONE if any(map(open_quantity, items)) else RemoteState.DONE_BY_OTHERS)


def correction_verification(
    correction: TrackingCorrection, processes: Rows[ProcessStatus], made: BolShipment
) -> Verification:
    if made.transport and made.transport.track_and_trace == correction.tracking_number:
        return Verification(RemoteState.DONE, made.shipment_id)
    _require_understood(processes)
    return Verification(RemoteState.PENDING if _is_pending(processes) else RemoteState.NOT_DONE, made.shipment_id)


def shipment_to_correct(correction: TrackingCorrection, shipments: Rows[BolShipment]) -> BolShipment | None:
    """The one it names; without a name the one that our confirmation made, else the newest that holds its quantity.

    None: bol shows none (yet). Raises UnexpectedResponse where it may be one that nobody understands.
    """
    wanted = {item_ref(quantity) for quantity in correction.quantities}
    variants = (
        (made for made in shipments.good if correction.shipment_ref == made.shipment_id),
        (
            made
            for made in shipments.good
            if correction.confirmation_reference and correction.confirmation_reference == made.shipment_reference
        ),
        (made for made in shipments.good if wanted and wanted <= _items_of([made])),
    )  # fmt: skip
    for found in variants[:1] if correction.shipment_ref else variants[1:]:
        if made := next(found, None):
            return made
    _require_understood(Rows([]), shipments)
    return None


def _require_understood(processes: Rows[ProcessStatus], shipments: Rows[BolShipment] | None = None) -> None:
    for row in [*processes.malformed, *(shipments.malformed if shipments else ())]:
        raise UnexpectedResponse(row.cause)
    for process in processes.good:
        if process.status != _PENDING and process.status not in _ENDED:
            raise UnexpectedResponse("the status of a process is a word that is not known here")


def _items(command: MarketplaceCommand, detail: OrderDetail) -> list[OrderItem]:
    wanted = {item_ref(quantity) for quantity in command.quantities}
    return [item for item in detail.order_items if item.order_item_id in wanted]


def _items_of(shipments: Sequence[BolShipment]) -> set[str]:
    return {item.order_item_id for made in shipments for item in made.shipment_items}


def _is_pending(processes: Rows[ProcessStatus]) -> bool:
    return any(process.status == _PENDING for process in processes.good)
