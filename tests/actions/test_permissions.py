"""What a hand may do: every action says which power it needs, and keeps out a hand that lacks it."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from orderhaven import actions
from orderhaven.actions.context import ActionContext
from orderhaven.actions.errors import PermissionDenied
from orderhaven.core.access import PERMISSIONS, Permission, Role

# what an action does for the one who is in already; and what asks for the power itself, once it runs
NO_ACTIONS = {"look_after", "demand_not_too_often", "trouble_of", "probe", "ask_of"}


def every_action() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every public function whose first word is `context`."""
    for found in pkgutil.iter_modules(actions.__path__):
        module = importlib.import_module(f"orderhaven.actions.{found.name}")
        for name, function in inspect.getmembers(module, inspect.isfunction):
            first = next(iter(inspect.signature(function).parameters), "")
            if (
                function.__module__ == module.__name__
                and not name.startswith("_")
                and first == "context"
                and name not in NO_ACTIONS
            ):
                yield f"{found.name}.{name}", function


def test_there_are_actions() -> None:
    assert len(list(every_action())) > 30


@pytest.mark.parametrize(
    ("name", "action"), list(every_action()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_no_action_is_done_without_a_permission(name: str, action: Callable[..., Any]) -> None:
    wanted = [
        one for one in inspect.signature(action).parameters.values() if one.default is one.empty and one.kind in (0, 1)
    ]
    nobody = ActionContext("nobody", 0, permissions=frozenset())

    with pytest.raises(PermissionDenied):
        action(nobody, *["" for _one in wanted[1:]])


def test_each_role_may_do_what_the_one_below_it_may() -> None:
    assert (
        PERMISSIONS[Role.VIEWER] < PERMISSIONS[Role.OPERATOR] < PERMISSIONS[Role.ADMINISTRATOR] == frozenset(Permission)
    )
