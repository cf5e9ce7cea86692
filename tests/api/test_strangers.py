"""Nobody gets in without a token, nobody sees another merchant, and who may only look changes nothing: at every address there is."""

from datetime import timedelta
from typing import Any

import pytest

from orderhaven.api.interface import Interface
from orderhaven.core.access import Permission, Role
from orderhaven.ports.sandbox import CatalogueItem
from orderhaven.store.access import credentials
from orderhaven.store.models import Connection, Link, Order, Token
from orderhaven.words.order_actions import ORDER_ACTIONS
from tests.api.conftest import Program, sold, token_for
from tests.journeys.conftest import POSTNL_CODE, Trade

# a body with which each operation could do something, if it were allowed
BODIES: dict[str, Any] = {
    "act": {"sku": "MUG-1", "shop_order": "1", "carrier": "dpd"},
    "bulk": {"action": "handle", "orders": [{"marketplace": "bol NL", "ref": "{ref}"}]},
    "try_account": {"name": "x", "settings": {}},
    "connect": {"connector": "reference_shop", "name": "x", "settings": {}},
    "change_connection": {"every_s": 600},
    "choose_codes": {"carriers": {"1": "dpd"}},
    "make_link": {"marketplace": "bol NL", "shop": "Webshop"},
    "change_link": {"wait_s": 60},
    "add_carrier_rule": {"kind": "tracking_prefix", "match": "XY", "carrier": "dpd"},
    "end_carrier_rule": {"kind": "tracking_prefix", "match": "XY"},
    "match_product": {"sku": "MUG-1", "product_ref": "7"},
    "adopt": {"pairs": [{"order": "{ref}", "shop_order": "1"}]},
}
QUERIES = {"carrier": {"tracking_number": POSTNL_CODE[:-1] + "0"}}
# these show nothing that belongs to a merchant, and a look at them is answered by 200
OF_NOBODY = {"connector_list", "carrier"}
EMPTY = {
    "order_list": {"orders": [], "after": ""},
    "shipment_list": {"shipments": [], "after": ""},
    "problem_list": {"problems": [], "after": ""},
    "connection_list": {"connections": []},
    "link_list": {"links": []},
}


def operations(api: Interface) -> list[tuple[str, str, str]]:
    """(name, method, address) of every operation that ninja knows, described or not."""
    return [
        (operation.view_func.__name__, method, path.replace("path:", ""))
        for router in api._get_bound_routers()
        for path, view in router.path_operations.items()
        for operation in view.operations
        for method in operation.methods
    ]


@pytest.fixture
def ref(trade: Trade) -> str:
    """A shipped order, beside one with a problem: something stands in every list."""
    sold(trade, (CatalogueItem("CUP-9", "8712345678999", "Cup", "4.99"), 1))
    ref = sold(trade)
    trade.shop.complete(trade.shop_ref(ref), tracking_number=POSTNL_CODE)
    trade.passes(minutes=10)
    return ref


def ask(program: Program, operation: tuple[str, str, str], ref: str) -> Any:
    """With names of this merchant's things, and a body that makes sense."""
    name, method, address = operation
    connector = "reference_marketplace"
    address = address.format(marketplace="bol NL", ref=ref, name="bol NL", connector=connector, action="handle")
    body = BODIES.get(name)
    filled = None if body is None else repr(body).replace("{ref}", ref).replace("'", '"').encode()
    return program.sends(method, address, filled, query=QUERIES.get(name))


def everything() -> list[Any]:
    return [list(model.objects.order_by("id").values()) for model in (Order, Link, Connection)]


def test_the_walk_knows_every_operation(api: Interface, program: Program) -> None:
    names = {name for name, _method, _address in operations(api)}
    described = {one["operationId"] for addresses in program.described["paths"].values() for one in addresses.values()}

    assert names == described
    assert {name for name, method, _ in operations(api) if method != "GET"} >= set(BODIES)


@pytest.mark.parametrize(
    "token",
    ["", "oh_nothing", "Bearer", "oh_" + "x" * 10_000, "é", "\x00", "oh_nothing extra"],
    ids=lambda one: one[:12],
)
def test_without_a_good_token_nothing_is_answered(api: Interface, program: Program, ref: str, token: str) -> None:
    before = everything()

    answers = {one[0]: ask(program.with_token(token), one, ref) for one in operations(api)}

    assert {401} == {one.status_code for one in answers.values()}
    assert all(one.headers["WWW-Authenticate"].startswith('Bearer realm="Orderhaven"') for one in answers.values())
    assert before == everything()


