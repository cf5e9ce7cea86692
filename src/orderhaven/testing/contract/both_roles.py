"""What a marketplace's connector and a shop's promise alike: of the account, and of every command."""

from datetime import timedelta
from typing import Any

import pytest

from orderhaven.core.errors import AuthRejected, OutcomeUnknown, RateLimited, SafeToRetry
from orderhaven.testing.contract.requirement import requires
from orderhaven.testing.contract.subject import Break, On, Subject


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


class EveryCommand:
    """A subclass has a fixture `case` with each of its commands: how it is prepared, sent, and seen to have happened."""

    @pytest.mark.parametrize("after", [timedelta(seconds=7), None], ids=["with a time", "without a time"])
    @requires()
    async def test_a_command_that_is_too_much_for_now_did_not_happen(
        self, subject: Any, case: Any, after: timedelta | None
    ) -> None:
        connector = await subject.warm()
        what = await case.prepare(subject, connector)
        subject.rate_limit(after, On.COMMANDS)

        with pytest.raises(RateLimited) as slowed:
            await case.run(connector, what, subject.soon())

        assert slowed.value.after == after
        assert await case.times_done(subject, what) == 0

    @requires()
    async def test_a_server_error_on_a_command_is_unconfirmed(self, subject: Any, case: Any) -> None:
        connector = await subject.warm()
        what = await case.prepare(subject, connector)
        subject.break_with(Break.SERVER_ERROR, On.COMMANDS)

        with pytest.raises(OutcomeUnknown):
            await case.run(connector, what, subject.soon())

    @requires()
    async def test_a_command_that_reached_nobody_did_not_happen(self, subject: Any, case: Any) -> None:
        connector = await subject.warm()
        what = await case.prepare(subject, connector)
        subject.break_with(Break.UNREACHABLE, On.COMMANDS)

        with pytest.raises(SafeToRetry):
            await case.run(connector, what, subject.soon())

        subject.clear_faults()
        assert await case.times_done(subject, what) == 0
