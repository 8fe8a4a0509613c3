"""Reads texts in which a person has marked every identifier: JSON Lines, strictly, one record at a time.

    {"text": "Seen by Ann Lee", "spans": [{"start": 8, "end": 15, "type": "PERSON"}]}

Offsets count Unicode characters of the text, as Python's slices do. Other keys are allowed and ignored.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from fedaug.errors import EmptySource, InputError, MalformedRow, MissingFile, NotUtf8, ProtocolError
from fedaug.privacy.canonical import parse_json
from fedaug.privacy.deid.spans import Span
from fedaug.privacy.limits import LIMITS

_BOM: Final = b"\xef\xbb\xbf"
#: Types are printed, so that no text can hide in one.
_TYPE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}", re.ASCII)
_FORM: Final = 'write {"text": …, "spans": [{"start": 0, "end": 4, "type": "PERSON"}]} on each line'


@dataclass(frozen=True, repr=False)
class LabelledText:
    """A text and all identifiers in it. Its repr holds neither.

    Attributes:
        text: The text.
        spans: What a person marked, by position; may overlap. Their score is 1.
    """

    text: str
    spans: tuple[Span, ...]


def read_labelled(path: Path) -> Iterator[LabelledText]:
    """The records of a labelled file, in order; memory does not grow with the file.

    Args:
        path: UTF-8, with or without a byte order mark. Blank lines are passed over.

    Raises:
        MissingFile: It cannot be read.
        EmptySource: It holds no record.
        NotUtf8: A line is not UTF-8.
        MalformedRow: A line is not such a record, or over a size limit. The message has the line's number, no text.
    """
    try:
        with path.open("rb") as file:
            count = 0
            for number, line in _lines(file):
                count += 1
                yield _record(number, line)
    except OSError:
        raise MissingFile("the labelled file cannot be read", "check its path and permissions") from None
    if not count:
        raise EmptySource("the labelled file holds no record", _FORM)


def _lines(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    number = 0
    while line := file.readline(LIMITS.labelled_line_bytes + 1):
        number += 1
        if len(line) > LIMITS.labelled_line_bytes:
            raise _bad(number, "is over the size limit", "split the record")
        line = line.removeprefix(_BOM) if number == 1 else line
        if line.strip():
            yield number, line


def _record(number: int, line: bytes) -> LabelledText:
    try:
        line.decode()
    except UnicodeDecodeError:
        raise NotUtf8(f"line {number} of the labelled file is not UTF-8", "convert the file to UTF-8") from None
    try:
        found = parse_json(line)
    except ProtocolError:
        raise _bad(number, "is not strict JSON", _FORM) from None
    if (
        not isinstance(found, dict)
        or not isinstance(found.get("text"), str)
        or not isinstance(found.get("spans"), list)
    ):
        raise _bad(number, "lacks a text or a list of spans", _FORM)
    text, marked = found["text"], found["spans"]
    if len(text) > LIMITS.record_chars or len(marked) > LIMITS.labelled_spans:
        raise _bad(number, "is over the size limit", "split the record")
    if not _encodes(text):
        raise _bad(number, "holds half of a surrogate pair", "write the character as UTF-8")
    spans = tuple(sorted(_span(number, place, value, len(text)) for place, value in enumerate(marked, start=1)))
    if sum(span.length for span in spans) > LIMITS.labelled_layers * len(text):
        raise _bad(number, "has spans that overlap too often", "give each span once")
    if any(not any(map(str.isalnum, text[span.start : span.end])) for span in spans):
        raise _bad(number, "has a span without any letter or digit", "mark what identifies somebody")
    if len(set(spans)) < len(spans):
        raise _bad(number, "marks one span twice", "give each span once")
    return LabelledText(text, spans)


def _span(number: int, place: int, value: Any, length: int) -> Span:  # noqa: ANN401  # any JSON value
    def bad(what: str) -> InputError:
        return _bad(number, f"has a malformed span, number {place}: {what}", _FORM)

    if not isinstance(value, dict):
        raise bad("it is not an object")
    start, end, kind = value.get("start"), value.get("end"), value.get("type")
    if type(start) is not int or type(end) is not int:  # a bool is an int to isinstance
        raise bad("start or end is not a whole number")
    if not 0 <= start < end <= length:
        raise bad("it is empty or outside the text")
    if not isinstance(kind, str) or not _TYPE.fullmatch(kind):
        raise bad("its type is not a name of letters, digits, _ and -")
    return Span(start, end, kind, 1.0)


def _encodes(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _bad(number: int, what: str, todo: str) -> MalformedRow:
    return MalformedRow(f"line {number} of the labelled file {what}", todo)
