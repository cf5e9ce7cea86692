"""Keys in headers; and a bearer token: kept between runs, renewed before it ends, fetched once however many ask."""

import asyncio
from datetime import timedelta

from orderhaven.connectors.kit.auth import BearerToken, HeaderKeys, basic
from orderhaven.connectors.kit.http import Request
from orderhaven.core.errors import SafeToRetry
from orderhaven.ports.connector import InMemoryTokenCache
from orderhaven.testing.clock import START, ManualClock

ASK = Request("GET", "https://shop.test/orders", {"Accept": "text/plain"})
LIFETIME = timedelta(seconds=299)


class Office:
    """Gives tokens out and counts them."""

    def __init__(self) -> None:
        self.given = 0

    async def fetch(self) -> tuple[str, timedelta]:
        self.given += 1
        number = self.given
        await asyncio.sleep(0)
        return f"token {number}", LIFETIME


def bearer(office: Office, tokens: InMemoryTokenCache | None = None, clock: ManualClock | None = None) -> BearerToken:
    return BearerToken(office.fetch, tokens or InMemoryTokenCache(), clock or ManualClock())


def signed(auth: BearerToken) -> str:
    return asyncio.run(auth.sign(ASK)).headers["Authorization"]


def test_a_request_carries_the_token_and_what_it_had() -> None:
    request = asyncio.run(bearer(Office()).sign(ASK))

    assert request.headers == {"Accept": "text/plain", "Authorization": "Bearer token 1"}


def test_a_token_is_used_until_shortly_before_its_end() -> None:
    office, clock = Office(), ManualClock()
    auth = bearer(office, clock=clock)
    signed(auth)

    clock.advance(LIFETIME - timedelta(seconds=21))

    assert signed(auth) == "Bearer token 1"


def test_a_token_is_renewed_before_it_ends() -> None:
    office, clock = Office(), ManualClock()
    auth = bearer(office, clock=clock)
    signed(auth)

    clock.advance(LIFETIME - timedelta(seconds=20))

    assert signed(auth) == "Bearer token 2"


def test_a_kept_token_is_used_by_the_next_process() -> None:
    office, tokens = Office(), InMemoryTokenCache()
    signed(bearer(office, tokens))

    assert signed(bearer(office, tokens)) == "Bearer token 1"
    assert office.given == 1


def test_a_kept_token_that_ended_is_not_used() -> None:
    office, tokens = Office(), InMemoryTokenCache()
    asyncio.run(tokens.put("old", START))

    assert signed(bearer(office, tokens)) == "Bearer token 1"


def test_many_at_once_fetch_one_token() -> None:
    office = Office()
    auth = bearer(office)

    async def many() -> None:
        await asyncio.gather(*(auth.sign(ASK) for _ in range(20)))

    asyncio.run(many())

    assert office.given == 1


def test_a_refused_token_is_forgotten() -> None:
    office, tokens = Office(), InMemoryTokenCache()
    asyncio.run(tokens.put("revoked", START + LIFETIME))
    auth = bearer(office, tokens)
    refused = asyncio.run(auth.sign(ASK))

    renewed = asyncio.run(auth.renew(refused))

    assert renewed
    assert signed(auth) == "Bearer token 1"


def test_a_fresh_token_that_is_refused_is_renewed_once() -> None:
    """A single refusal may be a hiccup. After a second one another token would be refused as well, and some log-ins block who
    asks for many."""
    office = Office()
    auth = bearer(office)

    renewed = [asyncio.run(auth.renew(asyncio.run(auth.sign(ASK)))) for _ in range(3)]

    assert renewed == [True, False, False]
    assert office.given == 2


def test_a_hiccup_later_on_is_a_hiccup_again() -> None:
    office, clock = Office(), ManualClock()
    auth = bearer(office, clock=clock)

    def hiccups() -> bool:
        return asyncio.run(auth.renew(asyncio.run(auth.sign(ASK))))

    first = hiccups()
    signed(auth)
    clock.advance(timedelta(seconds=30))

    assert [first, hiccups()] == [True, True]


