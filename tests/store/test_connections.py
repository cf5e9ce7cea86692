"""Connections: claiming, the schedule, trouble, secrets."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from orderhaven.core.problems import ProblemKind
from orderhaven.ports.connector import Side
from orderhaven.store.connections import connections, keys
from orderhaven.store.connections.connections import Claim, Fenced
from orderhaven.store.connections.keys import KeysLost
from orderhaven.store.models import Connection, ConnectionState, Event, Link, Order, OrderContact
from orderhaven.store.orders import shop_snapshots

from .conftest import Books
from .conftest import connection as connect


def overtaken(claim: Claim) -> Claim:
    taken = connections.claim(claim.connection_id)
    assert taken is not None
    return claim


@pytest.fixture
def own_keys(tmp_path: Path) -> Iterator[Path]:
    """A key file that a test may change."""
    kept = os.environ["ORDERHAVEN_KEY_FILE"]
    os.environ["ORDERHAVEN_KEY_FILE"] = str(tmp_path / "keys")
    yield tmp_path / "keys"
    os.environ["ORDERHAVEN_KEY_FILE"] = kept


# ---------------------------------------------------------------- the schema


def test_every_migration_is_applied(any_store: None) -> None:
    executor = MigrationExecutor(connection)

    assert executor.migration_plan(executor.loader.graph.leaf_nodes()) == []


def test_the_models_are_what_the_migrations_make(any_store: None) -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_buyers_of_an_older_version_are_found_after_the_upgrade(books: Books) -> None:
    books.places("A-1")
    MigrationExecutor(connection).migrate([("store", "0002_carriers_of_a_link")])
    try:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE store_person SET last_name = 'Müller', postcode = '1234 AB'")
    finally:
        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes())

    assert set(OrderContact.objects.values_list("name_key", "postcode_key")) == {("muller", "1234ab")}


def test_the_numbers_of_a_buyer_of_an_older_version_stand_with_the_buyer_after_the_upgrade(books: Books) -> None:
    books.places("A-1")
    books.places("A-2")
    OrderContact.objects.filter(order__ref="A-2").delete()  # erased
    MigrationExecutor(connection).migrate([("store", "0007_since_when_it_fails")])
    try:
        with connection.cursor() as cursor:
            meta = '[["bol_order_id", "C1"], ["bol_vat_number", "NL001"], ["bol_kvk_number", "002"]]'
            cursor.execute("UPDATE store_order SET buyer_reference = 'PO 7', meta = %s", [meta])
    finally:
        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes())

    assert list(Order.objects.values_list("meta", flat=True)) == [[["bol_order_id", "C1"]]] * 2
    moved = {person.role: (person.order_reference, person.meta) for person in OrderContact.objects.all()}
    numbers = [["bol_vat_number", "NL001"], ["bol_kvk_number", "002"]]
    assert moved == {"ship_to": ("", []), "bill_to": ("PO 7", numbers)}


def test_connections_of_an_older_version_stay_in_their_network_after_the_upgrade(books: Books) -> None:
    MigrationExecutor(connection).migrate([("store", "0014_estimated_deadlines")])
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())

    assert set(Connection.objects.values_list("keeps_private_network", flat=True)) == {True}


def test_open_orders_of_an_older_version_have_an_estimate_after_the_upgrade(books: Books) -> None:
    books.places("A-1")
    Order.objects.update(ship_by=None, deliver_by=datetime(2026, 3, 5, 22, tzinfo=UTC))
    MigrationExecutor(connection).migrate([("store", "0013_text_where_a_number_belongs")])

    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())

    row = books.order("A-1")
    assert (row.ship_by, row.ship_by_is_estimated) == (datetime(2026, 3, 4, 16, tzinfo=UTC), True)


# ---------------------------------------------------------------- claiming


def test_a_claim_raises_the_epoch_and_brings_the_connection(books: Books) -> None:
    taken = connections.claim(books.shop.pk)

    assert taken is not None
    claim, row = taken
    assert (claim.epoch, row.epoch, row.name, row.currencies) == (2, 2, "Webshop", [])


def test_a_connection_that_is_gone_cannot_be_claimed(books: Books) -> None:
    assert connections.claim(4711) is None


WRITES = {
    "save_schedule": lambda claim, now: connections.save_schedule(claim, cursor="moved"),
    "failed": lambda claim, now: connections.record_failure(claim, now, "down", now),
    "slow_down": lambda claim, now: connections.slow_down(claim, now),
    "needs_attention": lambda claim, now: connections.needs_attention(claim, ProblemKind.AUTH_REJECTED, {}, now),
    "refused": lambda claim, now: connections.record_rejection(claim, now),
    "nameless": lambda claim, now: connections.record_unidentified(claim, "bol", ["a row"], now),
    "waits_unread": lambda claim, now: shop_snapshots.waits_unread(claim, now),
}


@pytest.mark.parametrize("name", WRITES)
def test_a_sync_run_that_was_overtaken_writes_nothing_about_its_connection(books: Books, name: str) -> None:
    stale = overtaken(books.here)
    before = Connection.objects.values().get(pk=books.shop.pk)

    with pytest.raises(Fenced):
        WRITES[name](stale, books.now)

    assert Connection.objects.values().get(pk=books.shop.pk) == before


def test_a_sync_run_that_was_overtaken_takes_in_no_summaries(books: Books) -> None:
    overtaken(books.there)

    with pytest.raises(Fenced):
        books.sees(books.summary("A-1"))

    assert Order.objects.count() == 0


def test_a_sync_run_that_was_overtaken_takes_in_no_snapshots(books: Books) -> None:
    books.places("A-1")
    overtaken(books.here)

    with pytest.raises(Fenced):
        books.shop_says(books.snapshot("A-1", books.snapshot("A-1").state.COMPLETED))

    assert books.order("A-1").shop_state == "open"


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("minutes", "believed"),
    [
        ((0, 30), [False, False]),
        ((0, 1, 2, 4), [False] * 4),
        ((0, 2.5, 5), [False, False, True]),
        ((0, 30, 31), [False, False, True]),
    ],
)
def test_an_account_is_believed_to_be_refused_after_three_times_over_five_minutes(
    books: Books, minutes: tuple[float, ...], believed: list[bool]
) -> None:
    moments = [books.now + timedelta(minutes=one) for one in minutes]

    assert [connections.record_rejection(books.here, moment) for moment in moments] == believed


# ---------------------------------------------------------------- the schedule


@pytest.mark.parametrize("column", ["pull_at", "push_at", "refresh_at", "wait_at"])
def test_a_connection_is_due_when_one_of_its_times_has_come(books: Books, column: str) -> None:
    Connection.objects.filter(pk=books.shop.pk).update(**{column: books.now})

    assert connections.due(books.now - timedelta(seconds=1)) == []
    assert connections.due(books.now) == [books.shop.pk]


def test_a_quiet_connection_is_due_for_the_end_of_a_wait_only(books: Books) -> None:
    quiet = {"backoff_until": books.now + timedelta(minutes=1), "pull_at": books.now, "push_at": books.now}
    Connection.objects.filter(pk=books.shop.pk).update(**quiet)
    Connection.objects.filter(pk=books.marketplace.pk).update(**quiet, wait_at=books.now)

    assert connections.due(books.now) == [books.marketplace.pk]
    assert connections.due(books.now + timedelta(minutes=1)) == [books.marketplace.pk, books.shop.pk]


def test_a_paused_connection_is_due_for_the_end_of_a_wait_only(books: Books) -> None:
    Connection.objects.update(state=ConnectionState.PAUSED, pull_at=books.now)
    Connection.objects.filter(pk=books.shop.pk).update(wait_at=books.now)

    assert connections.due(books.now) == [books.shop.pk]


def test_a_nudge_brings_pushing_forward_and_never_back(books: Books) -> None:
    earlier = books.now - timedelta(minutes=1)
    Connection.objects.filter(pk=books.shop.pk).update(push_at=earlier)
    Connection.objects.filter(pk=books.marketplace.pk).update(push_at=books.now + timedelta(minutes=1))

    connections.nudge_push({books.shop.pk, books.marketplace.pk}, books.now)

    assert list(Connection.objects.order_by("id").values_list("push_at", flat=True)) == [books.now, earlier]


def test_the_first_wait_counts(books: Books) -> None:
    for minutes in (10, 5, 20):
        connections.bring_wait_forward(books.shop.pk, books.now + timedelta(minutes=minutes))

    assert Connection.objects.get(pk=books.shop.pk).wait_at == books.now + timedelta(minutes=5)


# ---------------------------------------------------------------- trouble


def test_failing_is_counted_from_its_beginning(books: Books) -> None:
    began = books.now
    connections.record_failure(books.here, books.now, "down", books.now + timedelta(seconds=30))
    books.passes(minutes=1)

    connections.record_failure(books.here, books.now, "still down", books.now + timedelta(minutes=1))

    row = Connection.objects.get(pk=books.shop.pk)
    assert (row.failures, row.failing_since, row.last_error) == (2, began, "still down")
    assert row.backoff_until == books.now + timedelta(minutes=1)


def test_trouble_with_the_account_pauses_it_with_one_notification(books: Books) -> None:
    for _ in range(2):
        connections.needs_attention(books.here, ProblemKind.AUTH_REJECTED, {"side": "Shop"}, books.now)

    row = Connection.objects.get(pk=books.shop.pk)
    assert (row.state, row.problem_kind) == (ConnectionState.ATTENTION, ProblemKind.AUTH_REJECTED)
    assert Event.objects.filter(connection=row, kind="needs_attention").count() == 1


def test_resuming_makes_everything_due_and_forgets_the_trouble(books: Books) -> None:
    connections.record_failure(books.here, books.now, "down", books.now + timedelta(hours=1))
    connections.needs_attention(books.here, ProblemKind.AUTH_REJECTED, {}, books.now)

    connections.set_state(books.shop.pk, ConnectionState.ACTIVE, books.now, "tester")

    row = Connection.objects.get(pk=books.shop.pk)
    assert (row.state, row.problem_kind, row.failures, row.backoff_until) == ("active", "", 0, None)
    assert connections.due(books.now) == [books.shop.pk]


# ---------------------------------------------------------------- one of each


def test_one_account_is_one_connection(books: Books) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        connect(books.merchant, Side.SHOP, "The same shop again", fingerprint="Webshop")


def test_two_marketplaces_may_share_a_shop(books: Books) -> None:
    other = connect(books.merchant, Side.MARKETPLACE, "Other")

    Link.objects.create(merchant=books.merchant, name="Other", marketplace=other, shop=books.shop, from_at=books.now)

    assert books.shop.links_of_shop.count() == 2


# ---------------------------------------------------------------- secrets


def raw(column: str, key: int) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM store_connection WHERE id = %s", [key])
        return str(cursor.fetchone()[0])


def test_secrets_are_encrypted_where_they_stand(books: Books) -> None:
    assert connections.open_settings(books.shop) == {"key": "the secret key"}
    assert "the secret key" not in raw("secrets", books.shop.pk)


def test_a_token_is_encrypted_where_it_stands(books: Books) -> None:
    taken = connections.claim(books.shop.pk)
    assert taken is not None
    claim, _ = taken
    connections.save_schedule(claim, token=connections.sealed_token("the token", books.now))

    assert connections.token_of(books.shop.pk) == ("the token", books.now)
    assert "the token" not in raw("token", books.shop.pk)


def test_a_connection_without_a_token_has_none(books: Books) -> None:
    assert connections.token_of(books.shop.pk) is None


def test_rotating_keeps_everything_readable_and_drops_the_old_key(own_keys: Path, books: Books) -> None:
    [old] = keys.load_keys()

    count = connections.rotate_keys()

    assert count == 2
    assert old not in keys.load_keys()
    assert len(keys.load_keys()) == 1
    assert connections.open_settings(Connection.objects.get(pk=books.shop.pk)) == {"key": "the secret key"}


def test_the_key_file_is_its_owners_alone(own_keys: Path, books: Books) -> None:
    connections.rotate_keys()

    assert own_keys.stat().st_mode & 0o077 == 0


def test_lost_keys_are_said_with_the_way_back(own_keys: Path, books: Books) -> None:
    own_keys.unlink()
    keys.load_keys()  # another one

    with pytest.raises(KeysLost, match=r"not in .*keys\. Bring that file back from your backup"):
        connections.open_settings(books.shop)
