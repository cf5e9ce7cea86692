"""`make replay`: plays recordings of a real server against a connector's sandbox, and says where they differ."""

import argparse
import asyncio
import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from orderhaven.connectors import make_stage, specs
from orderhaven.ports.connector import ConnectorSpec
from orderhaven.testing.clock import ManualClock
from orderhaven.testing.replay.playing import MakeStage, ReplayedStep, ReplayVerdict, play
from orderhaven.testing.replay.recording import Scenario, scenarios_in
from orderhaven.testing.replay.requests import forms_of, what_was_taken
from orderhaven.testing.replay.situations import all_sent

_WIDTH = 110


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="make replay", description=__doc__)
    parser.add_argument("connector", choices=[name for name, one in specs().items() if one.replay])
    parser.add_argument("recordings", type=Path, help="a folder of scenarios")
    parser.add_argument("--taken-by", type=Path, help="more recordings, of requests that the real server took")
    chosen = parser.parse_args(arguments)
    scenarios = scenarios_in(chosen.recordings)
    known = scenarios_in(chosen.taken_by) if chosen.taken_by else scenarios
    return asyncio.run(_replay(specs()[chosen.connector], scenarios, known))


async def _replay(spec: ConnectorSpec, scenarios: Sequence[Scenario], known: Sequence[Scenario]) -> int:
    make: MakeStage = lambda clock: make_stage(spec, clock)  # noqa: E731
    outcomes: Counter[ReplayVerdict] = Counter()
    for scenario in scenarios:
        for played in await play(scenario, make):
            outcomes[played.outcome] += 1
            _say(scenario, played)
    strange = await _strange_requests(scenarios, known, make)
    print(f"scenarios {len(scenarios)}")
    print(f"same {outcomes[ReplayVerdict.SAME]}")
    print(f"not_played {outcomes[ReplayVerdict.NOT_PLAYED]}")
    print(f"differences {outcomes[ReplayVerdict.DIFFERENT]}")
    # a few recordings alone do not say what the server takes: without the others nothing follows from it
    return 1 if (strange and known) or outcomes[ReplayVerdict.DIFFERENT] or not scenarios else 0


async def _strange_requests(scenarios: Sequence[Scenario], known: Sequence[Scenario], make: MakeStage) -> int:
    """How many forms of requests the connector sends that the real server never took; each is printed."""
    likeness = make(ManualClock()).comparison_rules
    taken = what_was_taken([*scenarios, *known], likeness)
    forms = forms_of(await all_sent(scenarios, make), likeness)
    causes = Counter(cause for form in forms if (cause := taken.why_not(form)))
    for cause in sorted(causes):
        print(f"sent by the connector: {cause}")
    print(f"requests {len(forms)}")
    print(f"requests_never_taken {causes.total()}")
    return causes.total()


def _say(scenario: Scenario, played: ReplayedStep) -> None:
    request = played.step.request
    step = f"{scenario.name} {played.number} {request.method} {request.path}: {played.step.name}"
    if played.outcome is ReplayVerdict.NOT_PLAYED:
        print(f"{step}\n    not played: {played.reason}")
    elif played.outcome is ReplayVerdict.DIFFERENT:
        print(step)
        for one in played.differences:
            print(f"    {one.path}: recorded {_short(one.recorded)}, here {_short(one.given)}")


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=repr)
    return text if len(text) <= _WIDTH else text[: _WIDTH - 1] + "…"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
