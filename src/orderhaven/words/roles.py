"""Roles, as people read them."""

from collections.abc import Mapping

from orderhaven.core.access import Role
from orderhaven.core.translation import _

ROLE_NAMES: Mapping[Role, str] = {
    Role.VIEWER: "viewer",
    Role.OPERATOR: "operator",
    Role.ADMINISTRATOR: "administrator",
}
ROLES: Mapping[Role, str] = {
    Role.VIEWER: "sees orders and figures, without names and addresses of buyers",
    Role.OPERATOR: "works with orders: retries, takes over, cancels, chooses the carrier",
    Role.ADMINISTRATOR: "may do everything: connections, links, users, API clients",
}


def role_name(role: Role) -> str:
    return _(ROLE_NAMES[role])
