"""bol's own record of an order: what it is, what was told about it, and what left. Every list of it is read row by row."""

import asyncio
from collections.abc import Iterable

from orderhaven.connectors.bol import DECLARATION
from orderhaven.connectors.bol.shapes import Detail, Process, TheirShipment
from orderhaven.connectors.kit.http import Response, percent_encoded
from orderhaven.connectors.kit.rows import Bent, Rows, RowsOf
from orderhaven.connectors.kit.session import Session, shaped
from orderhaven.core.errors import OrderMissing, Surprise

SIDE = DECLARATION.title
MEDIA_TYPE = "application/vnd.retailer.v10+json"
READS = {"Accept": MEDIA_TYPE}
PROCESSES = RowsOf(Process, "processStatusId", within="processStatuses")
_SHIPMENTS = RowsOf(TheirShipment, "shipmentId", within="shipments")


class Record:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def detail(self, ref: str) -> Detail:
        """Raises OrderMissing when bol does not know the order."""
        response = await self._ask(f"/retailer/orders/{percent_encoded(ref)}")
        if response.status == 404:
            raise OrderMissing(SIDE, ref)
        detail = shaped(response, Detail, SIDE)
        if detail.order_id != ref:
            raise Surprise(f"asked for order {ref}, got another one")
        return detail

    async def processes(self, entities: Iterable[str], event: str) -> Rows[Process]:
        """What bol made of what it was told about these, newest first for each."""
        found = await asyncio.gather(*(self._processes_of(entity, event) for entity in entities))
        return Rows([one for rows in found for one in rows.good], [one for rows in found for one in rows.bent])

    async def shipments(self, order_ref: str) -> Rows[TheirShipment]:
        """All of this order, newest first. One that its list shows bent is read by itself."""
        found: Rows[TheirShipment] = Rows([])
        number = 1
        while page := await self._shipments_on(number, order_ref):
            found.good.extend(made for made in page.good if made.order.order_id == order_ref)
            found.bent.extend(page.bent)
            number += 1
        return found

    async def shipment(self, ref: str) -> TheirShipment | None:
        """None when bol does not know it."""
        response = await self._ask(f"/retailer/shipments/{percent_encoded(ref)}")
        return None if response.status == 404 else shaped(response, TheirShipment, SIDE)

    async def _shipments_on(self, number: int, order_ref: str) -> Rows[TheirShipment]:
        query = {"page": str(number), "order-id": order_ref}
        response = await self._session.read("GET", "/retailer/shipments", query=query, headers=READS)
        page = _SHIPMENTS.read(response, SIDE)
        if not page.bent:
            return page
        read = [await self._read(one) for one in page.bent]
        whole = [one for one in read if not isinstance(one, Bent)]
        return Rows([*page.good, *whole], [one for one in read if isinstance(one, Bent)])

    async def _read(self, row: Bent) -> TheirShipment | Bent:
        try:
            return (await self.shipment(row.ref) if row.ref else None) or row
        except Surprise as surprise:
            return Bent(row.ref, surprise.cause)

    async def _processes_of(self, entity: str, event: str) -> Rows[Process]:
        query = {"entity-id": entity, "event-type": event, "page": "1"}
        response = await self._session.read("GET", "/shared/process-status", query=query, headers=READS, also=(404,))
        return Rows([]) if response.status == 404 else PROCESSES.read(response, SIDE)

    async def _ask(self, path: str) -> Response:
        return await self._session.read("GET", path, headers=READS, also=(404,))
