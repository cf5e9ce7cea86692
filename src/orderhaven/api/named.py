"""What an address names, of the asker's own merchant. What is somebody else's is answered as if it were not there."""

from django.http import Http404

from orderhaven.actions.hand import Hand
from orderhaven.core.language import _
from orderhaven.ports.connector import Declaration
from orderhaven.store import connections, links
from orderhaven.store.listing.lookup import FoundOrder, find_orders
from orderhaven.store.models import Connection, Link


def order_named(by: Hand, marketplace: str, ref: str) -> FoundOrder:
    """Raises Http404."""
    found = find_orders(by.merchant_id, f"{marketplace}/{ref}")
    mine = [one for one in found if (one.marketplace, one.ref) == (marketplace, ref)]
    if not mine:
        raise Http404(_("There is no order {ref} of {marketplace}.", ref=ref, marketplace=marketplace))
    return mine[0]


def connection_named(by: Hand, name: str) -> Connection:
    """Raises Http404."""
    found = connections.by_name(by.merchant_id, name)
    if found is None:
        raise Http404(_("There is no connection '{name}'.", name=name))
    return found


def link_named(by: Hand, marketplace: str) -> Link:
    """Raises Http404."""
    found = links.of_name(by.merchant_id, marketplace)
    if found is None:
        raise Http404(_("'{marketplace}' has no link.", marketplace=marketplace))
    return found


def connector_named(by: Hand, name: str) -> Declaration:
    """Raises Http404."""
    if name not in by.declared:
        raise Http404(_("There is no connector '{name}'.", name=name))
    return by.declared[name]