def test_another_way_of_logging_in_is_no_token(api: Interface, program: Program, ref: str) -> None:
    for scheme in ("Basic", "Token", ""):
        answers = [
            program.with_token("").sends(method, "/orders", headers={"Authorization": f"{scheme} {program.token}"})
            for method in ("GET",)
        ]
        assert [401] == [one.status_code for one in answers]


def test_a_token_that_was_ended_opens_nothing(api: Interface, program: Program, trade: Trade, ref: str) -> None:
    for one in Token.objects.all():
        credentials.revoke_token(one.merchant_id, one.pk, trade.clock.now(), "anna")

    assert {401} == {ask(program, one, ref).status_code for one in operations(api)}


def test_who_may_only_look_changes_nothing(api: Interface, program: Program, trade: Trade, ref: str) -> None:
    viewer = program.with_token(token_for(trade, Role.VIEWER))
    before = everything()

    changes = {one[0]: ask(viewer, one, ref).status_code for one in operations(api) if one[1] != "GET"}
    looks = {one[0]: ask(viewer, one, ref).status_code for one in operations(api) if one[1] == "GET"}

    assert {403} == set(changes.values()), changes
    assert {200} == set(looks.values()) - {409}, looks  # 409: what is sent is no dry run
    assert before == everything()


def test_an_operator_sets_nothing_up(api: Interface, program: Program, trade: Trade, ref: str) -> None:
    operator = program.with_token(token_for(trade, Role.OPERATOR))
    set_up = {
        "try_account", "connect", "change_connection", "read_account", "choose_codes", "make_link", "change_link",
        "add_carrier_rule", "end_carrier_rule",
    }  # fmt: skip

    answers = {one[0]: ask(operator, one, ref).status_code for one in operations(api)}

    assert set_up == {name for name, status in answers.items() if status == 403}


def test_a_token_without_any_scope_sees_nothing(api: Interface, program: Program, trade: Trade, ref: str) -> None:
    secret = credentials.create_token(trade.link.merchant_id, "nothing", [], trade.clock.now(), "anna")
    Token.objects.filter(name="nothing").update(scopes=["fly"])

    answers = {one[0]: ask(program.with_token(secret), one, ref).status_code for one in operations(api)}

    assert {403} == set(answers.values()), answers


def test_another_merchant_sees_and_changes_nothing(api: Interface, stranger: Program, trade: Trade, ref: str) -> None:
    trade.clock.advance(timedelta(seconds=3))
    before = everything()

    answers = {one[0]: ask(stranger, one, ref) for one in operations(api)}

    assert before == everything()
    for name, answer in answers.items():
        if name in OF_NOBODY:
            continue
        assert ref not in answer.content.decode() or answer.status_code in (404, 200), name
        assert b"Webshop" not in answer.content.replace(b"'Webshop'", b""), name
        assert POSTNL_CODE not in answer.content.decode(), name
    assert {name: answers[name].json() for name in EMPTY} == EMPTY
    assert {one["number"] for one in answers["order_counts"].json()["tabs"]} == {0}
    assert {one["kind"] for one in answers["event_list"].json()["events"]} == {"token_created"}  # the stranger's own


def test_what_is_somebody_elses_is_answered_as_what_is_not_there(
    api: Interface, program: Program, stranger: Program, trade: Trade, ref: str
) -> None:
    """So that nobody can find out what another merchant has by asking."""

    def shape(name: str, answer: Any) -> Any:
        return name, answer.status_code, answer.content.decode().replace(ref, "R").replace("bol NL", "N")

    for one in operations(api):
        if "{" not in one[2] and one[0] not in ("bulk", "adopt"):
            continue
        theirs = shape(one[0], ask(stranger, one, ref))
        Order.objects.filter(ref=ref).update(ref="other")
        Connection.objects.filter(name="bol NL").update(name="other")
        gone = shape(one[0], ask(stranger, one, ref))
        Order.objects.filter(ref="other").update(ref=ref)
        Connection.objects.filter(name="other").update(name="bol NL")
        assert theirs == gone


@pytest.mark.parametrize("act", sorted(ORDER_ACTIONS))
def test_no_act_reaches_another_merchants_order(stranger: Program, ref: str, act: str) -> None:
    before = everything()

    assert stranger.post(f"/orders/bol NL/{ref}/actions/{act}", BODIES["act"]).status_code == 404
    assert before == everything()


def test_every_scope_is_a_power() -> None:
    assert {"read", "write", "configure"} == set(Permission)
