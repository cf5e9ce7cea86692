"""The sentences in other languages than English, as the files beside this one have them."""

import gettext
import os
from functools import cache

from orderhaven import paths
from orderhaven.core.translation import ENGLISH, Catalogue

NAMES = {"nl": "Nederlands", "en": "English"}
LANGUAGES = tuple(NAMES)


@cache
def catalogue(language: str) -> Catalogue:
    """Of a language by its code; English for one that there is no catalogue of."""
    if language not in LANGUAGES or language == "en":
        return ENGLISH
    return gettext.translation("django", paths.package("locale"), [language], fallback=True)


def of_this_process() -> str:
    """The language of the command line: ORDERHAVEN_LANGUAGE, or what the terminal speaks, if it is one of ours."""
    for name in ("ORDERHAVEN_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        word = os.environ.get(name, "")
        if word:
            return word[:2].lower() if word[:2].lower() in LANGUAGES else "en"
    return "en"
