"""One order as text: the picture of the three sides, lines, shipments, problems with what to do, timeline."""

from __future__ import annotations

from collections.abc import Mapping
from shlex import quote
from typing import TYPE_CHECKING

from orderhaven.cli.console import moment, say, table
from orderhaven.core.carriers import Carrier, tracking_url
from orderhaven.core.order import Address
from orderhaven.core.status import Status
from orderhaven.core.translation import _
from orderhaven.ports.connector import Capability, ConnectorSpec
from orderhaven.words.orders import OPEN_STATES, message_words, shop_state_words, status_words, sync_words
from orderhaven.words.timeline import actor_words, event_words

if TYPE_CHECKING:
    from orderhaven.actions.problem_actions import ProblemAction
    from orderhaven.store.orders.order_page import OrderPage


def say_order(page: OrderPage, people: Mapping[str, Address], specs_by_name: Mapping[str, ConnectorSpec]) -> None:
    head = page.head
    sync = sync_words(head)
    named = _("Order {ref} from {marketplace}", ref=head.ref, marketplace=head.marketplace)
    say(f"{named}: {status_words(head)}{', ' + sync if sync else ''}", "bold")
    if head.channel:
        say(_("Sold on channel {channel}.", channel=head.channel_name))
    if page.is_test:
        say(_("A test order."))
    _say_problems(page, specs_by_name)
    _say_sides(page)
    _say_lines(page)
    _say_shipments(page)
    for role, address in people.items():
        say("\n" + (_(_PEOPLE[role]) if role in _PEOPLE else role), "bold")
        say("  " + ", ".join(part for part in _address(address) if part))
    _say_timeline(page)


_PEOPLE = {"ship_to": "Ship to", "bill_to": "Bill to"}


def _say_problems(page: OrderPage, specs_by_name: Mapping[str, ConnectorSpec]) -> None:
    from orderhaven.actions.problem_actions import offers

    for problem in page.problems:
        say(f"\n! {problem.sentence}", "yellow")
        for offer in offers(problem.kind):
            say(f"    {_how(offer, page, problem.values)}")
    if page.asks_for_our_yes:
        say("\n! " + _("The marketplace waits for your yes to this order."), "yellow")
        say(f"    orderhaven accept {page.head.ref}    " + _("accept it"))
    if page.head.status is Status.CANCELLATION_REQUESTED:
        say("\n! " + _("The buyer asks to cancel this order."), "yellow")
        say(f"    orderhaven cancel {page.head.ref}    " + _("accept it"))
        marketplace = specs_by_name.get(page.connector)
        if marketplace is not None and Capability.REFUSE_CANCELLATION in marketplace.capabilities:
            say(f"    orderhaven refuse {page.head.ref}    " + _("refuse it"))
        else:
            say("    " + _("To refuse it, ship it: complete the order in the shop."))


COMMANDS = {
    "map": "orderhaven map {link} {sku} SHOP-SKU",
    "choose-carrier": "orderhaven choose-carrier {ref} CARRIER",
    "adopt": "orderhaven adopt {ref} SHOP-ORDER",
    "release": "orderhaven release {link}",
    "create --again": "orderhaven create {ref} --again",
    "done": "orderhaven retry {ref}",
}
_MEANS = {
    "map": "say which product of the shop it is",
    "adopt": "it is that shop order",
    "release": "the cancellations were meant",
    "handle": "take it over: nothing more is sent for it",
    "create": "make it in the shop",
    "create --again": "make it in the shop once more",
    "ignore": "never create it",
    "done": "it is settled",
    "retry": "it is mended: try again",
}


def _how(offer: ProblemAction, page: OrderPage, values: Mapping[str, str]) -> str:
    known = {"ref": page.head.ref, "link": page.head.link, "sku": values.get("sku", "SKU")}
    command = COMMANDS.get(offer, f"orderhaven {offer} {{ref}}")
    typed = command.format_map({name: quote(word) for name, word in known.items()})
    return f"{typed}    {_(_MEANS[offer])}" if offer in _MEANS else typed


