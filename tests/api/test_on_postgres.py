"""The same answers on the other database: what a program sends reaches statements that each database takes in its own way."""

from datetime import timedelta
from typing import Any

import pytest

from orderhaven.ports.sandbox import CatalogueItem
from tests.api.conftest import Program, sold
from tests.journeys.conftest import POSTNL_CODE, Trade

CUP = CatalogueItem("CUP-9", "8712345678999", "Cup", "4.99")
pytestmark = [pytest.mark.postgres, pytest.mark.parametrize("any_store", ["postgres"], indirect=True)]


@pytest.fixture
def store(any_store: None) -> None:
    """An empty store on PostgreSQL."""


@pytest.fixture
def refs(trade: Trade) -> list[str]:
    refs = [sold(trade), sold(trade, (CUP, 1))]
    trade.shop.complete(trade.shop_ref(refs[0]), tracking_number=POSTNL_CODE)
    trade.passes(minutes=10)
    trade.clock.advance(timedelta(seconds=3))
    return refs


def test_every_list_is_shown(program: Program, refs: list[str]) -> None:
    def listed(what: str, **asked: Any) -> list[str]:
        return [one["ref"] for one in program.get(f"/{what}", **asked).json()[what]]

    assert listed("orders") == refs[::-1]
    assert listed("shipments", since="2026-01-01T00:00:00Z") == [refs[0]]
    assert listed("problems", kind="unknown_product") == [refs[1]]
    assert set(listed("events")) == {"", *refs}
    assert program.get("/events", after="latest").json()["events"] == []
    assert program.get("/orders/counts").status_code == 200


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:60-14:00"])
def test_a_moment_at_the_edge_of_the_calendar_is_a_moment(program: Program, refs: list[str], moment: str) -> None:
    for address in ("/orders", "/shipments"):
        assert program.get(address, since=moment).status_code == 200


def test_a_sign_that_the_database_does_not_keep_is_refused(program: Program, refs: list[str]) -> None:
    assert program.get("/orders", search="a\x00").status_code == 422
    assert program.get(f"/orders/bol NL/{refs[0]}\x00").status_code == 422
    assert program.post(f"/orders/bol NL/{refs[0]}/actions/map", {"sku": "\x00"}).status_code == 422


def test_only_what_was_read_is_changed(program: Program, trade: Trade, refs: list[str]) -> None:
    address = f"/orders/bol NL/{refs[1]}"
    tag = program.get(address).headers["ETag"]

    done = [program.post(f"{address}/actions/{act}", If_Match=tag).status_code for act in ("handle", "give-back")]

    assert (done, trade.order(refs[1]).status) == ([200, 412], "manual")


def test_a_link_and_a_connection_too(program: Program, trade: Trade) -> None:
    tag = program.get("/links/bol NL").headers["ETag"]
    changed = [program.patch("/links/bol NL", {"wait_s": seconds}, If_Match=tag).status_code for seconds in (60, 120)]
    tag = program.get("/connections/bol NL").headers["ETag"]
    program.post("/connections/bol NL/pause")

    assert changed == [200, 412]
    assert program.patch("/connections/bol NL", {"every_s": 600}, If_Match=tag).status_code == 412


def test_a_cursor_is_no_bigger_than_the_database_counts(program: Program, refs: list[str]) -> None:
    for address, letter in (("/orders", "o"), ("/shipments", "s"), ("/problems", "p")):
        assert program.get(address, after=letter + "f" * 15).status_code == 200
    assert program.get("/events", after="e" + "f" * 15).status_code == 422
