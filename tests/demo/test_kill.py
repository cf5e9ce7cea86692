"""A hub that is killed, that stands still, or that cannot write, at random moments: the same verdict as without."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.processes
_RUNS = (1, 2, 3)  # seeds
_KILLS = 10


def test_a_hub_that_is_killed_again_and_again_loses_doubles_and_invents_nothing() -> None:
    command = [sys.executable, "-m", "tests.demo.under_fire", "--kills", str(_KILLS), "--seed"]
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


@pytest.mark.parametrize(("what", "times", "said"), [("--stops", 3, "stop"), ("--full-disks", 4, "full disk")])
def test_a_hub_that_stands_still_or_cannot_write_loses_doubles_and_invents_nothing(
    what: str, times: int, said: str
) -> None:
    command = [sys.executable, "-m", "tests.demo.under_fire", "--orders", "60", what, str(times), "--seed", "3"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)

    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.count(f"{said} ") >= times
    assert "nothing lost, nothing doubled, nothing untrue" in run.stdout
    if what == "--full-disks":
        assert not run.stdout.count("\n0 times the store could not be written to")
