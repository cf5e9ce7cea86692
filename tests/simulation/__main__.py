"""`python -m tests.simulation`: see campaign."""

import argparse
import os
import sys

from tests.simulation.ready import make_ready

make_ready()

from rich.console import Console  # noqa: E402
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: E402

from orderhaven.testing.pairs import Pair, pair_named  # noqa: E402
from tests.simulation.campaign import Campaign, fresh_seeds, outcomes, reach, story_of  # noqa: E402

_TOLD_AT_MOST = 3
_ALL_IS_REACHED_BY = 1000  # seeds: with fewer, what was not reached is always said, and is no failure


def main() -> int:
    parser = argparse.ArgumentParser(prog="make simulate", description="Play seeds and judge them.")
    parser.add_argument("--seeds", type=int, default=100, help="how many")
    parser.add_argument("--from", type=int, dest="first", help="the first; fresh ones when it is left out")
    parser.add_argument("--seed", type=int, help="play this one again, shrink it and tell it")
    parser.add_argument(
        "--pair", type=_pair, help="references, or MARKETPLACE-SHOP; they take turns when it is left out"
    )
    parser.add_argument("--until-it-fails", action="store_true", help="stop at the first that fails, and say how")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    console = Console(soft_wrap=True, highlight=False)
    if given.seed is not None:
        story = story_of(given.seed, given.pair)
        console.print(story, markup=False)
        return 0 if story.endswith("holds.") else 1
    seeds = fresh_seeds(given.seeds) if given.first is None else range(given.first, given.first + given.seeds)
    console.print(f"seeds {seeds.start} to {seeds.stop - 1}")
    if given.until_it_fails:
        return _first_failure(console, seeds, given.processes, given.pair)
    campaign = _played(console, seeds, given.processes, given.pair)
    for line in reach(campaign):
        console.print(line)
    missed = campaign.missed()
    for what in missed:
        console.print(f"not reached: {what}")
    for seed in sorted(campaign.failed)[:_TOLD_AT_MOST]:
        console.print(story_of(seed, given.pair), markup=False)
    console.print(f"{len(campaign.failed)} of {campaign.seeds} seeds failed: {sorted(campaign.failed)[:20]}")
    for what in (too_few := campaign.too_few()):
        console.print(what)
    return (
        1 if campaign.failed or too_few or (missed and given.seeds >= _ALL_IS_REACHED_BY and given.pair is None) else 0
    )


def _pair(text: str) -> Pair:
    try:
        return pair_named(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _first_failure(console: Console, seeds: range, processes: int, pair: Pair | None) -> int:
    for outcome in outcomes(seeds, processes, pair):
        if outcome.flaws:
            console.print(f"seed {outcome.seed}: {outcome.flaws[0]}", markup=False)
            return 1
    return 0


def _played(console: Console, seeds: range, processes: int, pair: Pair | None) -> Campaign:
    campaign = Campaign()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, redirect_stdout=False) as progress:
        bar = progress.add_task("playing", total=len(seeds))
        for outcome in outcomes(seeds, processes, pair):
            campaign.take(outcome)
            progress.update(bar, advance=1, description=f"playing, {len(campaign.failed)} failed")
    return campaign


if __name__ == "__main__":
    sys.exit(main())
