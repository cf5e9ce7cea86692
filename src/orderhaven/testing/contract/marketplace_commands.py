"""What holds for every command alike: one request, in time, and an honest word on what became of it."""

from contextlib import suppress
from datetime import timedelta

import pytest

from orderhaven.core.errors import OutcomeUnknown, SafeToRetry
from orderhaven.ports.marketplace import RemoteState
from orderhaven.testing.contract.both_roles import EveryCommand
from orderhaven.testing.contract.commands import CASES, CommandCase
from orderhaven.testing.contract.requirement import expire_tokens, requires
from orderhaven.testing.contract.subject import Break, Lost, MarketplaceSubject, On


class MarketplaceCommands(EveryCommand):
    @pytest.fixture(params=CASES, ids=lambda case: case.name)
    def case(self, request: pytest.FixtureRequest) -> CommandCase:
        case: CommandCase = request.param
        return case

    @requires()
    async def test_a_command_is_exactly_one_request(self, subject: MarketplaceSubject, case: CommandCase) -> None:
        marketplace = await subject.warm()
        command = await case.prepare(subject, marketplace)
        before = len(subject.sandbox.calls)

        await case.run(marketplace, command, subject.soon())

        requests = subject.requests(subject.sandbox.calls[before:])
        reads = [call for call in requests if call.startswith("GET ")]
        assert len(requests) - len(reads) == 1
        assert case.reads_allowed_first or reads == []

    @requires()
    async def test_a_command_happens(self, subject: MarketplaceSubject, case: CommandCase) -> None:
        marketplace = await subject.warm()
        command = await case.prepare(subject, marketplace)

        receipt = await case.run(marketplace, command, subject.soon())

        assert (await subject.final_receipt(marketplace, receipt)).rejection == ""
        assert await case.times_done(subject, command) == 1

    @pytest.mark.parametrize("too_late", [timedelta(0), timedelta(seconds=1)], ids=["at", "after"])
    @requires()
    async def test_a_command_at_or_after_its_last_moment_sends_nothing(
        self, subject: MarketplaceSubject, case: CommandCase, too_late: timedelta
    ) -> None:
        marketplace = await subject.warm()
        command = await case.prepare(subject, marketplace)
        before = len(subject.sandbox.calls)

        with pytest.raises(SafeToRetry):
            await case.run(marketplace, command, subject.clock.now() - too_late)

        requests = subject.requests(subject.sandbox.calls[before:])
        assert [call for call in requests if not call.startswith("GET ")] == []

    @requires()
    async def test_a_reply_lost_before_the_effect_is_unconfirmed_and_a_verification_says_not_done(
        self, subject: MarketplaceSubject, case: CommandCase
    ) -> None:
        marketplace = await subject.warm()
        command = await case.prepare(subject, marketplace)
        subject.lose_reply(Lost.BEFORE)

        with pytest.raises(OutcomeUnknown):
            await case.run(marketplace, command, subject.soon())

        assert (await subject.verified(marketplace, command)).state is RemoteState.NOT_DONE
        assert await case.times_done(subject, command) == 0

    @requires()
    async def test_a_reply_lost_after_the_effect_is_unconfirmed_and_a_verification_says_done(
        self, subject: MarketplaceSubject, case: CommandCase
    ) -> None:
        marketplace = await subject.warm()
        command = await case.prepare(subject, marketplace)
        subject.lose_reply(Lost.AFTER)

        with pytest.raises(OutcomeUnknown):
            await case.run(marketplace, command, subject.soon())

        assert (await subject.verified(marketplace, command)).state is RemoteState.DONE
        assert await case.times_done(subject, command) == 1

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
    async def test_an_unreadable_answer_to_a_command_is_never_taken_for_a_no(
        self, subject: MarketplaceSubject, case: CommandCase
    ) -> None:
        marketplace = await subject.warm()
        command = await case.prepare(subject, marketplace)
        subject.break_with(Break.GARBAGE, On.COMMANDS)

        # an answer whose body says nothing may be taken for a yes: then there is no error
        with suppress(OutcomeUnknown):
            await case.run(marketplace, command, subject.soon())

        subject.clear_faults()
        assert (await subject.verified(marketplace, command)).state is RemoteState.DONE

    @requires()
    async def test_a_command_with_an_expired_token_happens_now_or_the_next_time_and_once(
        self, subject: MarketplaceSubject, case: CommandCase
    ) -> None:
        marketplace = await subject.warm()
        command = await case.prepare(subject, marketplace)
        expire_tokens(subject)

        try:
            receipt = await case.run(marketplace, command, subject.soon())
        except SafeToRetry:
            assert await case.times_done(subject, command) == 0
            receipt = await case.run(marketplace, command, subject.soon())

        assert (await subject.final_receipt(marketplace, receipt)).rejection == ""
        assert await case.times_done(subject, command) == 1

    @requires()
    async def test_sent_again_it_stands_there_once(self, subject: MarketplaceSubject, case: CommandCase) -> None:
        marketplace = await subject.warm()
        command = await case.prepare(subject, marketplace)
        receipt = await case.run(marketplace, command, subject.soon())
        await subject.final_receipt(marketplace, receipt)

        receipt = await case.run(marketplace, command, subject.soon())
        receipt = await subject.final_receipt(marketplace, receipt)

        assert receipt.rejection == "", "already done is success"
        assert await case.times_done(subject, command) == 1
