"""How often something may still be tried: each try takes one from an allowance, which fills up again by itself.

Kept is the moment at which an allowance is full again, under a hash of whose it is: no address of anybody stands here.
"""

import hashlib
import hmac
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from orderhaven.store.models import Allowance

_NOTHING = timedelta(0)


@dataclass(frozen=True, slots=True)
class Allowances:
    """Whose tries these are, how many may follow each other at once, and how long it takes for each to come back."""

    owner: tuple[str, ...]
    size: int
    each: timedelta

    @property
    def key(self) -> str:
        return hmac.new(
            settings.SECRET_KEY.encode(), "\n".join(("allowance", *self.owner)).encode(), hashlib.sha256
        ).hexdigest()

    def wait(self, full_at: datetime, now: datetime) -> timedelta:
        """How long until it holds one; no time when it does."""
        return max(full_at - now - self.each * (self.size - 1), _NOTHING)

    def full_at(self, kept: datetime, now: datetime) -> datetime:
        """Of what lies further ahead than an empty purse needs, the clock was wrong when it was written."""
        return kept if now < kept <= now + self.each * self.size else now


def take(purses: Collection[Allowances], now: datetime) -> timedelta:
    """One from each, or from none and how long to wait."""
    with transaction.atomic():
        Allowance.objects.bulk_create([Allowance(key=one.key, full_at=now) for one in purses], ignore_conflicts=True)
        kept = {row.key: row for row in _rows(purses)}
        full = {one.key: one.full_at(kept[one.key].full_at, now) for one in purses}
        wait = max(one.wait(full[one.key], now) for one in purses)
        if wait == _NOTHING:
            for one in purses:
                Allowance.objects.filter(key=one.key).update(full_at=full[one.key] + one.each)
    return wait


def give_back(purses: Collection[Allowances]) -> None:
    """What was taken for a try that went well."""
    with transaction.atomic():
        kept = {row.key: row for row in _rows(purses)}
        for one in purses:
            if one.key in kept:
                Allowance.objects.filter(key=one.key).update(full_at=kept[one.key].full_at - one.each)


def forget_full(now: datetime) -> None:
    Allowance.objects.filter(full_at__lte=now).delete()


def _rows(purses: Collection[Allowances]) -> list[Allowance]:
    return list(Allowance.objects.select_for_update().filter(key__in=[one.key for one in purses]).order_by("key"))
