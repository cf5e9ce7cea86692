"""The commands on the pages are typed, and print what the pages quote. Those that are not typed are listed with their reason."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

import pytest

from tests.docs.blocks import COMMANDS, OUTPUT, PAGES, ROOT, WAYS, Block, blocks_of
from tests.docs.reader import Reader
from tests.docs.worlds import copied_checkout, empty_folder, two_accounts

pytestmark = pytest.mark.processes
BLOCKS = [block for page in PAGES for block in blocks_of(page)]

# Pages that are read one after the other, by somebody who begins there.
READINGS: Mapping[str, tuple[Callable[[Path], AbstractContextManager[Reader]], tuple[str, ...]]] = {
    "the demo's day": (empty_folder, ("docs/tutorial/first-order.md",)),
    "a new hub": (
        partial(two_accounts, trade_runs=False),
        (
            "README.md",
            "docs/how-to/solve-a-problem.md",
            "docs/how-to/use-the-api.md",
            "docs/how-to/run-as-a-service.md",
        ),
    ),
    "a running trade": (
        partial(two_accounts, trade_runs=True),
        (
            "docs/how-to/connect-bol.md",
            "docs/how-to/connect-woocommerce.md",
            "docs/how-to/join-a-running-trade.md",
            "docs/how-to/send-the-right-carrier.md",
            "docs/how-to/back-up-and-restore.md",
            "docs/how-to/rotate-keys.md",
        ),
    ),
    "a checkout": (copied_checkout, ("docs/how-to/translate.md", "docs/how-to/add-a-connector.md")),
}

# Page and heading of commands that are not typed, and why. Of several under one heading the second is `heading (2)`.
NOT_TYPED: Mapping[str, str] = {
    "README.md: Try it, then run it": "both are typed elsewhere: the demo in the tutorial, the hub further down the page",
    "README.md: Tests": "together they take an hour, and this is one of the tests",
    "docs/how-to/add-a-connector.md: 2. Run its contract tests": "tests/testing/test_new_connector.py runs the same suite",
    "docs/how-to/add-a-connector.md: Check it against recordings": "needs recordings of a real server",
    "docs/how-to/back-up-and-restore.md: Back up": "a script that root installs, with the folders of a server",
    "docs/how-to/back-up-and-restore.md: Restore": "puts back the data of a hub that is stopped, on a server of its own",
    "docs/how-to/connect-bol.md: Connect": "needs the keys of a real account",
    "docs/how-to/join-a-running-trade.md: 3. Decide about the older orders": "needs a file of a shop's own order numbers",
    "docs/how-to/put-it-behind-a-proxy.md: 3. Check": "needs a proxy with a name and a certificate",
    "docs/how-to/put-it-behind-a-proxy.md: A proxy on another machine": "needs a second machine",
    "docs/how-to/run-as-a-service.md: 1. Create a user and the folders": "needs root",
    "docs/how-to/run-as-a-service.md: 3. Add the unit: `/etc/systemd/system/orderhaven.service`": "needs root and systemd",
    "docs/how-to/run-as-a-service.md: 5. Run commands on the same data": "a script that root installs",
    "docs/how-to/run-as-a-service.md: If somebody lost a password": "asks for a password, which only a keyboard gives",
    "docs/how-to/send-the-right-carrier.md: When the marketplace has carriers of its own": "needs a marketplace with a list",
    "docs/how-to/several-shops.md: Divide them": "needs a marketplace with channels",
    "docs/how-to/several-shops.md: Divide them (2)": "needs a marketplace with channels",
    "docs/how-to/several-shops.md: Divide them (3)": "needs a marketplace with channels",
    "docs/how-to/several-shops.md: An order of a channel that no link takes": "needs a marketplace with channels",
    "docs/how-to/upgrade.md: Upgrade": "needs root, systemd and a newer version",
}


@pytest.mark.parametrize("name", READINGS)
def test_what_a_reader_types_prints_what_the_page_quotes(name: str, tmp_path: Path) -> None:
    world, pages = READINGS[name]

    with world(tmp_path) as reader:
        wrong = [reader.types(block) for page in pages for block in blocks_of(ROOT / page) if block.is_run]

    if any(wrong):
        pytest.fail("\n\n".join(filter(None, wrong)), pytrace=False)


def test_every_page_with_commands_to_run_is_read() -> None:
    read = {page for _world, pages in READINGS.values() for page in pages}

    assert read == {block.page for block in BLOCKS if block.is_run}


def test_every_command_on_a_page_is_typed_or_listed_with_its_reason() -> None:
    assert set(NOT_TYPED) == set(named([block for block in BLOCKS if block.is_commands and not block.is_run]))


def test_every_block_says_what_it_is() -> None:
    """Else a command could hide in it, or an output that nobody compares."""
    assert [] == [block.place for block in BLOCKS if not block.words]
    assert [] == [block.place for block in BLOCKS if block.words == OUTPUT]
    assert [] == [
        f"{block.place}: {' '.join(block.words)}"
        for block in BLOCKS
        if block.words[0] in COMMANDS and not set(block.words[1:]) <= {"run", *WAYS}
    ]


def named(blocks: list[Block]) -> list[str]:
    names: list[str] = []
    for block in blocks:
        name = f"{block.page}: {block.heading}"
        again = sum(one.startswith(name) for one in names)
        names.append(f"{name} ({again + 1})" if again else name)
    return names
