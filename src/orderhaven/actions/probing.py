"""Asking the outside on a person's behalf: one connector, opened, asked and closed."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import Lock
from typing import Any, TypeVar

from orderhaven.actions.context import ActionContext
from orderhaven.actions.errors import ActionRefused, action_refused
from orderhaven.certificates import NoCertificates
from orderhaven.connectors import open_connector
from orderhaven.core.errors import AccountProblem, HubError, OutcomeUnknown, SafeToRetry, UnexpectedResponse
from orderhaven.core.networks import PRIVATE, private
from orderhaven.core.reasons import translate_reason
from orderhaven.core.sentences import setup_sentence
from orderhaven.core.translation import _
from orderhaven.networks import NoNetwork
from orderhaven.ports.connector import ConnectorContext, ConnectorSpec, InMemoryTokenCache
from orderhaven.store.connections import connections
from orderhaven.store.models import Connection

R = TypeVar("R")
AT_ONCE = 3  # questions of a merchant, in one process
_asking: Counter[int] = Counter()
_counting = Lock()


def probe(
    context: ActionContext,
    spec: ConnectorSpec,
    settings: Mapping[str, str],
    question: Callable[[Any], Awaitable[R]],
    *,
    side: str = "",
    keeps_private_network: bool = False,
) -> R:
    """What the other side answers. Raises ActionRefused with a sentence for whatever went wrong there.

    `side`: its connection's name, once it has one. `keeps_private_network`: of a connection that was made before networks had to
    be allowed.
    """
    try:
        with _turn_of(context.merchant_id):
            return asyncio.run(
                _probe(
                    context, spec, settings, question, context.as_before if keeps_private_network else context.transport
                )
            )
    except HubError as error:
        raise ActionRefused(sentence_of(error, side or spec.title)) from error
    except (NoCertificates, NoNetwork) as error:
        raise ActionRefused(str(error)) from None
    except TimeoutError:
        raise action_refused(
            "{side} was asked for {seconds} seconds and did not answer. Nothing was changed; look whether it works, and "
            "try again.",
            side=side or spec.title,
            seconds=round(context.patience_s),
        ) from None


def ask_of(context: ActionContext, row: Connection, question: Callable[[Any], Awaitable[R]]) -> R:
    """The same of a connection that exists. Raises KeysLost too."""
    spec, settings = context.spec_of(row), connections.open_settings(row)
    return probe(context, spec, settings, question, side=row.name, keeps_private_network=row.keeps_private_network)


def sentence_of(error: HubError, side: str) -> str:
    match error:
        case SafeToRetry() if PRIVATE in error.cause:
            return private(side)
        case SafeToRetry():
            return _(
                "{side} cannot be asked now: {cause}. Nothing was changed; try again in a while.",
                side=side, cause=translate_reason(error.cause),
            )  # fmt: skip
        case OutcomeUnknown():
            return _(
                "{side} gave no clear answer: {cause}. Nothing was changed here; try again in a while.",
                side=side, cause=translate_reason(error.cause),
            )  # fmt: skip
        case UnexpectedResponse():
            return _(
                "{side} answered something unknown: {cause}. Check the address; if it is right, report this.",
                side=side, cause=translate_reason(error.cause),
            )  # fmt: skip
        case AccountProblem():
            return setup_sentence(
                error.kind, {**error.values, "side": side} if "side" in error.values else error.values
            )
        case _:
            return str(error)


async def _probe(
    context: ActionContext,
    spec: ConnectorSpec,
    settings: Mapping[str, str],
    question: Callable[[Any], Awaitable[R]],
    network: Callable[[], Any],
) -> R:
    transport = network()
    connector = open_connector(spec, settings, ConnectorContext(context.clock, transport, InMemoryTokenCache()))
    try:
        async with asyncio.timeout(context.patience_s):
            return await question(connector)
    finally:
        await connector.close()
        await transport.close()


@contextmanager
def _turn_of(merchant_id: int) -> Iterator[None]:
    """A few at once, so that one merchant's dead servers leave room for the others' questions."""
    with _counting:
        if _asking[merchant_id] >= AT_ONCE:
            raise action_refused(
                "Other servers are being asked for you already. Wait a minute until they have answered, then try again."
            )
        _asking[merchant_id] += 1
    try:
        yield
    finally:
        with _counting:
            _asking[merchant_id] -= 1
