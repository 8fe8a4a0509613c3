"""An example's settings, its held-out rows, and how its rows are dealt."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

import pytest
from tests.tiny_example import write_example, write_records

from fedaug.errors import ConfigError, DataNotFound, InvalidBudget, MissingFile, TooFewRecords, UnknownLabel
from fedaug.simulation.example import Example, read_rows
from fedaug.simulation.sites import deal


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FEDAUG_DATA", str(tmp_path / "no-data"))
    return write_example(tmp_path / "tiny")


@pytest.fixture
def records(tmp_path: Path) -> Path:
    return write_records(tmp_path / "records.csv")


def test_an_override_goes_to_the_file_that_its_name_says(folder: Path) -> None:
    example = Example.load(folder, {"privacy.epsilon": 2.5, "simulation.sites.count": 7})
    assert example.campaign.privacy.epsilon == 2.5
    assert example.simulation.sites.count == 7
    assert Example.load(folder).campaign.privacy.epsilon == 4.0


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("simulation.sites.cuont", 3, ConfigError),
        ("simulation.sites.count", 0, ConfigError),
        ("simulation.sites.partition", "odd", ConfigError),
        ("sites.count", 3, ConfigError),
        ("simulation", 3, ConfigError),
        ("privacy.epsilon", float("nan"), InvalidBudget),
    ],
)
def test_a_wrong_override_is_refused_by_name(folder: Path, name: str, value: object, error: type[Exception]) -> None:
    with pytest.raises(error, match=name.removeprefix("simulation.").split(".")[0]):
        Example.load(folder, {name: value})


def test_a_folder_or_file_that_is_missing_is_named(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(MissingFile, match="nowhere"):
        Example.load(tmp_path / "nowhere")
    (folder / "simulation.toml").unlink()
    with pytest.raises(MissingFile, match=r"simulation\.toml"):
        Example.load(folder)


def test_no_text_is_both_held_out_and_with_a_site_however_often_it_occurs(
    folder: Path, records: Path, tmp_path: Path
) -> None:
    with records.open(encoding="utf-8") as file:
        lines = file.readlines()
    records.write_text("".join(lines + [f"again{line}" for line in lines[1:]]))
    rows = read_rows(Example.load(folder), tmp_path, train=records)
    assert len(rows.train) + len(rows.heldout) == 144
    assert 10 < len(rows.heldout) < 70
    assert not {row.text for row in rows.train} & {row.text for row in rows.heldout}


def test_the_same_rows_are_carved_whatever_their_order(folder: Path, records: Path, tmp_path: Path) -> None:
    first = read_rows(Example.load(folder), tmp_path, train=records)
    head, *lines = records.read_text().splitlines(keepends=True)
    records.write_text(head + "".join(reversed(lines)))
    second = read_rows(Example.load(folder, {"seed": 99}), tmp_path, train=records)
    assert {row.text for row in first.heldout} == {row.text for row in second.heldout}
    for row in (*first.train, *first.heldout):  # in any process: Python's own hash() differs from one to the next
        assert (row in first.heldout) == (int(hashlib.sha256(row.text.encode()).hexdigest(), 16) % 100 < 25)


def test_a_test_file_takes_the_place_of_the_carved_rows(folder: Path, records: Path, tmp_path: Path) -> None:
    test = tmp_path / "test.csv"
    test.write_text("text,label\nmy pin is gone,pin_blocked\n")
    rows = read_rows(Example.load(folder), tmp_path, train=records, test=test)
    assert len(rows.train) == 72
    assert [row.text for row in rows.heldout] == ["my pin is gone"]


def test_a_label_outside_the_campaigns_stops_the_run(folder: Path, records: Path, tmp_path: Path) -> None:
    with records.open("a", encoding="utf-8", newline="") as file:
        csv.writer(file).writerow(["q99", "what is love", "philosophy"])
    with pytest.raises(UnknownLabel) as refused:
        read_rows(Example.load(folder), tmp_path, train=records)
    assert "philosophy" not in str(refused.value)


def test_without_the_data_set_the_example_says_so_or_writes_notes(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DataNotFound):
        read_rows(Example.load(folder), tmp_path)


def test_every_row_is_dealt_to_one_site_and_the_same_one_every_time(
    folder: Path, records: Path, tmp_path: Path
) -> None:
    example = Example.load(folder)
    rows = read_rows(example, tmp_path, train=records).train
    dealt = deal(example, rows)
    assert len(dealt) == 3
    assert sorted(row.record_id for part in dealt for row in part) == sorted(row.record_id for row in rows)
    assert deal(example, rows) == dealt
    assert deal(Example.load(folder, {"seed": 4}), rows) != dealt


def test_too_few_rows_for_the_sites_are_refused(folder: Path, records: Path, tmp_path: Path) -> None:
    rows = read_rows(Example.load(folder), tmp_path, train=records).train
    with pytest.raises(TooFewRecords, match="FA209"):
        deal(Example.load(folder, {"simulation.sites.count": 70}), rows)
