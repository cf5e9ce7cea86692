"""An API with one address for everything: what is wrong stands in a body with status 200, and lists stand deep in an answer."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from orderhaven.connectors.kit.auth import HeaderKeys
from orderhaven.connectors.kit.http import Request, Response
from orderhaven.connectors.kit.malformed_rows import JsonRows, RowBender
from orderhaven.connectors.kit.rows import RowsOf
from orderhaven.connectors.kit.session import Session
from orderhaven.core.errors import AuthRejected, OutcomeUnknown, RateLimited
from orderhaven.ports.connector import ConnectorContext, InMemoryTokenCache, Limits
from orderhaven.ports.sandbox import Malformation, SandboxList
from orderhaven.testing.clock import START, ManualClock


class Row(msgspec.Struct):
    id: str
    state: str


_LIMITS = Limits(poll_floor=timedelta(minutes=5))
ROWS = RowsOf(Row, "id", within="data.orders.items")


def answered(whole: Any) -> Response:
    return Response(200, {}, json.dumps(whole).encode())


def listed(*rows: Any) -> Response:
    return answered({"data": {"orders": {"items": rows}}})


def status_in_the_body(response: Response) -> int:
    return int(msgspec.json.decode(response.body).get("code", response.status))


def _context(answer: Response) -> ConnectorContext:
    async def transport(request: Request, timeout_s: float) -> Response:
        return answer

    return ConnectorContext(ManualClock(), transport, InMemoryTokenCache())


def session(answer: Response) -> Session:
    return Session(
        "The shop", "https://shop.test", _context(answer), HeaderKeys({}), _LIMITS, meaning=status_in_the_body
    )


@pytest.mark.parametrize(("said", "meant"), [(401, AuthRejected), (403, AuthRejected), (429, RateLimited)])
def test_a_no_in_a_body_is_the_no_that_it_says(said: int, meant: type[Exception]) -> None:
    with pytest.raises(meant):
        asyncio.run(session(answered({"code": said})).read("POST", "/graphql"))


def test_a_server_error_in_the_answer_to_a_command_leaves_it_open() -> None:
    with pytest.raises(OutcomeUnknown):
        asyncio.run(session(answered({"code": 500})).send("POST", "/graphql", not_after=START + timedelta(seconds=30)))


@pytest.mark.parametrize("status", [200, 201, 204])
def test_a_web_page_is_no_yes_to_a_command(status: int) -> None:
    page = Response(status, {}, b"\n<!doctype html><title>Back soon</title>")
    plain = Session("The shop", "https://shop.test", _context(page), HeaderKeys({}), _LIMITS)

    with pytest.raises(OutcomeUnknown):
        asyncio.run(plain.send("POST", "/orders", not_after=START + timedelta(seconds=30)))


def test_a_yes_is_one() -> None:
    assert asyncio.run(session(answered({"data": {}})).read("POST", "/graphql")).status == 200


def test_rows_are_read_where_they_stand() -> None:
    rows = ROWS.read(listed({"id": "A1", "state": "open"}, {"id": "A2"}, {"id": "A3", "state": "open"}), "The shop")

    assert [row.id for row in rows.good] == ["A1", "A3"]
    assert [row.ref for row in rows.malformed] == ["A2"]


@pytest.mark.parametrize("whole", [{}, {"data": None}, {"data": {}}, {"data": {"orders": None}}])
def test_an_answer_without_the_list_has_no_rows(whole: Any) -> None:
    assert len(ROWS.read(answered(whole), "The shop")) == 0


def test_a_row_is_bent_where_it_stands_and_alone_where_it_stands_then() -> None:
    listing = JsonRows(
        asks=lambda request: request.path == "/orders",
        key="id",
        decides="state",
        word="state",
        within="data.orders.items",
        detail=lambda request, ref: request.path == f"/orders/{ref}",
        decides_alone="data.order.state",
        word_alone="data.order.state",
    )
    bender = RowBender({SandboxList.CHANGES: listing})
    bender.malform(SandboxList.CHANGES, "A1", Malformation.MISSING, alone=True)
    row = {"id": "A1", "state": "open"}

    several = bender.with_malformed_rows(Request("GET", "http://x/orders", {}, b""), listed(row, row | {"id": "A2"}))
    alone = bender.with_malformed_rows(
        Request("GET", "http://x/orders/A1", {}, b""), answered({"data": {"order": row}})
    )

    assert json.loads(several.body)["data"]["orders"]["items"] == [{"id": "A1"}, {"id": "A2", "state": "open"}]
    assert json.loads(alone.body) == {"data": {"order": {"id": "A1"}}}
