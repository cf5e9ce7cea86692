"""What a person sees of the day: a table that changes on a terminal, else a line now and then; and the verdict."""

import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from orderhaven.core.status import STATUS_NAMES, Status
from orderhaven.demo.compare import Ending, Verdict
from orderhaven.demo.day import Day, Sight

_LINE_EVERY_S = 4.0
_ENGLISH = 1


class Screen:
    def __init__(self, console: Console, day: Day, until: datetime) -> None:
        self._console = console
        self._day = day
        self._until = until
        self._live = Live(console=console, refresh_per_second=4, transient=True) if console.is_terminal else None
        self._next_line = 0.0

    def open(self) -> AbstractContextManager[object]:
        return self._live if self._live is not None else nullcontext()

    def show(self, sight: Sight) -> None:
        if self._live is not None:
            self._live.update(self._table(sight))
        elif time.monotonic() >= self._next_line:
            self._next_line = time.monotonic() + _LINE_EVERY_S
            said = ", ".join(f"{count} {what}" for what, count in _counts(sight) if count)
            _say(self._console, f"{sight.at:%H:%M}  {said}")

    def _table(self, sight: Sight) -> Group:
        table = Table(title=f"{sight.at:%A %H:%M}", title_justify="left", show_header=False, box=None, padding=(0, 2))
        table.add_column(justify="right")
        table.add_column()
        table.add_column()
        planned = sight.context.planned
        for what, count in _counts(sight):
            table.add_row(str(count), what, ProgressBar(total=max(planned, 1), completed=count, width=40))
        whole, done = self._until - self._day.began_at, sight.at - self._day.began_at
        return Group(table, ProgressBar(total=whole.total_seconds(), completed=done.total_seconds(), width=70))


def _counts(sight: Sight) -> list[tuple[str, int]]:
    statuses = Counter(order.status for order in sight.hub.orders)
    orders = sight.hub.orders
    return [
        ("sold", len(sight.context.marketplace.sold)),
        *((STATUS_NAMES[status][_ENGLISH].lower(), statuses[status]) for status in Status if statuses[status]),
        ("confirmed by the marketplace", sum(order.confirmed_at is not None for order in orders)),
        ("being updated", sum(order.unsent > 0 for order in orders)),
        ("need a person", sum(bool(order.problems) for order in orders)),
        ("faults so far", sum(sight.context.faults.values())),
    ]


_SAID: dict[Ending, str] = {
    Ending.SHIPPED: "shipped, and confirmed once with what the shop says",
    Ending.CANCELLED_IN_SHOP: "cancelled in the shop, and cancelled at the marketplace",
    Ending.CANCELLED_THERE: "cancelled at the marketplace, and not left open in the shop",
    Ending.SHIPPED_THERE: "shipped at the marketplace by others, and not confirmed again",
    Ending.LEFT_ALONE: "shipped by the marketplace itself, and left alone",
    Ending.LABEL_MISSING: "on the marketplace's own label, waiting for a person",
    Ending.NOT_FOR_SALE: "of an article that the shop does not have, waiting for a person",
    Ending.OPEN: "open on both sides",
}


def say_verdict(console: Console, sight: Sight, outcome: Verdict, pressed: Sequence[str]) -> None:
    """The three sides held against each other, in sentences."""
    _say(console, "")
    for ending, count in Counter(outcome.endings.values()).most_common():
        _say(console, f"{count:5}  {_SAID[ending]}")
    _say_shipments(console, sight)
    _say_faults(console, sight)
    for what, count in Counter(pressed).items():
        _say(console, f"{count:5}  times at the hub by hand: {what}")
    _say_problems(console, sight)
    _say(console, "")
    for flaw in outcome.flaws:
        _say(console, f"WRONG  {flaw.ref}: {flaw.what}", "bold red")
    if outcome.is_clean:
        count = len(outcome.endings)
        _say(
            console,
            f"{count} orders compared on all three sides: nothing lost, nothing doubled, nothing untrue.",
            "bold green",
        )
    else:
        wrong = len({flaw.ref for flaw in outcome.flaws})
        _say(console, f"{wrong} orders are not as they should be.", "bold red")


def _say_shipments(console: Console, sight: Sight) -> None:
    by_merchant = [sold for sold in sight.context.marketplace.sold if not sold.by_marketplace]
    sent = [one for sold in by_merchant for one in sold.shipments]
    words = Counter(one.carrier_code or ("own label" if one.label_number else "without a code") for one in sent)
    _say(console, f"{len(sent):5}  confirmed: " + ", ".join(f"{count} {word}" for word, count in words.most_common()))


def _say_faults(console: Console, sight: Sight) -> None:
    faults = sight.context.faults
    if faults:
        said = "; ".join(f"{count} {what}" for what, count in sorted(faults.items()))
        _say(console, f"{sum(faults.values()):5}  calls went wrong on purpose: {said}")


def _say_problems(console: Console, sight: Sight) -> None:
    open_ones = [(order.ref, problem.sentence) for order in sight.hub.orders for problem in order.problems]
    if open_ones:
        _say(console, f"\n{len(open_ones):5}  wait for a person:")
    for ref, sentence in open_ones:
        _say(console, f"       {ref}: {sentence}")


def _say(console: Console, words: str, style: str = "") -> None:
    """As it is: no markup, no wrapping within words."""
    console.print(Text(words, style=style), soft_wrap=True)
