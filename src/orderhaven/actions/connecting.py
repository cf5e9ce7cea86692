"""Connections: made, tested before they are saved, paused, resumed, polled now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from shlex import quote

from orderhaven import paths
from orderhaven.actions.errors import Impossible, impossible
from orderhaven.actions.hand import Hand, needs
from orderhaven.actions.moving import Move, demand_reachable, demand_secrets_again, moves
from orderhaven.actions.outside import ask
from orderhaven.actions.settings_given import complete, demand_offered, split_secrets
from orderhaven.core.access import Power
from orderhaven.core.language import _
from orderhaven.core.problems import ProblemKind
from orderhaven.core.reasons import of_connection, said
from orderhaven.core.sentences import sentence
from orderhaven.ports.connector import Account, Declaration, Role
from orderhaven.store import connections, nudging
from orderhaven.store.keys import KeysLost
from orderhaven.store.models import Connection, ConnectionState
from orderhaven.store.versions import ExpectedVersion
from orderhaven.sync.lock import hub_is_running

_EVERY = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Trial:
    """An account that answered: what it is called, what it offers to choose from. Nothing is saved yet."""

    declaration: Declaration
    row: Connection
    settings: Mapping[str, str]
    account: Account
    moved: tuple[Move, ...] = ()  # of a connection that exists: addresses that lead elsewhere now


@dataclass(frozen=True, slots=True)
class Connected:
    name: str
    account: Account
    is_new: bool  # else an existing connection got new keys or settings


@needs(Power.SET_UP)
def connect(
    by: Hand,
    connector: str,
    name: str,
    given: Mapping[str, str],
    every: timedelta | None = None,
    *,
    expected: ExpectedVersion | None = None,
) -> Connected:
    """Test the account, then save it as connection `name`; an existing one gets the new keys. Raises Impossible."""
    return save(by, try_account(by, connector, name, given), every, expected=expected)


@needs(Power.SET_UP)
def try_account(by: Hand, connector: str, name: str, given: Mapping[str, str]) -> Trial:
    """Ask the account who it is. Raises Impossible with what to mend; nothing is saved."""
    declaration = by.declaration(connector)
    row = _row_for(by, declaration, name.strip())
    kept = _kept_settings(row)
    settings = complete(declaration, given, kept)
    moved = tuple(moves(declaration, row.settings, settings))
    if moved:
        demand_secrets_again(declaration, moved, given, kept)
    stays = row.keeps_network and not moved
    if not stays:
        demand_reachable(declaration, settings)
    account: Account = ask(by, declaration, settings, lambda connector: connector.check(), keeps_network=stays)
    _demand_own_account(declaration, row, account)
    return Trial(declaration, row, settings, account, moved)


def choose(trial: Trial, chosen: Mapping[str, str]) -> Trial:
    """The same trial with what was chosen from the account's own lists. Raises Impossible."""
    settings = complete(trial.declaration, chosen, trial.settings)
    if moves(trial.declaration, trial.settings, settings):
        raise impossible("The address was tried already, and this is another one. Begin again with it.")
    return replace(trial, settings=settings)


@needs(Power.SET_UP)
def save(
    by: Hand, trial: Trial, every: timedelta | None = None, *, expected: ExpectedVersion | None = None
) -> Connected:
    """Raises Impossible."""
    demand_offered(trial.declaration, trial.settings, trial.account.choices)
    row = trial.row
    if every is not None:
        demand_not_too_often(every, trial.declaration)
        row.hear_every_s = int(every.total_seconds())
    elif row._state.adding:
        row.hear_every_s = int(max(_EVERY, trial.declaration.limits.poll_floor).total_seconds())
    row.fingerprint, row.account_name = trial.account.fingerprint, trial.account.name[:200]
    row.currencies = sorted(trial.account.currencies)
    is_new = row._state.adding
    shown, secret = split_secrets(trial.declaration, trial.settings)
    row.keeps_network = row.keeps_network and not trial.moved
    connections.save_account(row, shown, secret, by.clock.now(), by.actor, trial.moved, expected)
    return Connected(row.name, trial.account, is_new)


@needs(Power.LOOK)
def connection_list(by: Hand) -> list[ConnectionRow]:
    return [_shown(by, row) for row in connections.all_of(by.merchant_id)]


@needs(Power.ACT)
def pause(by: Hand, name: str) -> None:
    """Nothing is heard or told until it is resumed; waits go on and are held."""
    connections.set_state(by.connection(name).pk, ConnectionState.PAUSED, by.clock.now(), by.actor)


@needs(Power.ACT)
def resume(by: Hand, name: str) -> None:
    connections.set_state(by.connection(name).pk, ConnectionState.ACTIVE, by.clock.now(), by.actor)


