"""Setting up: whose account it is, and what is wrong with what was typed."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from orderhaven.connectors.bol import SPEC
from orderhaven.connectors.bol.connector import TokenRequest
from orderhaven.connectors.kit.faults import HttpFaultKind
from orderhaven.connectors.kit.http import Request, Response
from orderhaven.core.errors import (
    AccessRejected,
    AccountProblem,
    AuthRejected,
    ClockOff,
    OrderMissing,
    RateLimited,
    SafeToRetry,
    UnexpectedResponse,
    WrongAddress,
)
from orderhaven.ports.connector import Capability, ConnectorContext, InMemoryTokenCache


def test_an_account_is_known_by_its_number(world: Any) -> None:
    account = world.run(world.bol.check())

    assert (account.fingerprint, account.name) == (world.sandbox.retailer_ref, "De Proefwinkel")


@pytest.mark.parametrize("wrong", [{"client_id": "nobody"}, {"client_secret": "guess"}])
def test_a_wrong_key_is_refused_with_a_sentence(world: Any, wrong: dict[str, str]) -> None:
    with pytest.raises(AuthRejected, match="does not take this client ID and secret"):
        world.run(world.connect(**wrong).check())


def test_a_key_pasted_with_spaces_works(world: Any) -> None:
    pasted = world.connect(client_id=f" {world.sandbox.auth.client_id}\n")

    assert world.run(pasted.check()).fingerprint


def test_a_check_does_not_trust_a_token_of_older_keys(world: Any) -> None:
    world.run(world.bol.check())
    world.clock.move(seconds=60)
    world.sandbox.auth.client_secret = "changed"

    with pytest.raises(AuthRejected):
        world.run(world.bol.check())


@pytest.mark.parametrize("seconds", [-86_400 * 10**9, 0, 10**12, 10**20])
def test_a_lifetime_that_no_clock_can_hold_is_an_answer_nobody_understands(world: Any, seconds: int) -> None:
    async def answer(request: Request, timeout_s: float) -> Response:
        return Response(200, {}, f'{{"access_token":"token","expires_in":{seconds}}}'.encode())

    login = TokenRequest(
        "bol",
        "https://login.test",
        "client",
        "secret",
        ConnectorContext(world.clock, answer, InMemoryTokenCache()),
        5.0,
    )

    with pytest.raises(UnexpectedResponse):
        world.run(login.fetch())


@pytest.mark.parametrize("path", ["/token", "/retailer"])
def test_a_web_page_instead_of_the_api_is_a_wrong_address(world: Any, path: str) -> None:
    world.sandbox.faults.add(HttpFaultKind.HTML, path=path, times=-1)

    with pytest.raises(WrongAddress, match="web page"):
        world.run(world.bol.check())


@pytest.mark.parametrize(("path", "status"), [("/token", 404), ("/token", 302), ("/retailer", 404), ("/retailer", 405)])
def test_an_address_where_nothing_of_it_is_found_is_wrong(world: Any, path: str, status: int) -> None:
    world.sandbox.faults.add(HttpFaultKind.STATUS, path=path, status=status, times=-1)

    with pytest.raises(WrongAddress):
        world.run(world.bol.check())


@pytest.mark.parametrize("ahead", [timedelta(minutes=6), timedelta(minutes=-6)])
def test_a_clock_that_is_off_is_said_at_the_check(world: Any, ahead: timedelta) -> None:
    ours = type(world.clock)(world.clock.now() + ahead)

    with pytest.raises(ClockOff, match="6 minutes apart"):
        world.run(world.connect(clock=ours).check())


def test_a_few_minutes_between_the_clocks_do_not_matter(world: Any) -> None:
    ours = type(world.clock)(world.clock.now() + timedelta(minutes=4))

    assert world.run(world.connect(clock=ours).check()).fingerprint


def test_a_login_that_is_down_is_nobodys_turn(world: Any) -> None:
    world.sandbox.faults.add(HttpFaultKind.STATUS, path="/token", status=503, times=-1)

    with pytest.raises(SafeToRetry):
        world.run(world.bol.check())


def test_a_login_that_is_down_is_tried_once_however_many_wait_for_it(world: Any) -> None:
    refs = world.sell_many(8)
    world.sandbox.faults.add(HttpFaultKind.STATUS, path="/token", status=503, times=-1)

    async def read_all() -> list[object]:
        return await asyncio.gather(*map(world.bol.read, refs), return_exceptions=True)

    answers = world.run(read_all())

    assert [type(answer).__name__ for answer in answers] == ["NoCredentials"] * 8
    assert all(isinstance(answer, SafeToRetry) for answer in answers)
    assert world.count("POST /token") == 1


def test_a_fresh_token_that_is_refused_once_is_a_hiccup(world: Any) -> None:
    ref = world.sell()
    world.read(ref)
    world.clock.move(seconds=1)
    world.sandbox.auth.expire_tokens()

    assert world.read(ref).ref == ref
    assert world.count("POST /token") == 2


def test_a_token_that_is_refused_however_fresh_is_the_accounts_trouble(world: Any) -> None:
    world.sell()
    world.sandbox.faults.add(HttpFaultKind.STATUS, path="/retailer", status=401, times=-1)

    with pytest.raises(AccountProblem):
        world.pull()
    with pytest.raises(AccountProblem):
        world.pull()

    assert world.count("POST /token") == 2


def test_an_account_that_is_not_active_is_said_so(world: Any) -> None:
    world.sandbox.auth.is_active = False

    with pytest.raises(AccessRejected, match="Account is not active") as refused:
        world.run(world.bol.check())

    assert "key" not in str(refused.value)


def test_a_login_that_counts_says_how_long_to_wait(world: Any) -> None:
    world.sandbox.faults.add(HttpFaultKind.RATE_LIMITED, path="/token", delay=timedelta(seconds=40))

    with pytest.raises(RateLimited) as caught:
        world.run(world.bol.check())

    assert caught.value.after == timedelta(seconds=40)


def test_a_page_of_maintenance_in_a_sync_run_pauses_nothing(world: Any) -> None:
    world.sandbox.faults.add(HttpFaultKind.HTML, path="/retailer/orders", times=-1)

    with pytest.raises(SafeToRetry):
        world.pull()


def test_an_order_that_was_listed_may_be_missing(world: Any) -> None:
    ref = world.sell()
    world.sandbox.missing_details.add(ref)

    with pytest.raises(OrderMissing, match=ref):
        world.read(ref)


def test_an_order_is_read_whole(world: Any) -> None:
    ref = world.sell(discount="2.50", pickup_point="Winkel: Zeist", address={"first_name": "Zoë 🌷"})

    order = world.read(ref)

    assert (order.ref, str(order.total), str(order.lines[0].discount)) == (ref, "10.49 EUR", "2.50 EUR")
    assert (order.ship_to.pickup_point, order.ship_to.first_name) == ("Winkel: Zeist", "Zoë 🌷")
    assert order.bill_to.house_number == "12"


def test_only_the_secret_is_secret() -> None:
    assert [setting.key for setting in SPEC.settings if setting.secret] == ["client_secret"]


def test_a_buyers_request_cannot_be_refused_through_the_api() -> None:
    assert Capability.REFUSE_CANCELLATION not in SPEC.capabilities
