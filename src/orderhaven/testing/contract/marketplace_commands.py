"""What holds for every command alike: one request, in time, and an honest word on what became of it."""

from typing import Any

import pytest

from orderhaven.core.errors import OutcomeUnknown
from orderhaven.ports.marketplace import RemoteState
from orderhaven.testing.contract.both_roles import CommandCase, EveryCommand, skip_unless_many
from orderhaven.testing.contract.commands import CASES, to_confirm
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

    @pytest.mark.parametrize("lost", [Lost.BEFORE, Lost.AFTER])
    @requires()
    async def test_of_commands_whose_common_reply_is_lost_each_is_verified(
        self, subject: MarketplaceSubject, case: CommandCase, lost: Lost
    ) -> None:
        marketplace = await subject.warm()
        skip_unless_many(subject)
        several = [await case.prepare(subject, marketplace) for _ in range(2)]
        subject.lose_reply(lost)

        with pytest.raises(OutcomeUnknown):
            await marketplace.send_many(several, not_after=subject.soon())

        for command in several:
            await self.verify(subject, marketplace, command, times=int(lost is Lost.AFTER))

    @requires()
    async def test_one_command_that_is_refused_spoils_none_that_went_with_it(self, subject: MarketplaceSubject) -> None:
        marketplace = await subject.warm()
        skip_unless_many(subject)
        first, refused, last = [await to_confirm(subject, marketplace) for _ in range(3)]
        subject.sandbox.cancel(refused.order_ref)

        receipts = await marketplace.send_many([first, refused, last], not_after=subject.soon())

        final = [
            await subject.final_receipt(marketplace, one, receipts[one.reference]) for one in (first, refused, last)
        ]
        assert [bool(receipt.rejection) for receipt in final] == [False, True, False]
        assert {one.order_ref for one in subject.sandbox.shipments()} == {first.order_ref, last.order_ref}

    @requires()
    async def test_sent_again_it_stands_there_once(self, subject: MarketplaceSubject, case: CommandCase) -> None:
        marketplace = await subject.warm()
        command = await case.prepare(subject, marketplace)
        await self.succeed(subject, case, marketplace, command)

        await self.succeed(subject, case, marketplace, command)

        assert await case.times_done(subject, command) == 1
