"""Orders: found, counted, read, and read again only when they changed."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orderhaven.ports.sandbox import CatalogueItem
from orderhaven.store.connections import keys
from orderhaven.store.models import Link, OrderContact
from tests.api.conftest import Program
from tests.journeys.conftest import LAMP, MUG, POSTNL_CODE, Trade

CUP = CatalogueItem("CUP-9", "8712345678999", "Cup", "4.99")
ORDER = "/orders/bol NL/{}"


@pytest.fixture
def refs(trade: Trade) -> list[str]:
    """A shipped mug, two lamps of Jansen's, an unknown cup."""
    trade.passes(seconds=10)
    made = [
        trade.sells((MUG, 1)),
        trade.sells((LAMP, 2), address={"last_name": "Jansen", "postcode": "9712 CP"}),
        trade.sells((CUP, 1)),
    ]
    trade.passes(minutes=6)
    trade.shop.complete(trade.shop_ref(made[0]), tracking_number=POSTNL_CODE)
    trade.passes(minutes=10)
    return made


def found(program: Program, **asked: Any) -> set[str]:
    return {one["ref"] for one in program.get("/orders", **asked).json()["orders"]}


def test_a_row_says_where_the_order_stands(program: Program, refs: list[str]) -> None:
    [row] = program.get("/orders", tab="shipped").json()["orders"]

    assert (row["marketplace"], row["ref"], row["shop"]) == ("bol NL", refs[0], "Webshop")
    assert (row["status"], row["status_name"], row["sync"]) == ("shipped", "Shipped", "confirmed by bol NL")
    assert (row["tracking_number"], row["quantity"], row["problems"]) == (POSTNL_CODE, 1, [])
    assert row["total"] == {"amount": "15.94", "currency": "EUR"}
    assert row["placed_at"].endswith("Z")


def test_a_list_is_narrowed(program: Program, trade: Trade, refs: list[str]) -> None:
    assert found(program) == set(refs)
    assert found(program, status=["shipped", "waiting"]) == {refs[0]}
    assert found(program, problem="unknown_product") == {refs[2]}
    assert found(program, carrier="postnl") == {refs[0]}
    assert found(program, fulfilment="marketplace") == set()
    assert found(program, marketplace="bol NL", shop="Webshop") == set(refs)
    assert found(program, until="2020-01-01T00:00:00+01:00") == set()
    assert found(program, since="2020-01-01T00:00:00Z") == set(refs)


def test_an_order_is_found_by_a_word(program: Program, refs: list[str]) -> None:
    assert found(program, search="jans") == {refs[1]}
    assert found(program, search="9712cp") == {refs[1]}
    assert found(program, search="LAMP-2") == {refs[1]}
    assert found(program, search=POSTNL_CODE) == {refs[0]}


def test_a_buyer_is_not_found_letter_by_letter_by_who_may_not_read_names(viewer: Program, refs: list[str]) -> None:
    assert found(viewer, search="jans") == set()
    assert found(viewer, search="9712cp", status="not_shipped") == set()
    assert found(viewer, search="LAMP-2") == {refs[1]}


def test_pages_follow_each_other(program: Program, refs: list[str]) -> None:
    seen, after = [], ""
    while True:
        page = program.get("/orders", limit=2, sort="oldest", **({"after": after} if after else {})).json()
        seen += [one["ref"] for one in page["orders"]]
        after = page["after"]
        if not after:
            break

    assert sorted(refs) == sorted(seen)


def test_a_connection_that_is_not_there_is_a_slip(program: Program, refs: list[str]) -> None:
    assert program.get("/orders", marketplace="bol BE").status_code == 404


def test_a_cursor_of_another_list_is_refused(program: Program, refs: list[str]) -> None:
    after = program.get("/orders", limit=1).json()["after"]

    answer = program.get("/orders", sort="ship_by", after=after)

    assert (answer.status_code, answer.json()["type"]) == (422, "urn:orderhaven:error:cursor")


def test_a_misspelled_parameter_is_refused(program: Program) -> None:
    answer = program.get("/orders", statuz="shipped")

    assert answer.status_code == 422
    assert "There is no parameter 'statuz'" in answer.json()["faults"][0]["what"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", "0"), ("limit", "201"), ("limit", "1_0"), ("limit", "٣"), ("limit", "9" * 5000), ("since", "2026-01-31"),
        ("since", "2026-13-01T00:00:00Z"), ("since", "1700000000"), ("tab", "open"), ("search", "a\x00b"), ("carrier", ""),
    ],
)  # fmt: skip
def test_a_value_out_of_bounds_is_named(program: Program, name: str, value: str) -> None:
    answer = program.get("/orders", **{name: value})

    assert (answer.status_code, [one["where"] for one in answer.json()["faults"]]) == (422, [f"query.{name}"])


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:60-14:00", "2026-06-30T23:59:60Z"])
def test_a_moment_at_the_edge_of_the_calendar_is_a_moment(program: Program, moment: str) -> None:
    assert program.get("/orders", since=moment).status_code == 200
    assert program.get("/shipments", since=moment).status_code == 200


def test_tabs_are_counted(program: Program, refs: list[str]) -> None:
    counts = {one["tab"]: (one["number"], one["is_exact"]) for one in program.get("/orders/counts").json()["tabs"]}

    assert (counts["all"], counts["shipped"], counts["problems"]) == ((3, True), (1, True), (1, True))


