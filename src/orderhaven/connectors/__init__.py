"""Finding connectors: every folder here with a DECLARATION, and those that other packages offer as entry points."""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points
from typing import Any

from orderhaven.ports.connector import Declaration, Outside
from orderhaven.ports.nudging import Webhook
from orderhaven.ports.replay import Stage

_NOT_A_CONNECTOR = {"kit"}


@cache
def declarations() -> Mapping[str, Declaration]:
    """Name -> declaration of every connector that is installed."""
    found = {
        module.name: importlib.import_module(f"{__name__}.{module.name}").DECLARATION
        for module in pkgutil.iter_modules(__path__)
        if module.name not in _NOT_A_CONNECTOR
    }
    for entry in entry_points(group="orderhaven.connectors"):
        found.setdefault(entry.name, entry.load())
    return found


def open_connector(declaration: Declaration, settings: Mapping[str, str], outside: Outside) -> Any:
    """The connector itself: a `Marketplace` or a `Shop`, by the declaration's role. Nothing is called yet."""
    return _load(declaration.connector)(settings, outside)


def make_sandbox(declaration: Declaration, clock: Any) -> Any:
    """A new, empty sandbox of a connector that declares one."""
    return _load(declaration.sandbox)(clock)


def make_stage(declaration: Declaration, clock: Any) -> Stage:
    """A new sandbox on which a recorded scenario is played, of a connector that declares it."""
    stage: Stage = _load(declaration.replay)(clock)
    return stage


def webhook_of(declaration: Declaration) -> Webhook:
    """What judges the calls of the other side, of a connector that declares it."""
    judge: Webhook = _load(declaration.webhook)
    return judge


def _load(path: str) -> Any:
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)
