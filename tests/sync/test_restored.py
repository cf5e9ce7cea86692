"""A backup that was taken in the middle of a cycle, put back when the world had gone on."""

from pathlib import Path

import pytest

from orderhaven.core.status import Status
from orderhaven.store.backup import copy_database
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
def test_an_order_that_was_being_placed_is_not_placed_twice(trade: Shift, backup: Path, moment: str) -> None:
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
    assert trade.order(ref).marketplace_told == "told"
