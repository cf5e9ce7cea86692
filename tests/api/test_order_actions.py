"""What is done about orders: one, many, and only what was read."""

from typing import Any

import pytest

from orderhaven.core.access import Permission
from orderhaven.core.problems import ProblemKind
from orderhaven.ports.sandbox import CatalogueItem
from orderhaven.store.access import credentials
from orderhaven.store.models import Event, Link, Order, Problem, ProductMatch
from orderhaven.store.orders import changes
from orderhaven.store.upkeep import versions
from orderhaven.words.order_actions import ORDER_ACTIONS, run_action
from tests.api.conftest import Program, sold
from tests.journeys.conftest import POSTNL_CODE, Trade

CUP = CatalogueItem("CUP-9", "8712345678999", "Cup", "4.99")


def act(program: Program, ref: str, name: str, body: Any = None, **headers: str) -> Any:
    return program.post(f"/orders/bol NL/{ref}/actions/{name}", body, **headers)


def test_an_order_is_taken_over_and_given_back(program: Program, trade: Trade) -> None:
    ref = sold(trade)

    taken = act(program, ref, "handle").json()["sentence"]
    status = trade.order(ref).status
    given = act(program, ref, "give-back").json()["sentence"]

    assert (taken, status) == (f"Order {ref} is yours now: nothing more is sent for it.", "manual")
    assert given == f"Order {ref} goes on by itself, as: Not shipped."


def test_the_timeline_names_the_token(program: Program, trade: Trade) -> None:
    ref = sold(trade)

    act(program, ref, "handle")

    assert {"token erp administrator"} == set(
        Event.objects.filter(order__ref=ref, kind="status").values_list("actor", flat=True)
    )


def test_an_order_is_cancelled_for_a_reason(program: Program, trade: Trade) -> None:
    ref = sold(trade)

    assert act(program, ref, "cancel", {"reason": "other"}).status_code == 200
    trade.passes(minutes=1)

    assert trade.order(ref).status == "cancelled"


def test_what_cannot_be_done_says_why(program: Program, trade: Trade) -> None:
    ref = sold(trade)

    answer = act(program, ref, "give-back")

    assert (answer.status_code, answer.json()["type"]) == (409, "urn:orderhaven:error:impossible")
    assert "is not handled manually" in answer.json()["detail"]


def test_what_an_act_needs_is_asked_for(program: Program, trade: Trade) -> None:
    ref = sold(trade)

    answer = act(program, ref, "adopt", {})

    assert (answer.status_code, "shop_order" in answer.json()["detail"]) == (409, True)


@pytest.mark.parametrize(
    "body", [{"reason": "boredom"}, {"colour": "red"}, {"force": "yes"}, {"carrier": "gsl"}, [], "x"]
)
def test_a_word_that_no_act_knows_is_refused(program: Program, trade: Trade, body: Any) -> None:
    assert act(program, sold(trade), "retry", body).status_code == 422


def test_there_are_no_other_acts(program: Program, trade: Trade) -> None:
    assert act(program, sold(trade), "destroy").status_code == 422


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[" * 100_000, b'{"reason": ' + b"9" * 5000 + b"}"])
def test_a_body_that_cannot_be_read_is_said_to_be(program: Program, trade: Trade, body: bytes) -> None:
    assert act(program, sold(trade), "retry", body).status_code == 400


def test_half_a_sign_is_no_text(program: Program, trade: Trade) -> None:
    assert act(program, sold(trade), "map", b'{"sku": "\\ud800"}').status_code == 422


def test_a_body_of_megabytes_is_not_read(program: Program, trade: Trade) -> None:
    assert act(program, sold(trade), "retry", b" " * 3_000_000).status_code == 413


def test_an_order_that_is_not_there_is_not_found(program: Program, trade: Trade) -> None:
    answer = act(program, "4711", "retry")

    assert (answer.status_code, answer.json()["detail"]) == (404, "There is no order 4711 of bol NL.")


def test_a_number_with_a_slash_is_a_number(program: Program, trade: Trade) -> None:
    ref = sold(trade)
    Order.objects.filter(ref=ref).update(ref="2026/17/A")

    assert program.get("/orders/bol NL/2026/17/A").json()["ref"] == "2026/17/A"
    assert act(program, "2026/17/A", "handle").status_code == 200


def test_a_number_that_looks_like_a_name_is_not_taken_for_one(program: Program, trade: Trade) -> None:
    Order.objects.filter(ref=sold(trade)).update(ref="bol NL/17")

    assert program.get("/orders/bol NL/17").status_code == 404
    assert program.get("/orders/bol NL/bol NL/17").status_code == 200


def test_a_product_is_matched_where_an_order_waits_for_it(program: Program, trade: Trade) -> None:
    ref = sold(trade, (CUP, 1))

    said = act(program, ref, "map", {"sku": "CUP-9", "shop_sku": "MUG-1"}).json()["sentence"]
    trade.passes(minutes=1)

    assert said == "CUP-9 is that product from now on. 1 order goes on."
    assert len(trade.in_shop(ref)) == 1


def test_a_carrier_is_chosen_for_good_by_who_may_change_links(program: Program, trade: Trade) -> None:
    ref = sold(trade)
    Order.objects.filter(ref=ref).update(tracking_number=POSTNL_CODE)

    assert act(program, ref, "choose-carrier", {"carrier": "dpd", "always": True}).status_code == 200

    assert [rule["carrier"] for rule in Link.objects.get().carrier_rules] == ["dpd"]


