"""Every sentence that a person reads is said in every language. When one of these fails: make messages, and translate."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from babel.messages.catalog import Message

from orderhaven import catalogues
from orderhaven.core.carriers import Carrier
from orderhaven.core.problems import ProblemKind
from orderhaven.core.reasons import is_known, templates, translate_reason
from orderhaven.core.sentences import sentence
from orderhaven.core.status import STATUS_NAMES
from orderhaven.core.translation import ENGLISH, _, current_catalogue, n_

from . import catalogue, sentences

SPOKEN = [path for folder in ("cli", "actions", "words", "web") for path in (catalogue.PACKAGE / folder).rglob("*.py")]
OWNERS = [(language, owner) for language in catalogue.LANGUAGES for owner in catalogue.owners(language)]
# Of the kit, and of the connectors that speak more than English.
CONNECTORS = [
    path
    for owner in ("kit", *sorted({owner for _, owner in OWNERS if owner}))
    for path in sorted((catalogue.CONNECTORS / owner).rglob("*.py"))
    if not path.stem.startswith(("sandbox", "faults", "server")) and not catalogue.is_test(path)
]

# What stands in the code as a sentence and is none for people, or is the same in every language.
NOT_SAID = {
    "cli/context.py: command line",  # who did it, as it is written down
    "cli/main.py: Orderhaven {}",
    "cli/main.py: {} orderhaven {}\n{}\n",
    "cli/web_process.py: exit {}",
    "web/request_log.py: request",
    "web/orders.py: text/csv; charset=utf-8",
    'web/orders.py: attachment; filename="orders-{}.csv"',
    'web/templatetags/words.py: <time datetime="{}" title="{}">{}</time>',
    'web/templatetags/words.py: <span class="dot dot-{}" aria-hidden="true"></span>',
}
FOR_PROGRAMS = {"web/health.py", "web/middleware.py"}  # names and help of measures; the heads of an answer


@pytest.mark.parametrize(("language", "owner"), OWNERS)
def test_every_sentence_is_translated(language: str, owner: str) -> None:
    assert [] == catalogue.untranslated(catalogue.renewed(language, owner))


@pytest.mark.parametrize(("language", "owner"), OWNERS)
def test_no_translation_is_of_a_sentence_that_nobody_says(language: str, owner: str) -> None:
    said_now = set(catalogue.gathered(owner))

    assert [] == [one.id for one in catalogue.kept(language, owner) if one.id and one.id not in said_now]


@pytest.mark.parametrize(("language", "owner"), OWNERS)
def test_the_files_are_as_the_tool_writes_them(language: str, owner: str) -> None:
    kept = catalogue.kept(language, owner)

    assert catalogue.po_file(language, owner).read_bytes() == catalogue.as_text(kept)
    assert catalogue.mo_file(language, owner).read_bytes() == catalogue.compiled(kept)


@pytest.mark.parametrize(("language", "owner"), OWNERS)
def test_a_translation_has_the_values_of_its_sentence(language: str, owner: str) -> None:
    wrong = [one.id for one in catalogue.kept(language, owner) if one.id and not has_the_values(one)]

    assert [] == wrong


def test_statuses_are_called_as_the_table_has_it() -> None:
    with current_catalogue(catalogues.catalogue("nl")):
        called = {status: _(english) for status, (_dutch, english) in STATUS_NAMES.items()}

    assert {status: dutch for status, (dutch, _english) in STATUS_NAMES.items()} == called


# ---------------------------------------------------------------- the code


def test_no_sentence_is_said_past_the_catalogue() -> None:
    found = [
        f"{name}: {line}"
        for path in SPOKEN
        if (name := path.relative_to(catalogue.PACKAGE).as_posix()) not in FOR_PROGRAMS
        for line in sentences.unsaid(path)
        if f"{name}: {line.partition(': ')[2]}" not in NOT_SAID
    ]

    assert [] == found


def test_every_command_says_in_every_language_what_it_does() -> None:
    commands = [path for path in SPOKEN if path.parent.name == "cli"]

    assert [] == [f"{path.name}:{line}" for path in commands for line in sentences.commands_without_help(path)]


def test_it_is_known_where_a_sentence_comes_from_that_is_said_by_its_variable() -> None:
    """Else its words are in no catalogue: give its tables in BY_VARIABLE of tests/rules/catalogue.py."""
    found = catalogue.said_by_variable()

    assert [] == [where for where, tables in found.items() if not tables and where not in catalogue.BY_VARIABLE]
    assert [] == [where for where in catalogue.BY_VARIABLE if where not in found]
    assert [] == [
        table for tables in found.values() for table in tables if not words_of(table)
    ]  # a table that moved away


def test_what_typer_says_by_itself_is_still_so() -> None:
    import typer.core

    source = Path(typer.core.__file__).read_text("utf-8")

    assert [] == [words for words in catalogue.OF_TYPER if f'_("{words}")' not in source]


@pytest.mark.parametrize("path", CONNECTORS, ids=lambda path: path.relative_to(catalogue.PACKAGE).as_posix())
def test_the_reason_of_every_error_can_be_said(path: Path) -> None:
    assert [] == sentences.reasons_nobody_knows(path)


# ---------------------------------------------------------------- saying it


def test_a_reason_is_written_down_in_english_and_said_in_the_readers_language() -> None:
    values = {"side": "The shop", "hours": "2", "reason": "The shop cannot be reached (TimeoutError)"}

    with current_catalogue(catalogues.catalogue("nl")):
        spoken = sentence(ProblemKind.DELAYED, values)

    assert "De webshop is niet bereikbaar (TimeoutError)" in spoken


def test_the_other_sides_own_words_stay_as_they_are() -> None:
    with current_catalogue(catalogues.catalogue("nl")):
        assert translate_reason("Onbekende vervoerder {TNT}") == "Onbekende vervoerder {TNT}"


@pytest.mark.parametrize("template", templates())
def test_a_reason_is_told_from_the_others(template: str) -> None:
    """The first that fits counts, so a general one must not stand before a special one."""
    words = re.sub(r"\{(\w+)\}", r"«\1»", template)

    assert is_known(words)
    assert translate_reason(words) == words
    with current_catalogue(catalogues.catalogue("nl")):
        assert translate_reason(words) == re.sub(r"\{(\w+)\}", r"«\1»", _(template))


def test_a_carrier_without_a_name_of_its_own_is_described() -> None:
    with current_catalogue(catalogues.catalogue("nl")):
        assert (Carrier.OTHER.display_name, Carrier.POSTNL.display_name) == ("Een andere vervoerder", "PostNL")


def test_one_and_more_are_told_apart() -> None:
    with current_catalogue(catalogues.catalogue("nl")):
        said_of = [
            n_("{number} order will be created in the shop.", "{number} orders will be created in the shop.", number)
            for number in (0, 1, 2)
        ]

    assert said_of[0].removeprefix("0") == said_of[2].removeprefix("2") != said_of[1].removeprefix("1")


def test_a_language_that_there_is_no_catalogue_of_is_english() -> None:
    assert catalogues.catalogue("tlh") is ENGLISH


# ---------------------------------------------------------------- the command line


@pytest.mark.parametrize("speaks", [{"ORDERHAVEN_LANGUAGE": "nl"}, {"LANG": "nl_BE.UTF-8"}])
def test_the_command_line_speaks_as_the_terminal(tmp_path: Path, speaks: dict[str, str]) -> None:
    told = command(tmp_path, speaks, "orders")

    assert told.startswith("Nog geen bestellingen")


def test_help_is_in_the_language_of_the_terminal(tmp_path: Path) -> None:
    told = command(tmp_path, {"ORDERHAVEN_LANGUAGE": "nl"}, "orders", "--help")

    assert "De bestellingen, nieuwste eerst." in told
    assert "Gebruik:" in told
    assert "Opties" in told


def test_json_is_english_in_every_language(tmp_path: Path) -> None:
    checks = json.loads(command(tmp_path, {"ORDERHAVEN_LANGUAGE": "nl"}, "doctor", "--json"))

    assert {"database", "schema", "hub"} <= {check["name"] for check in checks}


# ---------------------------------------------------------------- how


def has_the_values(message: Message) -> bool:
    """{values} and %(values)s alike; the one of a plural need not name its number."""
    ids, strings = as_tuple(message.id), as_tuple(message.string)
    wanted = values_in(ids[-1])
    return all(
        values_in(text) == wanted or (place == 0 and values_in(text) == values_in(ids[0]))
        for place, text in enumerate(strings)
        if text
    )


def values_in(text: str) -> set[str]:
    return set(re.findall(r"\{\w+(?:![rs])?\}|%\(\w+\)s", text))


def as_tuple(words: str | Iterable[str]) -> tuple[str, ...]:
    return (words,) if isinstance(words, str) else tuple(words)


def words_of(table: str) -> list[str]:
    file, _colon, name = table.partition(": ")
    value: ast.expr | None = catalogue.assigned(file, name)
    return list(catalogue.words_in(value))


def command(folder: Path, speaks: dict[str, str], *words: str) -> str:
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "HOME") if name in os.environ}
    own = {"ORDERHAVEN_DATA": str(folder / "data"), "ORDERHAVEN_KEY_FILE": str(folder / "keys"), "COLUMNS": "120"}
    done = subprocess.run(
        [sys.executable, "-m", "orderhaven.cli.main", *words],
        env={**kept, **own, "PYTHONUTF8": "1", **speaks}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout
