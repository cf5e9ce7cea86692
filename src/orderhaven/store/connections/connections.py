"""Connections: claiming one for a sync run, its schedule, its secrets, its trouble."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Prefetch, QuerySet
from django.db.models.functions import Least

from orderhaven.core.problems import ProblemKind
from orderhaven.store.connections import keys
from orderhaven.store.models import Connection, ConnectionState, Event, Link, Message, MessageState, Webhook
from orderhaven.store.sql import statements
from orderhaven.store.sql.execute import relaxed_durability
from orderhaven.store.upkeep.versions import ExpectedVersion

TAKES_LONG = timedelta(hours=2)
REFUSED_FOR = timedelta(minutes=5)
_REFUSALS = 3
_LONGEST_CAUSE = 500


class Fenced(Exception):
    """A later run has claimed this connection: whatever this one still wants to write is stale."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to one sync run. Every write of the run presents it."""

    connection_id: int
    epoch: int


def claim(connection_id: int) -> tuple[Claim, Connection] | None:
    """Raise the epoch and take the connection as it stands, in one statement; None when it is gone."""
    with relaxed_durability():
        row = statements.raise_epoch(connection_id)
    return (Claim(row.pk, row.epoch), row) if row is not None else None


def fence(claimed: Claim) -> int:
    """Hold the connection's row for this transaction. Raises Fenced when a later run has it.

    Returns how many orders in a row met one refusal, which `store.outbox.repeated_rejections` counts.
    """
    found = statements.held_epoch(claimed.connection_id)
    if found is None or found[0] != claimed.epoch:
        raise Fenced(f"connection {claimed.connection_id}: epoch {claimed.epoch} is over")
    return found[1]


@contextmanager
def scheduling(claimed: Claim) -> Iterator[None]:
    """One transaction for what is due next: no nudge comes between what is read and what is written. Raises Fenced."""
    with relaxed_durability(), transaction.atomic():
        fence(claimed)
        yield


def due(now: datetime, limit: int = 200) -> list[int]:
    """Connections with something to do. A wait ends on a connection in trouble too: then by the clock alone."""
    return statements.due_connections(now, limit)


def nudge(connection_id: int, now: datetime, *columns: str) -> None:
    """Make a pull, a push or a refresh due now: one UPDATE, from any process."""
    Connection.objects.filter(pk=connection_id).update(**dict.fromkeys(columns, now))


def end_backoff(connection_ids: Collection[int]) -> None:
    """A person says that it is mended: what failed is tried now. What the other side asked for is kept."""
    Connection.objects.filter(pk__in=connection_ids, failures__gt=0).update(backoff_until=None)


def nudge_push(connection_ids: set[int], now: datetime) -> None:
    for one in connection_ids:
        statements.nudge_push(one, now)


def bring_wait_forward(connection_id: int, wait_until: datetime) -> None:
    waits = Connection.objects.filter(pk=connection_id)
    if not waits.filter(wait_at__isnull=True).update(wait_at=wait_until):
        waits.update(wait_at=Least("wait_at", wait_until))


def save_schedule(claimed: Claim, **columns: object) -> None:
    """Write the schedule at the end of a run. Raises Fenced."""
    if not statements.set_in_epoch(claimed.connection_id, claimed.epoch, columns):
        raise Fenced(f"connection {claimed.connection_id}: epoch {claimed.epoch} is over")


