"""Sentences in the code that a person reads and that are said in no language but their own."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from orderhaven.core.reasons import is_known

from . import catalogue

# A word beside another word, or beside a value: "not there", "Order {ref}".
_WORDS = re.compile(r"(?:[A-Za-z']{2,}|\0)[,.:;!?()']* +[A-Za-z']{2,}|[A-Za-z']{2,}[,.:;!?()']* +\0")
_TYPED = re.compile(r"\s*(?:orderhaven |pg_dump |--)")  # what is typed is the same in every language
_SPEAKS = {"say", "fail", "ActionRefused", "PermissionDenied", "print", "confirm", "prompt", "BadParameter", "table"}
_HEADINGS = (ast.Tuple, ast.List)


def unsaid(path: Path) -> list[str]:
    """'line: words' of every sentence, heading and help that does not go through `_()` or a table of the catalogue."""
    body = catalogue.tree(path)
    passed = set(map(id, _passed(path, body)))
    found = {
        f"{node.lineno}: {words.replace(chr(0), '{}')}"
        for node in ast.walk(body)
        if id(node) not in passed
        for words in [*_sentence(node), *_spoken(node, passed)]
    }
    return sorted(found, key=lambda line: int(line.split(":")[0]))


def commands_without_help(path: Path) -> list[int]:
    """Lines in which a command is made that says nothing of itself but its docstring, in English."""
    return [
        node.lineno
        for node in ast.walk(catalogue.tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "command"
        if all(keyword.arg != "help" for keyword in node.keywords)
    ]


def reasons_nobody_knows(path: Path) -> list[str]:
    """Of the errors that a connector raises: those that `core.reasons` cannot say. An UnexpectedResponse is said as it is."""
    return [
        f"{path.name}:{node.lineno}: {words}"
        for node in ast.walk(catalogue.tree(path))
        if isinstance(node, ast.Call) and catalogue.name_of(node) in _REASONED
        for words in (_whole(path, one) for one in node.args)
        if re.search("[A-Za-z]", words) and not any(map(is_known, _at_run_time(words)))
    ]


_REASONED = {
    "SafeToRetry",
    "RateLimited",
    "OutcomeUnknown",
    "AuthRejected",
    "AccessRejected",
    "WrongAddress",
    "NotThere",
    "NotData",
    "NoAnswer",
}


def _at_run_time(words: str) -> tuple[str, ...]:
    """What no answer says comes behind the name of the side; what stands last may be such a reason."""
    return words, f"It {words}", words.removesuffix("\0") + "did not answer in time"


def _whole(path: Path, node: ast.AST) -> str:
    """With the constants of the module filled in."""
    if not isinstance(node, ast.JoinedStr):
        return _as_written(node)
    file = path.relative_to(catalogue.PACKAGE).as_posix()
    parts = [
        _as_written(catalogue.assigned(file, part.value.id) or part)
        if isinstance(part, ast.FormattedValue) and isinstance(part.value, ast.Name)
        else _as_written(part)
        for part in node.values
    ]
    return "".join(part or "\0" for part in parts)


def _passed(path: Path, body: ast.Module) -> Iterator[ast.AST]:
    """Docstrings, what is said already, the names of words of ours, and tables that are said by their variable."""
    for node in ast.walk(body):
        match node:
            case ast.Expr(value=ast.Constant() as doc):
                yield doc
            case ast.Call() if catalogue.name_of(node) in catalogue.SAYS:
                yield from node.args
    yield from catalogue.names_in_enums(body)
    file = path.relative_to(catalogue.PACKAGE).as_posix()
    for tables in catalogue.said_by_variable().values():
        for table in tables:
            if table.startswith(f"{file}: "):
                value = catalogue.assigned(file, table.partition(": ")[2])
                yield from ast.walk(value) if value is not None else ()
    for node in ast.walk(body):
        if isinstance(node, ast.JoinedStr):
            yield from (part for part in node.values if isinstance(part, ast.Constant))


def _sentence(node: ast.AST) -> Iterator[str]:
    words = _as_written(node)
    if _WORDS.search(words) and not _TYPED.match(words) and not is_known(words):
        yield words


def _spoken(node: ast.AST, passed: set[int]) -> Iterator[str]:
    """Single words where a person reads every word: the heading of a table, help, what is printed."""
    if not isinstance(node, ast.Call):
        return
    name = node.func.attr if isinstance(node.func, ast.Attribute) else catalogue.name_of(node)
    said = [keyword.value for keyword in node.keywords if keyword.arg == "help"]
    if name in _SPEAKS and node.args:
        said += node.args[0].elts if isinstance(node.args[0], _HEADINGS) else [node.args[0]]
    for one in said:
        if id(one) not in passed and isinstance(one, ast.Constant) and re.search("[A-Za-z]", str(one.value)):
            yield str(one.value)


def _as_written(node: ast.AST) -> str:
    """The words of a literal, with a NUL for each value within; "" for what is none."""
    match node:
        case ast.Constant(value=str(words)):
            return words
        case ast.JoinedStr(values=parts):
            return "".join(str(part.value) if isinstance(part, ast.Constant) else "\0" for part in parts)
    return ""
