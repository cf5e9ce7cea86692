"""A bearer token: kept between cycles, renewed before it ends, fetched once however many ask."""

import asyncio
from datetime import timedelta

from orderhaven.connectors.kit.auth import BearerToken
from orderhaven.connectors.kit.http import Request
from orderhaven.ports.connector import MemoryTokens
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


def bearer(office: Office, tokens: MemoryTokens | None = None, clock: ManualClock | None = None) -> BearerToken:
    return BearerToken(office.fetch, tokens or MemoryTokens(), clock or ManualClock())


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
    office, tokens = Office(), MemoryTokens()
    signed(bearer(office, tokens))

    assert signed(bearer(office, tokens)) == "Bearer token 1"
    assert office.given == 1


def test_a_kept_token_that_ended_is_not_used() -> None:
    office, tokens = Office(), MemoryTokens()
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
    office, tokens = Office(), MemoryTokens()
    asyncio.run(tokens.put("revoked", START + LIFETIME))
    auth = bearer(office, tokens)
    refused = asyncio.run(auth.sign(ASK))

    renewed = asyncio.run(auth.renew(refused))

    assert renewed
    assert signed(auth) == "Bearer token 1"


def test_a_token_refused_right_after_it_was_fetched_is_not_renewed() -> None:
    """Another one would be refused as well, and some log-ins block who asks for many."""
    office = Office()
    auth = bearer(office)
    refused = asyncio.run(auth.sign(ASK))

    assert not asyncio.run(auth.renew(refused))
    assert office.given == 1


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
