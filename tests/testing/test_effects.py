"""The contract suite counts effects: what doubles one is found, and what only asks or prepares is not in its way."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import ClassVar

import pytest

from orderhaven.core.commands import ShipmentConfirmation
from orderhaven.ports.connector import ConnectorContext, InMemoryTokenCache
from orderhaven.ports.marketplace import Receipt
from orderhaven.ports.sandbox import CallKind
from orderhaven.testing.contract import MarketplaceContract, MarketplaceSubject
from orderhaven.testing.contract.commands import CASES
from orderhaven.testing.reference_marketplace import ReferenceMarketplace
from orderhaven.testing.simulated_marketplace import SimulatedMarketplace
from tests.testing.test_reference_contract import marketplace_subject

CONFIRM = next(case for case in CASES if case.name == "confirm")


class Prepares(ReferenceMarketplace):
    """Puts the number beside the order before it says that it left."""

    async def confirm(self, command: ShipmentConfirmation, *, not_after: datetime) -> Receipt:
        await self._caller.send("PUT /tracking", lambda: None, not_after=not_after)
        return await super().confirm(command, not_after=not_after)


class AsksBefore(ReferenceMarketplace):
    async def confirm(self, command: ShipmentConfirmation, *, not_after: datetime) -> Receipt:
        await self._caller.read("POST /carriers/search", lambda: None)
        return await super().confirm(command, not_after=not_after)


class AsksAfterwards(ReferenceMarketplace):
    async def confirm(self, command: ShipmentConfirmation, *, not_after: datetime) -> Receipt:
        receipt = await super().confirm(command, not_after=not_after)
        await self.read(command.order_ref)
        return receipt


class ConfirmsTwice(ReferenceMarketplace):
    async def confirm(self, command: ShipmentConfirmation, *, not_after: datetime) -> Receipt:
        await super().confirm(command, not_after=not_after)
        return await super().confirm(command, not_after=not_after)


def subject_with(
    connector: type[ReferenceMarketplace],
    world: type[SimulatedMarketplace] = SimulatedMarketplace,
    prepares: Callable[[str], bool] = lambda call: False,
) -> MarketplaceSubject:
    subject = marketplace_subject()
    sandbox = world(subject.clock)
    subject.sandbox, subject.prepares = sandbox, prepares
    subject.open = lambda settings: connector(
        {**sandbox.settings(""), **settings}, ConnectorContext(subject.clock, None, InMemoryTokenCache())
    )
    return subject


def judge(subject: MarketplaceSubject) -> None:
    MarketplaceContract().test_a_command_is_one_effect_and_nothing_comes_after_it(subject, case=CONFIRM)


class AsksByPost(SimulatedMarketplace):
    purposes: ClassVar[Mapping[str, CallKind]] = {
        **SimulatedMarketplace.purposes,
        "POST /carriers/search": CallKind.READ,
        "PUT /tracking": CallKind.PREPARE,
    }


def test_what_the_subject_calls_a_preparation_is_no_effect() -> None:
    judge(subject_with(Prepares, prepares=lambda call: call == "PUT /tracking"))


@pytest.mark.parametrize("connector", [Prepares, AsksBefore])
def test_what_the_sandbox_calls_a_preparation_or_a_question_is_no_effect(connector: type[ReferenceMarketplace]) -> None:
    judge(subject_with(connector, AsksByPost))


@pytest.mark.parametrize("connector", [Prepares, AsksBefore, ConfirmsTwice])
def test_two_effects_are_found_and_the_rule_is_named(connector: type[ReferenceMarketplace]) -> None:
    with pytest.raises(AssertionError, match="one request with an effect that must not be doubled"):
        judge(subject_with(connector))


def test_a_question_after_the_effect_is_found_and_the_rule_is_named() -> None:
    with pytest.raises(AssertionError, match="nothing comes after it"):
        judge(subject_with(AsksAfterwards))
