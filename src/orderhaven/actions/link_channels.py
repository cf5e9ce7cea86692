"""Which channels a link takes, and what it does with them: one channel is never shared by two links that do orders."""

from collections.abc import Collection, Mapping

from orderhaven.actions.errors import action_refused
from orderhaven.store.connections import links
from orderhaven.store.connections.links import Scope
from orderhaven.store.connections.routing import channel_name
from orderhaven.store.models import Connection, Link
from orderhaven.store.orders.unlinked import channels_waiting


def scope_wanted(row: Link, channels: Collection[str] | None, does: Mapping[str, bool | None]) -> Scope | None:
    """What the link is to do; None when that is not changed. Raises ActionRefused."""
    flags = {name: said for name, said in does.items() if said is not None}
    if not row._state.adding and channels is None and not flags:
        return None
    before = Scope() if row._state.adding else links.scope_of(row)
    taken = before.channels if channels is None else _known(row, channels)
    scope = Scope(taken, **{**before.flags, **flags})
    if scope.does_orders:
        _demand_free(row, scope.channels)
    return scope


def _known(row: Link, channels: Collection[str]) -> tuple[str, ...]:
    """Those that the account names, that an order waits for, or that the link has already."""
    marketplace = row.marketplace
    wanted = tuple(sorted({channel.strip() for channel in channels}))
    known = {*marketplace.channels, *(() if row._state.adding else row.channels)}
    unknown = [channel for channel in wanted if channel not in known]
    if unknown and (left := set(unknown) - channels_waiting(marketplace)):
        if not known:
            raise action_refused(
                "'{name}' has no channels. Leave them out: the link takes all of its orders.", name=marketplace.name
            )
        names = ", ".join(channel_name(marketplace, channel) for channel in sorted(known))
        raise action_refused(
            "'{name}' has no channel {channel}. It has: {names}.",
            name=marketplace.name,
            channel=min(left) or "''",
            names=names,
        )
    return wanted


def _demand_free(row: Link, channels: tuple[str, ...]) -> None:
    marketplace = row.marketplace
    for other in other_links(row):
        if not channels and not other.channels:
            raise action_refused(
                "'{name}' is linked already, and its orders can go to one shop only. Change that link instead.",
                name=marketplace.name,
            )
        if not other.channels:
            raise action_refused(
                "Link '{link}' takes the orders of all channels of '{name}'. Say first which of them it keeps.",
                link=other.name,
                name=marketplace.name,
            )
        if not channels or (shared := sorted({*channels} & {*other.channels})):
            taken = shared if channels else other.channels
            raise action_refused(
                "Orders of {channels} go to '{shop}' already, by link '{link}'. A channel goes to one shop only.",
                channels=", ".join(channel_name(marketplace, channel) for channel in taken),
                shop=other.shop.name,
                link=other.name,
            )


def other_links(link: Link) -> list[Link]:
    """The other links that do orders of the same marketplace."""
    return [one for one in links.of_orders(link.marketplace) if one.pk != link.pk]


def channel_names(link: Link) -> list[str]:
    """What people call the channels that it takes; none: all."""
    return [channel_name(link.marketplace, channel) for channel in link.channels]


def free_channels(marketplace: Connection, link: Link | None = None) -> list[tuple[str, str]]:
    """(code, name) of what a link can still take, and of what this one has: those of the account, and those that orders wait for."""
    taken = {
        channel for one in links.of_orders(marketplace) if link is None or one.pk != link.pk for channel in one.channels
    }
    known = {*marketplace.channels, *channels_waiting(marketplace), *(link.channels if link is not None else ())}
    return [(channel, channel_name(marketplace, channel)) for channel in sorted(known - taken)]
