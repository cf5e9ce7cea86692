"""Under which reference an order stands in the shop: with its account in it, stored once, and found by what is stored."""

from collections.abc import Callable
from dataclasses import replace as with_fields
from pathlib import Path

import pytest
from msgspec.structs import replace

from orderhaven.actions import onboarding
from orderhaven.core.money import Money
from orderhaven.core.problems import ProblemKind
from orderhaven.core.references import order_reference, reference_without_account
from orderhaven.core.shop_order import ShopOrderSnapshot
from orderhaven.ports.connector import Side
from orderhaven.store.models import Message, Order
from orderhaven.store.upkeep.backup import copy_database
from orderhaven.testing.sandbox_auth import FaultKind
from tests.journeys.conftest import put_back, start_trade
from tests.sync.conftest import Shift
from tests.sync.seams import MARKETPLACE, SHOP, cut_in, dies

CONNECTOR = MARKETPLACE.name


@pytest.fixture
def backup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ORDERHAVEN_DATA", str(tmp_path))
    return tmp_path / "backup.sqlite3"


def bears(trade: Shift, shop_ref: str, reference: str) -> None:
    trade.shop._orders[shop_ref] = replace(trade.shop._orders[shop_ref], reference=reference)


def test_a_new_order_stands_in_the_shop_under_its_connector_account_and_number(trade: Shift) -> None:
    ref = trade.placed()

    [made] = trade.in_shop(ref)

    account = trade.connection(Side.MARKETPLACE).fingerprint
    assert made.reference == order_reference(CONNECTOR, account, ref)
    assert made.reference not in (order_reference(CONNECTOR, "another", ref), reference_without_account(CONNECTOR, ref))
    assert made.reference == Order.objects.get(ref=ref).reference == Message.objects.get(order__ref=ref).reference


def test_what_was_begun_is_looked_for_under_the_reference_that_it_began_with(trade: Shift) -> None:
    cut_in(trade.shop, "after place", dies())
    ref = trade.sells()
    trade.dies(minutes=6)
    [made] = trade.in_shop(ref)
    Order.objects.update(reference="composed-otherwise-1")

    trade.passes(minutes=30)

    assert trade.told(trade.shop, "POST /orders") == 1
    assert trade.shop_ref(ref) == made.shop_ref


def restored_with(trade: Shift, backup: Path, change: Callable[[ShopOrderSnapshot], ShopOrderSnapshot]) -> str:
    """A backup from before an order, put back; the shop has that order as an older version would have created it."""
    copy_database(backup)
    ref = trade.placed()
    shop_ref = trade.shop_ref(ref)
    trade.shop._orders[shop_ref] = change(trade.shop._orders[shop_ref])
    bears(trade, shop_ref, reference_without_account(CONNECTOR, ref))
    put_back(backup)
    trade.hub = trade.another_hub()
    trade.passes(hours=1)
    return ref


def test_what_an_older_version_created_is_ours_with_the_same_lines_and_total(trade: Shift, backup: Path) -> None:
    ref = restored_with(trade, backup, lambda order: order)

    assert trade.told(trade.shop, "POST /orders") == 1
    assert trade.shop_ref(ref) == trade.in_shop(ref)[0].shop_ref
    assert trade.problems(ref) == []


def another_quantity(order: ShopOrderSnapshot) -> ShopOrderSnapshot:
    return replace(order, lines=tuple(replace(line, quantity=line.quantity + 1) for line in order.lines))


def another_total(order: ShopOrderSnapshot) -> ShopOrderSnapshot:
    return replace(order, total=Money.of("20.00", "EUR"))


@pytest.mark.parametrize("change", [another_quantity, another_total])
def test_another_accounts_order_of_the_same_number_is_a_problem_and_nothing_is_created(
    trade: Shift, backup: Path, change: Callable[[ShopOrderSnapshot], ShopOrderSnapshot]
) -> None:
    ref = restored_with(trade, backup, change)

    assert trade.told(trade.shop, "POST /orders") == 1
    assert trade.shop_ref(ref) == ""
    assert trade.problems(ref) == [ProblemKind.REFERENCE_TAKEN]


def test_an_order_whose_number_is_taken_is_created_on_a_persons_word(trade: Shift, backup: Path) -> None:
    ref = restored_with(trade, backup, another_total)

    onboarding.recreate(trade.context, ref)
    trade.passes(minutes=10)

    assert trade.told(trade.shop, "POST /orders") == 2
    assert trade.shop_ref(ref) not in ("", trade.in_shop(ref)[0].shop_ref)
    assert trade.problems(ref) == []


def test_an_order_whose_number_is_taken_can_be_that_order_all_the_same(trade: Shift, backup: Path) -> None:
    ref = restored_with(trade, backup, another_quantity)
    shop_ref = trade.in_shop(ref)[0].shop_ref

    onboarding.adopt(trade.context, ref, shop_ref, although_it_differs=True)
    trade.passes(minutes=10)

    assert trade.told(trade.shop, "POST /orders") == 1
    assert trade.shop_ref(ref) == shop_ref
    assert ProblemKind.REFERENCE_TAKEN not in trade.problems(ref)


def test_the_shop_order_of_another_order_here_is_not_taken_for_this_one(trade: Shift) -> None:
    first = trade.placed()
    coming = f"RM-{int(first.removeprefix('RM-')) + 1:06d}"
    bears(trade, trade.shop_ref(first), reference_without_account(CONNECTOR, coming))

    second = trade.placed()

    assert second == coming
    assert trade.shop_ref(second) not in ("", trade.shop_ref(first))
    assert trade.problems(second) == []


def test_a_shop_with_less_room_gets_a_shorter_reference_that_is_found_again(store: None) -> None:
    room = 24
    narrow = with_fields(SHOP, limits=with_fields(SHOP.limits, reference_length=room))
    trade = start_trade(MARKETPLACE, narrow)
    trade.__class__ = Shift
    trade.shop.faults.add(FaultKind.LOST_AFTER, "POST /orders")

    refs = [trade.sells(), trade.sells()]
    trade.passes(hours=1)

    made = trade.shop.orders()
    assert len({one.reference for one in made}) == 2
    assert {len(one.reference) for one in made} == {room}
    assert {trade.shop_ref(ref) for ref in refs} == {one.shop_ref for one in made}
    trade.close()
