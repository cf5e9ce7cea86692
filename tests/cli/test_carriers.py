"""`orderhaven carrier`: who carries a parcel, why, and who else could."""

import json
import subprocess
import sys
from pathlib import Path

from tests.cli.conftest import Cli, environment

ROOT = Path(__file__).parents[2]


def test_a_tracking_number_is_recognised_with_its_reason_and_its_tracking_page(cli: Cli) -> None:
    said = cli("carrier", "3SBOL0987654321", "--to", "nl", "--postcode", "1234 ab")

    assert said.out.startswith("3SBOL0987654321: PostNL\n  Certain. ")
    assert "https://jouw.postnl.nl/track-and-trace/3SBOL0987654321-NL-1234AB" in said.out
    assert "barcode webservice" in said.out


def test_runners_up_and_what_rules_them_out_are_shown(cli: Cli) -> None:
    unsure, told = cli("carrier", "05308801410058"), cli("carrier", "05308801410058", "--from", "BE")

    assert "unsure" in unsure.out
    assert "DPD and GLS both have codes like this" in unsure.out
    assert told.out.startswith("05308801410058: DPD\n  Likely. ")
    assert "only NL, so not" in told.out


def test_the_carriers_that_one_uses_and_further_tracking_numbers_count(cli: Cli) -> None:
    said = cli("carrier", "9490966041, 9490966052", "--uses", "DHL Express")

    assert said.out.startswith("9490966041: DHL Express\n")
    assert "1 more code in the same field: 9490966052." in said.out


def test_what_is_no_tracking_number_is_said_so(cli: Cli) -> None:
    assert cli("carrier", "onderweg!").out == "This is not a tracking number.\n"
    assert cli("carrier", "3SBOL0987654321", "--uses", "postmen").code == 2


def test_json_holds_the_same(cli: Cli) -> None:
    said = json.loads(cli("carrier", "05308801410058", "--json").out)

    assert (said["carrier"], said["confidence"], said["candidates"]) == (None, "unsure", ["dpd", "gls"])
    assert [form["carrier"] for form in said["forms"]] == ["DPD", "GLS"]


def test_no_hub_is_needed(tmp_path: Path) -> None:
    said = subprocess.run(
        [sys.executable, "-m", "orderhaven.cli.main", "carrier", "1ZW5244V6870200569"],
        cwd=ROOT, env=environment(tmp_path), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert said.stdout.startswith("1ZW5244V6870200569: UPS\n")
    assert not (tmp_path / "data").exists()
