"""What can go wrong at a sandbox: one fault, so many times, on the requests it fits."""

import asyncio
from datetime import timedelta

import pytest

from orderhaven.connectors.kit.http import NoAnswer, Request, Response
from orderhaven.connectors.kit.knobs import FaultKind, Faults, answer
from orderhaven.testing.clock import START, ManualClock

ASK = Request("POST", "http://shop.test/orders?page=1")
DONE = Response(201, {"content-type": "application/json"}, b'{"id": 7}')


class Desk:
    def __init__(self) -> None:
        self.done = 0

    async def handle(self, request: Request) -> Response:
        self.done += 1
        return DONE


def ask(faults: Faults, desk: Desk, clock: ManualClock | None = None) -> Response:
    return asyncio.run(answer(faults, clock or ManualClock(), ASK, desk.handle))


@pytest.mark.parametrize(
    ("kind", "done", "sent"),
    [
        (FaultKind.NEVER, 0, True),
        (FaultKind.AFTER, 1, True),
        (FaultKind.RESET, 0, True),
        (FaultKind.REFUSED, 0, False),
    ],
)
def test_a_fault_without_an_answer(kind: FaultKind, done: int, sent: bool) -> None:
    faults, desk = Faults(), Desk()
    faults.add(kind)

    with pytest.raises(NoAnswer) as raised:
        ask(faults, desk)

    assert (desk.done, raised.value.sent) == (done, sent)


@pytest.mark.parametrize(
    ("kind", "done", "status", "body"),
    [
        (FaultKind.STATUS, 0, 503, b"<html>"),
        (FaultKind.STATUS_AFTER, 1, 503, b"<html>"),
        (FaultKind.RATE_LIMITED, 0, 429, b""),
        (FaultKind.GARBAGE, 1, 201, b"\x00\xff"),
        (FaultKind.TRUNCATED, 1, 201, b'{"id'),
        (FaultKind.HTML, 0, 200, b"<!DOCTYPE"),
        (FaultKind.HTML_AFTER, 1, 200, b"<!DOCTYPE"),
        (FaultKind.LATE, 1, 201, b'{"id": 7}'),
    ],
)
def test_a_fault_with_an_answer(kind: FaultKind, done: int, status: int, body: bytes) -> None:
    faults, desk = Faults(), Desk()
    faults.add(kind)

    response = ask(faults, desk)

    assert (desk.done, response.status) == (done, status)
    assert response.body.startswith(body)


def test_a_late_answer_takes_its_time() -> None:
    faults, clock = Faults(), ManualClock()
    faults.add(FaultKind.LATE, delay=timedelta(seconds=9))

    ask(faults, Desk(), clock)

    assert clock.now() == START + timedelta(seconds=9)


def test_a_limit_says_how_long_to_wait_when_it_has_a_delay() -> None:
    faults = Faults()
    faults.add(FaultKind.RATE_LIMITED, delay=timedelta(seconds=9))

    assert ask(faults, Desk()).headers == {"retry-after": "9"}


@pytest.mark.parametrize("what", [{"method": "GET"}, {"path": "/products"}])
def test_a_fault_spoils_only_what_it_fits(what: dict[str, str]) -> None:
    faults = Faults()
    faults.add(FaultKind.STATUS, **what)

    assert ask(faults, Desk()) == DONE
    assert faults.hit == {}


def test_a_fault_is_over_after_its_times() -> None:
    faults = Faults()
    faults.add(FaultKind.STATUS, times=2)

    statuses = [ask(faults, Desk()).status for _ in range(3)]

    assert statuses == [503, 503, 201]
    assert faults.hit == {FaultKind.STATUS: 2}


def test_a_fault_may_last_until_it_is_cleared() -> None:
    faults = Faults()
    faults.add(FaultKind.STATUS, times=-1)
    before = [ask(faults, Desk()).status for _ in range(5)]

    faults.clear()

    assert (before, ask(faults, Desk()).status) == ([503] * 5, 201)


def test_faults_come_in_the_order_they_were_laid() -> None:
    faults = Faults()
    faults.add(FaultKind.STATUS, status=500)
    faults.add(FaultKind.STATUS, status=502)

    assert [ask(faults, Desk()).status for _ in range(3)] == [500, 502, 201]
