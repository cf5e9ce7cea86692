"""A channel of a marketplace belongs to at most one link that does orders: the database itself says so, whoever writes."""

from collections.abc import Sequence

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError

from orderhaven.store.connections import links
from orderhaven.store.connections.links import Scope, write_scope
from orderhaven.store.models import Link, LinkChannel, OrderRouting

from .conftest import Books
from .test_races import elsewhere, on_postgres

ALL = None


@pytest.fixture
def second(books: Books) -> Link:
    """A link of the same marketplace that does nothing yet."""
    return Link.objects.create(
        merchant=books.merchant, name="second", marketplace=books.marketplace, shop=books.shop, from_at=books.now
    )


def insert_raw(link: Link, channel: str | None, *, does_orders: bool = True, routing: str | None = "") -> None:
    """As anything might that writes into this database; `routing` "" stands for the right one."""
    key = f"{link.marketplace_id}:{'all' if channel is None else 'channel'}" if routing == "" else routing
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM store_orderrouting WHERE key = %s", [key])
        if key and not cursor.fetchone():
            cursor.execute(
                "INSERT INTO store_orderrouting (key, connection_id) VALUES (%s, %s)", [key, link.marketplace_id]
            )
        cursor.execute(
            "INSERT INTO store_linkchannel"
            " (link_id, connection_id, channel, does_orders, does_stock, does_returns, routing_id)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s)",
            [link.pk, link.marketplace_id, channel, does_orders, False, False, key],
        )


def takes(books: Books, *channels: str) -> None:
    write_scope(books.link, Scope(channels))


@pytest.mark.parametrize(
    ("first", "then"),
    [((), ALL), ((), "nl"), (("nl",), ALL), (("nl",), "nl"), (("be", "nl"), "nl"), (("nl",), "")],
    ids=["all and all", "all and one", "one and all", "one and the same", "two and one of them", "one and none"],
)
def test_no_second_link_takes_the_orders_of_a_channel(
    books: Books, second: Link, first: Sequence[str], then: str | None
) -> None:
    takes(books, *first)
    before = list(LinkChannel.objects.values_list("link_id", "channel"))
    is_free = then == ""  # an order without a channel is neither that of "nl" nor of all

    if is_free:
        insert_raw(second, then)
    else:
        with pytest.raises(IntegrityError):
            insert_raw(second, then)

    assert list(LinkChannel.objects.exclude(link=second).values_list("link_id", "channel")) == before
    assert LinkChannel.objects.filter(link=second).exists() is is_free


def test_another_channel_is_free(books: Books, second: Link) -> None:
    takes(books, "nl")

    insert_raw(second, "be")

    assert LinkChannel.objects.count() == 2


@pytest.mark.parametrize("routing", [None, "0:channel", "0:all"])
def test_no_link_does_orders_beside_the_routing_of_its_connection(
    books: Books, second: Link, routing: str | None
) -> None:
    takes(books, "nl")

    with pytest.raises(IntegrityError):
        insert_raw(second, "be", routing=routing)


@pytest.mark.parametrize("kind", ["all", "channel"])
def test_a_marketplace_divides_its_orders_in_one_way_only(books: Books, kind: str) -> None:
    takes(books, *(["nl"] if kind == "all" else []))

    with pytest.raises(IntegrityError), transaction.atomic():
        OrderRouting.objects.create(key=f"{books.marketplace.pk}:{kind}", connection=books.marketplace)


def test_the_way_stays_while_a_link_goes_by_it(books: Books) -> None:
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM store_orderrouting")


def test_links_that_do_no_orders_share_what_they_like(books: Books, second: Link) -> None:
    takes(books)

    insert_raw(second, "nl", does_orders=False, routing=None)
    insert_raw(second, ALL, does_orders=False, routing=None)

    assert LinkChannel.objects.filter(does_orders=False).count() == 2


def test_of_two_marketplaces_each_has_channels_of_its_own(books: Books) -> None:
    from .conftest import connection as connect

    other = connect(books.merchant, books.marketplace.side, "Other")
    link = Link.objects.create(
        merchant=books.merchant, name="other", marketplace=other, shop=books.shop, from_at=books.now
    )
    takes(books, "nl")

    write_scope(link, Scope(()))

    assert sorted(OrderRouting.objects.values_list("key", flat=True)) == sorted(
        [f"{books.marketplace.pk}:channel", f"{other.pk}:all"]
    )


def test_a_link_goes_from_all_channels_to_some_and_back(books: Books, second: Link) -> None:
    takes(books, "nl")
    write_scope(second, Scope(("be",)))
    write_scope(second, Scope(("be",), does_orders=False))

    takes(books)

    assert (books.link.channels, books.link.does_orders, second.does_orders) == ((), True, False)
    assert OrderRouting.objects.get().key == f"{books.marketplace.pk}:all"


def test_all_channels_are_not_taken_beside_a_link_for_one(books: Books, second: Link) -> None:
    takes(books, "nl")
    write_scope(second, Scope(("be",)))

    with pytest.raises(ProtectedError):
        takes(books)

    assert Link.objects.get(pk=books.link.pk).channels == ("nl",)


@on_postgres
@pytest.mark.parametrize("channels", [(), ("nl",)], ids=["all", "one"])
def test_of_two_who_link_at_the_same_moment_one_is_refused(
    books: Books, second: Link, channels: tuple[str, ...]
) -> None:
    LinkChannel.objects.all().delete()
    OrderRouting.objects.all().delete()

    with transaction.atomic():
        insert_raw(second, "nl" if not channels else ALL)
        other = elsewhere(lambda: insert_raw(books.link, channels[0] if channels else ALL))

    assert other == "has to wait"
    with pytest.raises(IntegrityError):
        insert_raw(books.link, channels[0] if channels else ALL)


def test_a_version_of_a_link_changes_with_its_channels(books: Books) -> None:
    from orderhaven.store.upkeep.versions import version_of_link

    before = version_of_link(books.link.pk)

    takes(books, "nl")

    assert version_of_link(books.link.pk) != before


def test_a_second_link_has_a_name_of_its_own(books: Books) -> None:
    assert links.free_name(books.merchant.pk, "bol NL", "Webshop") == "bol NL - Webshop"
    assert links.free_name(books.merchant.pk, "Other", "Webshop") == "Other"
    assert len(links.free_name(books.merchant.pk, "bol NL", "W" * 100)) <= 100
