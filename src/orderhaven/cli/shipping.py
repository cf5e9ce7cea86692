"""Commands on carriers, codes and products: choose-carrier, correct, map."""

from shlex import quote
from typing import Annotated

import typer

from orderhaven.cli.console import order_meant, say
from orderhaven.cli.context import action_context, done_about
from orderhaven.cli.links import as_option
from orderhaven.core.translation import _, n_

_REF = typer.Argument(callback=order_meant, help=_("The order number, the marketplace's or the shop's."))


def add_to(app: typer.Typer) -> None:
    about = _("Say who carries an order's parcel; a confirmation that waits for it goes on.")
    app.command("choose-carrier", help=about)(choose_carrier)
    app.command(help=_("Send the marketplace the code that came after the shipment was confirmed."))(correct)
    about = _("Say which product of the shop an article of the marketplace is, from now on.")
    app.command("map", help=about)(map_product)


def choose_carrier(
    ref: str = _REF,
    carrier: str = typer.Argument(help=_("The carrier, as in postnl or dhl_parcel_de.")),
) -> None:
    context = action_context()
    from orderhaven.actions import shipping
    from orderhaven.words.order_actions import carrier_words

    found = context.order(ref)
    chosen = shipping.choose_carrier(context, ref, carrier)
    say(carrier_words(chosen, found.ref))
    if chosen.rule is not None:
        command = f"orderhaven link {quote(chosen.link)} --carrier-rule {quote(as_option(chosen.rule))}"
        say(_("To have such orders go with it from now on: {command}", command=command))


def correct(ref: str = _REF) -> None:
    say(done_about(ref, "correct"))


def map_product(
    marketplace: str = typer.Argument(help=_("The marketplace connection.")),
    sku: str = typer.Argument(help=_("The SKU there (the EAN, where the offer has no SKU).")),
    product: str = typer.Argument(help=_("The SKU of that product in the shop.")),
    by_key: Annotated[
        bool, typer.Option("--by-key", help=_("PRODUCT is the shop's own key of it, taken as it is."))
    ] = False,
) -> None:
    context = action_context()
    from orderhaven.actions import shipping

    if by_key:
        waiting = shipping.map_product(context, marketplace, sku, product_ref=product)
    else:
        waiting = shipping.map_product(context, marketplace, sku, shop_sku=product)
    said = _("{sku} is {product} from now on.", sku=sku, product=product)
    say(f"{said} " + n_("{number} order goes on.", "{number} orders go on.", waiting))
