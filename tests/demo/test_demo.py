"""The demo as a person starts it, in processes of its own."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

pytestmark = pytest.mark.processes
_DEMO = "import sys; from orderhaven.demo import run_demo; sys.exit(run_demo({arguments}))"


def start_demo(arguments: str, temporary: Path) -> "subprocess.Popen[str]":
    """With a data folder of its own in `temporary`; nothing of the person who runs the tests is touched."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ORDERHAVEN_")}
    return subprocess.Popen(
        [sys.executable, "-c", _DEMO.format(arguments=arguments)],
        env={**environment, "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def test_a_small_day_ends_with_a_clean_verdict_and_leaves_nothing_behind(tmp_path: Path) -> None:
    demo = start_demo("orders=12, speed=3600", tmp_path)

    said, _ = demo.communicate(timeout=120)

    assert 0 == demo.returncode, said
    assert "12 orders compared on all three sides: nothing lost, nothing doubled, nothing untrue." in said
    assert [] == list(tmp_path.iterdir())


def test_a_day_that_is_kept_can_be_looked_at_in_a_browser(tmp_path: Path) -> None:
    demo = start_demo("orders=3, speed=3600, keep=True", tmp_path)
    assert demo.stdout is not None
    said = next(line for line in demo.stdout if "In a browser" in line)
    address = said.split()[-1]

    try:
        page = until_answered(address)
    finally:
        demo.send_signal(signal.SIGINT)
        demo.communicate(timeout=60)

    assert "Orderhaven" in page
    with pytest.raises(OSError, match="refused"):
        urlopen(address)


def until_answered(address: str) -> str:
    latest = time.monotonic() + 60
    while True:
        try:
            with urlopen(address, timeout=10) as answer:
                return str(answer.read().decode())
        except URLError:
            assert time.monotonic() < latest
            time.sleep(0.1)


def test_ctrl_c_ends_all_of_it(tmp_path: Path) -> None:
    demo = start_demo("orders=12", tmp_path)
    assert demo.stdout is not None
    said = next(line for line in demo.stdout if "sold" in line)

    demo.send_signal(signal.SIGINT)
    said += demo.communicate(timeout=60)[0]

    assert 130 == demo.returncode, said
    assert "nothing else was touched" in said
    assert [] == list(tmp_path.iterdir())
