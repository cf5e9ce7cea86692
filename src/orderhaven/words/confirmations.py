"""What is asked before something is done that another side hears of, or that many orders meet at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from orderhaven.core.status import Status
from orderhaven.core.translation import _, n_
from orderhaven.store.orders.order_page import OrderPage


@dataclass(frozen=True, slots=True)
class Question:
    """`happens`: what a yes does, sentence by sentence; `yes`: what the button says."""

    title: str
    happens: tuple[str, ...]
    yes: str


def before_cancelling(page: OrderPage) -> Question:
    head = page.head
    if head.status is Status.CANCELLATION_REQUESTED:
        title = _("The buyer asks to cancel order {ref}. Cancel it?", ref=head.ref)
    else:
        title = _("Cancel order {ref}?", ref=head.ref)
    told = _(
        "{marketplace} is informed that the order is cancelled. That cannot be taken back.",
        marketplace=head.marketplace,
    )
    if head.dry_run:
        told = _("The link is a dry run: {marketplace} is updated once it has ended.", marketplace=head.marketplace)
    return Question(title, (told, _in_shop(page)), _("Cancel the order"))


def before_many(act: str, number: int) -> Question | None:
    """None: it does no harm, so nothing is asked."""
    return _MANY[act](number) if act in _MANY else None


def _in_shop(page: OrderPage) -> str:
    number, shop = page.head.shop_number or page.shop_ref, page.head.shop
    if number:
        return _("Order {number} in {shop} is cancelled too.", number=number, shop=shop)
    return _("It is not in {shop}, and will not be created there.", shop=shop)


def _handle(number: int) -> Question:
    return Question(
        n_("Handle {number} order manually?", "Handle {number} orders manually?", number),
        (
            _(
                "Nothing more is sent for them, neither to the shop nor to the marketplace; what happens is still written down."
            ),
            _("On the page of an order you can let Orderhaven go on with it."),
        ),
        _("Handle manually"),
    )


def _create(number: int) -> Question:
    return Question(
        n_("Create {number} order in the shop?", "Create {number} orders in the shop?", number),
        (_("Those that are held are made in the shop now, and take from its stock. Others stay as they are."),),
        _("Create it"),
    )


def _ignore(number: int) -> Question:
    return Question(
        n_("Ignore {number} order?", "Ignore {number} orders?", number),
        (_("Those that are held are not created. They stay in this list, and can still be created one by one."),),
        _("Ignore it"),
    )


_MANY: Mapping[str, Callable[[int], Question]] = {"handle": _handle, "create": _create, "ignore": _ignore}
