"""Connections through the API: tried, saved, changed, paused; and never a secret back."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from orderhaven.actions import account_setup
from orderhaven.store.connections import keys
from orderhaven.store.models import Connection, Link
from orderhaven.store.upkeep.versions import Changed, ExpectedVersion, version_of_connection
from orderhaven.testing.reference_marketplace import REFERENCE_MARKETPLACE
from tests.api.conftest import Program
from tests.journeys.conftest import Trade


@pytest.fixture
def settings(trade: Trade) -> dict[str, str]:
    """Of the marketplace's account, which is not connected yet."""
    Link.objects.all().delete()
    Connection.objects.filter(side="marketplace").delete()
    return dict(trade.marketplace.settings("https://marketplace.test"))


def test_connectors_say_what_they_need(program: Program, settings: dict[str, str]) -> None:
    connectors = {one["name"]: one for one in program.get("/connectors").json()["connectors"]}

    described = connectors[REFERENCE_MARKETPLACE.name]
    schema = described["settings_schema"]
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(settings)
    assert {key for key, one in schema["properties"].items() if one.get("writeOnly")} == {
        setting.key for setting in REFERENCE_MARKETPLACE.settings if setting.secret
    }
    assert (described["side"], described["capabilities"]) == ("marketplace", sorted(REFERENCE_MARKETPLACE.capabilities))


def test_an_account_is_tried_and_nothing_is_saved(program: Program, settings: dict[str, str]) -> None:
    body = {"name": "bol BE", "settings": settings}

    answer = program.post(f"/connectors/{REFERENCE_MARKETPLACE.name}/trial", body)

    assert (answer.status_code, bool(answer.json()["account"])) == (200, True)
    assert not Connection.objects.filter(name="bol BE").exists()


def test_an_account_is_saved_with_its_secrets_encrypted(program: Program, settings: dict[str, str]) -> None:
    body = {"connector": REFERENCE_MARKETPLACE.name, "name": "bol BE", "settings": settings, "every_s": 120}

    answer = program.post("/connections", body)

    row = Connection.objects.get(name="bol BE")
    secret = {setting.key for setting in REFERENCE_MARKETPLACE.settings if setting.secret}
    assert (answer.status_code, answer.json()["is_new"], row.pull_every_s) == (201, True, 120)
    assert keys.decrypt(row.secrets) == {key: value for key, value in settings.items() if key in secret}
    shown = program.get("/connections/bol BE").json()["settings"]
    assert (set(shown) & secret, set(shown) <= set(row.settings)) == (set(), True)


def test_keys_that_do_not_work_save_nothing(program: Program, settings: dict[str, str]) -> None:
    wrong = dict.fromkeys(settings, "wrong") | {key: one for key, one in settings.items() if "://" in one}
    body = {"connector": REFERENCE_MARKETPLACE.name, "name": "bol BE", "settings": wrong}

    answer = program.post("/connections", body)

    assert answer.status_code == 409
    assert not Connection.objects.filter(name="bol BE").exists()


def test_a_connection_is_not_made_over_another(program: Program, trade: Trade) -> None:
    body = {"connector": REFERENCE_MARKETPLACE.name, "name": "bol NL", "settings": {}}

    answer = program.post("/connections", body)

    assert (answer.status_code, answer.json()["detail"]) == (
        409, "There is a connection 'bol NL' already. Choose another name.",
    )  # fmt: skip


def test_a_connector_that_is_not_there_is_not_found(program: Program) -> None:
    assert program.post("/connectors/ebay/trial", {"name": "x", "settings": {}}).status_code == 404
    assert program.post("/connections", {"connector": "ebay", "name": "x", "settings": {}}).status_code == 404


def test_a_connection_gets_new_keys(program: Program, settings: dict[str, str]) -> None:
    program.post("/connections", {"connector": REFERENCE_MARKETPLACE.name, "name": "bol BE", "settings": settings})

    answer = program.patch("/connections/bol BE", {"settings": settings, "every_s": 600})

    assert (answer.status_code, answer.json()["is_new"]) == (200, False)
    assert Connection.objects.get(name="bol BE").pull_every_s == 600


def test_a_connection_is_paused_resumed_and_polled(program: Program, trade: Trade) -> None:
    def state() -> Any:
        return program.get("/connections/bol NL").json()["state"]

    assert program.post("/connections/bol NL/pause").json()["sentence"] == "'bol NL' is paused."
    paused = state()
    refused = program.post("/connections/bol NL/poll")
    program.post("/connections/bol NL/resume")

    assert (paused, refused.status_code, state()) == ("paused", 409, "active")
    assert program.post("/connections/bol NL/poll").status_code == 200


@pytest.fixture
def belgian(program: Program, settings: dict[str, str]) -> Connection:
    program.post("/connections", {"connector": REFERENCE_MARKETPLACE.name, "name": "bol BE", "settings": settings})
    return Connection.objects.get(name="bol BE")


