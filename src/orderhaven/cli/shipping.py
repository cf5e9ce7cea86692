"""Commands on carriers, codes and products: choose-carrier, correct, map."""

from shlex import quote
from typing import Annotated

import typer

from orderhaven.cli.desk import hand
from orderhaven.cli.links import as_option
from orderhaven.cli.screen import say


def add_to(app: typer.Typer) -> None:
    app.command("choose-carrier")(choose_carrier)
    app.command()(correct)
    app.command("map")(map_product)


def choose_carrier(
    ref: str = typer.Argument(help="The order number."),
    carrier: str = typer.Argument(help="The carrier, as in postnl or dhl_parcel_de."),
) -> None:
    """Say who carries an order's parcel; a confirmation that waits for it goes on."""
    by = hand()
    from orderhaven.actions import shipping

    chosen = shipping.choose_carrier(by, ref, carrier)
    say(f"Order {ref} goes with {chosen.carrier.display_name}.")
    if chosen.rule is not None:
        option = quote(as_option(chosen.rule))
        say(
            f"To have such orders go with it from now on: orderhaven link {quote(chosen.marketplace)} --carrier-rule {option}"
        )


def correct(ref: str = typer.Argument(help="The order number.")) -> None:
    """Tell the marketplace the code that came after the shipment was confirmed."""
    by = hand()
    from orderhaven.actions import shipping

    code = shipping.correct(by, ref)
    say(f"Code {code} of order {ref} is being told.")


def map_product(
    marketplace: str = typer.Argument(help="The marketplace connection."),
    sku: str = typer.Argument(help="The SKU there (the EAN, where the offer has no SKU)."),
    product: str = typer.Argument(help="The SKU of that product in the shop."),
    by_key: Annotated[
        bool, typer.Option("--by-key", help="PRODUCT is the shop's own key of it, taken as it is.")
    ] = False,
) -> None:
    """Say which product of the shop an article of the marketplace is, from now on."""
    by = hand()
    from orderhaven.actions import shipping

    if by_key:
        waiting = shipping.map_product(by, marketplace, sku, product_ref=product)
    else:
        waiting = shipping.map_product(by, marketplace, sku, shop_sku=product)
    say(f"{sku} is {product} from now on. Orders that waited for it and go on: {waiting}.")
