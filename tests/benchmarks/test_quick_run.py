"""`make bench` keeps running: a small run of everything. What it measures then says nothing about speed."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.processes
def test_a_quick_run_ends_with_one_line_for_each() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick"], cwd=ROOT, capture_output=True, text=True, timeout=400
    )

    assert run.returncode == 0, run.stdout + run.stderr
    last = run.stdout.strip().splitlines()[-7:]
    names = ["loop_ratio", "idle_ratio", "growth_ratio", "pages_ratio", "query_ratio", "stuck_ratio", "peak_mb"]
    assert names == [line.split()[0] for line in last]
    assert all(re.fullmatch(r"\w+ \d+\.\d{3}", line) for line in last)


@pytest.mark.processes
def test_a_name_narrows_the_run_to_that_one() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick", "peak_mb"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert re.findall(r"^(\w+_ratio|peak_mb) [\d.]+$", run.stdout, re.MULTILINE) == ["peak_mb"]
