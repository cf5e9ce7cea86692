"""What a connector's folder offers so that its sandbox can be held to recordings of the real server.

A connector that has recordings names a `Stage` in its spec; `orderhaven.testing.replay` plays on it.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from msgspec import UNSET, Struct

from orderhaven.ports.sandbox import CatalogueItem


class NotSimulated(Exception):
    """The sandbox does not do this, and says so; the message is the reason."""


class RecordedRequest(Struct, frozen=True, rename={"as_": "as"}):
    """A request as it stands in a recording. A query value that is a list stands for a name that is repeated."""

    method: str
    path: str
    query: dict[str, Any] = {}
    headers: dict[str, str] = {}
    body: Any = UNSET
    raw_body: str | None = None
    raw_query: str = ""
    scheme: str = "https"
    as_: str = "read_write"  # whose key
    sign: str = ""  # "": as is usual with this scheme


class ReplayedResponse(Struct, frozen=True):
    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes


class SentRequest(Struct, frozen=True):
    """A request that the connector sent by itself, without what proves its keys."""

    method: str
    path: str
    query: Sequence[str]  # its names
    body: bytes


class ComparisonRules(Struct, frozen=True):
    """What need not be the same for a request of the connector to be like a recorded one."""

    beside_any: frozenset[str] = frozenset()  # names that the server takes in a query beside any others
    same: Mapping[str, str] = {}  # pattern of body fields to which the server applies one rule -> its name

    def name_of(self, field: str) -> str:
        return next((name for pattern, name in self.same.items() if re.fullmatch(pattern, field)), field)


class Variant(Struct, frozen=True):
    """How a connector is set up, and how its server is then."""

    settings: dict[str, str] = {}
    change: dict[str, Any] = {}  # as a scenario's step has it under `before`


class Stage(Protocol):
    """One scenario's server in its sandbox. Made anew for each scenario, with the clock that it runs on."""

    sandbox: Any  # SandboxMarketplace or SandboxShop

    def prepare(self, settings: Mapping[str, Any], products: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
        """Set it up as the scenario says; the names that its requests and answers know from the start.

        Raises NotSimulated for a setting that the sandbox does not have.
        """

    def change(self, change: Mapping[str, Any]) -> None:
        """The state of the site from here on. Raises NotSimulated for one that the sandbox cannot be in."""

    async def answer(self, request: RecordedRequest) -> ReplayedResponse:
        """What the sandbox answers to this, sent with the key and in the way that it names. Raises NotSimulated."""

    def compared(self, row: Any) -> Mapping[str, Any]:
        """What is compared of one row of an answer: path -> value. A path may be compared on one side only."""

    def is_compared_always(self, path: str) -> bool:
        """Whether the sandbox must give this field wherever the real server does; any other it may leave out."""

    def open(self, **settings: str) -> Any:
        """The connector on this sandbox; its requests are kept in `sent`."""

    @property
    def comparison_rules(self) -> ComparisonRules: ...

    @property
    def sent(self) -> Sequence[SentRequest]: ...

    @property
    def articles(self) -> Sequence[CatalogueItem]:
        """The scenario's products that can be sold."""

    @property
    def variants(self) -> Sequence[Variant]:
        """Ways to work that change what the connector sends; the first is as usual."""
