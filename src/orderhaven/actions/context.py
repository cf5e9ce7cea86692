"""Whose hand does it, when, and by which way to the outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from orderhaven.actions.errors import PermissionDenied, action_refused
from orderhaven.connectors import specs
from orderhaven.core.access import ALL_PERMISSIONS, Permission
from orderhaven.core.networks import EVERYWHERE
from orderhaven.core.translation import _
from orderhaven.ports.account import spec_of_account
from orderhaven.ports.connector import Clock, ConnectorSpec, RealClock
from orderhaven.store.connections import connections, links
from orderhaven.store.listing.filters import FoundOrder, find_orders
from orderhaven.store.models import Connection, Link

P = ParamSpec("P")
R = TypeVar("R")


def network() -> Any:
    """The real one. Imported when it is used: looking at a list needs none, and should be quick. Raises
    NoCertificates and NoNetwork.
    """
    from orderhaven.certificates import trusted_authorities
    from orderhaven.connectors.kit.transport import AiohttpTransport
    from orderhaven.networks import allowed_networks

    return AiohttpTransport(trusted_authorities(), allowed_networks())


def private_network_transport() -> Any:
    """For connections that were made before networks had to be allowed."""
    from orderhaven.certificates import trusted_authorities
    from orderhaven.connectors.kit.transport import AiohttpTransport

    return AiohttpTransport(trusted_authorities(), EVERYWHERE)


@dataclass(frozen=True, slots=True)
class ActionContext:
    """Every action is done by one. It sees the orders and connections of its own merchant only."""

    actor: str  # stands in the timeline
    merchant_id: int
    clock: Clock = field(default_factory=RealClock)
    transport: Callable[[], Any] = network  # called inside a running loop; closed after use
    specs_by_name: Mapping[str, ConnectorSpec] = field(default_factory=specs)
    permissions: frozenset[Permission] = ALL_PERMISSIONS  # whoever sits at the machine itself may do everything
    as_before: Callable[[], Any] = private_network_transport
    patience_s: float = 50.0  # for one question to the outside, however many calls it takes; a proxy waits a minute

    def demand(self, power: Permission) -> ActionContext:
        """Itself, when it may. Raises PermissionDenied."""
        if power not in self.permissions:
            raise PermissionDenied(_(_NOT_ALLOWED[power]))
        return self

    def order(self, ref: str) -> FoundOrder:
        """The order a person means. Raises ActionRefused."""
        if not ref.rpartition("/")[2].strip():
            raise action_refused("Say which order it is, by its number.")
        found = find_orders(self.merchant_id, ref.strip())
        if not found:
            raise action_refused("There is no order {ref}. Search for it by another of its numbers.", ref=ref)
        if len(found) > 1:
            names = _(" or ").join(f"{one.marketplace}/{one.ref}" for one in found)
            raise action_refused(
                "Order number {ref} exists more than once. Say which one: {names}.", ref=ref, names=names
            )
        return found[0]

    def connection(self, name: str) -> Connection:
        if not name.strip():
            raise action_refused("Say which connection it is, by its name.")
        row = connections.by_name(self.merchant_id, name)
        if row is None:
            names = ", ".join(one.name for one in connections.all_of(self.merchant_id)) or _("none yet")
            raise action_refused("There is no connection '{name}'. There are: {names}.", name=name, names=names)
        return row

    def link(self, name: str) -> Link:
        """By its own name, or by that of its marketplace where that has no other. Raises ActionRefused."""
        found = links.of_name(self.merchant_id, name)
        if len(found) > 1:
            names = _(" or ").join(f"'{one.name}'" for one in found)
            raise action_refused("'{name}' has more than one link. Say which one: {names}.", name=name, names=names)
        if not found:
            row = self.connection(name)
            raise action_refused("'{name}' has no link yet. Link it to a shop first.", name=row.name)
        return found[0]

    def link_of(self, found: FoundOrder) -> Link:
        """Raises ActionRefused for an order of a channel that no link names."""
        if found.link_id is None:
            raise action_refused(
                "No link takes the orders of the channel of order {ref}. Make a link for that channel first.",
                ref=found.ref,
            )
        return links.of_id(found.link_id)

    def spec_of(self, row: Connection) -> ConnectorSpec:
        """As the connection's account has it."""
        return spec_of_account(self.spec(row.connector), row.account, row.account_choices)

    def marketplace_of(self, found: FoundOrder) -> ConnectorSpec:
        return self.spec_of(self.connection(found.marketplace))

    def spec(self, connector: str) -> ConnectorSpec:
        if connector not in self.specs_by_name:
            names = ", ".join(sorted(self.specs_by_name))
            raise action_refused("There is no connector '{name}'. There are: {names}.", name=connector, names=names)
        return self.specs_by_name[connector]


_NOT_ALLOWED: Mapping[Permission, str] = {
    Permission.READ: "You may not look at this. Ask an administrator.",
    Permission.WRITE: "You may look at orders, and not change them. Ask an administrator for the role of operator.",
    Permission.CONFIGURE: "Only an administrator may do this.",
}


def requires(
    power: Permission,
) -> Callable[[Callable[Concatenate[ActionContext, P], R]], Callable[Concatenate[ActionContext, P], R]]:
    """Before an action: what its hand must be allowed to do."""

    def guarding(action: Callable[Concatenate[ActionContext, P], R]) -> Callable[Concatenate[ActionContext, P], R]:
        @wraps(action)
        def guarded(context: ActionContext, /, *given: P.args, **named: P.kwargs) -> R:
            context.demand(power)
            return action(context, *given, **named)

        return guarded

    return guarding
