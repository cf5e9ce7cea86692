"""One account's session: a read may be repeated, a command is sent once."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import msgspec
import pytest

from orderhaven.connectors.kit.http import NoAnswer, Request, Response
from orderhaven.connectors.kit.session import NotData, Session, decode, retry_after
from orderhaven.core.errors import (
    AuthRejected,
    ClockOff,
    OutcomeUnknown,
    RateLimited,
    SafeToRetry,
    UnexpectedResponse,
    WrongAddress,
)
from orderhaven.ports.connector import ConnectorContext, InMemoryTokenCache, Limits
from orderhaven.testing.clock import START, ManualClock

SOON = START + timedelta(seconds=30)
OK = Response(200, {}, b"{}")
LATE = NoAnswer("did not answer in time", sent=True)
UNREACHED = NoAnswer("cannot be reached", sent=False)


@dataclass
class Wire:
    """A transport that answers by a script, the last answer again and again, and remembers what was sent."""

    answers: list[Response | NoAnswer]
    sent: list[Request] = field(default_factory=list)
    timeouts: list[float] = field(default_factory=list)

    async def __call__(self, request: Request, timeout_s: float) -> Response:
        self.sent.append(request)
        self.timeouts.append(timeout_s)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, NoAnswer):
            raise answer
        return answer


@dataclass
class Key:
    """Credentials that can be renewed `renewals` times."""

    renewals: int = 0
    version: int = 1
    on_sign: Callable[[], None] = lambda: None

    async def sign(self, request: Request) -> Request:
        self.on_sign()
        return Request(
            request.method, request.url, {**request.headers, "Authorization": f"v{self.version}"}, request.body
        )

    async def renew(self, refused: Request) -> bool:
        if self.version > self.renewals:
            return False
        self.version += 1
        return True


def session(wire: Wire, key: Key | None = None, clock: ManualClock | None = None) -> Session:
    context = ConnectorContext(clock or ManualClock(), wire, InMemoryTokenCache())
    limits = Limits(poll_floor=timedelta(minutes=5), call_timeout_s=12.0)
    return Session("The shop", "https://shop.test/api/", context, key or Key(), limits)


def read(wire: Wire, key: Key | None = None, path: str = "/orders", **what: Any) -> Response:
    return asyncio.run(session(wire, key).read("GET", path, **what))


def tell(wire: Wire, key: Key | None = None, **what: Any) -> Response:
    return asyncio.run(session(wire, key).send("POST", "/orders", not_after=SOON, body=b"{}", **what))


# ---------------------------------------------------------------- reading


def test_a_question_is_signed_and_its_query_encoded() -> None:
    wire = Wire([OK])

    read(wire, query={"search": "a b&c", "after": "2026-03-02T09:00:00"})

    assert wire.sent[0].url == "https://shop.test/api/orders?search=a%20b%26c&after=2026-03-02T09%3A00%3A00"
    assert wire.sent[0].headers == {"Authorization": "v1"}
    assert wire.timeouts == [12.0]


@pytest.mark.parametrize("trouble", [Response(500), Response(503), LATE, UNREACHED])
def test_a_question_is_asked_again_after_a_hiccup(trouble: Response | NoAnswer) -> None:
    wire = Wire([trouble, trouble, OK])

    assert read(wire) == OK
    assert len(wire.sent) == 3


@pytest.mark.parametrize("trouble", [Response(502), LATE])
def test_a_question_is_asked_three_times_at_most(trouble: Response | NoAnswer) -> None:
    wire = Wire([trouble])

    with pytest.raises(SafeToRetry):
        read(wire)

    assert len(wire.sent) == 3


def test_a_question_that_is_asked_again_waits_longer_each_time() -> None:
    clock = ManualClock()

    with pytest.raises(SafeToRetry):
        asyncio.run(session(Wire([LATE]), clock=clock).read("GET", "/orders"))

    assert timedelta(seconds=0.7) < clock.now() - START < timedelta(seconds=2)


def test_the_last_hiccup_says_how_long_to_wait() -> None:
    with pytest.raises(SafeToRetry) as raised:
        read(Wire([Response(503, {"retry-after": "90"})]))

    assert raised.value.after == timedelta(seconds=90)


def test_who_asks_to_slow_down_is_not_asked_again() -> None:
    wire = Wire([Response(429, {"retry-after": "7"})])

    with pytest.raises(RateLimited) as raised:
        read(wire)

    assert (len(wire.sent), raised.value.after) == (1, timedelta(seconds=7))


@pytest.mark.parametrize("status", [401, 403])
def test_refused_credentials_are_the_accounts_trouble(status: int) -> None:
    with pytest.raises(AuthRejected):
        read(Wire([Response(status)]))


@pytest.mark.parametrize("hours", [-24, 24])
def test_a_clock_that_is_off_is_said_instead_of_a_refused_key(hours: int) -> None:
    clock = ManualClock()
    date = format_datetime(clock.now() + timedelta(hours=hours), usegmt=True)

    with pytest.raises(ClockOff):
        asyncio.run(session(Wire([Response(401, {"date": date})]), clock=clock).read("GET", "/orders"))


def test_a_question_is_asked_again_with_fresh_credentials() -> None:
    wire = Wire([Response(401), OK])

    read(wire, Key(renewals=1))

    assert [one.headers["Authorization"] for one in wire.sent] == ["v1", "v2"]


def test_fresh_credentials_that_are_refused_too_are_the_accounts_trouble() -> None:
    wire = Wire([Response(401)])

    with pytest.raises(AuthRejected):
        read(wire, Key(renewals=1))

    assert len(wire.sent) == 2


def test_a_status_the_caller_knows_comes_back() -> None:
    assert read(Wire([Response(404)]), also=(404,)).status == 404


def test_a_status_nobody_knows_is_an_unexpected_response_that_names_no_secret() -> None:
    with pytest.raises(UnexpectedResponse, match=r"^status 418 on GET /api/orders$"):
        read(Wire([Response(418)]), query={"key": "secret"})


# ---------------------------------------------------------------- redirects


@pytest.mark.parametrize(
    ("location", "leads_to"),
    [
        ("https://shop.test/api/v2/orders?page=2", "https://shop.test/api/v2/orders?page=2"),
        ("/api/v2/orders", "https://shop.test/api/v2/orders"),
        ("v2", "https://shop.test/api/v2"),
        ("?page=2", "https://shop.test/api/orders?page=2"),
        (".evil.test/orders", "https://shop.test/api/.evil.test/orders"),
    ],
)
def test_a_question_follows_a_redirect_on_the_same_host(location: str, leads_to: str) -> None:
    wire = Wire([Response(301, {"location": location}), OK])

    read(wire)

    assert wire.sent[1].url == leads_to


@pytest.mark.parametrize(
    "location",
    ["https://evil.test/api/orders", "http://shop.test/api/orders", "//evil.test/orders", "https://shop.test:8443/"],
)
def test_credentials_go_to_no_other_host(location: str) -> None:
    wire = Wire([Response(302, {"location": location}), OK])

    with pytest.raises(WrongAddress):
        read(wire)

    assert len(wire.sent) == 1


def test_a_second_redirect_is_a_wrong_address() -> None:
    wire = Wire([Response(301, {"location": "/login?token=secret"})])

    with pytest.raises(WrongAddress) as raised:
        read(wire)

    assert "secret" not in str(raised.value)
    assert len(wire.sent) == 2


def test_a_command_follows_no_redirect() -> None:
    wire = Wire([Response(307, {"location": "/api/v2/orders"}), OK])

    with pytest.raises(WrongAddress):
        tell(wire)

    assert len(wire.sent) == 1


# ---------------------------------------------------------------- commands


@pytest.mark.parametrize(
    ("trouble", "raised"),
    [
        (LATE, OutcomeUnknown),
        (NoAnswer("broke off", sent=True), OutcomeUnknown),
        (Response(500), OutcomeUnknown),
        (Response(504), OutcomeUnknown),
        (UNREACHED, SafeToRetry),
        (Response(408), SafeToRetry),
        (Response(429), RateLimited),
        (Response(403), AuthRejected),
        (Response(418), UnexpectedResponse),
    ],
)
def test_a_command_is_one_request_whatever_comes_back(trouble: Response | NoAnswer, raised: type[Exception]) -> None:
    wire = Wire([trouble])

    with pytest.raises(raised):
        tell(wire)

    assert len(wire.sent) == 1


def test_a_command_with_an_old_token_did_not_happen() -> None:
    wire = Wire([Response(401), OK])

    with pytest.raises(SafeToRetry):
        tell(wire, Key(renewals=1))

    assert len(wire.sent) == 1


def test_a_command_with_a_key_that_cannot_be_renewed_is_the_accounts_trouble() -> None:
    with pytest.raises(AuthRejected):
        tell(Wire([Response(401)]))


@pytest.mark.parametrize("seconds", [30, 31, 3600])
def test_nothing_is_sent_at_or_after_its_time(seconds: int) -> None:
    """A worker that stood still while it signed."""
    wire, clock = Wire([OK]), ManualClock()
    slow = Key(on_sign=lambda: clock.advance(timedelta(seconds=seconds)))

    with pytest.raises(SafeToRetry):
        asyncio.run(session(wire, slow, clock).send("POST", "/orders", not_after=SOON))

    assert wire.sent == []


def test_a_command_is_given_up_at_its_time() -> None:
    wire, clock = Wire([OK]), ManualClock()
    slow = Key(on_sign=lambda: clock.advance(timedelta(seconds=10)))

    asyncio.run(session(wire, slow, clock).send("POST", "/orders", not_after=SOON))

    assert wire.timeouts == [20.0]


def test_no_more_calls_are_under_way_than_they_bear() -> None:
    under_way, most = 0, 0

    async def busy(request: Request, timeout_s: float) -> Response:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0)
        under_way -= 1
        return OK

    async def many() -> None:
        context = ConnectorContext(ManualClock(), busy, InMemoryTokenCache())
        limits = Limits(poll_floor=timedelta(minutes=5), concurrent_calls=3)
        account = Session("The shop", "https://shop.test", context, Key(), limits)
        await asyncio.gather(*(account.read("GET", f"/{n}") for n in range(20)))

    asyncio.run(many())

    assert most == 3


# ---------------------------------------------------------------- answers


class Order(msgspec.Struct):
    number: int
    name: str = ""


def test_an_answer_takes_our_shape() -> None:
    assert decode(Response(200, {}, b'{"number": 7, "more": 1}'), Order, "The shop") == Order(7)


@pytest.mark.parametrize(
    ("body", "kind"),
    [(b"  <html>", "a web page"), (b"\x00\xff{]", "something unreadable"), (b"", "something unreadable")],
)
def test_what_is_no_data_is_said_as_that(body: bytes, kind: str) -> None:
    with pytest.raises(NotData, match=f"The shop answered {kind} instead of data"):
        decode(Response(200, {}, body), Order, "The shop")


def test_an_answer_of_another_shape_is_an_unexpected_response_without_its_values() -> None:
    with pytest.raises(UnexpectedResponse, match=r"number") as raised:
        decode(Response(200, {}, b'{"number": "Jansen"}'), Order, "The shop")

    assert "Jansen" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "meant"),
    [(rb"Vr\u0000ies", "Vries"), (rb"\u0000", ""), (rb"\\u0000", r"\u0000"), (rb"\\\u0000", "\\"), (rb"a\u00e9", "aé")],
)
def test_a_nul_character_is_left_out_of_an_answer(text: bytes, meant: str) -> None:
    """PostgreSQL takes none in text, and nobody means one."""
    answer = decode(Response(200, {}, b'{"number": 7, "name": "' + text + b'"}'), Order, "The shop")

    assert answer.name == meant


@pytest.mark.parametrize(
    ("header", "after"),
    [
        ("120", timedelta(seconds=120)),
        (" 5 ", timedelta(seconds=5)),
        (format_datetime(START + timedelta(minutes=3), usegmt=True), timedelta(minutes=3)),
        (format_datetime(START - timedelta(minutes=3), usegmt=True), timedelta(0)),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
def test_a_request_to_wait_is_read_in_both_forms(header: str, after: timedelta | None) -> None:
    assert retry_after(Response(429, {"retry-after": header}), START) == after


# ---------------------------------------------------------------- what their API is like


def test_a_name_stands_in_a_query_once_for_each_of_its_values() -> None:
    wire = Wire([OK])

    asyncio.run(session(wire).read("GET", "/orders", query={"ref": ["a", "b&c"], "page": "1", "state": []}))

    assert wire.sent[0].url == "https://shop.test/api/orders?ref=a&ref=b%26c&page=1"
    assert wire.sent[0].values_of("ref") == ["a", "b&c"]


@pytest.mark.parametrize("status", [400, 404, 422, 500, 503])
def test_whether_a_status_means_no_is_the_connectors_word(status: int) -> None:
    wire = Wire([Response(status, {}, b'{"error":"sold out"}')])

    answer = asyncio.run(session(wire).send("POST", "/orders", not_after=SOON, also=(status,)))

    assert (answer.status, answer.body, len(wire.sent)) == (status, b'{"error":"sold out"}', 1)


@pytest.mark.parametrize("also", [(), (400,)])
def test_a_server_error_that_nobody_speaks_of_leaves_a_command_open(also: tuple[int, ...]) -> None:
    with pytest.raises(OutcomeUnknown):
        asyncio.run(session(Wire([Response(500)])).send("POST", "/orders", not_after=SOON, also=also))
