"""Pulling bol's orders without losing one."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from orderhaven.connectors.kit.faults import HttpFaultKind
from orderhaven.connectors.kit.http import Request
from orderhaven.core.errors import RateLimited, SafeToRetry, UnexpectedResponse
from orderhaven.ports.sandbox import Basket, CatalogueItem

CUP = CatalogueItem("CUP", "8700000000017", "Kop", "4.50")
TRAY = CatalogueItem("TRAY", "8700000000024", "Dienblad", "9.00")
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LIST = "GET /retailer/orders"


def list_queries(world: Any) -> list[dict[str, str]]:
    return [request.query for request, _ in world.tape.exchanges if request.path == "/retailer/orders"]


def test_open_orders_are_pulled_at_once(world: Any) -> None:
    mine, theirs = world.sell(), world.sell(by_marketplace=True)

    assert world.pulled_refs() == [mine, theirs]


def test_a_summary_gives_the_quantities_and_not_the_whole_order(world: Any) -> None:
    ref = world.sell()
    world.sandbox.request_cancellation(ref)

    summary = world.pull()[0].summaries[0]

    assert (summary.ref, summary.order, summary.placed_at) == (ref, None, NOW)
    assert (summary.lines[0].open, summary.lines[0].cancellation_requested) == (1, True)


def test_pulling_nothing_moves_the_cursor_in_one_call(world: Any) -> None:
    since = world.pull()[0].cursor
    world.clock.move(minutes=5)
    calls = len(world.sandbox.calls)

    (page,) = world.pull(since)

    assert (page.summaries, datetime.fromisoformat(page.cursor)) == ((), NOW + timedelta(minutes=5))
    assert world.sandbox.calls[calls:] == ["POST /token", LIST]


def test_the_cursor_is_the_time_of_the_first_request_by_their_clock(world: Any) -> None:
    world.sell_many(51)
    world.sandbox.listing.after_page = lambda _: world.clock.move(seconds=1.5)

    pages = world.pull()

    assert {page.cursor for page in pages} == {NOW.isoformat()}


def test_what_changed_since_is_pulled_whatever_it_was(world: Any) -> None:
    old, shipped, cancelled, wished = world.sell_many(4)
    world.clock.move(minutes=15)
    since = world.pull()[0].cursor
    world.clock.move(minutes=5)
    world.sandbox.ship_elsewhere(shipped)
    world.sandbox.cancel(cancelled)
    world.sandbox.request_cancellation(wished)
    new = world.sell()

    assert set(world.pulled_refs(since)) == {shipped, cancelled, wished, new}
    assert old not in world.pulled_refs(since)


def test_only_the_lines_that_changed_come_with_a_summary(world: Any) -> None:
    ref = world.sandbox.sell_mixed(Basket([(CUP, 1), (TRAY, 2)]), [False, True])
    mine, theirs = world.item_refs(ref)
    world.clock.move(minutes=15)
    since = world.pull()[0].cursor
    world.sandbox.request_cancellation(ref)

    (summary,) = world.pull(since)[0].summaries

    assert [line.ref for line in summary.lines] == [mine]
    assert [line.ref for line in world.read(ref).lines] == [mine, theirs]


def test_a_gap_of_days_loses_nothing(world: Any) -> None:
    first = world.sell()
    since = world.pull()[0].cursor
    second = world.sell()
    world.clock.move(hours=30)
    world.sandbox.ship_elsewhere(first)
    world.clock.move(hours=30)
    third = world.sell()

    pulled = world.pulled_refs(since)

    assert set(pulled) == {first, second, third}
    assert all("change-interval-minute" not in query for query in list_queries(world))


def test_orders_handled_more_than_two_days_ago_are_found_by_day(world: Any) -> None:
    ref = world.sell()
    since = world.pull()[0].cursor
    world.clock.move(minutes=20)
    world.sandbox.ship_elsewhere(ref)
    world.clock.move(hours=72)

    assert ref in world.pulled_refs(since)


def test_a_clock_of_ours_that_lags_does_not_shorten_the_window(world: Any) -> None:
    ours = world.clock.now()
    world.clock.move(hours=3)
    since = world.clock.now().isoformat()
    ref = world.sell()
    world.clock.move(minutes=45)
    lagging = world.connect(clock=type(world.clock)(ours + timedelta(hours=2)))

    assert ref in world.pulled_refs(since, lagging)
    assert list_queries(world)[-1]["change-interval-minute"] == "56"


def test_an_overlap_gives_only_what_differs_from_what_was_given(world: Any) -> None:
    same, wished = world.sell(), world.sell()
    since = world.pull()[0].cursor
    world.clock.move(minutes=1)
    new = world.sell()
    world.sandbox.request_cancellation(wished)

    assert set(world.pulled_refs(since)) == {wished, new}
    assert set(world.pulled_refs(since, world.connect())) == {same, wished, new}  # who did not listen before


def test_what_changes_within_the_second_of_its_last_change_is_given_again(world: Any) -> None:
    ref = world.sell()
    since = world.pull()[0].cursor
    world.sandbox.request_cancellation(ref)

    assert world.pulled_refs(since) == [ref]


def test_what_an_unfinished_pull_returned_is_returned_again(world: Any) -> None:
    refs = world.sell_many(60)
    since = world.pulled_refs() and world.pull()[0].cursor
    world.clock.move(minutes=1)
    new = world.sell_many(3)

    async def break_off() -> None:
        async for page in world.bol.pull(since):
            assert page.summaries
            return

    world.run(break_off())

    assert set(world.pulled_refs(since)) == set(new)
    assert set(world.pulled_refs(since)) == {*refs, *new}


# ------------------------------------------------------------ pages


def test_reading_ends_at_an_empty_page(world: Any) -> None:
    refs = world.sell_many(120)

    assert world.pulled_refs() == refs
    assert [query["page"] for query in list_queries(world)][:4] == ["1", "2", "3", "4"]


def test_a_short_page_does_not_end_the_reading(world: Any) -> None:
    refs = world.sell_many(101)
    world.sandbox.listing.missing_once = {refs[3]}

    assert sorted(world.pulled_refs()) == refs


def test_rows_that_come_twice_are_given_once(world: Any) -> None:
    refs = world.sell_many(120)
    world.sandbox.listing.repeat_rows = True

    assert world.pulled_refs() == refs


def test_a_list_that_shifts_between_its_pages_hides_no_order(world: Any) -> None:
    refs = world.sell_many(120)
    gone = iter(refs)

    def ship_two(_: int) -> None:
        for ref in (next(gone), next(gone)):
            world.sandbox.ship_elsewhere(ref)
        if next(gone) == refs[20]:
            world.sandbox.listing.after_page = None

    world.sandbox.listing.after_page = ship_two

    assert set(refs[60:]) <= set(world.pulled_refs())


def test_a_full_single_page_is_read_twice(world: Any) -> None:
    refs = world.sell_many(51)
    since = NOW.isoformat()
    world.sandbox.listing.after_page = lambda number: number == 1 and leave(world, refs[10])

    pulled = world.pulled_refs(since)

    assert set(refs) <= set(pulled)


def leave(world: Any, ref: str) -> None:
    """The order falls out of the interval, and those after it move up."""
    world.sandbox.listing.after_page = None
    sale = world.sandbox.trade.changed.pop(ref)
    sale.changed_at = NOW - timedelta(days=1)


def test_a_page_that_was_lost_once_is_found_again(world: Any) -> None:
    refs = world.sell_many(120)
    world.sandbox.listing.lost_pages = {2}

    assert set(world.pulled_refs()) == set(refs)


def test_a_list_that_never_keeps_still_leaves_the_cursor_where_it_was(world: Any) -> None:
    refs = world.sell_many(60)
    world.clock.move(minutes=1)
    listing = world.sandbox.listing
    hidden = [set(refs[shown:40]) for shown in range(9, 0, -1)]

    def hide(number: int) -> None:
        if number == 3:
            listing.missing_once = hidden.pop()

    listing.missing_once, listing.after_page = hidden.pop(), hide

    with pytest.raises(SafeToRetry, match="did not keep still"):
        world.pull()


def test_an_order_that_lists_show_late_is_pulled_by_the_overlap(world: Any) -> None:
    since = world.pull()[0].cursor
    world.sandbox.visible_after = timedelta(minutes=8)
    ref = world.sell()
    world.clock.move(minutes=5)
    first = world.pull(since)
    world.clock.move(minutes=5)

    assert [page.summaries for page in first] == [()]
    assert world.pulled_refs(first[0].cursor) == [ref]


# ------------------------------------------------------------ errors


def test_a_limit_before_the_first_page_is_raised(world: Any) -> None:
    world.sandbox.faults.add(HttpFaultKind.RATE_LIMITED, path="/retailer/orders", delay=timedelta(seconds=20))

    with pytest.raises(RateLimited) as caught:
        world.pull()

    assert caught.value.after == timedelta(seconds=20)


def test_a_long_list_is_read_on_when_its_turn_comes_again(world: Any) -> None:
    refs = world.sell_many(260)
    world.sandbox.auth.limits[LIST] = (7, timedelta(minutes=1))

    assert set(world.pulled_refs()) == set(refs)


def test_a_pull_does_not_wait_without_end(world: Any) -> None:
    world.sell_many(60)
    world.sandbox.auth.limits[LIST] = (1, timedelta(hours=1))

    with pytest.raises(RateLimited):
        world.pull()


def bends(world: Any, change: Any) -> None:
    """From now on `change` is made to every row of a list."""
    inner = world.sandbox.listing.page

    def page(query: Any, now: datetime) -> bytes:
        whole = msgspec.json.decode(inner(query, now))
        return msgspec.json.encode({"orders": [change(row) for row in whole["orders"]]})

    world.sandbox.listing.page = page


@pytest.mark.parametrize(
    "malformed",
    [
        {"latestChangedDateTime": None},
        {"cancellationRequest": None},
        {"quantity": "two"},
        {"fulfilmentMethod": "DRONE"},
    ],
)
def test_a_malformed_row_is_named_and_the_others_are_pulled(world: Any, malformed: dict[str, Any]) -> None:
    first, second, third = world.sell_many(3)
    bends(
        world,
        lambda row: row if row["orderId"] != second else row | {"orderItems": [row["orderItems"][0] | malformed]},
    )

    pages = world.pull()

    assert [summary.ref for page in pages for summary in page.summaries] == [first, third]
    assert {ref for page in pages for ref in page.not_understood} == {second}


def test_a_row_without_an_order_number_is_described_once(world: Any) -> None:
    first, _ = world.sell_many(2)
    bends(world, lambda row: row if row["orderId"] == first else {"orderItems": row["orderItems"]})

    pages = world.pull()

    assert [summary.ref for page in pages for summary in page.summaries] == [first]
    assert [one for page in pages for one in page.unidentified] == ["a row without orderId: orderItems (a list)"]


def test_a_page_of_malformed_rows_alone_does_not_end_the_list(world: Any) -> None:
    refs = world.sell_many(60)
    bends(world, lambda row: row if row["orderId"] in refs[50:] else row | {"orderItems": None})

    pages = world.pull()

    assert [summary.ref for page in pages for summary in page.summaries] == refs[50:]
    assert {ref for page in pages for ref in page.not_understood} == set(refs[:50])


def test_an_answer_that_is_no_list_is_an_unexpected_response(world: Any) -> None:
    world.sandbox.listing.page = lambda query, now: b'{"orders":"none"}'

    with pytest.raises(UnexpectedResponse):
        world.pull()


def test_both_filters_are_said_on_every_page(world: Any) -> None:
    world.sell_many(60)
    since = world.pull()[0].cursor
    world.pull(since)

    assert all(query["fulfilment-method"] == "ALL" and "status" in query for query in list_queries(world))


def test_a_list_is_asked_for_with_the_vendor_media_type(world: Any) -> None:
    world.pull()

    requests: list[Request] = [request for request, _ in world.tape.exchanges if request.method == "GET"]
    assert {request.headers["Accept"] for request in requests} == {"application/vnd.retailer.v10+json"}
