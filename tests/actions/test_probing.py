"""Questions to the outside on a person's behalf: one deadline for each, and a few at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event as Signal
from threading import Semaphore
from typing import Any

import pytest

from orderhaven.actions import probing
from orderhaven.actions.context import ActionContext
from orderhaven.actions.errors import ActionRefused
from orderhaven.connectors import make_sandbox
from orderhaven.connectors.kit.http import Request, Response
from orderhaven.testing.clock import ManualClock
from orderhaven.testing.reference_marketplace import REFERENCE_MARKETPLACE

DECLARED = {REFERENCE_MARKETPLACE.name: REFERENCE_MARKETPLACE}


class Silent:
    """A network in which nothing is answered until it is let go."""

    def __init__(self) -> None:
        self.asked = Semaphore(0)
        self.go_on = Signal()

    async def __call__(self, request: Request, timeout_s: float) -> Response:
        self.asked.release()
        await asyncio.to_thread(self.go_on.wait, 20)
        return Response(503)

    async def close(self) -> None:
        return None


@pytest.fixture
def silent() -> Iterator[Silent]:
    network = Silent()
    yield network
    network.go_on.set()


def hand_of(merchant_id: int, network: Any) -> ActionContext:
    return ActionContext("anna", merchant_id, ManualClock(), lambda: network, DECLARED)


def asked(context: ActionContext) -> str:
    """What is said to the person. The question goes over the network that the hand has."""
    world = make_sandbox(REFERENCE_MARKETPLACE, ManualClock())  # it is there as long as somebody holds it
    network = context.transport()
    try:
        probing.probe(
            context, REFERENCE_MARKETPLACE, world.settings(""), lambda _connector: network(Request("GET", "x"), 1.0)
        )
    except ActionRefused as error:
        return str(error)
    return ""


def test_a_server_that_never_answers_is_given_up_within_one_deadline(silent: Silent) -> None:
    context = replace(hand_of(1, silent), patience_s=0.2)

    assert "did not answer" in asked(context)


def test_the_deadline_is_shorter_than_a_proxy_waits() -> None:
    assert hand_of(1, None).patience_s < 60


def test_of_one_merchant_a_few_questions_are_under_way_and_another_one_has_room(silent: Silent) -> None:
    with ThreadPoolExecutor(probing.AT_ONCE + 1) as clients:
        under_way = [clients.submit(asked, hand_of(1, silent)) for _ in range(probing.AT_ONCE)]
        for _ in under_way:
            assert silent.asked.acquire(timeout=20)

        refused = asked(hand_of(1, silent))
        other = clients.submit(asked, hand_of(2, silent))
        assert silent.asked.acquire(timeout=20)
        silent.go_on.set()

        assert "being asked for you already" in refused
        assert {one.result(60) for one in (*under_way, other)} == {""}
    assert "being asked" not in asked(hand_of(1, silent))
