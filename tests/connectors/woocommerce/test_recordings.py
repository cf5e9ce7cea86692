"""The sandbox answers as a real WooCommerce was recorded to, and the connector asks what that one took."""

import asyncio
from functools import cache
from pathlib import Path

import pytest

from orderhaven.connectors import make_stage
from orderhaven.connectors.woocommerce import SPEC
from orderhaven.ports.connector import Clock
from orderhaven.ports.replay import Stage
from orderhaven.testing.clock import ManualClock
from orderhaven.testing.replay.playing import ReplayedStep, ReplayVerdict, play
from orderhaven.testing.replay.recording import scenarios_in
from orderhaven.testing.replay.requests import forms_of, what_was_taken
from orderhaven.testing.replay.situations import all_sent

RECORDINGS = Path(__file__).parents[4] / "shared" / "recordings" / "woocommerce"
SCENARIOS = {scenario.name: scenario for scenario in scenarios_in(RECORDINGS)}


pytestmark = pytest.mark.skipif(not SCENARIOS, reason=f"no recordings of a real shop stand in {RECORDINGS}")


def stage(clock: Clock) -> Stage:
    return make_stage(SPEC, clock)


@cache
def played(name: str) -> list[ReplayedStep]:
    return [*asyncio.run(play(SCENARIOS[name], stage))]


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_sandbox_answers_as_the_real_shop_did(name: str) -> None:
    assert [said(one) for one in played(name) if one.outcome is ReplayVerdict.DIFFERENT] == []


def test_at_most_a_fifth_is_not_played() -> None:
    steps = [one for name in SCENARIOS for one in played(name)]

    assert sum(one.outcome is ReplayVerdict.NOT_PLAYED for one in steps) <= len(steps) / 5


def test_the_connector_asks_what_the_real_shop_took() -> None:
    likeness = stage(ManualClock()).comparison_rules
    taken = what_was_taken([*SCENARIOS.values()], likeness)

    forms = forms_of(asyncio.run(all_sent([*SCENARIOS.values()], stage)), likeness)

    assert len(forms) > 30
    assert sorted(cause for form in forms if (cause := taken.why_not(form))) == []


def said(one: ReplayedStep) -> str:
    differences = "; ".join(f"{each.path}: recorded {each.recorded!r}, here {each.given!r}" for each in one.differences)
    return f"{one.number} {one.step.name}: {differences}"
