"""marketplace -> hub: new orders, and what changed of the others."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import structlog
from msgspec.structs import replace

from orderhaven.core.errors import HubError, OrderProblem, RateLimited, Surprise, TryLater
from orderhaven.core.order import Order
from orderhaven.core.problems import ProblemKind
from orderhaven.ports.connector import Can
from orderhaven.ports.marketplace import Marketplace, Sighting
from orderhaven.store import orders
from orderhaven.store.models import Link
from orderhaven.sync.at_once import at_once
from orderhaven.sync.cycle import Cycle
from orderhaven.sync.recovery import OURS, by_name, say_nameless

log = structlog.get_logger()
_READ_AT_ONCE = 50
_READ_AGAIN = timedelta(minutes=15)
_READ_SOON = timedelta(minutes=1)  # with the next hearing

Said = tuple[ProblemKind, Mapping[str, str]]


async def hear_marketplace(cycle: Cycle) -> None:
    """Take in what is new and changed, read what the list does not carry, and move the cursor once the whole list is in."""
    link, has_unread = await cycle.store(orders.to_hear, cycle.row.pk, cycle.now())
    if link is None:
        cycle.heard(cycle.now(), cycle.row.cursor)
        return
    begun_at, until = cycle.now(), cycle.hears_until()
    cursor, new = cycle.row.cursor, 0
    reads_new = True
    strange: dict[str, str] = {}
    async for page in _marketplace(cycle).hear(cycle.row.cursor):
        if fresh := await _never_seen(cycle, link, page.sightings):
            whole = await _with_orders(cycle, fresh) if reads_new else fresh
            reads_new = all(one.order is not None for one in whole) and cycle.now() < until
            new += await cycle.store(orders.take_new, cycle.claim, link, whole, cycle.now())
        strange |= page.not_understood
        await say_nameless(cycle, page.nameless)
        cursor = page.cursor
    if strange:
        await _take_strange(cycle, link, strange)
    cycle.heard(begun_at, cursor)
    if new:
        log.info("orders_heard", new=new)
    if has_unread or strange or _accepts(cycle) or not reads_new:
        await _read_whole_orders(cycle, link, until)


async def _never_seen(cycle: Cycle, link: Link, sightings: Sequence[Sighting]) -> Sequence[Sighting]:
    """What is news of orders that are known is taken in; the others come back."""
    if not sightings:
        return ()
    take = orders.take_sightings
    return await cycle.store(take, cycle.claim, link, sightings, cycle.now(), accepts=_accepts(cycle))


async def _take_strange(cycle: Cycle, link: Link, causes: Mapping[str, str]) -> None:
    """What a list shows so that nobody understands it may be understood when the order is read; else that says what is wrong."""
    log.error("orders_not_understood", refs=sorted(causes), causes=sorted(set(causes.values())))
    await cycle.store(orders.take_strange, cycle.claim, link, tuple(causes), cycle.now())


def _accepts(cycle: Cycle) -> bool:
    return Can.ACCEPT in cycle.declaration.can


async def _with_orders(cycle: Cycle, fresh: Sequence[Sighting]) -> Sequence[Sighting]:
    """New orders are read at once, so that each is written once and whole.

    One that does not come is listed, and the list is heard to its end before anything else is read: a list with more pages
    than orders may be read would begin again for ever.
    """
    answers = await _read(cycle, [one.ref for one in fresh if one.order is None])
    whole = {ref: answer for ref, answer in answers.items() if isinstance(answer, Order)}
    return [replace(one, order=whole.get(one.ref, one.order)) for one in fresh]


async def _read_whole_orders(cycle: Cycle, link: Link, until: datetime) -> None:
    """In batches, until every order that is listed is read or has said why not; the rest in the next cycle, at once."""
    while refs := await cycle.store(orders.to_read, link, cycle.now(), _READ_AT_ONCE):
        answers = await _read(cycle, refs)
        whole = [answer for answer in answers.values() if isinstance(answer, Order)]
        await cycle.store(orders.take_orders, cycle.claim, link, whole, cycle.now())
        await _say_what_failed(cycle, link, answers)
        if cycle.now() >= until:
            cycle.schedule["hear_at"] = cycle.now()
            return


async def _read(cycle: Cycle, refs: Sequence[str]) -> dict[str, Order | Exception]:
    answers = await at_once(cycle.declaration.limits.calls_at_once, refs, _marketplace(cycle).read)
    return dict(zip(refs, answers, strict=True))


async def _say_what_failed(cycle: Cycle, link: Link, answers: Mapping[str, Order | Exception]) -> None:
    """One order's trouble is its own; what concerns the account ends the cycle, after the others are in."""
    none_came = len(answers) > 1 and all(isinstance(answer, TryLater) for answer in answers.values())
    ends: HubError | None = None
    for ref, answer in answers.items():
        match answer:
            case OrderProblem():
                await _try_again_later(cycle, link, ref, (answer.kind, by_name(answer, cycle.row.name)))
            case Surprise():
                await _try_again_later(cycle, link, ref, _surprise(cycle, answer.cause))
            case TryLater() if not (none_came or isinstance(answer, RateLimited)):
                await _try_again_later(cycle, link, ref, None)
            case HubError():
                ends = ends if isinstance(ends, RateLimited) else answer
            case Exception():  # a bug of ours that this order brings out
                log.error("reading_broke", ref=ref, exc_info=answer)
                await _try_again_later(cycle, link, ref, _surprise(cycle, OURS))
    if ends is not None:
        cycle.schedule["hear_at"] = cycle.now()  # the rest is read as soon as they let us
        raise ends


def _surprise(cycle: Cycle, cause: str) -> Said:
    return ProblemKind.SURPRISE, {"side": cycle.row.name, "cause": cause}


async def _try_again_later(cycle: Cycle, link: Link, ref: str, problem: Said | None) -> None:
    after = _READ_AGAIN if problem else _READ_SOON
    await cycle.store(orders.reading_failed, cycle.claim, link, ref, cycle.now(), after, problem)


def _marketplace(cycle: Cycle) -> Marketplace:
    marketplace: Marketplace = cycle.connector
    return marketplace
