"""What bol's own record says of a telling whose fate is unclear: pure.

The parts of the record are read in this order: processes, order, shipments. A process that ends in between then
shows in what is read after it. A part that nobody understands may hold the answer: only a yes counts beside it.
"""

from collections.abc import Sequence

from orderhaven.connectors.bol.shapes import Detail, Item, Process, TheirShipment
from orderhaven.connectors.bol.telling import item_ref
from orderhaven.connectors.kit.rows import Rows
from orderhaven.core.errors import Surprise
from orderhaven.core.shipment import Cancellation, Correction, Shipment, Telling
from orderhaven.ports.marketplace import Finding, Seen

CREATE_SHIPMENT = "CREATE_SHIPMENT"
CANCEL_ORDER = "CANCEL_ORDER"
CHANGE_TRANSPORT = "CHANGE_TRANSPORT"
_PENDING = "PENDING"
_ENDED = frozenset({"SUCCESS", "FAILURE", "TIMEOUT"})


def shipment_finding(
    shipment: Shipment, processes: Rows[Process], detail: Detail, shipments: Rows[TheirShipment]
) -> Finding:
    """Ours is the one that carries our reference: a code may be corrected since, or be used by others too.

    Raises Surprise, as each of these, where it would be no yes and some of the record cannot be understood.
    """
    wanted = {item_ref(pieces) for pieces in shipment.pieces}
    ours = [made for made in shipments.good if made.shipment_reference == shipment.reference]
    if ours and wanted <= _items_of(ours):
        return Finding(Seen.DONE, ours[0].shipment_id)
    _demand_understood(processes, shipments)
    items = _items(shipment, detail)
    if ours or _is_pending(processes) or len(items) < len(wanted):
        return Finding(Seen.PENDING)
    if any(item.open for item in items):
        return Finding(Seen.NOT_DONE)
    sent = {item.order_item_id for item in items if item.quantity_shipped}
    # pieces that left without a shipment to show for it: the list lags, and the missing one may be ours
    return Finding(Seen.DONE_BY_OTHERS if sent <= _items_of(shipments.good) else Seen.PENDING)


def cancellation_finding(cancellation: Cancellation, processes: Rows[Process], detail: Detail) -> Finding:
    """Cancelled is cancelled: bol keeps no reference of who did it, and already done is success."""
    items = _items(cancellation, detail)
    if items and all(item.open == 0 and item.quantity_cancelled for item in items):
        return Finding(Seen.DONE)
    _demand_understood(processes)
    if _is_pending(processes) or not items:
        return Finding(Seen.PENDING)
    return Finding(Seen.NOT_DONE if any(item.open for item in items) else Seen.DONE_BY_OTHERS)


def correction_finding(correction: Correction, processes: Rows[Process], made: TheirShipment) -> Finding:
    if made.transport and made.transport.track_and_trace == correction.code:
        return Finding(Seen.DONE, made.shipment_id)
    _demand_understood(processes)
    return Finding(Seen.PENDING if _is_pending(processes) else Seen.NOT_DONE, made.shipment_id)


def shipment_to_correct(correction: Correction, shipments: Rows[TheirShipment]) -> TheirShipment | None:
    """The one it names; without a name the one that our confirmation made, else the newest that holds its pieces.

    None: bol shows none (yet). Raises Surprise where it may be one that nobody understands.
    """
    wanted = {item_ref(pieces) for pieces in correction.pieces}
    ways = (
        (made for made in shipments.good if correction.shipment_ref == made.shipment_id),
        (made for made in shipments.good if correction.confirmed_as and correction.confirmed_as == made.shipment_reference),
        (made for made in shipments.good if wanted and wanted <= _items_of([made])),
    )  # fmt: skip
    for found in ways[:1] if correction.shipment_ref else ways[1:]:
        if made := next(found, None):
            return made
    _demand_understood(Rows([]), shipments)
    return None


def _demand_understood(processes: Rows[Process], shipments: Rows[TheirShipment] | None = None) -> None:
    for row in [*processes.bent, *(shipments.bent if shipments else ())]:
        raise Surprise(row.cause)
    for process in processes.good:
        if process.status != _PENDING and process.status not in _ENDED:
            raise Surprise("the status of a process is a word that is not known here")


def _items(telling: Telling, detail: Detail) -> list[Item]:
    wanted = {item_ref(pieces) for pieces in telling.pieces}
    return [item for item in detail.order_items if item.order_item_id in wanted]


def _items_of(shipments: Sequence[TheirShipment]) -> set[str]:
    return {item.order_item_id for made in shipments for item in made.shipment_items}


def _is_pending(processes: Rows[Process]) -> bool:
    return any(process.status == _PENDING for process in processes.good)
