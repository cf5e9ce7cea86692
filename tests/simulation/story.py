"""A failing seed told in sentences, with the command that plays it again."""

from collections.abc import Iterator

from tests.simulation.outcome import Outcome
from tests.simulation.plan import Plan
from tests.simulation.seeds import pair_of


def as_story(seed: int, whole: Plan, smallest: Plan, outcome: Outcome) -> str:
    return "\n".join(_lines(seed, whole, smallest, outcome))


def _lines(seed: int, whole: Plan, smallest: Plan, outcome: Outcome) -> Iterator[str]:
    pair = "" if whole.pair == pair_of(seed) else f" PAIR={whole.pair}"
    yield f"Seed {seed} fails. Play it again: make simulate SEED={seed}{pair}"
    yield (
        f"  {smallest.pair}, {smallest.minutes / 60:.1f} hours; {len(smallest.faults)} of {len(whole.faults)} faults and "
        f"{len(smallest.happenings)} of {len(whole.happenings)} deeds are needed for it."
    )
    yield "  What is wrong:"
    for flaw in outcome.flaws:
        yield f"    {flaw}"
    yield "  How it came to that:"
    for line in outcome.story:
        yield f"    {clock(line.at)}  {line.text}"


def clock(seconds: float) -> str:
    """As hours and minutes since the start."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60:3d}:{minutes % 60:02d}:{rest:02d}"
