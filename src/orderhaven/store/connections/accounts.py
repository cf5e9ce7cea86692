"""What an account has of its own, kept on its connection: as it was last read, and what changed since the time before."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db import transaction

from orderhaven.ports.account import AccountChoices, kept_of
from orderhaven.ports.connector import AccountProfile, ConnectorSpec
from orderhaven.store.connections.connections import Claim, fence, jittered, record_account_change
from orderhaven.store.models import Connection, Event
from orderhaven.store.upkeep.versions import ExpectedVersion

_EVERY = timedelta(days=1)
_SOONEST_AGAIN, _LATEST_AGAIN = timedelta(minutes=5), timedelta(hours=6)
_AGAIN_AT_FIRST = timedelta(hours=1)  # of one that was made before accounts were kept

Columns = Mapping[str, object]


def columns_of(profile: AccountProfile, spec: ConnectorSpec, now: datetime, spread: float) -> Columns:
    """Of a connection whose account was read now; `spread` is a random number from 0 to 1."""
    return {
        "account_name": profile.name[:200],
        "currencies": sorted(profile.currencies),
        "channels": dict(profile.channels),
        "account": kept_of(profile, spec),
        "account_read_at": now,
        "account_due_at": jittered(now, _EVERY, spread),
    }


def due_after_failure(row: Connection, now: datetime) -> datetime:
    """The longer it fails, the longer it is left alone, up to six hours."""
    late = now - (row.account_read_at + _EVERY) if row.account_read_at is not None else _AGAIN_AT_FIRST
    return now + min(max(late, _SOONEST_AGAIN), _LATEST_AGAIN)


def keep(
    connection_id: int, columns: Columns, now: datetime, actor: str = "hub", claim: Claim | None = None
) -> Mapping[str, str]:
    """Write down what was read, with an event of what changed. Raises Fenced when a later run than the claim's has it."""
    with transaction.atomic():
        if claim is not None:
            fence(claim)
        row = Connection.objects.select_for_update().get(pk=connection_id)
        changes = changes_by(row, columns)
        Connection.objects.filter(pk=connection_id).update(**columns)
        if changes:
            record_account_change(connection_id, changes, now, actor)
        return changes


@contextmanager
def choosing(connection_id: int, now: datetime, actor: str, expected: ExpectedVersion | None) -> Iterator[Connection]:
    """The connection, whose choices are written at the end with an event. Raises Changed."""
    with transaction.atomic():
        row = Connection.objects.select_for_update().get(pk=connection_id)
        if expected is not None:
            expected.demand()
        before = row.account_choices
        yield row
        if row.account_choices != before:
            row.save(update_fields=["account_choices"])
            Event.objects.create(
                connection_id=connection_id,
                at=now,
                actor=actor,
                kind="account_codes_chosen",
                data={
                    "carriers": _news(before.carriers, row.account_choices.carriers),
                    "reasons": _news(before.reasons, row.account_choices.reasons),
                },
            )


def choose(row: Connection, carriers: Mapping[str, str | None], reasons: Mapping[str, str | None]) -> None:
    """Lay these choices over those that there are; None forgets one."""
    kept = row.account_choices
    row.account_choices = AccountChoices(_laid_over(kept.carriers, carriers), _laid_over(kept.reasons, reasons))


def changes_by(row: Connection, columns: Columns) -> Mapping[str, str]:
    """What these columns say otherwise than the row, for an event; nothing when it was never read before."""
    if row.account_read_at is None:
        return {}
    before, after = row.account, Connection(**columns)
    changes = {
        "title": after.account.title if after.account.title != before.title else "",
        "account_name": after.account_name if after.account_name != row.account_name else "",
        **_gone_and_new("abilities", after.account.lacks, before.lacks),
        **_gone_and_new("currencies", row.currencies, after.currencies),
        **_gone_and_new("channels", row.channels, after.channels),
        **_gone_and_new("carriers", before.carriers or {}, after.account.carriers or {}),
        **_gone_and_new("reasons", before.reasons or {}, after.account.reasons or {}),
        "limits": ", ".join(sorted(after.account.limits)) if after.account.limits != before.limits else "",
    }
    return {name: value for name, value in changes.items() if value}


# below: how


def _laid_over(kept: Mapping[str, str], given: Mapping[str, str | None]) -> dict[str, str]:
    whole: dict[str, str | None] = {**kept, **given}
    return {code: ours for code, ours in whole.items() if ours is not None}


def _news(before: Mapping[str, str], after: Mapping[str, str]) -> Mapping[str, str]:
    """Code -> which of ours it is now; "" for none of them, or where nobody's word is kept any more."""
    return {code: after.get(code, "") for code in {**before, **after} if before.get(code) != after.get(code)}


def _gone_and_new(
    what: str, before: Collection[str] | Mapping[str, str], after: Collection[str] | Mapping[str, str]
) -> Mapping[str, str]:
    return {f"{what}_gone": _names(before, after), f"{what}_new": _names(after, before)}


def _names(those: Collection[str] | Mapping[str, str], without: Collection[str]) -> str:
    """By what they are called; a code where that is all there is."""
    labels = those if isinstance(those, Mapping) else {}
    return ", ".join(labels.get(code) or code for code in those if code not in without)
