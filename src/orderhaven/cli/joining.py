"""Commands for a trade that was running before: adopt, place, leave."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from orderhaven.cli.desk import hand
from orderhaven.cli.screen import count, err, fail, say

_REF = typer.Argument("", help="The order number.")
_ALL_OLDER = typer.Option("", "--all-older", metavar="MARKETPLACE", help="Every open order from before the link.")


def add_to(app: typer.Typer) -> None:
    app.command()(adopt)
    app.command()(place)
    app.command()(leave)


def adopt(
    ref: str = _REF,
    shop_order: str = typer.Argument("", help="The shop's own key of its order, as in its address there."),
    from_file: Path | None = typer.Option(None, help="Many at once: lines of ORDER,SHOP-ORDER; - is standard input."),
    force: Annotated[bool, typer.Option("--force", help="Also when pieces or total differ.")] = False,
) -> None:
    """An order stands in the shop already, under another tool's number: take that one, place nothing."""
    if (from_file is None) == (not shop_order):
        fail("Say which order is which shop order, or give a file: orderhaven adopt ORDER SHOP-ORDER")
    by = hand()
    from orderhaven.actions import joining

    if from_file is None:
        joining.adopt(by, ref, shop_order, although_it_differs=force)
        say(f"Order {ref} is shop order {shop_order}.")
        return
    text = sys.stdin.read() if str(from_file) == "-" else from_file.read_text("utf-8")
    done = joining.adopt_all(by, joining.pairs_in(text), although_they_differ=force)
    failed = [one for one in done if one.sentence]
    say(f"{count(len(done) - len(failed), 'order')} adopted.")
    for one in failed:
        err.print(f"{one.ref}: {one.sentence}", markup=False)
    if failed:
        raise typer.Exit(1)


def place(
    ref: str = _REF,
    all_older: str = _ALL_OLDER,
    again: Annotated[
        bool, typer.Option("--again", help="Its shop order was deleted or trashed: make a new one.")
    ] = False,
) -> None:
    """Place an order that was held back, or one whose shop order is gone."""
    _demand_one(ref, all_older)
    by = hand()
    from orderhaven.actions import joining

    if all_older:
        say(f"{count(joining.place_older(by, all_older), 'order')} will be placed.")
        return
    (joining.place_again if again else joining.place)(by, ref)
    say(f"Order {ref} will be placed{' again' if again else ''}.")


def leave(ref: str = _REF, all_older: str = _ALL_OLDER) -> None:
    """Never place an order: it is listed, and what happens to it is written down."""
    _demand_one(ref, all_older)
    by = hand()
    from orderhaven.actions import joining

    if all_older:
        say(f"{count(joining.leave_older(by, all_older), 'order')} will be left alone.")
        return
    joining.leave(by, ref)
    say(f"Order {ref} is left alone.")


def _demand_one(ref: str, all_older: str) -> None:
    if bool(ref) == bool(all_older):
        fail("Say which order, or all older ones of a marketplace with --all-older MARKETPLACE.")
