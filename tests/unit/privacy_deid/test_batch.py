"""Whole files: same format out, nothing unlooked-at passes, and a run that is cut off goes on to the same bytes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fedaug.errors import (
    ConfigError,
    EmptySource,
    FedaugError,
    MalformedRow,
    MalformedSource,
    MissingColumn,
    MissingFile,
    NotUtf8,
    QuarantinedRecord,
    UnknownFormat,
)
from fedaug.privacy.deid import Deidentifier
from fedaug.privacy.deid.batch import Columns, Job, Totals, delimiter_of, open_source, require_output, run
from fedaug.privacy.deid.batch.plan import parsed_columns
from fedaug.privacy.deid.columns import ColumnPolicy
from fedaug.privacy.deid.document import Document
from fedaug.privacy.limits import LIMITS

SECRET = "212-555-5555"
TEXT = f"Seen on 06/21/07, call {SECRET}."


@pytest.fixture(scope="module")
def worker() -> Deidentifier:
    return Deidentifier(neural=False)


def tag(cell: str, entity_type: str, document: Document) -> str:
    return f"[{entity_type}]"


def job(source: Path, out: Path | None = None, *, lines: bool = False, settings: str = "a", **columns: str) -> Job:
    policy = ColumnPolicy.model_validate({"columns": columns})
    opened = open_source(source, lines=lines)
    out = out or source.with_name(f"out{source.suffix}")
    return Job(opened, source, out, Columns(("text",), policy), tag, {"policy": settings})


def rows_of(count: int) -> list[dict[str, Any]]:
    return [{"id": number, "text": f"{number}: {TEXT}", "ward": "3B"} for number in range(count)]


def jsonl(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def test_csv_stays_csv_with_its_quotes_and_line_breaks(worker: Deidentifier, tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_bytes(f'\ufeffid,text,ward\r\n7,"say ""hi""\n{TEXT}",3B\r\n\r\n8,,\r\n'.encode())
    totals = run(job(source, id="keep", ward="keep"), worker)
    out = (tmp_path / "out.csv").read_text("utf-8")
    assert out.startswith('id,text,ward\n7,"say ""hi""\nSeen on [DATE_TIME], call [PHONE_NUMBER]."')
    assert out.endswith(",3B\n8,,\n")
    assert (totals.rows, totals.set_aside, totals.dropped) == (2, 0, 0)
    assert totals.found["PHONE_NUMBER"] == 1


def test_json_lines_keep_their_types_and_their_order(worker: Deidentifier, tmp_path: Path) -> None:
    row = {"z": [1, {"a": None}], "text": TEXT, "n": 2.5, "gone": None}
    source = jsonl(tmp_path / "in.jsonl", [row])
    run(job(source, z="keep", n="keep"), worker)
    found = json.loads((tmp_path / "out.jsonl").read_text("utf-8"))
    assert list(found) == ["z", "text", "n"]
    assert (found["z"], found["n"]) == (row["z"], 2.5)
    assert SECRET not in found["text"]


def test_a_plain_text_is_one_record_or_one_a_line(worker: Deidentifier, tmp_path: Path) -> None:
    source = tmp_path / "in.txt"
    source.write_text(f"first {SECRET}\n\nlast", "utf-8")
    assert run(job(source), worker).rows == 1
    assert (tmp_path / "out.txt").read_text("utf-8") == "first [PHONE_NUMBER]\n\nlast"
    assert run(job(source, lines=True), worker).rows == 3
    assert (tmp_path / "out.txt").read_text("utf-8") == "first [PHONE_NUMBER]\n\nlast\n"


def test_a_column_that_nobody_names_does_not_pass(worker: Deidentifier, tmp_path: Path) -> None:
    source = jsonl(tmp_path / "in.jsonl", [{"text": TEXT, "name": "Ann Quillfeather"}])
    assert run(job(source), worker).dropped == 1
    assert "Quillfeather" not in (tmp_path / "out.jsonl").read_text("utf-8")


def test_a_value_of_a_typed_column_goes_from_its_cell_and_from_the_text(worker: Deidentifier, tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text("name,text\nAnn Quillfeather,QUILLFEATHER was seen\n", "utf-8")
    run(job(source, name="PERSON"), worker)
    assert (tmp_path / "out.csv").read_text("utf-8") == "name,text\n[PERSON],[PERSON] was seen\n"


def test_numbers_are_looked_at_as_text(worker: Deidentifier, tmp_path: Path) -> None:
    source = jsonl(tmp_path / "in.jsonl", [{"text": 2125555555}, {"text": None}])
    run(job(source), worker)
    first, second = map(json.loads, (tmp_path / "out.jsonl").read_text("utf-8").splitlines())
    assert first["text"] != 2125555555
    assert second["text"] is None


def test_the_output_and_what_lies_beside_it_is_for_its_owner_alone(worker: Deidentifier, tmp_path: Path) -> None:
    source = jsonl(tmp_path / "in.jsonl", rows_of(2))
    (tmp_path / ".out.jsonl.partial").write_text("left by somebody, readable by all", "utf-8")
    run(job(source), worker)
    assert (tmp_path / "out.jsonl").stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.jsonl", "out.jsonl"]


class Cut:
    """A worker that is interrupted, as by Ctrl-C, after so many documents."""

    def __init__(self, inner: Deidentifier, after: int) -> None:
        self._inner, self._after = inner, after

    def deidentify_many(self, texts: Iterable[Document], *, processes: int = 1) -> Iterator[Any]:
        for done, outcome in enumerate(self._inner.deidentify_many(texts, processes=processes)):
            if done == self._after:
                raise KeyboardInterrupt
            yield outcome


def test_a_run_that_was_cut_off_goes_on_to_the_same_bytes(worker: Deidentifier, tmp_path: Path) -> None:
    source = jsonl(tmp_path / "in.jsonl", rows_of(700))
    whole, cut = tmp_path / "whole.jsonl", tmp_path / "cut.jsonl"
    run(job(source, whole), worker)
    told: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        run(job(source, cut), Cut(worker, 600))
    assert not cut.exists()
    sidecar = json.loads((tmp_path / ".cut.jsonl.progress").read_text("utf-8"))
    assert sidecar["rows"] == 512
    totals = run(job(source, cut), worker, resume=True, progress=told.append)
    assert told[0] == 513  # what was done is not done again
    assert totals.rows == 700
    assert totals.found == run(job(source, whole), worker).found
    assert cut.read_bytes() == whole.read_bytes()
    assert not list(tmp_path.glob(".*"))


def test_what_a_cut_off_run_leaves_holds_nothing_of_the_records(worker: Deidentifier, tmp_path: Path) -> None:
    source = jsonl(tmp_path / "in.jsonl", rows_of(300))
    with pytest.raises(KeyboardInterrupt):
        run(job(source), Cut(worker, 280))
    left = {path.name: path for path in tmp_path.glob(".*")}
    assert sorted(left) == [".out.jsonl.partial", ".out.jsonl.progress"]
    for path in left.values():
        assert path.stat().st_mode & 0o777 == 0o600
        assert SECRET not in path.read_text("utf-8")
    assert "Seen" not in left[".out.jsonl.progress"].read_text("utf-8")


def _grown(source: Path, folder: Path) -> Job:
    with source.open("a") as file:
        file.write(json.dumps(rows_of(1)[0]) + "\n")
    return job(source)


def _other_settings(source: Path, folder: Path) -> Job:
    return job(source, settings="b")


def _shortened(source: Path, folder: Path) -> Job:
    (folder / ".out.jsonl.partial").write_bytes(b"")
    return job(source)


def _garbled(source: Path, folder: Path) -> Job:
    (folder / ".out.jsonl.progress").write_bytes(b"[1]")
    return job(source)


@pytest.mark.parametrize("change", [_grown, _other_settings, _shortened, _garbled])
def test_a_run_does_not_go_on_from_what_is_not_its_own(
    change: Callable[[Path, Path], Job], worker: Deidentifier, tmp_path: Path
) -> None:
    source = jsonl(tmp_path / "in.jsonl", rows_of(300))
    with pytest.raises(KeyboardInterrupt):
        run(job(source), Cut(worker, 280))
    with pytest.raises(ConfigError, match=r"FA101.*without --resume"):
        run(change(source, tmp_path), worker, resume=True)
    assert not (tmp_path / "out.jsonl").exists()


def test_resuming_where_nothing_was_begun_begins(worker: Deidentifier, tmp_path: Path) -> None:
    assert run(job(jsonl(tmp_path / "in.jsonl", rows_of(3))), worker, resume=True).rows == 3


def test_a_record_that_is_set_aside_is_not_in_the_output(worker: Deidentifier, tmp_path: Path) -> None:
    rows = rows_of(3)
    rows[1]["text"] = SECRET + "a" * LIMITS.record_chars
    source = jsonl(tmp_path / "in.jsonl", rows)
    totals = run(job(source, id="keep"), worker)
    assert (totals.rows, totals.set_aside, totals.lines) == (3, 1, [2])
    assert totals.reasons == {"a record's text is over the size limit": 1}
    kept = [json.loads(line)["id"] for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    assert kept == [0, 2]


def test_where_every_record_is_set_aside_there_is_no_output(worker: Deidentifier, tmp_path: Path) -> None:
    source = jsonl(tmp_path / "in.jsonl", [{"text": "a" * (LIMITS.record_chars + 1)}])
    with pytest.raises(QuarantinedRecord, match="FA601: no record could be de-identified: a record's text is over"):
        run(job(source), worker)
    assert [path.name for path in tmp_path.iterdir()] == ["in.jsonl"]


GOOD = f"{json.dumps({'text': TEXT})}\n".encode()
HOSTILE: dict[str, tuple[str, bytes, type[FedaugError], str]] = {
    "JSON cut off": ("in.jsonl", GOOD + GOOD[:-4], MalformedRow, "line 2 "),
    "JSON no object": ("in.jsonl", GOOD + f'"{SECRET}"\n'.encode(), MalformedRow, "line 2 "),
    "JSON key twice": ("in.jsonl", f'{{"text": "", "text": "{SECRET}"}}\n'.encode(), MalformedRow, "line 1 "),
    "JSON without text": ("in.jsonl", GOOD + f'{{"note": "{SECRET}"}}\n'.encode(), MalformedRow, "line 2 "),
    "JSON list for text": ("in.jsonl", f'{{"text": ["{SECRET}"]}}\n'.encode(), MalformedRow, "line 1 "),
    "JSON nested": ("in.jsonl", b"[" * 100_000, MalformedRow, "line 1 "),
    "JSON not UTF-8": ("in.jsonl", GOOD + f"{SECRET} é\n".encode("latin-1"), NotUtf8, "line 2 "),
    "JSON endless line": ("in.jsonl", GOOD + b"a" * (LIMITS.source_line_bytes + 2), MalformedRow, "line 2 "),
    "CSV field too many": ("in.csv", f"text\na\n{SECRET},b\n".encode(), MalformedRow, "line 3 "),
    "CSV stray quote": ("in.csv", f'text\n"{SECRET}" x\n'.encode(), MalformedRow, "line 2 "),
    "CSV open quote": ("in.csv", f'text\n"{SECRET}\n'.encode(), MalformedRow, "line 2 "),
    "CSV endless quote": ("in.csv", b'text\n"' + b"a\n" * (LIMITS.source_line_bytes // 2 + 2), MalformedRow, "line 2 "),
    "CSV not UTF-8": ("in.csv", f"text\n{SECRET} é\n".encode("latin-1"), NotUtf8, "line 2 "),
    "CSV column twice": ("in.csv", b"text,text\na,b\n", MalformedSource, "twice"),
    "CSV without text": ("in.csv", f"{SECRET}\na\n".encode(), MissingColumn, "text"),
    "CSV empty": ("in.csv", b"", EmptySource, "no header"),
    "TXT not UTF-8": ("in.txt", f"{SECRET} é".encode("latin-1"), NotUtf8, "line 1 "),
    "TXT blank": ("in.txt", b" \n", EmptySource, "no record"),
    "TXT endless": ("in.txt", b"a" * (LIMITS.source_line_bytes + 1), MalformedSource, "--lines|size limit"),
    "unknown": ("in.xlsx", b"", UnknownFormat, "suffix"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_bad_source_is_one_error_that_quotes_nothing_and_there_is_no_output(
    kind: str, worker: Deidentifier, tmp_path: Path
) -> None:
    name, data, error, where = HOSTILE[kind]
    source = tmp_path / name
    source.write_bytes(data)
    with pytest.raises(error, match=where) as caught:
        run(job(source), worker)
    assert SECRET not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_checking_reads_every_row_and_counts_them(tmp_path: Path) -> None:
    source = jsonl(tmp_path / "in.jsonl", rows_of(5))
    assert Columns(("text",)).checked(open_source(source)) == 5
    source.write_bytes(GOOD + b"{")
    with pytest.raises(MalformedRow, match="line 2 "):
        Columns(("text",)).checked(open_source(source))
    source.write_bytes(b"\n")
    with pytest.raises(EmptySource):
        Columns(("text",)).checked(open_source(source))


def test_a_file_is_never_written_over_itself(worker: Deidentifier, tmp_path: Path) -> None:
    source = jsonl(tmp_path / "in.jsonl", rows_of(1))
    (tmp_path / "link.jsonl").symlink_to(source)
    with pytest.raises(ConfigError, match="same file"):
        run(job(source, tmp_path / "link.jsonl"), worker)


def test_a_missing_source_and_an_unwritable_output_are_told(worker: Deidentifier, tmp_path: Path) -> None:
    with pytest.raises(MissingFile, match="FA201"):
        run(job(tmp_path / "none.jsonl"), worker)
    source = jsonl(tmp_path / "in.jsonl", rows_of(1))
    with pytest.raises(ConfigError, match="cannot be written"):
        run(job(source, tmp_path / "nowhere" / "out.jsonl"), worker)


def test_memory_does_not_grow_with_the_file(worker: Deidentifier, tmp_path: Path) -> None:
    """Rows are read as results are taken: at the first result most of the file is still unread."""
    source = jsonl(tmp_path / "in.jsonl", rows_of(700))
    read = 0
    given = job(source)
    rows = given.source.rows

    def counted() -> Iterator[Any]:
        nonlocal read
        for row in rows():
            read += 1
            yield row

    given.source.rows = counted  # type: ignore[method-assign]  # watched, not replaced
    first: list[int] = []
    run(given, worker, progress=lambda _: first.append(read))
    assert first[0] < 350
    assert first[-1] == 700


def test_choices_for_columns_are_read_as_name_and_choice() -> None:
    assert dict(parsed_columns(["a b=PERSON", "c==keep"])) == {"a b": "PERSON", "c": "=keep"}
    with pytest.raises(ConfigError, match="NAME=CHOICE"):
        list(parsed_columns(["name"]))


def test_the_line_of_a_record_is_where_it_begins(worker: Deidentifier, tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text(f'text\n"two\nlines"\n{"a" * (LIMITS.record_chars + 1)}\n', "utf-8")
    assert run(job(source), worker).lines == [4]


def test_lines_and_reasons_of_an_earlier_run_are_kept(worker: Deidentifier, tmp_path: Path) -> None:
    rows = rows_of(300)
    rows[7]["text"] = rows[290]["text"] = "a" * (LIMITS.record_chars + 1)
    source = jsonl(tmp_path / "in.jsonl", rows)
    with pytest.raises(KeyboardInterrupt):
        run(job(source), Cut(worker, 280))
    totals = run(job(source), worker, resume=True)
    assert (totals.set_aside, totals.lines) == (2, [8, 291])


def languages(worker: Deidentifier, folder: Path, cells: list[str]) -> Totals:
    source = jsonl(folder / "in.jsonl", [{"text": "fine", "lang": cell} for cell in cells])
    opened = open_source(source)
    columns = Columns(("text",), language="lang")
    return run(Job(opened, source, folder / "out.jsonl", columns, tag, {}), worker)


def test_a_language_column_is_read_as_people_write_it(worker: Deidentifier, tmp_path: Path) -> None:
    assert languages(worker, tmp_path, ["ES", "es-ES", "español", "en_US", ""]).set_aside == 0


def test_a_language_that_nobody_reads_is_the_reason_that_is_given(worker: Deidentifier, tmp_path: Path) -> None:
    totals = languages(worker, tmp_path, ["fr", "en"])
    assert totals.reasons == {"a record's language has no recognisers": 1}
    with pytest.raises(QuarantinedRecord, match="a record's language has no recognisers"):
        languages(worker, tmp_path, ["fr"])


def test_a_column_that_no_row_has_is_told(tmp_path: Path) -> None:
    source = open_source(jsonl(tmp_path / "in.jsonl", rows_of(2)))
    with pytest.raises(MissingColumn, match="no row of the source has the column patient"):
        Columns(("text",), subject="patient").checked(source)


HINTS = {
    "names": ("id,note,ward_2", ",", "id, note, ward_2"),
    "a record": ("Ann,Lee", ",", "one of the source's"),
    "one word": ("ann", ",", "one of the source's"),
    "semicolons": ("id;note", ",", "--delimiter ';'"),
    "tabs": ("id\tnote", ",", "--delimiter 'tab'"),
}


@pytest.mark.parametrize("kind", HINTS)
def test_a_missing_column_is_told_with_those_that_are_there_unless_they_may_be_a_record(
    kind: str, tmp_path: Path
) -> None:
    header, delimiter, hint = HINTS[kind]
    source = tmp_path / "in.csv"
    source.write_text(header + "\n", "utf-8")
    with pytest.raises(MissingColumn) as caught:
        Columns(("text",)).require(open_source(source, delimiter=delimiter))
    assert hint in caught.value.todo
    if kind in ("a record", "one word"):
        assert "nn" not in str(caught.value).lower().replace("columns", "")


@pytest.mark.parametrize(("given", "sign"), [(";", ";"), ("tab", "\t"), ("\\t", "\t"), ("|", "|")])
def test_a_delimiter_stays_in_the_output(given: str, sign: str, worker: Deidentifier, tmp_path: Path) -> None:
    source = tmp_path / "in.csv"
    source.write_text(f"id{sign}text\n7{sign}fine, thanks\n", "utf-8")
    opened = open_source(source, delimiter=delimiter_of(given))
    columns = Columns(("text",), ColumnPolicy.model_validate({"columns": {"id": "keep"}}))
    run(Job(opened, source, tmp_path / "out.csv", columns, tag, {}), worker)
    assert (tmp_path / "out.csv").read_text("utf-8") == source.read_text("utf-8")


@pytest.mark.parametrize("given", ["", ";;", '"', "\n", "a", " "])
def test_what_is_no_delimiter_is_refused(given: str) -> None:
    with pytest.raises(ConfigError, match="FA101: the delimiter"):
        delimiter_of(given)


def test_an_output_that_would_be_lost_or_cannot_be_written_is_refused_first(tmp_path: Path) -> None:
    there = tmp_path / "there.csv"
    there.write_text("kept", "utf-8")
    dangling = tmp_path / "dangling.csv"
    dangling.symlink_to(tmp_path / "nowhere")
    for out, what in ((there, "--overwrite"), (dangling, "--overwrite"), (tmp_path, "is a folder")):
        with pytest.raises(ConfigError, match=what):
            require_output(out, overwrite=False)
    for out, what in ((tmp_path / "none" / "out.csv", "folder is not there"), (there / "out.csv", "is not there")):
        with pytest.raises(ConfigError, match=what):
            require_output(out, overwrite=True)
    require_output(there, overwrite=True)
    assert there.read_text("utf-8") == "kept"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["dangling.csv", "there.csv"]


def test_no_text_column_or_the_same_one_twice_is_refused() -> None:
    for text, policy in (
        ((), ColumnPolicy()),
        (("a", "a"), ColumnPolicy()),
        (("a",), ColumnPolicy(columns={"a": "keep"})),
    ):
        with pytest.raises(ConfigError):
            Columns(text, policy)


def test_totals_begin_at_nothing() -> None:
    assert Totals().found.total() == 0