@needs(Power.ACT)
def poll_now(by: Hand, name: str) -> bool:
    """Make everything due on this connection. Whether a hub runs here that will do it. Raises Impossible."""
    row = by.connection(name)
    if row.state != ConnectionState.ACTIVE:
        raise impossible("'{name}' is paused. Resume it first.", name=name)
    connections.be_asked_now(row, by.clock.now())
    return hub_is_running(paths.lock_file())


@needs(Power.SET_UP)
def webhook_address(by: Hand, name: str) -> tuple[str, str]:
    """What to paste into the other side, so that it calls when something happens there: address and secret.

    They are made on first use and stay the same. Raises Impossible.
    """
    row = by.connection(name)
    declaration = by.declaration(row.connector)
    if not declaration.webhook:
        raise impossible("{title} does not call Orderhaven; it is asked every few minutes.", title=declaration.title)
    key = nudging.key_of(row.pk)
    return f"{paths.web_address()}/hooks/{key}", nudging.secret_of(key)


@dataclass(frozen=True, slots=True)
class ConnectionRow:
    """A connection as a list shows it."""

    name: str
    connector: str
    title: str
    role: Role
    account: str
    state: ConnectionState
    shop: str  # of a marketplace: where its orders go; "" while it has no link
    rehearsal: bool
    every: timedelta
    heard_at: datetime | None  # None: not heard yet
    next_at: datetime | None  # None: nothing is planned
    quiet_until: datetime | None  # nothing is asked before then: they wish it, or a try failed; None: not so
    trouble: str  # a sentence; "" when all is well


def demand_not_too_often(every: timedelta, declaration: Declaration) -> None:
    floor = declaration.limits.poll_floor
    if every < floor:
        raise impossible(
            "{title} may not be asked more often than every {seconds} seconds.",
            title=declaration.title,
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
                reason=said(of_connection(row.last_error, row.name)),
            )
        case ConnectionState.ACTIVE if row.alike_again_at is not None:
            return sentence(ProblemKind.REFUSED_ALIKE, {"side": row.name, "reason": row.alike_reason})
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


def _row_for(by: Hand, declaration: Declaration, name: str) -> Connection:
    if not name or len(name) > 100 or "/" in name:
        raise impossible("A connection needs a name of 1 to 100 characters, without a slash.")
    row = connections.by_name(by.merchant_id, name)
    if row is None:
        return Connection(merchant_id=by.merchant_id, connector=declaration.name, role=declaration.role, name=name)
    if row.connector != declaration.name:
        raise impossible(
            "'{name}' is a connection with {connector} already. Give this one another name.",
            name=name,
            connector=row.connector,
        )
    return row


def _demand_own_account(declaration: Declaration, row: Connection, account: Account) -> None:
    if not row._state.adding and row.fingerprint != account.fingerprint:
        other = sentence(ProblemKind.OTHER_ACCOUNT, {"side": declaration.title})
        raise Impossible(f"{other} " + _("Give it a name of its own; '{name}' stays as it was.", name=row.name))
    known = connections.of_account(declaration.name, account.fingerprint)
    if known is not None and known.merchant_id != row.merchant_id:
        raise impossible(
            "This account of {title} is connected to this hub already, for another merchant. End it there first.",
            title=declaration.title,
        )
    if known is not None and (row._state.adding or known.pk != row.pk):
        raise impossible(
            "This account of {title} is already connected as '{name}'. To give that one new keys, change that connection.",
            title=declaration.title,
            name=known.name,
        )


def _shown(by: Hand, row: Connection) -> ConnectionRow:
    link = getattr(row, "link", None)
    now = by.clock.now()
    declaration = by.declared.get(row.connector)
    return ConnectionRow(
        name=row.name,
        connector=row.connector,
        title=declaration.title if declaration is not None else row.connector,
        role=Role(row.role),
        account=row.account_name,
        state=ConnectionState(row.state),
        shop=link.shop.name if link is not None else "",
        rehearsal=link is not None and link.rehearsal,
        every=timedelta(seconds=row.hear_every_s),
        heard_at=row.heard_at,
        next_at=_next(row),
        quiet_until=row.quiet_until if row.quiet_until is not None and row.quiet_until > now else None,
        trouble=trouble_of(row, now),
    )


def _next(row: Connection) -> datetime | None:
    planned = [moment for moment in (row.hear_at, row.tell_at) if moment is not None]
    if row.state != ConnectionState.ACTIVE or not planned:
        return None
    return max(min(planned), row.quiet_until) if row.quiet_until is not None else min(planned)
