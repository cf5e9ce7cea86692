"""What sync may ask of a shop's back office. The rules on reads, commands and `not_after` are those of `ports.marketplace`, and so
are `prepare`, `send_many` and `outcomes`."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from orderhaven.core.shop_order import (
    ProductQuery,
    ShopCommand,
    ShopOrderCancellation,
    ShopOrderDraft,
    ShopOrderSnapshot,
)
from orderhaven.ports.connector import AccountProfile
from orderhaven.ports.receipts import Receipt


@dataclass(frozen=True, slots=True)
class ShopPage:
    """Part of a pull; `cursor` as in `ports.marketplace.SummaryPage`.

    `position` is a cursor too, and may be kept at once: `pull` goes on from there after this page, and ends with the cursor
    of the pull that was broken off. "" on the last page, and where a list cannot be gone on with.
    """

    orders: tuple[ShopOrderSnapshot, ...]
    cursor: str
    position: str = ""
    not_understood: Mapping[str, str] = field(default_factory=dict)  # shop_ref -> what is strange about that answer
    unidentified: tuple[str, ...] = ()  # what is strange about rows that do not say of which order they are


class Shop(Protocol):
    async def check(self) -> AccountProfile:
        """Which shop this is, what it sells in, which statuses it has, and what to know. Also that the key may write."""

    def pull(self, since: str) -> AsyncIterator[ShopPage]:
        """Orders changed since the cursor ("": from now on, one page that may be empty), ours and others, overlap included."""

    async def read(self, shop_refs: Sequence[str]) -> Mapping[str, ShopOrderSnapshot]:
        """These orders as they stand now, one for each ref, at most `limits.orders_per_lookup` at once.

        One that a list does not show, or shows bent out of shape, is asked for by id: TRASHED or GONE is an answer, not an
        error. One that nobody understands is left out; asked for alone it raises UnexpectedResponse.
        """

    async def find(
        self, references: Sequence[str], prepared: Mapping[str, str] | None = None
    ) -> Mapping[str, tuple[ShopOrderSnapshot, ...]]:
        """Our orders by exact reference, oldest first, trash included, in one batched call (and the pages it takes).

        At most two references for each of `limits.orders_per_lookup` orders. `prepared`: reference -> what `prepare` gave; a shop
        that cannot be searched by reference looks by that. A reference that the shop does not have is absent.

        Raises UnexpectedResponse where what bears one of these cannot be
        understood, neither in the list nor by its id: it is there, perhaps. Ask in halves then, so that it holds up no other.
        """

    async def find_products(self, wanted: Sequence[ProductQuery]) -> Mapping[ProductQuery, str]:
        """The shop's product for each, by SKU, then by EAN. One that it does not have is absent.

        An SKU is meant exactly; in other capitals it counts where the shop has only one such. Raises UnexpectedResponse as
        `find` does.
        """

    async def prepare(self, command: ShopCommand) -> str: ...

    async def create(self, order_draft: ShopOrderDraft, *, not_after: datetime) -> Receipt:
        """Make the order. The caller has looked products up and looked for the reference before."""

    async def cancel(self, cancellation: ShopOrderCancellation, *, not_after: datetime) -> Receipt:
        """Cancel it there; the shop's own rules decide about stock. Raises OrderMissing when it is gone."""

    async def send_many(self, commands: Sequence[ShopCommand], *, not_after: datetime) -> Mapping[str, Receipt]: ...

    async def outcomes(self, pending: Mapping[str, str]) -> Mapping[str, Receipt]: ...

    async def close(self) -> None: ...
