"""What bol is told, and what its answers to that mean: pure."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from orderhaven.connectors.bol import DECLARATION
from orderhaven.connectors.bol.shapes import Process, Refusal
from orderhaven.connectors.kit.http import Response
from orderhaven.connectors.kit.rows import Rows
from orderhaven.core.errors import OrderProblem, OrderRefused, UnknownCarrier
from orderhaven.core.shipment import Cancellation, CancelReason, Correction, Pieces, Shipment, Telling
from orderhaven.ports.marketplace import Outcome, Receipt

_LONGEST_REFERENCE = 90
_REASON = {
    CancelReason.BUYER_ASKED: "REQUESTED_BY_CUSTOMER",
    CancelReason.OUT_OF_STOCK: "OUT_OF_STOCK",
    CancelReason.OTHER: "OTHER",
}


def shipment_body(shipment: Shipment) -> dict[str, Any]:
    """One confirmation. Raises UnknownCarrier for a code of no known carrier: bol takes none without."""
    if len(shipment.reference) > _LONGEST_REFERENCE:
        reason = f"the order's number has more than the {_LONGEST_REFERENCE} characters that it keeps"
        raise OrderRefused(DECLARATION.title, reason)
    _refuse_too_many(shipment, DECLARATION.limits.lines_per_confirmation)
    body: dict[str, Any] = {
        "orderItems": [{"orderItemId": item_ref(each), "quantity": each.quantity} for each in shipment.pieces],
        "shipmentReference": shipment.reference,
    }
    if shipment.label:
        return {**body, "shippingLabelId": shipment.label}
    if shipment.code:
        return {**body, "transport": _transport(shipment)}
    return body


def cancellation_body(cancellation: Cancellation) -> dict[str, Any]:
    """One item, all that is open of it."""
    _refuse_too_many(cancellation, DECLARATION.limits.lines_per_cancellation)
    (pieces,) = cancellation.pieces
    return {"orderItems": [{"orderItemId": item_ref(pieces), "reasonCode": _REASON[cancellation.reason]}]}


def correction_body(correction: Correction) -> dict[str, Any]:
    return _transport(correction)


def item_ref(pieces: Pieces) -> str:
    """bol counts pieces within an item, so a line has one id."""
    (ref,) = pieces.remote_ids
    return ref


def _refuse_too_many(telling: Telling, most: int) -> None:
    if len(telling.pieces) > most:
        reason = f"it takes {most} lines in one request, and this one has {len(telling.pieces)}"
        raise OrderRefused(DECLARATION.title, reason)


def _transport(telling: Shipment | Correction) -> dict[str, Any]:
    if telling.carrier is None:
        raise UnknownCarrier(telling.code, "")
    word = DECLARATION.carrier_word(telling.carrier, telling.ships_from)
    return {"transporterCode": word, "trackAndTrace": telling.code}


def refusal(response: Response, telling: Telling) -> OrderProblem:
    """Why they will not have it, in their words. A refused carrier is one that the merchant can choose anew."""
    try:
        problem = msgspec.json.decode(response.body, type=Refusal)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        problem = Refusal()
    violations = problem.violations or []
    names_carrier = any("transporter" in (violation.name or "").lower() for violation in violations)
    if names_carrier and isinstance(telling, Shipment | Correction) and telling.carrier:
        return UnknownCarrier(telling.code, telling.carrier.display_name)
    reasons = [violation.reason for violation in violations if violation.reason]
    words = "; ".join(reasons) or problem.detail or problem.title or f"status {response.status}"
    return OrderRefused(DECLARATION.title, words.rstrip(". "))


def outcomes_body(handles: Sequence[str]) -> dict[str, Any]:
    return {"processStatusQueries": [{"processStatusId": handle} for handle in handles]}


def receipts_from(answer: Rows[Process], handles: Sequence[str]) -> Mapping[str, Receipt]:
    """One for each handle; those that bol forgot are not in the answer, and for those that are bent a look follows too."""
    known = {process.process_status_id: process for process in answer.good}
    return {handle: _receipt(known.get(handle), handle) for handle in handles}


def _receipt(process: Process | None, handle: str) -> Receipt:
    match process.status if process else "TIMEOUT":
        case "SUCCESS":
            # a process names the item, not the shipment that was made of it: remote_ref comes with a look
            return Receipt(Outcome.DONE, handle)
        case "FAILURE":
            reason = process.error_message if process else None
            return Receipt(Outcome.DONE, handle, refused=reason or "bol gives no reason")
        case "PENDING":
            return Receipt(Outcome.PENDING, handle)
        case _:
            # also for a status that nobody knows: a look follows, and it holds up no other order
            return Receipt(Outcome.UNKNOWN, handle)
