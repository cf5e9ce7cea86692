"""Marketplace and shop -> hub: new and changed orders, and the waits that end."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import structlog
from msgspec.structs import replace

from orderhaven.core.errors import AccountProblem, HubError, OrderProblem, RateLimited, SafeToRetry, UnexpectedResponse
from orderhaven.core.order import MarketplaceOrder
from orderhaven.core.problems import ProblemKind
from orderhaven.ports.marketplace import Marketplace, OrderSummary
from orderhaven.ports.shop import Shop
from orderhaven.store.connections import connections
from orderhaven.store.connections.routing import Routing
from orderhaven.store.orders import marketplace_snapshots, shop_snapshots
from orderhaven.sync.sync_run import OURS, SAYS_NOTHING, SyncRun, by_name, gather_limited, record_unidentified

log = structlog.get_logger()
_READ_AT_ONCE = 50
_READ_AGAIN = timedelta(minutes=15)
_READ_SOON = timedelta(minutes=1)  # with the next pull

Failures = tuple[ProblemKind, Mapping[str, str]]


async def pull_marketplace(sync_run: SyncRun) -> None:
    """Take in what is new and changed, read what the list does not carry, and move the cursor once the whole list is in."""
    routing, has_unread = await sync_run.in_store(marketplace_snapshots.refs_due, sync_run.row, sync_run.now())
    if routing is None:
        sync_run.record_pull(sync_run.now(), sync_run.row.cursor)
        return
    begun_at, until = sync_run.now(), sync_run.pulls_until()
    cursor, new = sync_run.row.cursor, 0
    reads_new, reads_again = True, has_unread
    strange: dict[str, str] = {}
    async for page in _marketplace(sync_run).pull(sync_run.row.cursor):
        fresh, outdated = await _new_to_us(sync_run, routing, page.summaries)
        reads_again = reads_again or outdated
        if fresh:
            whole = await _with_orders(sync_run, fresh) if reads_new else fresh
            reads_new = all(one.order is not None for one in whole) and sync_run.now() < until
            new += await sync_run.in_store(
                marketplace_snapshots.insert_orders, sync_run.claim, routing, whole, sync_run.now()
            )
        strange |= page.not_understood
        await record_unidentified(sync_run, page.unidentified)
        cursor = page.cursor
    if strange:
        await _record_unreadable(sync_run, routing, strange)
    sync_run.record_pull(begun_at, cursor)
    if new:
        log.info("orders_pulled", new=new)
    if reads_again or strange or not reads_new:
        await _read_whole_orders(sync_run, routing, until)


async def _new_to_us(
    sync_run: SyncRun, routing: Routing, summaries: Sequence[OrderSummary]
) -> marketplace_snapshots.SummaryNews:
    """What is news of orders that are known is taken in; the others come back."""
    if not summaries:
        return marketplace_snapshots.SummaryNews([], read_again=False)
    take = marketplace_snapshots.record_summaries
    return await sync_run.in_store(take, sync_run.claim, routing, summaries, sync_run.now())


async def _record_unreadable(sync_run: SyncRun, routing: Routing, causes: Mapping[str, str]) -> None:
    """What a list shows so that nobody understands it may be understood when the order is read; else that says what is wrong."""
    log.error("orders_unreadable", refs=sorted(causes), causes=sorted(set(causes.values())))
    await sync_run.in_store(
        marketplace_snapshots.record_unreadable, sync_run.claim, routing, tuple(causes), sync_run.now()
    )


async def _with_orders(sync_run: SyncRun, fresh: Sequence[OrderSummary]) -> Sequence[OrderSummary]:
    """New orders are read at once, so that each is written once and whole.

    One that does not come is listed, and the list is pulled to its end before anything else is read: a list with more pages
    than orders may be read would begin again for ever.
    """
    answers = await _read(sync_run, [one.ref for one in fresh if one.order is None])
    whole = {ref: answer for ref, answer in answers.items() if isinstance(answer, MarketplaceOrder)}
    return [replace(one, order=whole.get(one.ref, one.order)) for one in fresh]


async def _read_whole_orders(sync_run: SyncRun, routing: Routing, until: datetime) -> None:
    """In batches, until every order that is listed is read or has said why not; the rest in the next run, at once."""
    while refs := await sync_run.in_store(marketplace_snapshots.refs_to_read, routing, sync_run.now(), _READ_AT_ONCE):
        answers = await _read(sync_run, refs)
        whole = [answer for answer in answers.values() if isinstance(answer, MarketplaceOrder)]
        await sync_run.in_store(marketplace_snapshots.record_orders, sync_run.claim, routing, whole, sync_run.now())
        await _say_what_failed(sync_run, routing, answers)
        if sync_run.now() >= until:
            sync_run.schedule["pull_at"] = sync_run.now()
            return


async def _read(sync_run: SyncRun, refs: Sequence[str]) -> dict[str, MarketplaceOrder | Exception]:
    answers = await gather_limited(sync_run.spec.limits.concurrent_calls, refs, _marketplace(sync_run).read)
    return dict(zip(refs, answers, strict=True))


async def _say_what_failed(
    sync_run: SyncRun, routing: Routing, answers: Mapping[str, MarketplaceOrder | Exception]
) -> None:
    """One order's trouble is its own; what concerns the account ends the run, after the others are in."""
    none_came = len(answers) > 1 and all(isinstance(answer, SafeToRetry) for answer in answers.values())
    ends: HubError | None = None
    for ref, answer in answers.items():
        match answer:
            case OrderProblem():
                await _try_again_later(sync_run, routing, ref, (answer.kind, by_name(answer, sync_run.row.name)))
            case UnexpectedResponse():
                await _try_again_later(sync_run, routing, ref, _unexpected(sync_run, answer.cause))
            case SafeToRetry() if not (none_came or isinstance(answer, RateLimited)):
                await _try_again_later(sync_run, routing, ref, None)
            case HubError():
                ends = ends if isinstance(ends, RateLimited) else answer
            case Exception():  # a bug of ours that this order brings out
                log.error("fetch_crashed", ref=ref, exc_info=answer)
                await _try_again_later(sync_run, routing, ref, _unexpected(sync_run, OURS))
    if ends is not None:
        sync_run.schedule["pull_at"] = sync_run.now()  # the rest is read as soon as they let us
        raise ends


