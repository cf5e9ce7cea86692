"""The door: the first account, passwords, the second factor, invitations, and how a session ends."""

from __future__ import annotations

import runpy
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from time import time
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.test.utils import override_settings
from django_otp.oath import totp
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from orderhaven import paths
from orderhaven.connectors import specs
from orderhaven.core.access import Role
from orderhaven.store.access import credentials
from orderhaven.store.connections import merchants
from orderhaven.store.models import Allowance, Event, Membership, User

from .conftest import NOW, PASSWORD, House, browser, browser_of, person

ANNA = {"email": "Anna@Example.com", "name": "Anna", "password": PASSWORD, "trade": "Wolkenwinkel"}


def test_the_first_who_comes_is_led_to_the_first_account(store: None) -> None:
    assert browser().get("/").headers["Location"] == "/welcome"
    assert browser().get("/login").headers["Location"] == "/welcome"


def test_the_first_account_may_do_everything_and_is_in_at_once(store: None) -> None:
    client = browser()

    client.post("/welcome", {**ANNA, "code": credentials.welcome_code()})

    [membership] = Membership.objects.all()
    assert (membership.role, membership.merchant.name, membership.merchant.slug) == (
        "administrator",
        "Wolkenwinkel",
        "wolkenwinkel",
    )
    assert client.get("/").headers["Location"] == "/wolkenwinkel/orders"


@pytest.mark.parametrize("code", ["", "wrong", "0" * 24, "é" * 24])
def test_without_the_code_nobody_makes_the_first_account(store: None, code: str) -> None:
    answer = browser().post("/welcome", {**ANNA, "code": code})

    assert answer.status_code == 422
    assert not User.objects.exists()


def test_there_is_no_second_first_account(store: None) -> None:
    code = credentials.welcome_code()
    browser().post("/welcome", {**ANNA, "code": code})

    answer = browser().post("/welcome", {**ANNA, "email": "eve@example.com", "code": code})

    assert answer.headers["Location"] == "/login"
    assert User.objects.count() == 1


@pytest.mark.parametrize("password", ["short", "password1234", "anna@example.com"])
def test_a_password_that_is_easily_guessed_is_refused(store: None, password: str) -> None:
    answer = browser().post("/welcome", {**ANNA, "password": password, "code": credentials.welcome_code()})

    assert answer.status_code == 422
    assert f'value="{password}"' not in answer.content.decode()
    assert not User.objects.exists()


@pytest.fixture
def anna(store: None) -> User:
    return person("anna@example.com", merchants.create_merchant("Wolkenwinkel").pk, Role.ADMINISTRATOR)


def log_in(client: Client, password: str = PASSWORD, **more: str) -> Any:
    return client.post("/login", {"email": "anna@example.com", "password": password, **more})


def test_passwords_are_kept_as_argon2(anna: User) -> None:
    assert anna.password.startswith("argon2$")


def test_logging_in_leads_back_to_where_one_was_going(anna: User) -> None:
    assert log_in(browser(), next="/wolkenwinkel/overview").headers["Location"] == "/wolkenwinkel/overview"


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/x", "javascript:alert(1)", "logout"])
def test_logging_in_never_leads_to_another_site(anna: User, elsewhere: str) -> None:
    assert log_in(browser(), next=elsewhere).headers["Location"] == "/"


@pytest.mark.parametrize(
    "came_from", ["http://localhost//evil.example/x", "http://evil.example/", "nowhere", "http://["]
)
def test_a_form_never_leads_back_to_another_site(store: None, came_from: str) -> None:
    answer = browser().post("/language", {"language": "nl"}, HTTP_REFERER=came_from)

    assert answer.headers["Location"] == "/"


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """The web's clock, which stands still but for this."""
    at = NOW

    def move(seconds: float) -> None:
        nonlocal at
        at += timedelta(seconds=seconds)
        monkeypatch.setenv("ORDERHAVEN_CLOCK", f"{at.isoformat()},0.000001,{time()}")

    move(0)
    return move


def wrong(client: Client, times: int, email: str = "anna@example.com", **headers: str) -> list[int]:
    given = {"email": email, "password": "wrong"}
    return [client.post("/login", given, **headers).status_code for _attempt in range(times)]  # type: ignore[arg-type]


def test_after_five_wrong_passwords_one_waits_for_each_further_one(anna: User, passes: Callable[[float], None]) -> None:
    assert wrong(browser(), 7) == [422] * 5 + [429] * 2
    answer = log_in(browser())
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "12")
    assert "12 seconds" in answer.content.decode()

    passes(12)

    assert wrong(browser(), 2) == [422, 429]
    passes(12)
    assert log_in(browser()).status_code == 302


