"""What holds for every command alike: one request, in time, and an honest word on what became of it."""

from typing import Any

import pytest

from orderhaven.core.errors import OutcomeUnknown
from orderhaven.ports.marketplace import RemoteState
from orderhaven.testing.contract.both_roles import CommandCase, EveryCommand
from orderhaven.testing.contract.commands import CASES
from orderhaven.testing.contract.requirement import requires
from orderhaven.testing.contract.subject import Lost, MarketplaceSubject


class MarketplaceCommands(EveryCommand):
    @pytest.fixture(params=CASES, ids=lambda case: case.name)
    def case(self, request: pytest.FixtureRequest) -> CommandCase:
        case: CommandCase = request.param
        return case

    async def verify(self, subject: Any, connector: Any, what: Any, times: int) -> None:
        verification = await subject.verified(connector, what)
        assert verification.state is (RemoteState.DONE if times else RemoteState.NOT_DONE)

    @requires()
    async def test_a_verification_by_another_process_says_the_same(
        self, subject: MarketplaceSubject, case: CommandCase
    ) -> None:
        marketplace = await subject.warm()
        command = await case.prepare(subject, marketplace)
        subject.lose_reply(Lost.AFTER)
        with pytest.raises(OutcomeUnknown):
            await case.run(marketplace, command, subject.soon())

        verification = await subject.verified(subject.another(), command)

        assert verification.state is RemoteState.DONE

    @requires()
    async def test_sent_again_it_stands_there_once(self, subject: MarketplaceSubject, case: CommandCase) -> None:
        marketplace = await subject.warm()
        command = await case.prepare(subject, marketplace)
        await self.succeed(subject, case, marketplace, command)

        await self.succeed(subject, case, marketplace, command)

        assert await case.times_done(subject, command) == 1
