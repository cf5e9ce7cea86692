"""What comes back from a backup heals by itself: the world went on, and the hub finds out without doubling anything."""

from collections.abc import Callable
from pathlib import Path

import pytest

from orderhaven.core.status import Status
from orderhaven.ports.connector import Capability, Side
from orderhaven.store.connections import connections as schedule
from orderhaven.store.upkeep.backup import copy_database

from .conftest import MUG, POSTNL_CODE, Trade, put_back


@pytest.fixture
def backs_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Path]:
    """Makes a backup of the running hub's store, as the command does."""
    monkeypatch.setenv("ORDERHAVEN_DATA", str(tmp_path))

    def back_up() -> Path:
        target = tmp_path / "backup.sqlite3"
        copy_database(target)
        return target

    return back_up


def restore(trade: Trade, backup: Path) -> None:
    put_back(backup)
    trade.starts_again()


def test_a_restore_doubles_no_order_that_was_created_since(trade: Trade, backs_up: Callable[[], Path]) -> None:
    trade.needs(Capability.FIND_BY_REFERENCE)
    trade.passes(minutes=6)
    pulled_before = trade.sells((MUG, 1))
    backup = backs_up()
    since = trade.sells((MUG, 2))
    trade.passes(minutes=12)
    placed = {ref: trade.in_shop(ref)[0].shop_ref for ref in (pulled_before, since)}

    restore(trade, backup)
    trade.passes(minutes=30)

    assert {ref: [one.shop_ref for one in trade.in_shop(ref)] for ref in placed} == {
        ref: [shop_ref] for ref, shop_ref in placed.items()
    }
    assert {ref: trade.shop_ref(ref) for ref in placed} == placed
    assert trade.problems(since) == []


def test_a_restore_confirms_nothing_again_that_was_confirmed_since(trade: Trade, backs_up: Callable[[], Path]) -> None:
    trade.passes(minutes=6)
    ref = trade.sells((MUG, 2))
    trade.passes(minutes=6)
    backup = backs_up()
    trade.shop.complete(trade.shop_ref(ref), tracking_number=POSTNL_CODE)
    trade.passes(minutes=12)
    [first] = trade.confirmed(ref)

    restore(trade, backup)
    trade.passes(hours=4)

    assert trade.confirmed(ref) == [first]
    assert trade.order(ref).status == Status.SHIPPED
    assert trade.order(ref).marketplace_sync == "synced"
    assert trade.problems(ref) == []


def test_a_restore_cancels_nothing_again_that_was_cancelled_since(trade: Trade, backs_up: Callable[[], Path]) -> None:
    trade.passes(minutes=6)
    ref = trade.sells((MUG, 1))
    trade.passes(minutes=6)
    backup = backs_up()
    trade.shop.cancel(trade.shop_ref(ref))
    trade.passes(minutes=12)
    assert ref in trade.marketplace.cancelled()
    told = len(trade.commands(trade.marketplace))

    restore(trade, backup)
    trade.passes(hours=1)

    assert trade.order(ref).status == Status.CANCELLED
    assert len(trade.commands(trade.marketplace)) == told
    assert trade.problems(ref) == []


def test_what_was_bought_and_sent_between_backup_and_restore_is_all_there(
    trade: Trade, backs_up: Callable[[], Path]
) -> None:
    backup = backs_up()
    trade.passes(minutes=6)
    ref = trade.sells((MUG, 1))
    trade.passes(minutes=6)
    trade.shop.complete(trade.shop_ref(ref), tracking_number=POSTNL_CODE)
    trade.passes(minutes=12)

    restore(trade, backup)
    schedule.nudge(trade.connection(Side.MARKETPLACE).pk, trade.clock.now(), "pull_at")
    trade.passes(hours=4)

    assert len(trade.confirmed(ref)) == 1
    assert len(trade.in_shop(ref)) == 1
