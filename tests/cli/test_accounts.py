"""`orderhaven account`: what an account has of its own, and the person's word on its codes."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from orderhaven.connectors import specs
from orderhaven.ports.account import KeptAccount
from orderhaven.ports.connector import Side
from orderhaven.store.models import Connection
from orderhaven.testing.reference_shop import REFERENCE_SHOP
from tests.cli.conftest import Cli
from tests.journeys.conftest import start_trade


@pytest.fixture
def trade(store: None) -> Iterator[Any]:
    """Of a marketplace that the command itself finds."""
    started = start_trade(next(one for one in specs().values() if one.side is Side.MARKETPLACE), REFERENCE_SHOP)
    yield started
    started.close()


@pytest.fixture
def listed(trade: Any) -> None:
    of_account = KeptAccount(
        carriers={"1": "DPD", "2": "Orange van"}, reasons={"R": "Sold out"}, lacks=("cancel_lines",)
    )
    Connection.objects.filter(name="bol NL").update(account=of_account)


def test_the_list_says_what_is_known_and_what_is_not(cli: Cli, listed: None) -> None:
    said = cli("account", "bol NL")

    assert said.code == 0
    assert "It cannot do: cancelling single lines" in said.out
    rows = [line.split() for line in said.out.splitlines()]
    assert ["1", "DPD", "DPD", "by", "its", "name"] in rows
    assert ["2", "Orange", "van", "-", "not", "known:", "choose"] in rows


def test_a_code_is_chosen_and_stands_in_the_list(cli: Cli, listed: None) -> None:
    said = cli("account", "bol NL", "--carrier", "2=PostNL", "--reason", "R=out_of_stock", "--json")

    found = json.loads(said.out)
    assert [(one["code"], one["ours"], one["state"]) for one in found["carriers"]] == [
        ("1", "dpd", "matched"),
        ("2", "postnl", "chosen"),
    ]
    assert [(one["ours"], one["state"]) for one in found["reasons"]] == [("out_of_stock", "chosen")]


@pytest.mark.parametrize(
    ("given", "why"),
    [("2", "Write it as CODE=CARRIER"), ("2=postnk", "There is no carrier"), ("9=dpd", "has no code '9'")],
)
def test_what_cannot_be_chosen_is_said(cli: Cli, listed: None, given: str, why: str) -> None:
    said = cli("account", "bol NL", "--carrier", given)

    assert (said.code, why in said.err) == (1, True)


def test_an_account_without_lists_says_so(cli: Cli, trade: Any) -> None:
    assert "has no carriers" in cli("account", "bol NL").out
