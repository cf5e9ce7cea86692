"""Roles and powers, as people and programs read them."""

from collections.abc import Mapping

from orderhaven.core.access import Permission, Role
from orderhaven.core.notifications import NotificationKind
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
POWER_NAMES: Mapping[Permission, str] = {
    Permission.READ: "read: orders, connections and figures",
    Permission.WRITE: "write: retry, take over, cancel, choose; and read buyers' addresses",
    Permission.CONFIGURE: "set up: connections and links",
}
NOTICE_NAMES: Mapping[NotificationKind, str] = {
    NotificationKind.PROBLEM: "an order needs somebody",
    NotificationKind.CONNECTION: "a connection cannot be used, and when it can be again",
    NotificationKind.CANCELLATION: "a buyer asks to cancel",
    NotificationKind.LATE: "an order may miss its ship-by time",
    NotificationKind.DIGEST: "once a day, how things stand",
}


def role_name(role: Role) -> str:
    return _(ROLE_NAMES[role])
