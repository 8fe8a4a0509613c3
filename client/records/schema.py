"""How a source's columns become a record's fields."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from fedaug.errors import MissingColumn

ColumnName = Annotated[str, Field(min_length=1, max_length=1_000)]


class SourceFormat(StrEnum):
    """The formats that are read."""

    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"


class LabelType(StrEnum):
    """What a label is; with ``none`` the label column is not read."""

    CLASS = "class"
    NUMBER = "number"
    NONE = "none"


class OnBadRow(StrEnum):
    """Whether a row that cannot be used ends the job or is left out."""

    STOP = "stop"
    SKIP = "skip"


class ColumnMap(BaseModel):
    """Which column holds what.

    Attributes:
        text: The free text.
        label: The label; without it records are unlabelled.
        record_id: Names a record; without it the row number does.
        subject_id: The patient or account; without it every record is its own subject.
        attributes: Further columns to keep.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    text: ColumnName
    label: ColumnName | None = None
    record_id: ColumnName | None = None
    subject_id: ColumnName | None = None
    attributes: tuple[ColumnName, ...] = ()

    def roles(self) -> Iterator[tuple[str, str]]:
        """Pairs of role (a setting's name) and column, without the roles that are not mapped."""
        for role in ("text", "label", "record_id", "subject_id"):
            column = getattr(self, role)
            if column is not None:
                yield role, column
        for column in self.attributes:
            yield "attributes", column

    @property
    def names(self) -> tuple[str, ...]:
        """Every mapped column once, in a fixed order."""
        return tuple(dict.fromkeys(column for _, column in self.roles()))

    def require(self, present: Collection[str]) -> None:
        """Check that every mapped column is there.

        Raises:
            MissingColumn: One is not. The columns that were found are not listed: in a file without a header line
                they are a record.
        """
        for role, column in self.roles():
            if column not in present:
                raise missing_column(role)


def missing_column(role: str) -> MissingColumn:
    """The error for one role, naming the setting and not the column."""
    return MissingColumn(
        f"the source has no column of the name given in source.columns.{role}",
        "correct the name, or take the setting out",
    )
