"""Connecting: the account is tested first, and saved only when it answers."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from orderhaven.actions import account_setup
from orderhaven.actions.context import ActionContext
from orderhaven.actions.errors import ActionRefused
from orderhaven.connectors import make_sandbox, specs
from orderhaven.connectors.kit.server import InProcessTransport
from orderhaven.ports.connector import Side
from orderhaven.store.connections import connections, keys
from orderhaven.store.models import Connection, ConnectionState, Merchant
from orderhaven.sync.lock import only_hub_on
from orderhaven.testing.clock import ManualClock
from orderhaven.testing.reference_marketplace import REFERENCE_MARKETPLACE
from orderhaven.testing.reference_shop import REFERENCE_SHOP
from orderhaven.testing.sandbox_auth import FaultKind

SETTINGS = [spec for spec in specs().values() if spec.sandbox]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def context(store: None, clock: ManualClock) -> ActionContext:
    specs_by_name = {one.name: one for one in (REFERENCE_MARKETPLACE, REFERENCE_SHOP)}
    merchant = Merchant.objects.create(name="Wolkenwinkel", slug="wolkenwinkel").pk
    return ActionContext("anna", merchant, clock, lambda: InProcessTransport({}), specs_by_name)


@pytest.fixture
def world(clock: ManualClock) -> Any:
    return make_sandbox(REFERENCE_MARKETPLACE, clock)


def given(world: Any, **more: str) -> dict[str, str]:
    return {**world.settings(""), **more}


def test_an_account_is_saved_with_its_secrets_encrypted_and_due_at_once(context: ActionContext, world: Any) -> None:
    done = account_setup.connect(context, "reference_marketplace", "Market", given(world))

    row = Connection.objects.get(name="Market")
    assert done.is_new
    assert row.settings == {"world": world.name}
    assert world.auth.key not in row.secrets
    assert connections.open_settings(row) == given(world)
    assert row.pull_at == context.clock.now()
    assert row.fingerprint == world.name


def test_a_shops_open_orders_are_read_again_from_the_start(context: ActionContext, clock: ManualClock) -> None:
    shop = make_sandbox(REFERENCE_SHOP, clock)

    account_setup.connect(context, "reference_shop", "Shop", given(shop))

    row = Connection.objects.get(name="Shop")
    assert row.refresh_at == clock.now()
    assert row.currencies == ["EUR"]


def test_a_wrong_key_saves_nothing(context: ActionContext, world: Any) -> None:
    with pytest.raises(ActionRefused, match="rejects the key or secret"):
        account_setup.connect(context, "reference_marketplace", "Market", given(world, key="wrong"))

    assert not Connection.objects.exists()


def test_a_side_that_does_not_answer_saves_nothing(context: ActionContext, world: Any) -> None:
    world.faults.add(FaultKind.LOST_BEFORE, "GET /account", times=-1)

    with pytest.raises(ActionRefused, match="cannot be asked now"):
        account_setup.connect(context, "reference_marketplace", "Market", given(world))

    assert not Connection.objects.exists()


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({}, r"World \(world\) is missing"),
        ({"world": "x"}, r"Key \(key\) is missing"),
        ({"world": "x", "key": "y", "wrold": "z"}, "'wrold' is no setting"),
    ],
)
def test_settings_that_do_not_fit_the_declaration_are_said(
    context: ActionContext, settings: dict[str, str], sentence: str
) -> None:
    with pytest.raises(ActionRefused, match=sentence):
        account_setup.connect(context, "reference_marketplace", "Market", settings)


def test_an_unknown_connector_is_said(context: ActionContext) -> None:
    with pytest.raises(ActionRefused, match="There is no connector 'ebax'"):
        account_setup.connect(context, "ebax", "x", {})


def test_the_same_account_is_connected_once(context: ActionContext, world: Any) -> None:
    account_setup.connect(context, "reference_marketplace", "Market", given(world))

    with pytest.raises(ActionRefused, match="already connected as 'Market'"):
        account_setup.connect(context, "reference_marketplace", "Second", given(world))


def test_new_keys_replace_the_old_ones_of_the_same_account(context: ActionContext, world: Any) -> None:
    account_setup.connect(context, "reference_marketplace", "Market", given(world))
    row = Connection.objects.get()
    Connection.objects.update(state=ConnectionState.ATTENTION, problem_kind="auth_rejected", token="old")
    world.auth.key = "new key"

    done = account_setup.connect(context, "reference_marketplace", "Market", {"key": "new key"})

    changed = Connection.objects.get()
    assert not done.is_new
    assert changed.pk == row.pk
    assert connections.open_settings(changed) == {"world": world.name, "key": "new key"}
    assert (changed.state, changed.token) == (ConnectionState.ACTIVE, "")


def test_keys_of_another_account_are_refused_and_nothing_changes(
    context: ActionContext, world: Any, clock: ManualClock
) -> None:
    account_setup.connect(context, "reference_marketplace", "Market", given(world))
    other = make_sandbox(REFERENCE_MARKETPLACE, clock)

    with pytest.raises(ActionRefused, match="another account"):
        account_setup.connect(context, "reference_marketplace", "Market", given(other))

    assert Connection.objects.get().fingerprint == world.name


def test_connecting_again_is_a_way_out_of_lost_keys(
    context: ActionContext, world: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    account_setup.connect(context, "reference_marketplace", "Market", given(world))
    monkeypatch.setenv("ORDERHAVEN_KEY_FILE", str(tmp_path / "other keys"))
    with pytest.raises(keys.KeysLost, match="other keys"):
        connections.open_settings(Connection.objects.get())

    account_setup.connect(context, "reference_marketplace", "Market", {"key": world.auth.key})

    assert connections.open_settings(Connection.objects.get()) == given(world)


def test_a_connection_is_not_pulled_more_often_than_is_allowed(context: ActionContext, world: Any) -> None:
    with pytest.raises(ActionRefused, match="every 60 seconds"):
        account_setup.connect(context, "reference_marketplace", "Market", given(world), every=timedelta(seconds=10))

    assert not Connection.objects.exists()


def test_a_paused_connection_says_so_when_it_is_polled(context: ActionContext, world: Any) -> None:
    account_setup.connect(context, "reference_marketplace", "Market", given(world))
    account_setup.pause(context, "Market")

    with pytest.raises(ActionRefused, match="'Market' is paused"):
        account_setup.poll_now(context, "Market")

    assert "Paused by hand" in account_setup.connection_list(context)[0].trouble
    account_setup.resume(context, "Market")
    assert account_setup.connection_list(context)[0].trouble == ""


def test_polling_says_whether_a_hub_runs_that_will_do_it(
    context: ActionContext, world: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ORDERHAVEN_DATA", str(tmp_path))
    account_setup.connect(context, "reference_marketplace", "Market", given(world))
    Connection.objects.update(pull_at=context.clock.now() + timedelta(minutes=5))

    without = account_setup.poll_now(context, "Market")
    with only_hub_on(tmp_path / "hub.lock"):
        with_one = account_setup.poll_now(context, "Market")

    assert (without, with_one) == (False, True)
    assert Connection.objects.get().pull_at == context.clock.now()


@pytest.mark.parametrize("spec", SETTINGS, ids=lambda one: one.name)
def test_every_sandbox_can_be_connected(store: None, spec: Any) -> None:
    clock = ManualClock()
    sandbox = make_sandbox(spec, clock)
    there = "http://127.0.0.1:8080" if spec.side is Side.SHOP else "https://marketplace.test"
    host = there.partition("//")[2]
    context = ActionContext(
        "anna", Merchant.objects.create(name="W", slug="w").pk, clock, lambda: InProcessTransport({host: sandbox})
    )

    done = account_setup.connect(context, spec.name, "here", sandbox.settings(there))

    assert done.account.name
    assert Connection.objects.get().fingerprint == done.account.fingerprint


@pytest.mark.parametrize("spec", SETTINGS, ids=lambda one: one.name)
def test_wrong_secrets_of_every_sandbox_end_in_a_sentence_and_save_nothing(store: None, spec: Any) -> None:
    clock = ManualClock()
    sandbox = make_sandbox(spec, clock)
    there = "http://127.0.0.1:8080" if spec.side is Side.SHOP else "https://marketplace.test"
    host = there.partition("//")[2]
    context = ActionContext(
        "anna", Merchant.objects.create(name="W", slug="w").pk, clock, lambda: InProcessTransport({host: sandbox})
    )
    wrong = {one.key: "cs_wrong" for one in spec.settings if one.secret}

    with pytest.raises(ActionRefused, match="rejects the key or secret"):
        account_setup.connect(context, spec.name, "here", {**sandbox.settings(there), **wrong})

    assert not Connection.objects.exists()


@pytest.mark.parametrize("spec", SETTINGS, ids=lambda one: one.name)
def test_an_address_without_anybody_ends_in_a_sentence(store: None, spec: Any) -> None:
    clock = ManualClock()
    sandbox = make_sandbox(spec, clock)
    context = ActionContext(
        "anna", Merchant.objects.create(name="W", slug="w").pk, clock, lambda: InProcessTransport({})
    )

    with pytest.raises(ActionRefused, match=r"cannot be asked now|Check the address"):
        account_setup.connect(context, spec.name, "here", sandbox.settings("http://127.0.0.1:9"))


def test_a_choice_that_the_account_does_not_offer_is_said(context: ActionContext, world: Any) -> None:
    trial = account_setup.try_account(context, "reference_marketplace", "Market", given(world))
    offering = replace(trial, account=replace(trial.account, choices={"world": ("earth", "moon")}))

    with pytest.raises(ActionRefused, match="It has: earth, moon"):
        account_setup.save(context, offering)

    assert not Connection.objects.exists()
