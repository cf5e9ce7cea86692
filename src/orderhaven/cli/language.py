"""In which language the command line speaks: known before the commands are made, because their help is said with them."""

import gettext
import os

from orderhaven import catalogues, paths
from orderhaven.core.translation import ENGLISH, use_catalogue


def speak_as_the_terminal() -> None:
    """From now on, in this process: our sentences, and the few words that typer says by itself."""
    language = catalogues.of_this_process()
    use_catalogue(catalogues.catalogue(language))
    os.environ["LANGUAGE"] = language  # where gettext, and so typer, looks first
    gettext.bindtextdomain("django", str(paths.package("locale")))
    gettext.textdomain("django")


def speak_to_a_program(wanted: bool) -> bool:
    """Of an option such as --json: a program gets the same words whoever's terminal it is."""
    if wanted:
        use_catalogue(ENGLISH)
    return wanted
