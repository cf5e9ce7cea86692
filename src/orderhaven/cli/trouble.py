"""Commands on one order in trouble: retry, handle, give-back, cancel, refuse."""

from __future__ import annotations

from typing import Annotated

import typer

from orderhaven.cli.desk import hand
from orderhaven.cli.screen import err, order_meant, orders_meant, say
from orderhaven.core.language import _, n_
from orderhaven.core.shipment import CancelReason

_REF = typer.Argument(callback=order_meant, help=_("The order number, the marketplace's or the shop's."))
_REFS = typer.Argument(callback=orders_meant, help=_("The order numbers, the marketplace's or the shop's."))


def add_to(app: typer.Typer) -> None:
    app.command(help=_("It is mended: try again what waits, after looking whether it happened before."))(retry)
    about = _("Take an order over by hand: nothing more is sent for it, what happens is still written down.")
    app.command(help=about)(handle)
    app.command("give-back", help=_("Let Orderhaven go on with an order that was taken over."))(give_back)
    app.command(help=_("Cancel an order at the marketplace and in the shop, or accept the buyer's wish to."))(cancel)
    app.command(help=_("Refuse a buyer's wish to cancel."))(refuse)


def retry(refs: list[str] = _REFS) -> None:
    by = hand()
    from orderhaven.actions import orders
    from orderhaven.actions.errors import Impossible

    failed = 0
    for ref in refs:
        try:
            done = orders.retry(by, ref)
        except Impossible as error:
            failed += 1
            err.print(str(error), markup=False)
            continue
        if done.messages or done.problems or done.reads:
            tried = n_("{number} message tried again", "{number} messages tried again", done.messages)
            closed = n_("{number} problem closed", "{number} problems closed", done.problems)
            say(_("Order {ref}: {tried}, {closed}.", ref=done.ref, tried=tried, closed=closed))
        else:
            say(_("Nothing of order {ref} waits for a retry.", ref=done.ref))
    if failed:
        raise typer.Exit(1)


def handle(ref: str = _REF) -> None:
    by = hand()
    from orderhaven.actions import orders

    found = by.order(ref)
    orders.handle(by, ref)
    say(_("Order {ref} is yours now. To let Orderhaven go on with it: orderhaven give-back {ref}", ref=found.ref))


def give_back(ref: str = _REF) -> None:
    by = hand()
    from orderhaven.actions import orders
    from orderhaven.words.orders import status_name

    found = by.order(ref)
    status = orders.give_back(by, ref)
    say(_("Order {ref} goes on by itself, as: {status}.", ref=found.ref, status=status_name(status)))


def cancel(
    ref: str = _REF,
    reason: CancelReason = typer.Option(
        CancelReason.OUT_OF_STOCK, help=_("What the marketplace is told, when the buyer did not ask.")
    ),
    yes: Annotated[bool, typer.Option("--yes", help=_("Do not ask whether it is meant."))] = False,
) -> None:
    by = hand()
    from orderhaven.actions import orders

    found = by.order(ref)
    if not yes:
        asked = _("Cancel order {ref} at {marketplace} and in the shop?", ref=found.ref, marketplace=found.marketplace)
        typer.confirm(asked, abort=True)
    orders.cancel(by, ref, reason)
    say(
        _(
            "Order {ref} is cancelled here; {marketplace} and the shop are being told.",
            ref=found.ref,
            marketplace=found.marketplace,
        )
    )


def refuse(ref: str = _REF) -> None:
    by = hand()
    from orderhaven.actions import orders

    found = by.order(ref)
    known = {"ref": found.ref, "marketplace": found.marketplace}
    if orders.refuse(by, ref):
        say(_("The buyer's wish is refused; order {ref} is to be shipped, and {marketplace} is being told.", **known))
    else:
        say(_("{marketplace} takes no refusal: refusing means shipping. Complete order {ref} in the shop.", **known))
