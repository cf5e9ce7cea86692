"""How labelled codes are scored, and what the command prints of it."""

import subprocess
import sys
from pathlib import Path

from benchmarks.carriers import Labelled, score

ROOT = Path(__file__).parents[2]
HEADING = "code,carrier,group,accept,destination,origin,kind,scope\n"


def labelled(code: str, carrier: str, group: str, *accept: str, scope: str = "core") -> Labelled:
    return Labelled(code, carrier, group, frozenset(accept), "", "", scope)


def test_the_carrier_its_brand_and_what_is_accepted_are_right() -> None:
    rows = [
        labelled("A", "dhl_express", "dhl"),
        labelled("B", "dhl_parcel_nl", "dhl"),
        labelled("C", "deutsche_post", "post", "bpost"),
        labelled("D", "gls", "gls"),
        labelled("E", "ups", "ups"),
        labelled("F", "", "", scope="negative"),
    ]
    told = {"A": "dhl_express", "B": "dhl_parcel_de", "C": "bpost", "D": "dpd", "E": "", "F": "ups"}

    measured = score(rows, lambda row: told[row.code])

    assert [measured.outcomes["core", outcome] for outcome in ("right", "wrong", "unsure")] == [3, 1, 1]
    assert measured.false_positives == 1
    assert [row.code for row in measured.unsure] == ["E"]


def test_the_command_ends_with_the_four_figures(tmp_path: Path) -> None:
    file = tmp_path / "codes.csv"
    file.write_text(
        HEADING
        + "3SBOL0987654321,postnl,postnl,,NL,NL,real,core\n"
        + "9490966041,dhl_express,dhl,,,,real,core\n"
        + "hello,,,,,,negative,negative\n"
    )

    said = run(file)

    assert said.returncode == 0, said.stderr
    names = [line.split()[0] for line in said.stdout.splitlines()[-4:]]
    assert names == ["core_correct", "core_wrong", "false_positives", "speed_ratio"]
    assert "core_correct 50.00\ncore_wrong 0.00\nfalse_positives 0\n" in said.stdout
    assert "tracking-numbers" in said.stdout
    assert "1 dhl_express: 10 digits (1)" in said.stdout


def test_a_file_without_the_columns_is_refused_with_the_way_on(tmp_path: Path) -> None:
    file = tmp_path / "codes.csv"
    file.write_text("code,carrier\n1,ups\n")

    assert "has no column accept" in run(file).stdout
    assert run(tmp_path / "none.csv").returncode == 2


def run(file: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "benchmarks.carriers", str(file)],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
