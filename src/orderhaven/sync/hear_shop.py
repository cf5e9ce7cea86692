"""shop -> hub: what the merchant did with the orders there; and the end of each wait."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import structlog

from orderhaven.core.errors import AccountProblem, RateLimited, Surprise, TryLater
from orderhaven.ports.shop import Shop
from orderhaven.store import connections, shop_readings
from orderhaven.sync.cycle import Cycle
from orderhaven.sync.recovery import SAYS_NOTHING, say_nameless

log = structlog.get_logger()


async def hear_shop(cycle: Cycle) -> None:
    """Orders changed since the last hearing. One that takes long goes on in the next cycle, where this one stopped."""
    begun_at, until = cycle.now(), cycle.hears_until()
    cursor = cycle.row.cursor
    async for page in _shop(cycle).hear(cycle.row.cursor):
        if page.orders:
            await cycle.store(shop_readings.take_readings, cycle.claim, page.orders, begun_at, cycle.now())
        if page.not_understood:
            await _read_what_is_bent(cycle, page.not_understood)
        await say_nameless(cycle, page.nameless)
        cursor = page.cursor
        if page.position:
            await cycle.keep(cursor=page.position)
            if cycle.now() >= until:
                return
    cycle.heard(begun_at, cursor)


async def reread_open(cycle: Cycle) -> None:
    """Every open order by its id: some shops do not move an order's change date, and none lists its trash.

    Where that takes long, the next cycle goes on with the orders that this one did not come to.
    """
    until = cycle.hears_until()
    limit = cycle.declaration.limits.orders_per_look
    after = cycle.row.reread_after
    while page := await cycle.store(shop_readings.open_in_shop, cycle.row.pk, after, limit):
        after = page[-1][0]
        await _read(cycle, [shop_ref for _, shop_ref in page], cycle.now())
        if len(page) < limit:
            break
        await cycle.keep(reread_after=after)
        if cycle.now() >= until:
            return
    # "every time" means with every hearing
    every = max(cycle.declaration.limits.reread_every, timedelta(seconds=cycle.row.hear_every_s))
    again_at = connections.jittered(cycle.now(), every, cycle.hub.chance.random())
    cycle.schedule |= {"reread_at": again_at, "reread_after": 0}


async def end_waits(cycle: Cycle) -> None:
    """Read the orders whose wait is over; while the shop cannot be read they are held until their ship-by margin."""
    until = cycle.hears_until()
    limit = cycle.declaration.limits.orders_per_look
    try:
        if not cycle.usable:
            raise TryLater("the connection is paused or wants quiet")
        while cycle.now() < until and (
            refs := await cycle.store(shop_readings.waits_over, cycle.row.pk, cycle.now(), limit)
        ):
            if not await _read(cycle, refs, cycle.now()):
                await cycle.store(shop_readings.waits_unread, cycle.claim, cycle.now())
                return
    except (TryLater, AccountProblem):
        await cycle.store(shop_readings.waits_unread, cycle.claim, cycle.now())
        if cycle.usable:
            raise


async def _read_what_is_bent(cycle: Cycle, causes: Mapping[str, str]) -> None:
    """Rows that a list shows so that nobody understands them: each of our orders is read by itself, or has a Problem.

    Orders that are closed too: a list does not show them again, and nothing else reads them.
    """
    ours = await cycle.store(shop_readings.ours_among, cycle.row.pk, tuple(causes))
    most = cycle.declaration.limits.orders_per_look
    for some in (ours[start : start + most] for start in range(0, len(ours), most)):
        try:
            await _read(cycle, some, cycle.now())
        except RateLimited:
            raise
        except (
            TryLater
        ):  # perhaps only these orders': the list goes on, and they are read again until they are understood
            await _say_not_understood(cycle, {shop_ref: causes[shop_ref] for shop_ref in some})


async def _read(cycle: Cycle, shop_refs: Sequence[str], begun_at: datetime) -> int:
    """Read these and take them in. One that nobody understands holds up no other. How many were news."""
    try:
        readings = await _shop(cycle).read(shop_refs)
    except Surprise as surprise:
        if len(shop_refs) == 1:
            await _say_not_understood(cycle, {shop_refs[0]: surprise.cause})
            return 0
        half = len(shop_refs) // 2
        return sum([await _read(cycle, some, begun_at) for some in (shop_refs[:half], shop_refs[half:])])
    news = await cycle.store(shop_readings.take_readings, cycle.claim, list(readings.values()), begun_at, cycle.now())
    left_out = [shop_ref for shop_ref in shop_refs if shop_ref not in readings]
    if left_out and len(shop_refs) == 1:
        await _say_not_understood(cycle, dict.fromkeys(left_out, SAYS_NOTHING))
        return news
    return news + sum([await _read(cycle, [shop_ref], begun_at) for shop_ref in left_out])


async def _say_not_understood(cycle: Cycle, causes: Mapping[str, str]) -> None:
    if causes:
        log.error("shop_orders_not_understood", shop_refs=sorted(causes), causes=sorted(set(causes.values())))
        side = cycle.row.name
        await cycle.store(shop_readings.not_understood, cycle.claim, causes, side, cycle.now())


def _shop(cycle: Cycle) -> Shop:
    shop: Shop = cycle.connector
    return shop
