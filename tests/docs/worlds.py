"""Where pages are typed: a folder of their own, with the demo's two sandboxes in front of it, or a copy of the checkout."""

import shutil
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orderhaven.demo.day import ORIGIN, Wish
from orderhaven.demo.processes import Sandboxes
from orderhaven.demo.sandboxes import Wanted
from orderhaven.ports.connector import ScaledClock
from tests.docs.blocks import ROOT
from tests.docs.reader import Reader, surroundings
from tests.pairs import CONNECTORS

_MINUTES_IN_A_SECOND = 60.0  # so that both sides are pulled every five seconds
_SOLD_WITHIN_HOURS = 0.01
_ORDERS = 25


@contextmanager
def empty_folder(folder: Path) -> Iterator[Reader]:
    """What is needed, the page starts."""
    yield from _reading(Reader(_with_packages(folder), surroundings(folder, ORDERHAVEN_LISTEN=free_address())))


@contextmanager
def two_accounts(folder: Path, *, trade_runs: bool) -> Iterator[Reader]:
    """Accounts at both sandboxes, whose keys the environment gives in place of a keyboard. The demo's orders are sold before
    anything is typed when the trade runs already, else once there is a hub.
    """
    clock = str(ScaledClock(ORIGIN, _MINUTES_IN_A_SECOND))
    sandboxes = Sandboxes(_wanted(clock), folder / "sandboxes.log")
    try:
        addresses = sandboxes.addresses
        keys = {
            f"ORDERHAVEN_SET_{key.upper()}": value for key, value in {**addresses.marketplace, **addresses.shop}.items()
        }
        hub = {
            "ORDERHAVEN_DATA": str(folder / "data"),
            "ORDERHAVEN_KEY_FILE": str(folder / "keys"),
            "ORDERHAVEN_ALLOW_NETWORKS": "loopback",
            "ORDERHAVEN_LISTEN": free_address(),
            "ORDERHAVEN_CLOCK": clock,
        }
        reader = Reader(_with_packages(folder), surroundings(folder, **keys, **hub))
        if trade_runs:
            sandboxes.begin()
        else:
            reader.meanwhile = sandboxes.begin
        yield from _reading(reader)
    finally:
        sandboxes.end()


@contextmanager
def copied_checkout(folder: Path) -> Iterator[Reader]:
    """What an author writes into it goes away with it."""
    ignored = shutil.ignore_patterns("__pycache__")
    for name in ("src", "tests"):
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    for name in ("Makefile", "pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, folder)
    paths = {"PYTHONPATH": f"{folder / 'src'}:{folder}"}
    yield from _reading(Reader(_with_packages(folder), surroundings(folder, folder, **paths)))


def _reading(reader: Reader) -> Iterator[Reader]:
    try:
        yield reader
    finally:
        reader.presses_ctrl_c()


def _with_packages(folder: Path) -> Path:
    (folder / ".venv").symlink_to(sys.prefix)
    return folder


def free_address() -> str:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{found.getsockname()[1]}"


def _wanted(clock: str) -> Wanted:
    return Wanted(
        clock=clock,
        marketplace=CONNECTORS.marketplace,
        shop=CONNECTORS.shop,
        orders=_ORDERS,
        seed=Wish(orders=_ORDERS).seed,
        selling_hours=_SOLD_WITHIN_HOURS,
        with_trouble=False,
    )
