"""A second shop in memory, which is what the reference shop is not: each order begins as a draft, becomes an order in a job that is
answered later, and is found by its draft alone. What it will not make an order of it refuses with status 500."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import ClassVar

from orderhaven.core.errors import OrderProblem, OrderRejected
from orderhaven.core.shop_order import ShopCommand, ShopOrderCancellation, ShopOrderDraft, ShopOrderSnapshot
from orderhaven.ports.connector import Capability, Clock, ConnectorContext
from orderhaven.ports.receipts import Receipt
from orderhaven.ports.sandbox import BackOfficeOrder, CallKind
from orderhaven.testing.jobs import Jobs
from orderhaven.testing.reference_shop import REFERENCE_SHOP, ReferenceShop
from orderhaven.testing.sandbox_auth import ServerError
from orderhaven.testing.simulated_shop import SIDE, SimulatedShop

DRAFT_SHOP = replace(
    REFERENCE_SHOP,
    name="draft_shop",
    title="Draft shop",
    capabilities=frozenset(
        {
            Capability.PREPARES,
            Capability.ASYNCHRONOUS_COMMANDS,
            Capability.CANCEL,
            Capability.FIND_PRODUCTS_BY_EAN,
            Capability.SETS_PRICES,
            Capability.SUPPRESS_MAIL,
            Capability.FULFILLED_BY_MARKETPLACE,
        }
    ),
    connector="orderhaven.testing.draft_shop:DraftShop",
    sandbox="orderhaven.testing.draft_shop:SimulatedDraftShop",
    limitations="It lives in memory. What a hub created that lost its own records is not found again.",
)


class SimulatedDraftShop(SimulatedShop):
    purposes: ClassVar[Mapping[str, CallKind]] = {"POST /drafts/": CallKind.CREATE, "POST /drafts": CallKind.PREPARE}
    job_takes = timedelta(seconds=40)

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self._drafts: dict[str, str] = {}  # draft -> shop_ref, "" while it is a draft
        self._jobs = Jobs(clock, count(1))

    @property
    def drafts(self) -> int:
        """How many were ever made."""
        return len(self._drafts)

    def orders(self) -> Sequence[BackOfficeOrder]:
        self._jobs.run()
        return super().orders()

    # ------------------------------------------------------------ what its connector may call

    def new_draft(self) -> str:
        draft = f"draft-{len(self._drafts) + 1}"
        self._drafts[draft] = ""
        return draft

    def order_from(self, order_draft: ShopOrderDraft, *, mail_the_buyer: bool) -> Receipt:
        """Turn a draft into an order, later. Raises ServerError for what it will make none of."""
        self._jobs.run()
        draft = order_draft.prepared
        try:
            if self._drafts.get(draft) != "":
                raise OrderRejected(SIDE, "there is no such draft any more")
            self.demand_creatable(order_draft)
        except OrderProblem as no:
            raise ServerError(no) from None

        def make() -> str:
            if self._drafts[draft]:
                raise OrderRejected(SIDE, "the draft is an order already")
            self._drafts[draft] = self.create(order_draft, mail_the_buyer=mail_the_buyer).shop_ref
            return self._drafts[draft]

        return self._jobs.take(order_draft.reference, order_draft.order.ref, self.job_takes, make)

    def cancel_later(self, shop_ref: str) -> Receipt:
        """Raises OrderMissing at once; what else stands against it is said later."""
        self._jobs.run()
        self._order(shop_ref)

        def cancel() -> str:
            self.cancel_order(shop_ref)
            return shop_ref

        return self._jobs.take("", "", self.job_takes, cancel)

    def outcome(self, handle: str) -> Receipt:
        return self._jobs.outcome(handle)

    def by_draft(self, drafts: Mapping[str, str]) -> dict[str, tuple[ShopOrderSnapshot, ...]]:
        """Our reference -> the order that its draft became."""
        self._jobs.run()
        visible = {order.shop_ref: order for order in self._visible()}
        found = {reference: visible.get(self._drafts.get(draft, "")) for reference, draft in drafts.items()}
        return {reference: (order,) for reference, order in found.items() if order is not None}

    # ------------------------------------------------------------ inside

    def by_key(self, shop_refs: Sequence[str]) -> dict[str, ShopOrderSnapshot]:
        self._jobs.run()
        return super().by_key(shop_refs)

    def _visible(self) -> list[ShopOrderSnapshot]:
        self._jobs.run()
        return super()._visible()


class DraftShop(ReferenceShop):
    """A `ports.shop.Shop`."""

    def __init__(self, settings: Mapping[str, str], context: ConnectorContext) -> None:
        super().__init__(settings, context)
        self._drafting: SimulatedDraftShop = self._simulation  # type: ignore[assignment]

    async def prepare(self, command: ShopCommand) -> str:
        if isinstance(command, ShopOrderCancellation) or command.prepared:
            return command.prepared
        return await self._caller.read("POST /drafts", self._drafting.new_draft, about=command.reference)

    async def find(
        self, references: Sequence[str], prepared: Mapping[str, str] | None = None
    ) -> Mapping[str, tuple[ShopOrderSnapshot, ...]]:
        drafts = {reference: draft for reference, draft in (prepared or {}).items() if reference in references}
        if not drafts:
            return {}
        found = await self._caller.read("GET /drafts", lambda: self._drafting.by_draft(drafts))
        self._demand_understood("found", (one.shop_ref for orders in found.values() for one in orders))
        return found

    async def create(self, order_draft: ShopOrderDraft, *, not_after: datetime) -> Receipt:
        return await self._caller.send(
            f"POST /drafts/{order_draft.prepared}/order",
            lambda: self._drafting.order_from(order_draft, mail_the_buyer=self._mail_the_buyer),
            not_after=not_after,
            about=order_draft.order.ref,
            means_no=True,
        )

    async def cancel(self, cancellation: ShopOrderCancellation, *, not_after: datetime) -> Receipt:
        shop_ref = cancellation.shop_ref
        call = f"POST /orders/{shop_ref}/cancel"
        return await self._caller.send(call, lambda: self._drafting.cancel_later(shop_ref), not_after=not_after)

    async def outcomes(self, pending: Mapping[str, str]) -> Mapping[str, Receipt]:
        return await self._caller.read(
            "GET /jobs", lambda: {reference: self._drafting.outcome(handle) for reference, handle in pending.items()}
        )
