"""What holds for every telling alike: one request, in time, and an honest word on what became of it."""

from contextlib import suppress
from datetime import timedelta

import pytest

from orderhaven.core.errors import TryLater, Unclear
from orderhaven.ports.marketplace import Seen
from orderhaven.testing.contract.both_roles import EveryTelling
from orderhaven.testing.contract.fact import expire_tokens, fact
from orderhaven.testing.contract.subject import Break, Lost, MarketplaceSubject, On
from orderhaven.testing.contract.tellings import CASES, Case


class MarketplaceTelling(EveryTelling):
    @pytest.fixture(params=CASES, ids=lambda case: case.name)
    def case(self, request: pytest.FixtureRequest) -> Case:
        case: Case = request.param
        return case

    @fact()
    async def test_a_telling_is_exactly_one_request(self, subject: MarketplaceSubject, case: Case) -> None:
        marketplace = await subject.warm()
        telling = await case.prepare(subject, marketplace)
        before = len(subject.sandbox.calls)

        await case.tell(marketplace, telling, subject.soon())

        requests = subject.requests(subject.sandbox.calls[before:])
        reads = [call for call in requests if call.startswith("GET ")]
        assert len(requests) - len(reads) == 1
        assert case.may_read_first or reads == []

    @fact()
    async def test_a_telling_happens(self, subject: MarketplaceSubject, case: Case) -> None:
        marketplace = await subject.warm()
        telling = await case.prepare(subject, marketplace)

        receipt = await case.tell(marketplace, telling, subject.soon())

        assert (await subject.settled(marketplace, receipt)).refused == ""
        assert await case.times_done(subject, telling) == 1

    @pytest.mark.parametrize("too_late", [timedelta(0), timedelta(seconds=1)], ids=["at", "after"])
    @fact()
    async def test_a_telling_at_or_after_its_last_moment_sends_nothing(
        self, subject: MarketplaceSubject, case: Case, too_late: timedelta
    ) -> None:
        marketplace = await subject.warm()
        telling = await case.prepare(subject, marketplace)
        before = len(subject.sandbox.calls)

        with pytest.raises(TryLater):
            await case.tell(marketplace, telling, subject.clock.now() - too_late)

        requests = subject.requests(subject.sandbox.calls[before:])
        assert [call for call in requests if not call.startswith("GET ")] == []

    @fact()
    async def test_a_reply_lost_before_the_effect_is_unclear_and_a_look_says_not_done(
        self, subject: MarketplaceSubject, case: Case
    ) -> None:
        marketplace = await subject.warm()
        telling = await case.prepare(subject, marketplace)
        subject.lose_reply(Lost.BEFORE)

        with pytest.raises(Unclear):
            await case.tell(marketplace, telling, subject.soon())

        assert (await subject.looked(marketplace, telling)).seen is Seen.NOT_DONE
        assert await case.times_done(subject, telling) == 0

    @fact()
    async def test_a_reply_lost_after_the_effect_is_unclear_and_a_look_says_done(
        self, subject: MarketplaceSubject, case: Case
    ) -> None:
        marketplace = await subject.warm()
        telling = await case.prepare(subject, marketplace)
        subject.lose_reply(Lost.AFTER)

        with pytest.raises(Unclear):
            await case.tell(marketplace, telling, subject.soon())

        assert (await subject.looked(marketplace, telling)).seen is Seen.DONE
        assert await case.times_done(subject, telling) == 1

    @fact()
    async def test_a_look_by_another_process_says_the_same(self, subject: MarketplaceSubject, case: Case) -> None:
        marketplace = await subject.warm()
        telling = await case.prepare(subject, marketplace)
        subject.lose_reply(Lost.AFTER)
        with pytest.raises(Unclear):
            await case.tell(marketplace, telling, subject.soon())

        finding = await subject.looked(subject.another(), telling)

        assert finding.seen is Seen.DONE

    @fact()
    async def test_an_unreadable_answer_to_a_telling_is_never_taken_for_a_no(
        self, subject: MarketplaceSubject, case: Case
    ) -> None:
        marketplace = await subject.warm()
        telling = await case.prepare(subject, marketplace)
        subject.break_with(Break.GARBAGE, On.TELLINGS)

        # an answer whose body says nothing may be taken for a yes: then there is no error
        with suppress(Unclear):
            await case.tell(marketplace, telling, subject.soon())

        subject.mend()
        assert (await subject.looked(marketplace, telling)).seen is Seen.DONE

    @fact()
    async def test_a_telling_with_an_expired_token_happens_now_or_the_next_time_and_once(
        self, subject: MarketplaceSubject, case: Case
    ) -> None:
        marketplace = await subject.warm()
        telling = await case.prepare(subject, marketplace)
        expire_tokens(subject)

        try:
            receipt = await case.tell(marketplace, telling, subject.soon())
        except TryLater:
            assert await case.times_done(subject, telling) == 0
            receipt = await case.tell(marketplace, telling, subject.soon())

        assert (await subject.settled(marketplace, receipt)).refused == ""
        assert await case.times_done(subject, telling) == 1

    @fact()
    async def test_told_again_it_stands_there_once(self, subject: MarketplaceSubject, case: Case) -> None:
        marketplace = await subject.warm()
        telling = await case.prepare(subject, marketplace)
        receipt = await case.tell(marketplace, telling, subject.soon())
        await subject.settled(marketplace, receipt)

        receipt = await case.tell(marketplace, telling, subject.soon())
        receipt = await subject.settled(marketplace, receipt)

        assert receipt.refused == "", "already done is success"
        assert await case.times_done(subject, telling) == 1