def _unexpected(sync_run: SyncRun, cause: str) -> Failures:
    return ProblemKind.UNEXPECTED_RESPONSE, {"side": sync_run.row.name, "cause": cause}


async def _try_again_later(sync_run: SyncRun, routing: Routing, ref: str, problem: Failures | None) -> None:
    after = _READ_AGAIN if problem else _READ_SOON
    await sync_run.in_store(
        marketplace_snapshots.fetch_failed, sync_run.claim, routing, ref, sync_run.now(), after, problem
    )


def _marketplace(sync_run: SyncRun) -> Marketplace:
    marketplace: Marketplace = sync_run.connector
    return marketplace


async def pull_shop(sync_run: SyncRun) -> None:
    """Orders changed since the last pull. One that takes long goes on in the next run, where this one stopped."""
    begun_at, until = sync_run.now(), sync_run.pulls_until()
    cursor = sync_run.row.cursor
    async for page in _shop(sync_run).pull(sync_run.row.cursor):
        if page.orders:
            await sync_run.in_store(
                shop_snapshots.record_snapshots, sync_run.claim, page.orders, begun_at, sync_run.now()
            )
        if page.not_understood:
            await _read_what_is_bent(sync_run, page.not_understood)
        await record_unidentified(sync_run, page.unidentified)
        cursor = page.cursor
        if page.position:
            await sync_run.save_schedule(cursor=page.position)
            if sync_run.now() >= until:
                return
    sync_run.record_pull(begun_at, cursor)