def test_one_order_says_everything(program: Program, trade: Trade, refs: list[str]) -> None:
    order = program.get(ORDER.format(refs[0])).json()

    assert [(line["sku"], line["shipped"], line["total"]["amount"]) for line in order["lines"]] == [
        ("MUG-1", 1, "12.99")
    ]
    assert [(one["side"], one["kind"], one["state"]) for one in order["messages"]] == [
        ("shop", "create", "done"), ("marketplace", "confirm", "done"),
    ]  # fmt: skip
    [shipment] = order["shipments"]
    assert (shipment["carrier"], shipment["carrier_name"], shipment["tracking_number"]) == (
        "postnl",
        "PostNL",
        POSTNL_CODE,
    )
    assert order["events"][0]["sentence"] == "Received"
    assert (order["shop_state"], order["shop_ref"]) == ("completed", trade.shop_ref(refs[0]))


def test_a_problem_says_what_can_be_done(program: Program, refs: list[str]) -> None:
    [problem] = program.get(ORDER.format(refs[2])).json()["open_problems"]

    assert (problem["kind"], problem["values"]["sku"]) == ("unknown_product", "CUP-9")
    assert "is not in the shop" in problem["sentence"]
    assert [one["action"] for one in problem["actions"]] == ["map", "retry", "handle"]


def test_nobody_is_named_unless_it_is_asked_for(program: Program, refs: list[str]) -> None:
    alone = program.get(ORDER.format(refs[1]))
    with_buyer = program.get(ORDER.format(refs[1]), buyer="true").json()

    people = OrderContact.objects.filter(order__ref=refs[1])
    private = {part for one in people for part in (one.last_name, one.street, one.email, one.postcode) if part}
    assert [] == [part for part in private if part in alone.content.decode()]
    assert alone.json()["buyer"] is None
    assert with_buyer["buyer"]["ship_to"]["last_name"] == "Jansen"


def test_names_and_addresses_are_not_for_a_token_that_only_reads(viewer: Program, refs: list[str]) -> None:
    assert viewer.get(ORDER.format(refs[1]), buyer="true").status_code == 403
    assert viewer.get(ORDER.format(refs[1])).status_code == 200


def test_people_is_true_or_false(program: Program, refs: list[str]) -> None:
    assert program.get(ORDER.format(refs[1]), buyer="1").status_code == 422


def test_an_order_that_did_not_change_is_not_sent_again(program: Program, refs: list[str]) -> None:
    tag = program.get(ORDER.format(refs[0])).headers["ETag"]

    same = program.sends("GET", ORDER.format(refs[0]), headers={"If-None-Match": f'"other", {tag}'})

    assert (same.status_code, same.content, same.headers["ETag"]) == (304, b"", tag)


def test_an_order_that_changed_has_another_tag(program: Program, refs: list[str]) -> None:
    address = ORDER.format(refs[1])
    tag = program.get(address).headers["ETag"]
    program.post(f"{address}/actions/handle")

    again = program.sends("GET", address, headers={"If-None-Match": tag})

    assert again.status_code == 200
    assert again.headers["ETag"] != tag


def test_what_is_read_otherwise_has_another_tag(program: Program, refs: list[str]) -> None:
    """Strong tags promise the same bytes."""
    address = ORDER.format(refs[0])
    plain, with_buyer = program.get(address), program.get(address, buyer="true")
    Link.objects.update(dry_run=True)

    assert len({plain.headers["ETag"], with_buyer.headers["ETag"], program.get(address).headers["ETag"]}) == 3
    assert (plain.headers["Cache-Control"], with_buyer.headers["Cache-Control"]) == ("private, no-cache", "no-store")


def test_a_list_asks_the_store_as_often_for_many_as_for_few(program: Program, trade: Trade) -> None:
    def questions(address: str, **asked: Any) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert program.get(address, **asked).status_code == 200
        return len(captured)

    program.get("/orders")  # a token's first use is written down

    def all_lists() -> dict[str, int]:
        trade.clock.advance(timedelta(minutes=1))
        return {
            address: questions(address)
            for address in ("/orders", "/orders/counts", "/events", "/shipments", "/problems", "/connections", "/links")
        }

    counts = []
    for number in (3, 12):
        for _ in range(number):
            trade.sells((MUG, 1))
            trade.sells((CUP, 1))
        trade.passes(minutes=6)
        for order in trade.shop.orders():
            if order.reference:
                trade.shop.complete(order.shop_ref, tracking_number=POSTNL_CODE)
        trade.passes(minutes=10)
        counts.append(all_lists())

    assert counts[0] == counts[1]
    assert max(counts[0].values()) <= 6


def test_secrets_are_in_no_answer(program: Program, trade: Trade, refs: list[str]) -> None:
    secrets = {
        value for row in (trade.link.marketplace, trade.link.shop) for value in keys.decrypt(row.secrets).values()
    }
    addresses = ["/connectors", "/connections", "/connections/bol NL", "/connections/Webshop", "/links", "/events"]

    told = "".join(program.get(address).content.decode() for address in addresses)

    assert secrets
    assert [] == [secret for secret in secrets if secret and secret in told]


def test_a_carrier_is_recognised_by_a_tracking_number(viewer: Program) -> None:
    told = viewer.get("/carrier", tracking_number=POSTNL_CODE, to="NL", postcode="9712 CP").json()

    assert (told["carrier"], told["carrier_name"], told["confidence"]) == ("postnl", "PostNL", "certain")
    assert POSTNL_CODE in told["tracking_url"]


def test_what_is_no_tracking_number_is_nobodys(viewer: Program) -> None:
    told = viewer.get("/carrier", tracking_number="?").json()

    assert (told["carrier"], told["confidence"], told["why"]) == (
        None,
        "unsure",
        "It says that there is no tracking number.",
    )
