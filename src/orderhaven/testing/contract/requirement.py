"""How a fact of a contract is written: an `async def` on a subject, with the capabilities that it needs."""

import asyncio
import functools
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from orderhaven.ports.connector import Capability
from orderhaven.testing.contract.subject import Subject

ContractTest = Callable[..., Awaitable[None]]


def requires(*needs: Capability) -> Callable[[ContractTest], Callable[..., None]]:
    """Runs it in an event loop of its own and closes what it opened; skips it where the connector lacks an ability."""

    def as_test(tell: ContractTest) -> Callable[..., None]:
        @functools.wraps(tell)
        def test(self: Any, subject: Subject, **given: Any) -> None:
            skip_without(subject, *needs, *getattr(given.get("case"), "needs", ()))
            asyncio.run(_told(tell, self, subject, given))

        return test

    return as_test


def skip_without(subject: Subject, *needs: Capability) -> None:
    lacking = [ability.value for ability in needs if ability not in subject.spec.capabilities]
    if lacking:
        pytest.skip(f"{subject.spec.title} does not declare {', '.join(lacking)}")


def expire_tokens(subject: Subject) -> None:
    """As if an hour had passed there. A moment passes here too: no connector asks for a token twice at once."""
    subject.clock.advance(timedelta(seconds=90))
    demand_tokens(subject)


def demand_tokens(subject: Subject) -> None:
    """None that there were is good any more."""
    if not subject.sandbox.expire_tokens():
        pytest.skip(f"{subject.spec.title} has no tokens that end")


async def _told(tell: ContractTest, suite: Any, subject: Subject, given: dict[str, Any]) -> None:
    try:
        await tell(suite, subject, **given)
    finally:
        await subject.close()
