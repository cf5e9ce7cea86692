"""Facts about the code base itself: what a reader, a user and the next connector may rely on."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import sys
import tomllib
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from graphlib import CycleError, TopologicalSorter
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest

from . import tables

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "orderhaven"
CONNECTORS = PACKAGE / "connectors"
TESTS_OF_CONNECTORS = sorted(CONNECTORS.glob("*/tests/**/*.py"))
SOURCES = sorted(set((ROOT / "src").rglob("*.py")) - set(TESTS_OF_CONNECTORS))
TESTS = [*sorted((ROOT / "tests").rglob("*.py")), *TESTS_OF_CONNECTORS]
BENCHMARKS = sorted((ROOT / "benchmarks").rglob("*.py"))
README = ROOT / "README.md"
PAGES = [
    *(README, ROOT / "CONTRIBUTING.md"),
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted(CONNECTORS.glob("*/docs.md")),
]
REFERENCE = sorted((ROOT / "docs" / "reference").glob("*.md"))

LONGEST_FILE = 400
LONGEST_FUNCTION = 60  # 40 of our own, and the options of a command above them
NAMED_BY_DJANGO = {"src/orderhaven/store/sql/sqlite/base.py"}  # it looks for a database backend there
VAGUE_NAMES = {
    *("util", "utils", "helper", "helpers", "base", "manager", "managers"),
    *("handler", "handlers", "common", "misc"),
}

# journeys, which every connector makes, and the simulation; where a fault is planted, a file has to be named
PLAYED_BY_ALL = sorted(
    path
    for folder in ("journeys", "simulation")
    for path in (ROOT / "tests" / folder).rglob("*.py")
    if path.name != "planted.py"
)
A_CONNECTION_IN_TESTS = "bol NL"  # as its merchant calls it


# ---------------------------------------------------------------- the sources


def connector_names() -> list[str]:
    folders = [path.parent.name for path in CONNECTORS.glob("*/__init__.py")]
    return sorted(name for name in folders if name != "kit")


@pytest.mark.parametrize("name", connector_names())
def test_a_connector_is_named_in_its_own_folder_only(name: str) -> None:
    # As a word in any case (also within snake_case), or as the first part of a CamelCase name.
    named = re.compile(rf"(?i:(?<![a-z0-9]){name}(?![a-z0-9]))|\b(?=[A-Z])(?i:{name})(?=[A-Z][a-z])")
    elsewhere = [path for path in SOURCES if CONNECTORS / name not in path.parents]

    found = [
        f"{shown(path)}:{number}: {line.strip()}"
        for path in elsewhere
        for number, line in enumerate(text(path).splitlines(), start=1)
        if named.search(line)
    ]

    assert [] == found


@pytest.mark.parametrize("name", connector_names())
def test_what_every_connector_plays_names_none(name: str) -> None:
    named = re.compile(rf"(?i:(?<![a-z0-9]){name}(?![a-z0-9]))")

    found = [
        f"{shown(path)}:{number}: {line.strip()}"
        for path in PLAYED_BY_ALL
        for number, line in enumerate(text(path).splitlines(), start=1)
        if named.search(line.replace(A_CONNECTION_IN_TESTS, ""))
    ]

    assert [] == found


def test_no_source_file_is_too_long_to_be_read() -> None:
    # Django writes the migrations
    read = [path for path in SOURCES if path.parent.name != "migrations"]
    lengths = {shown(path): len(text(path).splitlines()) for path in read}

    assert {} == {path: length for path, length in lengths.items() if length > LONGEST_FILE}


def test_no_function_is_too_long_to_be_read() -> None:
    lengths = {
        f"{shown(path)}: {node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for path in SOURCES
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }

    assert {} == {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION}


def test_no_module_has_a_name_that_says_nothing() -> None:
    modules = [*SOURCES, *TESTS, *BENCHMARKS]

    vague = {
        shown(path)
        for path in modules
        if VAGUE_NAMES & {path.stem.removeprefix("test_"), *path.relative_to(ROOT).parent.parts}
    }

    assert vague == NAMED_BY_DJANGO


def test_core_imports_the_standard_library_and_what_its_values_are_made_of() -> None:
    allowed = sys.stdlib_module_names | {"msgspec"}  # docs/adr/0017

    foreign = {
        f"{shown(path)}: {module}"
        for path in (PACKAGE / "core").rglob("*.py")
        for module in imported_modules(path)
        if module.split(".")[0] not in allowed and not f"{module}.".startswith("orderhaven.core.")
    }

    assert set() == foreign


def test_no_files_import_each_other() -> None:
    """Imports for types alone and those inside functions count too: who reads one file of a circle has to read them all."""
    files = {module_of(path): path for path in SOURCES}

    circle: list[str] = []
    try:
        TopologicalSorter({name: files_imported_by(path, files) - {name} for name, path in files.items()}).prepare()
    except CycleError as error:
        circle = error.args[1]

    assert [] == circle


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT / "src").with_suffix("").parts).removesuffix(".__init__")


def files_imported_by(path: Path, files: Mapping[str, Path]) -> set[str]:
    """`from a import b` means a/b.py where there is one, else a.py."""
    froms = [node for node in ast.walk(tree(path)) if isinstance(node, ast.ImportFrom)]
    names = [(node.module or "", f"{node.module}.{one.name}") for node in froms for one in node.names]
    return {named if named in files else module for module, named in names} & files.keys()


# ---------------------------------------------------------------- the tests


@pytest.mark.parametrize("path", TESTS, ids=lambda path: shown(path))
def test_tests_replace_nothing_and_never_sleep(path: Path) -> None:
    # processes of its own live in real time, and can only be watched in it
    allowed = _SLEEPS if is_marked_processes(path) else ""

    assert [] == [f"line {line}: {why}" for line, why in shortcuts(path) if why != allowed]


_SLEEPS = "sleeps; give the code a clock, or wait for an event"
_MOCKS = "mocks; use a sandbox or a fake that passes the contract suite"


def is_marked_processes(path: Path) -> bool:
    """Whether the whole file is: `pytestmark = pytest.mark.processes`."""
    return any(
        isinstance(node, ast.Assign)
        and any(isinstance(target, ast.Name) and target.id == "pytestmark" for target in node.targets)
        and "processes" in ast.unparse(node.value)
        for node in tree(path).body
    )


def shortcuts(path: Path) -> list[tuple[int, str]]:
    """What a test may not do: swap our own code for something else, or wait for real time to pass."""
    found = []
    ours = names_imported_from_orderhaven(path)
    for node in ast.walk(tree(path)):
        match node:
            case ast.Import(names=names) if any(name.name.startswith("unittest.mock") for name in names):
                found.append((node.lineno, _MOCKS))
            case ast.ImportFrom(module="unittest.mock" | "mock"):
                found.append((node.lineno, _MOCKS))
            case ast.ImportFrom(module="unittest", names=names) if any(name.name == "mock" for name in names):
                found.append((node.lineno, _MOCKS))
            case ast.ImportFrom(module="time", names=names) if any(name.name == "sleep" for name in names):
                found.append((node.lineno, _SLEEPS))
            case ast.Call(func=ast.Attribute(value=ast.Name(id="time"), attr="sleep")):
                found.append((node.lineno, _SLEEPS))
            case ast.Call(func=ast.Attribute(value=ast.Name(id="monkeypatch"), attr="setattr"), args=[target, *_]):
                if names_ours(target, ours):
                    found.append((node.lineno, "replaces a part of Orderhaven"))
            case ast.FunctionDef(args=arguments) if any(a.arg == "mocker" for a in arguments.args):
                found.append((node.lineno, _MOCKS))
    return found


def names_imported_from_orderhaven(path: Path) -> set[str]:
    ours = {"orderhaven"}
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "orderhaven":
            ours |= {name.asname or name.name for name in node.names}
        if isinstance(node, ast.Import):
            ours |= {n.asname for n in node.names if n.asname and n.name.split(".")[0] == "orderhaven"}
    return ours


def names_ours(target: ast.expr, ours: set[str]) -> bool:
    if isinstance(target, ast.Constant):
        return str(target.value).split(".")[0] == "orderhaven"
    while isinstance(target, ast.Attribute | ast.Call):
        target = target.value if isinstance(target, ast.Attribute) else target.func
    return isinstance(target, ast.Name) and target.id in ours


# ---------------------------------------------------------------- the pages


def test_every_make_target_on_a_page_exists() -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", text(ROOT / "Makefile"), re.MULTILINE))

    named = {target for page in PAGES for target in re.findall(r"^make ([a-z][a-z-]*)", code_on(page), re.MULTILINE)}

    assert named, "the README names no make target"
    assert set() == named - targets


def test_every_orderhaven_command_on_a_page_exists() -> None:
    real = commands()

    named = {
        f"{shown(page)}: {' '.join(words)}"
        for page in PAGES
        for words in commands_on(page)
        if not is_command(words, real)
    }

    assert set() == named


@pytest.mark.parametrize("page", PAGES, ids=lambda page: shown(page))
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", text(page))

    assert [] == [link for link in links if ":" not in link and not (page.parent / link).exists()]


def commands() -> dict[str, list[str]]:
    """Every command of the app, with its sub-commands: `{"up": [], "keys": ["rotate"]}`."""
    typer = importlib.import_module("typer.main")
    group = typer.get_command(module("orderhaven.cli.main").app)
    return {name: sorted(getattr(command, "commands", {})) for name, command in group.commands.items()}


def commands_on(page: Path) -> set[tuple[str, ...]]:
    found = re.findall(r"(?<![\w/.-])orderhaven ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?", code_on(page))
    return {tuple(word for word in words if word) for words in found}


def is_command(words: tuple[str, ...], real: dict[str, list[str]]) -> bool:
    """A group is followed by one of its own commands or by nothing; after a command stand arguments."""
    name, *rest = words
    return name in real and not (real[name] and rest and rest[0] not in real[name])


# ---------------------------------------------------------------- the reference: complete


def test_the_reference_names_every_command() -> None:
    whole = [
        f"orderhaven {words}"
        for name, below in commands().items()
        for words in ([f"{name} {sub}" for sub in below] or [name])
    ]

    assert [] == missing(whole, in_code=False)


def test_the_reference_names_every_status() -> None:
    assert [] == missing(values(module("orderhaven.core.status").Status))


def test_the_reference_names_every_ability() -> None:
    assert [] == missing(values(module("orderhaven.ports.connector").Capability))


def test_the_reference_names_every_error() -> None:
    errors = module("orderhaven.core.errors")

    names = [
        name
        for name, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, Exception) and kind.__module__ == errors.__name__ and not name.startswith("_")
    ]

    assert names
    assert [] == missing(names)


@pytest.mark.parametrize("name", connector_names())
def test_the_reference_or_its_own_page_has_settings_and_limits_of_every_connector(name: str) -> None:
    its_own = CONNECTORS / name / "docs.md"

    page = text(its_own if its_own.exists() else ROOT / "docs" / "reference" / "connectors.md")

    assert [] == [part for part in ("settings", "limits") if f"<!-- table: {name}-{part} -->" not in page]


@pytest.mark.parametrize("page", tables.pages(), ids=lambda page: shown(page))
def test_tables_of_the_reference_are_what_the_code_says(page: Path) -> None:
    """When this fails: python -m tests.rules.tables"""
    assert text(page) == tables.as_it_should_be(page)


def test_the_reference_names_every_trigger() -> None:
    assert [] == missing(values(module("orderhaven.core.status").Trigger))


def test_every_problem_has_its_place_in_the_how_to() -> None:
    kinds = values(module("orderhaven.core.problems").ProblemKind)
    page = code_on(ROOT / "docs" / "how-to" / "solve-a-problem.md")

    assert [] == [kind for kind in kinds if not re.search(rf"^{kind}$", page, re.MULTILINE)]


def test_the_reference_names_every_environment_variable() -> None:
    variables = {name for path in SOURCES for name in re.findall(r"ORDERHAVEN_[A-Z][A-Z0-9_]*", text(path))}

    assert [] == missing(sorted(variables))


# ---------------------------------------------------------------- the decisions


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "adr").glob("0*.md")), ids=lambda page: page.stem)
def test_a_decision_has_its_date_and_status_and_stands_in_the_list(page: Path) -> None:
    second = text(page).splitlines()[2]

    assert re.match(r"\*\*Date\*\* 20\d\d-\d\d-\d\d\. \*\*Status\*\* (accepted|superseded by \[)", second)
    assert f"]({page.name})" in text(page.with_name("README.md"))


# ---------------------------------------------------------------- the locks


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_has_hashes_and_no_address(name: str) -> None:
    lines = text(ROOT / name).splitlines()

    pinned = [number for number, line in enumerate(lines) if re.match(r"[a-z0-9]", line)]

    assert pinned
    assert [] == [lines[number] for number in pinned if "--hash=sha256:" not in lines[number + 1]]
    assert [] == [line for line in lines if "://" in line or "index-url" in line]


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_pins_every_dependency_that_is_declared(name: str) -> None:
    project = tomllib.loads(text(ROOT / "pyproject.toml"))["project"]
    specs_by_name = {re.split(r"[^A-Za-z0-9-]", word)[0] for word in project["dependencies"]}

    pinned = set(re.findall(r"^([a-z0-9-]+)(?:\[[a-z,]+\])?==", text(ROOT / name), re.MULTILINE))

    assert set() == specs_by_name - pinned


def test_every_dependency_is_used_and_has_its_line_in_the_decisions() -> None:
    project = tomllib.loads(text(ROOT / "pyproject.toml"))["project"]
    specs_by_name = {re.split(r"[^A-Za-z0-9-]", word)[0] for word in project["dependencies"]}
    used = {module.split(".")[0] for path in SOURCES for module in imported_modules(path)}
    # Django is told by name what stands beside it
    used |= {word.split(".")[0] for word in re.findall(r'"([\w.]+)"', text(PACKAGE / "settings.py"))}
    decisions = text(ROOT / "docs" / "adr" / "0001-the-stack.md").lower()

    brought = {name: modules_of(name) for name in specs_by_name}

    # tzdata is data: zoneinfo reads it where the system has none; argon2 is loaded by Django's password hasher
    assert {"tzdata", "argon2-cffi"} == {name for name, modules in brought.items() if not modules & used}
    assert [] == [name for name in sorted(specs_by_name) if name not in decisions and name != "tzdata"]


def modules_of(distribution: str) -> set[str]:
    """What can be imported of an installed package."""
    named = {name.lower().replace("_", "-"): name for names in packages_distributions().values() for name in names}
    real = named[distribution]
    return {module for module, names in packages_distributions().items() if real in names}


# ---------------------------------------------------------------- how


def missing(words: list[str], *, in_code: bool = True) -> list[str]:
    """Those of the words that no page of the reference has, as a whole word of its code (`like this`)."""
    reference = "\n".join(code_on(page) if in_code else text(page) for page in REFERENCE)
    return [word for word in words if not re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", reference)]


def values(kind: type[StrEnum]) -> list[str]:
    found = [member.value for member in kind]
    assert found
    return found


# ---------------------------------------------------------------- reading files


def module(name: str) -> Any:
    return importlib.import_module(name)


@cache
def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(text(path))


@cache
def code_on(page: Path) -> str:
    """What stands between backticks on a page, in blocks and within sentences, one piece a line."""
    blocks = re.findall(r"^```[^\n]*\n(.*?)^```", text(page), re.MULTILINE | re.DOTALL)
    prose = re.sub(r"^```[^\n]*\n.*?^```", "", text(page), flags=re.MULTILINE | re.DOTALL)
    return "\n".join([*blocks, *re.findall(r"`([^`\n]+)`", prose)])


def imported_modules(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add(node.module or "")
    return found


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()
