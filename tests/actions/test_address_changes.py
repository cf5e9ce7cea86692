"""A connection whose address changes: its secrets go nowhere else, and nobody is believed by what they say of themselves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from orderhaven.actions import account_setup
from orderhaven.actions.context import ActionContext
from orderhaven.actions.errors import ActionRefused
from orderhaven.connectors.kit.http import Request, Response
from orderhaven.connectors.kit.server import InProcessTransport
from orderhaven.ports.connector import ConnectorSpec, Setting, SettingKind
from orderhaven.store.connections import connections
from orderhaven.store.models import Connection, Event, Merchant
from orderhaven.testing.clock import ManualClock
from orderhaven.testing.reference_marketplace import REFERENCE_MARKETPLACE

ADDRESS = Setting("address", "Address", "Where it is.", SettingKind.URL)
MOVABLE = replace(REFERENCE_MARKETPLACE, settings=(*REFERENCE_MARKETPLACE.settings, ADDRESS))
OLD, NEW = "https://market.example", "https://market.example:8443"


class Network:
    """Everything that was sent, to whatever address; an account answers at each."""

    def __init__(self, world: Any) -> None:
        self.sent: list[Request] = []
        self._world = world

    async def __call__(self, request: Request, timeout_s: float) -> Response:
        self.sent.append(request)
        answer: Response = await InProcessTransport({request.url.split("/")[2]: self._world})(request, timeout_s)
        return answer

    async def close(self) -> None:
        return None


@pytest.fixture
def world() -> Any:
    from orderhaven.connectors import make_sandbox

    return make_sandbox(REFERENCE_MARKETPLACE, ManualClock())


@pytest.fixture
def network(world: Any) -> Network:
    return Network(world)


@pytest.fixture
def context(store: None, network: Network, world: Any) -> ActionContext:
    specs_by_name: dict[str, ConnectorSpec] = {MOVABLE.name: MOVABLE}
    context = ActionContext(
        "anna", Merchant.objects.create(name="W", slug="w").pk, ManualClock(), lambda: network, specs_by_name
    )
    account_setup.connect(context, MOVABLE.name, "Market", {**world.settings(""), "address": f"{OLD}/"})
    network.sent.clear()
    return context


def move(context: ActionContext, to: str, **more: str) -> None:
    account_setup.connect(context, MOVABLE.name, "Market", {"address": to, **more})


@pytest.mark.parametrize("to", [NEW, "https://evil.example", "https://market.example.evil.example"])
def test_to_another_place_no_secret_goes_that_was_given_for_the_old_one(
    context: ActionContext, network: Network, to: str
) -> None:
    with pytest.raises(ActionRefused, match=f"changes from {OLD} to {to}. Give Key again"):
        move(context, to)

    assert network.sent == []
    assert Connection.objects.get().settings["address"] == OLD


def test_to_another_place_of_the_same_machine_secrets_are_kept(context: ActionContext) -> None:
    move(context, "https://MARKET.example:443/shop")

    assert Connection.objects.get().settings["address"] == "https://MARKET.example:443/shop"
    assert not Event.objects.filter(kind="address_changed").exists()


def test_whoever_knows_the_secrets_moves_it_and_the_journal_says_from_where_to_where(
    context: ActionContext, world: Any
) -> None:
    move(context, NEW, key=world.auth.key)

    row = Connection.objects.get()
    assert connections.open_settings(row)["address"] == NEW
    [event] = Event.objects.filter(kind="address_changed")
    assert (event.actor, event.data) == ("anna", {"before": OLD, "after": NEW})


def test_a_server_is_not_believed_that_it_has_the_same_account(
    context: ActionContext, world: Any, network: Network
) -> None:
    world.auth.key = "whatever"

    with pytest.raises(ActionRefused, match="nothing shows that"):
        move(context, "https://evil.example", key="whatever")

    assert (network.sent, Connection.objects.get().settings["address"]) == ([], OLD)


def test_what_is_chosen_after_a_trial_leads_nowhere_else(context: ActionContext, world: Any) -> None:
    trial = account_setup.try_account(context, MOVABLE.name, "Market", {"key": world.auth.key})

    with pytest.raises(ActionRefused, match="another one"):
        account_setup.choose(trial, {"address": "https://evil.example"})


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("http://market.example", "must begin with https"),
        ("https://127.0.0.1", "private network"),
        ("http://localhost:8080", "private network"),
        ("https://10.0.0.1", "private network"),
        ("https://[::1]:8443", "private network"),
        ("https://169.254.169.254/latest", "ORDERHAVEN_ALLOW_NETWORKS"),
        ("https://market.example/\r\nHost: evil.example", "no web address"),
        ("https://market.example:99999", "no web address"),
        ("https://[::1", "no web address"),
    ],
)
def test_a_new_connection_leads_over_https_to_the_internet(
    context: ActionContext, world: Any, network: Network, monkeypatch: pytest.MonkeyPatch, address: str, sentence: str
) -> None:
    monkeypatch.delenv("ORDERHAVEN_ALLOW_NETWORKS")

    with pytest.raises(ActionRefused, match=sentence):
        account_setup.connect(context, MOVABLE.name, "Other", {**world.settings(""), "address": address})

    assert network.sent == []


def test_the_operator_may_allow_a_network(context: ActionContext, world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERHAVEN_ALLOW_NETWORKS", "10.1.0.0/16, loopback")

    for address in ("https://10.1.2.3", "http://127.0.0.1:8080", "http://localhost"):
        trial = account_setup.try_account(context, MOVABLE.name, "Market", {"key": world.auth.key, "address": address})
        assert trial.settings["address"] == address
    with pytest.raises(ActionRefused, match="private network"):
        move(context, "https://10.2.0.1", key=world.auth.key)
    with pytest.raises(ActionRefused, match="must begin with https"):
        move(context, "http://10.1.2.3", key=world.auth.key)


def test_a_network_that_is_none_is_said(context: ActionContext, world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERHAVEN_ALLOW_NETWORKS", "10.1.0.0/16, office")

    with pytest.raises(ActionRefused, match="'office', which is no network"):
        move(context, NEW, key=world.auth.key)


def test_a_connection_from_before_keeps_its_network_until_it_moves(
    context: ActionContext, world: Any, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ORDERHAVEN_ALLOW_NETWORKS")
    Connection.objects.update(
        settings={"world": world.name, "address": "https://192.168.1.5"}, keeps_private_network=True
    )
    at_home = replace(context, as_before=lambda: network, transport=lambda: InProcessTransport({}))

    account_setup.connect(at_home, MOVABLE.name, "Market", {"key": world.auth.key})
    assert Connection.objects.get().keeps_private_network
    with pytest.raises(ActionRefused, match="private network"):
        move(at_home, "https://192.168.1.6", key=world.auth.key)
    move(replace(at_home, transport=lambda: network), NEW, key=world.auth.key)

    assert not Connection.objects.get().keeps_private_network


def test_doctor_says_which_connection_stays_in_a_private_network(
    context: ActionContext, world: Any, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    from orderhaven.actions.doctor import look_after

    Connection.objects.update(
        settings={"world": world.name, "address": "https://192.168.1.5"}, keeps_private_network=True
    )
    at_home = replace(context, as_before=lambda: network)

    said = " ".join(check.sentence for check in look_after(at_home))
    monkeypatch.setenv("ORDERHAVEN_ALLOW_NETWORKS", "192.168.1.0/24")
    allowed = " ".join(check.sentence for check in look_after(at_home))

    assert "192.168.1.5" in said
    assert "ORDERHAVEN_ALLOW_NETWORKS" in said
    assert "ORDERHAVEN_ALLOW_NETWORKS" not in allowed
