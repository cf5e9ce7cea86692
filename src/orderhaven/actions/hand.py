"""Whose hand does it, when, and by which way to the outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from orderhaven.actions.errors import NotAllowed, impossible
from orderhaven.connectors import declarations
from orderhaven.core.access import EVERYTHING, Power
from orderhaven.core.language import _
from orderhaven.core.reach import EVERYWHERE
from orderhaven.ports.clock import Clock, RealClock
from orderhaven.ports.connector import Declaration
from orderhaven.store import connections, links
from orderhaven.store.listing.lookup import FoundOrder, find_orders
from orderhaven.store.models import Connection, Link

P = ParamSpec("P")
R = TypeVar("R")


def network() -> Any:
    """The real one. Imported when it is used: looking at a list needs none, and should be quick. Raises
    NoCertificates and NoNetwork.
    """
    from orderhaven.certificates import trusted_authorities
    from orderhaven.connectors.kit.transport import AioTransport
    from orderhaven.networks import allowed_networks

    return AioTransport(trusted_authorities(), allowed_networks())


def network_as_before() -> Any:
    """For connections that were made before networks had to be allowed."""
    from orderhaven.certificates import trusted_authorities
    from orderhaven.connectors.kit.transport import AioTransport

    return AioTransport(trusted_authorities(), EVERYWHERE)


@dataclass(frozen=True, slots=True)
class Hand:
    """Every action is done by one. It sees the orders and connections of its own merchant only."""

    actor: str  # stands in the timeline
    merchant_id: int
    clock: Clock = field(default_factory=RealClock)
    transport: Callable[[], Any] = network  # called inside a running loop; closed after use
    declared: Mapping[str, Declaration] = field(default_factory=declarations)
    powers: frozenset[Power] = EVERYTHING  # whoever sits at the machine itself may do everything
    as_before: Callable[[], Any] = network_as_before
    patience_s: float = 50.0  # for one question to the outside, however many calls it takes; a proxy waits a minute

    def demand(self, power: Power) -> Hand:
        """Itself, when it may. Raises NotAllowed."""
        if power not in self.powers:
            raise NotAllowed(_(_NOT_ALLOWED[power]))
        return self

    def order(self, ref: str) -> FoundOrder:
        """The order a person means. Raises Impossible."""
        if not ref.rpartition("/")[2].strip():
            raise impossible("Say which order it is, by its number.")
        found = find_orders(self.merchant_id, ref.strip())
        if not found:
            raise impossible("There is no order {ref}. Search for it by another of its numbers.", ref=ref)
        if len(found) > 1:
            names = _(" or ").join(f"{one.marketplace}/{one.ref}" for one in found)
            raise impossible("Order number {ref} exists more than once. Say which one: {names}.", ref=ref, names=names)
        return found[0]

    def connection(self, name: str) -> Connection:
        if not name.strip():
            raise impossible("Say which connection it is, by its name.")
        row = connections.by_name(self.merchant_id, name)
        if row is None:
            names = ", ".join(one.name for one in connections.all_of(self.merchant_id)) or _("none yet")
            raise impossible("There is no connection '{name}'. There are: {names}.", name=name, names=names)
        return row

    def link(self, marketplace: str) -> Link:
        """A marketplace connection has one link, so its name names the link. Raises Impossible."""
        found = links.of_name(self.merchant_id, marketplace)
        if found is None:
            row = self.connection(marketplace)
            raise impossible("'{name}' has no link yet. Link it to a shop first.", name=row.name)
        return found

    def declaration(self, connector: str) -> Declaration:
        if connector not in self.declared:
            names = ", ".join(sorted(self.declared))
            raise impossible("There is no connector '{name}'. There are: {names}.", name=connector, names=names)
        return self.declared[connector]


_NOT_ALLOWED: Mapping[Power, str] = {
    Power.LOOK: "You may not look at this. Ask an administrator.",
    Power.ACT: "You may look at orders, and not change them. Ask an administrator for the role of operator.",
    Power.SET_UP: "Only an administrator may do this.",
}


def needs(power: Power) -> Callable[[Callable[Concatenate[Hand, P], R]], Callable[Concatenate[Hand, P], R]]:
    """Before an action: what its hand must be allowed to do."""

    def guarding(action: Callable[Concatenate[Hand, P], R]) -> Callable[Concatenate[Hand, P], R]:
        @wraps(action)
        def guarded(by: Hand, /, *given: P.args, **named: P.kwargs) -> R:
            by.demand(power)
            return action(by, *given, **named)

        return guarded

    return guarding
