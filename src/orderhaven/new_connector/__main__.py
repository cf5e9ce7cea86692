"""Writes a connector's folder, its contract test included. The tests fail at first, each with a sentence on what to build."""

import argparse
import re
import sys
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from string import Template

from orderhaven.ports.connector import Side

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_IMPORTS = re.compile(r"(?:^from orderhaven.*\n)+", re.MULTILINE)
_RESERVED = {"kit"}
_STEPS = """Written:
{written}

Now run the contract tests, and build what each failure asks for: the sandbox first, then the connector.
    python -m pytest {test}
What the methods promise stands in src/orderhaven/ports/{side}.py; what the sandbox does, in ports/sandbox.py.
Declare a capability (`capabilities`) when you build it: its tests run from then on.
After a change of the spec, python -m tests.rules.tables writes the tables of docs.md again.
"""


class CannotWrite(Exception):
    """What was asked for cannot be written, and why."""


def main(arguments: Sequence[str] | None = None) -> int:
    asked = _parser().parse_args(arguments)
    try:
        written = write_connector(asked.name, Side(asked.side), Path.cwd())
    except CannotWrite as why:
        sys.stderr.write(f"{why}\n")
        return 2
    names = "\n".join(f"    {path}" for path in written)
    sys.stdout.write(_STEPS.format(written=names, test=written[-1], side=asked.side))
    return 0


def write_connector(name: str, side: Side, checkout: Path) -> list[Path]:
    """The files, relative to the checkout, the contract test last. Raises CannotWrite, and then nothing was written."""
    if not _NAME.fullmatch(name) or name in _RESERVED:
        raise CannotWrite(f"{name!r} cannot name a connector: use small letters, digits and _, like 'mymarket'.")
    connectors = Path("src/orderhaven/connectors")
    if not (checkout / connectors).is_dir():
        raise CannotWrite(f"There is no {connectors} here. Run this in the folder of a checkout.")
    texts = _texts(name, side)
    taken = [path for path in texts if (checkout / path).exists()]
    if taken:
        raise CannotWrite(f"{taken[0]} exists already. Choose another name, or remove it first.")
    for path, text in texts.items():
        (checkout / path).parent.mkdir(parents=True, exist_ok=True)
        (checkout / path).write_text(text, encoding="utf-8")
    return list(texts)


def _texts(name: str, side: Side) -> Mapping[Path, str]:
    folder = Path("src/orderhaven/connectors") / name
    words = {
        "name": name,
        "title": name.replace("_", " ").capitalize(),
        "made": "".join(part.capitalize() for part in name.split("_")),
        "side": side.value,
    }
    templates = {
        folder / "__init__.py": f"{side}_spec",
        folder / "connector.py": f"{side}_connector",
        folder / "mapping.py": f"{side}_mapping",
        folder / "sandbox.py": f"{side}_sandbox",
        folder / "docs.md": "docs",
        folder / "tests" / "__init__.py": "tests",
        folder / "tests" / "test_contract.py": f"{side}_contract",
    }
    return {path: _filled(template, words) for path, template in templates.items()}


def _filled(template: str, words: Mapping[str, str]) -> str:
    file = files("orderhaven.new_connector") / "template" / f"{template}.txt"
    text = Template(file.read_text(encoding="utf-8")).substitute(words)
    # where an import stands among the others depends on the name
    return _IMPORTS.sub(lambda block: "".join(sorted(block[0].splitlines(keepends=True))), text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="orderhaven.new_connector", description=__doc__)
    parser.add_argument("name", help="the folder's name, like mymarket")
    parser.add_argument("--side", choices=[side.value for side in Side], default=Side.MARKETPLACE.value)
    return parser


if __name__ == "__main__":
    sys.exit(main())
