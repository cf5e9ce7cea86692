"""`python -m tests.demo.under_fire`: a day while the hub is killed (kill -9) and started again, stands still for longer
than a call may take (SIGSTOP, SIGCONT), or cannot write to its disk, at random moments."""

import argparse
import os
import random
import resource
import signal
import tempfile
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from rich.console import Console

from orderhaven.demo.day import Day, Wish, running
from orderhaven.demo.processes import CannotPlay, Child
from orderhaven.demo.show import say_verdict

pytestmark = pytest.mark.processes  # they live in real time, and are watched in it
_UP = ("orderhaven.cli.main", "up", "--no-web")
_IMPATIENT = ("orderhaven.demo.hub",)  # gives a call up after 4 s, so that standing still outlasts one
_STANDS_STILL_FOR_S = 5.0
_DISK_IS_FULL_FOR_S = 1.5
_SMALLEST_FILE = 32 * 1024  # bytes; a write-ahead log outgrows it with the next few orders
_LIVES_FOR_S = (0.2, 2.2)  # of the hub, from its first call until it is killed
_AIMS_AFTER_S = (0.0, 0.6)
_SENDS_WITHIN_S = 2.5
_COMES_UP_WITHIN_S = 60.0
_LATEST = timedelta(hours=90)
_LOOKS_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class Fire:
    """How often what happens to the hub."""

    kills: int = 0
    stops: int = 0
    full_disks: int = 0


def run_under_fire(orders: int, fire: Fire, seed: int) -> int:
    """Returns the exit code: 0 only when all three sides agree in the end."""
    console = Console(highlight=False)
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="orderhaven-kill-") as folder:
        # sold over about the time that the kills take, so that there is work at every moment
        hours = 2 * fire.kills + 3 * (fire.stops + fire.full_disks)
        wish = Wish(orders=orders, seed=seed, selling_hours=max(hours, 4), with_trouble=False)
        with running(Path(folder), wish) as day:
            day.connect()
            hub = (_kill_again_and_again if fire.kills else _torment)(console, day, fire, chance)
            try:
                sight = day.watch(day.began_at, day.began_at + _LATEST, _LOOKS_EVERY_S, lambda _: None)
            finally:
                hub.end()
            outcome = day.judge(sight)
            say_verdict(console, sight, outcome, day.pressed)
            return 0 if outcome.is_clean else 1


def _kill_again_and_again(console: Console, day: Day, fire: Fire, chance: random.Random) -> Child:
    """The last hub, alive."""
    hub = day.start_hub(_UP)
    try:
        day.begin(hub)
        for number in range(1, fire.kills + 1):
            is_aimed = number % 2 == 1
            moment_s = chance.uniform(*(_AIMS_AFTER_S if is_aimed else _LIVES_FOR_S))
            time.sleep(moment_s)
            if is_aimed:
                _await_sending()
            _kill(hub)
            busy = sum(order.unsent for order in day.hub.look().orders)
            said = "in the middle of sending" if _is_sending() else "between sendings"
            console.print(
                f"kill {number} of {fire.kills}, {moment_s:.3f} s into its work, {said}, {busy} messages unsent"
            )
            hub = day.start_hub(_UP)
            _await_first_call(day, hub)
    except BaseException:
        hub.end()
        raise
    return hub


def _torment(console: Console, day: Day, fire: Fire, chance: random.Random) -> Child:
    """One hub that lives through all of it."""
    hub = day.start_hub(_IMPATIENT if fire.stops else _UP)
    try:
        day.begin(hub)
        for number in range(1, fire.stops + 1):
            time.sleep(chance.uniform(*_AIMS_AFTER_S))
            _await_sending()
            os.kill(hub.pid, signal.SIGSTOP)  # as if the machine slept
            said = "in the middle of sending" if _is_sending() else "between sendings"
            console.print(f"stop {number} of {fire.stops}, {said}, for {_STANDS_STILL_FOR_S:.0f} s")
            time.sleep(_STANDS_STILL_FOR_S)
            os.kill(hub.pid, signal.SIGCONT)
        for number in range(1, fire.full_disks + 1):
            time.sleep(chance.uniform(*_LIVES_FOR_S))
            _limit_files(hub, _SMALLEST_FILE)
            console.print(f"full disk {number} of {fire.full_disks}, for {_DISK_IS_FULL_FOR_S:.1f} s")
            time.sleep(_DISK_IS_FULL_FOR_S)
            _limit_files(hub, resource.RLIM_INFINITY)
        if hub.has_ended:
            raise CannotPlay(f"The hub ended: {(day.folder / 'hub.log').read_text()[-2000:]}")
        refused = (day.folder / "hub.log").read_text().count("store_failure")
        console.print(f"{refused} times the store could not be written to")
    except BaseException:
        os.kill(hub.pid, signal.SIGCONT)
        hub.end()
        raise
    return hub


def _await_sending() -> None:
    """Every other kill hits something that is begun and not finished, if there is any soon."""
    until = time.monotonic() + _SENDS_WITHIN_S
    while not _is_sending() and time.monotonic() < until:
        time.sleep(0.002)


def _is_sending() -> bool:
    from orderhaven.store.models import Message

    return Message.objects.filter(state="in_flight").exists()


def _kill(hub: Child) -> None:
    """kill -9"""
    os.kill(hub.pid, signal.SIGKILL)
    hub.end()


def _limit_files(hub: Child, size: int) -> None:
    """The kernel refuses every write beyond."""
    resource.prlimit(hub.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def _await_first_call(day: Day, hub: Child) -> None:
    """It is alive once it calls the sandboxes. Raises CannotPlay."""
    before = day.sandboxes.look().calls
    until = time.monotonic() + _COMES_UP_WITHIN_S
    while day.sandboxes.look().calls == before:
        if hub.has_ended or time.monotonic() > until:
            raise CannotPlay(f"The hub did not come up again: {(day.folder / 'hub.log').read_text()[-2000:]}")
        time.sleep(0.1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in {"orders": 120, "kills": 0, "stops": 0, "full-disks": 0, "seed": 1}.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args()
    fire = Fire(given.kills, given.stops, given.full_disks)
    raise SystemExit(run_under_fire(given.orders, fire, given.seed))


if __name__ == "__main__":
    main()
