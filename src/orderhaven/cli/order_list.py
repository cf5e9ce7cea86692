"""Commands that show orders: orders, order."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from orderhaven.cli.console import Json, moment, order_meant, out, print_json, say, since, table
from orderhaven.cli.context import action_context
from orderhaven.core.problems import ProblemKind
from orderhaven.core.status import Status
from orderhaven.core.translation import _

if TYPE_CHECKING:
    from orderhaven.actions.context import ActionContext
    from orderhaven.store.listing.rows import Page, Row

E = TypeVar("E", bound=StrEnum)


def add_to(app: typer.Typer) -> None:
    app.command(help=_("The orders, newest first."))(orders)
    about = _(
        "One order: what each side knows, its lines, what is wrong and what you can do, and everything that happened."
    )
    app.command(help=about)(order)


def orders(
    search: str = typer.Option(
        "", "--search", "-s", help=_("Order or shop number, SKU, EAN, code; or how a last name or postcode begins.")
    ),
    status: list[str] = typer.Option(
        [], help=_("As in docs/reference: not_shipped, waiting, shipped ... Repeat it for more.")
    ),
    problems: Annotated[bool, typer.Option("--problems", help=_("Only orders that a person must look at."))] = False,
    problem: list[str] = typer.Option([], help=_("Only orders with this kind of problem. Repeat it for more.")),
    marketplace: str = typer.Option("", help=_("Only of this connection.")),
    shop: str = typer.Option("", help=_("Only of this connection.")),
    since_: str | None = typer.Option(None, "--since", help=_("Only placed since: 2026-01-31, or 2d ago.")),
    limit: int = typer.Option(50, min=1, max=1000, help=_("How many on a page.")),
    after: str = typer.Option("", help=_("The next page, as the page before named it.")),
    json: Json = False,
) -> None:
    context = action_context()
    from orderhaven.store.listing.filters import Filter, Tab
    from orderhaven.store.listing.rows import list_orders

    wanted = Filter(
        tab=Tab.PROBLEMS if problems else Tab.ALL,
        statuses=tuple(_word(Status, one, "--status") for one in status),
        problems=tuple(_word(ProblemKind, one, "--problem") for one in problem),
        marketplace=_known(context, marketplace),
        shop=_known(context, shop),
        since=since(since_, context.clock.now()),
        search=search,
    )
    page = list_orders(context.merchant_id, wanted, after, limit, now=context.clock.now())
    if json:
        print_json({"orders": page.rows, "after": page.after})
        return
    _say_page(page, wanted == Filter())


def order(
    ref: str = typer.Argument(
        callback=order_meant,
        help=_(
            "The order number, the marketplace's or the shop's; with MARKETPLACE/ in front where two have the same."
        ),
    ),
    people: Annotated[bool, typer.Option("--buyer", help=_("Show the buyer's name and addresses too."))] = False,
    json: Json = False,
) -> None:
    context = action_context()
    found = context.order(ref)
    from orderhaven.cli.order_text import say_order
    from orderhaven.store.orders import order_page

    page = order_page.order_page(found.order_id, quotes=people)
    buyer = order_page.buyer(found.order_id) if people else {}
    if json:
        print_json({"order": page, "buyer": buyer} if people else {"order": page})
    else:
        say_order(page, buyer, context.specs_by_name)


# below: a page


def _say_page(page: Page, everything: bool) -> None:
    if not page.rows and page.after:
        say(_("Some thousand orders were looked through. Older ones may be like that."))
        say(_("More: {option}", option=f"--after {page.after}"))
        return
    if not page.rows:
        nothing_yet = _("No orders yet: they come when a marketplace is linked and pulled.")
        say(nothing_yet if everything else _("No order is like that."))
        return
    wide = out.width >= 110
    more = (_("pieces"), _("total"), _("code")) if wide else ()
    headings = (_("order"), _("from"), _("placed"), _("status"), _("shop"), *more, _("problem"))
    rows = [_cells(row, wide) for row in page.rows]
    table(headings, rows, right=more[:2], at_least={_("order"): 10, _("placed"): 10})
    if page.after:
        say("\n" + _("More: {option}", option=f"--after {page.after}"))


def _cells(row: Row, wide: bool) -> list[str]:
    from orderhaven.words.orders import status_words, sync_words

    cells = [row.ref, row.marketplace, moment(row.placed_at) if wide else moment(row.placed_at)[:10]]
    sync = sync_words(row)
    cells += [status_words(row) + (f", {sync}" if sync else ""), row.shop_number or "-"]
    if wide:
        cells += [str(row.quantity), f"{row.total:.2f} {row.currency}", row.tracking_number]
    return [*cells, ", ".join(kind.label for kind in row.problems)]


def _word(kind: type[E], word: str, option: str) -> E:
    try:
        return kind(word)
    except ValueError:
        raise typer.BadParameter(
            _("'{word}' is not one of {words}.", word=word, words=", ".join(kind)), param_hint=option
        ) from None


def _known(context: ActionContext, name: str) -> str:
    """A connection that is not there is a slip, not an empty list."""
    return context.connection(name).name if name else ""
