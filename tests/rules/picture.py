"""The picture of the modules, docs/pictures/modules.svg. `python -m tests.rules.picture` draws it anew from the imports.

The bands and their order are the layers of pyproject.toml; the boxes are the packages that the folders hold. An arrow is drawn
where one box imports another and no other arrows lead there; the line `uses` in a box names all that it imports.
"""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from html import escape
from pathlib import Path
from textwrap import wrap

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "orderhaven"
PICTURE = ROOT / "docs" / "pictures" / "modules.svg"

WIDTH, GUTTER, GAP, PAD = 1120, 64, 22, 10
LINE, TITLE = 17, 26
CHARACTER = 7  # of a small text, on average
NARROWEST = 180  # a box within a box
BESIDE = 12
SHIFT = 10  # how much the shortest box of a band gives the tallest at a time


# ---------------------------------------------------------------- what the code says


@cache
def modules() -> Mapping[str, Path]:
    """Every module by its dotted name below the package. Migrations are left out: nothing imports them; and so is each connector:
    the picture is the same whichever there are."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        if "migrations" not in parts and not (parts[0] == "connectors" and len(parts) > 2 and parts[1] != "kit"):
            found[".".join(parts).removesuffix("__init__").removesuffix(".")] = path
    return found


@cache
def imported_by(name: str) -> frozenset[str]:
    """`from a import b` means a/b.py where there is one, else a.py. Imports for types alone count too."""
    tree = ast.parse(modules()[name].read_text(encoding="utf-8"))
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and re.match(r"orderhaven\b", node.module or ""):
            home = (node.module or "").removeprefix("orderhaven").removeprefix(".")
            found |= {f"{home}.{one.name}".removeprefix(".") for one in node.names} & modules().keys() or {home}
    return frozenset(found)


def layers() -> list[list[str]]:
    """The layers from the top down, from the contract of import-linter. Single files in adjacent layers share one."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (contract,) = (one for one in project["tool"]["importlinter"]["contracts"] if one["type"] == "layers")
    rows = [re.findall(r"orderhaven\.(\w+)", layer) for layer in contract["layers"]]
    joined: list[list[str]] = []
    for row in rows:
        are_files = all((PACKAGE / f"{name}.py").exists() for name in row)
        if are_files and joined and all((PACKAGE / f"{name}.py").exists() for name in joined[-1]):
            joined[-1] += row
        else:
            joined.append(list(row))
    return joined


def within(name: str, package: str) -> bool:
    return f"{name}.".startswith(f"{package}.")


def used_by(package: str, among: Sequence[str]) -> list[str]:
    """Those of `among` from which a package imports, in the order given."""
    used = {target for name in modules() if within(name, package) for target in imported_by(name)}
    return [other for other in among if other != package and any(within(name, other) for name in used)]


