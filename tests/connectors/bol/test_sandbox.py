"""The sandbox is as strict as bol at its door and in its lists."""

from datetime import timedelta
from typing import Any

import pytest

MEDIA = "application/vnd.retailer.v10+json"
LIST = "/retailer/orders?fulfilment-method=ALL&status=ALL"


# ------------------------------------------------------------ the door


def test_a_token_ends_after_299_seconds(api: Any) -> None:
    api.world.clock.move(seconds=298)
    before = api.send("GET", LIST).status
    api.world.clock.move(seconds=1)
    after = api.send("GET", LIST)

    assert (before, after.status) == (200, 401)
    assert after.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/token?grant_type=client_credentials", {"authorization": "Basic bm86bm8="}, 401),
        ("/token?grant_type=client_credentials", {}, 401),
        ("/token", None, 400),
        ("/token?grant_type=client_credentials&client_secret=x", None, 400),
    ],
)
def test_only_the_right_pair_gets_a_token(api: Any, path: str, headers: Any, status: int) -> None:
    assert api.send("POST", path, headers=api.basic if headers is None else headers).status == status


def test_nobody_enters_without_a_token(api: Any) -> None:
    assert api.send("GET", LIST, headers={"accept": MEDIA}).status == 401


@pytest.mark.parametrize("accept", ["application/json", "*/*", "application/vnd.retailer.v9+json"])
def test_another_accept_is_not_acceptable(api: Any, accept: str) -> None:
    assert api.send("GET", LIST, headers=api.headers(accept=accept)).status == 406


def test_another_content_type_is_not_supported(api: Any) -> None:
    response = api.send("POST", "/retailer/shipments", {}, api.headers(**{"content-type": "application/json"}))

    assert response.status == 415


def test_an_unknown_path_is_not_found(api: Any) -> None:
    assert api.send("GET", "/retailer/nothing").status == 404


def test_an_endpoint_has_its_own_limit(api: Any) -> None:
    api.world.sandbox.auth.limits["GET /retailer/orders/{order-id}"] = (2, timedelta(minutes=1))
    ref = api.world.sell()
    answers = [api.send("GET", f"/retailer/orders/{ref}") for _ in range(3)]

    assert [answer.status for answer in answers] == [200, 200, 429]
    assert answers[0].headers["x-ratelimit-remaining"] == "1"
    assert answers[2].headers["retry-after"] == "60"
    assert api.send("GET", LIST).status == 200


def test_a_limit_ends_with_its_window(api: Any) -> None:
    api.world.sandbox.auth.limits["GET /retailer/orders"] = (1, timedelta(minutes=1))
    api.send("GET", LIST)
    api.world.clock.move(seconds=61)

    assert api.send("GET", LIST).status == 200


def test_every_request_is_recorded(api: Any) -> None:
    api.send("GET", LIST)

    assert api.world.sandbox.calls == ["POST /token", "GET /retailer/orders"]


# ------------------------------------------------------------ the list


def test_what_is_left_out_of_a_query_means_fbr_and_open(api: Any) -> None:
    mine, theirs, sent = api.world.sell(), api.world.sell(by_marketplace=True), api.world.sell()
    api.world.sandbox.ship_elsewhere(sent)

    assert api.refs("/retailer/orders") == [mine]
    assert api.refs("/retailer/orders?fulfilment-method=FBB") == [theirs]
    assert api.refs("/retailer/orders?fulfilment-method=ALL&status=SHIPPED") == [sent]
    assert api.refs() == [mine, theirs, sent]


def test_a_page_has_fifty_orders(api: Any) -> None:
    refs = api.world.sell_many(70)

    pages = [api.refs(f"{LIST}&page={page}") for page in (1, 2, 3)]

    assert pages == [refs[:50], refs[50:], []]


def test_handled_orders_stay_listed_for_two_days(api: Any) -> None:
    ref = api.world.sell()
    api.world.sandbox.cancel(ref)
    api.world.clock.move(hours=47)
    api.sign_in()
    before = api.refs()
    api.world.clock.move(hours=1)
    api.sign_in()

    assert (before, api.refs()) == ([ref], [])
    assert api.send("GET", f"/retailer/orders/{ref}").status == 200


def test_an_interval_shows_what_changed_in_it(api: Any) -> None:
    old = api.world.sell()
    api.world.clock.move(minutes=3)
    new = api.world.sell()

    assert api.refs(f"{LIST}&change-interval-minute=2") == [new]
    assert set(api.refs(f"{LIST}&change-interval-minute=3")) == {old, new}


@pytest.mark.parametrize("minutes", ["61", "0", "-5", "ten", ""])
def test_an_interval_that_bol_does_not_take_is_refused(api: Any, minutes: str) -> None:
    response = api.send("GET", f"{LIST}&change-interval-minute={minutes}")

    assert response.status == 400
    assert "change-interval-minute" in api.reasons(response)


def test_a_day_shows_the_items_that_changed_last_on_it(api: Any) -> None:
    first, second = api.world.sell(), api.world.sell()
    api.world.clock.move(days=1)
    api.sign_in()
    api.world.sandbox.request_cancellation(second)

    assert api.refs(f"{LIST}&latest-change-date=2026-03-02") == [first]
    assert api.refs(f"{LIST}&latest-change-date=2026-03-03") == [second]


@pytest.mark.parametrize("query", ["page=0", "page=x", "status=DONE", "fulfilment-method=FBX"])
def test_a_word_or_number_that_bol_does_not_know_is_refused(api: Any, query: str) -> None:
    assert api.send("GET", f"/retailer/orders?{query}").status == 400


@pytest.mark.parametrize("day", ["2025-11-01", "yesterday", "02-03-2026"])
def test_a_day_beyond_three_months_is_refused(api: Any, day: str) -> None:
    assert api.send("GET", f"{LIST}&latest-change-date={day}").status == 400


def test_an_order_nobody_created_is_not_found(api: Any) -> None:
    response = api.send("GET", "/retailer/orders/C999999999")

    assert (response.status, response.headers["content-type"]) == (404, MEDIA)
