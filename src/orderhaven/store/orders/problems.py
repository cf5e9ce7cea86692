"""The open problems of a merchant's orders, newest first. What is asked for costs as much as there are open ones."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from orderhaven.core.problems import ProblemKind
from orderhaven.core.sentences import sentence
from orderhaven.core.status import Status
from orderhaven.store.listing.filters import Unindexed, unindexed
from orderhaven.store.models import Problem
from orderhaven.store.orders.shop_snapshots import of_orders, with_quote

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
    ids = list(_open(merchant_id, kinds, before)[: limit + 1])
    found = Problem.objects.filter(pk__in=ids[:limit]).select_related("order__connection").order_by("-id")
    rows = list(found)
    texts = of_orders({row.order_id: (ProblemKind(row.kind),) for row in rows}) if quotes else {}
    return Problems(
        tuple(_row(row, texts.get(row.order_id, "")) for row in rows), ids[limit - 1] if len(ids) > limit else None
    )


# below: how


def _open(merchant_id: int, kinds: Collection[ProblemKind], before: int | None) -> QuerySet[Problem, int]:
    """By the index of open problems, which is short: all else is `unindexed`, or SQLite would walk back through the solved ones."""
    wanted = Q(kind__in=[str(kind) for kind in kinds]) if kinds else Q()
    found = Problem.objects.filter(wanted, resolved_at__isnull=True, order_id__gt=0)
    place = unindexed(order__merchant__id__exact=merchant_id, id__lt=_BEHIND_ALL if before is None else before)
    return found.filter(place).order_by(Unindexed("id").desc()).values_list("id", flat=True)


def _row(problem: Problem, quote: str) -> ProblemRow:
    return ProblemRow(
        kind=ProblemKind(problem.kind),
        values=problem.values,
        at=problem.at,
        marketplace=problem.order.connection.name,
        ref=problem.order.ref,
        status=Status(problem.order.status),
        quote=quote,
    )