def test_right_passwords_are_not_counted(anna: User, passes: Callable[[float], None]) -> None:
    assert [log_in(browser()).status_code for _ in range(20)] == [302] * 20
    assert wrong(browser(), 6) == [422] * 5 + [429]


def test_a_stranger_slows_down_whatever_accounts_are_tried(anna: User, passes: Callable[[float], None]) -> None:
    found = [wrong(browser(), 1, f"somebody{number}@example.com")[0] for number in range(7)]

    assert found == [422] * 5 + [429] * 2


def test_an_account_that_is_tried_from_many_places_is_slowed_down_and_its_owner_comes_in(
    anna: User, passes: Callable[[float], None]
) -> None:
    owner = browser()
    log_in(owner)
    owner.post("/logout")

    found = [wrong(browser(REMOTE_ADDR=f"203.0.113.{number}"), 1)[0] for number in range(30)]

    assert found == [422] * 10 + [429] * 20
    assert log_in(browser(REMOTE_ADDR="198.51.100.1")).status_code == 429
    assert log_in(owner).status_code == 302
    assert wrong(owner, 6) == [422] * 5 + [429]


def test_that_a_browser_was_in_one_account_helps_it_into_no_other(anna: User, passes: Callable[[float], None]) -> None:
    person("eve@example.com", anna.memberships.get().merchant_id, Role.VIEWER)
    eve = browser()
    eve.post("/login", {"email": "eve@example.com", "password": PASSWORD})
    forged = browser()
    forged.cookies["known"] = "somebody:" + "0" * 20

    wrong(browser(), 5)

    assert (wrong(eve, 1), wrong(forged, 1)) == ([429], [429])


def test_wrong_passwords_are_noted_once_an_hour_for_those_one_works_for(
    anna: User, passes: Callable[[float], None]
) -> None:
    wrong(browser(), 9)
    passes(3700)
    wrong(browser(), 9)

    assert [(row.kind, row.actor) for row in Event.objects.filter(kind="account_locked")] == [
        ("account_locked", "hub")
    ] * 2


def test_a_clock_that_was_ahead_closes_no_door(anna: User, passes: Callable[[float], None]) -> None:
    passes(86400)
    wrong(browser(), 6)
    passes(-86400)

    assert log_in(browser()).status_code == 302


def test_nothing_is_kept_of_who_tried_and_from_where(anna: User, passes: Callable[[float], None]) -> None:
    wrong(browser(REMOTE_ADDR="203.0.113.9"), 6)

    kept = repr(list(Allowance.objects.values()))

    assert [word for word in ("203.0.113", "anna", "example") if word in kept] == []
    credentials.forget_ended(NOW + timedelta(hours=2))
    assert not Allowance.objects.exists()


def test_wrong_passwords_by_an_invitation_or_in_a_session_count_too(
    anna: User, passes: Callable[[float], None]
) -> None:
    elsewhere = merchants.create_merchant("Somebody else").pk
    secret = credentials.invite(elsewhere, anna.email, Role.VIEWER, datetime.now(UTC), "Eve")
    inside = browser_of(anna)
    for _attempt in range(2):
        browser().post(f"/invitation/{secret}", {"password": "wrong"})
        inside.post("/me/actions", {"act": "password", "old": "wrong", "new": "quite another sentence"})
        inside.post("/me/actions", {"act": "end_second_factor", "password": "wrong"})

    by_invitation = browser().post(f"/invitation/{secret}", {"password": PASSWORD})

    assert (by_invitation.status_code, log_in(browser()).status_code) == (429, 429)
    assert not Membership.objects.filter(user=anna, merchant_id=elsewhere).exists()


