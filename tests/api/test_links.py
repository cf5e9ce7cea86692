"""Links through the API: made, changed, tried dry; and what is said about all orders of one."""

from datetime import timedelta
from typing import Any

import pytest

from orderhaven.core.status import Status
from orderhaven.ports.sandbox import CatalogueItem
from orderhaven.store.models import Connection, Link, Order
from tests.api.conftest import Program, sold
from tests.journeys.conftest import MUG, Trade

CUP = CatalogueItem("CUP-9", "8712345678999", "Cup", "4.99")
LINK = "/links/bol NL"


def test_links_are_shown_with_how_they_work(program: Program, trade: Trade) -> None:
    [link] = program.get("/links").json()["links"]

    assert (link["marketplace"], link["shop"], link["wait_s"], link["every_s"]) == ("bol NL", "Webshop", 10_800, 300)
    assert program.get(LINK).json() == {**link, "older": 0}


def test_a_link_is_made_as_a_dry_run(program: Program, trade: Trade) -> None:
    Link.objects.all().delete()

    answer = program.post("/links", {"marketplace": "bol NL", "shop": "Webshop", "dry_run": True, "wait_s": 60})

    assert (answer.status_code, answer.json()["dry_run"], answer.json()["wait_s"]) == (201, True, 60)


def test_a_marketplace_has_one_link(program: Program, trade: Trade) -> None:
    assert program.post("/links", {"marketplace": "bol NL", "shop": "Webshop"}).status_code == 409


CHANNELS = {"de": "Germany", "nl": "Netherlands"}


def test_two_links_divide_the_channels_of_a_marketplace(program: Program, trade: Trade) -> None:
    Connection.objects.filter(name="bol NL").update(channels=CHANNELS)

    kept = program.patch(LINK, {"channels": ["nl"]}).json()
    made = program.post("/links", {"marketplace": "bol NL", "shop": "Webshop", "channels": ["de"]}).json()
    changed = program.patch("/links/bol NL - Webshop", {"wait_s": 60}).json()

    assert (kept["name"], kept["channels"]) == ("bol NL", ["nl"])
    assert (made["name"], made["channels"], made["does_orders"]) == ("bol NL - Webshop", ["de"], True)
    assert (changed["name"], changed["wait_s"]) == ("bol NL - Webshop", 60)
    assert program.get(LINK).json()["wait_s"] == kept["wait_s"]
    connection = program.get("/connections/bol NL").json()
    assert connection["channels"] == CHANNELS
    assert [(one["name"], one["channels"]) for one in connection["links"]] == [
        ("bol NL", ["nl"]),
        ("bol NL - Webshop", ["de"]),
    ]


@pytest.mark.parametrize("channels", [["nl"], [], ["xx"]], ids=["taken", "all", "unknown"])
def test_a_channel_goes_to_one_shop_only(program: Program, trade: Trade, channels: list[str]) -> None:
    Connection.objects.filter(name="bol NL").update(channels=CHANNELS)
    program.patch(LINK, {"channels": ["nl"]})

    answer = program.post("/links", {"marketplace": "bol NL", "shop": "Webshop", "channels": channels})

    assert answer.status_code == 409
    assert Link.objects.count() == 1


def test_what_a_link_does_is_kept(program: Program, trade: Trade) -> None:
    changed = program.patch(LINK, {"does_orders": False, "does_stock": True}).json()

    assert (changed["does_orders"], changed["does_stock"], changed["does_returns"]) == (False, True, False)


def test_a_link_needs_connections_that_are_there(program: Program, trade: Trade) -> None:
    assert program.post("/links", {"marketplace": "bol NL", "shop": "Winkel"}).status_code == 404
    assert program.get("/links/Webshop").status_code == 404


def test_only_what_is_named_changes(program: Program, trade: Trade) -> None:
    before = program.get(LINK).json()
    wish = {
        "cancellations_per_hour": 9,
        "own_carriers": ["dpd", "postnl"],
        "ships_from": "nl",
        "default_carrier": "dpd",
        "transit_days": 2,
        "working_days": [1, 6],
        "cut_off": "12:30",
        "time_zone": "Europe/London",
        "free_days": ["2026-12-25"],
    }

    changed = program.patch(LINK, wish).json()

    assert changed == {**before, **wish, "ships_from": "NL"}
    assert program.patch(LINK, {"default_carrier": ""}).json()["default_carrier"] == ""
    assert program.patch(LINK, {"from_at": "2026-01-31T14:00:00+01:00"}).json()["from_at"] == "2026-01-31T13:00:00Z"


@pytest.mark.parametrize(
    "wish",
    [
        {"wait_s": -1}, {"wait_s": 1e400}, {"wait_s": 10**30}, {"own_carriers": ["gsl"]}, {"ships_from": "Nederland"},
        {"from_at": "yesterday"}, {"from_at": 1700000000}, {"from_at": "2026-01-31T14:00:00"}, {"dry_run": "no"},
        {"cancellations_per_hour": True}, {"shop": "Webshop"}, {"transit_days": 31}, {"working_days": []}, {"cut_off": "5 pm"},
        {"working_days": [8]}, {"free_days": ["25-12-2026"]},
    ],
)  # fmt: skip
def test_a_setting_that_makes_no_sense_is_refused(program: Program, trade: Trade, wish: dict[str, Any]) -> None:
    before = Link.objects.values().get()

    assert program.patch(LINK, wish).status_code == 422
    assert Link.objects.values().get() == before


def test_a_setting_that_cannot_be_is_refused_with_a_sentence(program: Program, trade: Trade) -> None:
    answer = program.patch(LINK, {"every_s": 5})

    assert (answer.status_code, "more often than" in answer.json()["detail"]) == (409, True)


