"""From one row's values to a record, or to the reason why not: pure, and a function of that row alone."""

from __future__ import annotations

import math
from collections.abc import Collection
from datetime import date, time
from decimal import Decimal

from fedaug.client.records.record import Provenance, Record
from fedaug.client.records.report import BadRow
from fedaug.client.records.schema import ColumnMap, LabelType
from fedaug.privacy.limits import LIMITS


class RecordBuilder:
    """Builds records from rows of one source.

    Args:
        columns: The mapping; rows come as tuples in the order of ``columns.names``.
        source: The source file's name.
        label_type: How labels are read.
        labels: The label set, or None when any class will do.
    """

    def __init__(
        self, columns: ColumnMap, source: str, label_type: LabelType, labels: Collection[str] | None = None
    ) -> None:
        place = {name: index for index, name in enumerate(columns.names)}
        self._source = source
        self._label_type = label_type
        self._labels = None if labels is None else frozenset(labels)
        self._text = place[columns.text]
        self._label = None if columns.label is None or label_type is LabelType.NONE else place[columns.label]
        self._record_id = None if columns.record_id is None else place[columns.record_id]
        self._subject_id = None if columns.subject_id is None else place[columns.subject_id]
        self._attributes = tuple((name, place[name]) for name in columns.attributes)

    def build(self, row: int, values: tuple[object, ...]) -> Record | BadRow:
        """One record, or the first reason why the row is none."""
        try:
            text = _text(values[self._text])
            record_id = str(row) if self._record_id is None else _identifier(values[self._record_id])
            subject_id = record_id if self._subject_id is None else _identifier(values[self._subject_id])
            label = None if self._label is None else self._read_label(values[self._label])
            attributes = {name: _attribute(values[index]) for name, index in self._attributes}
        except _BadValueError as bad:
            return bad.reason
        return Record(record_id, subject_id, text, label, Provenance(self._source, row), attributes)

    def _read_label(self, value: object) -> str | float | None:
        if self._label_type is LabelType.NUMBER:
            return _number(value)
        label = _name(value, LIMITS.label_chars)
        if label is not None and self._labels is not None and label not in self._labels:
            raise _BadValueError(BadRow.UNKNOWN_LABEL)
        return label


class _BadValueError(Exception):
    """A value cannot be used; holds the reason and nothing of the value."""

    def __init__(self, reason: BadRow) -> None:
        super().__init__(reason)
        self.reason = reason


def _text(value: object) -> str:
    if value is None:
        raise _BadValueError(BadRow.MISSING_TEXT)
    if not isinstance(value, str):
        raise _BadValueError(BadRow.MALFORMED_ROW)
    if not value or value.isspace():
        raise _BadValueError(BadRow.EMPTY_TEXT)
    return _checked(value, LIMITS.record_chars)


def _identifier(value: object) -> str:
    # No stand-in for a missing subject id: records of one person under two ids would void the subject-level promise.
    found = _name(value, LIMITS.name_chars)
    if found is None:
        raise _BadValueError(BadRow.MISSING_ID)
    return found


def _name(value: object, limit: int) -> str | None:
    """A label or id as text without outer blanks, so that ``"7"``, ``7`` and ``"7 "`` are one; None when empty."""
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # pandas turns a column of integers with gaps into floats
    if isinstance(value, int) and not isinstance(value, bool):
        if value.bit_length() > 512:  # Python refuses to print integers of very many digits
            raise _BadValueError(BadRow.TOO_LONG)
        value = str(value)
    if not isinstance(value, str):
        raise _BadValueError(BadRow.MALFORMED_ROW)
    return _checked(value.strip(), limit) or None


def _number(value: object) -> float | None:
    if value is None:
        return None
    if isinstance(value, str):
        value = value.strip()
        if not value:
            return None
        if "_" in value:  # float() reads 1_000
            raise _BadValueError(BadRow.BAD_NUMBER)
    if isinstance(value, bool) or not isinstance(value, (str, int, float, Decimal)):
        raise _BadValueError(BadRow.BAD_NUMBER)
    try:
        number = float(value)
    except (ValueError, OverflowError):
        raise _BadValueError(BadRow.BAD_NUMBER) from None
    if not math.isfinite(number):
        raise _BadValueError(BadRow.BAD_NUMBER)
    return number


def _attribute(value: object) -> str | float | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _checked(value, LIMITS.record_chars) or None
    if isinstance(value, (date, time)):
        return value.isoformat()
    if value is None or isinstance(value, (int, float, Decimal)):
        return _number(value)
    raise _BadValueError(BadRow.MALFORMED_ROW)


def _checked(value: str, limit: int) -> str:
    if len(value) > limit:
        raise _BadValueError(BadRow.TOO_LONG)
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:  # JSON can spell half of a surrogate pair, which no UTF-8 file can hold
            raise _BadValueError(BadRow.NOT_UTF8) from None
    return value
