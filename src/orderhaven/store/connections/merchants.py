"""Merchants: the tenants, and which of them a person works for."""

from django.utils.text import slugify

from orderhaven.core.access import Role
from orderhaven.store.models import Membership, Merchant

FIRST_NAME = "My trade"


def only_merchant() -> int:
    """The key of the first merchant, made on first use: one person's hub has one."""
    found = Merchant.objects.order_by("id").values_list("id", flat=True).first()
    return found if found is not None else create_merchant(FIRST_NAME).pk


def create_merchant(name: str) -> Merchant:
    """A merchant with an address of its own; the one that has this name already, if there is one."""
    found = Merchant.objects.filter(name=name).first()
    if found is not None:
        return found
    return Merchant.objects.get_or_create(name=name, defaults={"slug": _free_slug(name)})[0]


# first parts of addresses that are nobody's
RESERVED = frozenset({
    "api", "healthz", "hooks", "invitation", "language", "login", "logout", "me", "metrics", "readyz", "second-factor",
    "static", "welcome",
})  # fmt: skip


def of_user(user_id: int) -> list[tuple[Merchant, Role]]:
    """Whom a person works for, by name."""
    rows = Membership.objects.filter(user_id=user_id).select_related("merchant").order_by("merchant__name")
    return [(row.merchant, Role(row.role)) for row in rows]


def rename(merchant: Merchant, name: str) -> None:
    """Its address stays, unless it never had a name of its own."""
    if merchant.name == FIRST_NAME:
        merchant.slug = _free_slug(name)
    merchant.name = name
    merchant.save(update_fields=["name", "slug"])


def _free_slug(name: str) -> str:
    slug = wanted = slugify(name)[:40] or "merchant"
    number = 1
    while slug in RESERVED or Merchant.objects.filter(slug=slug).exists():
        number += 1
        slug = f"{wanted}-{number}"
    return slug
