"""What a marketplace's connector and a shop's promise alike: of the account, and of every command."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec import structs

from orderhaven.core.errors import AuthRejected, OutcomeUnknown, RateLimited, SafeToRetry, UnexpectedResponse
from orderhaven.ports.connector import Capability
from orderhaven.testing.contract.requirement import expire_tokens, requires
from orderhaven.testing.contract.subject import Break, Lost, On, Subject


class CheckedAccount:
    @requires()
    async def test_each_wrong_key_is_refused_at_the_check(self, subject: Subject) -> None:
        secrets = [setting.key for setting in subject.spec.settings if setting.secret]

        for key in secrets:
            with pytest.raises(AuthRejected):
                await subject.another(**{key: "wrong"}).check()

    @requires()
    async def test_an_account_has_one_fingerprint_and_it_holds_no_secret(self, subject: Any) -> None:
        settings = subject.sandbox.settings("https://sandbox.test")
        secrets = [settings[setting.key] for setting in subject.spec.settings if setting.secret]

        first, second = await subject.another().check(), await subject.another().check()

        assert first.fingerprint == second.fingerprint != ""
        assert not [secret for secret in secrets if secret in first.fingerprint]


class PullingWithFaults(CheckedAccount):
    async def since(self, subject: Any) -> str:
        """A cursor from which a pull asks for orders."""
        raise NotImplementedError

    @requires()
    async def test_a_pull_that_is_too_much_for_now_says_how_long_to_wait(self, subject: Any) -> None:
        since = await self.since(subject)
        connector = await subject.warm()
        subject.rate_limit(timedelta(seconds=11), On.ALL)

        with pytest.raises(RateLimited) as slowed:
            [page async for page in connector.pull(since)]

        assert slowed.value.after == timedelta(seconds=11)

    @pytest.mark.parametrize("broken", list(Break))
    @requires()
    async def test_a_pull_of_a_broken_side_is_never_empty(self, subject: Any, broken: Break) -> None:
        since = await self.since(subject)
        connector = await subject.warm()
        subject.break_with(broken, On.ALL)

        with pytest.raises((SafeToRetry, UnexpectedResponse)):
            [page async for page in connector.pull(since)]


def skip_unless_many(subject: Subject) -> None:
    if subject.spec.limits.commands_per_call == 1:
        pytest.skip(f"{subject.spec.title} takes one command in a request")


EFFECT_RULE = (
    "a command is one request with an effect that must not be doubled; reads and repeatable preparations may come before it, and "
    "nothing comes after it"
)


@dataclass(frozen=True, slots=True)
class CommandCase:
    name: str  # of the connector's method
    needs: tuple[Capability, ...]
    prepare: Callable[[Any, Any], Awaitable[Any]]  # what to run, of a subject and its connector
    times_done: Callable[[Any, Any], Awaitable[int]]  # how often that stands at the subject's sandbox

    async def run(self, connector: Any, what: Any, not_after: datetime) -> Any:
        return await getattr(connector, self.name)(what, not_after=not_after)


class EveryCommand:
    """A subclass has a fixture `case` with each of its commands: how it is prepared, sent, and seen to have happened."""

    async def succeed(self, subject: Any, case: CommandCase, connector: Any, what: Any) -> None:
        """Runs it to its end, which has to be a good one."""
        receipt = await case.run(connector, what, subject.soon())
        assert (await subject.final_receipt(connector, what, receipt)).rejection == "", "already done is success"

    async def verify(self, subject: Any, connector: Any, what: Any, times: int) -> None:
        """Waits until it can be seen whether it happened, and asks the connector if that can say so."""
        subject.clock.advance(subject.spec.limits.visibility_delay)

    @requires()
    async def test_a_command_is_one_effect_and_nothing_comes_after_it(self, subject: Any, case: CommandCase) -> None:
        connector = await subject.warm()
        what = await case.prepare(subject, connector)
        before = len(subject.sandbox.calls)

        await case.run(connector, what, subject.soon())

        calls = subject.sandbox.calls[before:]
        effects = subject.effects(calls)
        assert len(effects) == 1, f"{EFFECT_RULE}: not one effect, but {effects}"
        assert subject.requests(calls)[-1:] == effects, f"{EFFECT_RULE}: the last of {calls} has no effect"

    @requires(Capability.PREPARES)
    async def test_a_preparation_has_no_effect_and_is_made_once(self, subject: Any, case: CommandCase) -> None:
        connector = await subject.warm()
        what = structs.replace(await case.prepare(subject, connector), prepared="")
        before = len(subject.sandbox.calls)

        kept = await connector.prepare(what)
        prepared = structs.replace(what, prepared=kept)
        again = await connector.prepare(prepared)

        assert subject.effects(subject.sandbox.calls[before:]) == [], f"{EFFECT_RULE}: a preparation has one"
        assert again == kept, "what was prepared is not prepared again"
        assert await case.times_done(subject, prepared) == 0
        await self.succeed(subject, case, connector, prepared)
        assert await case.times_done(subject, prepared) == 1

    @requires()
    async def test_commands_that_go_together_are_one_effect_and_each_has_its_receipt(
        self, subject: Any, case: CommandCase
    ) -> None:
        connector = await subject.warm()
        skip_unless_many(subject)
        several = [await case.prepare(subject, connector) for _ in range(3)]
        before = len(subject.sandbox.calls)

        receipts = await connector.send_many(several, not_after=subject.soon())

        effects = subject.effects(subject.sandbox.calls[before:])
        assert len(effects) == 1, f"{EFFECT_RULE}: not one effect, but {effects}"
        assert set(receipts) == {what.reference for what in several}
        for what in several:
            assert (await subject.final_receipt(connector, what, receipts[what.reference])).rejection == ""
        assert [await case.times_done(subject, what) for what in several] == [1, 1, 1]

    @requires()
    async def test_a_command_happens(self, subject: Any, case: CommandCase) -> None:
        connector = await subject.warm()
        what = await case.prepare(subject, connector)

        await self.succeed(subject, case, connector, what)

        assert await case.times_done(subject, what) == 1

    @pytest.mark.parametrize("too_late", [timedelta(0), timedelta(seconds=1)], ids=["at", "after"])
    @requires()
    async def test_a_command_at_or_after_its_last_moment_sends_nothing(
        self, subject: Any, case: CommandCase, too_late: timedelta
    ) -> None:
        connector = await subject.warm()
        what = await case.prepare(subject, connector)
        before = len(subject.sandbox.calls)

        with pytest.raises(SafeToRetry):
            await case.run(connector, what, subject.clock.now() - too_late)

        assert subject.effects(subject.sandbox.calls[before:]) == [], (
            f"{EFFECT_RULE}; and it has none at or after its last moment"
        )

    @pytest.mark.parametrize(("lost", "times"), [(Lost.BEFORE, 0), (Lost.AFTER, 1)], ids=["before", "after"])
    @requires()
    async def test_a_lost_reply_is_unconfirmed_and_a_verification_says_what_happened(
        self, subject: Any, case: CommandCase, lost: Lost, times: int
    ) -> None:
        connector = await subject.warm()
        what = await case.prepare(subject, connector)
        subject.lose_reply(lost)

        with pytest.raises(OutcomeUnknown):
            await case.run(connector, what, subject.soon())

        await self.verify(subject, connector, what, times)
        assert await case.times_done(subject, what) == times

    @requires()
    async def test_an_unreadable_answer_to_a_command_is_never_taken_for_a_no(
        self, subject: Any, case: CommandCase
    ) -> None:
        connector = await subject.warm()
        what = await case.prepare(subject, connector)
        subject.break_with(Break.GARBAGE, On.COMMANDS)

        # an answer whose body says nothing may be taken for a yes: then there is no error
        with suppress(OutcomeUnknown):
            await case.run(connector, what, subject.soon())

        subject.clear_faults()
        await self.verify(subject, connector, what, times=1)
        assert await case.times_done(subject, what) == 1

    @requires()
    async def test_a_web_page_in_answer_to_a_command_is_never_taken_for_a_yes(
        self, subject: Any, case: CommandCase
    ) -> None:
        connector = await subject.warm()
        what = await case.prepare(subject, connector)
        subject.break_with(Break.WEB_PAGE, On.COMMANDS)

        with pytest.raises((OutcomeUnknown, SafeToRetry)):
            await case.run(connector, what, subject.soon())

        subject.clear_faults()
        subject.clock.advance(subject.spec.limits.visibility_delay)
        assert await case.times_done(subject, what) == 0

    @requires()
    async def test_a_command_with_an_expired_token_happens_now_or_the_next_time_and_once(
        self, subject: Any, case: CommandCase
    ) -> None:
        connector = await subject.warm()
        what = await case.prepare(subject, connector)
        expire_tokens(subject)

        try:
            await self.succeed(subject, case, connector, what)
        except SafeToRetry:
            assert await case.times_done(subject, what) == 0
            await self.succeed(subject, case, connector, what)

        assert await case.times_done(subject, what) == 1

    @pytest.mark.parametrize("after", [timedelta(seconds=7), None], ids=["with a time", "without a time"])
    @requires()
    async def test_a_command_that_is_too_much_for_now_did_not_happen(
        self, subject: Any, case: CommandCase, after: timedelta | None
    ) -> None:
        connector = await subject.warm()
        what = await case.prepare(subject, connector)
        subject.rate_limit(after, On.COMMANDS)

        with pytest.raises(RateLimited) as slowed:
            await case.run(connector, what, subject.soon())

        assert slowed.value.after == after
        assert await case.times_done(subject, what) == 0

    @requires()
    async def test_a_server_error_on_a_command_is_unconfirmed(self, subject: Any, case: CommandCase) -> None:
        connector = await subject.warm()
        what = await case.prepare(subject, connector)
        subject.break_with(Break.SERVER_ERROR, On.COMMANDS)

        with pytest.raises(OutcomeUnknown):
            await case.run(connector, what, subject.soon())

    @requires()
    async def test_a_command_that_reached_nobody_did_not_happen(self, subject: Any, case: CommandCase) -> None:
        connector = await subject.warm()
        what = await case.prepare(subject, connector)
        subject.break_with(Break.UNREACHABLE, On.COMMANDS)

        with pytest.raises(SafeToRetry):
            await case.run(connector, what, subject.soon())

        subject.clear_faults()
        assert await case.times_done(subject, what) == 0
