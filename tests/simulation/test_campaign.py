"""The simulation itself: plans, shrinking, telling, and the planted faults."""

import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from tests.pairs import CONNECTORS
from tests.simulation.campaign import Campaign
from tests.simulation.outcome import Ending, Outcome
from tests.simulation.plan import Deed, Trouble
from tests.simulation.planted import MUTANTS, Mutant
from tests.simulation.run import Line
from tests.simulation.seeds import plan_of
from tests.simulation.shrink import shrunk
from tests.simulation.story import as_story

_ROOT = Path(__file__).parents[2]


def test_a_seed_is_the_same_plan_whatever_order_sets_have() -> None:
    code = "from tests.simulation.seeds import plan_of; print([plan_of(seed) for seed in range(40)])"
    told = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": str(number), "PYTHONPATH": f"{_ROOT / 'src'}:{_ROOT}"},
            capture_output=True, text=True, check=True,
        ).stdout
        for number in (1, 2)
    }  # fmt: skip

    assert len(told) == 1


def test_one_seed_in_twenty_plays_a_two_day_outage() -> None:
    plans = [plan_of(seed) for seed in range(400)]
    outages = [
        plan
        for plan in plans
        if any(fault.trouble is Trouble.OUTAGE and fault.lasts >= 48 * 60 for fault in plan.faults)
    ]

    assert len(outages) == 20
    assert all(2 <= plan.minutes / 60 <= 12 for plan in plans if plan not in outages)


def test_shrinking_leaves_only_what_the_failure_needs() -> None:
    plan = plan_of(12)
    culprit, deed = plan.faults[1], next(one for one in plan.happenings if one.deed is not Deed.SELL and one.order >= 0)

    smallest = shrunk(plan, lambda some: culprit in some.faults and deed in some.happenings)

    assert smallest.faults == (culprit,)
    assert {one.order for one in smallest.happenings} == {deed.order}
    assert [one for one in smallest.happenings if one.deed is not Deed.SELL] == [deed]


def test_a_failure_is_reported_with_the_command_that_plays_it_again() -> None:
    plan = plan_of(12)
    outcome = Outcome(
        12,
        CONNECTORS,
        ["C1: lost"],
        Counter(),
        Counter(),
        Counter(),
        1,
        2.0,
        0.1,
        [Line(3725.0, "an order comes in: C1")],
    )

    story = as_story(12, plan, replace(plan, faults=()), outcome)

    assert "make simulate SEED=12" in story
    assert "C1: lost" in story
    assert "1:02:05  an order comes in: C1" in story


def test_what_no_seed_reached_is_named() -> None:
    campaign = Campaign()
    rows, troubles, endings = {("not_shipped", "tracking_added"): 1}, {Trouble.RESET: 1}, {Ending.OPEN: 1}
    campaign.take(Outcome(1, CONNECTORS, [], Counter(rows), Counter(troubles), Counter(endings), 1, 2.0, 0.1))

    missed = campaign.missed()

    assert "the row 'tracking_added' while 'not_shipped'" not in missed
    assert "the row 'wait_expired' while 'waiting'" in missed
    assert f"the trouble '{Trouble.GARBAGE}'" in missed
    assert f"the trouble '{Trouble.RESET}'" not in missed
    assert f"an order that ended '{Ending.CONFIRMED_WITH_CODE}'" in missed
    assert f"an order that ended '{Ending.OPEN}'" not in missed


@pytest.mark.parametrize(
    "mutant", [*MUTANTS, *(one.also for one in MUTANTS if one.also)], ids=lambda mutant: mutant.name
)
def test_a_planted_fault_still_has_its_place(mutant: Mutant) -> None:
    text = (_ROOT / "src" / "orderhaven" / mutant.file).read_text()

    assert text.count(mutant.text) == 1


def test_a_campaign_in_which_little_came_about_is_reported() -> None:
    campaign = Campaign()
    endings = Counter({Ending.OPEN: 190, Ending.CONFIRMED_UNTRACKED: 20})
    campaign.take(Outcome(1, CONNECTORS, [], Counter(), Counter(), endings, 205, 2.0, 0.1))

    assert campaign.too_few() == ["only 20 of 210 orders were confirmed, and 40% must be"]
