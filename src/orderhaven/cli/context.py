"""Opening the store for one command, and whose hand it is.

Commands import `actions` inside their functions, after this: Django wants its settings first, and `--help` must make
no data folder.
"""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING

from orderhaven import catalogues
from orderhaven.ports.connector import clock_of_the_environment

if TYPE_CHECKING:
    from orderhaven.actions.context import ActionContext


def action_context() -> ActionContext:
    """The hand of whoever is logged in to this machine, on an opened store."""
    import structlog

    from orderhaven.log import log_to_stderr
    from orderhaven.store.upkeep.setup import open_store

    if not structlog.is_configured():  # stdout is for what was asked
        log_to_stderr()
    open_store()
    from django.utils import translation

    from orderhaven.actions.context import ActionContext
    from orderhaven.store.connections.merchants import only_merchant

    translation.activate(catalogues.of_this_process())  # for what Django says itself, of a bad password say
    return ActionContext(actor=_who(), merchant_id=only_merchant(), clock=clock_of_the_environment())


def done_about(ref: str, action: str, **given: str) -> str:
    """Do one thing about an order, as the web and the API do it; what came of it, in a sentence."""
    context = action_context()
    from orderhaven.words.order_actions import run_action

    found = context.order(ref)
    return run_action(context, f"{found.marketplace}/{found.ref}", action, given)


def _who() -> str:
    try:
        return getpass.getuser()[:100]
    except (KeyError, OSError):
        return "command line"
