"""Finding connectors: every folder here with a SPEC, and those that other packages offer as entry points."""

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points
from typing import Any

from orderhaven.core.reasons import add_reasons
from orderhaven.ports.connector import ENTRY_POINTS, ConnectorContext, ConnectorSpec, WebhookJudge
from orderhaven.ports.replay import Stage

_NOT_A_CONNECTOR = {"kit"}


@cache
def specs() -> Mapping[str, ConnectorSpec]:
    """Name -> spec of every connector that is installed."""
    found = {
        module.name: importlib.import_module(f"{__name__}.{module.name}").SPEC
        for module in pkgutil.iter_modules(__path__)
        if module.name not in _NOT_A_CONNECTOR
    }
    for entry in entry_points(group=ENTRY_POINTS):
        found.setdefault(entry.name, entry.load())
    for spec in found.values():
        add_reasons(spec.error_reasons)
    return found


def open_connector(spec: ConnectorSpec, settings: Mapping[str, str], context: ConnectorContext) -> Any:
    """The connector itself: a `Marketplace` or a `Shop`, by the spec's side. Nothing is called yet."""
    return _load(spec.connector)(settings, context)


def make_sandbox(spec: ConnectorSpec, clock: Any) -> Any:
    """A new, empty sandbox of a connector that declares one."""
    return _load(spec.sandbox)(clock)


def make_stage(spec: ConnectorSpec, clock: Any) -> Stage:
    """A new sandbox on which a recorded scenario is played, of a connector that declares it."""
    stage: Stage = _load(spec.replay)(clock)
    return stage


def webhook_of(spec: ConnectorSpec) -> WebhookJudge:
    """What judges the calls of the other side, of a connector that declares it."""
    judge: WebhookJudge = _load(spec.webhook)
    return judge


def _load(path: str) -> Any:
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)
