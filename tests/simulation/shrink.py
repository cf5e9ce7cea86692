"""From a plan that fails to the smallest one that fails in the same way."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from tests.simulation.plan import Deed, Happening, Plan

T = TypeVar("T")
_TRIES = 120


def shrunk(plan: Plan, fails: Callable[[Plan], bool]) -> Plan:
    """Leaves out faults, then whole orders, then single deeds, as long as `fails` holds; at most so many tries."""
    left = [_TRIES]

    def still(candidate: Plan) -> bool:
        left[0] -= 1
        return left[0] >= 0 and fails(candidate)

    faults = _fewest(plan.faults, lambda some: still(replace(plan, faults=tuple(some))))
    plan = replace(plan, faults=tuple(faults))
    for number in sorted({one.order for one in plan.happenings}):
        without = replace(plan, happenings=tuple(one for one in plan.happenings if one.order != number))
        if still(without):
            plan = without
    deeds = [one for one in plan.happenings if one.deed is not Deed.SELL]
    kept = _fewest(deeds, lambda some: still(_with_deeds(plan, some)))
    return _with_deeds(plan, kept)


def _with_deeds(plan: Plan, deeds: Sequence[Happening]) -> Plan:
    sales = [one for one in plan.happenings if one.deed is Deed.SELL]
    return replace(plan, happenings=tuple(sorted([*sales, *deeds], key=lambda one: one.at)))


def _fewest(items: Sequence[T], fails: Callable[[Sequence[T]], bool]) -> Sequence[T]:
    """Delta debugging: leave out halves, then quarters, then single ones."""
    size = max(len(items) // 2, 1)
    while items:
        for start in range(0, len(items), size):
            fewer = [*items[:start], *items[start + size :]]
            if fails(fewer):
                items = fewer
                break
        else:
            if size == 1:
                break
            size = max(size // 2, 1)
    return items
