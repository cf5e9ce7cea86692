"""A backup that was taken in the middle of a run, put back when the world had gone on."""

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from orderhaven.core.money import Money
from orderhaven.core.problems import ProblemKind
from orderhaven.core.shop_order import ShopOrderSnapshot
from orderhaven.core.status import Status
from orderhaven.store.upkeep.backup import copy_database
from tests.journeys.conftest import put_back
from tests.sync.conftest import Shift
from tests.sync.seams import cut_in, once


def restore(trade: Shift, backup: Path) -> None:
    put_back(backup)
    trade.hub = trade.another_hub()


@pytest.fixture
def backup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ORDERHAVEN_DATA", str(tmp_path))
    return tmp_path / "backup.sqlite3"


@pytest.mark.parametrize("moment", ["before place", "after place"])
def test_an_order_that_was_being_created_is_not_created_twice(trade: Shift, backup: Path, moment: str) -> None:
    async def back_up(what: str) -> None:
        copy_database(backup)

    cut_in(trade.shop, moment, once(back_up))
    ref = trade.placed()

    restore(trade, backup)
    trade.passes(hours=1)

    assert len(trade.in_shop(ref)) == 1
    assert trade.told(trade.shop, "POST /orders") == 1
    assert trade.shop_ref(ref)
    assert trade.problems(ref) == []


def another_article(order: ShopOrderSnapshot) -> ShopOrderSnapshot:
    [line] = order.lines
    return replace(order, lines=(replace(line, product_ref="product LAMP-2", sku="LAMP-2", title="Lamp"),))


def another_total(order: ShopOrderSnapshot) -> ShopOrderSnapshot:
    return replace(order, total=Money.of("20.00", "EUR"))


@pytest.mark.parametrize(
    ("changed", "problem", "is_followed"),
    [
        (lambda order: order, "", True),
        (another_article, ProblemKind.PARTLY_CREATED, False),
        (another_total, ProblemKind.TOTAL_DIFFERS, True),
    ],
)
def test_an_order_that_this_hub_never_sent_is_compared_with_what_it_would_send(
    trade: Shift,
    backup: Path,
    changed: Callable[[ShopOrderSnapshot], ShopOrderSnapshot],
    problem: str,
    is_followed: bool,
) -> None:
    copy_database(backup)
    ref = trade.placed()
    shop_ref = trade.shop_ref(ref)
    trade.shop._orders[shop_ref] = changed(trade.shop._orders[shop_ref])

    restore(trade, backup)
    trade.passes(hours=1)

    assert trade.told(trade.shop, "POST /orders") == 1
    assert trade.shop_ref(ref) == (shop_ref if is_followed else "")
    assert trade.problems(ref) == ([problem] if problem else [])


@pytest.mark.parametrize("moment", ["before confirm", "after confirm"])
def test_a_shipment_that_was_being_confirmed_is_not_confirmed_twice(trade: Shift, backup: Path, moment: str) -> None:
    async def back_up(what: str) -> None:
        copy_database(backup)

    cut_in(trade.marketplace, moment, once(back_up))
    ref = trade.completed()
    trade.passes(minutes=12)
    assert len(trade.confirmed(ref)) == 1

    restore(trade, backup)
    trade.passes(hours=2)

    assert len(trade.confirmed(ref)) == 1
    assert trade.order(ref).status == Status.SHIPPED
    assert trade.order(ref).marketplace_sync == "synced"
