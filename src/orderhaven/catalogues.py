"""The sentences in other languages than English: the hub's own in the folder beside this file, a connector's in its own folder."""

import gettext
import os
from collections.abc import Iterator
from functools import cache
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

from orderhaven import paths
from orderhaven.core.translation import ENGLISH, Catalogue
from orderhaven.ports.connector import ENTRY_POINTS

NAMES = {"nl": "Nederlands", "en": "English"}
LANGUAGES = tuple(NAMES)


@cache
def catalogue(language: str) -> Catalogue:
    """Of a language by its code; English for one that there is no catalogue of, and for a connector that speaks only that."""
    if language not in LANGUAGES or language == "en":
        return ENGLISH
    found = gettext.translation("django", paths.package("locale"), [language], fallback=True)
    for folder in connector_folders():
        if gettext.find("django", folder / "locale", [language]):
            found.add_fallback(gettext.translation("django", folder / "locale", [language]))
    return found


def connector_folders() -> Iterator[Path]:
    """Those here, and those that other packages offer as entry points."""
    yield from sorted(path.parent for path in paths.package("connectors").glob("*/__init__.py"))
    for entry in entry_points(group=ENTRY_POINTS):
        found = find_spec(entry.module)
        if found and found.origin:
            yield Path(found.origin).parent


def of_this_process() -> str:
    """The language of the command line: ORDERHAVEN_LANGUAGE, or what the terminal speaks, if it is one of ours."""
    for name in ("ORDERHAVEN_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        word = os.environ.get(name, "")
        if word:
            return word[:2].lower() if word[:2].lower() in LANGUAGES else "en"
    return "en"
