"""Connecting: the account is tested first, and saved only when it answers."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from orderhaven.actions import connecting
from orderhaven.actions.errors import Impossible
from orderhaven.actions.hand import Hand
from orderhaven.connectors import declarations, make_sandbox
from orderhaven.connectors.kit.serve import Direct
from orderhaven.ports.connector import Role
from orderhaven.store import connections, keys
from orderhaven.store.models import Connection, ConnectionState, Merchant
from orderhaven.sync.lock import only_hub_on
from orderhaven.testing.clock import ManualClock
from orderhaven.testing.door import FaultKind
from orderhaven.testing.reference_marketplace import REFERENCE_MARKETPLACE
from orderhaven.testing.reference_shop import REFERENCE_SHOP

SETTINGS = [declaration for declaration in declarations().values() if declaration.sandbox]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def by(store: None, clock: ManualClock) -> Hand:
    declared = {one.name: one for one in (REFERENCE_MARKETPLACE, REFERENCE_SHOP)}
    merchant = Merchant.objects.create(name="Wolkenwinkel", slug="wolkenwinkel").pk
    return Hand("anna", merchant, clock, lambda: Direct({}), declared)


@pytest.fixture
def world(clock: ManualClock) -> Any:
    return make_sandbox(REFERENCE_MARKETPLACE, clock)


def given(world: Any, **more: str) -> dict[str, str]:
    return {**world.settings(""), **more}


def test_an_account_is_saved_with_its_secrets_encrypted_and_due_at_once(by: Hand, world: Any) -> None:
    done = connecting.connect(by, "reference_marketplace", "Market", given(world))

    row = Connection.objects.get(name="Market")
    assert done.is_new
    assert row.settings == {"world": world.name}
    assert world.door.key not in row.secrets
    assert connections.open_settings(row) == given(world)
    assert row.hear_at == by.clock.now()
    assert row.fingerprint == world.name


def test_a_shops_open_orders_are_read_again_from_the_start(by: Hand, clock: ManualClock) -> None:
    shop = make_sandbox(REFERENCE_SHOP, clock)

    connecting.connect(by, "reference_shop", "Shop", given(shop))

    row = Connection.objects.get(name="Shop")
    assert row.reread_at == clock.now()
    assert row.currencies == ["EUR"]


def test_a_wrong_key_saves_nothing(by: Hand, world: Any) -> None:
    with pytest.raises(Impossible, match="refuses the key or secret"):
        connecting.connect(by, "reference_marketplace", "Market", given(world, key="wrong"))

    assert not Connection.objects.exists()


def test_a_side_that_does_not_answer_saves_nothing(by: Hand, world: Any) -> None:
    world.faults.add(FaultKind.LOST_BEFORE, "GET /account", times=-1)

    with pytest.raises(Impossible, match="cannot be asked now"):
        connecting.connect(by, "reference_marketplace", "Market", given(world))

    assert not Connection.objects.exists()


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({}, r"World \(world\) is missing"),
        ({"world": "x"}, r"Key \(key\) is missing"),
        ({"world": "x", "key": "y", "wrold": "z"}, "'wrold' is no setting"),
    ],
)
def test_settings_that_do_not_fit_the_declaration_are_said(by: Hand, settings: dict[str, str], sentence: str) -> None:
    with pytest.raises(Impossible, match=sentence):
        connecting.connect(by, "reference_marketplace", "Market", settings)


def test_an_unknown_connector_is_said(by: Hand) -> None:
    with pytest.raises(Impossible, match="There is no connector 'ebax'"):
        connecting.connect(by, "ebax", "x", {})


def test_the_same_account_is_connected_once(by: Hand, world: Any) -> None:
    connecting.connect(by, "reference_marketplace", "Market", given(world))

    with pytest.raises(Impossible, match="already connected as 'Market'"):
        connecting.connect(by, "reference_marketplace", "Second", given(world))


def test_new_keys_replace_the_old_ones_of_the_same_account(by: Hand, world: Any) -> None:
    connecting.connect(by, "reference_marketplace", "Market", given(world))
    row = Connection.objects.get()
    Connection.objects.update(state=ConnectionState.ATTENTION, problem_kind="auth_refused", token="old")
    world.door.key = "new key"

    done = connecting.connect(by, "reference_marketplace", "Market", {"key": "new key"})

    changed = Connection.objects.get()
    assert not done.is_new
    assert changed.pk == row.pk
    assert connections.open_settings(changed) == {"world": world.name, "key": "new key"}
    assert (changed.state, changed.token) == (ConnectionState.ACTIVE, "")


def test_keys_of_another_account_are_refused_and_nothing_changes(by: Hand, world: Any, clock: ManualClock) -> None:
    connecting.connect(by, "reference_marketplace", "Market", given(world))
    other = make_sandbox(REFERENCE_MARKETPLACE, clock)

    with pytest.raises(Impossible, match="another account"):
        connecting.connect(by, "reference_marketplace", "Market", given(other))

    assert Connection.objects.get().fingerprint == world.name


def test_connecting_again_is_a_way_out_of_lost_keys(
    by: Hand, world: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    connecting.connect(by, "reference_marketplace", "Market", given(world))
    monkeypatch.setenv("ORDERHAVEN_KEY_FILE", str(tmp_path / "other keys"))
    with pytest.raises(keys.KeysLost, match="other keys"):
        connections.open_settings(Connection.objects.get())

    connecting.connect(by, "reference_marketplace", "Market", {"key": world.door.key})

    assert connections.open_settings(Connection.objects.get()) == given(world)


def test_a_connection_is_not_heard_more_often_than_is_allowed(by: Hand, world: Any) -> None:
    with pytest.raises(Impossible, match="every 60 seconds"):
        connecting.connect(by, "reference_marketplace", "Market", given(world), every=timedelta(seconds=10))

    assert not Connection.objects.exists()


def test_a_paused_connection_says_so_when_it_is_polled(by: Hand, world: Any) -> None:
    connecting.connect(by, "reference_marketplace", "Market", given(world))
    connecting.pause(by, "Market")

    with pytest.raises(Impossible, match="'Market' is paused"):
        connecting.poll_now(by, "Market")

    assert "Paused by hand" in connecting.connection_list(by)[0].trouble
    connecting.resume(by, "Market")
    assert connecting.connection_list(by)[0].trouble == ""


def test_polling_says_whether_a_hub_runs_that_will_do_it(
    by: Hand, world: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ORDERHAVEN_DATA", str(tmp_path))
    connecting.connect(by, "reference_marketplace", "Market", given(world))
    Connection.objects.update(hear_at=by.clock.now() + timedelta(minutes=5))

    without = connecting.poll_now(by, "Market")
    with only_hub_on(tmp_path / "hub.lock"):
        with_one = connecting.poll_now(by, "Market")

    assert (without, with_one) == (False, True)
    assert Connection.objects.get().hear_at == by.clock.now()


@pytest.mark.parametrize("declaration", SETTINGS, ids=lambda one: one.name)
def test_every_sandbox_can_be_connected(store: None, declaration: Any) -> None:
    clock = ManualClock()
    sandbox = make_sandbox(declaration, clock)
    there = "http://127.0.0.1:8080" if declaration.role is Role.SHOP else "https://marketplace.test"
    host = there.partition("//")[2]
    by = Hand("anna", Merchant.objects.create(name="W", slug="w").pk, clock, lambda: Direct({host: sandbox}))

    done = connecting.connect(by, declaration.name, "here", sandbox.settings(there))

    assert done.account.name
    assert Connection.objects.get().fingerprint == done.account.fingerprint


@pytest.mark.parametrize("declaration", SETTINGS, ids=lambda one: one.name)
def test_wrong_secrets_of_every_sandbox_end_in_a_sentence_and_save_nothing(store: None, declaration: Any) -> None:
    clock = ManualClock()
    sandbox = make_sandbox(declaration, clock)
    there = "http://127.0.0.1:8080" if declaration.role is Role.SHOP else "https://marketplace.test"
    host = there.partition("//")[2]
    by = Hand("anna", Merchant.objects.create(name="W", slug="w").pk, clock, lambda: Direct({host: sandbox}))
    wrong = {one.key: "cs_wrong" for one in declaration.settings if one.secret}

    with pytest.raises(Impossible, match="refuses the key or secret"):
        connecting.connect(by, declaration.name, "here", {**sandbox.settings(there), **wrong})

    assert not Connection.objects.exists()


@pytest.mark.parametrize("declaration", SETTINGS, ids=lambda one: one.name)
def test_an_address_without_anybody_ends_in_a_sentence(store: None, declaration: Any) -> None:
    clock = ManualClock()
    sandbox = make_sandbox(declaration, clock)
    by = Hand("anna", Merchant.objects.create(name="W", slug="w").pk, clock, lambda: Direct({}))

    with pytest.raises(Impossible, match=r"cannot be asked now|Check the address"):
        connecting.connect(by, declaration.name, "here", sandbox.settings("http://127.0.0.1:9"))


def test_a_choice_that_the_account_does_not_offer_is_said(by: Hand, world: Any) -> None:
    trial = connecting.try_account(by, "reference_marketplace", "Market", given(world))
    offering = replace(trial, account=replace(trial.account, choices={"world": ("earth", "moon")}))

    with pytest.raises(Impossible, match="It has: earth, moon"):
        connecting.save(by, offering)

    assert not Connection.objects.exists()
