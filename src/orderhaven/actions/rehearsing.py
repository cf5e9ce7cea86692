"""What a link in rehearsal would send. The shop is only asked which products it has."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from orderhaven.actions.errors import Impossible
from orderhaven.actions.hand import Hand, needs
from orderhaven.actions.outside import ask
from orderhaven.core.access import Power
from orderhaven.core.errors import TryLater
from orderhaven.core.language import _
from orderhaven.core.problems import sentence
from orderhaven.core.shop_order import Placement, ProductWanted
from orderhaven.ports.shop import Shop
from orderhaven.store import connections, outbox, placing, tellings
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


@needs(Power.LOOK)
def rehearsal(by: Hand, marketplace: str, limit: int = 200) -> Sequence[WouldSend]:
    """What it would send now, oldest first. Raises Impossible when the link is no rehearsal."""
    found = by.link(marketplace)
    if not found.rehearsal:
        raise Impossible(_("'{name}' is not in rehearsal: what there is to send is sent.", name=marketplace))
    messages = outbox.to_be_sent(found.pk, limit)
    placings = _looked_up(by, found, [message for message in messages if message.kind == Kind.PLACE])
    return [placings.get(message.id) or _would_send(by, message) for message in messages]


# below: how


def _would_send(by: Hand, message: Message) -> WouldSend:
    if message.side == Side.SHOP:
        return _in_shop(message, _contents(message))
    verdict = tellings.compose(message, by.declaration(message.order.link.marketplace.connector))
    problem, facts = "", ""
    match verdict:
        case Composed():
            facts = ", ".join(f"{name} {value}" for name, value in verdict.facts.items() if value)
        case Park():
            problem = sentence(verdict.kind, verdict.values)
        case NotWanted():
            facts = _("nothing any more")
        case _:
            facts = str(verdict)
    return WouldSend(message.order.ref, Side(message.side), message.kind, reference(message), facts, problem)


def _looked_up(by: Hand, link: Link, placings: Sequence[Message]) -> Mapping[int, WouldSend]:
    """Each as the shop would take it, by the key of its message."""
    wholes = {message.id: placing.placement(message) for message in placings}
    flaws = {message.id: placing.flaw_of(message, wholes[message.id], link.shop.currencies) for message in placings}
    ready = [wholes[key] for key, flaw in flaws.items() if flaw is None]
    try:
        products, unknown = _products(by, link, ready), ""
    except Impossible as error:
        products, unknown = {}, _("whether the shop has these products could not be looked up: {why}", why=str(error))
    found: dict[int, WouldSend] = {}
    for message in placings:
        flaw = flaws[message.id]
        if flaw is None and not unknown:
            flaw = _lacking(wholes[message.id], products)
        facts = _contents(message) + (f"; {unknown}" if unknown and flaw is None else "")
        found[message.id] = _in_shop(message, facts, flaw)
    return found


def _products(by: Hand, link: Link, wholes: Sequence[Placement]) -> Mapping[ProductWanted, str]:
    """The shop's products for these, by what people named and by what the shop says. Raises Impossible."""
    articles = placing.articles_of(wholes)
    said = placing.matches_said(link.shop_id, articles)
    asked = sorted(articles - said.keys(), key=repr)
    if not asked:
        return said
    declaration = by.declaration(link.shop.connector)

    async def look(shop: Shop) -> dict[ProductWanted, str]:
        found: dict[ProductWanted, str] = {}
        try:
            async with asyncio.timeout(_LONGEST_LOOK_S):
                for first in range(0, len(asked), declaration.limits.orders_per_look):
                    found |= await shop.find_products(asked[first : first + declaration.limits.orders_per_look])
        except TimeoutError:
            raise TryLater(f"{declaration.title} did not answer in time") from None
        return found

    return said | ask(by, declaration, connections.open_settings(link.shop), look)


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
    return _("{articles}; total {total}", articles=articles, total=f"{row.total.normalize():f} {row.currency}")
