"""Commands for a trade that was running before: adopt, place, leave."""

from pathlib import Path
from typing import Annotated

import typer

from orderhaven.cli.desk import hand
from orderhaven.cli.screen import err, fail, order_meant, say, text_of
from orderhaven.core.language import _, n_

_REF = typer.Argument("", help=_("The order number."))
_ALL_OLDER = typer.Option("", "--all-older", metavar="MARKETPLACE", help=_("Every open order from before the link."))


def add_to(app: typer.Typer) -> None:
    about = _("An order stands in the shop already, under another tool's number: take that one, place nothing.")
    app.command(help=about)(adopt)
    app.command(help=_("Place an order that was held back, or one whose shop order is gone."))(place)
    app.command(help=_("Never place an order: it is listed, and what happens to it is written down."))(leave)


def adopt(
    ref: str = _REF,
    shop_order: str = typer.Argument("", help=_("The shop's own key of its order, as in its address there.")),
    from_file: Path | None = typer.Option(
        None, help=_("Many at once: lines of ORDER,SHOP-ORDER; - is standard input.")
    ),
    force: Annotated[bool, typer.Option("--force", help=_("Also when pieces or total differ."))] = False,
) -> None:
    if (from_file is None) == (not shop_order):
        fail(_("Say which order is which shop order, or give a file: orderhaven adopt ORDER SHOP-ORDER"))
    by = hand()
    from orderhaven.actions import joining

    if from_file is None:
        found = by.order(order_meant(ref))
        joining.adopt(by, ref, shop_order, although_it_differs=force)
        say(_("Order {ref} is shop order {shop_order}.", ref=found.ref, shop_order=shop_order))
        return
    done = joining.adopt_all(by, joining.pairs_in(text_of(from_file)), although_they_differ=force)
    failed = [one for one in done if one.sentence]
    say(n_("{number} order adopted.", "{number} orders adopted.", len(done) - len(failed)))
    for one in failed:
        err.print(f"{one.ref}: {one.sentence}", markup=False)
    if failed:
        raise typer.Exit(1)


def place(
    ref: str = _REF,
    all_older: str = _ALL_OLDER,
    again: Annotated[
        bool, typer.Option("--again", help=_("Its shop order was deleted or trashed: make a new one."))
    ] = False,
) -> None:
    _demand_one(ref, all_older)
    by = hand()
    from orderhaven.actions import joining

    if all_older:
        number = joining.place_older(by, all_older)
        say(n_("{number} order will be placed.", "{number} orders will be placed.", number))
        return
    found = by.order(ref)
    (joining.place_again if again else joining.place)(by, ref)
    shown = found.ref
    say(_("Order {ref} will be placed again.", ref=shown) if again else _("Order {ref} will be placed.", ref=shown))


def leave(ref: str = _REF, all_older: str = _ALL_OLDER) -> None:
    _demand_one(ref, all_older)
    by = hand()
    from orderhaven.actions import joining

    if all_older:
        number = joining.leave_older(by, all_older)
        say(n_("{number} order will be left alone.", "{number} orders will be left alone.", number))
        return
    found = by.order(ref)
    joining.leave(by, ref)
    say(_("Order {ref} is left alone.", ref=found.ref))


def _demand_one(ref: str, all_older: str) -> None:
    if bool(ref) == bool(all_older):
        fail(_("Say which order, or all older ones of a marketplace with --all-older MARKETPLACE."))
