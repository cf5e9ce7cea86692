"""Plays a scenario on a sandbox, step after step."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec
from msgspec.structs import replace

from orderhaven.ports.connector import Clock
from orderhaven.ports.replay import NotSimulated, RecordedRequest, Stage
from orderhaven.testing.clock import ManualClock
from orderhaven.testing.replay.comparing import Difference, ResponseComparison
from orderhaven.testing.replay.names import Names, names_in
from orderhaven.testing.replay.recording import RecordedStep, Scenario

MakeStage = Callable[[Clock], Stage]

_BEGINS = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)
_STEP_TAKES = timedelta(seconds=3)  # so that no two steps share a second


class ReplayVerdict(StrEnum):
    SAME = "same"
    DIFFERENT = "different"
    NOT_PLAYED = "not played"


class ReplayedStep(msgspec.Struct, frozen=True):
    """What became of one step."""

    number: int
    step: RecordedStep
    outcome: ReplayVerdict
    differences: Sequence[Difference] = ()
    reason: str = ""  # for which it was not played


async def play(scenario: Scenario, make_stage: MakeStage) -> Sequence[ReplayedStep]:
    """What became of each step."""
    _, _, played = await play_on(scenario, make_stage)
    return played


async def play_on(scenario: Scenario, make_stage: MakeStage) -> tuple[ManualClock, Stage, Sequence[ReplayedStep]]:
    """The same, with the stage as the last step has left it."""
    clock = ManualClock(_BEGINS)
    stage = make_stage(clock)
    playing = _Playing(scenario, stage, clock)
    playing.prepare()
    return clock, stage, [await playing.step(number, step) for number, step in enumerate(scenario.steps, 1)]


class _Playing:
    def __init__(self, scenario: Scenario, stage: Stage, clock: ManualClock) -> None:
        self._scenario = scenario
        self._stage = stage
        self._clock = clock
        self._names = Names(scenario.shop.get("timezone", "Europe/Amsterdam"))
        self._lost: dict[str, int] = {}  # a name -> the step that was not played and would have given it
        self._closed = ""  # why no step is played just now

    def prepare(self) -> None:
        begin = self._now()
        try:
            self._names.values |= self._stage.prepare(self._scenario.shop, self._scenario.products)
        except NotSimulated as reason:
            self._closed = str(reason)
        self._names.steps.append((begin, self._now()))

    async def step(self, number: int, step: RecordedStep) -> ReplayedStep:
        begin = self._now()
        try:
            played = await self._played(number, step)
        except NotSimulated as reason:
            self._lose_names_of(number, step)
            played = ReplayedStep(number, step, ReplayVerdict.NOT_PLAYED, reason=str(reason))
        if len(self._names.steps) == number:
            self._names.steps.append((begin, self._now()))
        return played

    async def _played(self, number: int, step: RecordedStep) -> ReplayedStep:
        if step.before is not None:
            self._change(step.before)
        self._clock.advance(timedelta(seconds=step.wait))
        if self._closed:
            raise NotSimulated(self._closed)
        self._need_names(step)
        begin = self._now()
        self._clock.advance(_STEP_TAKES)
        try:
            answer = await self._stage.answer(self._filled(step.request))
        except NotSimulated:
            raise
        except Exception as error:  # noqa: BLE001 - a sandbox that breaks down under a request differs as well
            broken = Difference("answer", step.answer.status, f"{type(error).__name__}: {error}")
            return ReplayedStep(number, step, ReplayVerdict.DIFFERENT, [broken])
        self._names.steps.append((begin, self._now()))
        differences = ResponseComparison(self._stage, self._names, step).compare(answer)
        return ReplayedStep(number, step, ReplayVerdict.DIFFERENT if differences else ReplayVerdict.SAME, differences)

    def _change(self, change: Any) -> None:
        self._closed = ""
        try:
            self._stage.change(change)
        except NotSimulated as reason:
            self._closed = str(reason)

    def _need_names(self, step: RecordedStep) -> None:
        for name in sorted(names_in(msgspec.to_builtins(step.request))):
            if name not in self._names.values and name in self._lost:
                raise NotSimulated(f"it needs {{{name}}} of step {self._lost[name]}, which was not played")

    def _lose_names_of(self, number: int, step: RecordedStep) -> None:
        for name in names_in(step.answer.body) | step.captures.keys():
            self._lost.setdefault(name, number)

    def _filled(self, request: RecordedRequest) -> RecordedRequest:
        fill = self._names.filled
        return replace(
            request,
            path=fill(request.path),
            query=fill(request.query),
            headers=fill(request.headers),
            body=fill(request.body),
            raw_body=fill(request.raw_body),
        )

    def _now(self) -> float:
        return self._clock.now().timestamp()
