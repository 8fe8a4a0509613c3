"""What was wrong with rows: reasons, counts and row numbers, never a value."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from fedaug.errors import BadNumber, DuplicateId, InputError, MalformedRow, NotUtf8, TooFewRecords, UnknownLabel
from fedaug.privacy.limits import LIMITS


class BadRow(StrEnum):
    """Why a row is not a record: the closed set."""

    MISSING_TEXT = "missing_text"
    EMPTY_TEXT = "empty_text"
    MISSING_ID = "missing_id"
    BAD_NUMBER = "bad_number"
    DUPLICATE_ID = "duplicate_id"
    UNKNOWN_LABEL = "unknown_label"
    MALFORMED_ROW = "malformed_row"
    NOT_UTF8 = "not_utf8"
    TOO_LONG = "too_long"


_ERRORS: Final[dict[BadRow, tuple[type[InputError], str, str]]] = {
    BadRow.MISSING_TEXT: (MalformedRow, "has no text", "fill it in"),
    BadRow.EMPTY_TEXT: (MalformedRow, "has an empty text", "fill it in"),
    BadRow.MISSING_ID: (MalformedRow, "lacks its record or subject id", "fill it in"),
    BadRow.BAD_NUMBER: (BadNumber, "holds something that is not a finite number", "correct it"),
    BadRow.DUPLICATE_ID: (DuplicateId, "has the id of an earlier row", "give every record its own id"),
    BadRow.UNKNOWN_LABEL: (UnknownLabel, "has a label outside the label set", "correct it, or set unknown_labels"),
    BadRow.MALFORMED_ROW: (MalformedRow, "cannot be read as a record", "check its fields and types"),
    BadRow.NOT_UTF8: (NotUtf8, "is not UTF-8", "convert the source to UTF-8"),
    BadRow.TOO_LONG: (MalformedRow, "holds a value over the size limit", "split or shorten it"),
}


@dataclass
class RowReport:
    """How many rows became records, and why the others did not. For the site's own eyes: the counts are exact.

    Attributes:
        accepted: Rows that became records.
        counts: Rows that did not, by reason.
        rows: Their row numbers by reason, the first ``LIMITS.row_errors_kept`` of each.
    """

    accepted: int = 0
    counts: Counter[BadRow] = field(default_factory=Counter)
    rows: dict[BadRow, list[int]] = field(default_factory=dict)

    def reject(self, reason: BadRow, row: int) -> None:
        """Count one bad row."""
        self.counts[reason] += 1
        kept = self.rows.setdefault(reason, [])
        if len(kept) < LIMITS.row_errors_kept:
            kept.append(row)

    @property
    def rejected(self) -> int:
        """Rows that did not become records."""
        return self.counts.total()

    def require(self, minimum: int) -> None:
        """Check that enough records were read.

        Raises:
            TooFewRecords: There are fewer than ``minimum``.
        """
        if not self.accepted >= minimum:
            raise TooFewRecords(
                f"the source holds fewer usable records than source.min_records asks for ({minimum})",
                "add records, look at the bad rows, or take no part",
            )

    def as_dict(self) -> dict[str, Any]:
        """The report as plain values."""
        bad = {str(reason): {"count": n, "rows": self.rows[reason]} for reason, n in sorted(self.counts.items())}
        return {"accepted": self.accepted, "rejected": self.rejected, "bad_rows": bad}


def row_error(reason: BadRow, row: int) -> InputError:
    """The error that a bad row is when bad rows stop the job."""
    error, what, todo = _ERRORS[reason]
    # A site never skips a repeated id (client/preparation.py), so that is no way out of it.
    skip = "" if reason is BadRow.DUPLICATE_ID else ', or set source.on_bad_row = "skip"'
    return error(f"row {row} {what}", todo + skip)
