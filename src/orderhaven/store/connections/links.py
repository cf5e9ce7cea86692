"""Links: which channels of a marketplace go to which shop, and how."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from orderhaven.store.connections.connections import nudge
from orderhaven.store.models import Connection, Event, Hold, Link, LinkChannel, Order, OrderRouting
from orderhaven.store.orders import conversions
from orderhaven.store.orders.unlinked import take_up
from orderhaven.store.upkeep.versions import ExpectedVersion


class ChannelTaken(Exception):
    """Two links would do the orders of one channel: another was made or changed at the same moment."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a link does, and with which channels of its marketplace; with all of them where it names none."""

    channels: tuple[str, ...] = ()
    does_orders: bool = True
    does_stock: bool = False
    does_returns: bool = False

    @property
    def flags(self) -> dict[str, bool]:
        return {"does_orders": self.does_orders, "does_stock": self.does_stock, "does_returns": self.does_returns}


def scope_of(link: Link) -> Scope:
    return Scope(link.channels, link.does_orders, link.does_stock, link.does_returns)


def of_name(merchant_id: int, name: str) -> list[Link]:
    """The link of this name, both sides loaded; else those of the marketplace connection that is called so."""
    rows = _with_sides().filter(merchant_id=merchant_id)
    return list(rows.filter(name=name)) or list(rows.filter(marketplace__name=name).order_by("name"))


def of_id(link_id: int) -> Link:
    return _with_sides().get(pk=link_id)


def all_of(merchant_id: int) -> list[Link]:
    """Both sides loaded, by the name of the marketplace."""
    return list(_with_sides().filter(merchant_id=merchant_id).order_by("marketplace__name", "name"))


def of_orders(marketplace: Connection) -> list[Link]:
    """The links that do orders of this marketplace, both sides loaded."""
    return [link for link in _with_sides().filter(marketplace=marketplace).order_by("name") if link.does_orders]


def free_name(merchant_id: int, marketplace: str, shop: str) -> str:
    """The marketplace's name for its first link; the shop's beside it for another."""
    both = f"{marketplace[:45]} - {shop[:45]}"
    wanted = [marketplace, both, *(f"{both} {number}" for number in range(2, 1000))]
    taken = set(Link.objects.filter(merchant_id=merchant_id, name__in=wanted).values_list("name", flat=True))
    return next(name for name in wanted if name not in taken)


def older_count(link_id: int) -> int:
    """Open orders from before the link that wait for a person's word."""
    return Order.objects.filter(link_id=link_id, hold=Hold.OLDER, closed_at__isnull=True).count()


def save(
    link: Link,
    every_s: int | None,
    now: datetime,
    actor: str,
    changes: Mapping[str, object],
    expected: ExpectedVersion | None = None,
    scope: Scope | None = None,
) -> None:
    """Insert or change a link; both sides are pulled, and pushed to, at once.

    Raises Changed, and ChannelTaken when another link does orders of one of these channels.
    """
    try:
        _save(link, every_s, now, actor, changes, expected, scope)
    except IntegrityError:
        raise ChannelTaken from None


def _save(
    link: Link,
    every_s: int | None,
    now: datetime,
    actor: str,
    changes: Mapping[str, object],
    expected: ExpectedVersion | None,
    scope: Scope | None,
) -> None:
    kind = "linked" if link._state.adding else "link_changed"
    sides = [link.marketplace_id, link.shop_id]
    with transaction.atomic():
        if expected is not None:
            expected.demand()
        link.save()
        if scope is not None:
            write_scope(link, scope)
            if scope.does_orders:
                take_up(link, now, actor)
        if conversions.SETTINGS & changes.keys() and kind == "link_changed":
            conversions.estimate_anew(link)
        if every_s is not None:
            Connection.objects.filter(pk__in=sides).update(pull_every_s=every_s)
        for side in sides:
            nudge(side, now, "pull_at", "push_at")
        Event.objects.create(connection_id=sides[0], at=now, actor=actor, kind=kind, data=dict(changes))


def write_scope(link: Link, scope: Scope = Scope()) -> None:
    """In the caller's transaction, whose end fails where another link does orders of one of these channels."""
    with transaction.atomic():
        Connection.objects.select_for_update(no_key=True).get(pk=link.marketplace_id)
        LinkChannel.objects.filter(link=link).delete()
        routing = _routing(link.marketplace_id, by_channel=bool(scope.channels)) if scope.does_orders else None
        channels: Collection[str | None] = scope.channels or (None,)
        LinkChannel.objects.bulk_create(
            LinkChannel(
                link=link,
                connection_id=link.marketplace_id,
                channel=channel,
                routing=routing,
                **scope.flags,
            )
            for channel in channels
        )
    vars(link).pop("scope", None)
    vars(link).pop("_prefetched_objects_cache", None)


def _routing(connection_id: int, *, by_channel: bool) -> OrderRouting:
    """The one that says so. It takes the place of the other way, which the database refuses while a link goes by that."""
    key = f"{connection_id}:{'channel' if by_channel else 'all'}"
    OrderRouting.objects.filter(connection_id=connection_id).exclude(key=key).delete()
    return OrderRouting.objects.get_or_create(key=key, connection_id=connection_id)[0]


def _with_sides() -> QuerySet[Link]:
    return Link.objects.select_related("marketplace", "shop").prefetch_related("link_channels")
