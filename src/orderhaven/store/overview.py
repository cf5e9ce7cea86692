"""How the trade runs: counts and times of a stretch of it. What is asked for costs as much as that stretch has orders."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from django.db.models import Count, F
from django.db.models.functions import TruncDay, TruncHour

from orderhaven.core.problems import ProblemKind
from orderhaven.core.status import Status
from orderhaven.store.listing.conditions import unindexed
from orderhaven.store.listing.filters import STILL_TO_SEND
from orderhaven.store.models import Kind, Message, MessageState, Order, Problem

_MOST_TIMES = 5_000  # of the newest: more would not move a percentile
_AT_RISK = timedelta(hours=4)


@dataclass(frozen=True, slots=True)
class Times:
    """How long something took, in seconds; `count` of them were looked at. Nothing was: both are 0."""

    p50_s: float
    p95_s: float
    count: int


@dataclass(frozen=True, slots=True)
class Overview:
    heard: Counter[tuple[datetime, str]]  # (beginning of the hour or day, marketplace) -> orders placed there
    to_shop: Times  # from hearing an order to having it in the shop
    to_confirmation: Times  # from its completion in the shop to the marketplace's yes
    at_risk: int  # still to send, and less than four hours left
    problems: Sequence[tuple[ProblemKind, int]]  # most frequent first


def overview(merchant_id: int, since: datetime, now: datetime, zone: tzinfo, *, by_day: bool) -> Overview:
    """Five queries."""
    return Overview(
        heard=_heard(merchant_id, since, zone, by_day=by_day),
        to_shop=_times(merchant_id, Kind.PLACE, "order__heard_at", since),
        to_confirmation=_times(merchant_id, Kind.CONFIRM, "order__completed_at", since),
        at_risk=_at_risk(merchant_id, now),
        problems=_problems(merchant_id),
    )


def _heard(merchant_id: int, since: datetime, zone: tzinfo, *, by_day: bool) -> Counter[tuple[datetime, str]]:
    truncate = TruncDay if by_day else TruncHour
    rows = Order.objects.filter(merchant_id=merchant_id, placed_at__gte=since)
    rows = rows.annotate(moment=truncate("placed_at", tzinfo=zone), name=F("link__marketplace__name"))
    found = rows.order_by().values_list("moment", "name").annotate(number=Count("id"))
    return Counter({(moment, name): number for moment, name, number in found})


def _times(merchant_id: int, kind: Kind, began: str, since: datetime) -> Times:
    rows = Message.objects.filter(
        connection__merchant_id=merchant_id, kind=str(kind), state=str(MessageState.TOLD), made_at__gte=since,
        finished_at__isnull=False, **{f"{began}__isnull": False},
    )  # fmt: skip
    pairs = rows.order_by("-made_at").values_list(began, "finished_at")[:_MOST_TIMES]
    seconds = sorted(max((ended - start).total_seconds(), 0.0) for start, ended in pairs)
    if not seconds:
        return Times(0, 0, 0)
    return Times(_percentile(seconds, 50), _percentile(seconds, 95), len(seconds))


def _percentile(ordered: Sequence[float], percent: int) -> float:
    """The smallest value that so many percent are not above."""
    return ordered[max(-(-len(ordered) * percent // 100) - 1, 0)]


def _at_risk(merchant_id: int, now: datetime) -> int:
    still_to_send = Order.objects.filter(
        merchant_id=merchant_id, closed_at=None, status__in=(*STILL_TO_SEND, Status.WAITING),
        ship_by__gte=now, ship_by__lt=now + _AT_RISK, by_marketplace=False,
    )  # fmt: skip
    return still_to_send.count()


def _problems(merchant_id: int) -> list[tuple[ProblemKind, int]]:
    # by the index of open problems; the one of the merchant's orders would lead through all of the history
    rows = Problem.objects.filter(unindexed(order__merchant__id__exact=merchant_id), solved_at=None)
    found = [(ProblemKind(kind), number) for kind, number in rows.values_list("kind").annotate(number=Count("id"))]
    return sorted(found, key=lambda pair: (-pair[1], pair[0]))
