"""A merchant's trade, the people who look at it, and a stranger who works for somebody else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from time import time
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password
from django.template.base import Variable, VariableDoesNotExist
from django.test import Client
from django.test.utils import setup_test_environment, teardown_test_environment

from orderhaven.core.access import Role as Access
from orderhaven.store.access import credentials
from orderhaven.store.connections import merchants
from orderhaven.store.models import User
from tests.journeys.conftest import start_trade
from tests.pairs import CONNECTORS

PASSWORD = "correct horse battery"
NOW = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass(frozen=True)
class House:
    """Everybody's browser, logged in, and the trade that the first merchant runs."""

    trade: Any
    administrator: Client
    operator: Client
    viewer: Client
    stranger: Client  # an administrator of another merchant

    slug: str = "wolkenwinkel"

    def at(self, path: str = "orders") -> str:
        return f"/{self.slug}/{path}"

    def order(self, ref: str) -> str:
        return self.at(f"orders/bol%20NL/{ref}")


@pytest.fixture(scope="session", autouse=True)
def contexts() -> Iterator[None]:
    """Answers keep what their template was given."""
    setup_test_environment(debug=False)
    yield
    teardown_test_environment()


# what a template asks for although it is not always there; `given` is what was posted or asked
_MAY_BE_MISSING = {"error", "trial", "wanted.problems.0", "merchant_context.may_configure"}


@pytest.fixture(autouse=True)
def names_of_templates(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A template shows nothing for a name that does not exist, also within `if` and `for`: here that is an error."""
    missing: set[str] = set()
    resolve = Variable._resolve_lookup

    def noting(self: Variable, context: Any) -> Any:
        try:
            return resolve(self, context)
        except VariableDoesNotExist:
            if str(self.var) not in _MAY_BE_MISSING and not str(self.var).startswith("given."):
                missing.add(str(self.var))
            raise

    monkeypatch.setattr(Variable, "_resolve_lookup", noting)
    yield
    assert not missing, f"templates ask for what their views do not give: {sorted(missing)}"


@pytest.fixture
def trade(store: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Between two connectors; the web's clock begins where the trade's stands."""
    started = start_trade(CONNECTORS.marketplace_spec, CONNECTORS.shop_spec)
    started.passes(seconds=10)
    monkeypatch.setenv("ORDERHAVEN_CLOCK", f"{started.clock.now().isoformat()},1,{time()}")
    yield started
    started.close()


@pytest.fixture
def house(trade: Any) -> House:
    ours, theirs = trade.link.merchant_id, merchants.create_merchant("Somebody else").pk
    return House(
        trade,
        administrator=browser_of(person("anna@example.com", ours, Access.ADMINISTRATOR)),
        operator=browser_of(person("bram@example.com", ours, Access.OPERATOR)),
        viewer=browser_of(person("cleo@example.com", ours, Access.VIEWER)),
        stranger=browser_of(person("dirk@example.com", theirs, Access.ADMINISTRATOR)),
    )


@cache
def hashed() -> str:
    """Once: to take long is what the hash is for."""
    return make_password(PASSWORD)


def person(email: str, merchant_id: int, role: Access) -> User:
    made = User.objects.create(email=email, name=email.partition("@")[0].title(), password=hashed(), created_at=NOW)
    credentials.set_role(merchant_id, made.pk, role, NOW, "test")
    return made


def browser(**headers: str) -> Client:
    return Client(SERVER_NAME="localhost", HTTP_ACCEPT_LANGUAGE="en", **headers)


def browser_of(someone: User) -> Client:
    client = browser()
    client.force_login(someone, backend="django.contrib.auth.backends.ModelBackend")
    return client
