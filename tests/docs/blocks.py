"""The fenced blocks of a page, and which of them are commands that a test types.

A block of commands is `sh`. `sh run` is typed by a test and must end well; further words say how it goes:

- `either`: on the demo's clock it may find something, and then it ends with 1;
- `again`: what it shows takes a moment, so it is typed again until it prints what is quoted;
- `stays`: it goes on in a terminal of its own until Ctrl-C, which is pressed at the end.

A `text output` block is what the block before it prints. `...` in it stands for any text, alone on a line for any lines.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = (
    ROOT / "README.md",
    *sorted((ROOT / "docs" / "guide").glob("*.md")),
    *sorted((ROOT / "docs" / "tutorial").glob("*.md")),
    *sorted((ROOT / "docs" / "how-to").glob("*.md")),
)
COMMANDS = frozenset({"sh", "bash", "shell", "console"})
OUTPUT = ("text", "output")
WAYS = frozenset({"either", "again", "stays"})


@dataclass(frozen=True, slots=True)
class Block:
    page: str  # as README.md or docs/how-to/upgrade.md
    heading: str
    line: int
    words: tuple[str, ...]  # behind the fence
    text: str
    output: str | None = None  # what the page says that it prints

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def is_commands(self) -> bool:
        return self.words[:1] != () and self.words[0] in COMMANDS

    @property
    def is_run(self) -> bool:
        return self.is_commands and "run" in self.words

    def goes(self, way: str) -> bool:
        return way in self.words


def blocks_of(page: Path) -> Sequence[Block]:
    """In the order of the page, each `text output` with the block before it."""
    found: list[Block] = []
    for block in _fenced(page.relative_to(ROOT).as_posix(), page.read_text(encoding="utf-8")):
        if block.words == OUTPUT and found and found[-1].is_run and found[-1].output is None:
            last = found.pop()
            found.append(Block(last.page, last.heading, last.line, last.words, last.text, block.text))
        else:
            found.append(block)
    return found


def _fenced(page: str, text: str) -> Sequence[Block]:
    found: list[Block] = []
    heading, opened, words, inside = "", 0, (), []
    for number, line in enumerate(text.splitlines(), start=1):
        is_fence = line.lstrip().startswith("```")
        if is_fence and not opened:
            opened, words, inside = number, tuple(line.strip("` ").split()), []
        elif is_fence:
            found.append(Block(page, heading, opened, words, "\n".join(inside)))
            opened = 0
        elif opened:
            inside.append(line)
        elif title := re.match(r"#+ (.+)", line):
            heading = title[1]
    return found
