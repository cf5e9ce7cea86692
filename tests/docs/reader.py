"""A reader who types the commands of a page in a folder that is thrown away, and compares what is printed with the page."""

import difflib
import os
import queue
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.docs.blocks import ROOT, Block

_TYPES_FOR_S = 120.0
_LOOKS_AGAIN_FOR_S = 60.0
_IS_AWAITED_FOR_S = 180.0  # until what is quoted of a command that stays has been printed
# In a checkout whose packages are there already, on its web server's own port.
_TERMINAL = """
make() { command make --no-print-directory -C "$CHECKOUT" -o install -o browser "$@"; }
curl() { command curl --silent --show-error "${@//127.0.0.1:8080/$ORDERHAVEN_LISTEN}"; }
test ! -f .exported || . ./.exported
set -eu -o pipefail
"""
# What differs from run to run, on the page and in what is printed, and what stands for it here.
DIFFERS: Mapping[str, str] = {
    r"20\d\d-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|\+00:00)?)?": "MOMENT",
    r"127\.0\.0\.1:\d+": "ADDRESS",
    r"code=[\w-]+": "code=CODE",
    r"(?<![\w/])/([\w.-]+/)+[\w.-]*\w": "PATH",
    r"[\d,]+ bytes": "BYTES",
    r"(?<=\S) {3,}": "  ",  # how wide a column is
}
# No reader has them: make hands on what `make test` was given, its `args` too.
_OURS = ("ORDERHAVEN_", "MAKE", "MFLAGS", "args")


@dataclass
class Reader:
    folder: Path
    environment: Mapping[str, str]
    meanwhile: Callable[[], object] = lambda: None  # what others do once a command stays
    _staying: list["Staying"] = field(default_factory=list)

    def types(self, block: Block) -> str:
        """What is wrong with the page, "" when it says what is printed."""
        if block.goes("stays"):
            staying = Staying(self._terminal(block), block)
            self._staying.append(staying)
            self.meanwhile()
            said, code = staying.until_quoted(), 0
            self._paste(said)
        else:
            said, code = self._until_it_is_as_quoted(block)
        if code != 0 and not block.goes("either"):
            return f"{block.place} ended with {code}:\n{said}"
        return "" if is_as_quoted(block, said) else f"{block.place} prints something else:\n{difference(block, said)}"

    def presses_ctrl_c(self) -> None:
        for one in self._staying:
            one.end()

    def _until_it_is_as_quoted(self, block: Block) -> tuple[str, int]:
        latest = time.monotonic() + _LOOKS_AGAIN_FOR_S
        while True:
            said, code = self._once(block)
            is_late = time.monotonic() > latest
            if not block.goes("again") or is_late or (code == 0 and is_as_quoted(block, said)):
                return said, code

    def _once(self, block: Block) -> tuple[str, int]:
        running = self._terminal(block)
        try:
            said, _ = running.communicate(timeout=_TYPES_FOR_S)
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, signal.SIGKILL)
            said = running.communicate()[0] + f"It did not end within {_TYPES_FOR_S:.0f} s."
        return said, running.returncode

    def _terminal(self, block: Block) -> "subprocess.Popen[str]":
        exports = "" if block.goes("stays") else "\nexport -p > .exported"
        return subprocess.Popen(
            ["bash", "-c", f"{_TERMINAL}{block.text}{exports}"],
            cwd=self.folder, env=dict(self.environment), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip

    def _paste(self, said: str) -> None:
        """A line that is printed to be pasted into another terminal."""
        with (self.folder / ".exported").open("a") as exported:
            exported.writelines(f"{line}\n" for line in said.splitlines() if line.startswith("export "))


class Staying:
    """A command in a terminal of its own."""

    def __init__(self, process: "subprocess.Popen[str]", block: Block) -> None:
        self._process = process
        self._block = block
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def until_quoted(self) -> str:
        """What it printed up to what is quoted of it, or all of it when that does not come."""
        said, latest = "", time.monotonic() + _IS_AWAITED_FOR_S
        while not is_as_quoted(self._block, said) and time.monotonic() < latest:
            try:
                line = self._lines.get(timeout=latest - time.monotonic())
            except queue.Empty:
                break
            if not line:
                break
            said += line
        return said

    def end(self) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGINT)
        self._process.wait(timeout=60)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put("")


def surroundings(folder: Path, checkout: Path = ROOT, **more: str) -> Mapping[str, str]:
    """Nothing of the person who runs the tests but their PATH, in front of which stands the checkout's own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    return {
        **kept,
        "PATH": f"{folder / '.venv' / 'bin'}:{kept['PATH']}",
        "CHECKOUT": str(checkout),
        "TMPDIR": str(folder),
        "COLUMNS": "110",
        "ORDERHAVEN_LANGUAGE": "en",
        "ORDERHAVEN_LOG": "text",
        **more,
    }


def is_as_quoted(block: Block, said: str) -> bool:
    return block.output is None or _pattern(_settled(block.output)).fullmatch(_settled(said)) is not None


def difference(block: Block, said: str) -> str:
    page, printed = _settled(block.output or "").splitlines(), _settled(said).splitlines()
    return "\n".join(difflib.unified_diff(page, printed, "the page", "what was printed", lineterm="", n=1))


def _settled(text: str) -> str:
    for differs, instead in DIFFERS.items():
        text = re.sub(differs, instead, text)
    return "\n".join(line.rstrip() for line in text.strip("\n").splitlines()) + "\n"


def _pattern(quoted: str) -> re.Pattern[str]:
    lines = (
        r"(?:.*\n)*?" if line.strip() == "..." else ".*".join(map(re.escape, line.split("..."))) + r"\n"
        for line in quoted.splitlines()
    )
    return re.compile("".join(lines))
