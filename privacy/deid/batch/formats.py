"""Reads and writes the rows of CSV, JSON Lines and plain text, strictly and one at a time.

Whatever is wrong with a row is an error with its line number, and never quotes it.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol

from fedaug.errors import (
    ConfigError,
    EmptySource,
    MalformedRow,
    MalformedSource,
    MissingFile,
    NotUtf8,
    ProtocolError,
    UnknownFormat,
)
from fedaug.privacy.canonical import parse_json
from fedaug.privacy.limits import LIMITS

#: The one column of a plain text.
TEXT: Final = "text"
#: What a shell cannot type easily.
_DELIMITERS: Final = {"tab": "\t", "\\t": "\t"}
_BOM: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, repr=False)
class Row:
    """One record of a file.

    Attributes:
        line: Where it begins, from 1.
        values: What its columns hold.
    """

    line: int
    values: dict[str, Any]


class Source(Protocol):
    """A file of rows in one format."""

    columns: tuple[str, ...] | None
    """The header's, or None where each row names its own."""

    def rows(self) -> Iterator[Row]:
        """All rows from the start; each call reads the file anew."""
        ...

    def head(self, columns: Sequence[str]) -> bytes:
        """What an output with these columns begins with."""
        ...

    def written(self, values: dict[str, Any], columns: Sequence[str] | None) -> bytes:
        """One row of the output."""
        ...


def delimiter_of(given: str) -> str:
    """The character between the fields of a CSV file, as given on a command line.

    Raises:
        ConfigError: It is not one character, or one that fields or rows are told by.
    """
    delimiter = _DELIMITERS.get(given, given)
    if len(delimiter) != 1 or delimiter.isalnum() or delimiter in '"\r\n\0 ':
        raise ConfigError("the delimiter is not one", "give one character, such as ; or the word tab")
    return delimiter


def open_source(path: Path, *, lines: bool = False, delimiter: str = ",") -> Source:
    """A file by its suffix: .csv, .jsonl, .ndjson or .txt.

    Args:
        path: The file.
        lines: Whether each line of a .txt is a record; else the whole file is one.
        delimiter: What stands between the fields of a CSV file.

    Raises:
        UnknownFormat: The suffix is none of those.
        MissingFile: It cannot be read.
        EmptySource, NotUtf8, MalformedSource: A CSV file's header cannot be read.
    """
    kind = path.suffix.lower()
    try:
        if kind == ".csv":
            return CsvSource(path, delimiter)
        if kind in (".jsonl", ".ndjson"):
            return JsonSource(path)
        if kind == ".txt":
            return LineSource(path) if lines else TextSource(path)
    except OSError:
        raise _unreadable() from None
    raise UnknownFormat("the file's suffix is not one that is read", "use .csv, .jsonl, .ndjson or .txt")


class CsvSource:
    """A CSV file with a header line."""

    def __init__(self, path: Path, delimiter: str = ",") -> None:
        self._path, self._delimiter = path, delimiter
        with path.open("rb") as file:
            header = next(_csv_rows(file, delimiter), None)
        if header is None:
            raise EmptySource("the source holds no header and no record", "check the file")
        self.columns: tuple[str, ...] | None = tuple(header[1])
        if len(set(header[1])) < len(header[1]):
            raise MalformedSource("a column occurs twice in the source", "rename one of the two")

    def rows(self) -> Iterator[Row]:
        """All rows, as :class:`Source` says."""
        columns = self.columns or ()
        with _opened(self._path) as file:
            for line, fields in _after_header(_csv_rows(file, self._delimiter)):
                if len(fields) != len(columns):
                    raise _bad(line, "has another number of fields than the header")
                yield Row(line, dict(zip(columns, fields, strict=True)))

    def head(self, columns: Sequence[str]) -> bytes:
        """What an output begins with."""
        return _csv_line(columns, self._delimiter)

    def written(self, values: dict[str, Any], columns: Sequence[str] | None) -> bytes:
        """One row of the output."""
        fields = ["" if values.get(name) is None else str(values[name]) for name in columns or ()]
        return _csv_line(fields, self._delimiter)


