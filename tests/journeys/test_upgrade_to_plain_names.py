"""A database of the version before the plain names, with creates and confirmations of unknown outcome under way, is backed up,
migrates, opens, answers the same but for names, and doubles nothing.

Its rows and what its API answered were recorded by that version while it played `half_done_trade`.
"""

import json
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor
from msgspec.structs import replace

from orderhaven.core.problems import ProblemKind
from orderhaven.core.references import order_ref_in, reference_without_account
from orderhaven.store.models import Connection, Message, MessageState, Token
from orderhaven.testing.reference_marketplace import REFERENCE_MARKETPLACE
from orderhaven.testing.reference_shop import REFERENCE_SHOP
from tests.api.conftest import Program, api, client, program
from tests.cli.conftest import Said, process
from tests.stores import point_store_at

from .conftest import Trade, start_trade
from .half_done_trade import answers, play, state_of

__all__ = ["api", "client", "process", "program"]

_HERE = Path(__file__).parent
_PAGE = _HERE.parents[1] / "docs" / "reference" / "plain-names.md"
_BEFORE = "0021_payloads"
RECORDED = json.loads((_HERE / "before_plain_names.json").read_text())
CREATED = ("create without answer", "create at a death", "create before the call")
CONFIRMED = ("confirm without answer", "confirm at a death", "confirm taken in")


@pytest.fixture
def trade(store: None) -> Iterator[Trade]:
    started = start_trade(REFERENCE_MARKETPLACE, REFERENCE_SHOP)
    yield started
    started.close()


@pytest.fixture
def older(trade: Trade, program: Program, tmp_path: Path) -> Path:
    """The file as that version left it, and both sides where they stood then. Accounts and token are those of this process."""
    play(trade)
    _bear_references_without_account(trade)
    accounts = list(Connection.objects.values_list("settings", "secrets", "token", "pk"))
    [token] = Token.objects.values_list("secret_hash", "prefix")
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    file = folder / "orderhaven.sqlite3"
    kept = connections.databases["default"]
    point_store_at({**kept, "NAME": str(file)})
    executor = MigrationExecutor(connection)
    others = [leaf for leaf in executor.loader.graph.leaf_nodes() if leaf[0] != "store"]
    executor.migrate([*others, ("store", _BEFORE)])
    connections.close_all()
    with closing(sqlite3.connect(file)) as database:
        database.executescript("BEGIN;" + (_HERE / "before_plain_names.sql").read_text() + "COMMIT;")
        change = "UPDATE store_connection SET settings = ?, secrets = ?, token = ? WHERE id = ?"
        database.executemany(change, [(json.dumps(settings), *more) for settings, *more in accounts])
        database.execute("UPDATE store_token SET secret_hash = ?, beginning = ?", token)
        database.commit()
    point_store_at(kept)
    return file


def _bear_references_without_account(trade: Trade) -> None:
    """As that version composed them: the shop orders are found again by these alone."""
    shop: Any = trade.shop
    for shop_ref, order in shop._orders.items():
        old = reference_without_account(REFERENCE_MARKETPLACE.name, order_ref_in(order.reference))
        shop._orders[shop_ref] = replace(order, reference=old)


@pytest.fixture
def upgraded(older: Path, trade: Trade, process: Callable[..., Said]) -> Path:
    """Opened once by a command of this version; the hub and its API work on it from now on."""
    assert process("orders").code == 0
    point_store_at({**connections.databases["default"], "NAME": str(older)})
    trade.starts_again()
    return older


