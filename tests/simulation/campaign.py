"""Many seeds on all cores: progress while they play, the first failing ones shrunk and told, and what was reached.

`python -m tests.simulation --seeds 2000 [--from N] [--pair MARKETPLACE-SHOP]`, or `--seed N` to play one again. Without a pair, the
references and a pair of connectors take turns.
"""

import multiprocessing
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from orderhaven.testing.pairs import Pair
from tests.simulation.outcome import NEVER, ROWS, Ending, Outcome, Row, play
from tests.simulation.plan import Plan, Trouble
from tests.simulation.process import Endless
from tests.simulation.ready import make_ready
from tests.simulation.seeds import plan_of
from tests.simulation.shrink import shrunk
from tests.simulation.story import as_story

_CONFIRMED = (Ending.CONFIRMED_WITH_CODE, Ending.CONFIRMED_UNTRACKED)
_CREATED_AT_LEAST, _CONFIRMED_AT_LEAST = 0.75, 0.4  # of all orders: 92 and 52 of a hundred are usual
_ORDERS_THAT_TELL = 200


@dataclass
class Campaign:
    """What the seeds reached together."""

    seeds: int = 0
    hours: float = 0.0
    cpu_s: float = 0.0
    rows: Counter[Row] = field(default_factory=Counter)
    rows_of: dict[Pair, Counter[Row]] = field(default_factory=dict)
    troubles: Counter[Trouble] = field(default_factory=Counter)
    endings: Counter[Ending] = field(default_factory=Counter)
    created: int = 0
    failed: dict[int, list[str]] = field(default_factory=dict)

    def take(self, outcome: Outcome) -> None:
        self.seeds += 1
        self.hours += outcome.hours
        self.cpu_s += outcome.cpu_s
        self.rows += outcome.rows
        self.rows_of.setdefault(outcome.pair, Counter()).update(outcome.rows)
        self.troubles += outcome.troubles
        self.endings += outcome.endings
        self.created += outcome.created
        if outcome.flaws:
            self.failed[outcome.seed] = outcome.flaws

    def too_few(self) -> list[str]:
        """A hub that does nothing does nothing wrong: so many orders are created and confirmed, whatever fails."""
        orders, confirmed = self.endings.total(), sum(self.endings[ending] for ending in _CONFIRMED)
        shares = (
            ("created in the shop", self.created, _CREATED_AT_LEAST),
            ("confirmed", confirmed, _CONFIRMED_AT_LEAST),
        )
        return [
            f"only {count} of {orders} orders were {what}, and {least:.0%} must be"
            for what, count, least in shares
            if orders >= _ORDERS_THAT_TELL and count < least * orders
        ]

    def missed(self) -> list[str]:
        """What none of the seeds reached; and what one reached although nothing leads there."""
        rows = [
            f"(but it is said to be impossible) '{fact}' while '{status}'"
            for status, fact in sorted(NEVER & set(self.rows))
        ]
        rows += [f"the row '{fact}' while '{status}'" for status, fact in sorted(ROWS - set(self.rows))]
        rows += [f"an order that ended '{ending}'" for ending in Ending if ending not in self.endings]
        return rows + [f"the trouble '{trouble}'" for trouble in Trouble if trouble not in self.troubles]


def fresh_seeds(count: int) -> range:
    """Seeds that nobody has played yet, most likely; they stand in a row, so that every kind of plan is among them."""
    first = random.SystemRandom().randrange(10_000, 10_000_000)
    return range(first, first + count)


def outcomes(seeds: Sequence[int], processes: int, pair: Pair | None = None) -> Iterator[Outcome]:
    """As they come in; a seed that breaks the simulation itself counts as failed."""
    play_one = partial(_safely, pair=pair)
    if processes == 1:
        yield from map(play_one, seeds)
        return
    with multiprocessing.get_context("spawn").Pool(processes, make_ready) as pool:
        yield from pool.imap_unordered(play_one, seeds, chunksize=1)


def story_of(seed: int, pair: Pair | None = None) -> str:
    """The smallest plan that fails in the same way, told in sentences."""
    plan = plan_of(seed, pair)
    outcome = _safely(seed, pair)
    if not outcome.flaws:
        return f"Seed {seed} holds."
    smallest = shrunk(plan, _FailsLike(frozenset(map(_kind, outcome.flaws))))
    return as_story(seed, plan, smallest, _safely_played(smallest))


@dataclass(frozen=True)
class _FailsLike:
    kinds: frozenset[str]

    def __call__(self, plan: Plan) -> bool:
        return bool(self.kinds & set(map(_kind, _safely_played(plan).flaws)))


def _kind(flaw: str) -> str:
    """A flaw without its numbers and names."""
    text = flaw.partition(": ")[2] or flaw
    return " ".join(word for word in text.split() if word.isalpha())[:60]


def _safely(seed: int, pair: Pair | None = None) -> Outcome:
    return _safely_played(plan_of(seed, pair))


def _safely_played(plan: Plan) -> Outcome:
    try:
        return play(plan)
    except (Exception, Endless) as error:  # noqa: BLE001 - a seed that breaks the simulation has failed, and the others go on
        broken = f"the run: broke with {type(error).__name__}: {error}"
        return Outcome(plan.seed, plan.pair, [broken], Counter(), Counter(), Counter(), 0, 0.0, 0.0)


def reach(campaign: Campaign) -> Iterable[str]:
    """Lines about how far the campaign got."""
    yield f"{campaign.seeds} seeds, {campaign.endings.total()} orders, {campaign.hours:.0f} hours of trade"
    yield f"created in the shop: {campaign.created}"
    yield f"how orders ended: {', '.join(f'{campaign.endings[ending]} {ending}' for ending in Ending)}"
    by = ", ".join(f"{len(ROWS & set(rows))} by {pair}" for pair, rows in sorted(campaign.rows_of.items()))
    yield f"rows of the status table reached: {len(ROWS & set(campaign.rows))} of {len(ROWS)} ({by})"
    hit = sum(trouble in campaign.troubles for trouble in Trouble)
    yield f"kinds of trouble that came true: {hit} of {len(Trouble)}"
