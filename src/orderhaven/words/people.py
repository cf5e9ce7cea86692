"""Roles and powers, as people and programs read them."""

from collections.abc import Mapping

from orderhaven.core.access import Power, Role
from orderhaven.core.language import _
from orderhaven.core.notices import NoticeKind

ROLE_NAMES: Mapping[Role, str] = {
    Role.VIEWER: "viewer",
    Role.OPERATOR: "operator",
    Role.ADMINISTRATOR: "administrator",
}
ROLES: Mapping[Role, str] = {
    Role.VIEWER: "sees orders and figures, without names and addresses of buyers",
    Role.OPERATOR: "works with orders: retries, takes over, cancels, chooses the carrier",
    Role.ADMINISTRATOR: "may do everything: connections, links, people, programs",
}
POWER_NAMES: Mapping[Power, str] = {
    Power.LOOK: "look: read orders, connections and figures",
    Power.ACT: "act: retry, take over, cancel, choose; and read buyers' addresses",
    Power.SET_UP: "set up: connections and links",
}
NOTICE_NAMES: Mapping[NoticeKind, str] = {
    NoticeKind.PROBLEM: "an order needs somebody",
    NoticeKind.CONNECTION: "a connection cannot be used, and when it can be again",
    NoticeKind.CANCELLATION: "a buyer asks to cancel",
    NoticeKind.LATE: "an order may miss its ship-by time",
    NoticeKind.DIGEST: "once a day, how things stand",
}


def role_name(role: Role) -> str:
    return _(ROLE_NAMES[role])
