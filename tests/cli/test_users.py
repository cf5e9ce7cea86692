"""Who may come in, from the command line: the first account, invitations, lost passwords, programs' keys."""

import json
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.test import RequestFactory
from typer.testing import CliRunner, Result

from orderhaven.actions.errors import ActionRefused
from orderhaven.cli.main import app
from orderhaven.core.access import Permission, Role
from orderhaven.ports.connector import RealClock
from orderhaven.store.access import credentials, second_factor
from orderhaven.store.connections.merchants import only_merchant
from orderhaven.store.models import Token, User
from tests.cli.conftest import Cli

WORD = "correct horse battery"


@pytest.fixture(autouse=True)
def at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDERHAVEN_URL", "https://orders.example.com/")


def somebody(email: str = "anna@example.com", role: Role = Role.ADMINISTRATOR) -> User:
    now = RealClock().now()
    person = credentials.create_user(email, "Anna", WORD, now)
    credentials.set_role(only_merchant(), person.pk, role, now, "test")
    return person


def typed(word: str, *words: str) -> Result:
    """A command to which somebody types this, twice."""
    return CliRunner().invoke(app, list(words), input=f"{word}\n{word}\n")


def comes_in(email: str, word: str) -> bool:
    return authenticate(RequestFactory().post("/login"), username=email, password=word) is not None


# ---------------------------------------------------------------- the first account


def test_as_long_as_there_is_nobody_the_address_of_the_first_account_is_shown(cli: Cli) -> None:
    said = cli("welcome")

    assert said.code == 0
    assert said.out.strip() == f"https://orders.example.com/welcome?code={credentials.welcome_code()}"


def test_once_there_is_somebody_the_way_in_is_the_log_in(cli: Cli) -> None:
    somebody()

    said = cli("welcome")

    assert (said.code, said.out) == (1, "")
    assert "https://orders.example.com/login" in said.err.replace("\n", "")


# ---------------------------------------------------------------- people


def test_people_and_invitations_are_listed(cli: Cli) -> None:
    assert "orderhaven welcome" in cli("users").out
    somebody()
    cli("invite", "ben@example.com", "--role", "viewer")

    said = cli("users").out

    assert "anna@example.com" in said
    assert "administrator" in said
    assert "ben@example.com" in said
    assert "invited until" in said


def test_users_are_listed_as_json(cli: Cli) -> None:
    somebody()
    cli("invite", "ben@example.com", "--role", "viewer")

    said = json.loads(cli("users", "--json").out)

    assert said["users"] == [{"name": "Anna", "email": "anna@example.com", "role": "administrator"}]
    assert [(one["email"], one["role"]) for one in said["invited"]] == [("ben@example.com", "viewer")]


def test_an_invitation_is_a_link_that_opens_once(cli: Cli) -> None:
    said = cli("invite", "Ben@Example.com", "--role", "operator")

    link = said.out.strip()
    found = credentials.invitation(link.removeprefix("https://orders.example.com/invitation/"), RealClock().now())
    assert said.code == 0
    assert found is not None
    assert (found.email, found.role) == ("ben@example.com", Role.OPERATOR)


def test_who_works_here_already_is_not_invited(cli: Cli) -> None:
    somebody()

    said = cli("invite", "anna@example.com")

    assert (said.code, said.out) == (1, "")
    assert "anna@example.com works here already" in said.err


def test_an_address_that_is_none_is_said(cli: Cli) -> None:
    assert cli("invite", "anna").code == 1


# ---------------------------------------------------------------- a lost password


def test_a_lost_password_is_replaced_at_the_machine(cli: Cli) -> None:
    somebody()

    said = typed("another good phrase", "password", "Anna@Example.com")

    assert said.exit_code == 0
    assert "another good phrase" not in said.output
    assert comes_in("anna@example.com", "another good phrase")
    assert not comes_in("anna@example.com", WORD)


def test_a_weak_password_is_refused_and_the_old_one_stays(cli: Cli) -> None:
    somebody()

    said = typed("12345", "password", "anna@example.com")

    assert isinstance(said.exception, ActionRefused)
    assert "too short" in str(said.exception)
    assert comes_in("anna@example.com", WORD)


def test_a_password_of_nobody_is_not_asked_for(cli: Cli) -> None:
    said = cli("password", "nobody@example.com")

    assert said.code == 1
    assert "There is no account with the address nobody@example.com." in said.err


@pytest.mark.parametrize(("options", "left"), [((), 1), (("--no-second-factor",), 0)])
def test_a_second_factor_stays_unless_it_is_lost_too(cli: Cli, options: tuple[str, ...], left: int) -> None:
    person = somebody()
    second_factor.begin(person)

    said = typed("another good phrase", "password", "anna@example.com", *options)

    assert said.exit_code == 0
    assert devices_of(person) == left


def devices_of(person: User) -> int:
    from django_otp import devices_for_user

    devices: list[Any] = list(devices_for_user(person, confirmed=None))
    return len(devices)


# ---------------------------------------------------------------- programs


def test_a_token_is_shown_once_and_alone_on_its_line(cli: Cli) -> None:
    said = cli("token", "warehouse", "--scope", "read", "--scope", "write")

    secret = said.out.strip()
    found = credentials.token(secret, RealClock().now())
    assert said.code == 0
    assert found is not None
    assert (found.name, found.scopes) == ("warehouse", [Permission.READ, Permission.WRITE])
    assert "never shown again" in said.err
    assert secret not in Token.objects.values_list("secret_hash", flat=True)


def test_a_token_may_only_look_unless_more_is_said(cli: Cli) -> None:
    cli("token", "figures")

    assert Token.objects.get().scopes == [Permission.READ]


def test_a_name_that_is_taken_is_said(cli: Cli) -> None:
    cli("token", "figures")

    said = cli("token", "figures")

    assert (said.code, said.out) == (1, "")
    assert "There is a token 'figures' already" in said.err


def test_a_scope_that_is_none_is_said(cli: Cli) -> None:
    assert cli("token", "figures", "--scope", "everything").code == 2