def test_who_may_not_change_links_changes_nothing_at_all(program: Program, trade: Trade) -> None:
    ref = sold(trade)
    operator = program.with_token(
        credentials.create_token(
            trade.link.merchant_id, "packing", [Permission.READ, Permission.WRITE], trade.clock.now(), "anna"
        )
    )

    assert act(operator, ref, "choose-carrier", {"carrier": "dpd", "always": True}).status_code == 403
    assert trade.order(ref).chosen_carrier == ""


@pytest.mark.parametrize("name", sorted(ORDER_ACTIONS))
def test_who_may_only_look_can_do_nothing(viewer: Program, trade: Trade, name: str) -> None:
    ref = sold(trade)

    answer = act(viewer, ref, name, {"sku": "MUG-1", "shop_order": "1", "carrier": "dpd"})

    assert answer.status_code == 403
    assert "Ask an administrator" in answer.json()["detail"]
    assert not ProductMatch.objects.exists()


# ---------------------------------------------------------------- only what was read


def test_an_order_that_changed_since_it_was_read_is_left_alone(program: Program, trade: Trade) -> None:
    ref = sold(trade)
    tag = program.get(f"/orders/bol NL/{ref}").headers["ETag"]
    trade.shop.complete(trade.shop_ref(ref), tracking_number=POSTNL_CODE)
    trade.passes(minutes=10)

    answer = act(program, ref, "handle", If_Match=tag)

    assert (answer.status_code, answer.json()["type"]) == (412, "urn:orderhaven:error:changed")
    assert trade.order(ref).status == "shipped"


def test_an_order_that_is_as_it_was_read_is_changed(program: Program, trade: Trade) -> None:
    ref = sold(trade)
    read_in_dutch = program.sends("GET", f"/orders/bol NL/{ref}", headers={"Accept-Language": "nl"}).headers["ETag"]

    assert act(program, ref, "handle", If_Match=f'"0-0", {read_in_dutch}').status_code == 200
    assert act(program, ref, "give-back", If_Match=read_in_dutch).status_code == 412
    assert act(program, ref, "give-back", If_Match="*").status_code == 200


@pytest.mark.parametrize("tag", ['"0-0"', "nonsense", "", "W/{tag}"])
def test_only_the_tag_itself_will_do(program: Program, trade: Trade, tag: str) -> None:
    ref = sold(trade)
    read = program.get(f"/orders/bol NL/{ref}").headers["ETag"]

    assert act(program, ref, "handle", If_Match=tag.format(tag=read)).status_code == 412


def test_it_is_looked_again_while_nobody_else_can_change_the_order(trade: Trade) -> None:
    """Between looking at the tag and changing the order, the hub may have news of it."""
    ref = sold(trade)
    order_id = trade.order(ref).pk

    expected = versions.ExpectedVersion(versions.version_of, order_id, versions.version_of(order_id))

    Event.objects.create(order_id=order_id, at=trade.clock.now(), actor="hub", kind="received")

    with pytest.raises(versions.Changed), changes.changing([order_id], trade.clock.now(), "anna", expected):
        pass


@pytest.mark.parametrize(
    "name", sorted(set(ORDER_ACTIONS) - {"release"})
)  # that one is about the orders of the whole link
def test_no_act_changes_an_order_that_changed_after_the_first_look(trade: Trade, name: str) -> None:
    ref = sold(trade)
    order_id = trade.order(ref).pk
    Problem.objects.create(
        order_id=order_id, kind=ProblemKind.UNKNOWN_PRODUCT, values={"sku": "MUG-1"}, at=trade.clock.now()
    )
    given = {"shop_order": trade.shop_ref(ref), "carrier": "dpd", "sku": "MUG-1", "product_ref": "7"}
    expected = versions.ExpectedVersion(versions.version_of, order_id, versions.version_of(order_id))
    Event.objects.create(order_id=order_id, at=trade.clock.now(), actor="hub", kind="received")

    with pytest.raises(versions.Changed):
        run_action(trade.context, ref, name, given, expected=expected)


# ---------------------------------------------------------------- many at once


def test_one_that_cannot_be_done_holds_nothing_up(program: Program, trade: Trade) -> None:
    refs = [sold(trade), sold(trade)]
    act(program, refs[0], "handle")
    names = [{"marketplace": "bol NL", "ref": ref} for ref in (refs[0], "4711", refs[1])]

    outcomes = program.post("/actions", {"action": "handle", "orders": names}).json()["results"]

    assert [(one["ref"], one["is_done"]) for one in outcomes] == [(refs[0], False), ("4711", False), (refs[1], True)]
    assert "handled manually already" in outcomes[0]["sentence"]
    assert trade.order(refs[1]).status == "manual"


def test_many_take_the_same_words(program: Program, trade: Trade) -> None:
    ref = sold(trade)
    names = [{"marketplace": "bol NL", "ref": ref}]

    answer = program.post("/actions", {"action": "choose-carrier", "orders": names, "given": {"carrier": "dpd"}})

    assert [one["is_done"] for one in answer.json()["results"]] == [True]
    assert trade.order(ref).chosen_carrier == "dpd"


@pytest.mark.parametrize("number", [0, 201])
def test_there_is_a_most_of_them(program: Program, number: int) -> None:
    names = [{"marketplace": "bol NL", "ref": "1"}] * number

    assert program.post("/actions", {"action": "retry", "orders": names}).status_code == 422


def test_who_may_only_look_does_nothing_to_many(viewer: Program, trade: Trade) -> None:
    names = [{"marketplace": "bol NL", "ref": sold(trade)}]

    assert viewer.post("/actions", {"action": "handle", "orders": names}).status_code == 403
