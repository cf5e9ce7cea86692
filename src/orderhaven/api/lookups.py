"""What an address names, of the asker's own merchant. What is somebody else's is answered as if it were not there."""

from django.http import Http404

from orderhaven.actions.context import ActionContext
from orderhaven.core.translation import _
from orderhaven.ports.connector import ConnectorSpec
from orderhaven.store.connections import connections, links
from orderhaven.store.listing.filters import FoundOrder, find_orders
from orderhaven.store.models import Connection, Link


def order_named(context: ActionContext, marketplace: str, ref: str) -> FoundOrder:
    """Raises Http404."""
    found = find_orders(context.merchant_id, f"{marketplace}/{ref}")
    mine = [one for one in found if (one.marketplace, one.ref) == (marketplace, ref)]
    if not mine:
        raise Http404(_("There is no order {ref} of {marketplace}.", ref=ref, marketplace=marketplace))
    return mine[0]


def connection_named(context: ActionContext, name: str) -> Connection:
    """Raises Http404."""
    found = connections.by_name(context.merchant_id, name)
    if found is None:
        raise Http404(_("There is no connection '{name}'.", name=name))
    return found


def link_named(context: ActionContext, marketplace: str) -> Link:
    """By its own name, or its marketplace's where that has no other. Raises Http404 and ActionRefused."""
    if not links.of_name(context.merchant_id, marketplace):
        raise Http404(_("'{marketplace}' has no link.", marketplace=marketplace))
    return context.link(marketplace)


def connector_named(context: ActionContext, name: str) -> ConnectorSpec:
    """Raises Http404."""
    if name not in context.specs_by_name:
        raise Http404(_("There is no connector '{name}'.", name=name))
    return context.specs_by_name[name]