def reduced(uses: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    """The fewest arrows along which everything is still reached (the transitive reduction)."""

    @cache
    def reached(name: str) -> frozenset[str]:
        return frozenset(uses[name]).union(*(reached(one) for one in uses[name]))

    return [
        (name, target)
        for name, targets in uses.items()
        for target in targets
        if not any(target in reached(other) for other in targets)
    ]


# ---------------------------------------------------------------- boxes


@dataclass
class Box:
    """A package, or a single file, and where it stands in the picture."""

    name: str
    files: Sequence[str]
    uses: Sequence[str]
    inner: Sequence[Box] = ()
    x: float = 0
    y: float = 0
    width: float = 0
    height: float = 0
    text: list[tuple[str, str]] = field(default_factory=list)  # (style, line)

    def weight(self) -> int:
        return 4 + len(self.files) + sum(one.weight() for one in self.inner)

    def place(self, x: float, y: float, width: float) -> None:
        self.x, self.y, self.width = x, y, width
        fits = max(12, int((width - 2 * PAD) / CHARACTER))
        self.text = [("file", line) for line in wrap("  ".join(self.files), fits, break_on_hyphens=False)]
        if self.uses:
            self.text += [("quiet", line) for line in wrap("uses " + ", ".join(self.uses), fits)]
        top = y + TITLE + LINE * len(self.text) + PAD / 2
        self.height = _rows(self.inner, x + PAD, top, width - 2 * PAD) + PAD / 2 - y if self.inner else top + 3 - y


def _rows(boxes: Sequence[Box], x: float, y: float, width: float) -> float:
    """Boxes in columns, row by row. Returns where they end."""
    count = max(1, min(int((width + BESIDE) / (NARROWEST + BESIDE)), len(boxes)))
    each = (width - BESIDE * (count - 1)) / count
    for start in range(0, len(boxes), count):
        row = boxes[start : start + count]
        for place, box in enumerate(row):
            box.place(x + place * (each + BESIDE), y, each)
        tallest = max(box.height for box in row)
        for box in row:
            box.height = tallest
        y += tallest + BESIDE
    return y - BESIDE + PAD / 2


def box_of(package: str, uses: Sequence[str]) -> Box:
    here = [name for name in modules() if within(name, package) and name != package]
    inside = sorted({".".join(name.split(".")[: package.count(".") + 2]) for name in here})
    packages = [name for name in inside if modules().get(name, Path()).name == "__init__.py"]
    files = [f"{name.rsplit('.', 1)[-1]}" for name in inside if name not in packages]
    files += ["a folder for each connector"] if package == "connectors" else []
    inner = [box_of(name, [one.rsplit(".", 1)[-1] for one in used_by(name, packages)]) for name in packages]
    return Box(package, files, uses, inner)


def placed_bands(bands: Sequence[Sequence[Box]]) -> float:
    """Give every box its place. Returns the height of all."""
    y: float = PAD
    for band in bands:
        x: float = GUTTER + PAD
        for box, width in zip(band, _widths(band), strict=True):
            box.place(x, y + PAD, width)
            x += width + BESIDE
        tallest = max(box.height for box in band)
        for box in band:
            box.height = tallest
        y += tallest + 2 * PAD + GAP
    return y - GAP + PAD


def _widths(band: Sequence[Box]) -> list[float]:
    """Widths that make the band low: the shortest box gives to the tallest, a few points at a time, and the best try counts."""
    inner = WIDTH - 2 * GUTTER - 2 * PAD - BESIDE * (len(band) - 1)
    whole = sum(box.weight() for box in band)
    widths = [inner * box.weight() / whole for box in band]
    tried = []
    for _ in range(2 * len(band) * int(inner / SHIFT) if len(band) > 1 else 1):
        for box, width in zip(band, widths, strict=True):
            box.place(0, 0, width)
        heights = [box.height for box in band]
        tried.append((max(heights), list(widths)))
        widths[heights.index(max(heights))] += SHIFT
        widths[heights.index(min(heights))] -= SHIFT
        if min(widths) < NARROWEST:
            break
    return min(tried)[1]


# ---------------------------------------------------------------- the drawing


def picture() -> str:
    order = [name for layer in layers() for name in layer]
    uses = {name: used_by(name, order) for name in order}
    bands = [[box_of(name, uses[name]) for name in layer] for layer in layers()]
    height = placed_bands(bands)
    body = [
        _rectangle("band", GUTTER, band[0].y - PAD, WIDTH - 2 * GUTTER, band[0].height + 2 * PAD, 10) for band in bands
    ]
    body += arrows([band for band in bands if not all(map(is_file, band))], reduced(uses))  # behind what they pass
    body += [line for band in bands for box in band for line in _drawn(box)]
    return _HEAD.format(width=WIDTH, height=round(height)) + "\n".join(body) + "\n</svg>\n"


def is_file(box: Box) -> bool:
    return modules()[box.name].name != "__init__.py"


def _drawn(box: Box, depth: int = 0) -> Iterable[str]:
    yield _rectangle("inner" if depth else "box", box.x, box.y, box.width, box.height, 7)
    name = box.name.rsplit(".", 1)[-1] + (".py" if is_file(box) else "/")
    yield _text("name", box.x + PAD, box.y + 19, name)
    for number, (style, line) in enumerate(box.text):
        yield _text(style, box.x + PAD, box.y + TITLE + 11 + LINE * number, line)
    for one in box.inner:
        yield from _drawn(one, depth + 1)


def arrows(bands: Sequence[Sequence[Box]], pairs: Sequence[tuple[str, str]]) -> list[str]:
    """Straight down to the next band; to one further down along the nearer edge of the picture, each on a track of its own."""
    where = {box.name: (row, box) for row, band in enumerate(bands) for box in band}
    tracks = {"left": 0, "right": 0}
    drawn = []
    for start, end in pairs:
        if start not in where or end not in where:
            continue  # a band of single files: nearly everybody uses them
        (row, box), (below, target) = where[start], where[end]
        if row == below:
            y = box.y + 15
            drawn.append(_path(f"M{box.x + box.width:.0f},{y:.0f} H{target.x:.0f}"))
        elif below == row + 1:
            x = (max(box.x, target.x) + min(box.x + box.width, target.x + target.width)) / 2
            drawn.append(_path(f"M{x:.0f},{box.y + box.height:.0f} V{target.y:.0f}"))
        else:
            side = "left" if box.x + box.width / 2 + target.x + target.width / 2 <= WIDTH else "right"
            drawn.append(_around(box, target, side, tracks[side]))
            tracks[side] += 1
    return drawn


def _around(box: Box, target: Box, side: str, track: int) -> str:
    """Leaves and enters a box at its side if it stands at that edge, else through the gap below or above its band."""
    away = GUTTER - 12 - 8 * track if side == "left" else WIDTH - GUTTER + 12 + 8 * track
    out, into = _edge(box, side), _edge(target, side)
    part = 0.25 if side == "left" else 0.75
    if out is not None:
        begin = f"M{out:.0f},{box.y + box.height - 12:.0f}"
    else:
        low = box.y + box.height
        begin = f"M{box.x + box.width * part:.0f},{low:.0f} V{low + PAD + 5 + 4 * track:.0f}"
    if into is not None:
        return _path(f"{begin} H{away} V{target.y + 12 + 7 * track:.0f} H{into:.0f}")
    x = target.x + target.width * part
    return _path(f"{begin} H{away} V{target.y - PAD - 6 - 4 * track:.0f} H{x:.0f} V{target.y:.0f}")


def _edge(box: Box, side: str) -> float | None:
    """Where the box meets that edge of its band; None if another box stands in between."""
    x, edge = (box.x, GUTTER + PAD) if side == "left" else (box.x + box.width, WIDTH - GUTTER - PAD)
    return x if abs(x - edge) < 1 else None


def _path(course: str) -> str:
    return f'  <path class="line" d="{course}" marker-end="url(#tip)"/>'


def _rectangle(style: str, x: float, y: float, width: float, height: float, radius: int) -> str:
    size = f'x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{height:.0f}" rx="{radius}"'
    return f'  <rect class="{style}" {size}/>'


def _text(style: str, x: float, y: float, words: str) -> str:
    return f'  <text class="{style}" x="{x:.0f}" y="{y:.0f}" xml:space="preserve">{escape(words)}</text>'


_HEAD = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-labelledby="title description">
  <title id="title">The modules of Orderhaven</title>
  <desc id="description">Layers as bands, from the top down; packages as boxes with the names of their files. Imports go down only.
    What each package imports stands in its box after the word uses.</desc>
  <style>
    .paper {{ fill: #ffffff; }}
    .band {{ fill: #eef2f6; }}
    .box {{ fill: #ffffff; stroke: #57606a; }}
    .inner {{ fill: #f3f8fd; stroke: #9fb6cd; }}
    .line {{ stroke: #0b5cad; fill: none; stroke-width: 1.6; }}
    .tip {{ fill: #0b5cad; }}
    text {{ fill: #1b1f24; font-family: "Helvetica Neue", Arial, "Liberation Sans", "DejaVu Sans", sans-serif; font-size: 12px; }}
    .name {{ font-size: 14px; font-weight: 600; }}
    .quiet {{ fill: #57606a; font-style: italic; }}
    @media (prefers-color-scheme: dark) {{
      .paper {{ fill: #10151c; }}
      .band {{ fill: #1b222b; }}
      .box {{ fill: #10151c; stroke: #9aa4af; }}
      .inner {{ fill: #12202f; stroke: #3f5d7d; }}
      .line {{ stroke: #6cb0f5; }}
      .tip {{ fill: #6cb0f5; }}
      text {{ fill: #e6edf3; }}
      .quiet {{ fill: #b6c0ca; }}
    }}
  </style>
  <defs>
    <marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto">
      <path class="tip" d="M0,0 L10,5 L0,10 z"/>
    </marker>
  </defs>
  <rect class="paper" x="0" y="0" width="{width}" height="{height}" rx="12"/>
"""


def main() -> int:
    PICTURE.write_text(picture(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
