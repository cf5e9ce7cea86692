"""A bol of one's own: what the connector uses of the Retailer API v10, as strict as the real one, on any clock."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from orderhaven.connectors.bol.sandbox_auth import TOKENS_BEGIN_WITH, BolSandboxAuth
from orderhaven.connectors.bol.sandbox_listing import PAGE_SIZE, Listing
from orderhaven.connectors.bol.sandbox_processes import Process, Processes, ProcessRejected
from orderhaven.connectors.bol.sandbox_responses import (
    detail_of,
    encode,
    process_of,
    retailer,
    shipment_detail,
    shipment_row,
)
from orderhaven.connectors.bol.sandbox_rows import ROWS
from orderhaven.connectors.bol.sandbox_rules import (
    MEDIA_TYPE,
    ApiProblem,
    CancellationRequest,
    ShipmentRequest,
    StatusQueries,
    TransportChange,
    body_as,
    entity_and_event,
    invalid,
    known_item,
    orders_query,
    page_number,
    pieces_to_ship,
    problem_body,
    refuse_handled,
    refuse_unknown_transporter,
    shipments_method,
    too_many,
)
from orderhaven.connectors.bol.sandbox_trade import Parcel, Sale, SandboxItem, SandboxTrade
from orderhaven.connectors.kit.faults import HttpFaults, answer
from orderhaven.connectors.kit.http import Request, Response
from orderhaven.connectors.kit.malformed_rows import RowBender
from orderhaven.connectors.kit.server import http_date
from orderhaven.ports.connector import Clock
from orderhaven.ports.sandbox import Basket, CallKind, CommandFate, ConfirmedShipment, ListDisorder, SandboxCall

_URL = "https://api.bol.com"
Answer = tuple[int, bytes]
_WORD = re.compile(r"[A-Za-z0-9]+")
# what the calls that are no GET are for, by their path or the path that theirs stands under
_PURPOSES = {
    "/shared/process-status": CallKind.READ,
    "/retailer/shipments": CallKind.CONFIRM,
    "/retailer/orders/cancellation": CallKind.CANCEL,
    "/retailer/transports": CallKind.CORRECT,
}


class Sandbox:
    """Beside `faults`, what can be set: `door.limits`, `listing.*`, `processes.*`, and the attributes below."""

    speaks_http = True

    def __init__(self, clock: Clock) -> None:
        self.calls: list[str] = []
        self.faults = HttpFaults(self.call_of)
        self._rows = RowBender(ROWS)
        self.malform, self.straighten = self._rows.malform, self._rows.straighten
        self.auth = BolSandboxAuth("sandbox-client", "sandbox-secret")
        self.trade = SandboxTrade()
        self.listing = Listing(self.trade)
        self.processes = Processes()
        self.retailer_ref = "1600042"
        self.missing_details: set[str] = set()  # orders that are listed and whose detail answers 404
        self.visible_after = timedelta(0)  # from the sale until lists show it
        self.shipments_visible_after = timedelta(0)  # from the shipment until the list of shipments shows it
        self._clock = clock
        self._exact: dict[tuple[str, str], Callable[[Request, datetime], Answer]] = {
            ("GET", "/retailer/orders"): lambda asked, now: (
                200,
                self.listing.page(orders_query(asked.query, now), now),
            ),
            ("PUT", "/retailer/orders/cancellation"): self._cancel_item,
            ("GET", "/retailer/shipments"): self._list_shipments,
            ("POST", "/retailer/shipments"): self._create_shipment,
            ("GET", "/shared/process-status"): self._statuses_of_entity,
            ("POST", "/shared/process-status"): self._statuses,
        }
        self._by_ref: dict[tuple[str, str], tuple[str, Callable[[Request, str, datetime], Answer]]] = {
            ("GET", "/retailer/orders"): ("{order-id}", self._order),
            ("GET", "/retailer/shipments"): ("{shipment-id}", self._shipment),
            ("PUT", "/retailer/transports"): ("{transport-id}", self._change_transport),
            ("GET", "/retailer/retailers"): ("{retailer-id}", self._retailer),
            ("GET", "/shared/process-status"): ("{process-status-id}", self._status),
        }

    # ------------------------------------------------------------ a person at the other side (ports.sandbox)

    def settings(self, url: str) -> Mapping[str, str]:
        door = self.auth
        return {
            "client_id": door.client_id,
            "client_secret": door.client_secret,
            "api_url": url,
            "login_url": url,
        }

    def sell(self, basket: Basket) -> str:
        return self.sell_mixed(basket, [basket.by_marketplace] * len(basket.lines))

    def sell_mixed(self, basket: Basket, by_marketplace: Sequence[bool]) -> str:
        """As `sell`, saying of each line whether bol fulfils it."""
        if basket.channel:
            raise ValueError(f"bol has no channels, and {basket.channel!r} was asked for")
        now = self._now()
        self.listing.has_late_ones = self.listing.has_late_ones or bool(self.visible_after)
        return self.trade.sell(basket, by_marketplace, now, self.visible_after).ref

    def request_cancellation(self, ref: str) -> None:
        sale = self._sale(ref)
        self.trade.ask_to_cancel([item for item in sale.items if item.open and not item.is_fbb], self._clock.now())

    def cancel(self, ref: str) -> None:
        sale = self._sale(ref)
        self.trade.cancel([item for item in sale.items if item.open], self._clock.now())

    def ship_elsewhere(self, ref: str, tracking_number: str = "") -> None:
        sale = self._sale(ref)
        pieces = {item.ref: item.open for item in sale.items if item.open}
        if pieces:
            word = "TNT" if tracking_number else ""
            self.trade.ship(sale, pieces, self._clock.now(), carrier_code=word, code=tracking_number)

    def ship_part(self, ref: str) -> bool:
        sale = self._sale(ref)
        left = [item for item in sale.items if item.open]
        if sum(item.open for item in left) < 2:
            return False
        self.trade.ship(sale, {left[0].ref: 1}, self._now())
        return True

    def withdraw_cancellation_request(self, ref: str) -> None:
        sale = self._sale(ref)
        for item in sale.items:
            item.cancellation_requested = False
        self.trade.touch(sale.items, self._now())

    def take_back_shipment(self, ref: str) -> bool:
        return False  # bol never does that

    def change_address(self, ref: str, address: Mapping[str, str]) -> bool:
        return False  # a buyer who wants that cancels and orders again

    def change_quantity(self, ref: str, quantity: int) -> bool:
        return False

    def release(self, ref: str) -> bool:
        return False  # what bol lists is to be shipped

    def touch(self, ref: str) -> None:
        self.trade.touch(self.trade.sales[ref].items, self._now())

    def refs(self) -> Sequence[str]:
        return list(self.trade.sales)

    def is_open(self, ref: str) -> bool:
        return any(item.open for item in self._sale(ref).items)

    def shipping_cost_of(self, ref: str) -> str:
        return "0.00"  # it is in the price

    def answer_after(self, delay: timedelta | None) -> bool:
        if delay is None:
            return False  # bol answers no command at once
        self.processes.delay = delay
        return True

    def list_whole_orders(self, whole: bool) -> None:
        """bol lists a summary of each."""

    def decide_fates(
        self, fates: Sequence[CommandFate], met: Callable[[CommandFate, frozenset[str]], None] = lambda fate, refs: None
    ) -> bool:
        self.processes.met = met
        self.processes.fates.extend(fates)
        if not fates:
            self.processes.fates.clear()
        return True

    def disorder(self, how: ListDisorder, late: timedelta, between_pages: Callable[[], None]) -> None:
        match how:
            case ListDisorder.REPEATED_ROWS:
                self.listing.repeat_rows = True
            case ListDisorder.SHIFTING_PAGES:
                self.listing.after_page = lambda _: between_pages()
            case ListDisorder.LATE:
                self.visible_after = late

    def restore_order(self) -> None:
        self.listing.repeat_rows, self.listing.after_page = False, None
        self.visible_after = timedelta(0)

    def expire_tokens(self) -> bool:
        self.auth.expire_tokens()
        return True

    def secrets(self) -> Sequence[str]:
        return [self.auth.client_secret, f"{TOKENS_BEGIN_WITH}1."]

    def shipments(self) -> Sequence[ConfirmedShipment]:
        self._now()
        return [
            ConfirmedShipment(made.sale.ref, made.pieces, made.carrier_code, made.code, made.label, made.at)
            for made in self.trade.parcels.values()
        ]

    def cancelled(self) -> frozenset[str]:
        self._now()
        return frozenset(ref for ref, sale in self.trade.sales.items() if _is_cancelled(sale))

    # ------------------------------------------------------------ the API

    async def handle(self, request: Request) -> Response:
        self.calls.append(f"{request.method} {request.path}")
        return self._rows.with_malformed_rows(request, await answer(self.faults, self._clock, request, self._answer))

    def kind_of(self, call: str) -> CallKind:
        method, _, path = call.partition(" ")
        if path == "/token":
            return CallKind.SIGN_IN
        if method == "GET":
            return CallKind.READ_ORDER if path.startswith("/retailer/orders/") else CallKind.READ
        return _PURPOSES.get(path) or _PURPOSES.get(path.rpartition("/")[0], CallKind.OTHER)

    def call_of(self, request: Request) -> SandboxCall:
        """An order is named by its number, one of its items, or one of its transports, wherever that stands."""
        words = set(_WORD.findall(f"{request.url} {request.body.decode(errors='ignore')}"))
        refs = {word for word in words if word in self.trade.sales}
        refs |= {self.trade.items[word].sale.ref for word in words if word in self.trade.items}
        refs |= {self.trade.transports[word].sale.ref for word in words if word in self.trade.transports}
        return SandboxCall(self.kind_of(f"{request.method} {request.path}"), frozenset(refs))

    async def _answer(self, request: Request) -> Response:
        now = self._now()
        path, date = request.path, http_date(int(now.timestamp()))
        if path == "/token":
            response = self.auth.sign_in(request, now)
            return Response(response.status, {**response.headers, "date": date}, response.body)
        headers = {"date": date, "content-type": MEDIA_TYPE}
        try:
            limits, (status, body) = self._route(request, path, now)
            return Response(status, {**headers, **limits} if limits else headers, body)
        except ApiProblem as problem:
            if problem.status not in (400, 404):
                headers["content-type"] = "application/problem+json"
            body = encode(problem_body(problem, path))
            return Response(problem.status, {**headers, **problem.headers}, body)

    def _route(self, request: Request, path: str, now: datetime) -> tuple[Mapping[str, str], Answer]:
        exact = self._exact.get((request.method, path))
        if exact is not None:
            return self.auth.enter(request, f"{request.method} {path}", now), exact(request, now)
        parent, _, ref = path.rpartition("/")
        name, by_ref = self._by_ref.get((request.method, parent), ("", None))
        limits = self.auth.enter(request, f"{request.method} {parent}/{name}", now)
        if by_ref is None:
            raise ApiProblem(404, "Not found")
        return limits, by_ref(request, ref, now)

    def _order(self, request: Request, ref: str, now: datetime) -> Answer:
        sale = self.trade.sales.get(ref)
        if sale is None or ref in self.missing_details:
            raise ApiProblem(404, f"Order {ref} was not found.")
        return 200, detail_of(sale)

    def _retailer(self, request: Request, ref: str, now: datetime) -> Answer:
        if ref not in ("current", self.retailer_ref):
            raise ApiProblem(404, f"Retailer {ref} was not found.")
        return 200, encode(retailer(self.retailer_ref, "De Proefwinkel"))

    def _list_shipments(self, request: Request, now: datetime) -> Answer:
        method, first = shipments_method(request.query), (page_number(request.query) - 1) * PAGE_SIZE
        found = self._parcels(request.query.get("order-id"), method, now)
        return 200, encode({"shipments": [shipment_row(made) for made in found[first : first + PAGE_SIZE]]})

    def _shipment(self, request: Request, ref: str, now: datetime) -> Answer:
        if ref not in self.trade.parcels:
            raise ApiProblem(404, f"Shipment {ref} was not found.")
        return 200, encode(shipment_detail(self.trade.parcels[ref]))

    def _create_shipment(self, request: Request, now: datetime) -> Answer:
        wanted = body_as(ShipmentRequest, request.body)
        pieces = pieces_to_ship(self.trade, wanted)
        entity = next(iter(pieces)) if len(pieces) == 1 else ""
        # checked again when it is carried out: two confirmations of one item may wait at the same time
        ref = self.trade.items[next(iter(pieces))].sale.ref
        return self._take_in("CREATE_SHIPMENT", entity, lambda at: self._ship(wanted, pieces, at), now, ref)

    def _cancel_item(self, request: Request, now: datetime) -> Answer:
        wanted = body_as(CancellationRequest, request.body).order_items[0]
        item = known_item(self.trade, wanted.order_item_id)
        refuse_handled(item)
        return self._take_in("CANCEL_ORDER", item.ref, lambda at: self._cancel(item, at), now, item.sale.ref)

    def _change_transport(self, request: Request, ref: str, now: datetime) -> Answer:
        wanted = body_as(TransportChange, request.body)
        refuse_unknown_transporter(wanted.transporter_code, "transporterCode")
        parcel = self.trade.transports.get(ref)
        if parcel is None:
            raise invalid("transportId", f"Transport {ref} is not known.")
        return self._take_in("CHANGE_TRANSPORT", ref, lambda _: _change(parcel, wanted), now, parcel.sale.ref)

    def _statuses(self, request: Request, now: datetime) -> Answer:
        asked = body_as(StatusQueries, request.body).process_status_queries
        found = (self.processes.get(each.process_status_id) for each in asked)
        return 200, _statuses([process for process in found if process])

    def _statuses_of_entity(self, request: Request, now: datetime) -> Answer:
        entity, event = entity_and_event(request.query)
        first = (page_number(request.query) - 1) * PAGE_SIZE
        return 200, _statuses(self.processes.of_entity(entity, event)[first : first + PAGE_SIZE])

    def _status(self, request: Request, ref: str, now: datetime) -> Answer:
        process = self.processes.get(ref)
        if process is None:
            raise ApiProblem(404, f"Process status {ref} was not found.")
        return 200, encode(process_of(process, _URL))

    # ------------------------------------------------------------ what is done later

    def _take_in(
        self, event: str, entity: str, carry_out: Callable[[datetime], None], now: datetime, about: str
    ) -> Answer:
        description = f"{event.replace('_', ' ').capitalize()} {entity}".rstrip()
        process = self.processes.take_in(event, entity, description, carry_out, now, about)
        return 202, encode(process_of(process, _URL))

    def _ship(self, wanted: ShipmentRequest, pieces: Mapping[str, int], at: datetime) -> None:
        if reason := too_many(self.trade, pieces):
            raise ProcessRejected(reason)
        transport = wanted.transport
        self.trade.ship(
            self.trade.items[next(iter(pieces))].sale,
            pieces,
            at,
            reference=wanted.shipment_reference or "",
            carrier_code=transport.transporter_code if transport else "",
            code=(transport.track_and_trace or "") if transport else "",
            label=wanted.shipping_label_id or "",
        )

    def _cancel(self, item: SandboxItem, at: datetime) -> None:
        if not item.open:
            raise ProcessRejected(f"Order item {item.ref} is already handled.")
        self.trade.cancel([item], at)

    def _parcels(self, order_ref: str | None, method: str, now: datetime) -> Sequence[Parcel]:
        """Newest first."""
        found = self.trade.parcels.values() if order_ref is None else self.trade.parcels_of.get(order_ref, [])
        fbb = {"FBR": (False,), "FBB": (True,)}.get(method, (False, True))
        return [
            made
            for made in reversed(found)
            if made.at + self.shipments_visible_after <= now and self.trade.items[next(iter(made.pieces))].is_fbb in fbb
        ]

    def _sale(self, ref: str) -> Sale:
        self._now()
        return self.trade.sales[ref]

    def _now(self) -> datetime:
        """The time, with everything done that is due by then."""
        now = self._clock.now()
        self.processes.run(now)
        self.trade.expire(now)
        return now


def _change(parcel: Parcel, wanted: TransportChange) -> None:
    parcel.code, parcel.carrier_code = wanted.track_and_trace, wanted.transporter_code or parcel.carrier_code


def _statuses(found: Sequence[Process]) -> bytes:
    return encode({"processStatuses": [process_of(process, _URL) for process in found]})


def _is_cancelled(sale: Sale) -> bool:
    return sale.handled_at is not None and not any(item.shipped for item in sale.items)
