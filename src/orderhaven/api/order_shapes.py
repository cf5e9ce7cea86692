"""An order as the API shows it: in a list, and by itself with everything the hub knows of it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec import structs
from ninja import Field, Schema

from orderhaven.actions.offers import offers
from orderhaven.api.fields import Money, columns_of
from orderhaven.core.address import Address
from orderhaven.core.carriers import Carrier, tracking_url
from orderhaven.core.language import _
from orderhaven.core.problems import ProblemKind
from orderhaven.core.status import Status
from orderhaven.store.listing.rows import Row
from orderhaven.store.models import Hold, Kind, MessageState, Side, Told
from orderhaven.store.order_page import EventView, MessageView, OrderPage, ProblemView, ShipmentView
from orderhaven.store.problems import ProblemRow
from orderhaven.store.shipments import ShipmentRow
from orderhaven.words.orders import MESSAGES, OPEN_STATES, message_words, shop_state_words, status_words, told_words
from orderhaven.words.problems import BUTTONS, TITLES
from orderhaven.words.timeline import event_words


class OrderInList(Schema):
    """An order as a list shows it. `marketplace` and `ref` together name it."""

    marketplace: str = Field(description="The marketplace connection, by its name.")
    ref: str = Field(description="The marketplace's order number.")
    shop: str = Field(description="The shop connection, by its name.")
    status: Status
    shown: str = Field(description="The status in words, for people.")
    told: str = Field(description='What the sides still have to be told, in words; `""` when there is nothing to say.')
    hold: Hold = Field(description='Why it is listed and not placed; `""`: it is not held.')
    shop_number: str = Field(description='`""` while it is not in the shop.')
    shop_told: Told
    marketplace_told: Told
    handled_by_others: bool = Field(description="Somebody handled it at the marketplace, beside Orderhaven.")
    by_marketplace: bool = Field(description="The marketplace ships it itself.")
    rehearsal: bool = Field(description="Its link only rehearses: nothing is sent.")
    placed_at: datetime
    ship_by: datetime | None = Field(description="null: the marketplace names neither this nor a day of delivery.")
    ship_by_is_estimated: bool = Field(
        description="From the day of delivery that the marketplace names; false: it states `ship_by` itself."
    )
    code: str = Field(description='The track & trace code in the shop; `""`: none.')
    carriers: list[str] = Field(description="With whom it was confirmed, by our words for carriers.")
    pieces: int
    total: Money
    problems: list[ProblemKind] = Field(description="Kinds of its open problems.")


class Line(Schema):
    """An article of an order, in pieces."""

    ref: str
    title: str
    sku: str
    ean: str
    ordered: int
    placed: int = Field(description="Pieces that stand in the shop's order.")
    shipped: int
    cancelled: int
    buyer_asks_to_cancel: bool
    by_marketplace: bool
    total: Money


class Message(Schema):
    """One thing that one side must be told, or was."""

    side: Side
    kind: Kind
    state: MessageState
    sentence: str
    attempt: int
    made_at: datetime
    due_at: datetime = Field(description="The next sending, look or question, while it is not finished.")
    finished_at: datetime | None = Field(description="null: not finished.")
    remote_ref: str = Field(description="The other side's own number of it.")


class Shipped(Schema):
    """A shipment as the marketplace has it."""

    carrier: str = Field(description='Our word for the carrier; `""`: none was told.')
    carrier_name: str
    code: str
    label: str = Field(description="The number of the marketplace's own label.")
    link: str = Field(description='Where the parcel is followed; `""`: no such page is known.')
    remote_ref: str
    confirmed_at: datetime


class OfferedAct(Schema):
    """What can be done, and what a button for it says."""

    act: str
    label: str


class OrderProblem(Schema):
    """Why a person must look."""

    kind: ProblemKind
    title: str
    sentence: str = Field(description="What happened and what to do.")
    values: dict[str, str] = Field(description="What the sentence is filled in with: `sku`, `code` ...")
    at: datetime
    acts: list[OfferedAct] = Field(description="What can be done, the first choice first.")


class OrderEvent(Schema):
    """Something that happened to the order."""

    at: datetime
    actor: str = Field(description="`hub`, or whose hand it was.")
    kind: str
    sentence: str
    data: dict[str, Any]


class BuyerAddress(Schema):
    """A person's name and address; `\"\"` for what the world does not have."""

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


