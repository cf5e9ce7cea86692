"""`python -m orderhaven.demo.hub`: the hub with its embedded worker, on the clock of ORDERHAVEN_CLOCK.

It differs from `orderhaven up` in one thing: calls are given up after a few seconds, because here nobody is far away.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from orderhaven import paths
from orderhaven.connectors import specs
from orderhaven.connectors.kit.transport import AiohttpTransport
from orderhaven.core.networks import LOOPBACK
from orderhaven.demo.sandboxes import until_told_to_end
from orderhaven.log import log_to_stderr
from orderhaven.ports.connector import ConnectorSpec, clock_of_the_environment
from orderhaven.store.upkeep.setup import open_store

_CALL_TIMEOUT_S = 4.0  # on this clock two hours


def impatient(specs_by_name: Mapping[str, ConnectorSpec]) -> dict[str, ConnectorSpec]:
    """What was sent and not answered is looked for after seconds instead of half a minute of the demo."""
    return {
        name: replace(one, limits=replace(one.limits, call_timeout_s=min(one.limits.call_timeout_s, _CALL_TIMEOUT_S)))
        for name, one in specs_by_name.items()
    }


async def _run() -> None:
    # the store's modules can be imported once it is open
    from orderhaven.store.sql.execute import StoreExecutor
    from orderhaven.sync.sync_run import Hub
    from orderhaven.sync.worker import work

    clock = clock_of_the_environment()
    stop = asyncio.Event()
    working = asyncio.create_task(
        work(Hub(clock, StoreExecutor(), AiohttpTransport(reach=LOOPBACK), specs_by_name=impatient(specs())), stop)
    )
    await until_told_to_end(working)
    stop.set()
    await working


def main() -> None:
    log_to_stderr()  # nobody reads its stdout, which would be full one day
    open_store()
    from orderhaven.sync.lock import only_hub_on

    with only_hub_on(paths.lock_file()):
        asyncio.run(_run())


if __name__ == "__main__":
    main()
