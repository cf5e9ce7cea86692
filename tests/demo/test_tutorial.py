"""The tutorial, command by command, on the demo that it starts: what it says is what a reader sees."""

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.demo.test_demo import start_demo

pytestmark = pytest.mark.processes
PAGE = (Path(__file__).parents[2] / "docs" / "tutorial" / "first-order.md").read_text(encoding="utf-8")
# after which command, in the order of the page, a reader sees what the page quotes
QUOTED = (
    ("orderhaven connections", "bol"),
    ("orderhaven connections", "WooCommerce"),
    ("orderhaven order C000000021", "Not shipped → Waiting (completed in the shop, without a code)"),
    ("orderhaven order C000000021", "Waiting → Shipped (the wait for a code is over)"),
    ("orderhaven map bol CLOCK-OLD PEN", "CLOCK-OLD is PEN from now on. 1 order goes on."),
)
VERDICT = (
    "2  wait for a person:",
    "C000000001: CLOCK-OLD (Klok, uit het assortiment) is not in the shop.",
    "C000000023: This order travels on the marketplace's own label,",
    "25 orders compared on all three sides: nothing lost, nothing doubled, nothing untrue.",
)


def commands() -> list[str]:
    """Every command that the page has its reader type."""
    blocks = re.findall(r"^```\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    return [line for block in blocks for line in block.splitlines() if line.startswith("orderhaven ")]


def test_each_command_of_the_tutorial_does_what_the_page_says(tmp_path: Path) -> None:
    assert 'make demo args="--keep --orders 25"' in PAGE
    demo = start_demo("orders=25, speed=3600, keep=True", tmp_path)
    assert demo.stdout is not None
    try:
        day = []
        for line in demo.stdout:
            day.append(line)
            if line.startswith("export "):
                break
        seen = {command: typed(command, shlex.split(day[-1])[1:]) for command in commands()}
    finally:
        demo.send_signal(signal.SIGINT)
        demo.communicate(timeout=60)

    assert [words for words in VERDICT if words not in PAGE or words not in "".join(day)] == []
    assert [pair for pair in QUOTED if f"`{pair[1]}`" not in PAGE or pair[1] not in seen[pair[0]]] == []
    assert "What happened" in seen["orderhaven order C000000002"]
    assert "C000000023" in seen["orderhaven orders --problems"]


def typed(command: str, exported: Sequence[str]) -> str:
    """What it says, as one line. Only the doctor may find something: on this clock an hour passes while it looks."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ORDERHAVEN_")}
    hub = dict(one.split("=", 1) for one in exported)
    done = subprocess.run(
        [sys.executable, "-m", "orderhaven.cli.main", *shlex.split(command)[1:]],
        env={**kept, **hub, "ORDERHAVEN_LANGUAGE": "en", "COLUMNS": "200"},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0 or command == "orderhaven doctor", f"{command}: {done.stderr}"
    return " ".join(done.stdout.split())
