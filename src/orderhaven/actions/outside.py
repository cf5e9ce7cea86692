"""Asking the outside on a person's behalf: one connector, opened, asked and closed."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from orderhaven.actions.errors import Impossible
from orderhaven.actions.hand import Hand
from orderhaven.certificates import NoCertificates
from orderhaven.connectors import open_connector
from orderhaven.core.errors import HubError, Surprise, TryLater, Unclear
from orderhaven.core.language import _
from orderhaven.core.reasons import said
from orderhaven.ports.connector import Declaration, MemoryTokens, Outside

R = TypeVar("R")


def ask(by: Hand, declaration: Declaration, settings: Mapping[str, str], question: Callable[[Any], Awaitable[R]]) -> R:
    """What the other side answers. Raises Impossible with a sentence for whatever went wrong there."""
    try:
        return asyncio.run(_ask(by, declaration, settings, question))
    except HubError as error:
        raise Impossible(sentence_of(error, declaration.title)) from error
    except NoCertificates as error:
        raise Impossible(str(error)) from None


def sentence_of(error: HubError, side: str) -> str:
    match error:
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
                side=side, cause=error.cause,
            )  # fmt: skip
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
