"""Asking the outside on a person's behalf: one connector, opened, asked and closed."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import Lock
from typing import Any, TypeVar

from orderhaven.actions.errors import Impossible, impossible
from orderhaven.actions.hand import Hand
from orderhaven.certificates import NoCertificates
from orderhaven.connectors import open_connector
from orderhaven.core.errors import AccountProblem, HubError, Surprise, TryLater, Unclear
from orderhaven.core.language import _
from orderhaven.core.reach import PRIVATE, private
from orderhaven.core.reasons import said
from orderhaven.core.sentences import at_first
from orderhaven.networks import NoNetwork
from orderhaven.ports.connector import Declaration, MemoryTokens, Outside
from orderhaven.store import connections
from orderhaven.store.models import Connection

R = TypeVar("R")
AT_ONCE = 3  # questions of a merchant, in one process
_asking: Counter[int] = Counter()
_counting = Lock()


def ask(
    by: Hand,
    declaration: Declaration,
    settings: Mapping[str, str],
    question: Callable[[Any], Awaitable[R]],
    *,
    keeps_network: bool = False,
) -> R:
    """What the other side answers. Raises Impossible with a sentence for whatever went wrong there.

    `keeps_network`: of a connection that was made before networks had to be allowed.
    """
    try:
        with _turn_of(by.merchant_id):
            return asyncio.run(
                _ask(by, declaration, settings, question, by.as_before if keeps_network else by.transport)
            )
    except HubError as error:
        raise Impossible(sentence_of(error, declaration.title)) from error
    except (NoCertificates, NoNetwork) as error:
        raise Impossible(str(error)) from None
    except TimeoutError:
        raise impossible(
            "{side} was asked for {seconds} seconds and did not answer. Nothing was changed; look whether it works, and "
            "try again.",
            side=declaration.title,
            seconds=round(by.patience_s),
        ) from None


def ask_of(by: Hand, row: Connection, question: Callable[[Any], Awaitable[R]]) -> R:
    """The same of a connection that exists. Raises KeysLost too."""
    declaration, settings = by.declaration(row.connector), connections.open_settings(row)
    return ask(by, declaration, settings, question, keeps_network=row.keeps_network)


def sentence_of(error: HubError, side: str) -> str:
    match error:
        case TryLater() if PRIVATE in error.cause:
            return private(side)
        case TryLater():
            return _(
                "{side} cannot be asked now: {cause}. Nothing was changed; try again in a while.",
                side=side, cause=said(error.cause),
            )  # fmt: skip
        case Unclear():
            return _(
                "{side} gave no clear answer: {cause}. Nothing was changed here; try again in a while.",
                side=side, cause=said(error.cause),
            )  # fmt: skip
        case Surprise():
            return _(
                "{side} answered something unknown: {cause}. Check the address; if it is right, report this.",
                side=side, cause=said(error.cause),
            )  # fmt: skip
        case AccountProblem():
            return at_first(error.kind, error.values)
        case _:
            return str(error)


async def _ask(
    by: Hand,
    declaration: Declaration,
    settings: Mapping[str, str],
    question: Callable[[Any], Awaitable[R]],
    network: Callable[[], Any],
) -> R:
    transport = network()
    connector = open_connector(declaration, settings, Outside(by.clock, transport, MemoryTokens()))
    try:
        async with asyncio.timeout(by.patience_s):
            return await question(connector)
    finally:
        await connector.close()
        await transport.close()


@contextmanager
def _turn_of(merchant_id: int) -> Iterator[None]:
    """A few at once, so that one merchant's dead servers leave room for the others' questions."""
    with _counting:
        if _asking[merchant_id] >= AT_ONCE:
            raise impossible(
                "Other servers are being asked for you already. Wait a minute until they have answered, then try again."
            )
        _asking[merchant_id] += 1
    try:
        yield
    finally:
        with _counting:
            _asking[merchant_id] -= 1
