"""Calls of WooCommerce's API: questions that give our shapes, and tellings that are one request."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import msgspec

from orderhaven.connectors.kit.http import Response
from orderhaven.connectors.kit.session import NotData, Session, shaped
from orderhaven.connectors.woocommerce.answers import (
    REFUSALS,
    SIDE,
    error_of_telling,
    raise_read_refused,
    refusal_in,
)
from orderhaven.core.errors import Surprise, Unclear

T = TypeVar("T")

PER_PAGE = 100  # the most that WooCommerce gives


class Calls:
    def __init__(self, session: Session) -> None:
        self._session = session

    async def ask(self, path: str, query: Mapping[str, str] | None = None, *, method: str = "GET") -> Response:
        """Any answer, refusals included."""
        body = b"{}" if method == "POST" else b""
        headers = {"Content-Type": "application/json"} if body else {}
        return await self._session.read(method, path, query=query, headers=headers, body=body, also=REFUSALS)

    async def get(self, path: str, shape: type[T], query: Mapping[str, str] | None = None) -> T:
        """Raises AuthRefused, NotThere, Surprise, and what `Session.read` raises."""
        found = await self.get_unless("", path, shape, query)
        assert found is not None  # noqa: S101 - no refusal has an empty code
        return found

    async def get_unless(
        self, code: str, path: str, shape: type[T], query: Mapping[str, str] | None = None
    ) -> T | None:
        """The same, and None when they refuse with 404 and exactly this code."""
        response = await self.ask(path, query)
        refusal = refusal_in(response) if response.status == 404 else None
        if refusal is not None and refusal.code == code:
            return None
        if response.status != 200:
            raise_read_refused(response)
        return shaped(response, shape, SIDE)

    async def pages(self, path: str, shape: type[T], query: Mapping[str, str]) -> AsyncIterator[list[T]]:
        """Page after page, to the first one that is not full."""
        page, full = 1, True
        while full:
            asked = {**query, "per_page": str(PER_PAGE), "page": str(page)}
            rows: list[T] = await self.get(path, list[shape], asked)  # type: ignore[valid-type]
            yield rows
            page, full = page + 1, len(rows) == PER_PAGE

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
        """One request. An answer that cannot be read leaves it Unclear: it was most likely done."""
        headers = {"Content-Type": "application/json"}
        data = msgspec.json.encode(body)
        response = await self._session.tell(
            method, path, not_after=not_after, headers=headers, body=data, also=REFUSALS
        )
        if response.status >= 400:
            raise error_of_telling(response, shop_ref=shop_ref, currency=currency)
        try:
            return shaped(response, shape, SIDE)
        except (NotData, Surprise) as error:
            raise Unclear(f"{SIDE} took it and answered something unreadable: {error.cause}") from None


def their_time(response: Response, otherwise: datetime) -> datetime:
    """The shop's clock, by its Date header."""
    try:
        return parsedate_to_datetime(response.headers.get("date", ""))
    except ValueError:
        return otherwise


def differ_by(response: Response, now: datetime) -> timedelta:
    return abs(their_time(response, now) - now)