def _say_sides(page: OrderPage) -> None:
    say("")
    rows = [(page.head.marketplace, _marketplace(page)), ("Orderhaven", _hub(page))]
    if page.head.shop:
        rows.append((page.head.shop, _shop(page)))
    table((_("side"), _("what it knows")), rows, at_least={_("side"): 10})


def _marketplace(page: OrderPage) -> str:
    head = page.head
    total = f"{head.total:.2f} {head.currency}"
    said = [
        _("Placed {time}, {total}.", time=moment(head.placed_at), total=total)
        if head.currency
        else _("Listed, not read yet.")
    ]
    if page.read_at and not page.has_address:
        said.append(_("It shows no address yet: that comes once the order is accepted."))
    if head.ship_by and head.ship_by_is_estimated:
        said.append(_("To be shipped by {time}, estimated from the day of delivery.", time=moment(head.ship_by)))
    elif head.ship_by:
        said.append(_("To be shipped by {time}.", time=moment(head.ship_by)))
    if head.handled_externally:
        said.append(_("Handled there by others."))
    elif page.confirmed_at:
        said.append(_("Confirmed the shipment {time}.", time=moment(page.confirmed_at)))
    return " ".join([*said, *_open_messages(page, "marketplace")])


def _hub(page: OrderPage) -> str:
    said = [_("Received {time}.", time=moment(page.received_at)) + f" {status_words(page.head)}."]
    if page.wait_until:
        said.append(_("Waits for a code until {time}.", time=moment(page.wait_until)))
    if page.head.tracking_number:
        said.append(_("Code {code}.", code=page.head.tracking_number))
    if page.chosen_carrier:
        said.append(_("Carrier chosen by hand: {carrier}.", carrier=page.chosen_carrier))
    return " ".join(said)


def _shop(page: OrderPage) -> str:
    number = page.head.shop_number or page.shop_ref
    said = [_("Order {number}.", number=number) if page.shop_ref else _("Does not have it.")]
    if page.shop_state:
        word = f" ({page.shop_status})" if page.shop_status not in ("", page.shop_state) else ""
        said.append(_("It is {state}.", state=shop_state_words(page.shop_state) + word))
    if page.completed_at:
        said.append(_("Completed {time}.", time=moment(page.completed_at)))
    return " ".join([*said, *_open_messages(page, "shop")])


def _open_messages(page: OrderPage, side: str) -> list[str]:
    open_ones = [one for one in page.messages if one.side == side and one.state in OPEN_STATES]
    return [f"{message_words(one.kind, one.state, is_dry_run=page.head.dry_run)}." for one in open_ones]


def _say_lines(page: OrderPage) -> None:
    say("")
    counts = (_("ordered"), _("in shop"), _("shipped"), _("cancelled"))
    rows = [
        (
            line.sku or line.ean or line.ref,
            line.title + (f" ({_('shipped by the marketplace')})" if line.by_marketplace else ""),
            *(str(number) for number in (line.ordered, line.in_shop, line.shipped, line.cancelled)),
        )
        for line in page.lines
    ]
    table((_("article"), _("title"), *counts), rows, right=counts, at_least={_("article"): 8})


def _say_shipments(page: OrderPage) -> None:
    for shipment in page.shipments:
        carrier = Carrier(shipment.carrier) if shipment.carrier in list(Carrier) else None
        named = carrier.display_name if carrier is not None else shipment.carrier or _("no carrier")
        how = f"{named}, {shipment.tracking_number or _('no code')}"
        if shipment.label_number:
            how = _("label {label}", label=shipment.label_number)
        say("\n" + _("Shipment confirmed {time}: {how}", time=moment(shipment.confirmed_at), how=how))
        link = (
            tracking_url(carrier, shipment.tracking_number)
            if carrier is not None and shipment.tracking_number
            else None
        )
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
    say("\n" + _("What happened"), "bold")
    rows = [(moment(one.at), actor_words(one.actor), event_words(one.kind, one.data)) for one in page.events]
    table((_("when"), _("who"), _("what")), rows, at_least={_("when"): 16})
