"""What the API stands in: time, the network, the connectors, and how much a token may ask. Tests give it another one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from orderhaven.actions.context import network
from orderhaven.api.rate_limit import RateLimiter
from orderhaven.connectors import specs
from orderhaven.ports.connector import Clock, ConnectorSpec, clock_of_the_environment


@dataclass(frozen=True, slots=True)
class Services:
    clock: Callable[[], Clock] = clock_of_the_environment
    transport: Callable[[], Any] = network
    specs_by_name: Mapping[str, ConnectorSpec] = field(default_factory=specs)
    allowance: RateLimiter = field(default_factory=RateLimiter)
