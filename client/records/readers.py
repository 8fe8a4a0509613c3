"""Reads a source as a stream of records."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Final, Literal

from fedaug.client.records.build import RecordBuilder
from fedaug.client.records.csv_rows import CsvRows
from fedaug.client.records.record import Record
from fedaug.client.records.report import BadRow, RowReport, row_error
from fedaug.client.records.rows import JsonRows, ParquetRows, RawRow, RowSource
from fedaug.client.records.schema import ColumnMap, LabelType, OnBadRow, SourceFormat
from fedaug.client.records.seen import SeenIds
from fedaug.errors import EmptySource, MissingFile, UnknownFormat

_SUFFIXES: Final = {
    ".csv": SourceFormat.CSV,
    ".jsonl": SourceFormat.JSONL,
    ".ndjson": SourceFormat.JSONL,
    ".parquet": SourceFormat.PARQUET,
}
_SOURCES: Final[dict[SourceFormat, type[CsvRows] | type[JsonRows] | type[ParquetRows]]] = {
    SourceFormat.CSV: CsvRows,
    SourceFormat.JSONL: JsonRows,
    SourceFormat.PARQUET: ParquetRows,
}

Policy = OnBadRow | Literal["stop", "skip"]


def read_records(
    path: Path,
    columns: ColumnMap,
    *,
    format: SourceFormat | Literal["csv", "jsonl", "parquet"] | None = None,
    label_type: LabelType | Literal["class", "number", "none"] = LabelType.CLASS,
    labels: Collection[str] | None = None,
    on_bad_row: Policy = OnBadRow.STOP,
    unknown_labels: Policy | None = None,
    duplicate_ids: Policy | None = None,
    report: RowReport | None = None,
) -> Iterator[Record]:
    """Read a source in memory that does not grow with it.

    File, format and columns are checked at the call; rows as they are consumed. A row number is the line on
    which the row begins, from 1, in CSV (the header is line 1) and JSONL, and the row from 1 in Parquet.

    Args:
        path: The source file.
        columns: Which column holds what.
        format: The format; None chooses by suffix (.csv, .jsonl, .ndjson, .parquet).
        label_type: How labels are read. An empty label is None, whatever the type.
        labels: The label set; None accepts any class.
        on_bad_row: Whether a bad row ends the job or is counted and left out.
        unknown_labels: The same for labels outside the set; None does as ``on_bad_row`` says.
        duplicate_ids: The same for ids that an earlier row has; None does as ``on_bad_row`` says.
        report: Filled while the records are consumed.

    Returns:
        The records, in the order of the source.

    Raises:
        MissingFile: There is no such file, or it cannot be read.
        UnknownFormat: The suffix is none of those, and no format is given.
        MissingColumn: A mapped column is not there.
        MalformedSource: The source as a whole cannot be parsed.
        EmptySource: No row became a record.
        NotUtf8, UnknownLabel, BadNumber, DuplicateId, MalformedRow: The first bad row, when bad rows stop the job.
    """
    source = _open(path, columns, None if format is None else SourceFormat(format))
    try:
        source.check()
    except OSError:
        raise _unreadable() from None
    builder = RecordBuilder(columns, path.name, LabelType(label_type), labels)
    policy = OnBadRow(on_bad_row)
    policies = dict.fromkeys(BadRow, policy)
    for reason, own in ((BadRow.UNKNOWN_LABEL, unknown_labels), (BadRow.DUPLICATE_ID, duplicate_ids)):
        if own is not None:
            policies[reason] = OnBadRow(own)
    seen = None if columns.record_id is None else SeenIds()
    return _records(source, builder, policies, seen, RowReport() if report is None else report)


def _open(path: Path, columns: ColumnMap, format: SourceFormat | None) -> RowSource:
    if format is None and path.suffix.lower() not in _SUFFIXES:
        raise UnknownFormat(
            "the source's suffix is not .csv, .jsonl, .ndjson or .parquet", "convert it, or set source.format"
        )
    try:
        if not path.is_file():
            raise MissingFile("the source file is not there", "check source.path")
        with path.open("rb") as file:
            empty = not file.read(1)
    except OSError:
        raise _unreadable() from None
    if empty:
        raise _empty()
    return _SOURCES[format or _SUFFIXES[path.suffix.lower()]](path, columns)


def _records(
    source: RowSource, builder: RecordBuilder, policies: dict[BadRow, OnBadRow], seen: SeenIds | None, report: RowReport
) -> Iterator[Record]:
    accepted = 0
    try:
        for batch in source.batches():
            for row, result in _built(batch, builder, seen):
                if isinstance(result, BadRow):
                    report.reject(result, row)
                    if policies[result] is OnBadRow.STOP:
                        raise row_error(result, row)
                else:
                    accepted += 1
                    report.accepted += 1
                    yield result
    except OSError:  # the file went away while it was read
        raise _unreadable() from None
    if not accepted:
        raise _empty()


def _built(batch: list[RawRow], builder: RecordBuilder, seen: SeenIds | None) -> Iterator[tuple[int, Record | BadRow]]:
    built = [(row, values if isinstance(values, BadRow) else builder.build(row, values)) for row, values in batch]
    if seen is not None:
        # Only usable rows claim an id: a bad row must not make the good one after it a duplicate.
        usable = [index for index, (_, result) in enumerate(built) if isinstance(result, Record)]
        repeated = seen.repeated([result.record_id for _, result in built if isinstance(result, Record)])
        for index, again in zip(usable, repeated, strict=True):
            if again:
                built[index] = (built[index][0], BadRow.DUPLICATE_ID)
    yield from built


def _unreadable() -> MissingFile:
    return MissingFile("the source file cannot be read", "check source.path and the file's permissions")


def _empty() -> EmptySource:
    return EmptySource("the source holds no usable record", "check source.path, and the counts of bad rows")
