"""`python -m orderhaven.demo.sandboxes`: a marketplace and a shop on loopback, with people and a control endpoint.

It prints one line of JSON with its addresses, and ends with its standard input or by SIGTERM. At the control address
`POST /begin` lets the day begin and `GET /state` tells what both sides know; nothing there is of use to the hub.
"""

import argparse
import asyncio
import signal
import sys
from collections.abc import Mapping

import msgspec

from orderhaven.connectors import make_sandbox, specs
from orderhaven.connectors.kit.http import Request, Response
from orderhaven.connectors.kit.server import SandboxServer
from orderhaven.demo.outside import look_outside
from orderhaven.demo.people import People
from orderhaven.demo.plan import at_full_price, plan_day
from orderhaven.demo.trouble import Trouble
from orderhaven.ports.connector import Capability, Clock, ConnectorSpec, ScaledClock

_ACTS_EVERY_S = 0.03
_LABEL_SETTING = "label_meta_key"  # a shop that declares it has a place for the number of a marketplace label


class Addresses(msgspec.Struct, frozen=True):
    """Where the sandboxes are, and the settings of a connection that reaches each."""

    control: str
    marketplace: Mapping[str, str]
    shop: Mapping[str, str]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What to serve, as the command's one argument."""

    clock: str
    marketplace: str
    shop: str
    orders: int
    seed: int
    selling_hours: float
    with_trouble: bool


class World:
    def __init__(self, wanted: Wanted) -> None:
        specs_by_name = specs()
        clock = ScaledClock.of(wanted.clock)
        there, here = specs_by_name[wanted.marketplace], specs_by_name[wanted.shop]
        self.marketplace, self.shop = make_sandbox(there, clock), make_sandbox(here, clock)
        plans = plan_day(wanted.orders, wanted.seed, wanted.selling_hours)
        if Capability.SETS_PRICES not in here.capabilities:
            plans = [at_full_price(plan) for plan in plans]
        self.people = People(self.marketplace, self.shop, clock, plans, _label_key(here, self.shop))
        self.trouble = Trouble(self.marketplace, self.shop, clock)
        self._wanted = wanted
        self._clock: Clock = clock

    async def play(self) -> None:
        self.people.open_shop()
        while True:
            self.people.act()
            self.trouble.act()
            await asyncio.sleep(_ACTS_EVERY_S)

    async def handle(self, request: Request) -> Response:
        """The control endpoint."""
        match request.method, request.path:
            case "POST", "/begin":
                self.people.begin()
                if self._wanted.with_trouble:
                    self.trouble.begin()
                return Response(204)
            case "GET", "/state":
                state = look_outside(self.people, self.trouble.hit())
                return Response(200, {"content-type": "application/json"}, msgspec.json.encode(state))
            case _:
                return Response(404)


def _label_key(spec: ConnectorSpec, shop: object) -> str:
    defaults = {setting.key: setting.default for setting in spec.settings}
    return (defaults.get(_LABEL_SETTING) or "") if hasattr(shop, "set_meta") else ""


async def serve(wanted: Wanted) -> None:
    world = World(wanted)
    served = [SandboxServer(one) for one in (world, world.marketplace, world.shop)]
    control, there, here = [await one.start() for one in served]
    playing = asyncio.create_task(world.play())
    addresses = Addresses(control, world.marketplace.settings(there), world.shop.settings(here))
    print(msgspec.json.encode(addresses).decode(), flush=True)
    await until_told_to_end(playing)
    playing.cancel()
    for one in served:
        await one.stop()


async def until_told_to_end(also: "asyncio.Task[None] | None" = None) -> None:
    """Until SIGTERM, SIGINT, or the end of standard input: whoever started this process is gone."""
    loop = asyncio.get_running_loop()
    told: asyncio.Future[None] = loop.create_future()

    def end() -> None:
        if not told.done():
            told.set_result(None)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end)
    loop.add_reader(sys.stdin, end)
    await asyncio.wait([told, also] if also else [told], return_when=asyncio.FIRST_COMPLETED)
    if also is not None and also.done():
        also.result()  # it only ends by an error, which is worth seeing


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("wanted", help="JSON: see Wanted")
    asyncio.run(serve(msgspec.json.decode(parser.parse_args().wanted, type=Wanted)))


if __name__ == "__main__":
    main()
