"""Faults planted in the hub, one at a time, on a copy of it: the simulation must find each. `make mutants`."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.simulation.planted import MUTANTS, Mutant

_ROOT = Path(__file__).parents[2]
_FIRST_SEED = 1


def planted(mutant: Mutant, root: Path) -> None:
    """Change the copy at `root`. Raises ValueError when the text does not stand there exactly once."""
    file = root / "src" / "orderhaven" / mutant.file
    text = file.read_text()
    if text.count(mutant.text) != 1:
        raise ValueError(f"{mutant.file}: the text of '{mutant.name}' stands there {text.count(mutant.text)} times")
    file.write_text(text.replace(mutant.text, mutant.instead))
    if mutant.also is not None:
        planted(mutant.also, root)


def found_by(mutant: Mutant, seeds: int) -> str:
    """What the campaign says of it; "" when it finds nothing."""
    with tempfile.TemporaryDirectory(prefix="orderhaven-mutant-") as folder:
        root = Path(folder)
        for part in ("src", "tests"):
            shutil.copytree(_ROOT / part, root / part, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        planted(mutant, root)
        pair = ["--pair", mutant.pair] if mutant.pair else []
        run = subprocess.run(
            [sys.executable, "-m", "tests.simulation", "--until-it-fails", "--from", str(_FIRST_SEED), "--seeds", str(seeds), *pair],
            cwd=root, env={**os.environ, "PYTHONPATH": f"{root / 'src'}{os.pathsep}{root}"}, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
    said = [line for line in run.stdout.splitlines() if line.startswith("seed ")]
    if run.returncode and not said:
        raise RuntimeError(f"{mutant.name}: the campaign itself broke\n{run.stdout[-500:]}{run.stderr[-2000:]}")
    return said[0] if said else ""


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("--seeds", type=int, default=200, help="how many each mutant is given at most")
    parser.add_argument("words", nargs="*", help="only mutants with one of these in their name")
    given = parser.parse_args()
    survivors = []
    chosen = [one for one in MUTANTS if not given.words or any(word in one.name for word in given.words)]
    for mutant in chosen:
        began = time.monotonic()
        said = found_by(mutant, given.seeds)
        took = time.monotonic() - began
        _say(f"{'found' if said else 'SURVIVES':8} {mutant.name:55} {took:5.0f} s  {said}")
        if not said:
            survivors.append(mutant.name)
    _say(f"{len(chosen) - len(survivors)} of {len(chosen)} planted faults found")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