async def refresh_open(sync_run: SyncRun) -> None:
    """Every open order by its id: some shops do not move an order's change date, and none lists its trash.

    Where that takes long, the next run goes on with the orders that this one did not come to.
    """
    until = sync_run.pulls_until()
    limit = sync_run.spec.limits.orders_per_lookup
    after = sync_run.row.refresh_after
    while page := await sync_run.in_store(shop_snapshots.open_in_shop, sync_run.row.pk, after, limit):
        after = page[-1][0]
        await _apply_snapshots(sync_run, [shop_ref for _, shop_ref in page], sync_run.now())
        if len(page) < limit:
            break
        await sync_run.save_schedule(refresh_after=after)
        if sync_run.now() >= until:
            return
    # "every time" means with every pull
    every = max(sync_run.spec.limits.refresh_every, timedelta(seconds=sync_run.row.pull_every_s))
    again_at = connections.jittered(sync_run.now(), every, sync_run.hub.chance.random())
    sync_run.schedule |= {"refresh_at": again_at, "refresh_after": 0}


async def end_waits(sync_run: SyncRun) -> None:
    """Read the orders whose wait is over; while the shop cannot be read they are held until their ship-by margin."""
    until = sync_run.pulls_until()
    limit = sync_run.spec.limits.orders_per_lookup
    try:
        if not sync_run.usable:
            raise SafeToRetry("the connection is paused or backs off")
        while sync_run.now() < until and (
            refs := await sync_run.in_store(shop_snapshots.expired_waits, sync_run.row.pk, sync_run.now(), limit)
        ):
            if not await _apply_snapshots(sync_run, refs, sync_run.now()):
                await sync_run.in_store(shop_snapshots.waits_unread, sync_run.claim, sync_run.now())
                return
    except (SafeToRetry, AccountProblem):
        await sync_run.in_store(shop_snapshots.waits_unread, sync_run.claim, sync_run.now())
        if sync_run.usable:
            raise


async def _read_what_is_bent(sync_run: SyncRun, causes: Mapping[str, str]) -> None:
    """Rows that a list shows so that nobody understands them: each of our orders is read by itself, or has a Problem.

    Orders that are closed too: a list does not show them again, and nothing else reads them.
    """
    ours = await sync_run.in_store(shop_snapshots.ours_among, sync_run.row.pk, tuple(causes))
    most = sync_run.spec.limits.orders_per_lookup
    for some in (ours[start : start + most] for start in range(0, len(ours), most)):
        try:
            await _apply_snapshots(sync_run, some, sync_run.now())
        except RateLimited:
            raise
        # perhaps only these orders': the list goes on, and they are read again until they are understood
        except SafeToRetry:
            await _say_not_understood(sync_run, {shop_ref: causes[shop_ref] for shop_ref in some})


async def _apply_snapshots(sync_run: SyncRun, shop_refs: Sequence[str], begun_at: datetime) -> int:
    """Read these and take them in. One that nobody understands holds up no other. How many were news."""
    try:
        snapshots = await _shop(sync_run).read(shop_refs)
    except UnexpectedResponse as surprise:
        if len(shop_refs) == 1:
            await _say_not_understood(sync_run, {shop_refs[0]: surprise.cause})
            return 0
        half = len(shop_refs) // 2
        return sum([await _apply_snapshots(sync_run, some, begun_at) for some in (shop_refs[:half], shop_refs[half:])])
    news = await sync_run.in_store(
        shop_snapshots.record_snapshots, sync_run.claim, list(snapshots.values()), begun_at, sync_run.now()
    )
    left_out = [shop_ref for shop_ref in shop_refs if shop_ref not in snapshots]
    if left_out and len(shop_refs) == 1:
        await _say_not_understood(sync_run, dict.fromkeys(left_out, SAYS_NOTHING))
        return news
    return news + sum([await _apply_snapshots(sync_run, [shop_ref], begun_at) for shop_ref in left_out])


async def _say_not_understood(sync_run: SyncRun, causes: Mapping[str, str]) -> None:
    if causes:
        log.error("shop_orders_unreadable", shop_refs=sorted(causes), causes=sorted(set(causes.values())))
        side = sync_run.row.name
        await sync_run.in_store(shop_snapshots.not_understood, sync_run.claim, causes, side, sync_run.now())


def _shop(sync_run: SyncRun) -> Shop:
    shop: Shop = sync_run.connector
    return shop
