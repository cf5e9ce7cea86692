"""An order as the API shows it: in a list, and by itself with everything the hub knows of it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import structs
from ninja import Field, Schema

from orderhaven.actions.problem_actions import offers
from orderhaven.api.schema_types import MoneyOut, columns_of
from orderhaven.core.carriers import Carrier, tracking_url
from orderhaven.core.order import Address, WaitsFor
from orderhaven.core.problems import ProblemKind
from orderhaven.core.status import Status
from orderhaven.store.listing.rows import Row
from orderhaven.store.models import Hold, MessageKind, MessageState, Side, SyncState
from orderhaven.store.orders.order_page import EventView, MessageView, OrderPage, ProblemView, ShipmentRow, ShipmentView
from orderhaven.store.orders.problems import ProblemRow
from orderhaven.words.orders import OPEN_STATES, message_words, shop_state_words, status_words, sync_words
from orderhaven.words.timeline import event_words


class OrderListedOut(Schema):
    """An order as a list shows it. `marketplace` and `ref` together name it."""

    marketplace: str = Field(description="The marketplace connection, by its name.")
    ref: str = Field(description="The marketplace's order number.")
    channel: str = Field(description='Where the marketplace sold it, by its own code; `""`: it has no channels.')
    shop: str = Field(description='The shop connection, by its name; `""`: no link takes orders of its channel.')
    link: str = Field(description='Its link, by its name; `""`: none takes orders of its channel.')
    status: Status
    status_name: str = Field(description="The status in words, for people.")
    waits_for: WaitsFor = Field(
        description='For whose word an order waits that is not accepted yet; `""`: for nobody\'s.'
    )
    sync: str = Field(description='What the sides still have to be sent, in words; `""` when there is nothing to say.')
    hold: Hold = Field(description='Why it is listed and not created in the shop; `""`: it is not held.')
    shop_number: str = Field(description='`""` while it is not in the shop.')
    shop_sync: SyncState
    marketplace_sync: SyncState
    handled_externally: bool = Field(description="Somebody handled it at the marketplace, beside Orderhaven.")
    by_marketplace: bool = Field(description="The marketplace ships it itself.")
    dry_run: bool = Field(description="Its link is a dry run: nothing is sent.")
    placed_at: datetime
    ship_by: datetime | None = Field(description="null: the marketplace names neither this nor a day of delivery.")
    ship_by_is_estimated: bool = Field(
        description="From the day of delivery that the marketplace names; false: it states `ship_by` itself."
    )
    tracking_number: str = Field(description='The track & trace code in the shop; `""`: none.')
    carriers: list[str] = Field(description="With whom it was confirmed, by our words for carriers.")
    quantity: int
    total: MoneyOut
    problems: list[ProblemKind] = Field(description="Kinds of its open problems.")


class LineOut(Schema):
    """An article of an order, in pieces."""

    ref: str
    title: str
    sku: str
    ean: str
    ordered: int
    in_shop: int = Field(description="Pieces that stand in the shop's order.")
    shipped: int
    cancelled: int
    buyer_asks_to_cancel: bool
    by_marketplace: bool
    total: MoneyOut


class MessageOut(Schema):
    """One thing that one side must be sent, or was."""

    side: Side
    kind: MessageKind
    state: MessageState
    sentence: str
    attempt: int
    created_at: datetime
    due_at: datetime = Field(description="The next sending, look or question, while it is not finished.")
    finished_at: datetime | None = Field(description="null: not finished.")
    remote_ref: str = Field(description="The other side's own number of it.")


class ShipmentOut(Schema):
    """A shipment as the marketplace has it."""

    carrier: str = Field(description='Our word for the carrier; `""`: none was sent.')
    carrier_name: str
    tracking_number: str
    label_number: str = Field(description="The number of the marketplace's own label.")
    tracking_url: str = Field(description='Where the parcel is followed; `""`: no such page is known.')
    remote_ref: str
    confirmed_at: datetime


class ProblemActionOut(Schema):
    """What can be done, and what a button for it says."""

    action: str
    label: str


class ProblemOut(Schema):
    """Why a person must look."""

    kind: ProblemKind
    title: str
    sentence: str = Field(description="What happened and what to do.")
    values: dict[str, str] = Field(description="What the sentence is filled in with: `sku`, `tracking_number` ...")
    at: datetime
    actions: list[ProblemActionOut] = Field(description="What can be done, the first choice first.")


class OrderEventOut(Schema):
    """Something that happened to the order."""

    at: datetime
    actor: str = Field(description="`hub`, or who did it.")
    kind: str
    sentence: str
    data: dict[str, Any]


class ContactOut(Schema):
    """A person's name and address; `\"\"` for what there is not."""

    salutation: str
    first_name: str
    last_name: str
    company: str
    vat_number: str
    extra: str
    street: str
    house_number: str
    addition: str
    postcode: str
    city: str
    region: str
    country: str
    email: str
    phone: str
    pickup_point: str | None = Field(description="null: it goes to the street.")


