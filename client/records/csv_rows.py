"""The raw rows of a CSV file, batch by batch, in bounded memory."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from fedaug.client.records.report import BadRow
from fedaug.client.records.rows import BATCH_BYTES, BATCH_ROWS, LINE_BYTES, UTF8_BOM, RawRow, require_single, text_head
from fedaug.client.records.schema import ColumnMap
from fedaug.errors import EmptySource, MalformedSource


class CsvRows:
    """Rows of a CSV file with a header line; values may hold line breaks when they are quoted.

    The parser is the standard library's and not pyarrow's. pyarrow's streaming reader knows no line numbers, takes an
    unclosed quote for the end of the file, hands the text of a bad row to Python, which fails when that is not UTF-8,
    and was once seen to abort the process at its exit, after a reader had been dropped before its end.

    The file is read as Latin-1, in which every byte is a character, and each value is turned back into its bytes and
    decoded as UTF-8, so that a byte that is not UTF-8 costs one row. Commas, quotes and line ends are alike in both.
    """

    def __init__(self, path: Path, columns: ColumnMap) -> None:
        self._path = path
        self._columns = columns

    def check(self) -> None:
        """Check the header.

        Raises:
            NotUtf8: The file is UTF-16 or binary.
            EmptySource: There is no header line.
            MissingColumn: A mapped column is not in the header.
            MalformedSource: The header cannot be parsed, or a mapped column occurs in it twice.
        """
        with self._path.open("rb") as file:
            text_head(file)
        with self._path.open(encoding="latin-1", newline="") as text:
            header = _header(_csv_rows(text))
        self._columns.require(set(header))
        require_single(self._columns, header)

    def batches(self) -> Iterator[list[RawRow]]:
        """The rows, some thousand lines or some megabytes at a time."""
        with self._path.open(encoding="latin-1", newline="") as text:
            rows = _csv_rows(text)
            header = _header(rows)
            places = [header.index(name) for name in self._columns.names]
            batch: list[RawRow] = []
            size = 0
            for line, fields in rows:
                if isinstance(fields, BadRow):
                    batch.append((line, fields))
                elif len(fields) != len(header):
                    batch.append((line, BadRow.MALFORMED_ROW))
                else:
                    batch.append((line, _decoded([fields[place] for place in places])))
                    size += sum(map(len, fields))
                if len(batch) >= BATCH_ROWS or size >= BATCH_BYTES:
                    yield batch
                    batch, size = [], 0
            yield batch


class _LongLineError(Exception):
    """A line is over the size limit; what is left of it has been passed over."""


class _Lines:
    """The lines of a text file; one that is too long is raised and not kept, and the next follows."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self.count = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._file.readline(LINE_BYTES)
        if not line:
            raise StopIteration
        self.count += 1
        if len(line) == LINE_BYTES and not line.endswith(("\n", "\r")):
            while (rest := self._file.readline(LINE_BYTES)) and not rest.endswith(("\n", "\r")):
                pass
            raise _LongLineError
        return line


def _csv_rows(file: TextIO) -> Iterator[tuple[int, list[str] | BadRow]]:
    """The line on which each row begins, and its fields; blank lines are left out, and the header is the first."""
    # A limit of the whole process, which is only ever raised. Without it no value could be over 131,072 characters.
    csv.field_size_limit(max(csv.field_size_limit(), LINE_BYTES))
    if file.read(len(UTF8_BOM)) != UTF8_BOM.decode("latin-1"):
        file.seek(0)
    lines = _Lines(file)
    reader = csv.reader(lines, strict=True)
    while True:
        line = lines.count + 1
        try:
            fields: list[str] | BadRow = next(reader)
        except StopIteration:
            return
        except _LongLineError:
            fields = BadRow.TOO_LONG
        except csv.Error:
            fields = BadRow.MALFORMED_ROW
        if fields:
            yield line, fields


def _header(rows: Iterator[tuple[int, list[str] | BadRow]]) -> list[str]:
    _, fields = next(rows, (0, []))
    if isinstance(fields, BadRow):
        raise MalformedSource("the source's header line cannot be parsed", "check that every quote is closed")
    if not fields:
        raise EmptySource("the source holds no header and no record", "check source.path")
    return [name.encode("latin-1").decode("utf-8", "replace") for name in fields]


def _decoded(fields: list[str]) -> tuple[object, ...] | BadRow:
    """Values read as Latin-1, as what their bytes are in UTF-8."""
    try:
        return tuple(field if field.isascii() else field.encode("latin-1").decode() for field in fields)
    except UnicodeDecodeError:
        return BadRow.NOT_UTF8
