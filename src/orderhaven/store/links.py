"""Links: which marketplace's orders go to which shop, and how."""

from orderhaven.store.models import Link


def of_marketplace(connection_id: int) -> Link | None:
    """The link of a marketplace connection; None while it has none: then nothing is heard."""
    return Link.objects.filter(marketplace_id=connection_id).first()
