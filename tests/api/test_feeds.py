"""What a program follows: events, shipments, problems. Nothing is left out, nothing comes twice."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orderhaven.core.problems import ProblemKind
from orderhaven.ports.sandbox import CatalogueItem
from orderhaven.store.access import credentials
from orderhaven.store.connections import merchants
from orderhaven.store.models import Event, Merchant, Message, Shipment
from orderhaven.store.orders import events, order_page, problems
from orderhaven.testing.clock import START
from tests.api.conftest import Program, sold
from tests.journeys.conftest import POSTNL_CODE, Trade

CUP = CatalogueItem("CUP-9", "8712345678999", "Cup", "4.99")


def follow(program: Program, after: str = "", limit: int = 3) -> tuple[list[dict[str, Any]], str]:
    """Everything until there is no more, and where it goes on."""
    seen = []
    while True:
        page = program.get("/events", limit=limit, **({"after": after} if after else {})).json()
        seen += page["events"]
        after = page["after"]
        if not page["has_more"]:
            return seen, after


def ships(trade: Trade) -> str:
    ref = sold(trade)
    trade.shop.complete(trade.shop_ref(ref), tracking_number=POSTNL_CODE)
    trade.passes(minutes=10)
    return ref


# ---------------------------------------------------------------- events


def test_events_come_once_each_and_in_order(program: Program, trade: Trade) -> None:
    ref = ships(trade)
    trade.clock.advance(timedelta(seconds=3))

    seen, after = follow(program)

    assert [int(one["id"][1:], 16) for one in seen] == list(Event.objects.order_by("id").values_list("id", flat=True))
    assert [one["kind"] for one in seen if one["ref"] == ref][:2] == ["received", "shop_order_created"]
    assert follow(program, after) == ([], after)


def test_an_event_says_what_happened_to_what(program: Program, trade: Trade) -> None:
    ref = sold(trade)
    program.post("/connections/bol NL/pause")
    trade.clock.advance(timedelta(seconds=3))

    seen, _after = follow(program)

    [pulled, paused] = [one for one in seen if one["kind"] in ("received", "paused")]
    assert (pulled["marketplace"], pulled["ref"], pulled["actor"], pulled["sentence"]) == (
        "bol NL",
        ref,
        "hub",
        "Received",
    )
    assert (paused["connection"], paused["ref"], paused["actor"]) == ("bol NL", "", "token erp administrator")


def test_what_just_happened_waits_for_what_may_still_be_written_before_it(program: Program, trade: Trade) -> None:
    """Of two transactions at once, the one that took its numbers first may end last."""
    sold(trade)
    trade.clock.advance(timedelta(seconds=3))
    settled, after = follow(program)
    merchant = trade.link.merchant_id
    young = Event.objects.create(merchant_id=merchant, at=trade.clock.now(), actor="anna", kind="joined")
    older_but_later = Event.objects.create(
        merchant_id=merchant, at=trade.clock.now() - timedelta(minutes=1), actor="anna", kind="joined"
    )

    waiting, still = follow(program, after)
    trade.clock.advance(timedelta(seconds=3))
    told, _after = follow(program, after)

    assert settled
    assert (waiting, still) == ([], after)
    assert [int(one["id"][1:], 16) for one in told] == [young.pk, older_but_later.pk]


def test_a_reader_may_begin_with_what_is_still_to_happen(program: Program, trade: Trade) -> None:
    sold(trade)
    trade.clock.advance(timedelta(seconds=3))
    seen, after = follow(program, "latest")
    ref = sold(trade)
    trade.clock.advance(timedelta(seconds=3))

    told, _after = follow(program, after)

    assert seen == []
    assert {one["ref"] for one in told} == {ref}


def test_a_reader_that_is_ahead_of_a_restored_store_gets_an_error(program: Program, trade: Trade) -> None:
    answer = program.get("/events", after="effffff")

    assert (answer.status_code, "backup" in answer.json()["detail"]) == (422, True)


def test_what_people_did_is_for_who_sets_up(program: Program, viewer: Program, trade: Trade) -> None:
    trade.clock.advance(timedelta(seconds=3))

    assert {one["kind"] for one in follow(program)[0]} == {"token_created"}
    assert follow(viewer)[0] == []


def test_anothers_events_are_passed_over_however_many(trade: Trade, program: Program) -> None:
    now = trade.clock.now()
    other = Merchant.objects.create(name="Andere", slug="andere")
    Event.objects.bulk_create(
        Event(merchant=other, at=now, actor="hub", kind="joined") for _ in range(events._LOOKED_AT + 10)
    )
    credentials.note(trade.link.merchant_id, now, "anna", "joined", {"person": "Bea", "role": "viewer"})
    trade.clock.advance(timedelta(seconds=3))

    first = program.get("/events").json()
    seen, _after = follow(program)

    assert (len(first["events"]), first["has_more"]) == (1, True)  # the token that was made, and a stretch of nothing
    assert [one["kind"] for one in seen] == ["token_created", "joined"]


# ---------------------------------------------------------------- shipments


def test_shipments_come_newest_first(program: Program, trade: Trade) -> None:
    refs = [ships(trade), ships(trade)]

    [newest] = (page := program.get("/shipments", limit=1).json())["shipments"]
    [oldest] = (last := program.get("/shipments", limit=1, after=page["after"]).json())["shipments"]

    assert [newest["ref"], oldest["ref"]] == refs[::-1]
    assert (newest["carrier"], newest["tracking_number"], list(newest["quantities"].values())) == (
        "postnl",
        POSTNL_CODE,
        [1],
    )
    assert last["after"] == ""


def test_shipments_since_a_moment(program: Program, trade: Trade) -> None:
    ships(trade)
    began = trade.clock.now()
    ref = ships(trade)

    since = program.get("/shipments", since=began.isoformat()).json()
    later = program.get("/shipments", since=(trade.clock.now() + timedelta(hours=1)).isoformat()).json()

    assert [one["ref"] for one in since["shipments"]] == [ref]
    assert (later["shipments"], later["after"]) == ([], "")


def test_a_list_goes_back_no_further_than_it_must(trade: Trade) -> None:
    """Behind a stretch that is too old, all of them are."""
    ref = ships(trade)
    told = Message.objects.get(kind="confirm")
    merchant, many = trade.link.merchant_id, range(1, order_page._LOOKED_AT + 10)
    Message.objects.bulk_create(Message(**{**_columns(told), "part": part}) for part in many)
    confirmed = {"order_id": told.order_id, "confirmed_at": trade.clock.now()}
    Shipment.objects.bulk_create(Shipment(message=one, **confirmed) for one in Message.objects.filter(part__gt=0))

    all_of_them = order_page.shipments(merchant, None, None, 5_000)
    rest = order_page.shipments(merchant, all_of_them.before, None, 5_000)
    later = order_page.shipments(merchant, None, trade.clock.now() + timedelta(seconds=1), 50)

    assert (len(all_of_them.rows), len(rest.rows)) == (order_page._LOOKED_AT, 10)
    assert ({row.ref for row in rest.rows}, rest.before) == ({ref}, None)
    assert (later.rows, later.before) == ((), None)


def _columns(message: Message) -> dict[str, Any]:
    return {field.attname: getattr(message, field.attname) for field in Message._meta.concrete_fields[1:]}


def test_anothers_shipments_are_passed_over(trade: Trade) -> None:
    ships(trade)
    other = merchants.create_merchant("Andere")

    assert order_page.shipments(other.pk, None, None, 50).rows == ()
    assert Shipment.objects.exists()


# ---------------------------------------------------------------- problems


def test_problems_come_newest_first_with_what_can_be_done(program: Program, trade: Trade) -> None:
    refs = [sold(trade, (CUP, 1)), sold(trade, (CUP, 1))]

    [newest] = (page := program.get("/problems", limit=1).json())["problems"]
    [oldest] = (last := program.get("/problems", limit=1, after=page["after"]).json())["problems"]

    assert [newest["ref"], oldest["ref"]] == refs[::-1]
    assert (newest["kind"], newest["title"], newest["status"]) == ("unknown_product", "Unknown product", "not_shipped")
    assert [one["action"] for one in newest["actions"]] == ["map", "retry", "handle"]
    assert last["after"] == ""


def test_problems_of_a_kind(program: Program, trade: Trade) -> None:
    sold(trade, (CUP, 1))

    assert program.get("/problems", kind="total_differs").json()["problems"] == []
    assert len(program.get("/problems", kind=["total_differs", "unknown_product"]).json()["problems"]) == 1


def test_what_is_solved_is_no_problem(program: Program, trade: Trade) -> None:
    ref = sold(trade, (CUP, 1))
    program.post(f"/orders/bol NL/{ref}/actions/handle")

    assert program.get("/problems").json()["problems"] == []


# ---------------------------------------------------------------- what they cost


LISTS: dict[str, Callable[[], object]] = {
    "the last events": lambda: events.newest(START),
    "a merchant's events": lambda: events.events(1, 0, 5, START + timedelta(days=1), of_merchant=True),
    "a merchant's shipments": lambda: order_page.shipments(1, None, None, 5),
    "open problems": lambda: problems.open_problems(1, [ProblemKind.REJECTED], 9, 5),
}


@pytest.mark.parametrize("name", LISTS)
def test_no_list_walks_through_history(program: Program, trade: Trade, name: str) -> None:
    ships(trade)  # where nothing is, not all is asked
    with CaptureQueriesContext(connection) as asked:
        LISTS[name]()

    plan = []
    for query in asked.captured_queries:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {query['sql']}")
            plan += [row[3] for row in cursor.fetchall()]

    # the newest rows are taken from the end of the table, where the limit stops it
    allowed = {"SCAN store_event"} if name == "the last events" else set()
    walks = {step for step in plan if step.startswith("SCAN store_") and "USING" not in step}
    assert walks - allowed == set()


def test_a_cursor_is_a_letter_and_a_place(program: Program) -> None:
    for address, after in (("/events", "p1"), ("/shipments", "e1"), ("/problems", "p" + "f" * 16), ("/events", "e1\n")):
        assert program.get(address, after=after).status_code == 422
