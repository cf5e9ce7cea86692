"""What a link in dry run would send. The shop is only asked which products it has, and only when somebody says so."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from msgspec.structs import asdict

from orderhaven.actions.context import ActionContext, requires
from orderhaven.actions.errors import action_refused
from orderhaven.actions.probing import ask_of
from orderhaven.core.access import Permission
from orderhaven.core.errors import SafeToRetry
from orderhaven.core.sentences import sentence
from orderhaven.core.shop_order import ProductQuery, ShopOrderDraft
from orderhaven.core.translation import _
from orderhaven.ports.shop import Shop
from orderhaven.store.models import Link, Message, MessageKind, Side
from orderhaven.store.outbox import commands, queue, result
from orderhaven.store.outbox.queue import ComposedMessage
from orderhaven.store.outbox.references import reference_of

_LONGEST_LOOK_S = 10  # somebody waits before a page


@dataclass(frozen=True, slots=True)
class DryRunEntry:
    """One thing that a link in dry run would send: facts, no personal data."""

    ref: str
    side: Side
    what: str
    reference: str
    facts: str
    problem: str  # a sentence when it would not be sent but wait for a person; "" otherwise


@dataclass(frozen=True, slots=True)
class DryRun:
    dry_run_entries: Sequence[DryRunEntry]  # oldest first
    looked_up_at: datetime | None  # when the shop was last asked for its products; None: never


@requires(Permission.READ)
def dry_run(context: ActionContext, marketplace: str, limit: int = 200) -> DryRun:
    """What it would send now, by what the shop said when it was last asked. Raises ActionRefused when the link is no dry run."""
    found = _in_dry_run(context, marketplace)
    messages = queue.to_be_sent(found.pk, limit)
    looked_up_at, products = commands.kept_lookup(found.pk)
    known = {**products, **commands.matches_said(found.shop_id, _articles(messages))}
    return DryRun([_would_send(context, found, message, known) for message in messages], looked_up_at)


@requires(Permission.WRITE)
def look_up(context: ActionContext, marketplace: str, limit: int = 200) -> None:
    """Ask the shop which of their products it has. Raises ActionRefused when the link is no dry run, or the shop does not
    answer."""
    found = _in_dry_run(context, marketplace)
    asked = _articles(queue.to_be_sent(found.pk, limit))
    products = _asked(context, found, sorted(asked - commands.matches_said(found.shop_id, asked).keys(), key=repr))
    commands.keep_lookup(found.pk, products, context.clock.now())


def _in_dry_run(context: ActionContext, marketplace: str) -> Link:
    found = context.link(marketplace)
    if not found.dry_run:
        raise action_refused("'{name}' is not a dry run: what there is to send is sent.", name=marketplace)
    return found


def _would_send(context: ActionContext, link: Link, message: Message, known: Mapping[ProductQuery, str]) -> DryRunEntry:
    if message.kind == MessageKind.CREATE:
        return _would_create(link, message, known)
    if message.side == Side.SHOP:
        return _in_shop(message, _contents(message))
    outcome = commands.compose_message(message, context.spec_of(message.order.connection))
    problem, facts = "", ""
    match outcome:
        case ComposedMessage():
            facts = ", ".join(f"{name} {value}" for name, value in asdict(outcome.payload).items() if value)
        case result.NeedsAttention():
            problem = sentence(outcome.kind, outcome.values)
        case result.NotNeeded():
            facts = _("nothing any more")
        case _:
            facts = str(outcome)
    return DryRunEntry(message.order.ref, Side(message.side), message.kind, reference_of(message), facts, problem)


def _articles(messages: Sequence[Message]) -> set[ProductQuery]:
    return commands.articles_of(
        [
            commands.draft_of(message, reference_of(message))
            for message in messages
            if message.kind == MessageKind.CREATE
        ]
    )


def _would_create(link: Link, message: Message, known: Mapping[ProductQuery, str]) -> DryRunEntry:
    """As the shop would take it, as far as that was looked up."""
    whole, facts = commands.draft_of(message, reference_of(message)), _contents(message)
    flaw = commands.flaw_of(message, whole, link.shop.currencies)
    if flaw is None:
        if commands.articles_of([whole]) <= known.keys():
            flaw = _lacking(whole, {wanted: ref for wanted, ref in known.items() if ref})
        else:
            facts += "; " + _("not looked up in the shop yet")
    return _in_shop(message, facts, flaw)


def _asked(context: ActionContext, link: Link, wanted: Sequence[ProductQuery]) -> Mapping[ProductQuery, str]:
    """Which product the shop has for each; "" for none. Raises ActionRefused."""
    at_once = context.spec_of(link.shop).limits.orders_per_lookup

    async def look(shop: Shop) -> dict[ProductQuery, str]:
        found: dict[ProductQuery, str] = {}
        try:
            async with asyncio.timeout(_LONGEST_LOOK_S):
                for first in range(0, len(wanted), at_once):
                    found |= await shop.find_products(wanted[first : first + at_once])
        except TimeoutError:
            raise SafeToRetry(f"{link.shop.name} did not answer in time") from None
        return found

    if not wanted:
        return {}
    found = ask_of(context, link.shop, look)
    return {one: found.get(one, "") for one in wanted}


def _lacking(whole: ShopOrderDraft, products: Mapping[ProductQuery, str]) -> result.NeedsAttention | None:
    found = commands.with_products(whole, products)
    return None if isinstance(found, ShopOrderDraft) else commands.unknown_product(found)


def _in_shop(message: Message, facts: str, flaw: result.NeedsAttention | None = None) -> DryRunEntry:
    row = message.order
    problem = sentence(flaw.kind, flaw.values) if flaw is not None else ""
    return DryRunEntry(row.ref, Side.SHOP, message.kind, reference_of(message), facts, problem)


def _contents(message: Message) -> str:
    """Articles and the total; who buys them does not stand here."""
    row = message.order
    lines = sorted(row.lines.all(), key=lambda line: line.position)
    open_quantities = [
        (line.ordered - line.shipped - line.cancelled, line.sku or line.ean or line.title) for line in lines
    ]
    articles = ", ".join(f"{quantity} x {article}" for quantity, article in open_quantities if quantity > 0)
    return _("{articles}; total {total}", articles=articles, total=f"{row.total:.2f} {row.currency}")
