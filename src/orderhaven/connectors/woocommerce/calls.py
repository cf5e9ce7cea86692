"""Calls of WooCommerce's API: questions that give our shapes, and tellings that are one request."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any, TypeVar

import msgspec

from orderhaven.connectors.kit.http import Response
from orderhaven.connectors.kit.rows import Bent, RowsOf
from orderhaven.connectors.kit.session import NotData, Session, is_web_page, shaped
from orderhaven.connectors.woocommerce.answers import (
    REFUSALS,
    SIDE,
    NotThere,
    error_of_telling,
    may_not_write,
    raise_read_refused,
    refusal_in,
    refuses_the_key,
)
from orderhaven.connectors.woocommerce.site import PERMALINKS_OFF
from orderhaven.core.errors import HubError, Surprise, Unclear

T = TypeVar("T", bound=msgspec.Struct)
A = TypeVar("A")  # any answer

PER_PAGE = 100  # the most that WooCommerce gives


class Calls:
    """`permalinks_are_off` is asked only where a web page came: then nothing that was sent has reached WooCommerce."""

    def __init__(self, session: Session, permalinks_are_off: Callable[[], Awaitable[bool]]) -> None:
        self._session = session
        self._permalinks_are_off = permalinks_are_off

    async def ask(self, path: str, query: Mapping[str, str] | None = None, *, method: str = "GET") -> Response:
        """Any answer, refusals included."""
        body = b"{}" if method == "POST" else b""
        headers = {"Content-Type": "application/json"} if body else {}
        response = await self._session.read(method, path, query=query, headers=headers, body=body, also=REFUSALS)
        await self._demand_permalinks(response)
        return response

    async def get(self, path: str, shape: type[A], query: Mapping[str, str] | None = None) -> A:
        """Raises AuthRefused, NotThere, Surprise, and what `Session.read` raises."""
        found = await self.get_unless("", path, shape, query)
        assert found is not None  # noqa: S101 - no refusal has an empty code
        return found

    async def get_unless(
        self, code: str, path: str, shape: type[A], query: Mapping[str, str] | None = None
    ) -> A | None:
        """The same, and None when they refuse with 404 and exactly this code."""
        response = await self.ask(path, query)
        refusal = refusal_in(response) if response.status == 404 else None
        if refusal is not None and refusal.code == code:
            return None
        if response.status != 200:
            raise_read_refused(response)
        return shaped(response, shape, SIDE)

    async def pages(self, path: str, shape: type[T], query: Mapping[str, str]) -> AsyncIterator[list[T]]:
        """Page after page, to the first one that is not full. A row that its list shows bent is read by itself.

        Raises Surprise where that is bent too, or the row does not say which it is.
        """
        page, full = 1, True
        while full:
            asked = {**query, "per_page": str(PER_PAGE), "page": str(page)}
            response = await self.ask(path, asked)
            if response.status != 200:
                raise_read_refused(response)
            rows = _rows_of(shape).read(response, SIDE)
            yield [*rows.good, *[await self._read(path, one, shape, query) for one in rows.bent]]
            page, full = page + 1, len(rows) == PER_PAGE

    async def _read(self, path: str, row: Bent, shape: type[T], query: Mapping[str, str]) -> T:
        if not row.ref.isdecimal():
            raise Surprise(row.cause)
        fields = {name: value for name, value in query.items() if name == "_fields"}
        return await self.get(f"{path}/{row.ref}", shape, fields)

    async def tell(
        self,
        method: str,
        path: str,
        body: Any,
        shape: type[T],
        not_after: datetime,
        *,
        shop_ref: str = "",
        currency: str = "",
    ) -> T:
        """One request. An answer that cannot be read leaves it Unclear: it was most likely done.

        Not so a web page while permalinks are off: the home page stands in for every address then, and nothing was done.
        """
        headers = {"Content-Type": "application/json"}
        data = msgspec.json.encode(body)
        response = await self._session.tell(
            method, path, not_after=not_after, headers=headers, body=data, also=REFUSALS
        )
        await self._demand_permalinks(response)
        if response.status >= 400:
            refusal = refuses_the_key(response)
            if refusal is not None and await self._may_only_read():
                raise may_not_write(refusal)
            raise error_of_telling(response, shop_ref=shop_ref, currency=currency)
        try:
            return shaped(response, shape, SIDE)
        except (NotData, Surprise) as error:
            raise Unclear(f"{SIDE} took it and answered something unreadable: {error.cause}") from None

    async def _may_only_read(self) -> bool:
        """The shop says in its own language why it refuses a key, so what the key may do is tried. An empty batch changes nothing.

        Refused a second time, and answered when asked: that is no hiccup.
        """
        try:
            again = await self.ask("/orders/batch", method="POST")
            asked = await self.ask("/orders", {"per_page": "1", "_fields": "id"})
        except HubError:
            return False
        return refuses_the_key(again) is not None and asked.status == 200

    async def _demand_permalinks(self, response: Response) -> None:
        if response.status in (200, 404) and is_web_page(response) and await self._permalinks_are_off():
            raise NotThere(f"{SIDE} cannot be reached ({PERMALINKS_OFF})")


@cache
def _rows_of(shape: type[T]) -> RowsOf[T]:
    return RowsOf(shape, "id")


def their_time(response: Response, otherwise: datetime) -> datetime:
    """The shop's clock, by its Date header."""
    try:
        return parsedate_to_datetime(response.headers.get("date", ""))
    except ValueError:
        return otherwise


def differ_by(response: Response, now: datetime) -> timedelta:
    return abs(their_time(response, now) - now)
