"""A report of untrusted origin with figures that no campaign has: refused in one line before anything is drawn."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from fedaug import cli
from fedaug.errors import InputError
from fedaug.pages.facts import LARGEST_FIGURE
from fedaug.server.report import read_report
from fedaug.server.report.page import page

VALUES: dict[str, Any] = json.loads((Path(__file__).parents[2] / "vectors" / "report_data.json").read_text())
#: A number of each kind of a report's parts that may be larger than 1.
PLACES: dict[str, tuple[str | int, ...]] = {
    "epsilon of the consortium": ("privacy", "consortium_epsilon"),
    "epsilon of a site": ("privacy", "sites", "bank-1", "epsilon"),
    "budget": ("privacy", "sites", "bank-1", "budget"),
    "sensitivity": ("privacy", "releases", 0, "sensitivity"),
    "noise": ("privacy", "releases", 0, "noise_std"),
    "epsilon on the way": ("utility", "trajectory", 0, "epsilon"),
    "claim of an audit": ("audit", "sites", "bank-1", "claimed_epsilon"),
    "ceiling of an audit": ("audit", "sites", "bank-1", "ceiling"),
    "epsilon of a card": ("cards", "student", "epsilon"),
    "samples": ("samples", "accepted"),
    "seconds": ("timing", "total_s"),
    "seconds of a phase": ("timing", "phases", "votes"),
}


def with_figure(place: tuple[str | int, ...], figure: object) -> str:
    values: Any = json.loads(json.dumps(VALUES))
    part = values
    for step in place[:-1]:
        part = part[step]
    assert isinstance(part.setdefault(place[-1], 1.0), int | float | str)
    part[place[-1]] = figure
    return json.dumps(values)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


@pytest.mark.parametrize("figure", [1e308, 1.01 * LARGEST_FIGURE, 10**400], ids=["1e308", "just above", "long"])
@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES.keys())
def test_a_figure_that_nothing_can_be_worked_out_of_is_refused(
    place: tuple[str | int, ...], figure: float, folder: Path
) -> None:
    (folder / "report.json").write_text(with_figure(place, figure))
    with pytest.raises(InputError, match=r"FA100: (the report holds a figure above 1e\+12|the file is not a report)"):
        read_report(folder / "report.json")


def test_the_command_ends_with_status_2_and_one_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "report.json").write_text(with_figure(PLACES["epsilon of the consortium"], 1e308))
    assert cli.run(["report", str(folder)]) == 2
    told = capsys.readouterr().err
    assert told == (
        "FA100: the report holds a figure above 1e+12, which none can be; ask whoever made it for another\n"
    )


@pytest.mark.parametrize("figure", [5e-324, 1e-30, LARGEST_FIGURE])
@pytest.mark.parametrize("name", ["epsilon of the consortium", "epsilon on the way", "epsilon of a card"])
def test_what_is_let_in_can_be_drawn(name: str, figure: float, folder: Path) -> None:
    (folder / "report.json").write_text(with_figure(PLACES[name], figure))
    assert "<svg" in page(read_report(folder / "report.json"))


def test_a_setting_may_be_any_number(folder: Path) -> None:
    values = VALUES | {"config": {"seed": 2**63}}
    (folder / "report.json").write_text(json.dumps(values))
    assert read_report(folder / "report.json").config["seed"] == 2**63
