"""A sandbox in a process of its own, and the person who works at that side."""

import asyncio
import multiprocessing
import os
import re
import signal
from collections import Counter
from multiprocessing.connection import Connection as Pipe
from typing import Any

import psutil

from orderhaven.connectors import make_sandbox, specs
from orderhaven.connectors.kit.server import SandboxServer
from orderhaven.ports.sandbox import Basket, CatalogueItem
from orderhaven.sync.garbage import collect_rarely
from orderhaven.testing.clock import ManualClock
from orderhaven.testing.goods import many_articles

ARTICLES = many_articles(20)
_A_KEY = re.compile(r"/[A-Z]?\d+(?=/|$)")


class SandboxSide:
    """Seen from the process that is measured. Its clock stands still until it is told how much time passes."""

    def __init__(self, connector: str) -> None:
        self.spec = specs()[connector]
        spawn = multiprocessing.get_context("spawn")
        self._pipe, theirs = spawn.Pipe()
        self._process = spawn.Process(target=_serve, args=(connector, theirs), daemon=True)
        self._process.start()
        theirs.close()
        self.settings: dict[str, str] = self._pipe.recv()

    def sells(self, count: int) -> None:
        """Buyers order this often."""
        self._ask("sells", count)

    def completes(self) -> int:
        """The merchant sends every order that is not sent yet, each with a code. Returns how many."""
        return int(self._ask("completes"))

    def passes(self, seconds: float) -> None:
        self._ask("passes", seconds)

    def calls(self) -> Counter[str]:
        """'METHOD /path' -> how often since the last time that this was asked; keys of orders left out."""
        found: Counter[str] = self._ask("calls")
        return found

    def confirmed(self) -> int:
        """Of a marketplace: how many shipments it has."""
        return int(self._ask("confirmed"))

    def cpu_s(self) -> float:
        """What its process has used so far."""
        times = psutil.Process(self._process.pid).cpu_times()
        return float(times.user + times.system)

    def stop(self) -> None:
        self._pipe.close()
        self._process.join(10)

    def _ask(self, what: str, *given: object) -> Any:
        self._pipe.send((what, given))
        return self._pipe.recv()


class Person:
    """In the sandbox's process: what `Side` asks for, done at the sandbox itself."""

    def __init__(self, connector: str) -> None:
        self.clock = ManualClock()
        self.sandbox = make_sandbox(specs()[connector], self.clock)
        self._sold = 0
        self._completed = 0
        if hasattr(self.sandbox, "stock"):
            self.sandbox.stock(ARTICLES, 1_000_000)

    def sells(self, count: int) -> None:
        for number in range(self._sold, self._sold + count):
            self.sandbox.sell(Basket(lines=_lines(number)))
        self._sold += count

    def completes(self) -> int:
        fresh = self.sandbox.orders()[self._completed :]
        for number, order in enumerate(fresh, start=self._completed):
            self.sandbox.complete(order.shop_ref, tracking_number=f"3SABCD{number:07d}")
        self._completed += len(fresh)
        return len(fresh)

    def passes(self, seconds: float) -> None:
        self.clock.advance(self.clock.in_real(seconds))

    def calls(self) -> Counter[str]:
        found = Counter(_A_KEY.sub("/{}", call) for call in self.sandbox.calls)
        self.sandbox.calls.clear()
        return found

    def confirmed(self) -> int:
        return len(self.sandbox.shipments())


def shape(method: str, path: str) -> str:
    """A call without the keys in its path."""
    return f"{method} {_A_KEY.sub('/{}', path)}"


def _lines(number: int) -> list[tuple[CatalogueItem, int]]:
    """Three orders of four have one line, the fourth has two; every tenth line has two pieces."""
    chosen = [ARTICLES[number % 20], ARTICLES[(number * 7 + 3) % 20]][: 1 + (number % 4 == 3)]
    return [(article, 1 + (number % 10 == 9)) for article in dict.fromkeys(chosen)]


def _serve(connector: str, pipe: Pipe) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the measured process ends this one
    collect_rarely()  # as the measured process does: what goes on here takes of its time, and is not what is measured
    asyncio.run(_answer_until_closed(Person(connector), pipe))


async def _answer_until_closed(person: Person, pipe: Pipe) -> None:
    served = SandboxServer(person.sandbox)
    pipe.send(dict(person.sandbox.settings(await served.start())))
    closed = asyncio.Event()

    def answer() -> None:
        try:
            what, given = pipe.recv()
            pipe.send(getattr(person, what)(*given))
        except EOFError:
            closed.set()

    asyncio.get_running_loop().add_reader(pipe.fileno(), answer)
    await closed.wait()
    os._exit(0)  # nothing to save, and connections that are kept open would only hold up the end