def dump_of(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as database:
        return list(database.iterdump())


@pytest.mark.processes
def test_it_is_backed_up_and_opens(older: Path, process: Callable[..., Said]) -> None:
    before = dump_of(older)

    said = process("orders", "--json")

    [copy] = older.parent.glob("orderhaven.before-0022*.sqlite3")
    assert dump_of(copy) == before
    assert {row["ref"] for row in json.loads(said.out)["orders"]} == set(RECORDED["refs"].values())
    assert "As this version wants it." in process("doctor").out


@pytest.mark.processes
def test_what_is_under_way_is_neither_lost_nor_doubled(upgraded: Path, trade: Trade) -> None:
    refs = RECORDED["refs"]
    states = {name: state_of(refs[name]) for name in (*CREATED, *CONFIRMED)}

    trade.passes(hours=2)

    assert set(states.values()) == {"unconfirmed", "in_flight", "processing"}
    assert {name: len(trade.in_shop(refs[name])) for name in CREATED} == dict.fromkeys(CREATED, 1)
    sent = {name: [one.tracking_number for one in trade.confirmed(refs[name])] for name in CONFIRMED}
    assert sent == {name: [f"3SABCD123456{number}"] for number, name in enumerate(CONFIRMED)}
    assert {state_of(refs[name]) for name in (*CREATED, *CONFIRMED)} == {"done"}
    assert len(trade.shop.orders()) == len(refs) - 1  # all but the one whose product the shop does not know
    assert trade.problems(refs["not in the shop"]) == [ProblemKind.UNKNOWN_PRODUCT]
    assert not Message.objects.filter(state__in=(MessageState.IN_FLIGHT, MessageState.UNCONFIRMED)).exists()


@pytest.mark.processes
def test_the_api_answers_the_same_but_for_names(upgraded: Path, trade: Trade, program: Program) -> None:
    worlds = {trade.marketplace.name: "MARKETPLACE", trade.shop.name: "SHOP"}

    found = json.dumps(answers(program, RECORDED["refs"]))

    for name, word in worlds.items():
        found = found.replace(json.dumps(name), json.dumps(word))
    compare(RECORDED["answers"], json.loads(found), Page())


@pytest.mark.processes
def test_an_upgrade_that_breaks_off_leaves_the_file_as_it_was(older: Path, process: Callable[..., Said]) -> None:
    with closing(sqlite3.connect(older)) as database:
        database.execute('CREATE TABLE "store_notification" (id)')  # which a later step wants to make
    before = dump_of(older)

    said = process("orders")

    assert (said.code, "could not be brought up to date" in said.err) == (1, True)
    assert dump_of(older) == before
    [copy] = older.parent.glob("orderhaven.before-0022*.sqlite3")
    assert dump_of(copy) == before


class Page:
    """The page that lists old names and new ones: nothing else may differ."""

    def __init__(self) -> None:
        self.fields: dict[str, set[str]] = {}
        self.values: dict[str, set[str]] = {}
        for section in re.split(r"^## ", _PAGE.read_text(), flags=re.M)[1:]:
            title = section.partition("\n")[0]
            names = self.fields if title == "Fields of the API" else self.values
            for was, now in re.findall(r"^\| `([^`]+)` \| `([^`]+)` \|", section, flags=re.M):
                names.setdefault(was, set()).add(now)


_NEW_SINCE = {
    "accepts_by_itself", "account_details", "channel", "channels", "does_orders", "does_returns", "does_stock", "has_address", "link",
    "links", "name", "waits_for",
}  # fmt: skip
_SPOKEN = {
    "label",
    "sentence",
    "status_name",
    "sync",
    "summary",
    "help",
    "title",
    "limitations",
    "state_name",
    "version",
}


def compare(old: Any, new: Any, page: Page, where: str = "") -> None:
    """What people read may be worded anew; everything else is what it was, by the name that the page gives."""
    if isinstance(old, Mapping):
        left = set(new)
        for key, value in old.items():
            [name] = ({key} | page.fields.get(key, set())) & left or [f"{where}/{key}"]
            assert name in left, f"{where}/{key} is not there: {sorted(left)}"
            left.remove(name)
            if name not in _SPOKEN:
                compare(value, new[name], page, f"{where}/{name}")
        assert left <= _NEW_SINCE, f"new at {where}"
    elif isinstance(old, list):
        # what a connector can do may be said of more things by now
        assert len(old) <= len(new) if where.endswith("/capabilities") else len(old) == len(new), where
        if all(isinstance(one, str) for one in old):
            assert all(({one} | page.values.get(one, set())) & set(new) for one in old), f"{where}: {old} {new}"
            return
        for number, (was, now) in enumerate(zip(old, new, strict=True)):
            compare(was, now, page, f"{where}/{number}")
    elif isinstance(old, str) and isinstance(new, str):
        assert new == old or new in page.values.get(old, ()) or " " in old, f"{where}: {old!r} {new!r}"
    else:
        assert new == old, where
