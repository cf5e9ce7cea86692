"""Connections, links, people's own pages and programs' keys, as an administrator works with them."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session

from orderhaven.actions import dry_run
from orderhaven.connectors import specs
from orderhaven.core.notifications import NotificationKind
from orderhaven.ports.account import KeptAccount
from orderhaven.ports.connector import Capability, ConnectorSpec
from orderhaven.store.access import credentials
from orderhaven.store.models import Connection, Event, Link, Message, Token, User, Webhook
from tests.journeys.conftest import LAMP, MUG

from .conftest import House


def fields(spec: ConnectorSpec) -> dict[str, str]:
    return {one.key: f"my-{one.key}" for one in spec.settings if one.default is None}


# ---------------------------------------------------------------- connections


@pytest.mark.parametrize("role", ["marketplace", "shop"])
def test_the_form_of_every_connector_asks_for_what_it_declares(house: House, role: str) -> None:
    specs_by_name = [one for one in house.trade.context.specs_by_name.values() if one.side == role]

    for spec in specs_by_name:
        page = house.administrator.get(house.at(f"connections/new/{spec.name}")).content.decode()

        for setting in spec.settings:
            assert f'name="{setting.key}"' in page, setting.key
            kind = 'type="password"' in page.partition(f'name="{setting.key}"')[2][:40]
            assert kind == setting.secret, setting.key


def test_a_connection_that_does_not_answer_is_refused_in_words_and_saved_nowhere(house: House) -> None:
    shop = next(one for one in house.trade.context.specs_by_name.values() if one.side == "shop")
    given = {**fields(shop), "name": "New shop", "url": "http://127.0.0.1:1"}

    answer = house.administrator.post(house.at(f"connections/new/{shop.name}"), given)

    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert not Connection.objects.filter(name="New shop").exists()


def test_a_name_that_is_taken_is_not_given_other_keys_by_the_form_of_a_new_one(house: House) -> None:
    shop = next(one for one in house.trade.context.specs_by_name.values() if one.side == "shop")
    before = Connection.objects.get(name="Webshop").secrets

    answer = house.administrator.post(house.at(f"connections/new/{shop.name}"), {**fields(shop), "name": "Webshop"})

    assert answer.status_code == 422
    assert Connection.objects.get(name="Webshop").secrets == before


def test_of_which_versions_a_connector_is_stands_there_in_the_readers_language(house: House) -> None:
    User.objects.update(language="nl")
    [name] = [one.name for one in specs().values() if "and later" in one.version]

    form = house.administrator.get(house.at(f"connections/new/{name}")).content.decode()
    page = house.administrator.get(house.at("connections/Webshop")).content.decode()

    assert all("en nieuwer" in one and "and later" not in one for one in (form, page))


def test_a_secret_that_is_kept_is_never_shown(house: House) -> None:
    page = house.administrator.get(house.at("connections/Webshop")).content.decode()
    row = Connection.objects.get(name="Webshop")
    from orderhaven.store.connections import connections

    secrets = {value for key, value in connections.open_settings(row).items() if key not in row.settings}

    assert secrets
    assert [] == [one for one in secrets if one in page]


def test_a_connection_is_paused_resumed_and_asked_by_an_operator(house: House) -> None:
    def act(word: str) -> str:
        house.operator.post(house.at("connections/Webshop/actions"), {"act": word})
        return Connection.objects.get(name="Webshop").state

    assert (act("pause"), act("resume"), act("poll")) == ("paused", "active", "active")
    assert [*Event.objects.filter(actor="Bram").values_list("kind", flat=True)] == ["paused", "resumed"]


def test_the_page_says_what_is_wrong_with_a_connection(house: House) -> None:
    house.operator.post(house.at("connections/Webshop/actions"), {"act": "pause"})

    page = house.viewer.get(house.at("connections")).content.decode()

    assert "Nothing is pulled or pushed until you resume it." in page
    assert "orderhaven resume" not in page  # a command is of no use to whoever has a button
    assert "in order" not in house.viewer.get(house.at("connections/Webshop")).content.decode()


def test_a_carrier_that_is_not_known_is_chosen_on_the_connections_page(house: House) -> None:
    of_account = KeptAccount(carriers={"1": "DPD", "2": "Orange van"})
    Connection.objects.filter(name="bol NL").update(account=of_account)

    before = html.unescape(house.administrator.get(house.at("connections/bol NL")).content.decode())
    given = {"act": "choose_codes", "carrier:1": "auto", "carrier:2": "postnl"}
    house.administrator.post(house.at("connections/bol NL/actions"), given)

    before = before.partition('id="account"')[2]
    assert before.index("<td>Orange van") < before.index("<td>DPD")  # what has to be chosen comes first
    assert "not known: choose" in before
    row = Connection.objects.get(name="bol NL")
    assert row.account_choices.carriers == {"2": "postnl"}
    page = html.unescape(house.viewer.get(house.at("connections/bol NL")).content.decode())
    assert "<select" not in page.partition('id="account"')[2]
    assert "PostNL" in page.partition('id="account"')[2]


def test_what_an_account_cannot_do_stands_on_the_connections_page(house: House) -> None:
    Connection.objects.filter(name="bol NL").update(account=KeptAccount(lacks=(Capability.CANCEL,)))

    page = html.unescape(house.viewer.get(house.at("connections/bol NL")).content.decode())

    assert "cancelling orders" in page.partition('id="account"')[2]


def test_an_operator_reads_no_account_again(house: House) -> None:
    read_at = Connection.objects.get(name="bol NL").account_read_at

    house.operator.post(house.at("connections/bol NL/actions"), {"act": "read_account"})

    assert Connection.objects.get(name="bol NL").account_read_at == read_at


def test_a_pause_that_the_other_side_asked_for_moves_the_next_poll(house: House) -> None:
    until = house.trade.clock.now() + timedelta(minutes=40)
    Connection.objects.filter(name="Webshop").update(backoff_until=until)

    row = house.viewer.get(house.at("connections/Webshop")).context["row"]

    assert (row.next_at, row.backoff_until) == (until, until)


def test_nothing_is_planned_while_a_connection_is_paused(house: House) -> None:
    house.operator.post(house.at("connections/Webshop/actions"), {"act": "pause"})

    assert house.viewer.get(house.at("connections/Webshop")).context["row"].next_at is None


def test_a_connections_page_follows_what_happens_to_it(house: House) -> None:
    beat = house.viewer.get(house.at("connections/Webshop")).context["heartbeat"]
    assert house.viewer.get(house.at(f"connections/Webshop?live={beat}")).status_code == 204

    house.operator.post(house.at("connections/Webshop/actions"), {"act": "pause"})
    news = house.viewer.get(house.at(f"connections/Webshop?live={beat}")).content.decode()

    assert "paused" in news
    assert "<html" not in news


# ---------------------------------------------------------------- links


def test_a_link_is_changed_by_its_form(house: House) -> None:
    given = {
        "wait_hours": "1,5", "every_minutes": "10", "margin_hours": "3", "cancellations_per_hour": "7",
        "fulfilled_by_marketplace": "ignore", "own_carriers": ["postnl", "dhl"], "ships_from": "be", "default_carrier": "gls",
    }  # fmt: skip

    house.administrator.post(house.at("links/bol%20NL"), given)

    link = Link.objects.get()
    assert (link.wait_s, link.ship_by_margin_s, link.cancellations_per_hour) == (5400, 10800, 7)
    assert (link.own_carriers, link.ships_from, link.default_carrier) == (["postnl", "dhl"], "BE", "gls")
    assert link.marketplace.pull_every_s == 600


def test_channels_are_ticked_and_the_others_go_to_a_link_of_their_own(house: House) -> None:
    Connection.objects.filter(name="bol NL").update(channels={"de": "Germany", "nl": "Netherlands"})
    marketplace = Connection.objects.get(name="bol NL").pk

    house.administrator.post(house.at("links/bol%20NL"), {"takes": "some", "channels": ["nl"]})
    page = house.administrator.get(house.at("links")).content.decode()
    given = {"marketplace": "bol NL", "shop": "Webshop", f"channels-{marketplace}": ["de"], "start": "now"}
    house.administrator.post(house.at("links/new"), given)
    second = house.administrator.get(house.at("links/bol%20NL%20-%20Webshop")).content.decode()

    assert (f'name="channels-{marketplace}" value="de"' in page, "> Netherlands (nl)" in page) == (True, False)
    assert sorted((link.name, link.channels) for link in Link.objects.all()) == [
        ("bol NL", ("nl",)),
        ("bol NL - Webshop", ("de",)),
    ]
    assert "bol NL: Germany (de) → Webshop" in second
    assert "The others go elsewhere: Netherlands (nl) → Webshop." in second


def test_a_marketplace_without_channels_is_asked_for_none(house: House) -> None:
    page = house.administrator.get(house.at("links/bol%20NL")).content.decode()

    assert 'name="takes"' not in page


def test_a_link_s_durations_are_shown_as_people_write_them_and_taken_so(house: House) -> None:
    Link.objects.update(wait_s=240, ship_by_margin_s=5400)

    page = house.administrator.get(house.at("links/bol%20NL")).content.decode()
    house.administrator.post(house.at("links/bol%20NL"), {"wait_hours": "4 min", "margin_hours": "1 h 30 min"})

    assert 'value="4 min"' in page
    assert 'value="1 h 30 min"' in page
    link = Link.objects.get()
    assert (link.wait_s, link.ship_by_margin_s) == (240, 5400)


def test_when_parcels_leave_is_set_by_the_form(house: House) -> None:
    given = {
        "transit_days": "2", "working_days": ["1", "6"], "cut_off": "12:30", "time_zone": "Europe/London",
        "free_days": "2026-12-25,2026-12-26",
    }  # fmt: skip

    house.administrator.post(house.at("links/bol%20NL"), given)

    link = Link.objects.get()
    assert (link.transit_days, link.working_days, link.cut_off, link.time_zone) == (2, [1, 6], "12:30", "Europe/London")
    assert link.free_days == ["2026-12-25", "2026-12-26"]
    page = house.administrator.get(house.at("links/bol%20NL")).content.decode()
    assert 'value="6" checked' in page
    assert 'value="2026-12-25, 2026-12-26"' in page


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"cut_off": "5 pm"}, "is no time of day"),
        ({"time_zone": "Amsterdam"}, "is no time zone"),
        ({"free_days": "25-12-2026"}, "is no date"),
        ({"transit_days": "99"}, "between 0 and 30 days"),
        ({"working_days": []}, "on one day of the week at least"),
        ({"working_days": ["9"]}, "on one day of the week at least"),
    ],
)
def test_nonsense_about_parcels_is_said_and_changes_nothing(house: House, given: dict[str, str], said: str) -> None:
    sent = {"transit_days": "1", "working_days": ["1"], "cut_off": "17:00", "time_zone": "", "free_days": "", **given}

    answer = house.administrator.post(house.at("links/bol%20NL"), sent, follow=True)

    link = Link.objects.get()
    assert said in html.unescape(answer.content.decode())
    assert (link.transit_days, link.working_days, link.cut_off) == (1, [1, 2, 3, 4, 5], "17:00")


def test_a_carrier_rule_is_ended_with_the_button_beside_it(house: House) -> None:
    rule = {"kind": "tracking_prefix", "match": "0530", "carrier": "dpd"}
    house.administrator.post(house.at("links/bol%20NL/actions"), {"act": "rule", **rule})
    assert 'value="end_rule"' in house.administrator.get(house.at("links/bol%20NL")).content.decode()

    house.administrator.post(
        house.at("links/bol%20NL/actions"), {"act": "end_rule", "kind": rule["kind"], "match": "0530"}
    )

    assert Link.objects.get().carrier_rules == []


@pytest.mark.parametrize("path", ["links", "links/bol%20NL"])
def test_whoever_only_reads_sees_how_a_link_is_set(house: House, path: str) -> None:
    rule = {"kind": "tracking_prefix", "match": "0530", "carrier": "dpd"}
    Link.objects.update(wait_s=5400, ships_from="BE", own_carriers=["postnl"], carrier_rules=[rule])

    page = house.viewer.get(house.at(path)).content.decode()

    assert [] == [said for said in ("1 h 30 min", "BE", "PostNL", "0530 → DPD") if said not in page]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("wait_hours", "x"),
        ("wait_hours", "-1"),
        ("every_minutes", "0"),
        ("cancellations_per_hour", "1.5"),
        ("ships_from", "Belgium"),
        ("wait_hours", "1e999"),
    ],
)
def test_a_value_that_makes_no_sense_changes_nothing_of_the_link(house: House, field: str, value: str) -> None:
    before = Link.objects.values().get()

    answer = house.administrator.post(house.at("links/bol%20NL"), {"wait_hours": "2", field: value}, follow=True)

    assert '<p class="note error">' in answer.content.decode()
    assert Link.objects.values().get() == before


def test_a_dry_run_shows_what_it_would_send_and_ends_with_a_button(house: House) -> None:
    house.administrator.post(house.at("links/bol%20NL/actions"), {"act": "dry_run"})
    ref = house.trade.sells((LAMP, 1))
    house.trade.passes(minutes=6)
    assert ref in house.viewer.get(house.at("links/bol%20NL")).content.decode()
    [placing] = house.viewer.get(house.order(ref)).context["sides"]["to_shop"]
    assert (placing["state"], placing["next_at"]) == ("dry run: not sent", None)

    house.administrator.post(house.at("links/bol%20NL/actions"), {"act": "go"})
    house.trade.passes(minutes=6)

    assert house.trade.order(ref).shop_ref


def test_no_time_is_said_for_what_a_dry_run_does_not_send(house: House) -> None:
    ref = house.trade.sells((LAMP, 1))
    house.trade.passes(minutes=6)
    later = house.trade.clock.now() + timedelta(hours=1)
    Message.objects.filter(order__ref=ref).update(state="queued", due_at=later)
    [sent] = house.viewer.get(house.order(ref)).context["sides"]["to_shop"]

    house.administrator.post(house.at("links/bol%20NL/actions"), {"act": "dry_run"})

    [unsent] = house.viewer.get(house.order(ref)).context["sides"]["to_shop"]
    assert (sent["next_at"], unsent["next_at"]) == (later, None)


def test_looking_at_a_dry_run_shows_what_was_looked_up_and_when(house: House) -> None:
    house.administrator.post(house.at("links/bol%20NL/actions"), {"act": "dry_run"})
    house.trade.sells((LAMP, 1))
    house.trade.passes(minutes=6)
    before = house.operator.get(house.at("links/bol%20NL")).content.decode()

    dry_run.look_up(house.trade.context, "bol NL")

    after = house.viewer.get(house.at("links/bol%20NL")).content.decode()
    assert "was not looked up yet" in before
    assert 'value="look_up"' in before
    assert "Looked up in the shop:" in after
    assert 'value="look_up"' not in after  # a viewer


def test_a_shop_that_cannot_be_asked_for_its_products_is_said(house: House) -> None:
    house.administrator.post(house.at("links/bol%20NL/actions"), {"act": "dry_run"})
    house.trade.sells((LAMP, 1))
    house.trade.passes(minutes=6)

    answer = house.operator.post(house.at("links/bol%20NL/actions"), {"act": "look_up"}, follow=True)

    assert '<p class="note error">' in answer.content.decode()
    assert "was not looked up yet" in house.operator.get(house.at("links/bol%20NL")).content.decode()


def test_a_dry_run_with_older_orders_alone_says_that_they_wait(house: House) -> None:
    house.administrator.post(house.at("links/bol%20NL/actions"), {"act": "dry_run"})
    nothing = house.viewer.get(house.at("links/bol%20NL")).content.decode()
    Link.objects.update(from_at=house.trade.clock.now() + timedelta(days=1))
    house.trade.sells((MUG, 1))
    house.trade.passes(minutes=6)

    page = house.viewer.get(house.at("links/bol%20NL")).content.decode()

    assert "Nothing would be sent now." in nothing
    assert "Nothing would be sent now." not in page
    assert "the orders from before the link, below, wait for your word" in page


def test_orders_from_before_the_link_are_created_with_one_button(house: House) -> None:
    Link.objects.update(from_at=house.trade.clock.now() + timedelta(days=1))
    refs = [house.trade.sells((MUG, 1)) for _number in range(3)]
    house.trade.passes(minutes=6)
    assert "3 open orders from before" in house.viewer.get(house.at("links/bol%20NL")).content.decode()

    house.operator.post(house.at("links/bol%20NL/actions"), {"act": "create_older"})
    house.trade.passes(minutes=6)

    assert all(house.trade.order(ref).shop_ref for ref in refs)


# ---------------------------------------------------------------- programs


def test_a_token_is_shown_once_and_kept_as_a_hash(house: House) -> None:
    given = {"act": "token", "name": "Printer", "scope": ["read", "write"]}

    page = house.administrator.post(house.at("api-clients/actions"), given)
    secret = page.context["made"]["secret"]

    assert secret in page.content.decode()
    assert not any(secret in repr(row.get_decoded()) for row in Session.objects.all())
    assert house.administrator.get(house.at("api-clients")).context["made"] is None
    row = Token.objects.get()
    assert secret not in repr(row.__dict__)
    assert row.scopes == ["read", "write"]
    assert credentials.token(secret, house.trade.clock.now()) == row


def test_reading_alone_is_ticked_for_a_new_token(house: House) -> None:
    page = house.administrator.get(house.at("api-clients")).content.decode()

    ticked = re.findall(r'name="scope" value="(\w+)" checked', page)

    assert ticked == ["read"]


def test_the_secret_of_a_webhook_stands_in_no_session(house: House) -> None:
    given = {"act": "webhook", "url": "https://example.com/hook", "kind": ["order.created"]}

    secret = house.administrator.post(house.at("api-clients/actions"), given).context["made"]["secret"]

    assert secret
    assert not any(secret in repr(row.get_decoded()) for row in Session.objects.all())


def test_where_a_shop_may_call_is_shown_in_the_answer_alone(house: House) -> None:
    rows = Connection.objects.filter(merchant=house.trade.link.merchant_id)
    name = next(row.name for row in rows if house.trade.context.specs_by_name[row.connector].webhook)

    page = house.administrator.post(house.at(f"connections/{name}/actions"), {"act": "webhook"})
    address, secret = page.context["called"]

    assert (address in page.content.decode(), secret in page.content.decode()) == (True, True)
    assert not any(secret in repr(row.get_decoded()) for row in Session.objects.all())
    assert secret not in house.administrator.get(house.at(f"connections/{name}")).content.decode()
    assert house.administrator.get(house.at(f"connections/{name}/actions")).status_code == 302


def test_a_token_that_is_ended_opens_nothing(house: House) -> None:
    page = house.administrator.post(
        house.at("api-clients/actions"), {"act": "token", "name": "Printer", "scope": ["read"]}
    )
    secret = page.context["made"]["secret"]

    house.administrator.post(house.at("api-clients/actions"), {"act": "end_token", "token": Token.objects.get().pk})

    assert credentials.token(secret, house.trade.clock.now()) is None


def test_another_merchants_token_and_webhook_cannot_be_ended_by_their_numbers(house: House) -> None:
    house.administrator.post(house.at("api-clients/actions"), {"act": "token", "name": "Printer", "scope": ["read"]})
    house.administrator.post(
        house.at("api-clients/actions"),
        {"act": "webhook", "url": "https://example.com/hook", "kind": ["order.created"]},
    )

    for word, row in (("token", Token.objects.get()), ("webhook", Webhook.objects.get())):
        house.stranger.post("/somebody-else/api-clients/actions", {"act": f"end_{word}", word: row.pk})

    assert Token.objects.get().revoked_at is None
    assert Webhook.objects.exists()


# ---------------------------------------------------------------- oneself


def test_name_language_and_time_zone_are_ones_own_to_change(house: House) -> None:
    house.viewer.post(
        "/me/actions", {"act": "self", "name": "Cleo B.", "language": "nl", "time_zone": "Pacific/Auckland"}
    )

    page = house.viewer.get(house.at("orders"))

    assert page.headers["Content-Language"] == "nl"
    assert "Cleo B." in page.content.decode()


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../../etc/passwd", "x" * 300])
def test_a_time_zone_that_there_is_none_of_is_refused(house: House, zone: str) -> None:
    house.viewer.post("/me/actions", {"act": "self", "name": "Cleo", "time_zone": zone})

    assert house.viewer.get(house.at("orders")).status_code == 200


def test_which_mails_one_gets_is_ones_own_to_choose(house: House) -> None:
    merchant = house.trade.link.merchant_id
    house.operator.post("/me/actions", {"act": "notifications", "merchant": merchant, "kind": ["problem", "digest"]})

    [preferences] = house.operator.get("/me").context["preferences"]

    assert {kind for kind, _name, wanted in preferences["kinds"] if wanted} == {
        NotificationKind.PROBLEM,
        NotificationKind.DIGEST,
    }


def test_what_was_done_stands_in_the_audit_with_who_did_it(house: House) -> None:
    house.operator.post(house.at("connections/Webshop/actions"), {"act": "pause"})
    house.administrator.post(house.at("api-clients/actions"), {"act": "token", "name": "Printer", "scope": ["read"]})

    rows = house.administrator.get(house.at("audit")).context["rows"]

    assert [(row["who"], row["what"]) for row in rows[:2]] == [
        ("Anna", "API token 'Printer' made (read)"),
        ("Bram", "Paused"),
    ]
    theirs = house.stranger.get("/somebody-else/audit").context["rows"]
    assert "Bram" not in repr(theirs)
