"""Commands on one order in trouble: retry, handle, give-back, cancel, refuse."""

from __future__ import annotations

from typing import Annotated

import typer

from orderhaven.cli.console import err, order_meant, orders_meant, say
from orderhaven.cli.context import action_context, done_about
from orderhaven.core.commands import CancelReason
from orderhaven.core.translation import _, n_

_REF = typer.Argument(callback=order_meant, help=_("The order number, the marketplace's or the shop's."))
_REFS = typer.Argument(callback=orders_meant, help=_("The order numbers, the marketplace's or the shop's."))


def add_to(app: typer.Typer) -> None:
    app.command(help=_("It is mended: try again what waits, after looking whether it happened before."))(retry)
    about = _("Take an order over: nothing more is sent for it, what happens is still written down.")
    app.command(help=about)(handle)
    app.command("give-back", help=_("Let Orderhaven go on with an order that was taken over."))(give_back)
    app.command(help=_("Cancel an order at the marketplace and in the shop, or accept the buyer's request."))(cancel)
    app.command(help=_("Say yes to an order that waits for it."))(accept)
    app.command(help=_("Refuse a buyer's cancellation request."))(refuse)


def retry(refs: list[str] = _REFS) -> None:
    context = action_context()
    from orderhaven.actions import orders
    from orderhaven.actions.errors import ActionRefused

    failed = 0
    for ref in refs:
        try:
            done = orders.retry(context, ref)
        except ActionRefused as error:
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
    context = action_context()
    from orderhaven.actions import orders

    found = context.order(ref)
    orders.handle(context, ref)
    say(_("Order {ref} is yours now. To let Orderhaven go on with it: orderhaven give-back {ref}", ref=found.ref))


def give_back(ref: str = _REF) -> None:
    say(done_about(ref, "give-back"))


def accept(ref: str = _REF) -> None:
    say(done_about(ref, "accept"))


def cancel(
    ref: str = _REF,
    reason: CancelReason = typer.Option(
        CancelReason.OUT_OF_STOCK, help=_("What the marketplace gets, when the buyer did not ask.")
    ),
    yes: Annotated[bool, typer.Option("--yes", help=_("Do not ask whether it is meant."))] = False,
) -> None:
    context = action_context()
    from orderhaven.actions import orders

    found = context.order(ref)
    if not yes:
        asked = _("Cancel order {ref} at {marketplace} and in the shop?", ref=found.ref, marketplace=found.marketplace)
        typer.confirm(asked, abort=True)
    orders.cancel(context, ref, reason)
    say(
        _(
            "Order {ref} is cancelled here; {marketplace} and the shop are being updated.",
            ref=found.ref,
            marketplace=found.marketplace,
        )
    )


def refuse(ref: str = _REF) -> None:
    context = action_context()
    from orderhaven.actions import orders

    found = context.order(ref)
    known = {"ref": found.ref, "marketplace": found.marketplace}
    if orders.refuse(context, ref):
        say(
            _(
                "The buyer's request is refused; order {ref} is to be shipped, and {marketplace} is being updated.",
                **known,
            )
        )
    else:
        say(_("{marketplace} takes no refusal: refusing means shipping. Complete order {ref} in the shop.", **known))