@pytest.fixture
def behind_a_proxy() -> Iterator[None]:
    with override_settings(SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https")):
        yield


@pytest.mark.usefixtures("behind_a_proxy")
@pytest.mark.parametrize(
    ("theirs", "mine", "mine_is_closed"),
    [
        ("198.51.100.7", "203.0.113.9", False),
        ("203.0.113.9, 198.51.100.7", "203.0.113.9", False),  # what a visitor said is before what the proxy saw
        ("2001:db8:1:2::7", "2001:db8:9:9::1", False),
        ("2001:db8:1:2::7", "2001:db8:1:2::8", True),
        ("unknown", "also unknown", True),  # then all come from the proxy
    ],
)
@pytest.mark.usefixtures("passes")
def test_behind_a_proxy_an_account_is_closed_to_where_the_wrong_passwords_come_from(
    anna: User, theirs: str, mine: str, mine_is_closed: bool
) -> None:
    client = browser()
    for _attempt in range(5):
        client.post("/login", {"email": anna.email, "password": "wrong"}, HTTP_X_FORWARDED_FOR=theirs)

    def status(place: str) -> int:
        given = {"email": anna.email, "password": PASSWORD}
        return int(browser().post("/login", given, HTTP_X_FORWARDED_FOR=place).status_code)

    assert (status(theirs), status(mine)) == (429, 429 if mine_is_closed else 302)


@pytest.mark.usefixtures("passes")
def test_without_a_proxy_nobody_says_where_they_come_from(anna: User) -> None:
    for number in range(5):
        given = {"email": anna.email, "password": "wrong"}
        browser().post("/login", given, HTTP_X_FORWARDED_FOR=f"203.0.113.{number}")

    assert log_in(browser()).status_code == 429


def test_an_account_that_exists_accepts_an_invitation_with_its_password(anna: User) -> None:
    elsewhere = merchants.create_merchant("Somebody else").pk
    secret = credentials.invite(elsewhere, anna.email, Role.VIEWER, datetime.now(UTC), "Eve")

    wrong = browser().post(f"/invitation/{secret}", {"password": "wrong"})
    right = browser().post(f"/invitation/{secret}", {"password": PASSWORD})

    assert (wrong.status_code, right.headers["Location"]) == (422, "/somebody-else/orders")


def test_an_address_that_nobody_has_is_refused_in_the_same_words(anna: User) -> None:
    known = log_in(browser(), "wrong").content.decode()
    unknown = browser().post("/login", {"email": "nobody@example.com", "password": "wrong"}).content.decode()

    def without_token(page: str) -> list[str]:
        return [line for line in page.splitlines() if "csrf" not in line and "@example.com" not in line]

    assert without_token(known) == without_token(unknown)


def test_a_second_factor_stands_between_password_and_orders(anna: User) -> None:
    device = TOTPDevice.objects.create(user=anna, name="phone", confirmed=True)
    client = browser()
    log_in(client)
    assert client.get("/wolkenwinkel/orders").headers["Location"].startswith("/second-factor")
    assert client.get("/me").headers["Location"].startswith("/second-factor")

    wrong = client.post("/second-factor", {"code": "000000"})
    device.refresh_from_db()
    device.throttle_reset()
    right = client.post("/second-factor", {"code": f"{totp(device.bin_key):06d}", "next": "/wolkenwinkel/orders"})

    assert wrong.status_code == 422
    assert right.headers["Location"] == "/wolkenwinkel/orders"
    assert client.get("/wolkenwinkel/orders").status_code == 200


def test_switching_the_second_factor_on_gives_codes_that_are_good_once(anna: User) -> None:
    client = browser()
    log_in(client)
    client.get("/me/second-factor")
    device = TOTPDevice.objects.get(user=anna)
    answer = client.post("/me/second-factor", {"code": f"{totp(device.bin_key):06d}"})
    codes = answer.context["recovery_codes"]
    assert len(codes) == 10
    kept = [row.token for row in StaticToken.objects.all()]
    assert not {*codes} & {*kept}
    assert not any(code in repr(row.get_decoded()) for row in Session.objects.all() for code in codes)

    def with_code() -> int:
        other = browser()
        log_in(other)
        return int(other.post("/second-factor", {"code": codes[0]}).status_code)

    assert (with_code(), with_code()) == (302, 422)
    assert not client.get("/me").context["recovery_codes"]


def test_another_password_ends_every_other_session(anna: User) -> None:
    here, there = browser(), browser()
    log_in(here)
    log_in(there)

    here.post("/me/actions", {"act": "password", "old": PASSWORD, "new": "quite another sentence"})

    assert here.get("/wolkenwinkel/orders").status_code == 200
    assert there.get("/wolkenwinkel/orders").status_code == 302


def test_a_session_ends_a_week_after_it_began_however_busy_it_was(anna: User) -> None:
    client = browser()
    log_in(client)
    client.get("/wolkenwinkel/orders")
    session = client.session
    session["began_at"] = (datetime.now(UTC) - timedelta(days=7, minutes=1)).isoformat()
    session.save()

    assert client.get("/wolkenwinkel/orders").headers["Location"] == "/login"
    assert not Session.objects.exists()


def test_a_page_that_updates_itself_does_not_keep_a_session_alive(anna: User) -> None:
    client = browser()
    log_in(client)
    client.get("/wolkenwinkel/orders")
    session = client.session
    hours_ago = (datetime.now(UTC) - timedelta(hours=3)).isoformat()
    session["used_at"] = hours_ago
    session.save()

    client.get("/wolkenwinkel/orders?live=x")
    assert client.session["used_at"] == hours_ago

    client.get("/wolkenwinkel/orders")
    assert client.session["used_at"] != hours_ago


def test_an_invitation_is_good_once_and_for_the_role_that_it_names(house: House) -> None:
    given = {"act": "invite", "email": "Evi@Example.com", "role": "viewer"}
    address = house.administrator.post(house.at("users/actions"), given).context["invitation"]
    assert not any(address in repr(row.get_decoded()) for row in Session.objects.all())
    path = "/invitation/" + address.rpartition("/")[2]
    given = {"name": "Evi", "password": PASSWORD}

    first, again = browser().post(path, given), browser().post(path, given | {"name": "Other"})

    assert first.headers["Location"] == house.at("orders")
    assert again.status_code in (302, 404)
    assert Membership.objects.get(user__email="evi@example.com").role == "viewer"
    assert house.administrator.get(house.at("users")).context["invitation"] == ""
    assert "invited" in Event.objects.values_list("kind", flat=True)


def test_an_invitation_ends_after_a_week(anna: User) -> None:
    secret = credentials.invite(
        anna.memberships.get().merchant_id, "evi@example.com", Role.VIEWER, NOW - timedelta(days=8), "x"
    )

    assert browser().get(f"/invitation/{secret}").status_code == 404


def test_the_last_administrator_cannot_be_taken_away(house: House) -> None:
    anna = User.objects.get(email="anna@example.com")

    house.administrator.post(house.at("users/actions"), {"act": "role", "person": anna.pk, "role": "viewer"})
    house.administrator.post(house.at("users/actions"), {"act": "remove", "person": anna.pk})

    assert Membership.objects.get(user=anna).role == "administrator"


def test_whoever_is_removed_is_out_at_once(house: House) -> None:
    bram = User.objects.get(email="bram@example.com")

    house.administrator.post(house.at("users/actions"), {"act": "remove", "person": bram.pk})

    assert house.operator.get(house.at("orders")).status_code == 404


def test_the_language_is_kept_with_the_account(anna: User) -> None:
    client = browser()
    log_in(client)

    client.post("/language", {"language": "nl"}, HTTP_REFERER="http://localhost/wolkenwinkel/orders?tab=late")
    page = client.get("/wolkenwinkel/orders")

    assert page.headers["Content-Language"] == "nl"
    assert '<html lang="nl"' in page.content.decode()


def test_pages_load_nothing_from_elsewhere_and_are_not_kept_by_browsers(anna: User) -> None:
    client = browser()
    log_in(client)

    page = client.get("/wolkenwinkel/orders")

    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert page.headers["Cache-Control"] == "no-store"
    assert client.get("/wolkenwinkel/orders.csv").headers["Cache-Control"] == "no-store"
    assert page.headers["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize(
    ("address", "is_https"), [("https://orders.example.com", True), ("http://10.0.0.5:8080", False)]
)
def test_by_https_nothing_is_said_to_a_browser_that_goes_by_http(
    monkeypatch: pytest.MonkeyPatch, address: str, is_https: bool
) -> None:
    monkeypatch.setenv("ORDERHAVEN_URL", address)

    found = runpy.run_path(str(paths.package("settings.py")))

    assert {found["SESSION_COOKIE_SECURE"], found["CSRF_COOKIE_SECURE"], found["SECURE_HSTS_SECONDS"] > 0} == {is_https}
    assert (found["SECURE_PROXY_SSL_HEADER"] is not None) is is_https


def test_a_form_without_its_token_is_refused_in_words(anna: User) -> None:
    client = Client(SERVER_NAME="localhost", enforce_csrf_checks=True, HTTP_ACCEPT_LANGUAGE="en")

    answer = client.post("/login", {"email": "anna@example.com", "password": PASSWORD})

    assert answer.status_code == 403
    assert "reload" in answer.content.decode()


@pytest.mark.parametrize(
    "path",
    [
        "login",
        "me/second-factor",
        "wolkenwinkel/users/actions",
        "wolkenwinkel/api-clients/actions",
        *(f"wolkenwinkel/connections/new/{name}" for name in specs()),
    ],
)
def test_a_page_that_is_only_asked_after_answers_as_when_it_is_read_and_without_a_body(anna: User, path: str) -> None:
    client = browser()
    if path != "login":
        log_in(client)
    read = client.get(f"/{path}")

    head = client.head(f"/{path}")

    assert (head.status_code, head.headers.get("Location")) == (read.status_code, read.headers.get("Location"))
    assert head.content == b""
    assert client.delete(f"/{path}").status_code == 405
