"""Looking at orders, and acting on them."""

import json
from typing import Any

import pytest

from orderhaven.actions.problem_actions import ProblemAction, offers
from orderhaven.cli.main import app
from orderhaven.cli.order_text import COMMANDS
from orderhaven.core.problems import ProblemKind
from orderhaven.core.status import Status
from orderhaven.ports.sandbox import CatalogueItem
from tests.cli.conftest import Cli
from tests.journeys.conftest import MUG, POSTNL_CODE

CUP = CatalogueItem("CUP-9", "8712345678999", "Cup", "4.99")


def test_an_empty_hub_says_what_comes_next(cli: Cli) -> None:
    said = cli("orders")

    assert said.code == 0
    assert "when a marketplace is linked" in said.out


def test_a_list_shows_what_is_where(trade: Any, cli: Cli) -> None:
    trade.passes(seconds=10)
    shipped, stuck = trade.sells(), trade.sells((CUP, 1))
    trade.passes(minutes=6)
    trade.shop.complete(trade.shop_ref(shipped), tracking_number=POSTNL_CODE)
    trade.passes(minutes=10)

    words = " ".join(cli("orders").out.split())

    assert f"{stuck} bol NL 2026-03-02 Not shipped" in words
    assert f"{shipped} bol NL 2026-03-02 Shipped" in words


@pytest.mark.parametrize("columns", ["80", "140"])
def test_no_line_is_wider_than_the_screen(trade: Any, cli: Cli, monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    trade.passes(seconds=10)
    ref = trade.sells(
        (CatalogueItem("AN-UNUSUALLY-LONG-STOCK-KEEPING-UNIT-THAT-GOES-ON", "8712345678999", "x" * 200, "1.00"), 1)
    )
    trade.passes(minutes=6)

    lines = cli("orders").out.splitlines()

    assert max(map(len, lines)) <= int(columns)
    assert any(line.startswith(ref) for line in lines)


def test_json_comes_page_by_page(trade: Any, cli: Cli) -> None:
    trade.passes(seconds=10)
    refs = {trade.sells() for _ in range(3)}
    trade.passes(minutes=6)

    first = json.loads(cli("orders", "--json", "--limit", "2").out)
    second = json.loads(cli("orders", "--json", "--after", first["after"]).out)

    assert {one["ref"] for one in first["orders"] + second["orders"]} == refs
    assert second["after"] == ""
    assert first["orders"][0]["total"] == "15.94"


def test_an_order_shows_three_sides_problem_and_what_to_do(trade: Any, cli: Cli) -> None:
    trade.passes(seconds=10)
    ref = trade.sells((CUP, 2))
    trade.passes(minutes=6)

    said = cli("order", ref)

    words = " ".join(said.out.split())
    assert "CUP-9 (Cup) is not in the shop." in words
    assert "orderhaven map 'bol NL' CUP-9 SHOP-SKU" in words
    assert f"orderhaven retry {ref}" in words
    assert "Webshop Does not have it." in words
    assert "Jansen" not in said.out
    assert "de Vries" not in said.out
    assert "de Vries" in cli("order", ref, "--buyer").out
    assert json.loads(cli("order", ref, "--buyer", "--json").out)["buyer"]["ship_to"]["last_name"] == "de Vries"


def test_a_persons_words_do_what_they_say(trade: Any, cli: Cli) -> None:
    trade.passes(seconds=10)
    ref = trade.sells((CUP, 1))
    trade.passes(minutes=6)

    assert cli("map", "bol NL", CUP.sku, "NOPE").code == 1  # the store's own clock: no shop answers a Direct call here
    assert cli("retry", ref).out.startswith(f"Order {ref}: 1 message tried again, 1 problem closed.")
    assert cli("handle", ref).code == 0
    assert trade.order(ref).status == Status.MANUAL
    assert "as: Not shipped" in cli("give-back", ref).out
    assert cli("ignore", ref).code == 0
    assert cli("create", ref).code == 0
    assert cli("choose-carrier", ref, "postnl").code == 1  # the reference is not installed: its name is not known here


@pytest.mark.parametrize(
    "words",
    [
        ("order", "4711"),
        ("retry", "4711"),
        ("handle", "4711"),
        ("give-back", "4711"),
        ("cancel", "4711", "--yes"),
        ("refuse", "4711"),
        ("create", "4711"),
        ("ignore", "4711"),
        ("adopt", "4711", "1"),
        ("correct", "4711"),
        ("choose-carrier", "4711", "postnl"),
        ("pause", "nobody"),
        ("resume", "nobody"),
        ("poll", "nobody"),
        ("release", "nobody"),
        ("link", "nobody", "nowhere"),
        ("map", "nobody", "a", "b"),
        ("connect", "ebax"),
        ("orders", "--marketplace", "nobody"),
        ("orders", "--after", "rubbish"),
        ("adopt", "1"),
        ("create",),
    ],
    ids=" ".join,
)
def test_what_is_not_there_is_said_in_one_sentence_on_stderr(cli: Cli, words: tuple[str, ...]) -> None:
    said = cli(*words)

    assert said.code == 1
    assert said.out == ""
    assert said.err.strip().endswith((".", "SHOP-ORDER", "MARKETPLACE", "4711'."))
    assert "Traceback" not in said.err


@pytest.mark.parametrize(
    "words",
    [
        ("orders", "--status", "sent"),
        ("orders", "--problem", "sent"),
        ("orders", "--since", "soon"),
        ("link", "a", "b", "--wait", "long"),
        ("link", "a", "b", "--fulfilled-by-marketplace", "throw"),
        ("link", "a", "b", "--from", "1 januari"),
        ("nonsense",),
    ],
    ids=" ".join,
)
def test_words_that_mean_nothing_are_refused(cli: Cli, words: tuple[str, ...]) -> None:
    said = cli(*words)

    assert said.code == 2
    assert "Error" in said.err
    assert "Traceback" not in said.err


def test_cancelling_asks_first(trade: Any, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    trade.passes(seconds=10)
    ref = trade.sells((MUG, 1))
    trade.passes(minutes=6)

    said = cli("cancel", ref)

    assert said.code != 0
    assert trade.order(ref).status == Status.NOT_SHIPPED


@pytest.mark.parametrize("kind", list(ProblemKind))
def test_every_offer_is_a_command(kind: ProblemKind) -> None:
    import typer.main

    commands = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]

    for offer in offers(kind):
        words = COMMANDS.get(offer, f"orderhaven {offer}").split()
        assert words[0] == "orderhaven"
        assert words[1] in commands


def test_every_offer_is_made_somewhere() -> None:
    made = {offer for kind in ProblemKind for offer in offers(kind)}

    assert set(ProblemAction) - made == {ProblemAction.REFUSE}  # that one stands beside the buyer's wish
