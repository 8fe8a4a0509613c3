"""The raw rows of a JSONL or Parquet file, batch by batch, in bounded memory, and what all formats share."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol

import pyarrow as pa  # type: ignore[import-untyped]  # pyarrow ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped]  # as above

from fedaug.client.records.report import BadRow
from fedaug.client.records.schema import ColumnMap
from fedaug.errors import MalformedSource, NotUtf8

#: A row's number, and its mapped columns' values in the order of ``ColumnMap.names`` or why it has none.
RawRow = tuple[int, tuple[object, ...] | BadRow]

LINE_BYTES: Final = 8 * 2**20  # LIMITS.record_chars at up to 4 bytes each, twice over for the other columns
_HEAD_BYTES: Final = 2**20  # a header line is looked for here
_PEEK_LINES: Final = 1_000  # JSONL has no header: a mapped key must occur in the first lines
BATCH_ROWS: Final = 2_048
BATCH_BYTES: Final = 8 * 2**20
UTF8_BOM: Final = b"\xef\xbb\xbf"
_UNDECODABLE: Final = object()  # stands for a value that is not UTF-8; no value equals it


class RowSource(Protocol):
    """A file as rows."""

    def check(self) -> None:
        """Check the file as a whole: that it parses and has the mapped columns."""

    def batches(self) -> Iterator[list[RawRow]]:
        """The rows in order, a bounded number at a time."""


class JsonRows:
    """Rows of a JSON Lines file: one object per line, blank lines ignored, a bad line is one bad row."""

    def __init__(self, path: Path, columns: ColumnMap) -> None:
        self._path = path
        self._columns = columns

    def check(self) -> None:
        """Check the first lines for the mapped keys.

        Raises:
            NotUtf8: The file is UTF-16 or binary.
            MissingColumn: A mapped key occurs in none of the first lines that are objects.
        """
        present: set[str] = set()
        readable = False
        with self._path.open("rb") as file:
            text_head(file)
            file.seek(0)
            for (_, found), _ in zip(_objects(file), range(_PEEK_LINES), strict=False):
                if isinstance(found, dict):
                    readable = True
                    present.update(found)
        if readable:
            self._columns.require(present)

    def batches(self) -> Iterator[list[RawRow]]:
        """The rows, some thousand lines or some megabytes at a time."""
        names = self._columns.names
        rows: list[RawRow] = []
        size = 0
        with self._path.open("rb") as file:
            for line, found in _objects(file):
                rows.append((line, tuple(map(found.get, names)) if isinstance(found, dict) else found))
                if len(rows) >= BATCH_ROWS or file.tell() - size >= BATCH_BYTES:
                    size = file.tell()
                    yield rows
                    rows = []
        yield rows


class ParquetRows:
    """Rows of a Parquet file."""

    def __init__(self, path: Path, columns: ColumnMap) -> None:
        self._path = path
        self._columns = columns

    def check(self) -> None:
        """Check the schema.

        Raises:
            MissingColumn: A mapped column is not in it.
            MalformedSource: The file is not Parquet, or a mapped column occurs twice.
        """
        try:
            with pq.ParquetFile(self._path) as file:
                present = list(file.schema_arrow.names)
        except (pa.ArrowException, OSError):
            raise _malformed() from None
        self._columns.require(present)
        require_single(self._columns, present)

    def batches(self) -> Iterator[list[RawRow]]:
        """The rows, some thousand at a time.

        Raises:
            MalformedSource: The file is damaged.
        """
        names = self._columns.names
        row = 0
        try:
            with pq.ParquetFile(self._path) as file:
                for batch in file.iter_batches(BATCH_ROWS, columns=list(names), use_threads=False):
                    values = zip(*(_cells(batch.column(name)) for name in names), strict=True)
                    yield [
                        (row + index, BadRow.NOT_UTF8 if _UNDECODABLE in found else found)
                        for index, found in enumerate(values, start=1)
                    ]
                    row += batch.num_rows
        except (pa.ArrowException, OSError):
            raise _malformed() from None


def _cells(column: pa.Array) -> list[object]:
    """A Parquet column's values; text that is not UTF-8 costs its own row only."""
    try:
        return list(column.to_pylist())
    except UnicodeDecodeError:
        return [_cell(value) for value in column]
    except (ValueError, OverflowError):  # dates outside Python's range
        raise _malformed() from None


def _cell(value: pa.Scalar) -> object:
    try:
        return value.as_py()
    except UnicodeDecodeError:
        return _UNDECODABLE


def _objects(file: BinaryIO) -> Iterator[tuple[int, dict[str, Any] | BadRow]]:
    """Line numbers and their objects; blank lines are left out."""
    line = 0
    while data := file.readline(LINE_BYTES):
        line += 1
        if len(data) == LINE_BYTES and not data.endswith(b"\n"):
            while (rest := file.readline(LINE_BYTES)) and not rest.endswith(b"\n"):
                pass
            yield line, BadRow.TOO_LONG
            continue
        if line == 1:
            data = data.removeprefix(UTF8_BOM)
        if data.strip():
            yield line, _parsed(data)


def _parsed(data: bytes) -> dict[str, Any] | BadRow:
    try:
        found = _JSON.decode(data.decode())
    except UnicodeDecodeError:
        return BadRow.NOT_UTF8
    except (ValueError, RecursionError):
        return BadRow.MALFORMED_ROW
    return found if isinstance(found, dict) else BadRow.MALFORMED_ROW


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):  # which of the two is meant is anybody's guess
        raise ValueError("a key occurs twice")
    return found


_JSON: Final = json.JSONDecoder(object_pairs_hook=_unique)


def text_head(file: BinaryIO) -> bytes:
    """The first bytes of a file that should be text.

    Raises:
        NotUtf8: They are UTF-16, or binary.
    """
    head = file.read(_HEAD_BYTES)
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in head:
        raise NotUtf8("the source is not UTF-8 text", "convert it to UTF-8")
    return head


def _malformed() -> MalformedSource:
    return MalformedSource("the source cannot be parsed", "check its format, and that every quote is closed")


def require_single(columns: ColumnMap, present: list[str]) -> None:
    """Check that no mapped column occurs twice.

    Raises:
        MalformedSource: One does.
    """
    if any(present.count(name) > 1 for name in columns.names):
        raise MalformedSource("a mapped column occurs twice in the source", "rename one of the two")
