"""Each kind of bad input gives one clear error with a code, and no value of the file is in its text."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fedaug.client.records import ColumnMap, RowReport, read_records
from fedaug.client.settings import SiteSettings
from fedaug.errors import FedaugError

SECRETS = ("Mrs Quimby", "MRN-551-77", "oncology-ward", "4711.25")
COLUMNS = ColumnMap(text="note", label="section", record_id="id")
LABELS = ("history", "plan")
GOOD = f"id,note,section\n{SECRETS[1]},{SECRETS[0]} coughs,plan\nother,{SECRETS[0]} sleeps,history\n"

Job = Callable[[Path], object]


def read(path: Path, **options: Any) -> RowReport:
    report = RowReport()
    for _ in read_records(path, options.pop("columns", COLUMNS), report=report, labels=LABELS, **options):
        pass
    return report


def reading(data: str | bytes, name: str = "notes.csv", **options: Any) -> Job:
    def job(folder: Path) -> object:
        (folder / name).write_bytes(data if isinstance(data, bytes) else data.encode())
        return read(folder / name, **options)

    return job


def missing_file(folder: Path) -> object:
    return read(folder / f"{SECRETS[0]}.csv")


def not_a_file(folder: Path) -> object:
    (folder / "folder.csv").mkdir()
    return read(folder / "folder.csv")


def nan_in_parquet(folder: Path) -> object:
    table = pa.table({"id": [1, 2], "note": [SECRETS[0], SECRETS[0]], "section": [4711.25, float("nan")]})
    pq.write_table(table, folder / "notes.parquet")
    report = RowReport()
    return list(read_records(folder / "notes.parquet", COLUMNS, label_type="number", report=report))


def site_with_one_record(folder: Path) -> object:
    report = reading(f"id,note,section\n{SECRETS[1]},{SECRETS[0]},plan\n")(folder)
    assert isinstance(report, RowReport)
    assert report.accepted == 1
    return report.require(2)


def budget(epsilon: float | str) -> Job:
    def job(folder: Path) -> object:
        SiteSettings.create(folder, name="st-mary", source__path="notes.csv", source__columns__text="note")
        path = folder / "site.toml"
        text = path.read_text(encoding="utf-8")
        assert "epsilon = 4.0" in text
        path.write_text(text.replace("epsilon = 4.0", f"epsilon = {epsilon}"), encoding="utf-8")
        return SiteSettings.load(folder)

    return job


NUMBERS = {"columns": ColumnMap(text="note", label="section"), "label_type": "number"}
CASES: dict[str, tuple[Job, str, str]] = {
    "missing file": (missing_file, "FA201", "source.path"),
    "a folder for a file": (not_a_file, "FA201", "source.path"),
    "wrong suffix": (reading(GOOD, "notes.xlsx"), "FA202", "source.format"),
    "missing column": (reading(GOOD.replace("note,", "text,", 1)), "FA203", "source.columns.text"),
    "no header line": (reading(GOOD.split("\n", 1)[1]), "FA203", "source.columns.text"),
    "empty file": (reading(b""), "FA204", "source.path"),
    "header and no record": (reading("id,note,section\n"), "FA204", "source.path"),
    "not UTF-8, one byte": (reading(GOOD.replace("sleeps", "cafÿ").encode("latin-1")), "FA205", "row 3"),
    "not UTF-8, UTF-16": (reading(GOOD.encode("utf-16")), "FA205", "UTF-8"),
    "unknown label": (reading(GOOD.replace("history", "oncology-ward")), "FA206", "row 3"),
    "NaN": (reading("note,section\nMrs Quimby,4711.25\nMrs Quimby,NaN\n", **NUMBERS), "FA207", "row 3"),
    "NaN in Parquet": (nan_in_parquet, "FA207", "row 2"),
    "duplicate id": (reading(GOOD.replace("other", SECRETS[1])), "FA208", "row 3"),
    "a site with one record": (site_with_one_record, "FA209", "source.min_records"),
    "malformed row": (reading(GOOD + f"{SECRETS[1]},{SECRETS[0]}\n"), "FA210", "row 4"),
    "not what its suffix says": (reading(GOOD, "notes.parquet"), "FA211", "parsed"),
    "budget zero": (budget(0), "FA102", "privacy.epsilon"),
    "budget negative": (budget(-1.5), "FA102", "privacy.epsilon"),
    "budget NaN": (budget("nan"), "FA102", "privacy.epsilon"),
    "budget infinite and not allowed": (budget("inf"), "FA102", "policy.allow_noise_off"),
    "budget true": (budget("true"), "FA102", "privacy.epsilon"),
}


@pytest.mark.parametrize("kind", CASES)
def test_bad_input_gives_one_error_with_a_code_and_quotes_nothing(tmp_path: Path, kind: str) -> None:
    job, code, clue = CASES[kind]
    with pytest.raises(FedaugError) as raised:
        job(tmp_path)
    error = raised.value
    assert error.code == code
    assert error.exit_status == 2
    assert str(error).startswith(f"{code}: ")
    assert clue in str(error)
    assert "\n" not in str(error)
    # All that a log could hold: the error, and whatever it was raised from.
    shown = "".join(traceback.format_exception(error)) + repr(error) + repr(error.args)
    assert not [secret for secret in SECRETS if secret in shown]
    assert error.__cause__ is None
    assert error.__suppress_context__ or error.__context__ is None


def test_the_good_file_of_these_tests_is_good(tmp_path: Path) -> None:
    report = reading(GOOD)(tmp_path)
    assert isinstance(report, RowReport)
    assert (report.accepted, report.rejected) == (2, 0)
    report.require(2)
