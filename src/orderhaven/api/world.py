"""What the API stands in: time, the network, the connectors, and how much a token may ask. Tests give it another one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from orderhaven.actions.hand import network
from orderhaven.api.allowance import Allowance
from orderhaven.connectors import declarations
from orderhaven.ports.clock import Clock, clock_of_the_environment
from orderhaven.ports.connector import Declaration


@dataclass(frozen=True, slots=True)
class World:
    clock: Callable[[], Clock] = clock_of_the_environment
    transport: Callable[[], Any] = network
    declared: Mapping[str, Declaration] = field(default_factory=declarations)
    allowance: Allowance = field(default_factory=Allowance)
