"""`kill -9` of the hub at random moments, started again each time: the same verdict as without."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.processes
_RUNS = (1, 2, 3)  # seeds
_KILLS = 10


def test_a_hub_that_is_killed_again_and_again_loses_doubles_and_invents_nothing() -> None:
    command = [sys.executable, "-m", "orderhaven.demo.under_fire", "--kills", str(_KILLS), "--seed"]
    # at the same time: most of a run is waiting until an unanswered call can be looked for
    runs = [
        subprocess.Popen([*command, str(seed)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for seed in _RUNS
    ]
    try:
        said = [run.communicate(timeout=240)[0] for run in runs]
    finally:
        for run in runs:
            run.terminate()

    for seed, run, words in zip(_RUNS, runs, said, strict=True):
        sys.stdout.write(f"seed {seed}\n{words}")
        assert 0 == run.returncode, words
        assert _KILLS == words.count("kill "), words
        assert "nothing lost, nothing doubled, nothing untrue" in words
