"""A day of trade from outside: sandboxes and hub in processes of their own, watched until nothing is open."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from orderhaven.connectors import specs
from orderhaven.core.status import Status
from orderhaven.demo.compare import Rules, Verdict, compare
from orderhaven.demo.hub_side import DemoHub, environment
from orderhaven.demo.processes import CannotPlay, Child, Sandboxes
from orderhaven.demo.sandboxes import Wanted
from orderhaven.demo.sides import HubSide, OutsideView
from orderhaven.ports.connector import ConnectorSpec, ScaledClock, Side

ORIGIN = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)  # a Monday, early: starting takes an hour or two on this clock
WAIT = timedelta(hours=3)
_BEGINS_WITHIN_S = 60.0


@dataclass(frozen=True, slots=True)
class Wish:
    """What kind of day. The connectors are the first that declare a sandbox, unless named."""

    orders: int = 100
    seed: int = 7
    factor: float = 1800.0  # 24 hours in 48 seconds
    selling_hours: float = 14.0
    with_trouble: bool = True
    marketplace: str = ""
    shop: str = ""


@dataclass(frozen=True, slots=True)
class Sight:
    """All three sides at one moment."""

    at: datetime
    context: OutsideView
    hub: HubSide

    @property
    def is_settled(self) -> bool:
        """Nobody will do anything any more, the hub has pulled both sides since, and nothing is left to be sent."""
        known = {order.ref for order in self.hub.orders}
        moving = [one for one in self.hub.orders if one.unsent or one.status is Status.WAITING]
        all_known = all(sold.ref in known for sold in self.context.marketplace.sold)
        return self.context.is_done and self._all_pulled and all_known and not moving

    @property
    def _all_pulled(self) -> bool:
        last_pulled_at, last_deed_at = self.hub.last_pulled_at, self.context.last_deed_at
        return last_deed_at is None or (last_pulled_at is not None and last_pulled_at > last_deed_at)


class Day:
    def __init__(self, folder: Path, wish: Wish) -> None:
        self.folder = folder
        self.wish = wish
        self.marketplace = _with_sandbox(Side.MARKETPLACE, wish.marketplace)
        self.shop = _with_sandbox(Side.SHOP, wish.shop)
        self.clock: ScaledClock = ScaledClock(ORIGIN, wish.factor)
        self.began_at = ORIGIN
        self.pressed: list[str] = []  # what a person at the hub had to do
        self.sandboxes = Sandboxes(self._wanted(), folder / "sandboxes.log")
        self.hub = DemoHub(folder, self.clock)

    @property
    def environment(self) -> dict[str, str]:
        return environment(self.folder, self.clock)

    def connect(self) -> None:
        self.hub.connect(self.marketplace, self.shop, self.sandboxes.addresses)

    def start_hub(self, module: tuple[str, ...] = ("orderhaven.demo.hub",)) -> Child:
        return Child(module, self.environment, self.folder / "hub.log")

    def start_web(self) -> tuple[Child, str]:
        """The web interface of this hub, and where its first account is made."""
        place = f"127.0.0.1:{_free_port()}"
        listening = {"ORDERHAVEN_LISTEN": place, "ORDERHAVEN_URL": ""}
        web = Child(("orderhaven.web.serve",), {**self.environment, **listening}, self.folder / "web.log")
        return web, f"http://{place}/welcome?code={self.hub.welcome_code()}"

    def begin(self, hub: Child) -> None:
        """Open the doors once the hub listens. Raises CannotPlay when it does not."""
        until = time.monotonic() + _BEGINS_WITHIN_S
        while not self.hub.has_pulled():
            if hub.has_ended or time.monotonic() > until:
                raise CannotPlay(f"The hub did not start: see {self.folder / 'hub.log'}")
            time.sleep(0.05)
        self.began_at = self.clock.now()
        self.sandboxes.begin()

    def look(self) -> Sight:
        """The hub is read first: what it says must be true of what the others say later."""
        self.pressed += self.hub.press_buttons()
        hub = self.hub.look()
        return Sight(self.clock.now(), self.sandboxes.look(), hub)

    def watch(self, until: datetime, latest: datetime, every_s: float, show: Callable[[Sight], None]) -> Sight:
        """Look again and again, to `until` at least, and on until nothing is open or it is `latest`."""
        while True:
            sight = self.look()
            show(sight)
            if sight.at >= latest or (sight.at >= until and sight.is_settled):
                return sight
            time.sleep(every_s)

    def judge(self, sight: Sight) -> Verdict:
        marketplace = self.hub.marketplace(self.marketplace)
        rules = Rules(marketplace.carriers, marketplace.other_carrier, WAIT)
        return compare(sight.context.marketplace, sight.context.shop, sight.hub, rules)

    def end(self) -> None:
        self.sandboxes.end()

    def _wanted(self) -> Wanted:
        wish = self.wish
        return Wanted(
            clock=str(self.clock),
            marketplace=self.marketplace.name,
            shop=self.shop.name,
            orders=wish.orders,
            seed=wish.seed,
            selling_hours=wish.selling_hours,
            with_trouble=wish.with_trouble,
        )


@contextmanager
def running(folder: Path, wish: Wish) -> Iterator[Day]:
    """The sandboxes live as long as this block."""
    day = Day(folder, wish)
    try:
        yield day
    finally:
        day.end()


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _with_sandbox(role: Side, name: str) -> ConnectorSpec:
    """Raises CannotPlay, naming those there are."""
    found = {one.name: one for one in specs().values() if one.side is role and one.sandbox}
    if not found or (name and name not in found):
        raise CannotPlay(f"No {role} '{name}' with a sandbox is installed; there are: {', '.join(found) or 'none'}.")
    return found[name] if name else min(found.values(), key=lambda one: not one.plays_demo)
