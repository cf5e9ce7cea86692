"""Connections: made, tested before they are saved, paused, resumed, polled now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import random
from shlex import quote

from orderhaven import paths
from orderhaven.actions.address_changes import Move, demand_reachable, demand_secrets_again, moves
from orderhaven.actions.context import ActionContext, requires
from orderhaven.actions.errors import ActionRefused, action_refused
from orderhaven.actions.probing import probe
from orderhaven.actions.settings_form import complete, demand_offered, split_secrets
from orderhaven.core.access import Permission
from orderhaven.core.problems import ProblemKind
from orderhaven.core.reasons import name_connection, translate_reason
from orderhaven.core.sentences import sentence
from orderhaven.core.translation import _
from orderhaven.ports.account import read_account
from orderhaven.ports.connector import AccountProfile, ConnectorSpec, Side
from orderhaven.store.connections import accounts, connections, nudges
from orderhaven.store.connections.keys import KeysLost
from orderhaven.store.models import Connection, ConnectionState
from orderhaven.store.upkeep.versions import ExpectedVersion
from orderhaven.sync.lock import hub_is_running

_EVERY = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class ConnectionTrial:
    """An account that answered: what it is called, what it offers to choose from. Nothing is saved yet."""

    spec: ConnectorSpec
    row: Connection
    settings: Mapping[str, str]
    account: AccountProfile
    moved: tuple[Move, ...] = ()  # of a connection that exists: addresses that lead elsewhere now


@dataclass(frozen=True, slots=True)
class SavedConnection:
    name: str
    account: AccountProfile
    is_new: bool  # else an existing connection got new keys or settings


@requires(Permission.CONFIGURE)
def connect(
    context: ActionContext,
    connector: str,
    name: str,
    given: Mapping[str, str],
    every: timedelta | None = None,
    *,
    expected: ExpectedVersion | None = None,
) -> SavedConnection:
    """Test the account, then save it as connection `name`; an existing one gets the new keys. Raises ActionRefused."""
    return save(context, try_account(context, connector, name, given), every, expected=expected)


@requires(Permission.CONFIGURE)
def try_account(context: ActionContext, connector: str, name: str, given: Mapping[str, str]) -> ConnectionTrial:
    """Ask the account who it is. Raises ActionRefused with what to mend; nothing is saved."""
    spec = context.spec(connector)
    row = _row_for(context, spec, name.strip())
    kept = _kept_settings(row)
    settings = complete(spec, given, kept)
    moved = tuple(moves(spec, row.settings, settings))
    if moved:
        demand_secrets_again(spec, moved, given, kept)
    stays = row.keeps_private_network and not moved
    if not stays:
        demand_reachable(spec, settings)
    account: AccountProfile = probe(
        context,
        spec,
        settings,
        lambda connector: read_account(connector, spec),
        side="" if row._state.adding else row.name,
        keeps_private_network=stays,
    )
    _demand_own_account(spec, row, account)
    return ConnectionTrial(spec, row, settings, account, moved)


def choose(trial: ConnectionTrial, chosen: Mapping[str, str]) -> ConnectionTrial:
    """The same trial with what was chosen from the account's own lists. Raises ActionRefused."""
    settings = complete(trial.spec, chosen, trial.settings)
    if moves(trial.spec, trial.settings, settings):
        raise action_refused("The address was tried already, and this is another one. Begin again with it.")
    return replace(trial, settings=settings)


