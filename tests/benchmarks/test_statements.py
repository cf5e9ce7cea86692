"""Work on many orders takes as many statements as work on few: nothing is asked once per order."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orderhaven.ports.connector import Side
from orderhaven.ports.marketplace import OrderSummary
from orderhaven.store.connections import connections
from orderhaven.store.connections.connections import Claim
from orderhaven.store.connections.routing import Routing
from orderhaven.store.listing.rows import list_orders
from orderhaven.store.models import Line, Message, MessageState, Order
from orderhaven.store.orders import marketplace_snapshots, shop_snapshots
from orderhaven.store.orders.conversions import facts_of
from orderhaven.store.outbox import queue, result
from orderhaven.store.outbox.apply_results import Pace
from orderhaven.store.outbox.queue import ComposedMessage
from orderhaven.store.sql.rows import links_by_channel
from orderhaven.sync import worker
from orderhaven.testing.reference_marketplace import REFERENCE_MARKETPLACE
from orderhaven.testing.reference_shop import REFERENCE_SHOP
from tests.journeys.conftest import Trade, start_trade

FEW, MANY = 10, 40


@pytest.fixture
def trade(store: None) -> Iterator[Trade]:
    started = start_trade(REFERENCE_MARKETPLACE, REFERENCE_SHOP)
    started.passes(seconds=10)
    yield started
    started.close()


@contextmanager
def counted(counts: list[int]) -> Iterator[None]:
    with CaptureQueriesContext(connection) as captured:
        yield
    counts.append(len(captured))


def of_both_sizes(trade: Trade, work: Callable[[Trade, list[int]], None]) -> list[int]:
    """How many statements `work` counts with few new orders, and with many."""
    counts: list[int] = []
    for number in (FEW, MANY):
        for _ in range(number):
            trade.sells()
        work(trade, counts)
    return counts


def claimed(trade: Trade, role: Side) -> Claim:
    taken = connections.claim(trade.connection(role).pk)
    assert taken is not None
    return taken[0]


def test_pulling_orders_that_are_known(trade: Trade) -> None:
    def work(trade: Trade, counts: list[int]) -> None:
        trade.passes(minutes=6)
        newest = list(Order.objects.order_by("-id")[: FEW if not counts else MANY])
        summaries = [
            OrderSummary(row.ref, row.placed_at, row.changed_at, tuple(map(facts_of, Line.objects.filter(order=row))))
            for row in newest
        ]
        claim = claimed(trade, Side.MARKETPLACE)
        routing = Routing(trade.link.marketplace, links_by_channel(trade.link.marketplace_id))
        with counted(counts):
            assert marketplace_snapshots.record_summaries(claim, routing, summaries, trade.clock.now()).never_seen == []

    few, many = of_both_sizes(trade, work)

    assert few == many


def test_pulling_shop_orders_that_did_not_change(trade: Trade) -> None:
    def work(trade: Trade, counts: list[int]) -> None:
        trade.passes(minutes=6)
        claim, now = claimed(trade, Side.SHOP), trade.clock.now()
        refs = [ref for _, ref in shop_snapshots.open_in_shop(claim.connection_id, 0, 100)]
        connector = asyncio.run(trade.hub.connector_of(trade.connection(Side.SHOP)))
        snapshots = list(asyncio.run(connector.read(refs)).values())
        with counted(counts):
            assert shop_snapshots.record_snapshots(claim, snapshots, now, now) == 0

    few, many = of_both_sizes(trade, work)

    assert few == many


def test_beginning_and_finishing_a_batch(trade: Trade) -> None:
    def work(trade: Trade, counts: list[int]) -> None:
        trade.clock.advance(trade.clock.in_real(400))
        asyncio.run(worker.run(trade.hub, trade.connection(Side.MARKETPLACE).pk))
        claim, now = claimed(trade, Side.SHOP), trade.clock.now()
        with counted(counts):
            batch = queue.due(claim, MessageState.QUEUED, now, 100)
            begun = queue.begin(claim, [ComposedMessage(one, one.payload) for one in batch], now, now)
            outcomes = {one.pk: (one.attempt, result.RetryLater("busy")) for one in batch}
            pace = Pace("The shop", trade.clock.in_real(60), trade.clock.in_real(60))
            queue.finish(claim, outcomes, MessageState.IN_FLIGHT, pace, now)
        assert len(begun) == len(batch) >= FEW
        Message.objects.update(state=MessageState.WITHDRAWN)  # so that the next batch is of new ones alone

    few, many = of_both_sizes(trade, work)

    assert few == many


def test_a_page_of_the_order_list(trade: Trade) -> None:
    def work(trade: Trade, counts: list[int]) -> None:
        trade.passes(minutes=6)
        with counted(counts):
            shown: Any = list_orders(trade.link.merchant_id, now=trade.clock.now()).rows
        assert len(shown) >= FEW

    few, many = of_both_sizes(trade, work)

    assert few == many
