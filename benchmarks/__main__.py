"""`python -m benchmarks [--quick] [NAME ...]`: each in a process of its own, and at the end one `name value` line each."""

import argparse
import asyncio
import importlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

# name -> module with `measure(quick)`
BENCHMARKS = {
    "loop_ratio": "loop",
    "idle_ratio": "idle",
    "growth_ratio": "growth",
    "pages_ratio": "pages",
    "query_ratio": "queries",
    "stuck_ratio": "stuck",
    "peak_mb": "memory",
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*BENCHMARKS, []], help="these only; all when none is named")
    parser.add_argument("--quick", action="store_true", help="small numbers: to see that it runs, not how fast it is")
    parser.add_argument("--measure", choices=BENCHMARKS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        print(f"{_measure(given.measure, given.quick):.6f}")
        return 0
    results = {name: _in_its_own_process(name, given.quick) for name in given.names or BENCHMARKS}
    print()
    for name, value in results.items():
        print(f"{name} {value:.3f}" if value is not None else f"{name} failed")
    return 1 if None in results.values() else 0


def _in_its_own_process(name: str, quick: bool) -> float | None:
    """Shows what it says as it comes; its last line is the value. None: it failed."""
    print(f"\n== {name}", flush=True)
    with tempfile.TemporaryDirectory(prefix="orderhaven-bench-") as folder:
        command = [sys.executable, "-m", "benchmarks", "--measure", name, *(["--quick"] if quick else [])]
        process = subprocess.Popen(command, env=_environment(folder), stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        last = ""
        for line in process.stdout:
            if last:
                print(last, flush=True)
            last = line.rstrip("\n")
        if process.wait() != 0:
            print(last)
            return None
        return float(last)


def _environment(folder: str) -> dict[str, str]:
    """A data folder of its own, and a store that is written as safely as a merchant's."""
    unwanted = {"ORDERHAVEN_UNSAFE_SYNC", "ORDERHAVEN_DATABASE_URL", "ORDERHAVEN_KEYS", "ORDERHAVEN_URL"}
    kept = {name: value for name, value in os.environ.items() if name not in unwanted}
    return {
        **kept,
        "ORDERHAVEN_DATA": folder,
        "ORDERHAVEN_KEY_FILE": str(Path(folder) / "keys"),
        "PYTHONUNBUFFERED": "1",
    }


def _measure(name: str, quick: bool) -> float:
    import logging

    import structlog

    from orderhaven.store.upkeep.setup import configure

    configure()
    from benchmarks import stores
    from orderhaven.sync.garbage import collect_rarely

    stores.prepare()
    collect_rarely()  # as `orderhaven up` does
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    value: float = asyncio.run(importlib.import_module(f"benchmarks.{BENCHMARKS[name]}").measure(quick))
    return value


if __name__ == "__main__":
    sys.exit(main())
