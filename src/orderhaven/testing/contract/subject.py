"""What a contract suite must know of a connector: how to open it, its sandbox, and how to break that."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from orderhaven.core.commands import MarketplaceCommand
from orderhaven.core.shop_order import ShopCommand, ShopOrderSnapshot
from orderhaven.ports.account import AccountChoices, kept_of, read_account, spec_of_account
from orderhaven.ports.connector import AccountProfile, ConnectorSpec
from orderhaven.ports.marketplace import (
    Marketplace,
    OrderSummary,
    RemoteState,
    SummaryPage,
    Verification,
)
from orderhaven.ports.receipts import Receipt, ReceiptState
from orderhaven.ports.sandbox import (
    EFFECTS,
    Basket,
    CallFault,
    CallKind,
    SandboxCall,
    SandboxMarketplace,
    SandboxShop,
)
from orderhaven.ports.shop import Shop
from orderhaven.testing.clock import ManualClock


class Lost(StrEnum):
    """Where the reply to the next request is lost."""

    BEFORE = "before"  # nothing happened
    AFTER = "after"  # it happened


class Break(StrEnum):
    """What the sandbox answers instead, until mended."""

    SERVER_ERROR = "server_error"  # nothing done, a 5xx
    UNREACHABLE = "unreachable"  # nothing listens
    GARBAGE = "garbage"  # done, and the answer cannot be read
    WEB_PAGE = "web_page"  # nothing done, and a web page with status 200


class Noise(StrEnum):
    """What the sandbox writes before each answer, which is whole behind it."""

    BYTE_ORDER_MARK = "byte_order_mark"
    WARNING = "warning"  # of PHP


class On(StrEnum):
    """Which requests a fault spoils; those for credentials only where they are meant."""

    ALL = "all"
    COMMANDS = "commands"  # requests with an effect: none that only asks, and none that prepares
    SIGN_IN = "sign_in"  # requests for credentials


_LOST = {Lost.BEFORE: CallFault.NEVER, Lost.AFTER: CallFault.AFTER}
_BROKEN = {
    Break.SERVER_ERROR: CallFault.STATUS,
    Break.UNREACHABLE: CallFault.REFUSED,
    Break.GARBAGE: CallFault.GARBAGE,
    Break.WEB_PAGE: CallFault.HTML,
}
_NOISE = {Noise.BYTE_ORDER_MARK: CallFault.MARKED, Noise.WARNING: CallFault.WARNED}
_CALLS: Mapping[On, Callable[[SandboxCall], bool]] = {
    On.ALL: lambda call: call.kind is not CallKind.SIGN_IN,
    On.COMMANDS: lambda call: call.has_effect,
    On.SIGN_IN: lambda call: call.kind is CallKind.SIGN_IN,
}


@dataclass(kw_only=True)
class Subject:
    """What both roles hand in."""

    spec: ConnectorSpec
    clock: ManualClock
    sandbox: Any
    open: Callable[
        [Mapping[str, str]], Any
    ]  # a new connector on the sandbox; the settings given replace the right ones
    prepares: Callable[[str], bool] = lambda call: (
        False
    )  # which of sandbox.calls prepare a command, beside those it says itself
    page_size: int = 50  # entries on one page of the lists that the connector reads
    unsupported_texts: frozenset[str] = frozenset()  # names out of hostile.HOSTILE that this API itself has no room for
    opened: list[Any] = field(default_factory=list)

    def another(self, **settings: str) -> Any:
        """One more connector, closed when the test ends."""
        self.opened.append(self.open(settings))
        return self.opened[-1]

    async def close(self) -> None:
        while self.opened:
            await self.opened.pop().close()

    def soon(self) -> datetime:
        """A `not_after` that leaves time enough."""
        return self.clock.now() + timedelta(seconds=self.spec.limits.call_timeout_s)

    async def final_receipt(
        self, connector: Marketplace | Shop, command: MarketplaceCommand | ShopCommand, receipt: Receipt
    ) -> Receipt:
        """What became of a command, once its outcome is known; time passes."""
        waited, step = timedelta(0), timedelta(seconds=20)
        while receipt.state is ReceiptState.PENDING:
            assert waited <= self.spec.limits.outcome_deadline, "the outcome never came"
            self.clock.advance(step)
            waited += step
            receipt = (await connector.outcomes({command.reference: receipt.handle}))[command.reference]
        return receipt

    def requests(self, calls: Sequence[str]) -> list[str]:
        return [call for call in calls if not self.signs_in(call)]

    def effects(self, calls: Sequence[str]) -> list[str]:
        """Those with an effect that must not be doubled: none that only asks, and none that prepares."""
        return [call for call in calls if self.sandbox.kind_of(call) in EFFECTS and not self.prepares(call)]

    def signs_in(self, call: str) -> bool:
        return self.sandbox.kind_of(call) is CallKind.SIGN_IN

    # ------------------------------------------------------------ what goes wrong, through the sandbox's own port

    def lose_reply(self, lost: Lost) -> None:
        """To the next request with an effect."""
        self.sandbox.faults.spoil(_LOST[lost], _CALLS[On.COMMANDS])

    def rate_limit(self, after: timedelta | None, on: On) -> None:
        """The next request; with or without the time to wait."""
        self.sandbox.faults.spoil(CallFault.RATE_LIMITED, _CALLS[on], delay=after or timedelta(0))

    def break_with(self, broken: Break, on: On) -> None:
        """Every request until `clear_faults`."""
        self.sandbox.faults.spoil(_BROKEN[broken], _CALLS[on], times=-1)

    def precede(self, noise: Noise) -> None:
        """Every answer."""
        self.sandbox.faults.spoil(_NOISE[noise], lambda call: True, times=-1)

    def clear_faults(self) -> None:
        self.sandbox.faults.clear()


@dataclass(kw_only=True)
class MarketplaceSubject(Subject):
    sandbox: SandboxMarketplace
    withdraw_cancellation_request: Callable[[str], None] | None = None  # None: a wish to cancel is not taken back there
    sell_unaccepted: Callable[[Basket], str] | None = (
        None  # an order that waits for a yes; needed with Capability.ACCEPT
    )
    unknown_handle: str = "999999999"  # of a command that nobody there remembers
    lose_carrier: Callable[[str], None] | None = (
        None  # takes a code from the account; needed where `check` lists carriers
    )
    account: AccountProfile | None = None  # as `warm` read it
    _declared: ConnectorSpec | None = None

    async def warm(self) -> Marketplace:
        """A connector that has signed in, so that the next request is not about credentials. From then on `spec` is the account's."""
        marketplace: Marketplace = self.another()
        await self.read_account(marketplace)
        return marketplace

    async def read_account(self, marketplace: Marketplace) -> None:
        self._declared = self._declared or self.spec
        self.account = await read_account(marketplace, self._declared)
        self.spec = spec_of_account(self._declared, kept_of(self.account, self._declared), AccountChoices())

    async def pull(self, since: str = "") -> tuple[dict[str, OrderSummary], str]:
        """One whole pull: the last summary of each order, and the cursor to go on with."""
        pages = [page async for page in self.another().pull(since)]
        return summaries_on(pages), pages[-1].cursor

    async def verified(self, marketplace: Marketplace, command: MarketplaceCommand) -> Verification:
        """What a verification says when `visibility_delay` has passed, and longer if it is neither yes nor no."""
        waited = timedelta(0)
        while True:
            self.clock.advance(self.spec.limits.visibility_delay)
            waited += self.spec.limits.visibility_delay
            verification = await marketplace.verify(command)
            if verification.state is not RemoteState.PENDING:
                return verification
            assert waited <= self.spec.limits.outcome_deadline, "the look never says yes or no"


@dataclass(kw_only=True)
class ShopSubject(Subject):
    sandbox: SandboxShop
    foreign_currency: str = "XTS"  # one that the sandbox shop does not sell in

    async def warm(self) -> Shop:
        """A connector that has signed in and read what it needs to know of the shop."""
        shop: Shop = self.another()
        await shop.check()
        return shop

    async def pull(self, since: str = "") -> tuple[dict[str, ShopOrderSnapshot], str]:
        """One whole pull: the last snapshot of each order, and the cursor to go on with."""
        pages = [page async for page in self.another().pull(since)]
        return {order.shop_ref: order for page in pages for order in page.orders}, pages[-1].cursor


def summaries_on(pages: Sequence[SummaryPage]) -> dict[str, OrderSummary]:
    return {summary.ref: summary for page in pages for summary in page.summaries}