class BuyerOut(Schema):
    """null once the personal data was erased."""

    ship_to: ContactOut | None
    bill_to: ContactOut | None


class OrderOut(OrderListedOut):
    """One order with everything the hub knows of it."""

    received_at: datetime
    read_at: datetime | None = Field(description="null: seen in a list, not read yet.")
    deliver_by: datetime | None
    expires_at: datetime | None = Field(description="The marketplace cancels it by itself after this.")
    has_address: bool = Field(description="false: the marketplace does not show yet where it goes.")
    is_test: bool
    shop_ref: str = Field(description="The shop's own key of its order.")
    shop_state: str
    shop_shown: str = Field(description="How the shop's order stands, in words.")
    completed_at: datetime | None = Field(description="null: not completed in the shop.")
    wait_until: datetime | None = Field(description="null: it does not wait for a code.")
    confirmed_at: datetime | None = Field(description="null: the marketplace did not confirm.")
    carrier_name: str = Field(description="What the shop calls the carrier.")
    chosen_carrier: str = Field(description="A person's choice.")
    lines: list[LineOut]
    messages: list[MessageOut] = Field(description="Oldest first.")
    shipments: list[ShipmentOut]
    open_problems: list[ProblemOut]
    events: list[OrderEventOut] = Field(description="The latest 200, oldest first.")
    buyer: BuyerOut | None = Field(description="With `buyer=true` only.")


def in_list(row: Row) -> OrderListedOut:
    return OrderListedOut(**_head(row))


def order(page: OrderPage, people: Mapping[str, Address] | None) -> OrderOut:
    """`people` None: they were not asked for."""
    return OrderOut(
        **columns_of(
            OrderOut,
            page,
            **_head(page.head),
            shop_shown=shop_state_words(page.shop_state),
            lines=[
                LineOut(**columns_of(LineOut, one, total=MoneyOut.of(one.total, page.head.currency)))
                for one in page.lines
            ],
            messages=[_message(message, is_dry_run=page.head.dry_run) for message in page.messages],
            shipments=[ShipmentOut(**shipment_columns(shipment)) for shipment in page.shipments],
            open_problems=[ProblemOut(**problem_columns(problem)) for problem in page.problems],
            events=[_event(event) for event in page.events],
            buyer=None if people is None else _buyer(people),
        )
    )


def shipment_columns(shipment: ShipmentView | ShipmentRow) -> dict[str, Any]:
    """Those of `Shipped`."""
    name, link = _carrier_of(shipment.carrier, shipment.tracking_number)
    return columns_of(ShipmentOut, shipment, carrier_name=name, tracking_url=link)


def problem_columns(problem: ProblemView | ProblemRow) -> dict[str, Any]:
    """Those of `ProblemOut`; actions by the names that `actions/{action}` takes."""
    return {
        "kind": problem.kind,
        "title": problem.kind.label,
        "sentence": problem.sentence,
        "values": dict(problem.values),
        "at": problem.at,
        "actions": [ProblemActionOut(action=one.replace(" --", "-"), label=one.label) for one in offers(problem.kind)],
    }


# below: parts


def _head(row: Row) -> dict[str, Any]:
    return columns_of(
        OrderListedOut,
        row,
        status_name=status_words(row),
        sync=sync_words(row),
        total=MoneyOut.of(row.total, row.currency),
        carriers=list(row.carriers),
        problems=list(row.problems),
    )


def _message(message: MessageView, *, is_dry_run: bool) -> MessageOut:
    sentence = message.kind.label
    if message.state in OPEN_STATES:
        sentence = message_words(message.kind, message.state, is_dry_run=is_dry_run)
    return MessageOut(**columns_of(MessageOut, message, sentence=sentence))


def _event(event: EventView) -> OrderEventOut:
    sentence = event_words(event.kind, event.data)
    return OrderEventOut(**columns_of(OrderEventOut, event, sentence=sentence, data=dict(event.data)))


def _buyer(people: Mapping[str, Address]) -> BuyerOut:
    found = {role: ContactOut(**structs.asdict(address)) for role, address in people.items()}
    return BuyerOut(ship_to=found.get("ship_to"), bill_to=found.get("bill_to"))


def _carrier_of(word: str, tracking_number: str) -> tuple[str, str]:
    """(its name, where this parcel is followed)."""
    if word not in list(Carrier):
        return word, ""
    carrier = Carrier(word)
    return carrier.display_name, (tracking_url(carrier, tracking_number) or "") if tracking_number else ""