class Buyer(Schema):
    """null once the personal data was erased."""

    ship_to: BuyerAddress | None
    bill_to: BuyerAddress | None


class Order(OrderInList):
    """One order with everything the hub knows of it."""

    heard_at: datetime
    read_at: datetime | None = Field(description="null: seen in a list, not read yet.")
    deliver_by: datetime | None
    expires_at: datetime | None = Field(description="The marketplace cancels it by itself after this.")
    is_test: bool
    shop_ref: str = Field(description="The shop's own key of its order.")
    shop_state: str
    shop_shown: str = Field(description="How the shop's order stands, in words.")
    completed_at: datetime | None = Field(description="null: not completed in the shop.")
    wait_until: datetime | None = Field(description="null: it does not wait for a code.")
    confirmed_at: datetime | None = Field(description="null: the marketplace did not confirm.")
    carrier_word: str = Field(description="What the shop calls the carrier.")
    chosen_carrier: str = Field(description="A person's choice.")
    lines: list[Line]
    messages: list[Message] = Field(description="Oldest first.")
    shipments: list[Shipped]
    open_problems: list[OrderProblem]
    events: list[OrderEvent] = Field(description="The latest 200, oldest first.")
    buyer: Buyer | None = Field(description="With `people=true` only.")


def in_list(row: Row) -> OrderInList:
    return OrderInList(**_head(row))


def order(page: OrderPage, people: Mapping[str, Address] | None) -> Order:
    """`people` None: they were not asked for."""
    return Order(
        **columns_of(
            Order,
            page,
            **_head(page.head),
            shop_shown=shop_state_words(page.shop_state),
            lines=[Line(**columns_of(Line, one, total=Money.of(one.total, page.head.currency))) for one in page.lines],
            messages=[_message(message, rehearses=page.head.rehearsal) for message in page.messages],
            shipments=[Shipped(**shipment_columns(shipment)) for shipment in page.shipments],
            open_problems=[OrderProblem(**problem_columns(problem)) for problem in page.problems],
            events=[_event(event) for event in page.events],
            buyer=None if people is None else _buyer(people),
        )
    )


def shipment_columns(shipment: ShipmentView | ShipmentRow) -> dict[str, Any]:
    """Those of `Shipped`."""
    name, link = _carrier_of(shipment.carrier, shipment.code)
    return columns_of(Shipped, shipment, carrier_name=name, link=link)


def problem_columns(problem: ProblemView | ProblemRow) -> dict[str, Any]:
    """Those of `OrderProblem`; acts by the names that `acts/{act}` takes."""
    return {
        "kind": problem.kind,
        "title": _(TITLES[problem.kind]),
        "sentence": problem.sentence,
        "values": dict(problem.values),
        "at": problem.at,
        "acts": [OfferedAct(act=one.replace(" --", "-"), label=_(BUTTONS[one])) for one in offers(problem.kind)],
    }


# below: parts


def _head(row: Row) -> dict[str, Any]:
    return columns_of(
        OrderInList,
        row,
        shown=status_words(row),
        told=told_words(row),
        total=Money.of(row.total, row.currency),
        carriers=list(row.carriers),
        problems=list(row.problems),
    )


def _message(message: MessageView, *, rehearses: bool) -> Message:
    sentence = _(MESSAGES[message.kind])
    if message.state in OPEN_STATES:
        sentence = message_words(message.kind, message.state, rehearses=rehearses)
    return Message(**columns_of(Message, message, sentence=sentence))


def _event(event: EventView) -> OrderEvent:
    sentence = event_words(event.kind, event.data)
    return OrderEvent(**columns_of(OrderEvent, event, sentence=sentence, data=dict(event.data)))


def _buyer(people: Mapping[str, Address]) -> Buyer:
    found = {role: BuyerAddress(**structs.asdict(address)) for role, address in people.items()}
    return Buyer(ship_to=found.get("ship_to"), bill_to=found.get("bill_to"))


def _carrier_of(word: str, code: str) -> tuple[str, str]:
    """(its name, where this parcel is followed)."""
    if word not in list(Carrier):
        return word, ""
    carrier = Carrier(word)
    return carrier.display_name, (tracking_url(carrier, code) or "") if code else ""
