"""What each error does: to one message (a verdict), and to a whole cycle (quiet, attention, or nothing)."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import timedelta

import structlog

from orderhaven.core.errors import (
    AccountProblem,
    HubError,
    MayNotWrite,
    OrderProblem,
    OrderRefused,
    RateLimited,
    Surprise,
    TryLater,
    Unclear,
)
from orderhaven.core.problems import ProblemKind
from orderhaven.store import connections
from orderhaven.store.connections import Fenced
from orderhaven.store.keys import KeysLost
from orderhaven.store.sql.hop import StoreTrouble
from orderhaven.store.verdicts import MayHaveHappened, NotNow, Park, Verdict
from orderhaven.sync.cycle import Cycle

log = structlog.get_logger()
OURS = "an error in Orderhaven: see the log and report it"  # which error it is stands in the log alone
SAYS_NOTHING = "it says nothing of this order"
_FIRST_QUIET = timedelta(seconds=30)
_LONGEST_QUIET = timedelta(minutes=5)
_LONGEST_WISH = timedelta(hours=1)
_REFUSED_AGAIN = connections.REFUSED_FOR / 2  # so the third refusal is the last


def verdict_of(error: HubError, side: str) -> Verdict:
    """What an error of one telling means for its message."""
    match error:
        case OrderRefused():
            return Park(error.kind, by_name(error, side), cause=error.alike)
        case OrderProblem():
            return Park(error.kind, by_name(error, side))
        case Unclear():
            return MayHaveHappened(error.cause)
        case TryLater():
            return NotNow(error.cause, _wished(error))
        case Surprise():
            return Park(ProblemKind.SURPRISE, {"side": side, "cause": error.cause}, error.evidence)
        case _:
            # of the account, not of this message: it did not happen, and the cycle ends
            return NotNow(_why_refused(error, side), _REFUSED_AGAIN)


def by_name(error: OrderProblem | AccountProblem, side: str) -> Mapping[str, str]:
    """What its sentence says, of the connection as people named it: a connector knows its software alone."""
    return {**error.values, "side": side} if "side" in error.values else error.values


def _wished(error: TryLater) -> timedelta | None:
    """How long they ask us to wait, if that makes sense: none at all would be a storm, a year the end of the trade."""
    return min(error.after, _LONGEST_WISH) if error.after else None


async def guard(cycle: Cycle, beat: Callable[[Cycle], Awaitable[None]]) -> bool:
    """Run one beat; an error ends the cycle, noted by whose turn it is. Says whether the cycle may go on."""
    try:
        await beat(cycle)
    except Fenced:
        log.info("cycle_fenced")
        return False
    except RateLimited as error:
        await _note(cycle, _slow_down, _wished(error) or _FIRST_QUIET)
        return False
    except TryLater as error:
        await _note(cycle, _failed, error.cause, _wished(error))
        return False
    except AccountProblem as error:
        await _note(cycle, _refused, error)
        return False
    except KeysLost as error:
        log.error("keys_lost")
        await _note(cycle, _failed, str(error), None)
        return False
    except (Surprise, Unclear) as error:
        log.error("surprise", cause=error.cause)
        await _note(cycle, _failed, error.cause, None)
        return False
    except StoreTrouble as error:
        log.error("store_trouble", cause=str(error))
        return False
    except Exception:  # the edge of the cycle: a bug of ours must not stop the hub
        log.exception("cycle_broke")
        await _note(cycle, _failed, OURS, None)
        return False
    return True


async def say_nameless(cycle: Cycle, causes: Collection[str]) -> None:
    """Rows of a list that do not say of which order they are: an order may be missing here, so somebody must look there."""
    if causes:
        log.error("rows_without_an_order", causes=sorted(causes))
        await cycle.store(connections.nameless, cycle.claim, cycle.row.name, causes, cycle.now())


async def _note(cycle: Cycle, how: Callable[..., None], *what: object) -> None:
    """Write the trouble down, unless a later cycle has the connection by now."""
    try:
        await cycle.store(how, cycle, *what)
    except Fenced:
        log.info("cycle_fenced")
    except StoreTrouble as error:
        log.error("store_trouble", cause=str(error))


def _slow_down(cycle: Cycle, after: timedelta) -> None:
    connections.slow_down(cycle.claim, cycle.now() + after)


def _failed(cycle: Cycle, cause: str, after: timedelta | None) -> None:
    log.warning("cycle_failed", cause=cause, failures=cycle.row.failures + 1)
    back_off = min(_FIRST_QUIET * 2 ** min(cycle.row.failures, 8), _LONGEST_QUIET)
    quiet = after if after is not None else back_off * (1 + 0.2 * cycle.hub.chance.random())
    connections.failed(cycle.claim, cycle.now(), cause, cycle.now() + quiet)


def _refused(cycle: Cycle, error: AccountProblem) -> None:
    """A token that ended early, a log-in that starts anew and a firewall that learns refuse once or twice; a key that is wrong
    is refused every time, and one that may only read says so."""
    if isinstance(error, MayNotWrite) or connections.refused(cycle.claim, cycle.now()):
        log.warning("connection_needs_attention", problem=error.kind)
        connections.needs_attention(cycle.claim, error.kind, by_name(error, cycle.row.name), cycle.now())
        return
    log.warning("connection_refused", problem=error.kind)
    _failed(cycle, _why_refused(error, cycle.row.name), _REFUSED_AGAIN)


def _why_refused(error: HubError, side: str) -> str:
    reason = error.values.get("reason", "") if isinstance(error, AccountProblem) else ""
    return f"{side} refuses ({reason})" if reason else f"{side} does not let this connection in"
