"""What a marketplace's connector and a shop's promise alike: of the account, and of every telling."""

from datetime import timedelta
from typing import Any

import pytest

from orderhaven.core.errors import AuthRefused, RateLimited, TryLater, Unclear
from orderhaven.testing.contract.fact import fact
from orderhaven.testing.contract.subject import Break, On, Subject


class CheckedAccount:
    @fact()
    async def test_each_wrong_key_is_refused_at_the_check(self, subject: Subject) -> None:
        secrets = [setting.key for setting in subject.declaration.settings if setting.secret]

        for key in secrets:
            with pytest.raises(AuthRefused):
                await subject.another(**{key: "wrong"}).check()

    @fact()
    async def test_an_account_has_one_fingerprint_and_it_holds_no_secret(self, subject: Any) -> None:
        settings = subject.sandbox.settings("https://sandbox.test")
        secrets = [settings[setting.key] for setting in subject.declaration.settings if setting.secret]

        first, second = await subject.another().check(), await subject.another().check()

        assert first.fingerprint == second.fingerprint != ""
        assert not [secret for secret in secrets if secret in first.fingerprint]


class EveryTelling:
    """A subclass has a fixture `case` with each of its tellings: how it is prepared, told, and seen to have happened."""

    @pytest.mark.parametrize("after", [timedelta(seconds=7), None], ids=["with a time", "without a time"])
    @fact()
    async def test_a_telling_that_is_too_much_for_now_did_not_happen(
        self, subject: Any, case: Any, after: timedelta | None
    ) -> None:
        connector = await subject.warm()
        what = await case.prepare(subject, connector)
        subject.rate_limit(after, On.TELLINGS)

        with pytest.raises(RateLimited) as slowed:
            await case.tell(connector, what, subject.soon())

        assert slowed.value.after == after
        assert await case.times_done(subject, what) == 0

    @fact()
    async def test_a_server_error_on_a_telling_is_unclear(self, subject: Any, case: Any) -> None:
        connector = await subject.warm()
        what = await case.prepare(subject, connector)
        subject.break_with(Break.SERVER_ERROR, On.TELLINGS)

        with pytest.raises(Unclear):
            await case.tell(connector, what, subject.soon())

    @fact()
    async def test_a_telling_that_reached_nobody_did_not_happen(self, subject: Any, case: Any) -> None:
        connector = await subject.warm()
        what = await case.prepare(subject, connector)
        subject.break_with(Break.UNREACHABLE, On.TELLINGS)

        with pytest.raises(TryLater):
            await case.tell(connector, what, subject.soon())

        subject.mend()
        assert await case.times_done(subject, what) == 0
