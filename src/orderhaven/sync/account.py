"""Reading an account again: what it has of its own may change any day."""

import structlog

from orderhaven.core.errors import AccountProblem, HubError, OtherAccount, RateLimited
from orderhaven.ports.account import read_account
from orderhaven.ports.connector import AccountProfile
from orderhaven.store.connections import accounts
from orderhaven.sync.sync_run import SyncRun

log = structlog.get_logger()


async def read_account_again(sync_run: SyncRun) -> None:
    """A reading that fails stops nothing: what was read before counts, and it is tried again later.

    Raises what concerns the whole connection: that it is not let in, or asked to wait.
    """
    sync_run.schedule["account_due_at"] = accounts.due_after_failure(sync_run.row, sync_run.now())
    try:
        await take_account(sync_run)
    except (AccountProblem, RateLimited):
        raise
    except HubError as error:
        log.warning("account_not_read", cause=str(error))


async def take_account(sync_run: SyncRun) -> AccountProfile:
    """Read it and keep what it says. Raises OtherAccount, of which nothing is kept, and what `check` raises."""
    row, spec = sync_run.row, sync_run.hub.specs_by_name[sync_run.row.connector]
    profile = await read_account(sync_run.connector, spec)
    if profile.fingerprint != row.fingerprint:
        raise OtherAccount(row.name)
    columns = accounts.columns_of(profile, spec, sync_run.now(), sync_run.hub.chance.random())
    await sync_run.in_store(accounts.keep, row.pk, columns, sync_run.now(), claim=sync_run.claim)
    sync_run.schedule.pop("account_due_at", None)
    row.currencies = columns["currencies"]
    return profile
