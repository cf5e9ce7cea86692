"""Who may do what: three roles of people, and the three powers that a role or a program's token holds."""

from collections.abc import Mapping
from enum import StrEnum


class Permission(StrEnum):
    READ = "read"  # see orders, connections and figures
    WRITE = "write"  # do something about an order: retry, take over, cancel ...
    CONFIGURE = "configure"  # connections, links, people, tokens, webhooks


class Role(StrEnum):
    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMINISTRATOR = "administrator"


ALL_PERMISSIONS = frozenset(Permission)
PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    Role.VIEWER: frozenset({Permission.READ}),
    Role.OPERATOR: frozenset({Permission.READ, Permission.WRITE}),
    Role.ADMINISTRATOR: ALL_PERMISSIONS,
}
