"""The browser that the tests drive: where it is, and `python -m tests.browser.chromium`, which gets one where there is none."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

WHAT_TO_DO = (
    "No Chromium was found to drive the web interface with. Install one (on Debian: apt install chromium), or say in "
    "ORDERHAVEN_CHROMIUM where it is; ORDERHAVEN_NO_BROWSER=1 leaves these tests out."
)
FLAGS = (
    "--no-sandbox",  # the tests may run as root, for whom Chromium has no sandbox
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_NAMES = ("chromium", "chromium-browser", "google-chrome")
_ANSWERS_WITHIN_S = 60
_INSTALLS_WITHIN_S = 900


def is_left_out() -> bool:
    return os.environ.get("ORDERHAVEN_NO_BROWSER") == "1"


def find() -> str | None:
    """The first that starts: on some systems a name on the PATH only says how to install it."""
    return next((path for path in _candidates() if _starts(path)), None)


def _candidates() -> Iterator[str]:
    if named := os.environ.get("ORDERHAVEN_CHROMIUM"):
        yield named
    yield from (path for name in _NAMES if (path := shutil.which(name)))
    if Path(own := _playwrights_own()).exists():
        yield own


def _playwrights_own() -> str:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        return playwright.chromium.executable_path


def _starts(path: str) -> bool:
    try:
        return subprocess.run([path, "--version"], capture_output=True, timeout=_ANSWERS_WITHIN_S).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def install() -> None:
    """By the system where that is allowed, else by Playwright into the user's own cache."""
    is_root = os.geteuid() == 0
    if is_root and shutil.which("apt-get"):
        _try("apt-get", "update", "-qq")
        _try("apt-get", "install", "-qq", "-y", "--no-install-recommends", "chromium")
    if find() is None:
        _try(sys.executable, "-m", "playwright", "install", *(["--with-deps"] if is_root else []), "chromium")


def _try(*command: str) -> None:
    """What it says is shown; whether it did it, is seen afterwards."""
    quietly = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with suppress(OSError, subprocess.TimeoutExpired):
        subprocess.run(command, env=quietly, stdin=subprocess.DEVNULL, timeout=_INSTALLS_WITHIN_S)


def main() -> None:
    """Never in the way of the other tests: without a browser, those that need one say so themselves."""
    if is_left_out() or find() is not None:
        return
    print("No Chromium here yet: installing one for the tests of the web interface.", flush=True)  # noqa: T201
    install()
    if find() is None:
        print(WHAT_TO_DO)  # noqa: T201


if __name__ == "__main__":
    main()
