"""Asking the outside on a person's behalf: one connector, opened, asked and closed."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from orderhaven.actions.errors import Impossible
from orderhaven.actions.hand import Hand
from orderhaven.connectors import open_connector
from orderhaven.core.errors import HubError, Surprise, TryLater, Unclear
from orderhaven.ports.connector import Declaration, MemoryTokens, Outside

R = TypeVar("R")


def ask(by: Hand, declaration: Declaration, settings: Mapping[str, str], question: Callable[[Any], Awaitable[R]]) -> R:
    """What the other side answers. Raises Impossible with a sentence for whatever went wrong there."""
    try:
        return asyncio.run(_ask(by, declaration, settings, question))
    except HubError as error:
        raise Impossible(sentence_of(error, declaration.title)) from error


def sentence_of(error: HubError, side: str) -> str:
    match error:
        case TryLater():
            return f"{side} cannot be asked now: {error.cause}. Nothing was changed; try again in a while."
        case Unclear():
            return f"{side} gave no clear answer: {error.cause}. Nothing was changed here; try again in a while."
        case Surprise():
            return f"{side} answered something unknown: {error.cause}. Check the address; if it is right, report this."
        case _:
            return str(error)


async def _ask(
    by: Hand, declaration: Declaration, settings: Mapping[str, str], question: Callable[[Any], Awaitable[R]]
) -> R:
    transport = by.transport()
    connector = open_connector(declaration, settings, Outside(by.clock, transport, MemoryTokens()))
    try:
        return await question(connector)
    finally:
        await connector.close()
        await transport.close()
