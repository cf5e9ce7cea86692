"""Faults planted in the hub, one at a time, on a copy of it: the simulation must find each. `make mutants`."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path(__file__).parents[2]
_FIRST_SEED = 1


@dataclass(frozen=True, slots=True)
class Mutant:
    name: str  # what is wrong with the hub
    file: str  # below src/orderhaven
    text: str  # stands there exactly once
    instead: str


MUTANTS = (
    Mutant(
        "an overtaken cycle may still write",
        "store/connections.py",
        "    if found != [(claimed.epoch,)]:",
        "    if not found:",
    ),
    Mutant(
        "what is unclear is repeated at once",
        "store/settling.py",
        "        state=MessageState.UNCLEAR,\n        rounds=message.rounds + 1,\n        misses=0,\n"
        "        due_at=ledger.now + pace.first_look,\n",
        "        state=MessageState.DUE,\n        rounds=message.rounds + 1,\n        misses=0,\n        due_at=ledger.now,\n",
    ),
    Mutant(
        "one look that misses counts at once",
        "sync/tell_shop.py",
        "        return NotThere(counts=begun_at >= settled_at)",
        "        return NotThere(counts=True)",
    ),
    Mutant(
        "the cursor moves although the hearing failed",
        "sync/hear_marketplace.py",
        "    begun_at, until = cycle.now(), cycle.hears_until()\n",
        "    begun_at, until = cycle.now(), cycle.hears_until()\n    cycle.heard(begun_at, begun_at.isoformat())\n",
    ),
    Mutant(
        "an order is confirmed while it waits for its code",
        "store/consequences.py",
        "            case Status.SHIPPED:\n                _shipped(ledger, order, fact)\n",
        "            case Status.WAITING:\n                ledger.put(order, Kind.CONFIRM)\n"
        "            case Status.SHIPPED:\n                _shipped(ledger, order, fact)\n",
    ),
    Mutant(
        "a wait is never over",
        "store/shop_readings.py",
        "    if over and row.status == Status.WAITING and reading.state is ShopState.COMPLETED:",
        "    if over and row.status == Status.MANUAL and reading.state is ShopState.COMPLETED:",
    ),
    Mutant(
        "a wait is over halfway",
        "store/consequences.py",
        "timedelta(seconds=order.link.wait_s)",
        "timedelta(seconds=order.link.wait_s / 2)",
    ),
    Mutant(
        "a message counts as told before it is sent",
        "store/outbox.py",
        "one.message.handle = not_after, MessageState.SENDING",
        "one.message.handle = not_after, MessageState.TOLD",
    ),
    Mutant(
        "what was begun may be sent however late",
        "connectors/kit/session.py",
        "            if left_s <= 0:",
        "            if left_s <= -1e9:",
    ),
    Mutant(
        "what a dead cycle began is left lying",
        "store/outbox.py",
        "    left_behind(claim, now)\n    found",
        "    found",
    ),
    Mutant(
        "being taken in counts as being done",
        "sync/tell_marketplace.py",
        "                return TakenIn(receipt.handle)",
        "                return Done(receipt.remote_ref)",
    ),
    Mutant(
        "what is refused is parked without a Problem",
        "store/settling.py",
        "    ledger.problem(row, verdict.kind, verdict.values, message=message, evidence=verdict.evidence)\n",
        "",
    ),
    Mutant(
        "changes at the marketplace are not heard",
        "store/orders.py",
        "    return any(known.get(line.ref) != line for line in sighting.lines)",
        "    return not known and bool(sighting.lines)",
    ),
    Mutant(
        "a cancellation is not told to the shop",
        "store/consequences.py",
        "    if fact is not Fact.SHOP_CANCELLED and _in_shop(order):",
        "    if fact is Fact.SHOP_CANCELLED and _in_shop(order):",
    ),
    Mutant(
        "a code in the shop is not told",
        "store/tellings.py",
        '{**_tracking(row, seen.code or row.code, carrier), "label": ""}',
        '{**_tracking(row, "", None), "label": ""}',
    ),
    Mutant(
        "the buyer stands in the log",
        "sync/tell_shop.py",
        "        placed = await self._shop.place(placement, not_after=not_after)",
        "        __import__('structlog').get_logger().info('placing', of=repr(placement))\n"
        "        placed = await self._shop.place(placement, not_after=not_after)",
    ),
)


def planted(mutant: Mutant, root: Path) -> None:
    """Change the copy at `root`. Raises ValueError when the text does not stand there exactly once."""
    file = root / "src" / "orderhaven" / mutant.file
    text = file.read_text()
    if text.count(mutant.text) != 1:
        raise ValueError(f"{mutant.file}: the text of '{mutant.name}' stands there {text.count(mutant.text)} times")
    file.write_text(text.replace(mutant.text, mutant.instead))


def found_by(mutant: Mutant, seeds: int) -> str:
    """What the campaign says of it; "" when it finds nothing."""
    with tempfile.TemporaryDirectory(prefix="orderhaven-mutant-") as folder:
        root = Path(folder)
        for part in ("src", "tests"):
            shutil.copytree(_ROOT / part, root / part, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
        planted(mutant, root)
        run = subprocess.run(
            [sys.executable, "-m", "tests.simulation", "--until-it-fails", "--from", str(_FIRST_SEED), "--seeds", str(seeds)],
            cwd=root, env={**os.environ, "PYTHONPATH": f"{root / 'src'}{os.pathsep}{root}"}, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
    said = [line for line in run.stdout.splitlines() if line.startswith("seed ")]
    if run.returncode and not said:
        raise RuntimeError(f"{mutant.name}: the campaign itself broke\n{run.stdout[-500:]}{run.stderr[-2000:]}")
    return said[0] if said else ""


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("--seeds", type=int, default=400, help="how many each mutant is given at most")
    parser.add_argument("words", nargs="*", help="only mutants with one of these in their name")
    given = parser.parse_args()
    survivors = []
    chosen = [one for one in MUTANTS if not given.words or any(word in one.name for word in given.words)]
    for mutant in chosen:
        began = time.monotonic()
        said = found_by(mutant, given.seeds)
        took = time.monotonic() - began
        _say(f"{'found' if said else 'SURVIVES':8} {mutant.name:55} {took:5.0f} s  {said}")
        if not said:
            survivors.append(mutant.name)
    _say(f"{len(chosen) - len(survivors)} of {len(chosen)} planted faults found")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
