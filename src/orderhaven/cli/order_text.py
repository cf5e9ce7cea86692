"""One order as text: the picture of the three sides, lines, shipments, problems with what to do, timeline."""

from __future__ import annotations

from collections.abc import Mapping
from shlex import quote
from typing import TYPE_CHECKING

from orderhaven.cli.screen import moment, say, table
from orderhaven.core.address import Address
from orderhaven.core.carriers import Carrier, tracking_url
from orderhaven.core.status import SHOWN_AS, Status
from orderhaven.ports.connector import Can, Declaration
from orderhaven.words.orders import status_words, told_words

if TYPE_CHECKING:
    from orderhaven.actions.offers import Offer
    from orderhaven.store.order_page import EventView, MessageView, OrderPage


def say_order(page: OrderPage, people: Mapping[str, Address], declared: Mapping[str, Declaration]) -> None:
    head = page.head
    told = told_words(head)
    say(f"Order {head.ref} from {head.marketplace}: {status_words(head)}{', ' + told if told else ''}", "bold")
    if page.is_test:
        say("A test order.")
    _say_problems(page, declared)
    _say_sides(page)
    _say_lines(page)
    _say_shipments(page)
    for role, address in people.items():
        say(f"\n{role.replace('_', ' ')}", "bold")
        say("  " + ", ".join(part for part in _address(address) if part))
    _say_timeline(page)


def _say_problems(page: OrderPage, declared: Mapping[str, Declaration]) -> None:
    from orderhaven.actions.offers import offers

    for problem in page.problems:
        say(f"\n! {problem.sentence}", "yellow")
        for offer in offers(problem.kind):
            say(f"    {_how(offer, page, problem.values)}")
    if page.head.status is Status.CANCELLATION_REQUESTED:
        say("\n! The buyer asks to cancel this order.", "yellow")
        say(f"    orderhaven cancel {page.head.ref}    accept it")
        marketplace = declared.get(page.connector)
        if marketplace is not None and Can.REFUSE_CANCELLATION in marketplace.can:
            say(f"    orderhaven refuse {page.head.ref}    refuse it")
        else:
            say("    To refuse it, ship it: complete the order in the shop.")


_HOW = {
    "map": "orderhaven map {marketplace} {sku} SHOP-SKU    say which product of the shop it is",
    "choose-carrier": "orderhaven choose-carrier {ref} CARRIER",
    "adopt": "orderhaven adopt {ref} SHOP-ORDER    it is that shop order",
    "release": "orderhaven release {marketplace}    the cancellations were meant",
    "handle": "orderhaven handle {ref}    take it over: nothing more is sent for it",
    "place": "orderhaven place {ref}    make it in the shop",
    "place --again": "orderhaven place {ref} --again    make it in the shop once more",
    "leave": "orderhaven leave {ref}    never place it",
    "done": "orderhaven retry {ref}    it is settled",
    "retry": "orderhaven retry {ref}    it is mended: try again",
}


def _how(offer: Offer, page: OrderPage, values: Mapping[str, str]) -> str:
    said = {"ref": page.head.ref, "marketplace": page.head.marketplace, "sku": values.get("sku", "SKU")}
    known = {name: quote(word) for name, word in said.items()}
    return _HOW.get(offer, f"orderhaven {offer} {{ref}}").format_map(known)


def _say_sides(page: OrderPage) -> None:
    say("")
    rows = [(page.head.marketplace, _marketplace(page)), ("hub", _hub(page)), (page.head.shop, _shop(page))]
    table(("side", "what it knows"), rows, at_least={"side": 8})


def _marketplace(page: OrderPage) -> str:
    head = page.head
    said = [
        f"Placed {moment(head.placed_at)}, {head.total:.2f} {head.currency}."
        if head.currency
        else "Listed, not read yet."
    ]
    if head.ship_by:
        said.append(f"To be shipped by {moment(head.ship_by)}.")
    if head.handled_by_others:
        said.append("Handled there by others.")
    elif page.confirmed_at:
        said.append(f"Confirmed the shipment {moment(page.confirmed_at)}.")
    return " ".join([*said, *_open_messages(page, "marketplace")])


def _hub(page: OrderPage) -> str:
    said = [f"Heard {moment(page.heard_at)}. {SHOWN_AS[page.head.status][1]}."]
    if page.wait_until:
        said.append(f"Waits for a code until {moment(page.wait_until)}.")
    if page.head.code:
        said.append(f"Code {page.head.code}.")
    if page.chosen_carrier:
        said.append(f"Carrier chosen by hand: {page.chosen_carrier}.")
    return " ".join(said)


def _shop(page: OrderPage) -> str:
    said = [f"Order {page.head.shop_number or page.shop_ref}." if page.shop_ref else "Does not have it."]
    if page.shop_state:
        word = f" ({page.shop_word})" if page.shop_word not in ("", page.shop_state) else ""
        said.append(f"It is {page.shop_state}{word}.")
    if page.completed_at:
        said.append(f"Completed {moment(page.completed_at)}.")
    return " ".join([*said, *_open_messages(page, "shop")])


_STATES = {
    "held": "held until you say so",
    "due": "about to be told",
    "sending": "being told now",
    "unclear": "perhaps told: being looked up",
    "awaiting": "taken in there, outcome pending",
    "parked": "not told: see the problem",
}


def _open_messages(page: OrderPage, side: str) -> list[str]:
    return [_message(one) for one in page.messages if one.side == side and one.state in _STATES]


def _message(message: MessageView) -> str:
    what = message.kind.replace("_", " ").removesuffix(" shop").capitalize()
    return f"{what}: {_STATES[message.state]}."


def _say_lines(page: OrderPage) -> None:
    say("")
    counts = ("ordered", "in shop", "shipped", "cancelled")
    rows = [
        (
            line.sku or line.ean or line.ref,
            line.title + (" (shipped by the marketplace)" if line.by_marketplace else ""),
            *(str(number) for number in (line.ordered, line.placed, line.shipped, line.cancelled)),
        )
        for line in page.lines
    ]
    table(("article", "title", *counts), rows, right=counts, at_least={"article": 8})


def _say_shipments(page: OrderPage) -> None:
    for shipment in page.shipments:
        how = (
            f"label {shipment.label}"
            if shipment.label
            else f"{shipment.carrier or 'no carrier'}, {shipment.code or 'no code'}"
        )
        say(f"\nShipment confirmed {moment(shipment.confirmed_at)}: {how}")
        known = shipment.carrier in list(Carrier) and shipment.code
        link = tracking_url(Carrier(shipment.carrier), shipment.code) if known else None
        if link:
            say(f"  {link}")


def _address(address: Address) -> list[str]:
    name = f"{address.first_name} {address.last_name}".strip()
    street = f"{address.street} {address.house_number} {address.addition}".strip()
    return [
        name,
        address.company,
        address.extra,
        street,
        f"{address.postcode} {address.city}".strip(),
        address.country,
        address.email,
        address.phone,
    ]


def _say_timeline(page: OrderPage) -> None:
    say("\nWhat happened", "bold")
    rows = [(moment(one.at), one.actor, _event(one)) for one in page.events]
    table(("when", "who", "what"), rows, at_least={"when": 16})


def _event(event: EventView) -> str:
    data = {name: str(value).replace("_", " ") for name, value in event.data.items() if value not in ("", None)}
    if event.kind == "status":
        start = SHOWN_AS[Status(str(event.data["from"]))][1]
        return f"{start} -> {SHOWN_AS[Status(str(event.data['to']))][1]} ({data.get('fact', '')})"
    told = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in data.items())
    return event.kind.replace("_", " ") + (f": {told}" if told else "")
