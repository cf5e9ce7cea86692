"""A connector's words lie in its own folder: its Dutch where it has any, else its English."""

import os
import subprocess
import sys
from gettext import translation
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from orderhaven import catalogues
from orderhaven.connectors import specs
from orderhaven.core.translation import _, current_catalogue

_SPEC = """
from datetime import timedelta

from orderhaven.ports.connector import ConnectorSpec, Limits, Setting, Side

SPEC = ConnectorSpec(
    "elsewhere", "Elsewhere", Side.SHOP, (Setting("key", "Key of the shelf", "Ask the keeper."),), frozenset(),
    Limits(timedelta(minutes=5)), "elsewhere.connector:Elsewhere",
)
"""


@pytest.mark.parametrize("name", sorted(specs()))
def test_what_a_connector_asks_for_is_said_in_the_language_of_its_own_catalogue(name: str) -> None:
    of_the_hub = translation("django", Path(catalogues.__file__).parent / "locale", ["nl"])
    labels = {one.label for one in specs()[name].settings if of_the_hub.gettext(one.label) == one.label}

    with current_catalogue(catalogues.catalogue("nl")):
        said = {_(label) for label in labels}

    has_dutch = (Path(catalogues.__file__).parent / "connectors" / name / "locale" / "nl").is_dir()
    assert (said != labels) == has_dutch


def test_a_connector_of_another_package_brings_its_dutch_along_and_stays_english_where_it_has_none(
    tmp_path: Path,
) -> None:
    package = tmp_path / "elsewhere"
    words = package / "locale" / "nl" / "LC_MESSAGES"
    words.mkdir(parents=True)
    (package / "__init__.py").write_text(_SPEC)
    (words / "django.mo").write_bytes(compiled({"Key of the shelf": "Sleutel van de plank"}))
    installed = tmp_path / "elsewhere-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: elsewhere\nVersion: 1.0\n")
    (installed / "entry_points.txt").write_text("[orderhaven.connectors]\nelsewhere = elsewhere:SPEC\n")

    said = spoken(tmp_path)

    assert said == ["Sleutel van de plank", "Ask the keeper."]


def spoken(folder: Path) -> list[str]:
    program = (
        "from orderhaven import catalogues; from orderhaven.connectors import specs\n"
        "from orderhaven.core.translation import _, use_catalogue\n"
        "use_catalogue(catalogues.catalogue('nl')); [setting] = specs()['elsewhere'].settings\n"
        "print(_(setting.label), _(setting.help), sep='\\n')"
    )
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def compiled(words: dict[str, str]) -> bytes:
    catalogue, out = Catalog(locale="nl"), BytesIO()
    for english, dutch in words.items():
        catalogue.add(english, dutch)
    write_mo(out, catalogue)
    return out.getvalue()
