"""The marketplace port on bol's Retailer API v10."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec

from orderhaven.connectors.bol import DECLARATION
from orderhaven.connectors.bol.hearing import Heard, Hearing, cursor_from
from orderhaven.connectors.bol.login import Login
from orderhaven.connectors.bol.looking import (
    CANCEL_ORDER,
    CHANGE_TRANSPORT,
    CREATE_SHIPMENT,
    cancellation_finding,
    correction_finding,
    shipment_finding,
    shipment_to_correct,
)
from orderhaven.connectors.bol.mapping import order_from
from orderhaven.connectors.bol.record import MEDIA_TYPE, PROCESSES, READS, SIDE, Record
from orderhaven.connectors.bol.shapes import ListedOrder, Process, Retailer, TheirShipment
from orderhaven.connectors.bol.telling import (
    cancellation_body,
    correction_body,
    item_ref,
    outcomes_body,
    receipts_from,
    refusal,
    shipment_body,
)
from orderhaven.connectors.kit.auth import BearerToken
from orderhaven.connectors.kit.http import Request, Response, percent_encoded
from orderhaven.connectors.kit.rows import Rows, RowsOf
from orderhaven.connectors.kit.session import NotData, Session, shaped
from orderhaven.core.errors import ClockOff, OrderMissing, Surprise, TryLater, Unclear, WrongAddress
from orderhaven.core.order import Order
from orderhaven.core.shipment import Acceptance, Cancellation, Correction, Refusal, Shipment, Telling
from orderhaven.ports.connector import Account, Outside
from orderhaven.ports.marketplace import Finding, Outcome, Page, Receipt, Seen

_WRITES = {"Accept": MEDIA_TYPE, "Content-Type": MEDIA_TYPE}
_ORDERS = RowsOf(ListedOrder, "orderId", within="orders")
_REFUSALS = (400, 404, 409)
_MOST_CLOCK_DIFFERENCE = timedelta(minutes=5)


class Bol:
    """One account. Nothing is called before the first method is."""

    def __init__(self, settings: Mapping[str, str], outside: Outside) -> None:
        limits = DECLARATION.limits
        pair = settings["client_id"], settings["client_secret"]
        self._clock = outside.clock
        self._login = Login(SIDE, settings["login_url"], *pair, outside, limits.call_timeout_s)
        self._auth = BearerToken(self._login.fetch, outside.tokens, outside.clock)
        self._session = Session(SIDE, settings["api_url"], outside, self._auth, limits)
        self._record = Record(self._session)
        self._heard = Heard()

    # ------------------------------------------------------------ reading

    async def check(self) -> Account:
        """With a fresh token, so that it is these keys that are checked and not what was kept of others."""
        await self._auth.forget()
        try:
            await self._auth.sign(Request("GET", self._session.base_url))
        except NotData as error:
            raise WrongAddress(self._login.url, str(error)) from None
        began = self._clock.now()
        response = await self._session.read("GET", "/retailer/retailers/current", headers=READS, also=(404, 405))
        if response.status != 200:
            raise WrongAddress(self._session.base_url, f"it answered {response.status}")
        try:
            retailer = shaped(response, Retailer, SIDE)
        except NotData as error:
            raise WrongAddress(self._session.base_url, str(error)) from None
        self._check_clock(response, began)
        return Account(fingerprint=retailer.retailer_id, name=retailer.display_name or retailer.retailer_id)

    async def hear(self, since: str) -> AsyncIterator[Page]:
        """By change, per item: an order can come with only those of its items that changed.

        `lines` then holds these and no others; `read` has the whole order. The overlap with the hearing that ended at
        `since` shows again what that one gave: only what differs from it is given.
        """
        before = self._heard.rows if since and since == self._heard.cursor else {}
        hearing = Hearing(self._list_page, self._clock, cursor_from(since), DECLARATION.limits.overlap, before)
        cursor = since
        async for page in hearing.pages():
            yield page
            cursor = page.cursor
        self._heard = Heard(cursor, hearing.given)

    async def read(self, ref: str) -> Order:
        return order_from(await self._record.detail(ref))

    async def outcomes(self, handles: Sequence[str]) -> Mapping[str, Receipt]:
        if not handles:
            return {}
        body = msgspec.json.encode(outcomes_body(handles))
        response = await self._session.read("POST", "/shared/process-status", headers=_WRITES, body=body)
        return receipts_from(PROCESSES.read(response, SIDE), handles)

    async def look(self, telling: Telling) -> Finding:
        """Raises OrderMissing when bol does not know the order, Surprise where its record cannot be understood.

        A record that is gone says neither yes nor no: a repeat could only be refused, so a person must look.
        """
        record, items = self._record, [item_ref(pieces) for pieces in telling.pieces]
        match telling:
            case Shipment():
                processes = await record.processes(items, CREATE_SHIPMENT)
                detail = await record.detail(telling.order_ref)
                return shipment_finding(telling, processes, detail, await record.shipments(telling.order_ref))
            case Cancellation():
                processes = await record.processes(items, CANCEL_ORDER)
                return cancellation_finding(telling, processes, await record.detail(telling.order_ref))
            case Correction():
                made = await self._shipment_to_correct(telling)
                processes = await record.processes([_transport_of(made)], CHANGE_TRANSPORT)
                shown = await record.shipment(made.shipment_id)
                if shown is None:
                    raise OrderMissing(SIDE, telling.order_ref)
                return correction_finding(telling, processes, shown)
            case _:
                raise _no_such_ability(telling)

    async def close(self) -> None:
        return None

    # ------------------------------------------------------------ telling

    async def confirm(self, telling: Shipment, *, not_after: datetime) -> Receipt:
        return await self._tell(telling, "POST", "/retailer/shipments", shipment_body(telling), not_after)

    async def cancel(self, telling: Cancellation, *, not_after: datetime) -> Receipt:
        body = cancellation_body(telling)
        return await self._tell(telling, "PUT", "/retailer/orders/cancellation", body, not_after)

    async def correct(self, telling: Correction, *, not_after: datetime) -> Receipt:
        """Reads which transport it is, then tells once. Raises TryLater while bol shows no shipment."""
        body = correction_body(telling)
        made = await self._shipment_to_correct(telling)
        path = f"/retailer/transports/{percent_encoded(_transport_of(made))}"
        return await self._tell(telling, "PUT", path, body, not_after)

    async def accept(self, telling: Acceptance, *, not_after: datetime) -> Receipt:
        raise _no_such_ability(telling)

    async def refuse_cancellation(self, telling: Refusal, *, not_after: datetime) -> Receipt:
        raise _no_such_ability(telling)

    # ------------------------------------------------------------ their API

    async def _tell(
        self, telling: Telling, method: str, path: str, body: Mapping[str, Any], not_after: datetime
    ) -> Receipt:
        content = msgspec.json.encode(body)
        response = await self._session.tell(
            method, path, not_after=not_after, headers=_WRITES, body=content, also=_REFUSALS
        )
        if response.status not in _REFUSALS:
            return Receipt(Outcome.PENDING, _process_id(response))
        # bol refuses what is already handled; if that was this very telling, it is done
        finding = await self.look(telling)
        if finding.seen is Seen.DONE:
            return Receipt(Outcome.DONE, remote_ref=finding.remote_ref)
        raise refusal(response, telling)

    async def _list_page(self, query: Mapping[str, str]) -> tuple[Rows[ListedOrder], datetime]:
        response = await self._session.read("GET", "/retailer/orders", query=query, headers=READS)
        return _ORDERS.read(response, SIDE), self._their_time(response)

    async def _shipment_to_correct(self, correction: Correction) -> TheirShipment:
        made = shipment_to_correct(correction, await self._record.shipments(correction.order_ref))
        if made is not None and not (made.transport and made.transport.transport_id):
            made = await self._record.shipment(made.shipment_id)
        if made is None:
            raise TryLater(f"{SIDE} does not show the shipment of order {correction.order_ref} yet")
        return made

    # ------------------------------------------------------------ their clock

    def _their_time(self, response: Response) -> datetime:
        """When they answered, in whole seconds; else the earliest moment that `check` lets it be."""
        return _date_of(response) or self._clock.now().replace(microsecond=0) - _MOST_CLOCK_DIFFERENCE

    def _check_clock(self, response: Response, began: datetime) -> None:
        theirs = _date_of(response)
        if theirs is None:
            return
        off = max(began - theirs, theirs - self._clock.now())
        if off > _MOST_CLOCK_DIFFERENCE:
            raise ClockOff(SIDE, round(off.total_seconds()))


def _date_of(response: Response) -> datetime | None:
    try:
        return parsedate_to_datetime(response.headers.get("date", "")).astimezone(UTC)
    except (TypeError, ValueError):
        return None


def _process_id(response: Response) -> str:
    """The handle of what was taken in. An answer that cannot be read leaves open whether it was: Unclear."""
    try:
        handle = shaped(response, Process, SIDE).process_status_id
    except (NotData, Surprise) as error:
        raise Unclear(f"{SIDE} took it in, perhaps: {error}") from None
    if not handle:
        raise Unclear(f"{SIDE} took it in without saying under which number")
    return handle


def _transport_of(made: TheirShipment) -> str:
    if made.transport is None or not made.transport.transport_id:
        raise Surprise("a shipment names no transport")
    return made.transport.transport_id


def _no_such_ability(telling: Telling) -> NotImplementedError:
    return NotImplementedError(f"bol takes no {type(telling).__name__}: look in DECLARATION.can first")
