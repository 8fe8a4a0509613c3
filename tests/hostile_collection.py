"""The container that the hostile texts are gathered in."""

from __future__ import annotations

from dataclasses import dataclass, field

NOTE = "Seen by Dr. Rosalind Whitlock on 03/14/2019, MRN 48291173, call (419) 555-0148."
NOTE_PIECES = ("Rosalind Whitlock", "03/14/2019", "48291173", "(419) 555-0148")


@dataclass
class Collection:
    """Texts by name, what each tries, and the identifiers that it hides."""

    texts: dict[str, str] = field(default_factory=dict)
    tested: dict[str, str] = field(default_factory=dict)
    hidden: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def add(self, name: str, tested: str, text: str, *hidden: str) -> None:
        """Gathers one text; no name serves twice."""
        assert name not in self.texts, name
        self.texts[name], self.tested[name] = text, tested
        if hidden:
            self.hidden[name] = hidden
