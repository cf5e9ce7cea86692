"""Who may do what: three roles of users, and the three permissions that a role or an API token holds."""

from collections.abc import Mapping
from enum import StrEnum

from orderhaven.core.translation import NamedEnum


class Permission(NamedEnum):
    READ = "read", "read: orders, connections and figures"
    WRITE = "write", "write: retry, take over, cancel, choose; and read buyers' addresses"
    CONFIGURE = "configure", "configure: connections and links"


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
