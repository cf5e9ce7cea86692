"""What can go wrong at a sandbox: one fault, so many times, on the requests it fits."""

import asyncio
from datetime import timedelta

import pytest

from orderhaven.connectors.kit.faults import HttpFaultKind, HttpFaults, answer
from orderhaven.connectors.kit.http import NoAnswer, Request, Response
from orderhaven.testing.clock import START, ManualClock

ASK = Request("POST", "http://shop.test/orders?page=1")
DONE = Response(201, {"content-type": "application/json"}, b'{"id": 7}')


class MerchantContext:
    def __init__(self) -> None:
        self.done = 0

    async def handle(self, request: Request) -> Response:
        self.done += 1
        return DONE


def ask(faults: HttpFaults, merchant_context: MerchantContext, clock: ManualClock | None = None) -> Response:
    return asyncio.run(answer(faults, clock or ManualClock(), ASK, merchant_context.handle))


@pytest.mark.parametrize(
    ("kind", "done", "sent"),
    [
        (HttpFaultKind.NEVER, 0, True),
        (HttpFaultKind.AFTER, 1, True),
        (HttpFaultKind.RESET, 0, True),
        (HttpFaultKind.REFUSED, 0, False),
    ],
)
def test_a_fault_without_an_answer(kind: HttpFaultKind, done: int, sent: bool) -> None:
    faults, merchant_context = HttpFaults(), MerchantContext()
    faults.add(kind)

    with pytest.raises(NoAnswer) as raised:
        ask(faults, merchant_context)

    assert (merchant_context.done, raised.value.sent) == (done, sent)


@pytest.mark.parametrize(
    ("kind", "done", "status", "body"),
    [
        (HttpFaultKind.STATUS, 0, 503, b"<html>"),
        (HttpFaultKind.STATUS_AFTER, 1, 503, b"<html>"),
        (HttpFaultKind.RATE_LIMITED, 0, 429, b""),
        (HttpFaultKind.GARBAGE, 1, 201, b"\x00\xff"),
        (HttpFaultKind.TRUNCATED, 1, 201, b'{"id'),
        (HttpFaultKind.HTML, 0, 200, b"<!DOCTYPE"),
        (HttpFaultKind.HTML_AFTER, 1, 200, b"<!DOCTYPE"),
        (HttpFaultKind.LATE, 1, 201, b'{"id": 7}'),
    ],
)
def test_a_fault_with_an_answer(kind: HttpFaultKind, done: int, status: int, body: bytes) -> None:
    faults, merchant_context = HttpFaults(), MerchantContext()
    faults.add(kind)

    response = ask(faults, merchant_context)

    assert (merchant_context.done, response.status) == (done, status)
    assert response.body.startswith(body)


def test_a_late_answer_takes_its_time() -> None:
    faults, clock = HttpFaults(), ManualClock()
    faults.add(HttpFaultKind.LATE, delay=timedelta(seconds=9))

    ask(faults, MerchantContext(), clock)

    assert clock.now() == START + timedelta(seconds=9)


def test_a_limit_says_how_long_to_wait_when_it_has_a_delay() -> None:
    faults = HttpFaults()
    faults.add(HttpFaultKind.RATE_LIMITED, delay=timedelta(seconds=9))

    assert ask(faults, MerchantContext()).headers == {"retry-after": "9"}


@pytest.mark.parametrize("what", [{"method": "GET"}, {"path": "/products"}])
def test_a_fault_spoils_only_what_it_fits(what: dict[str, str]) -> None:
    faults = HttpFaults()
    faults.add(HttpFaultKind.STATUS, **what)

    assert ask(faults, MerchantContext()) == DONE
    assert faults.hit == {}


def test_a_fault_is_over_after_its_times() -> None:
    faults = HttpFaults()
    faults.add(HttpFaultKind.STATUS, times=2)

    statuses = [ask(faults, MerchantContext()).status for _ in range(3)]

    assert statuses == [503, 503, 201]
    assert faults.hit == {HttpFaultKind.STATUS: 2}


def test_a_fault_may_last_until_it_is_cleared() -> None:
    faults = HttpFaults()
    faults.add(HttpFaultKind.STATUS, times=-1)
    before = [ask(faults, MerchantContext()).status for _ in range(5)]

    faults.clear()

    assert (before, ask(faults, MerchantContext()).status) == ([503] * 5, 201)


def test_faults_come_in_the_order_they_were_laid() -> None:
    faults = HttpFaults()
    faults.add(HttpFaultKind.STATUS, status=500)
    faults.add(HttpFaultKind.STATUS, status=502)

    assert [ask(faults, MerchantContext()).status for _ in range(3)] == [500, 502, 201]