def test_a_connection_that_changed_since_it_was_read_is_left_alone(program: Program, belgian: Connection) -> None:
    tag = program.get("/connections/bol BE").headers["ETag"]
    first = program.patch("/connections/bol BE", {"every_s": 600}, If_Match=tag)

    second = program.patch("/connections/bol BE", {"every_s": 900}, If_Match=tag)

    belgian.refresh_from_db()
    assert (first.status_code, second.status_code, belgian.pull_every_s) == (200, 412, 600)


def test_a_connection_that_changes_while_its_account_is_tried_is_left_alone(trade: Trade, belgian: Connection) -> None:
    expected = ExpectedVersion(version_of_connection, belgian.pk, version_of_connection(belgian.pk))
    trial = account_setup.try_account(trade.context, belgian.connector, belgian.name, {})
    Connection.objects.filter(pk=belgian.pk).update(pull_every_s=600)  # by somebody else

    with pytest.raises(Changed):
        account_setup.save(trade.context, trial, expected=expected)

    belgian.refresh_from_db()
    assert belgian.pull_every_s == 600


def test_a_connection_that_did_not_change_is_not_sent_again(program: Program, trade: Trade) -> None:
    tag = program.get("/connections/bol NL").headers["ETag"]

    again = program.sends("GET", "/connections/bol NL", headers={"If-None-Match": tag})
    program.post("/connections/bol NL/pause")
    paused = program.sends("GET", "/connections/bol NL", headers={"If-None-Match": tag})

    assert (again.status_code, paused.status_code) == (304, 200)


def test_the_list_says_where_orders_go(program: Program, trade: Trade) -> None:
    trade.passes(minutes=6)

    rows = {one["name"]: one for one in program.get("/connections").json()["connections"]}

    assert (rows["bol NL"]["side"], rows["bol NL"]["shop"], rows["bol NL"]["every_s"]) == (
        "marketplace",
        "Webshop",
        300,
    )
    assert rows["bol NL"]["last_pulled_at"] is not None
    assert rows["Webshop"]["shop"] == ""


@pytest.mark.parametrize("every_s", [0, 86_401, "300", 1.5, True, 10**400])
def test_seconds_are_a_whole_number_of_them(program: Program, every_s: Any) -> None:
    assert program.patch("/connections/bol NL", json.dumps({"every_s": every_s}).encode()).status_code == 422


def test_no_connection_is_asked_more_often_than_it_bears(program: Program, trade: Trade) -> None:
    answer = program.patch("/connections/bol NL", {"every_s": 1})

    assert answer.status_code == 409


def test_an_account_of_another_merchant_is_not_named(stranger: Program, trade: Trade) -> None:
    """One account is one connection in a store; whose it is, and what they call it, is nobody else's business."""
    Connection.objects.filter(name="bol NL").update(name="Wolkenwinkel bij bol")
    settings = trade.marketplace.settings("https://marketplace.test")

    answer = stranger.post(f"/connectors/{REFERENCE_MARKETPLACE.name}/trial", {"name": "x", "settings": settings})

    assert (answer.status_code, "Wolkenwinkel" in answer.json()["detail"]) == (409, False)


def test_an_account_is_read_and_its_codes_are_chosen_by_a_program(program: Program, trade: Trade) -> None:
    trade.marketplace.carriers = {"1": "DPD", "2": "Orange van"}  # type: ignore[attr-defined]
    trade.marketplace.reasons = {"9": "Sold out"}  # type: ignore[attr-defined]

    read = program.post("/connections/bol NL/read-account", {})
    chosen = program.patch("/connections/bol NL/codes", {"carriers": {"2": "postnl"}, "reasons": {"9": "out_of_stock"}})

    assert (read.status_code, chosen.status_code) == (200, 200)
    details = program.get("/connections/bol NL").json()["account_details"]
    assert details["carriers"] == [
        {"code": "1", "label": "DPD", "carrier": "dpd", "state": "matched"},
        {"code": "2", "label": "Orange van", "carrier": "postnl", "state": "chosen"},
    ]
    assert details["reasons"] == [{"code": "9", "label": "Sold out", "reason": "out_of_stock", "state": "chosen"}]


def test_codes_of_another_version_of_the_connection_are_left_alone(program: Program, trade: Trade) -> None:
    trade.marketplace.carriers = {"2": "Orange van"}  # type: ignore[attr-defined]
    program.post("/connections/bol NL/read-account", {})
    old = program.get("/connections/bol NL").headers["ETag"]
    program.patch("/connections/bol NL/codes", {"carriers": {"2": "postnl"}})

    answer = program.patch("/connections/bol NL/codes", {"carriers": {"2": "dpd"}}, If_Match=old)

    assert answer.status_code == 412
    assert Connection.objects.get(name="bol NL").account_choices.carriers == {"2": "postnl"}
