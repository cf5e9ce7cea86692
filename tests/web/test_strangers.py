"""Nobody sees, or guesses, what another merchant has: every address is walked as everybody who should not get there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from orderhaven.store.models import Event, Order
from tests.journeys.conftest import LAMP, POSTNL_CODE

from .conftest import House, browser

WORDS = {"ref": "{ref}", "marketplace": "bol NL", "name": "bol NL", "connector": "woocommerce", "slug": "{slug}"}
# for whoever comes by: the door itself, and what machines ask
OPEN = (
    "welcome",
    "login",
    "logout",
    "invitation/",
    "language",
    "theme",
    "robots.txt",
    "second-factor",
    "hooks/",
    "api/",
    "static/",
)
SECRETS = ("C0000", "Wolkenwinkel", "bol NL", "Webshop", POSTNL_CODE, "anna@example.com")


def addresses(patterns: list[Any] | None = None, before: str = "") -> Iterator[str]:
    """Every route there is, as a template; one that is added later is walked too."""
    for one in get_resolver().url_patterns if patterns is None else patterns:
        route = before + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from addresses(one.url_patterns, route)
        elif isinstance(one, URLPattern):
            yield route


def of_a_merchant() -> list[str]:
    return [route for route in addresses() if route.startswith("<slug:slug>/")]


def without_token(answer: Any) -> str:
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", answer.content.decode())


def filled(route: str, slug: str, ref: str) -> str:
    for name, value in WORDS.items():
        for kind in ("str", "path", "slug", "int"):
            route = route.replace(f"<{kind}:{name}>", value)
    return "/" + route.replace("{slug}", slug).replace("{ref}", ref).replace(" ", "%20")


@pytest.fixture
def ref(house: House) -> str:
    sold = house.trade.sells((LAMP, 1))
    house.trade.passes(minutes=6)
    return str(sold)


def test_there_are_addresses_to_walk() -> None:
    assert len(of_a_merchant()) > 15


@pytest.mark.parametrize("method", ["get", "post"])
def test_without_an_account_everything_leads_to_the_door(house: House, ref: str, method: str) -> None:
    for route in addresses():
        if route.startswith(OPEN):
            continue
        answer = getattr(browser(), method)(filled(route, house.slug, ref))

        assert answer.status_code == 302, route
        assert answer.headers["Location"].startswith("/login"), route


@pytest.mark.parametrize("method", ["get", "post"])
def test_to_another_merchants_people_it_is_as_if_there_were_nothing(house: House, ref: str, method: str) -> None:
    before = (Event.objects.count(), Order.objects.get(ref=ref).status)

    for route in of_a_merchant():
        answer = getattr(house.stranger, method)(filled(route, house.slug, ref), {"act": "handle"})
        nowhere = getattr(house.stranger, method)(filled(route, "no-such-trade", ref), {"act": "handle"})

        assert answer.status_code == 404, route
        assert without_token(answer) == without_token(nowhere), f"{route}: it tells that the merchant exists"
        assert [] == [word for word in SECRETS if word.encode() in answer.content], route

    assert (Event.objects.count(), Order.objects.get(ref=ref).status) == before


def test_another_merchants_order_is_not_found_among_ones_own(house: House, ref: str) -> None:
    answer = house.stranger.get(f"/somebody-else/orders/bol%20NL/{ref}")

    assert answer.status_code == 404
    assert "bol NL" not in answer.content.decode().replace("bol%20NL", "").replace(f"bol NL/{ref}", "")


@pytest.mark.parametrize(
    "act", ["retry", "handle", "cancel", "adopt", "choose-carrier", "create", "ignore", "map", "correct", "release"]
)
def test_a_viewer_changes_no_order(house: House, ref: str, act: str) -> None:
    before = Event.objects.count()
    given = {"act": act, "shop_order": "1", "carrier": "postnl", "sku": "x", "shop_sku": "y"}

    answer = house.viewer.post(house.order(ref), given)

    assert answer.status_code == 403
    assert Event.objects.count() == before


def test_a_viewer_sees_the_order_and_neither_buttons_nor_the_buyer(house: House, ref: str) -> None:
    page = house.viewer.get(house.order(ref)).content.decode()

    assert ref in page
    assert 'name="act"' not in page
    assert "<address" not in page
    assert "<address" in house.operator.get(house.order(ref)).content.decode()


@pytest.mark.parametrize("who", ["viewer", "operator"])
def test_only_an_administrator_sets_things_up(house: House, ref: str, who: str) -> None:
    someone = getattr(house, who)
    before = Event.objects.count()
    tries = [
        ("connections/new/woocommerce", {"name": "x", "url": "http://127.0.0.1:1", "key": "k", "secret": "s"}),
        ("connections/bol%20NL", {"client_id": "x"}),
        ("links/new", {"marketplace": "bol NL", "shop": "Webshop"}),
        ("links/bol%20NL", {"wait_hours": "1"}),
        ("links/bol%20NL/actions", {"act": "dry_run"}),
        ("users/actions", {"act": "invite", "email": "x@example.com", "role": "administrator"}),
        ("api-clients/actions", {"act": "token", "name": "x", "scope": "configure"}),
    ]

    for path, given in tries:
        assert someone.post(house.at(path), given).status_code == 403, path
    for path in ("api-clients", "audit", "connections/new/woocommerce"):
        assert someone.get(house.at(path)).status_code == 403, path

    assert Event.objects.count() == before
