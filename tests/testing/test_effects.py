"""The contract suite counts effects: what doubles one is found, and what only asks or prepares is not in its way."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from orderhaven.core.commands import ShipmentConfirmation
from orderhaven.ports.connector import ConnectorContext, InMemoryTokenCache
from orderhaven.ports.marketplace import Receipt
from orderhaven.testing.contract import MarketplaceContract, MarketplaceSubject
from orderhaven.testing.contract.commands import CASES
from orderhaven.testing.reference_marketplace import ReferenceMarketplace
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


def subject_with(connector: type[ReferenceMarketplace], **says: Callable[[str], bool]) -> MarketplaceSubject:
    subject = marketplace_subject()
    sandbox: Any = subject.sandbox
    subject.open = lambda settings: connector(
        {**sandbox.settings(""), **settings}, ConnectorContext(subject.clock, None, InMemoryTokenCache())
    )
    for name, judge in says.items():
        setattr(subject, name, judge)
    return subject


def judge(subject: MarketplaceSubject) -> None:
    MarketplaceContract().test_a_command_is_one_effect_and_nothing_comes_after_it(subject, case=CONFIRM)


def test_what_the_subject_calls_a_preparation_or_a_question_is_no_effect() -> None:
    judge(subject_with(Prepares, prepares=lambda call: call == "PUT /tracking"))
    judge(subject_with(AsksBefore, only_asks=lambda call: call.startswith(("GET ", "POST /carriers/search"))))


@pytest.mark.parametrize("connector", [Prepares, AsksBefore, ConfirmsTwice])
def test_two_effects_are_found_and_the_rule_is_named(connector: type[ReferenceMarketplace]) -> None:
    with pytest.raises(AssertionError, match="one request with an effect that must not be doubled"):
        judge(subject_with(connector))


def test_a_question_after_the_effect_is_found_and_the_rule_is_named() -> None:
    with pytest.raises(AssertionError, match="nothing comes after it"):
        judge(subject_with(AsksAfterwards))
