"""Commands for a trade that was running before: adopt, create, ignore."""

from pathlib import Path
from typing import Annotated

import typer

from orderhaven.cli.console import err, fail, order_meant, say, text_of
from orderhaven.cli.context import action_context, done_about
from orderhaven.core.translation import _, n_

_REF = typer.Argument("", help=_("The order number."))
_ALL_OLDER = typer.Option("", "--all-older", metavar="MARKETPLACE", help=_("Every open order from before the link."))


def add_to(app: typer.Typer) -> None:
    about = _("An order stands in the shop already, under another tool's number: take that one, create nothing.")
    app.command(help=about)(adopt)
    app.command(help=_("Create an order that was held back, or one whose shop order is gone."))(create)
    app.command(help=_("Never create an order in the shop: it is listed, and what happens to it is written down."))(
        ignore
    )


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
    if from_file is None:
        say(done_about(order_meant(ref), "adopt", shop_order=shop_order, force="yes" if force else ""))
        return
    context = action_context()
    from orderhaven.actions import onboarding

    done = onboarding.adopt_all(context, onboarding.pairs_in(text_of(from_file)), although_they_differ=force)
    failed = [one for one in done if one.sentence]
    say(n_("{number} order adopted.", "{number} orders adopted.", len(done) - len(failed)))
    for one in failed:
        err.print(f"{one.ref}: {one.sentence}", markup=False)
    if failed:
        raise typer.Exit(1)


def create(
    ref: str = _REF,
    all_older: str = _ALL_OLDER,
    again: Annotated[
        bool, typer.Option("--again", help=_("Its shop order was deleted or trashed: make a new one."))
    ] = False,
) -> None:
    _demand_one(ref, all_older)
    if ref:
        say(done_about(ref, "create-again" if again else "create"))
        return
    context = action_context()
    from orderhaven.actions import onboarding

    number = onboarding.create_older(context, all_older)
    say(n_("{number} order will be created in the shop.", "{number} orders will be created in the shop.", number))


def ignore(ref: str = _REF, all_older: str = _ALL_OLDER) -> None:
    _demand_one(ref, all_older)
    if ref:
        say(done_about(ref, "ignore"))
        return
    context = action_context()
    from orderhaven.actions import onboarding

    number = onboarding.ignore_older(context, all_older)
    say(n_("{number} order will be ignored.", "{number} orders will be ignored.", number))


def _demand_one(ref: str, all_older: str) -> None:
    if bool(ref) == bool(all_older):
        fail(_("Say which order, or all older ones of a marketplace with --all-older MARKETPLACE."))