def record_failure(claimed: Claim, now: datetime, cause: str, backoff_until: datetime) -> None:
    """Nobody's turn: note since when it fails, and be quiet until then. A person hears of it only after hours, once."""
    with transaction.atomic():
        fence(claimed)
        row = Connection.objects.filter(pk=claimed.connection_id)
        row.filter(failing_since__isnull=True).update(failing_since=now)
        row.update(failures=F("failures") + 1, last_error=cause, backoff_until=backoff_until)
        values = {"side": row.get().name, "hours": str(TAKES_LONG.seconds // 3600), "reason": cause}
        if row.filter(failing_since__lte=now - TAKES_LONG, problem_kind="").update(
            problem_kind=ProblemKind.DELAYED, problem_values=values
        ):
            Event.objects.create(
                connection_id=claimed.connection_id, at=now, actor="hub", kind="failing_long", data=values
            )


def slow_down(claimed: Claim, backoff_until: datetime) -> None:
    """They asked for a pause; that is no failure."""
    save_schedule(claimed, backoff_until=backoff_until)


_NO_PROBLEM: Mapping[str, object] = {"problem_kind": "", "problem_values": {}}
_NO_TROUBLE: Mapping[str, object] = {"failures": 0, "failing_since": None, "last_error": "", "backoff_until": None}
_NO_REFUSALS: Mapping[str, object] = {"rejections": 0, "rejected_since": None}
_NO_FAILURES: Mapping[str, object] = {**_NO_TROUBLE, **_NO_REFUSALS}


def recovered(row: Connection) -> Mapping[str, object]:
    """What is written of a connection that works again: only the problem that failing made is over.

    That it may be read says nothing of what it rejects: while that is still to be sent, rejections count on.
    """
    over = {**_NO_TROUBLE, **_NO_PROBLEM} if row.problem_kind == ProblemKind.DELAYED else _NO_TROUBLE
    return over if row.rejections and _failed_messages(row.pk).exists() else {**over, **_NO_REFUSALS}


def _failed_messages(connection_id: int) -> QuerySet[Message]:
    """What was tried, surely did not happen, and waits to be tried again."""
    waiting = Message.objects.filter(connection_id=connection_id, state=MessageState.QUEUED)
    return waiting.filter(failing_since__isnull=False)


def record_unidentified(claimed: Claim, side: str, causes: Collection[str], now: datetime) -> None:
    """Rows that do not say of which order they are: one notice on the connection, until a person has looked."""
    values = {"side": side, "cause": "; ".join(sorted(causes))[:_LONGEST_CAUSE]}
    with transaction.atomic():
        fence(claimed)
        row = Connection.objects.filter(pk=claimed.connection_id, problem_kind="")
        if row.update(problem_kind=ProblemKind.UNIDENTIFIED_ROWS, problem_values=values):
            data = {"problem": str(ProblemKind.UNIDENTIFIED_ROWS), **values}
            Event.objects.create(
                connection_id=claimed.connection_id, at=now, actor="hub", kind="unidentified_rows", data=data
            )


def needs_attention(claimed: Claim, kind: ProblemKind, values: Mapping[str, str], now: datetime) -> None:
    """The merchant must mend the account: pause it, with one notice."""
    with transaction.atomic():
        fence(claimed)
        changed = Connection.objects.filter(pk=claimed.connection_id, state=ConnectionState.ACTIVE).update(
            state=ConnectionState.ATTENTION, problem_kind=kind, problem_values=dict(values)
        )
        if changed:
            data = {"problem": str(kind), **values}
            Event.objects.create(
                connection_id=claimed.connection_id, at=now, actor="hub", kind="needs_attention", data=data
            )


def record_rejection(claimed: Claim, now: datetime) -> bool:
    """The other side refuses this account. Whether it did so often and long enough to be believed."""
    with transaction.atomic():
        fence(claimed)
        row = Connection.objects.filter(pk=claimed.connection_id)
        row.filter(rejected_since__isnull=True).update(rejected_since=now)
        row.update(rejections=F("rejections") + 1)
        return row.filter(rejections__gte=_REFUSALS, rejected_since__lte=now - REFUSED_FOR).exists()


def set_state(connection_id: int, state: ConnectionState, now: datetime, actor: str) -> None:
    """Pause or resume by hand. Resuming makes everything due at once."""
    with transaction.atomic():
        columns: dict[str, object] = {"state": state, "problem_kind": "", "problem_values": {}}
        if state is ConnectionState.ACTIVE:
            columns |= {"pull_at": now, "push_at": now, **_NO_FAILURES}
            _failed_messages(connection_id).filter(due_at__gt=now).update(due_at=now)
        Connection.objects.filter(pk=connection_id).update(**columns)
        _try_refused(connection_id, now)
        kind = "resumed" if state is ConnectionState.ACTIVE else "paused"
        Event.objects.create(connection_id=connection_id, at=now, actor=actor, kind=kind)


def open_settings(row: Connection) -> dict[str, str]:
    """Settings and secrets together, as a connector takes them. Raises KeysLost."""
    return {**row.settings, **keys.decrypt(row.secrets)}


def token_of(connection_id: int) -> tuple[str, datetime] | None:
    kept = keys.decrypt(Connection.objects.values_list("token", flat=True).get(pk=connection_id))
    return (kept["token"], datetime.fromisoformat(kept["ends_at"])) if kept else None


def sealed_token(token: str, ends_at: datetime) -> str:
    """As the column `token` keeps it."""
    return keys.encrypt({"token": token, "ends_at": ends_at.isoformat()})


def rotate_keys() -> int:
    """Encrypt every secret with a new key, then forget the old ones. Returns how many connections were rewritten."""
    keys.add_key()
    with transaction.atomic():
        rows = list(Connection.objects.select_for_update())
        for row in rows:
            row.secrets = keys.encrypt(keys.decrypt(row.secrets))
            row.token = ""
            row.save(update_fields=["secrets", "token"])
        for hook in Webhook.objects.select_for_update():
            hook.secret = keys.encrypt(keys.decrypt(hook.secret))
            hook.save(update_fields=["secret"])
    keys.drop_old_keys()
    return len(rows)


def by_name(merchant_id: int, name: str) -> Connection | None:
    return Connection.objects.filter(merchant_id=merchant_id, name=name).first()


def all_of(merchant_id: int) -> list[Connection]:
    """With their links loaded, marketplaces first."""
    links = Link.objects.select_related("shop").prefetch_related("link_channels").order_by("name")
    rows = Connection.objects.filter(merchant_id=merchant_id).prefetch_related(Prefetch("links", links))
    return list(rows.order_by("side", "name"))


def latest_events(connection_id: int, limit: int = 20) -> list[Event]:
    """What happened to it, newest first."""
    return list(Event.objects.filter(connection_id=connection_id).order_by("-id")[:limit])


def of_account(connector: str, fingerprint: str) -> Connection | None:
    """The connection of this account, whoever's it is: one account is one connection in a store."""
    return Connection.objects.filter(connector=connector, fingerprint=fingerprint).first()


def save_account(
    row: Connection,
    settings: Mapping[str, str],
    secrets: Mapping[str, str],
    now: datetime,
    actor: str,
    moved: Collection[tuple[str, str]] = (),
    changes: Mapping[str, str] = {},
    expected: ExpectedVersion | None = None,
) -> None:
    """Insert or rewrite a connection that was tested; everything is due at once, and an old token is forgotten. Raises Changed."""
    is_new = row._state.adding
    row.settings, row.secrets, row.token = dict(settings), keys.encrypt(secrets), ""
    columns = [
        "settings",
        "secrets",
        "token",
        "account_name",
        "currencies",
        "channels",
        "account",
        "account_read_at",
        "account_due_at",
        "pull_every_s",
        "keeps_private_network",
    ]
    with transaction.atomic():
        if is_new:
            row.pull_at, row.refresh_at = now, now if row.side == "shop" else None
            row.save(force_insert=True)
        else:
            if expected is not None:
                expected.demand()
            row.save(update_fields=columns)
            Connection.objects.filter(pk=row.pk, rejections__gt=0).update(**_NO_FAILURES)
            _try_refused(row.pk, now)
            if Connection.objects.filter(pk=row.pk, state=ConnectionState.ATTENTION).exists():
                set_state(row.pk, ConnectionState.ACTIVE, now, actor)
        kind = "connected" if is_new else "keys_changed"
        Event.objects.create(connection_id=row.pk, at=now, actor=actor, kind=kind)
        for before, after in moved:
            data = {"before": before, "after": after}
            Event.objects.create(connection_id=row.pk, at=now, actor=actor, kind="address_changed", data=data)
        if changes:
            record_account_change(row.pk, changes, now, actor)


def record_account_change(connection_id: int, changes: Mapping[str, str], now: datetime, actor: str) -> None:
    Event.objects.create(connection_id=connection_id, at=now, actor=actor, kind="account_changed", data=dict(changes))


def pull_now(row: Connection, now: datetime) -> None:
    """A person wants it polled: everything is due, and a back-off after failures ends; a pause they asked for stays."""
    columns = ("pull_at", "push_at", "refresh_at") if row.side == "shop" else ("pull_at", "push_at")
    nudge(row.pk, now, *columns)
    Connection.objects.filter(pk=row.pk, failures__gt=0).update(backoff_until=None)
    Connection.objects.filter(pk=row.pk, problem_kind=ProblemKind.UNIDENTIFIED_ROWS).update(**_NO_PROBLEM)
    _try_refused(row.pk, now)


def _try_refused(connection_id: int, now: datetime) -> None:
    """Whatever orders were refused for may be mended: one of them is tried at once."""
    Connection.objects.filter(pk=connection_id, repeated_retry_at__isnull=False).update(
        repeated_retry_at=now, push_at=now
    )


def jittered(now: datetime, every: timedelta, spread: float) -> datetime:
    """The next time, up to a tenth of the interval later; `spread` is a random number from 0 to 1."""
    return now + every * (1 + 0.1 * spread)