@requires(Permission.CONFIGURE)
def save(
    context: ActionContext,
    trial: ConnectionTrial,
    every: timedelta | None = None,
    *,
    expected: ExpectedVersion | None = None,
) -> SavedConnection:
    """Raises ActionRefused."""
    demand_offered(trial.spec, trial.settings, trial.account.choices)
    row = trial.row
    if every is not None:
        demand_not_too_often(every, trial.spec, row.name)
        row.pull_every_s = int(every.total_seconds())
    elif row._state.adding:
        row.pull_every_s = int(max(_EVERY, trial.spec.limits.poll_floor).total_seconds())
    columns = accounts.columns_of(trial.account, trial.spec, context.clock.now(), random())
    changes = accounts.changes_by(row, columns)
    row.fingerprint = trial.account.fingerprint
    for name, value in columns.items():
        setattr(row, name, value)
    is_new = row._state.adding
    shown, secret = split_secrets(trial.spec, trial.settings)
    row.keeps_private_network = row.keeps_private_network and not trial.moved
    connections.save_account(row, shown, secret, context.clock.now(), context.actor, trial.moved, changes, expected)
    return SavedConnection(row.name, trial.account, is_new)


@requires(Permission.READ)
def connection_list(context: ActionContext) -> list[ConnectionRow]:
    return [_shown(context, row) for row in connections.all_of(context.merchant_id)]


@requires(Permission.WRITE)
def pause(context: ActionContext, name: str) -> None:
    """Nothing is pulled or pushed until it is resumed; waits go on and are extended."""
    connections.set_state(context.connection(name).pk, ConnectionState.PAUSED, context.clock.now(), context.actor)


@requires(Permission.WRITE)
def resume(context: ActionContext, name: str) -> None:
    connections.set_state(context.connection(name).pk, ConnectionState.ACTIVE, context.clock.now(), context.actor)


@requires(Permission.WRITE)
def poll_now(context: ActionContext, name: str) -> bool:
    """Make everything due on this connection. Whether a hub runs here that will do it. Raises ActionRefused."""
    row = context.connection(name)
    if row.state != ConnectionState.ACTIVE:
        raise action_refused("'{name}' is paused. Resume it first.", name=name)
    connections.pull_now(row, context.clock.now())
    return hub_is_running(paths.lock_file())


@requires(Permission.CONFIGURE)
def webhook_address(context: ActionContext, name: str) -> tuple[str, str]:
    """What to paste into the other side, so that it calls when something happens there: address and secret.

    They are made on first use and stay the same. Raises ActionRefused.
    """
    row = context.connection(name)
    spec = context.spec(row.connector)
    if not spec.webhook:
        raise action_refused("{name} does not call Orderhaven; it is asked every few minutes.", name=row.name)
    key = nudges.key_of(row.pk)
    return f"{paths.web_address()}/hooks/{key}", nudges.secret_of(key)


@dataclass(frozen=True, slots=True)
class LinkSummary:
    name: str
    shop: str
    channels: tuple[str, ...]  # none: all
    dry_run: bool


@dataclass(frozen=True, slots=True)
class ConnectionRow:
    """A connection as a list shows it."""

    name: str
    connector: str
    title: str
    side: Side
    account: str
    state: ConnectionState
    shop: str  # of a marketplace: where its orders go, shop after shop; "" while it has no link
    dry_run: bool  # all of its links
    links: tuple[LinkSummary, ...]
    channels: Mapping[str, str]  # code -> what the marketplace calls it
    every: timedelta
    last_pulled_at: datetime | None  # None: not pulled yet
    next_at: datetime | None  # None: nothing is planned
    backoff_until: datetime | None  # nothing is asked before then: they wish it, or a try failed; None: not so
    trouble: str  # a sentence; "" when all is well


def demand_not_too_often(every: timedelta, spec: ConnectorSpec, its_name: str) -> None:
    floor = spec.limits.poll_floor
    if every < floor:
        raise action_refused(
            "{name} may not be asked more often than every {seconds} seconds.",
            name=its_name,
            seconds=int(floor.total_seconds()),
        )