class ShutOffice(Office):
    """One that gives no tokens, until it opens."""

    is_open = False

    async def fetch(self) -> tuple[str, timedelta]:
        token = await super().fetch()
        if not self.is_open:
            raise SafeToRetry("the log-in answered 503")
        return token


async def failures(auth: BearerToken, asking: int) -> int:
    answers = await asyncio.gather(*(auth.sign(ASK) for _ in range(asking)), return_exceptions=True)
    return sum(isinstance(answer, SafeToRetry) for answer in answers)


def test_many_at_once_try_a_log_in_that_fails_once() -> None:
    office = ShutOffice()
    auth = bearer(office)

    assert asyncio.run(failures(auth, 8)) == 8
    assert asyncio.run(failures(auth, 8)) == 8
    assert office.given == 1


def test_a_log_in_that_failed_is_tried_again_after_a_while() -> None:
    office, clock = ShutOffice(), ManualClock()
    auth = bearer(office, clock=clock)
    asyncio.run(failures(auth, 8))
    office.is_open = True
    clock.advance(timedelta(seconds=11))

    assert signed(auth) == "Bearer token 2"


class ClockThatJumps(ManualClock):
    """It may go back, as one does that was ahead and is set right."""

    def jumps(self, duration: timedelta) -> None:
        self._now += duration


def test_a_log_in_that_failed_by_a_clock_that_was_ahead_is_tried_again() -> None:
    office, clock = ShutOffice(), ClockThatJumps()
    auth = bearer(office, clock=clock)
    clock.jumps(timedelta(days=1))
    asyncio.run(failures(auth, 1))
    clock.jumps(timedelta(days=-1))
    office.is_open = True

    assert signed(auth) == "Bearer token 2"


def test_a_token_that_was_fetched_by_a_clock_that_was_ahead_is_not_fresh_for_a_day() -> None:
    """Refused once then, and once more when the clock is right: that is a hiccup again, and no account that is refused."""
    office, clock = Office(), ClockThatJumps()
    auth = bearer(office, clock=clock)
    clock.jumps(timedelta(days=1))
    asyncio.run(auth.renew(asyncio.run(auth.sign(ASK))))
    signed(auth)
    clock.jumps(timedelta(days=-1))

    renewed = asyncio.run(auth.renew(asyncio.run(auth.sign(ASK))))

    assert renewed
    assert signed(auth) == "Bearer token 3"


def test_who_gives_a_token_up_does_not_wait_for_the_next() -> None:
    office = ShutOffice()
    auth = bearer(office)
    asyncio.run(failures(auth, 1))
    office.is_open = True

    asyncio.run(auth.forget())

    assert signed(auth) == "Bearer token 2"


def test_two_refusals_of_one_old_token_renew_it_once() -> None:
    """The second answer comes when the new token is there already: that is no reason to distrust the account."""
    office, clock = Office(), ManualClock()
    auth = bearer(office, clock=clock)
    first, second = asyncio.run(auth.sign(ASK)), asyncio.run(auth.sign(ASK))
    clock.advance(timedelta(seconds=60))

    renewed = [asyncio.run(auth.renew(first))]
    signed(auth)
    renewed.append(asyncio.run(auth.renew(second)))

    assert renewed == [True, True]
    assert (signed(auth), office.given) == ("Bearer token 2", 2)


def test_a_static_key_stands_on_every_request_beside_what_it_had_and_is_not_renewed() -> None:
    keys = HeaderKeys({"X-Key": "k", **basic("shop", "s:1")})

    request = asyncio.run(keys.sign(ASK))

    assert request.headers == {"Accept": "text/plain", "X-Key": "k", "Authorization": "Basic c2hvcDpzOjE="}
    assert not asyncio.run(keys.renew(request))


def test_headers_without_keys_leave_a_request_as_it_is() -> None:
    assert asyncio.run(HeaderKeys({}).sign(ASK)) == ASK
