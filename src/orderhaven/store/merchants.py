"""Merchants: the tenants."""

from orderhaven.store.models import Merchant


def only_merchant() -> int:
    """The key of the first merchant, made on first use: one person's hub has one."""
    found = Merchant.objects.order_by("id").values_list("id", flat=True).first()
    return found if found is not None else Merchant.objects.get_or_create(name="My trade")[0].pk
