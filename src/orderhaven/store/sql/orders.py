"""Statements about orders: what is known of those that a marketplace or a shop shows, and what is still to be read or decided."""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from orderhaven.core.order import LineFacts
from orderhaven.core.status import Status
from orderhaven.store.sql.execute import marks, rows, rows_among, time_of

# loop_ratio: 2 for 100 orders; idle_ratio: 1
_UNREAD = """
SELECT ref FROM store_order WHERE link_id = %s AND read_at IS NULL AND (read_due_at IS NULL OR read_due_at <= %s)
ORDER BY id LIMIT %s
"""


def unread(link_id: int, now: datetime, limit: int) -> list[str]:
    """Refs of orders that were seen and not yet read, oldest first."""
    return [ref for (ref,) in rows(_UNREAD, [link_id, now, limit])]


# loop_ratio: 4 for 100 orders
_KNOWN_LINES = """
SELECT o.ref, l.ref, l.ordered, l.shipped, l.cancelled, l.buyer_asks, l.by_marketplace
FROM store_order o LEFT JOIN store_line l ON l.order_id = o.id WHERE o.link_id = %s AND o.ref IN ({keys})
"""


def known_lines(link_id: int, refs: Collection[str]) -> dict[str, dict[str, LineFacts]]:
    """What is known of the lines of those of these orders that are known, by the refs of orders and lines."""
    known: dict[str, dict[str, LineFacts]] = {}
    for order_ref, ref, ordered, shipped, cancelled, asks, by_marketplace in rows_among(_KNOWN_LINES, refs, [link_id]):
        lines = known.setdefault(order_ref, {})
        if ref is not None:
            lines[ref] = LineFacts(ref, ordered, shipped, cancelled, bool(asks), bool(by_marketplace))
    return known


class KnownInShop(NamedTuple):
    """What is known of an order from the shop's last reading."""

    order_id: int
    shop_ref: str
    state: str
    word: str
    code: str
    label: str
    wait_until: datetime | None
    status: str
    number_unread: bool
    was_strange: bool  # nobody understood that reading


# loop_ratio: 2 for 100 orders; idle_ratio: 0.2. The plus keeps the database from going through all orders of the shop's links
# instead of these few. While an order is unread, it is the marketplace's answer that nobody understands
_KNOWN_IN_SHOP = """
SELECT id, shop_ref, shop_state, shop_word, code, label, wait_until, status, number_unread, read_at IS NOT NULL AND EXISTS(
    SELECT 1 FROM store_problem p
    WHERE p.order_id = store_order.id AND p.kind = 'surprise' AND p.solved_at IS NULL AND p.message_id IS NULL
) FROM store_order
WHERE +link_id IN (SELECT id FROM store_link WHERE shop_id = %s) AND shop_ref IN ({keys}) ORDER BY id
"""


def known_in_shop(shop_id: int, shop_refs: Iterable[str]) -> Iterator[KnownInShop]:
    """Those of a shop's orders that are orders of ours."""
    return map(KnownInShop._make, rows_among(_KNOWN_IN_SHOP, shop_refs, [shop_id]))


OPEN = (
    Status.NOT_SHIPPED, Status.PARTLY_SHIPPED, Status.WAITING, Status.CANCELLATION_REQUESTED,
    Status.PENDING_CONFIRMATION,
)  # fmt: skip
# idle_ratio: 0.2. A condition that is always true leads SQLite to the index of open problems, which is short
_OPEN_IN_SHOP = f"""
SELECT o.id, o.shop_ref FROM store_link l JOIN store_order o ON o.link_id = l.id
WHERE l.shop_id = %s AND o.closed_at IS NULL AND o.id > %s AND o.shop_ref <> '' AND o.status IN ({marks(OPEN)})
UNION SELECT o.id, o.shop_ref FROM store_problem p CROSS JOIN store_order o JOIN store_link l ON l.id = o.link_id
WHERE p.solved_at IS NULL AND p.order_id > 0 AND p.kind = 'surprise' AND p.message_id IS NULL AND o.id = p.order_id
    AND l.shop_id = %s AND o.id > %s AND o.shop_ref <> ''
ORDER BY 1 LIMIT %s
"""


def open_in_shop(shop_id: int, after: int, limit: int) -> list[tuple[int, str]]:
    """(order id, shop_ref), in pages by id: placed orders that are still open, and those that nobody understood lately."""
    place = [shop_id, after]
    return [(key, ref) for key, ref in rows(_OPEN_IN_SHOP, [*place, *map(str, OPEN), *place, limit])]


# loop_ratio: 2 for 100 orders; idle_ratio: 1
_NEXT_WAIT = """
SELECT MIN(o.wait_until) FROM store_link l JOIN store_order o ON o.link_id = l.id
WHERE l.shop_id = %s AND o.wait_until IS NOT NULL
"""


def next_wait(shop_id: int) -> datetime | None:
    """When the first wait for a code ends in this shop."""
    return time_of(rows(_NEXT_WAIT, [shop_id])[0][0])


# loop_ratio: 3 for 100 orders
_OPEN_PROBLEMS = """
SELECT id, order_id, kind, message_id FROM store_problem WHERE solved_at IS NULL AND order_id IN ({keys})
"""


def open_problems(orders: Collection[int]) -> list[tuple[int, int, str, int | None]]:
    """(id, order, kind, message) of the open problems of these orders."""
    return rows_among(_OPEN_PROBLEMS, orders)
