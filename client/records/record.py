"""One record as every other part of a site sees it, whatever file it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a record was read.

    Attributes:
        source: The source file's name, without its folder.
        row: Where it stands in the source (see :func:`fedaug.client.records.read_records`).
    """

    source: str
    row: int


@dataclass(frozen=True, slots=True, repr=False)
class Record:
    """One record of one subject.

    Attributes:
        record_id: Names the record within the site.
        subject_id: The patient or account, the unit that DP protects when the unit is ``subject``.
        text: The free text; never empty.
        label: A class, a finite number, or None for an unlabelled record.
        attributes: Further columns by name; values are text, finite numbers or None.
        provenance: Where it was read.
    """

    record_id: str
    subject_id: str
    text: str
    label: str | float | None
    provenance: Provenance
    attributes: Mapping[str, str | float | None] = field(default_factory=dict)

    def __repr__(self) -> str:
        # Ids are left out too: a hospital's record number identifies a person.
        return f"<Record of row {self.provenance.row}, label {type(self.label).__name__}>"