class JsonSource:
    """A JSON Lines file: one object a line; blank lines are passed over."""

    columns: tuple[str, ...] | None = None

    def __init__(self, path: Path) -> None:
        self._path = path

    def rows(self) -> Iterator[Row]:
        """All rows, as :class:`Source` says."""
        with _opened(self._path) as file:
            for line, data in _lines(file):
                if not data.strip():
                    continue
                _decoded(line, data)
                try:
                    found = parse_json(data)
                except ProtocolError:
                    raise _bad(line, "is not strict JSON") from None
                if not isinstance(found, dict):
                    raise _bad(line, "is not an object")
                yield Row(line, found)

    def head(self, columns: Sequence[str]) -> bytes:
        """What an output begins with."""
        del columns
        return b""

    def written(self, values: dict[str, Any], columns: Sequence[str] | None) -> bytes:
        """One row of the output."""
        del columns
        # Half a surrogate pair, which JSON can spell and UTF-8 cannot hold, is spelled again.
        return json.dumps(values, ensure_ascii=False).encode(errors="backslashreplace") + b"\n"


class LineSource:
    """A plain text of which each line is a record."""

    columns: tuple[str, ...] | None = (TEXT,)

    def __init__(self, path: Path) -> None:
        self._path = path

    def rows(self) -> Iterator[Row]:
        """All rows, as :class:`Source` says."""
        with _opened(self._path) as file:
            for line, data in _lines(file):
                yield Row(line, {TEXT: _decoded(line, data).removesuffix("\n")})

    def head(self, columns: Sequence[str]) -> bytes:
        """What an output begins with."""
        del columns
        return b""

    def written(self, values: dict[str, Any], columns: Sequence[str] | None) -> bytes:
        """One row of the output."""
        del columns
        return str(values[TEXT]).encode() + b"\n"


class TextSource(LineSource):
    """A plain text that is one record, so that what is found in one line is looked for in all."""

    def rows(self) -> Iterator[Row]:
        """All rows, as :class:`Source` says."""
        with _opened(self._path) as file:
            data = file.read(LIMITS.source_line_bytes + 1)
        if len(data) > LIMITS.source_line_bytes:
            raise MalformedSource("the text is over the size limit of one record", "give --lines if a line is a record")
        if not data.strip():
            raise EmptySource("the source holds no record", "check the file")
        yield Row(1, {TEXT: _decoded(1, data.removeprefix(_BOM))})

    def written(self, values: dict[str, Any], columns: Sequence[str] | None) -> bytes:
        """One row of the output."""
        del columns
        return str(values[TEXT]).encode()


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError:
        raise _unreadable() from None


def _lines(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    number = 0
    while data := file.readline(LIMITS.source_line_bytes + 1):
        number += 1
        if len(data) > LIMITS.source_line_bytes:
            raise _bad(number, "is over the size limit")
        yield number, data.removeprefix(_BOM) if number == 1 else data


def _decoded(line: int, data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise NotUtf8(f"line {line} of the source is not UTF-8", "convert it: iconv -f latin1 -t utf8") from None


def _csv_rows(file: BinaryIO, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The line on which each row begins, and its fields; blank lines are left out."""
    # A limit of the whole process, only ever raised; without it no value could be over 131,072 characters.
    csv.field_size_limit(max(csv.field_size_limit(), LIMITS.source_line_bytes))
    begun = 1

    def lines() -> Iterator[str]:
        size = 0
        for number, data in _lines(file):
            size = len(data) if number == begun else size + len(data)
            if size > LIMITS.source_line_bytes:  # a quote that is never closed takes in the rest of the file
                raise _bad(begun, "is over the size limit; is a quote left open?")
            yield _decoded(number, data)

    reader = csv.reader(lines(), strict=True, delimiter=delimiter)
    while True:
        begun = reader.line_num + 1
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error:
            raise _bad(begun, "is not CSV: check its quotes") from None
        if fields:
            yield begun, fields


def _after_header(rows: Iterator[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
    next(rows, None)
    return rows


def _csv_line(fields: Sequence[str], delimiter: str) -> bytes:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n", delimiter=delimiter).writerow(fields)
    return line.getvalue().encode()


def _bad(line: int, what: str) -> MalformedRow:
    return MalformedRow(f"line {line} of the source {what}", "correct it")


def _unreadable() -> MissingFile:
    return MissingFile("the source cannot be read", "check its path and permissions")
