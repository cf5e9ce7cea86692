"""Who may do what: three roles of people, and the three powers that a role or a program's token holds."""

from collections.abc import Mapping
from enum import StrEnum


class Power(StrEnum):
    LOOK = "look"  # see orders, connections and figures
    ACT = "act"  # do something about an order: retry, take over, cancel ...
    SET_UP = "set_up"  # connections, links, people, tokens, webhooks


class Role(StrEnum):
    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMINISTRATOR = "administrator"


EVERYTHING = frozenset(Power)
POWERS: Mapping[Role, frozenset[Power]] = {
    Role.VIEWER: frozenset({Power.LOOK}),
    Role.OPERATOR: frozenset({Power.LOOK, Power.ACT}),
    Role.ADMINISTRATOR: EVERYTHING,
}