def trouble_of(row: Connection, now: datetime) -> str:
    """Why a connection does not do its work, in a sentence; "" when it does."""
    match ConnectionState(row.state):
        case ConnectionState.ATTENTION:
            return sentence(ProblemKind(row.problem_kind), {**row.problem_values, "side": row.name})
        case ConnectionState.PAUSED:
            return _("Paused by hand. Resume it with: {command}", command=f"orderhaven resume {quote(row.name)}")
        case ConnectionState.ACTIVE if row.failing_since is not None:
            minutes = int((now - row.failing_since).total_seconds() // 60)
            return _(
                "For {minutes} minutes now every try failed ({failures} so far): {reason}. Orderhaven keeps trying.",
                minutes=minutes,
                failures=row.failures,
                reason=translate_reason(name_connection(row.last_error, row.name)),
            )
        case ConnectionState.ACTIVE if row.repeated_retry_at is not None:
            return sentence(ProblemKind.REPEATED_REJECTION, {"side": row.name, "reason": row.repeated_reason})
        case ConnectionState.ACTIVE if row.problem_kind:
            return sentence(ProblemKind(row.problem_kind), {**row.problem_values, "side": row.name})
    return ""


def _kept_settings(row: Connection) -> Mapping[str, str]:
    """What an existing connection was made with."""
    if row._state.adding:
        return {}
    try:
        return connections.open_settings(row)
    except KeysLost:
        # connecting again is one of the two ways out of lost keys: what is missing then says so by itself
        return dict(row.settings)


def _row_for(context: ActionContext, spec: ConnectorSpec, name: str) -> Connection:
    if not name or len(name) > 100 or "/" in name:
        raise action_refused("A connection needs a name of 1 to 100 characters, without a slash.")
    row = connections.by_name(context.merchant_id, name)
    if row is None:
        return Connection(merchant_id=context.merchant_id, connector=spec.name, side=spec.side, name=name)
    if row.connector != spec.name:
        raise action_refused(
            "'{name}' is a connection with {connector} already. Give this one another name.",
            name=name,
            connector=row.connector,
        )
    return row


def _demand_own_account(spec: ConnectorSpec, row: Connection, account: AccountProfile) -> None:
    if not row._state.adding and row.fingerprint != account.fingerprint:
        other = sentence(ProblemKind.OTHER_ACCOUNT, {"side": spec.title})
        raise ActionRefused(f"{other} " + _("Give it a name of its own; '{name}' stays as it was.", name=row.name))
    known = connections.of_account(spec.name, account.fingerprint)
    if known is not None and known.merchant_id != row.merchant_id:
        raise action_refused(
            "This account of {title} is connected to this hub already, for another merchant. End it there first.",
            title=spec.title,
        )
    if known is not None and (row._state.adding or known.pk != row.pk):
        raise action_refused(
            "This account of {title} is already connected as '{name}'. To give that one new keys, change that connection.",
            title=spec.title,
            name=known.name,
        )


def _shown(context: ActionContext, row: Connection) -> ConnectionRow:
    links = tuple(LinkSummary(one.name, one.shop.name, one.channels, one.dry_run) for one in row.links.all())
    now = context.clock.now()
    spec = context.spec_of(row) if row.connector in context.specs_by_name else None
    return ConnectionRow(
        name=row.name,
        connector=row.connector,
        title=spec.title if spec is not None else row.connector,
        side=Side(row.side),
        account=row.account_name,
        state=ConnectionState(row.state),
        shop=", ".join(dict.fromkeys(one.shop for one in links)),
        dry_run=bool(links) and all(one.dry_run for one in links),
        links=links,
        channels=row.channels,
        every=timedelta(seconds=row.pull_every_s),
        last_pulled_at=row.last_pulled_at,
        next_at=_next(row),
        backoff_until=row.backoff_until if row.backoff_until is not None and row.backoff_until > now else None,
        trouble=trouble_of(row, now),
    )


def _next(row: Connection) -> datetime | None:
    planned = [moment for moment in (row.pull_at, row.push_at) if moment is not None]
    if row.state != ConnectionState.ACTIVE or not planned:
        return None
    return max(min(planned), row.backoff_until) if row.backoff_until is not None else min(planned)
