"""Names of the vocabulary that the code once had do not come back. Found by syntax tree: prose may use the words."""

import ast
from collections.abc import Iterator, Mapping
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db.migrations.operations import RenameField, RenameModel

from orderhaven.core.access import Permission
from orderhaven.core.carriers.recognise import RuleKind
from orderhaven.core.commands import CancelReason
from orderhaven.core.notifications import WebhookEvent
from orderhaven.core.problems import ProblemKind
from orderhaven.core.status import Trigger
from orderhaven.store.models import MessageKind, MessageState, SyncState
from orderhaven.store.outbox.payloads import EMPTY_PAYLOADS
from orderhaven.words.timeline import EVENTS, FIELDS

from .retired import MEMBERS, MODULES, NAMES

COLUMNS: Any = import_module("orderhaven.store.migrations.0022_plain_names")
VALUES: Any = import_module("orderhaven.store.migrations.0023_plain_values")

ROOT = Path(__file__).parents[2]
SOURCES = [
    path
    for top in ("src/orderhaven", "tests", "benchmarks")
    for path in sorted((ROOT / top).rglob("*.py"))
    if "migrations" not in path.parts and path.name not in ("retired.py",)
]


# The connectors that the code had when it had those names. Another's words are its own marketplace's or shop's.
RENAMED = {"kit", "bol", "woocommerce"}
CONNECTORS = ROOT / "src/orderhaven/connectors"


def is_older(path: Path) -> bool:
    if path.parent == CONNECTORS or not path.is_relative_to(CONNECTORS):
        return True
    return path.relative_to(CONNECTORS).parts[0] in RENAMED


def identifiers(tree: ast.AST) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name, node.lineno
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
                yield name, node.lineno
            case ast.alias(asname=str(name)):
                yield name, node.lineno


def definitions(tree: ast.Module, module: str) -> Iterator[str]:
    for node in tree.body:
        for name in _defined(node):
            yield f"{module}:{name}"
        if isinstance(node, ast.ClassDef):
            for one in node.body:
                for name in _defined(one):
                    yield f"{module}:{node.name}.{name}"


def _defined(node: ast.stmt) -> Iterator[str]:
    match node:
        case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            yield name
        case ast.AnnAssign(target=ast.Name(id=name)):
            yield name
        case ast.Assign():
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[2:] if parts[0] == "src" else parts).removesuffix(".__init__")


@pytest.mark.parametrize("path", list(filter(is_older, SOURCES)), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_retired_name_is_used(path: Path) -> None:
    tree = ast.parse(path.read_text())

    found = {f"{name} (line {line}): now {NAMES[name]}" for name, line in identifiers(tree) if name in NAMES}
    found |= {f"{name}: now {MEMBERS[name]}" for name in definitions(tree, module_of(path)) if name in MEMBERS}

    assert found == set()


def test_no_retired_module_stands_in_the_tree() -> None:
    there = {module_of(path) for path in SOURCES}

    assert there & set(MODULES) - set(MODULES.values()) == set()


def test_no_table_and_no_column_has_the_name_that_it_had() -> None:
    models = {model.__name__: model for model in apps.get_app_config("store").get_models()}
    operations = COLUMNS.Migration.operations

    tables = {one.old_name for one in operations if isinstance(one, RenameModel)} & set(models)
    columns = {
        f"{model.__name__}.{one.old_name}"
        for one in operations
        if isinstance(one, RenameField)
        for model in models.values()
        if model.__name__.lower() == one.model_name.lower()
        and one.old_name in {field.name for field in model._meta.fields}
    }

    assert tables | columns == set()


@pytest.mark.parametrize(
    ("kind", "retired"),
    [
        (MessageKind, VALUES.MESSAGE_KINDS),
        (MessageState, VALUES.MESSAGE_STATES),
        (SyncState, VALUES.SYNC_STATES),
        (ProblemKind, VALUES.PROBLEMS),
        (Trigger, VALUES.TRIGGERS),
        (WebhookEvent, VALUES.HOOKS),
        (Permission, VALUES.SCOPES),
        (RuleKind, VALUES.RULES),
        (CancelReason, VALUES.REASONS),
    ],
)
def test_no_value_is_called_as_it_was(kind: type[StrEnum], retired: Mapping[str, str]) -> None:
    assert set(retired) & set(kind) == set()
    assert set(retired.values()) <= set(kind)


def test_no_kind_of_event_and_no_key_that_is_kept_is_called_as_it_was() -> None:
    kept = {name for payload in EMPTY_PAYLOADS.values() for name in payload.__struct_fields__}

    assert set(VALUES.EVENTS) & set(EVENTS) == set()
    assert set(VALUES.EVENTS.values()) <= set(EVENTS)
    assert set(VALUES.KEYS) & (kept | set(FIELDS)) == set()
