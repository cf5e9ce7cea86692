"""docs/why/life-of-an-order.md names files, functions and rows that are there."""

from __future__ import annotations

import re
from itertools import chain
from pathlib import Path

import pytest

from orderhaven.core.status import TRANSITIONS, Status, Trigger

PAGE = Path(__file__).resolve().parents[2] / "docs" / "why" / "life-of-an-order.md"
TEXT = PAGE.read_text(encoding="utf-8")
ITEMS = re.findall(r"^- (.*(?:\n  .*)*)", TEXT, re.MULTILINE)  # each begins with the link to its file
STORE = PAGE.parents[2] / "src" / "orderhaven" / "store"
NAMED_ANYWHERE = (STORE / "models" / "outbox.py", STORE / "outbox" / "result.py")  # states of a message, and results
OF_OTHERS = {"sync", "created_via"}  # a package, and a field of WooCommerce's


def files_of(item: str) -> list[Path]:
    linked = [PAGE.parent / address for address in re.findall(r"\]\((\.\./[^)]+)\)", item)]
    return list(chain.from_iterable(sorted(one.rglob("*.py")) if one.is_dir() else [one] for one in linked))


@pytest.mark.parametrize("item", ITEMS, ids=lambda item: item[1 : item.index("]")].strip("`"))
def test_what_the_page_says_of_a_file_is_named_there(item: str) -> None:
    source = "\n".join(
        path.read_text(encoding="utf-8") + f"\n{path.stem}" for path in [*files_of(item), *NAMED_ANYWHERE]
    )
    values = {str(one) for kind in (Status, Trigger) for one in kind}

    named = set(re.findall(r"(?<!\[)`([A-Za-z_]+)(?:\(handle\))?`", item)) - OF_OTHERS - values

    assert set() == {name for name in named if not re.search(rf"\b{name}\b|\"{name}\"", source)}


@pytest.mark.parametrize(
    ("status", "trigger", "to"),
    [
        (Status.NOT_SHIPPED, Trigger.COMPLETED_TRACKED, Status.SHIPPED),
        (Status.NOT_SHIPPED, Trigger.COMPLETED_UNTRACKED, Status.WAITING),
        (Status.WAITING, Trigger.COMPLETED_TRACKED, Status.SHIPPED),
        (Status.WAITING, Trigger.WAIT_EXPIRED, Status.SHIPPED),
    ],
)
def test_a_row_that_the_page_names_is_in_the_table(status: Status, trigger: Trigger, to: Status) -> None:
    assert TRANSITIONS[status][trigger].to is to
    assert {f"`{word}`" for word in (status, trigger, to)} <= set(re.findall(r"`\w+`", TEXT))
