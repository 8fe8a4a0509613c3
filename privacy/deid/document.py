"""What is de-identified: a text, and what is known beside it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, repr=False)
class Known:
    """A value of a structured column that is looked for in the text.

    Attributes:
        value: As the column holds it.
        entity_type: What it is, such as ``PERSON``.
    """

    value: str
    entity_type: str


@dataclass(frozen=True, repr=False)
class Document:
    """One text of one subject.

    Attributes:
        text: Any Unicode text.
        subject: Whom it is about; the same subject gets the same surrogates and the same shift of dates. None: nobody
            else's.
        language: A two-letter code; None means the de-identifier's own.
        known: Values that are taken out wherever they stand.
        record: What a record that names no subject is called where surrogates are drawn, so that its texts and its
            cells get the same ones. Unlike a subject, nothing that is encrypted is bound to it.
    """

    text: str
    subject: str | None = None
    language: str | None = None
    known: tuple[Known, ...] = ()
    record: str | None = None
