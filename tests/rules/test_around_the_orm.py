"""What goes around the ORM stands in `store/sql/`, each statement with the figure of `make bench` that needs it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from .test_project import CONNECTORS, PACKAGE, SOURCES, shown, text

AROUND = PACKAGE / "store" / "sql"
ELSEWHERE = {AROUND, PACKAGE / "store" / "migrations", CONNECTORS}  # a sandbox quotes the database of its server
ORM = [path for path in SOURCES if not ELSEWHERE & set(path.parents)]
A_STATEMENT = re.compile(r"\bSELECT\s|\bINSERT INTO\s|\bDELETE FROM\s|\bUPDATE\s+\S+\s+SET\s")
INTERNALS = {"_meta", "__dict__", "fields_cache"}
EXCEPTIONS = {
    "src/orderhaven/store/access/credentials.py": "asks a column's own validators, by the interface that Django documents",
    "src/orderhaven/store/upkeep/health.py": "asks of no table whether the database answers",
    "src/orderhaven/store/listing/pages.py": "counts a subquery with a limit, which the ORM cannot phrase (docs/adr/0019)",
    "src/orderhaven/store/notifications/notification_scan.py": "statements made of what begins and what lasts (docs/adr/0020)",
    "src/orderhaven/store/upkeep/new_database.py": "asks each model whether it has a table, as Django itself does when it migrates",
    "src/orderhaven/store/upkeep/setup.py": "holds an advisory lock of PostgreSQL while the schema changes",
    "src/orderhaven/store/upkeep/versions.py": "names all columns of a link, by the interface that Django documents",
}
STATEMENTS = [AROUND / name for name in ("statements.py", "rows.py")]


def ways_around(tree: ast.AST) -> Iterator[int]:
    """The lines with a statement, or with an internal of the ORM."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(attr=name) if name in INTERNALS:
                yield node.lineno
            case ast.Constant(value=str() as said) if A_STATEMENT.search(said):
                yield node.lineno


@pytest.mark.parametrize("path", ORM, ids=shown)
def test_what_goes_around_the_orm_stands_in_one_package(path: Path) -> None:
    found = sorted(set(ways_around(ast.parse(text(path)))))

    assert found == [] or shown(path) in EXCEPTIONS, [f"{shown(path)}:{line}" for line in found]


def test_every_exception_is_one() -> None:
    assert {shown(path) for path in ORM if any(ways_around(ast.parse(text(path))))} == set(EXCEPTIONS)


@pytest.mark.parametrize("path", STATEMENTS, ids=shown)
def test_every_statement_says_which_figure_needs_it(path: Path) -> None:
    lines = text(path).splitlines()
    begun = [number for number, line in enumerate(lines) if re.match(r"_[A-Z_]+ = (f?\"|f?'|\" UNION)", line)]

    without = [lines[number] for number in begun if "_ratio" not in "".join(lines[max(number - 3, 0) : number])]

    assert begun
    parts = ("_WITH_LINK", "_OF_NO_DRY_RUN", "_FIRST_OF_ITS_ORDER", "_AND_HOLD")  # of statements below them
    assert [line for line in without if not line.startswith(parts)] == []
