"""What bol's own record says of a telling whose fate is unclear: pure.

The parts of the record are read in this order: processes, order, shipments. A process that ends in between then
shows in what is read after it.
"""

from collections.abc import Sequence

from orderhaven.connectors.bol.shapes import Detail, Item, ListedShipment, Process, ShipmentDetail
from orderhaven.connectors.bol.telling import item_ref
from orderhaven.core.shipment import Cancellation, Correction, Shipment, Telling
from orderhaven.ports.marketplace import Finding, Seen

CREATE_SHIPMENT = "CREATE_SHIPMENT"
CANCEL_ORDER = "CANCEL_ORDER"
CHANGE_TRANSPORT = "CHANGE_TRANSPORT"


def shipment_finding(
    shipment: Shipment, processes: Sequence[Process], detail: Detail, shipments: Sequence[ListedShipment]
) -> Finding:
    """Ours is the one that carries our reference: a code may be corrected since, or be used by others too."""
    wanted = {item_ref(pieces) for pieces in shipment.pieces}
    ours = [made for made in shipments if made.shipment_reference == shipment.reference]
    if ours and wanted <= _items_of(ours):
        return Finding(Seen.DONE, ours[0].shipment_id)
    items = _items(shipment, detail)
    if ours or _is_pending(processes) or len(items) < len(wanted):
        return Finding(Seen.PENDING)
    if any(item.open for item in items):
        return Finding(Seen.NOT_DONE)
    sent = {item.order_item_id for item in items if item.quantity_shipped}
    # pieces that left without a shipment to show for it: the list lags, and the missing one may be ours
    return Finding(Seen.DONE_BY_OTHERS if sent <= _items_of(shipments) else Seen.PENDING)


def cancellation_finding(cancellation: Cancellation, processes: Sequence[Process], detail: Detail) -> Finding:
    """Cancelled is cancelled: bol keeps no reference of who did it, and already done is success."""
    items = _items(cancellation, detail)
    if items and all(item.open == 0 and item.quantity_cancelled for item in items):
        return Finding(Seen.DONE)
    if _is_pending(processes) or not items:
        return Finding(Seen.PENDING)
    return Finding(Seen.NOT_DONE if any(item.open for item in items) else Seen.DONE_BY_OTHERS)


def correction_finding(correction: Correction, processes: Sequence[Process], made: ShipmentDetail) -> Finding:
    if made.transport and made.transport.track_and_trace == correction.code:
        return Finding(Seen.DONE, made.shipment_id)
    return Finding(Seen.PENDING if _is_pending(processes) else Seen.NOT_DONE, made.shipment_id)


def shipment_to_correct(correction: Correction, shipments: Sequence[ListedShipment]) -> ListedShipment | None:
    """The one it names; without a name the newest that holds its pieces. None: bol shows none (yet)."""
    wanted = {item_ref(pieces) for pieces in correction.pieces}
    for made in shipments:
        if correction.shipment_ref and made.shipment_id == correction.shipment_ref:
            return made
        if not correction.shipment_ref and wanted <= _items_of([made]):
            return made
    return None


def _items(telling: Telling, detail: Detail) -> list[Item]:
    wanted = {item_ref(pieces) for pieces in telling.pieces}
    return [item for item in detail.order_items if item.order_item_id in wanted]


def _items_of(shipments: Sequence[ListedShipment]) -> set[str]:
    return {item.order_item_id for made in shipments for item in made.shipment_items}


def _is_pending(processes: Sequence[Process]) -> bool:
    return any(process.status == "PENDING" for process in processes)