def test_a_link_that_changed_since_it_was_read_is_left_alone(program: Program, trade: Trade) -> None:
    tag = program.get(LINK).headers["ETag"]
    program.patch(LINK, {"wait_s": 60}, If_Match=tag)

    answer = program.patch(LINK, {"wait_s": 120}, If_Match=tag)

    assert (answer.status_code, Link.objects.get().wait_s) == (412, 60)


def test_a_link_that_did_not_change_is_not_sent_again(program: Program, trade: Trade) -> None:
    tag = program.get(LINK).headers["ETag"]

    assert program.sends("GET", LINK, headers={"If-None-Match": tag}).status_code == 304


def test_a_dry_run_shows_what_it_would_send(program: Program, trade: Trade) -> None:
    program.patch(LINK, {"dry_run": True})
    trade.passes(seconds=10)
    ref = trade.sells((MUG, 2))
    trade.passes(minutes=20)

    [would] = program.get(f"{LINK}/dry-run").json()["dry_run_entries"]

    assert (would["ref"], would["side"], would["what"], would["problem"]) == (ref, "shop", "create", "")
    assert "2 x MUG-1" in would["facts"]


def test_a_dry_run_knows_the_products_once_they_are_looked_up(program: Program, trade: Trade) -> None:
    program.patch(LINK, {"dry_run": True})
    trade.passes(seconds=10)
    trade.sells((MUG, 2))
    trade.passes(minutes=20)
    before = program.get(f"{LINK}/dry-run").json()

    after = program.post(f"{LINK}/dry-run/look-up", {}).json()

    assert (before["looked_up_at"], "not looked up" in before["dry_run_entries"][0]["facts"]) == (None, True)
    assert after["looked_up_at"]
    assert "not looked up" not in after["dry_run_entries"][0]["facts"]
    assert program.get(f"{LINK}/dry-run").json() == after


def test_what_is_sent_is_no_dry_run(program: Program, trade: Trade) -> None:
    assert program.get(f"{LINK}/dry-run").status_code == 409


@pytest.fixture
def older(trade: Trade) -> list[str]:
    refs = [trade.sells(), trade.sells()]
    Link.objects.update(from_at=trade.clock.now() + timedelta(hours=1))
    trade.passes(minutes=6)
    return refs


def test_older_orders_are_created_all_at_once(program: Program, trade: Trade, older: list[str]) -> None:
    waiting = program.get(LINK).json()["older"]

    said = program.post(f"{LINK}/create-older").json()["sentence"]
    trade.passes(minutes=1)

    assert (waiting, said) == (2, "2 orders will be created in the shop.")
    assert [len(trade.in_shop(ref)) for ref in older] == [1, 1]


def test_older_orders_are_left_all_at_once(program: Program, trade: Trade, older: list[str]) -> None:
    said = program.post(f"{LINK}/ignore-older").json()["sentence"]

    assert (said, program.get(LINK).json()["older"]) == ("2 orders are ignored.", 0)
    assert {"ignored"} == set(Order.objects.values_list("hold", flat=True))


def test_many_are_adopted_and_one_that_cannot_be_says_why(program: Program, trade: Trade, older: list[str]) -> None:
    pairs = [{"order": older[0], "shop_order": "99999"}, {"order": "4711", "shop_order": "1"}]

    adoptions = program.post("/adoptions", {"pairs": pairs}).json()["adoptions"]

    said = {one["order"]: (one["is_done"], one["sentence"]) for one in adoptions}
    assert said[older[0]][0] is False
    assert "no order 99999" in said[older[0]][1]
    assert "There is no order 4711" in said["4711"][1]


def test_held_cancellations_are_sent_when_they_were_meant(program: Program, trade: Trade) -> None:
    program.patch(LINK, {"cancellations_per_hour": 0})
    ref = sold(trade)
    trade.shop.cancel(trade.shop_ref(ref))
    trade.passes(minutes=6)

    held = trade.problems(ref)
    said = program.post(f"{LINK}/release").json()["sentence"]
    trade.passes(minutes=10)

    assert (held, said) == (["cancellations_on_hold"], "1 held cancellation will be sent.")
    assert trade.order(ref).status == Status.CANCELLED


def test_a_carrier_rule_stands_behind_the_others(program: Program, trade: Trade) -> None:
    rule = {"kind": "tracking_prefix", "match": "XY", "carrier": "dpd"}

    answer = program.post(f"{LINK}/carrier-rules", rule)

    assert (answer.status_code, answer.json()["carrier_rules"]) == (201, [rule])
    assert program.post(f"{LINK}/carrier-rules", {**rule, "match": " "}).status_code == 409


def test_a_carrier_rule_ends(program: Program, trade: Trade) -> None:
    program.post(f"{LINK}/carrier-rules", {"kind": "tracking_prefix", "match": "XY", "carrier": "dpd"})

    answer = program.post(f"{LINK}/carrier-rules/end", {"kind": "tracking_prefix", "match": "XY"})

    assert (answer.status_code, answer.json()["carrier_rules"]) == (200, [])
    assert program.post(f"{LINK}/carrier-rules/end", {"kind": "tracking_prefix", "match": "XY"}).status_code == 409


def test_a_product_is_matched_for_every_order_that_waits(program: Program, trade: Trade) -> None:
    ref = sold(trade, (CUP, 1))

    said = program.post(f"{LINK}/products", {"sku": "CUP-9", "shop_sku": "MUG-1"}).json()["sentence"]
    trade.passes(minutes=1)

    assert said == "CUP-9 is that product from now on. 1 order goes on."
    assert len(trade.in_shop(ref)) == 1
