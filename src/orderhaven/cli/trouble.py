"""Commands on one order in trouble: retry, handle, give-back, cancel, refuse."""

from typing import Annotated

import typer

from orderhaven.cli.desk import hand
from orderhaven.cli.screen import count, err, say
from orderhaven.core.shipment import CancelReason

_REF = typer.Argument(help="The order number.")
_REFS = typer.Argument(help="The order numbers.")


def add_to(app: typer.Typer) -> None:
    app.command()(retry)
    app.command()(handle)
    app.command("give-back")(give_back)
    app.command()(cancel)
    app.command()(refuse)


def retry(refs: list[str] = _REFS) -> None:
    """It is mended: try again what waits, after looking whether it happened before."""
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
            tried, closed = count(done.messages, "message"), count(done.problems, "problem")
            say(f"Order {done.ref}: {tried} tried again, {closed} closed.")
        else:
            say(f"Nothing of order {done.ref} waits for a retry.")
    if failed:
        raise typer.Exit(1)


def handle(ref: str = _REF) -> None:
    """Take an order over by hand: nothing more is sent for it, what happens is still written down."""
    by = hand()
    from orderhaven.actions import orders

    orders.handle(by, ref)
    say(f"Order {ref} is yours now. To let Orderhaven go on with it: orderhaven give-back {ref}")


def give_back(ref: str = _REF) -> None:
    """Let Orderhaven go on with an order that was taken over."""
    by = hand()
    from orderhaven.actions import orders
    from orderhaven.core.status import SHOWN_AS

    status = orders.give_back(by, ref)
    say(f"Order {ref} goes on by itself, as: {SHOWN_AS[status][1]}.")


def cancel(
    ref: str = _REF,
    reason: CancelReason = typer.Option(
        CancelReason.OUT_OF_STOCK, help="What the marketplace is told, when the buyer did not ask."
    ),
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether it is meant.")] = False,
) -> None:
    """Cancel an order at the marketplace and in the shop, or accept the buyer's wish to."""
    by = hand()
    from orderhaven.actions import orders

    found = by.order(ref)
    if not yes:
        typer.confirm(f"Cancel order {found.ref} at {found.marketplace} and in the shop?", abort=True)
    orders.cancel(by, ref, reason)
    say(f"Order {found.ref} is cancelled here; {found.marketplace} and the shop are being told.")


def refuse(ref: str = _REF) -> None:
    """Refuse a buyer's wish to cancel."""
    by = hand()
    from orderhaven.actions import orders

    found = by.order(ref)
    if orders.refuse(by, ref):
        say(f"The buyer's wish is refused; order {found.ref} is to be shipped, and {found.marketplace} is being told.")
    else:
        say(f"{found.marketplace} takes no refusal: refusing means shipping. Complete order {found.ref} in the shop.")
