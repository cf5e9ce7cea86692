"""`python -m orderhaven.demo.under_fire`: a day while the hub is killed (kill -9) at random and started again."""

import argparse
import random
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from rich.console import Console

from orderhaven.demo.day import Day, Wish, running
from orderhaven.demo.processes import CannotPlay, Child
from orderhaven.demo.show import say_verdict

_UP = ("orderhaven.cli.main", "up")
_LIVES_FOR_S = (0.2, 2.2)  # of the hub, from its first call until it is killed
_AIMS_AFTER_S = (0.0, 0.6)
_SENDS_WITHIN_S = 2.5
_COMES_UP_WITHIN_S = 60.0
_LATEST = timedelta(hours=90)
_LOOKS_EVERY_S = 1.0


def run_under_fire(orders: int, kills: int, seed: int) -> int:
    """Returns the exit code: 0 only when all three sides agree in the end."""
    console = Console(highlight=False)
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="orderhaven-kill-") as folder:
        # sold over about the time that the kills take, so that there is work at every moment
        wish = Wish(orders=orders, seed=seed, selling_hours=max(2 * kills, 4), with_trouble=False)
        with running(Path(folder), wish) as day:
            day.connect()
            hub = _kill_again_and_again(console, day, kills, chance)
            try:
                sight = day.watch(day.began_at, day.began_at + _LATEST, _LOOKS_EVERY_S, lambda _: None)
            finally:
                hub.end()
            verdict = day.judge(sight)
            say_verdict(console, sight, verdict, day.pressed)
            return 0 if verdict.is_clean else 1


def _kill_again_and_again(console: Console, day: Day, kills: int, chance: random.Random) -> Child:
    """The last hub, alive."""
    hub = day.start_hub(_UP)
    try:
        day.begin(hub)
        for number in range(1, kills + 1):
            is_aimed = number % 2 == 1
            moment_s = chance.uniform(*(_AIMS_AFTER_S if is_aimed else _LIVES_FOR_S))
            time.sleep(moment_s)
            if is_aimed:
                _await_sending(day)
            hub.kill()
            busy = sum(order.untold for order in day.hub.look().orders)
            said = "in the middle of sending" if day.hub.is_sending() else "between sendings"
            console.print(f"kill {number} of {kills}, {moment_s:.3f} s into its work, {said}, {busy} messages untold")
            hub = day.start_hub(_UP)
            _await_first_call(day, hub)
    except BaseException:
        hub.end()
        raise
    return hub


def _await_sending(day: Day) -> None:
    """Every other kill hits something that is begun and not finished, if there is any soon."""
    until = time.monotonic() + _SENDS_WITHIN_S
    while not day.hub.is_sending() and time.monotonic() < until:
        time.sleep(0.002)


def _await_first_call(day: Day, hub: Child) -> None:
    """It is alive once the sandboxes hear from it. Raises CannotPlay."""
    before = day.sandboxes.look().calls
    until = time.monotonic() + _COMES_UP_WITHIN_S
    while day.sandboxes.look().calls == before:
        if hub.has_ended or time.monotonic() > until:
            raise CannotPlay(f"The hub did not come up again: {(day.folder / 'hub.log').read_text()[-2000:]}")
        time.sleep(0.1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=120)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    raise SystemExit(run_under_fire(given.orders, given.kills, given.seed))


if __name__ == "__main__":
    main()
