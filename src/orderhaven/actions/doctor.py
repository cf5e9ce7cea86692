"""Whether everything is in order, one line per thing looked at, each with what to do."""

import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from shlex import quote

from orderhaven import paths
from orderhaven.actions.account_setup import trouble_of
from orderhaven.actions.address_changes import addresses_of
from orderhaven.actions.context import ActionContext, requires
from orderhaven.actions.errors import ActionRefused
from orderhaven.actions.probing import ask_of
from orderhaven.core.access import Permission
from orderhaven.core.errors import ClockOff
from orderhaven.core.networks import VARIABLE
from orderhaven.core.reasons import translate_reason
from orderhaven.core.translation import _
from orderhaven.networks import allowed_networks
from orderhaven.ports.connector import AccountProfile
from orderhaven.store.connections import connections
from orderhaven.store.connections.keys import KeysLost
from orderhaven.store.models import Connection, ConnectionState
from orderhaven.store.upkeep import doctor as database
from orderhaven.store.upkeep.clock_ahead import connections_ahead
from orderhaven.store.upkeep.privacy import is_given_to_our_group, is_private
from orderhaven.sync.lock import hub_is_running

_LITTLE_ROOM = 500 * 1024 * 1024
_STALE_AFTER = 3  # pulls that were due and did not come
Found = tuple[bool, str]  # whether it is well, and the sentence


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. `sentence` says what was found and, when it is not well, what to do."""

    name: str
    is_well: bool
    sentence: str


@requires(Permission.CONFIGURE)
def look_after(context: ActionContext) -> Iterator[Check]:
    """Look at database, disk, keys and hub, and ask every connection. Each check comes as soon as it is known."""
    yield Check(_("database"), *_database())
    yield Check(_("schema"), *_schema())
    yield Check(_("writing"), *_writable())
    yield Check(_("disk"), *_disk())
    yield Check(_("folder"), *_folder())
    rows = connections.all_of(context.merchant_id)
    yield Check(_("keys"), *_keys(rows))
    is_running = hub_is_running(paths.lock_file())
    yield Check(_("hub"), *_hub(is_running, rows))
    clocks: list[str] = []
    for row in rows:
        yield Check(_("connection {name}", name=row.name), *_connection(context, row, is_running, clocks))
    yield Check(_("clock"), *_clock(rows, clocks, context.clock.now()))


# below: each check


def _database() -> Found:
    damage = database.damage()
    if damage:
        return False, _(
            "The database is damaged: {damage}. Stop the hub and bring your last backup back.", damage=damage
        )
    place = "PostgreSQL" if paths.database_url() else paths.sqlite_file()
    return True, _("Sound, in {place}.", place=place)


def _schema() -> Found:
    missing = database.migrations_missing()
    if missing:
        return False, _(
            "It lacks {changes}. Restart Orderhaven; it brings the schema up to date.", changes=", ".join(missing)
        )
    return True, _("As this version wants it.")


def _writable() -> Found:
    try:
        database.write_something()
    except Exception as error:
        trouble = database.database_trouble(error)
        if not trouble:
            raise
        return False, trouble
    return True, _("The database can be written to.")


def _disk() -> Found:
    folder = paths.data_folder()
    usage = shutil.disk_usage(folder if folder.exists() else "/")
    room = {"free": f"{usage.free / 1024**3:.1f}", "whole": f"{usage.total / 1024**3:.1f}", "folder": folder}
    if usage.free < _LITTLE_ROOM:
        return False, _(
            "Only {free} GB free of {whole} GB for {folder}. Make room: nothing can be taken in when the disk is full.",
            **room,
        )
    return True, _("{free} GB free of {whole} GB for {folder}.", **room)


def _folder() -> Found:
    folder = paths.data_folder()
    if not is_private(folder):
        return False, _(
            "Others can read {folder}. Close it: {command}", folder=folder, command=f"chmod 0700 {quote(str(folder))}"
        )
    if folder.exists() and is_given_to_our_group(folder):
        group = folder.stat().st_gid
        return True, _(
            "Nobody but this user and group {group} can read what is in {folder}.", group=group, folder=folder
        )
    return True, _("Nobody else can read {folder}.", folder=folder)


def _keys(rows: list[Connection]) -> Found:
    place = paths.keys_place()
    try:
        for row in rows:
            connections.open_settings(row)
    except KeysLost as error:
        return False, str(error)
    except OSError as error:
        return False, _(
            "{place} cannot be read ({error}). Look at its owner and rights.", place=place, error=error.strerror
        )
    return True, _("They open every secret. Keep a copy of {place} apart from the backups.", place=place)


def _hub(is_running: bool, rows: list[Connection]) -> Found:
    if is_running:
        return True, _("Running on {folder}.", folder=paths.data_folder())
    if not rows:
        return False, _("Nothing is connected yet. Begin with: orderhaven connect CONNECTOR")
    return False, _("Not running here, so nothing is pulled or pushed. Start it with: orderhaven up")


def _connection(context: ActionContext, row: Connection, is_running: bool, clocks: list[str]) -> Found:
    try:
        account: AccountProfile = ask_of(context, row, lambda connector: connector.check())
    except KeysLost as error:
        return False, str(error)
    except ActionRefused as error:
        if isinstance(error.__cause__, ClockOff):
            clocks.append(str(error))
        return False, str(error)
    trouble = _trouble(context, row, account, is_running)
    if trouble:
        return False, " ".join((trouble, *_stays_in_network(context, row)))
    remarks = (*map(translate_reason, account.remarks), *_stays_in_network(context, row))
    return True, " ".join((_("Answers as {account}.", account=account.name), *remarks))


def _stays_in_network(context: ActionContext, row: Connection) -> list[str]:
    """Of a connection that was made before private networks had to be allowed, and stands in one that is not."""
    if not row.keeps_private_network:
        return []
    reach = allowed_networks()
    hosts = addresses_of(context.spec(row.connector), row.settings)
    refused = sorted({address for host in hosts for address in _stands_for(host) if not reach.allows(address)})
    if not refused:
        return []
    return [
        _(
            "It stays in a private network ({addresses}), as it was made before those had to be allowed. Allow it in "
            "{variable}: once its address changes, it is refused there.",
            addresses=", ".join(refused),
            variable=VARIABLE,
        )
    ]


def _stands_for(host: str) -> set[str]:
    try:
        return {str(found[4][0]) for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError):
        return set()


def _trouble(context: ActionContext, row: Connection, account: AccountProfile, is_running: bool) -> str:
    now = context.clock.now()
    if account.fingerprint != row.fingerprint:
        return _(
            "The keys now belong to another account ({account}). Connect that one on its own, and give this one its own "
            "keys again.",
            account=account.name,
        )
    if trouble := trouble_of(row, now):
        if row.state != ConnectionState.ATTENTION:
            return trouble
        return f"{trouble} " + _("It answers now; resume it: {command}", command=f"orderhaven resume {quote(row.name)}")
    if row.side == "marketplace" and not any(link.does_orders for link in row.links.all()):
        command = f"orderhaven link {quote(row.name)} SHOP"
        return _("It is linked to no shop, so its orders are not pulled. Link it: {command}", command=command)
    late = timedelta(seconds=row.pull_every_s * _STALE_AFTER)
    if is_running and row.last_pulled_at is not None and now - row.last_pulled_at > late:
        minutes = int((now - row.last_pulled_at).total_seconds() // 60)
        return _(
            "It answers, and yet it was last pulled {minutes} minutes ago. Restart the hub and look at its log.",
            minutes=minutes,
        )
    return ""


def _clock(rows: list[Connection], clocks: list[str], now: datetime) -> Found:
    ahead = {row.pk for row in connections_ahead(now)}
    if names := ", ".join(row.name for row in rows if row.pk in ahead):
        return False, _(
            "It was ahead: what it wrote of {names} lies in the future. A hub that runs mends that within a minute; keep the "
            "clock right with systemd-timesyncd or chrony.",
            names=names,
        )
    if clocks:
        return False, clocks[0]
    if not rows:
        return True, _("Compared with the other sides once something is connected.")
    return True, _("No connection reports a difference that matters.")
