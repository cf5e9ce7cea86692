"""The hub's side: connected to the sandboxes as a person would connect it, and read from its store."""

import os
from collections import Counter, defaultdict
from pathlib import Path

from orderhaven.core.problems import ProblemKind
from orderhaven.core.sentences import sentence
from orderhaven.core.status import Status
from orderhaven.demo.processes import CannotPlay
from orderhaven.demo.sandboxes import Addresses
from orderhaven.demo.sides import HubSide, InHub, Open
from orderhaven.ports.connector import ConnectorSpec, ScaledClock
from orderhaven.store.upkeep.setup import open_store

_ACTOR = "demo"


def environment(folder: Path, clock: ScaledClock) -> dict[str, str]:
    """What makes a process work on this hub, and on no other."""
    return {
        "ORDERHAVEN_DATA": str(folder / "data"),
        "ORDERHAVEN_KEY_FILE": str(folder / "keys"),
        "ORDERHAVEN_DATABASE_URL": "",
        "ORDERHAVEN_ALLOW_NETWORKS": "loopback",  # where both sandboxes stand
        "ORDERHAVEN_CLOCK": str(clock),
    }


class DemoHub:
    """The store of the demo's own hub, which this process opens and another one works on.

    Raises CannotPlay when this process has opened another store before.
    """

    def __init__(self, folder: Path, clock: ScaledClock) -> None:
        os.environ.update(environment(folder, clock))
        self._clock = clock
        self._linked = ""  # the name of the connection with the marketplace, once there is one
        open_store()
        if not (folder / "data").is_dir() or not any((folder / "data").iterdir()):
            raise CannotPlay("The demo needs a process of its own: this one has opened another hub's store.")

    def connect(self, marketplace: ConnectorSpec, shop: ConnectorSpec, at: Addresses) -> None:
        """Two connections, tested before they are saved, and the link between them."""
        from orderhaven.actions import account_setup, links
        from orderhaven.actions.context import ActionContext
        from orderhaven.store.connections.merchants import only_merchant

        context = ActionContext(_ACTOR, only_merchant(), self._clock)
        account_setup.connect(context, marketplace.name, marketplace.title, at.marketplace)
        account_setup.connect(context, shop.name, shop.title, at.shop)
        links.link(context, marketplace.title, shop.title)
        self._linked = marketplace.title

    def has_pulled(self) -> bool:
        """Whether both sides were pulled at least once."""
        from orderhaven.store.models import Connection

        return not Connection.objects.filter(last_pulled_at__isnull=True).exists()

    def marketplace(self, spec: ConnectorSpec) -> ConnectorSpec:
        """As the account that was connected has it."""
        from orderhaven.ports.account import spec_of_account
        from orderhaven.store.models import Connection

        row = Connection.objects.get(name=self._linked)
        return spec_of_account(spec, row.account, row.account_choices)

    def press_buttons(self) -> list[str]:
        """What a person at the hub has to do now and then: why it was done, a sentence each."""
        from orderhaven.actions import account_setup, links
        from orderhaven.actions.context import ActionContext
        from orderhaven.store.connections.merchants import only_merchant
        from orderhaven.store.models import ConnectionState, Problem

        context = ActionContext(_ACTOR, only_merchant(), self._clock)
        paused = [one for one in account_setup.connection_list(context) if one.state is ConnectionState.ATTENTION]
        for one in paused:
            account_setup.resume(context, one.name)
        why = [f"'{one.name}' was resumed: {one.trouble}" for one in paused]
        if Problem.objects.filter(kind=ProblemKind.CANCELLATIONS_ON_HOLD, resolved_at__isnull=True).exists():
            count = links.release_cancellations(context, self._linked)
            why.append(f"{count} cancellations within an hour were held, and the merchant said that they were meant")
        return why

    def welcome_code(self) -> str:
        """With it the first account of this hub is made."""
        from orderhaven.store.access import credentials

        return credentials.welcome_code()

    def look(self) -> HubSide:
        """Every order as the hub has it now, in four queries; what was pulled by `last_pulled_at` is among it."""
        from orderhaven.store.models import Connection, Message, Order, Problem

        pulled = list(Connection.objects.values_list("last_pulled_at", flat=True))
        last_pulled_at = min(filter(None, pulled), default=None) if all(pulled) else None
        columns = (
            "pk", "ref", "status", "shop_ref", "marketplace_sync", "confirmed_at", "tracking_number",
            "handled_externally",
        )  # fmt: skip
        open_states = ("on_hold", "queued", "in_flight", "unconfirmed", "processing")
        unsent = Counter(Message.objects.filter(state__in=open_states).values_list("order_id", flat=True))
        problems: defaultdict[int, list[Open]] = defaultdict(list)
        for order_id, kind, values in Problem.objects.filter(resolved_at__isnull=True).values_list(
            "order_id", "kind", "values"
        ):
            problems[order_id].append(Open(ProblemKind(kind), sentence(ProblemKind(kind), values)))
        orders = []
        for row in Order.objects.order_by("id").values(*columns):
            key = row.pop("pk")
            row["status"] = Status(row["status"])
            orders.append(InHub(**row, unsent=unsent[key], problems=tuple(problems[key])))
        return HubSide(tuple(orders), last_pulled_at)
