"""bol's connector: the calls of the marketplace port, and the token that they go with."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from orderhaven.connectors.bol import SPEC
from orderhaven.connectors.bol.commands import (
    CANCEL_ORDER,
    CHANGE_TRANSPORT,
    CREATE_SHIPMENT,
    cancellation_body,
    cancellation_verification,
    correction_body,
    correction_verification,
    item_ref,
    outcomes_body,
    receipts_from,
    refusal,
    shipment_body,
    shipment_to_correct,
    shipment_verification,
)
from orderhaven.connectors.bol.mapping import MEDIA_TYPE, PROCESSES, READS, SIDE, Records, order_from
from orderhaven.connectors.bol.pulling import FinishedPull, OrderPull
from orderhaven.connectors.bol.shapes import AccessToken, BolShipment, ListedOrder, ProcessStatus, Retailer
from orderhaven.connectors.kit.auth import BearerToken, basic
from orderhaven.connectors.kit.decoding import CLOCKS_MAY_DIFFER, date_of, not_allowed, refuse_wrong_clock
from orderhaven.connectors.kit.http import NoAnswer, Request, Response, percent_encoded
from orderhaven.connectors.kit.rows import Rows, RowsOf
from orderhaven.connectors.kit.session import NotData, Session, decode, retry_after
from orderhaven.core.commands import (
    Acceptance,
    Cancellation,
    CancellationRefusal,
    MarketplaceCommand,
    ShipmentConfirmation,
    TrackingCorrection,
)
from orderhaven.core.errors import (
    ClockOff,
    OrderMissing,
    OutcomeUnknown,
    RateLimited,
    SafeToRetry,
    UnexpectedResponse,
    WrongAddress,
)
from orderhaven.core.order import MarketplaceOrder
from orderhaven.ports.connector import AccountProfile, ConnectorContext
from orderhaven.ports.marketplace import RemoteState, SummaryPage, Verification
from orderhaven.ports.receipts import Receipt, ReceiptState

# bol blocks addresses that ask for many tokens: one try, and the token is kept (bol docs, "Authentication")
_PATH = "/token?grant_type=client_credentials"


class TokenRequest:
    def __init__(
        self, side: str, url: str, client_id: str, client_secret: str, context: ConnectorContext, timeout_s: float
    ) -> None:
        self.url = url.rstrip("/")
        self._side = side
        self._context = context
        self._timeout_s = timeout_s
        self._request = Request(
            "POST",
            f"{self.url}{_PATH}",
            {**basic(client_id.strip(), client_secret.strip()), "Accept": "application/json"},
        )

    async def fetch(self) -> tuple[str, timedelta]:
        """A new token and how long it lives. Raises AuthRejected, AccessRejected, WrongAddress, RateLimited, SafeToRetry."""
        try:
            response = await self._context.transport(self._request, self._timeout_s)
        except NoAnswer as error:
            raise SafeToRetry(f"{self._side}'s login {error}") from None
        self._refuse(response)
        token = decode(response, AccessToken, self._side)
        return token.access_token, timedelta(seconds=token.expires_in)

    def _refuse(self, response: Response) -> None:
        status = response.status
        if status in (400, 401, 403):
            refuse_wrong_clock(self._side, response, self._context.clock, self._timeout_s)
            raise not_allowed(self._side, response, "the login does not take this client ID and secret")
        if status == 429:
            after = retry_after(response, self._context.clock.now())
            raise RateLimited(f"{self._side}'s login asks to slow down", after)
        if status == 408 or status >= 500:
            raise SafeToRetry(f"{self._side}'s login answered {status}")
        if status >= 300:
            raise WrongAddress(self.url, f"the login answered {status}")


_WRITES = {"Accept": MEDIA_TYPE, "Content-Type": MEDIA_TYPE}
_ORDERS = RowsOf(ListedOrder, "orderId", within="orders")
_REFUSALS = (400, 404, 409)


class Bol:
    """One account. Nothing is called before the first method is."""

    def __init__(self, settings: Mapping[str, str], context: ConnectorContext) -> None:
        limits = SPEC.limits
        pair = settings["client_id"], settings["client_secret"]
        self._clock = context.clock
        self._login = TokenRequest(SIDE, settings["login_url"], *pair, context, limits.call_timeout_s)
        self._auth = BearerToken(self._login.fetch, context.tokens, context.clock)
        self._session = Session(SIDE, settings["api_url"], context, self._auth, limits)
        self._record = Records(self._session)
        self._pulled = FinishedPull()

    # ------------------------------------------------------------ reading

    async def check(self) -> AccountProfile:
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
            retailer = decode(response, Retailer, SIDE)
        except NotData as error:
            raise WrongAddress(self._session.base_url, str(error)) from None
        self._check_clock(response, began)
        return AccountProfile(fingerprint=retailer.retailer_id, name=retailer.display_name or retailer.retailer_id)

    async def pull(self, since: str) -> AsyncIterator[SummaryPage]:
        """By change, per item: an order can come with only those of its items that changed.

        `lines` then holds these and no others; `read` has the whole order. The overlap with the pull that ended at
        `since` shows again what that one gave: only what differs from it is given.
        """
        before = self._pulled.rows if since and since == self._pulled.cursor else {}
        start = datetime.fromisoformat(since) if since else None
        this_pull = OrderPull(self._list_page, self._clock, start, SPEC.limits.overlap, before)
        cursor = since
        async for page in this_pull.pages():
            yield page
            cursor = page.cursor
        self._pulled = FinishedPull(cursor, this_pull.given)

    async def read(self, ref: str) -> MarketplaceOrder:
        return order_from(await self._record.detail(ref))

    async def outcomes(self, pending: Mapping[str, str]) -> Mapping[str, Receipt]:
        if not pending:
            return {}
        body = msgspec.json.encode(outcomes_body(tuple(pending.values())))
        response = await self._session.read("POST", "/shared/process-status", headers=_WRITES, body=body)
        return receipts_from(PROCESSES.read(response, SIDE), pending)

    async def verify(self, command: MarketplaceCommand) -> Verification:
        """Raises OrderMissing when bol does not know the order, UnexpectedResponse where its record cannot be understood.

        A record that is gone says neither yes nor no: a repeat could only be refused, so a person must look.
        """
        record, items = self._record, [item_ref(quantity) for quantity in command.quantities]
        match command:
            case ShipmentConfirmation():
                processes = await record.processes(items, CREATE_SHIPMENT)
                detail = await record.detail(command.order_ref)
                return shipment_verification(command, processes, detail, await record.shipments(command.order_ref))
            case Cancellation():
                processes = await record.processes(items, CANCEL_ORDER)
                return cancellation_verification(command, processes, await record.detail(command.order_ref))
            case TrackingCorrection():
                made = await self._shipment_to_correct(command)
                processes = await record.processes([_transport_of(made)], CHANGE_TRANSPORT)
                shown = await record.shipment(made.shipment_id)
                if shown is None:
                    raise OrderMissing(SIDE, command.order_ref)
                return correction_verification(command, processes, shown)
            case _:
                raise _no_such_ability(command)

    async def close(self) -> None:
        return None

    # ------------------------------------------------------------ commands

    async def confirm(self, command: ShipmentConfirmation, *, not_after: datetime) -> Receipt:
        return await self._send(command, "POST", "/retailer/shipments", shipment_body(command), not_after)

    async def cancel(self, command: Cancellation, *, not_after: datetime) -> Receipt:
        body = cancellation_body(command)
        return await self._send(command, "PUT", "/retailer/orders/cancellation", body, not_after)

    async def correct(self, command: TrackingCorrection, *, not_after: datetime) -> Receipt:
        """Reads which transport it is, then sends once. Raises SafeToRetry while bol shows no shipment."""
        body = correction_body(command)
        made = await self._shipment_to_correct(command)
        path = f"/retailer/transports/{percent_encoded(_transport_of(made))}"
        return await self._send(command, "PUT", path, body, not_after)

    async def accept(self, command: Acceptance, *, not_after: datetime) -> Receipt:
        raise _no_such_ability(command)

    async def refuse_cancellation(self, command: CancellationRefusal, *, not_after: datetime) -> Receipt:
        raise _no_such_ability(command)

    # ------------------------------------------------------------ their API

    async def _send(
        self, command: MarketplaceCommand, method: str, path: str, body: Mapping[str, Any], not_after: datetime
    ) -> Receipt:
        content = msgspec.json.encode(body)
        response = await self._session.send(
            method, path, not_after=not_after, headers=_WRITES, body=content, also=_REFUSALS
        )
        if response.status not in _REFUSALS:
            return Receipt(ReceiptState.PENDING, _process_id(response))
        # bol refuses what is already handled; if that was by this very command, it is done
        verification = await self.verify(command)
        if verification.state is RemoteState.DONE:
            return Receipt(ReceiptState.DONE, remote_ref=verification.remote_ref)
        raise refusal(response, command)

    async def _list_page(self, query: Mapping[str, str]) -> tuple[Rows[ListedOrder], datetime]:
        response = await self._session.read("GET", "/retailer/orders", query=query, headers=READS)
        return _ORDERS.read(response, SIDE), self._their_time(response)

    async def _shipment_to_correct(self, correction: TrackingCorrection) -> BolShipment:
        made = shipment_to_correct(correction, await self._record.shipments(correction.order_ref))
        if made is not None and not (made.transport and made.transport.transport_id):
            made = await self._record.shipment(made.shipment_id)
        if made is None:
            raise SafeToRetry(f"{SIDE} does not show the shipment of order {correction.order_ref} yet")
        return made

    # ------------------------------------------------------------ their clock

    def _their_time(self, response: Response) -> datetime:
        """When they answered, in whole seconds; else the earliest moment that `check` lets it be."""
        return date_of(response) or self._clock.now().replace(microsecond=0) - CLOCKS_MAY_DIFFER

    def _check_clock(self, response: Response, began: datetime) -> None:
        theirs = date_of(response)
        if theirs is None:
            return
        off = max(began - theirs, theirs - self._clock.now())
        if off > CLOCKS_MAY_DIFFER:
            raise ClockOff(SIDE, round(off.total_seconds()))


def _process_id(response: Response) -> str:
    """The handle of what was taken in. An answer that cannot be read leaves open whether it was: OutcomeUnknown."""
    try:
        handle = decode(response, ProcessStatus, SIDE).process_status_id
    except (NotData, UnexpectedResponse) as error:
        raise OutcomeUnknown(f"{SIDE} took it in, perhaps: {error}") from None
    if not handle:
        raise OutcomeUnknown(f"{SIDE} took it in without saying under which number")
    return handle


def _transport_of(made: BolShipment) -> str:
    if made.transport is None or not made.transport.transport_id:
        raise UnexpectedResponse("a shipment names no transport")
    return made.transport.transport_id


def _no_such_ability(command: MarketplaceCommand) -> NotImplementedError:
    return NotImplementedError(f"bol takes no {type(command).__name__}: look in SPEC.capabilities first")
