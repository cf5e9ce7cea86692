"""What a link in rehearsal would send. The shop is only asked which products it has, and only when somebody says so."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from msgspec.structs import asdict

from orderhaven.actions.errors import impossible
from orderhaven.actions.hand import Hand, needs
from orderhaven.actions.outside import ask_of
from orderhaven.core.access import Power
from orderhaven.core.errors import TryLater
from orderhaven.core.language import _
from orderhaven.core.sentences import sentence
from orderhaven.core.shop_order import Placement, ProductWanted
from orderhaven.ports.shop import Shop
from orderhaven.store import outbox, placing, tellings
from orderhaven.store.corrections import reference
from orderhaven.store.models import Kind, Link, Message, Side
from orderhaven.store.outbox import Composed
from orderhaven.store.verdicts import NotWanted, Park

_LONGEST_LOOK_S = 10  # somebody waits before a page


@dataclass(frozen=True, slots=True)
class WouldSend:
    """One thing that a link in rehearsal would send: facts, no personal data."""

    ref: str
    side: Side
    what: str
    reference: str
    facts: str
    problem: str  # a sentence when it would not be sent but wait for a person; "" otherwise


@dataclass(frozen=True, slots=True)
class Rehearsal:
    would_send: Sequence[WouldSend]  # oldest first
    looked_up_at: datetime | None  # when the shop was last asked for its products; None: never


@needs(Power.LOOK)
def rehearsal(by: Hand, marketplace: str, limit: int = 200) -> Rehearsal:
    """What it would send now, by what the shop said when it was last asked. Raises Impossible when the link is no rehearsal."""
    found = _in_rehearsal(by, marketplace)
    messages = outbox.to_be_sent(found.pk, limit)
    looked_up_at, products = placing.kept_lookup(found.pk)
    known = {**products, **placing.matches_said(found.shop_id, _articles(messages))}
    return Rehearsal([_would_send(by, found, message, known) for message in messages], looked_up_at)


@needs(Power.ACT)
def look_up(by: Hand, marketplace: str, limit: int = 200) -> None:
    """Ask the shop which of their products it has. Raises Impossible when the link is no rehearsal, or the shop does not
    answer."""
    found = _in_rehearsal(by, marketplace)
    asked = _articles(outbox.to_be_sent(found.pk, limit))
    products = _asked(by, found, sorted(asked - placing.matches_said(found.shop_id, asked).keys(), key=repr))
    placing.keep_lookup(found.pk, products, by.clock.now())


def _in_rehearsal(by: Hand, marketplace: str) -> Link:
    found = by.link(marketplace)
    if not found.rehearsal:
        raise impossible("'{name}' is not in rehearsal: what there is to send is sent.", name=marketplace)
    return found


def _would_send(by: Hand, link: Link, message: Message, known: Mapping[ProductWanted, str]) -> WouldSend:
    if message.kind == Kind.PLACE:
        return _would_place(link, message, known)
    if message.side == Side.SHOP:
        return _in_shop(message, _contents(message))
    verdict = tellings.compose(message, by.declaration(message.order.link.marketplace.connector))
    problem, facts = "", ""
    match verdict:
        case Composed():
            facts = ", ".join(f"{name} {value}" for name, value in asdict(verdict.payload).items() if value)
        case Park():
            problem = sentence(verdict.kind, verdict.values)
        case NotWanted():
            facts = _("nothing any more")
        case _:
            facts = str(verdict)
    return WouldSend(message.order.ref, Side(message.side), message.kind, reference(message), facts, problem)


def _articles(messages: Sequence[Message]) -> set[ProductWanted]:
    return placing.articles_of([placing.placement(message) for message in messages if message.kind == Kind.PLACE])


def _would_place(link: Link, message: Message, known: Mapping[ProductWanted, str]) -> WouldSend:
    """As the shop would take it, as far as that was looked up."""
    whole, facts = placing.placement(message), _contents(message)
    flaw = placing.flaw_of(message, whole, link.shop.currencies)
    if flaw is None:
        if placing.articles_of([whole]) <= known.keys():
            flaw = _lacking(whole, {wanted: ref for wanted, ref in known.items() if ref})
        else:
            facts += "; " + _("not looked up in the shop yet")
    return _in_shop(message, facts, flaw)


def _asked(by: Hand, link: Link, wanted: Sequence[ProductWanted]) -> Mapping[ProductWanted, str]:
    """Which product the shop has for each; "" for none. Raises Impossible."""
    declaration = by.declaration(link.shop.connector)
    at_once = declaration.limits.orders_per_look

    async def look(shop: Shop) -> dict[ProductWanted, str]:
        found: dict[ProductWanted, str] = {}
        try:
            async with asyncio.timeout(_LONGEST_LOOK_S):
                for first in range(0, len(wanted), at_once):
                    found |= await shop.find_products(wanted[first : first + at_once])
        except TimeoutError:
            raise TryLater(f"{declaration.title} did not answer in time") from None
        return found

    if not wanted:
        return {}
    found = ask_of(by, link.shop, look)
    return {one: found.get(one, "") for one in wanted}


def _lacking(whole: Placement, products: Mapping[ProductWanted, str]) -> Park | None:
    found = placing.with_products(whole, products)
    return None if isinstance(found, Placement) else placing.unknown_product(found)


def _in_shop(message: Message, facts: str, flaw: Park | None = None) -> WouldSend:
    row = message.order
    problem = sentence(flaw.kind, flaw.values) if flaw is not None else ""
    return WouldSend(row.ref, Side.SHOP, message.kind, placing.reference(message), facts, problem)


def _contents(message: Message) -> str:
    """Articles and the total; who buys them does not stand here."""
    row = message.order
    lines = sorted(row.lines.all(), key=lambda line: line.position)
    open_pieces = [(line.ordered - line.shipped - line.cancelled, line.sku or line.ean or line.title) for line in lines]
    articles = ", ".join(f"{pieces} x {article}" for pieces, article in open_pieces if pieces > 0)
    return _("{articles}; total {total}", articles=articles, total=f"{row.total:.2f} {row.currency}")
