"""The open problems of a merchant's orders, newest first. What is asked for costs as much as there are open ones."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from orderhaven.core.problems import ProblemKind
from orderhaven.core.sentences import sentence
from orderhaven.core.status import Status
from orderhaven.store import sql
from orderhaven.store.models import Problem
from orderhaven.store.unread import of_orders, with_quote

_BEHIND_ALL = 2**62


@dataclass(frozen=True, slots=True)
class ProblemRow:
    kind: ProblemKind
    values: Mapping[str, str]
    at: datetime
    marketplace: str
    ref: str
    status: Status
    quote: str = ""  # of personal data, for who may see that

    @property
    def sentence(self) -> str:
        return sentence(self.kind, with_quote(self.kind, self.values, self.quote))


@dataclass(frozen=True, slots=True)
class Problems:
    rows: tuple[ProblemRow, ...]
    before: int | None  # the next page stands before this one; None: this is the last


def open_problems(
    merchant_id: int, kinds: Collection[ProblemKind], before: int | None, limit: int, *, quotes: bool = False
) -> Problems:
    """Of these kinds; of any when none is named. Two queries, and one for what is to be quoted."""
    wanted = [str(kind) for kind in kinds]
    text = _OPEN.format(kinds=f"AND p.kind IN ({sql.marks(wanted)})" if wanted else "")
    given = [merchant_id, before if before is not None else _BEHIND_ALL, *wanted, limit + 1]
    ids = [key for (key,) in sql.rows(text, given)]
    found = Problem.objects.filter(pk__in=ids[:limit]).select_related("order__link__marketplace").order_by("-id")
    rows = list(found)
    texts = of_orders({row.order_id: (ProblemKind(row.kind),) for row in rows}) if quotes else {}
    return Problems(
        tuple(_row(row, texts.get(row.order_id, "")) for row in rows), ids[limit - 1] if len(ids) > limit else None
    )


# below: how


# the open ones are taken together first: SQLite would walk back through all solved ones to have them in the right order
_OPEN = """
WITH p AS MATERIALIZED (SELECT id, order_id, kind FROM store_problem WHERE solved_at IS NULL)
SELECT p.id FROM p CROSS JOIN store_order o WHERE o.id = p.order_id AND o.merchant_id = %s AND p.id < %s {kinds}
ORDER BY p.id DESC LIMIT %s
"""


def _row(problem: Problem, quote: str) -> ProblemRow:
    return ProblemRow(
        kind=ProblemKind(problem.kind),
        values=problem.values,
        at=problem.at,
        marketplace=problem.order.link.marketplace.name,
        ref=problem.order.ref,
        status=Status(problem.order.status),
        quote=quote,
    )
