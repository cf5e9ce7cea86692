"""The demo from start to verdict, on a data folder of its own that goes away afterwards."""

import shutil
import tempfile
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from rich.console import Console

from orderhaven.demo.compare import Verdict
from orderhaven.demo.day import Day, Wish, running
from orderhaven.demo.processes import CannotPlay, Child
from orderhaven.demo.show import Screen, say_verdict

_DAY = timedelta(hours=22)  # the last wait for a code is over by then
_LATEST = timedelta(hours=60)
_LOOKS_EVERY_S = 0.4
_STOPPED = 130


def play_and_judge(orders: int, *, keep: bool, speed: float, marketplace: str, shop: str) -> int:
    console = Console(highlight=False)
    wish = Wish(orders=orders, factor=speed or Wish().factor, marketplace=marketplace, shop=shop)
    folder = Path(tempfile.mkdtemp(prefix="orderhaven-demo-"))
    stays = True
    try:
        with running(folder, wish) as day:
            is_clean = _play(console, day, keep=keep)
        stays = keep or not is_clean
        return 0 if is_clean else 1
    except CannotPlay as error:
        console.print(str(error), soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        console.print("Stopped. Both sandboxes and the demo's hub have ended; nothing else was touched.")
        stays = keep
        return _STOPPED
    finally:
        if stays:
            console.print(f"The demo's data and logs are in {folder}", soft_wrap=True)
        else:
            shutil.rmtree(folder, ignore_errors=True)


def _play(console: Console, day: Day, *, keep: bool) -> bool:
    console.print(f"A day of trade: {day.wish.orders} orders of {day.marketplace.title} into {day.shop.title}.")
    hub = day.start_hub()
    try:
        day.connect()
        day.begin(hub)
        outcome = _watch(console, day)
        if keep:
            _stay(console, day, hub)
        return outcome.is_clean
    finally:
        hub.end()


def _watch(console: Console, day: Day) -> Verdict:
    until = day.began_at + _DAY
    screen = Screen(console, day, until)
    with screen.open():
        sight = day.watch(until, day.began_at + _LATEST, _LOOKS_EVERY_S, screen.show)
    outcome = day.judge(sight)
    say_verdict(console, sight, outcome, day.pressed)
    return outcome


def _stay(console: Console, day: Day, hub: Child) -> None:
    """Everything goes on until Ctrl-C, and so that it can be looked at, with a web interface."""
    web, address = day.start_web()
    settings = " ".join(f"{name}={value}" for name, value in day.environment.items() if value)
    pace = f"{day.wish.factor:g} times as fast as real time"
    console.print(f"\nAll of it still runs, {pace}, until Ctrl-C. In a browser: {address}", soft_wrap=True)
    console.print(f"In another terminal:\nexport {settings}\norderhaven orders\n", soft_wrap=True)
    try:
        with suppress(KeyboardInterrupt):
            while not hub.has_ended:
                time.sleep(_LOOKS_EVERY_S)
    finally:
        web.end()
