"""The beats of a cycle, in order, for each role. The four arrows are the four files beside this one."""

from collections.abc import Mapping

from orderhaven.ports.connector import Role
from orderhaven.sync.cycle import Beat, run_cycle
from orderhaven.sync.hear_marketplace import hear_marketplace
from orderhaven.sync.hear_shop import end_waits, hear_shop, reread_open
from orderhaven.sync.hub import Hub
from orderhaven.sync.recovery import guard
from orderhaven.sync.tell_marketplace import tell_marketplace
from orderhaven.sync.tell_shop import tell_shop

BEATS: Mapping[Role, tuple[Beat, ...]] = {
    Role.MARKETPLACE: (
        Beat("hear_at", hear_marketplace),
        Beat("tell_at", tell_marketplace),
    ),
    Role.SHOP: (
        Beat("wait_at", end_waits, in_trouble=True),
        Beat("hear_at", hear_shop),
        Beat("reread_at", reread_open),
        Beat("tell_at", tell_shop),
    ),
}


async def run(hub: Hub, connection_id: int) -> None:
    """One cycle of one connection, from claim to plan."""
    await run_cycle(hub, connection_id, BEATS, guard)
