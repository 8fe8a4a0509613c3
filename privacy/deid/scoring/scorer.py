"""Compares what was found with what a person labelled, text by text. Holds counts only, never text.

Five levels, since they answer different questions:

- ``characters``: is every letter and digit of an identifier covered, by a finding of any type? Blanks and punctuation
  do not count on either side: whether "Ann Lee" is one finding or two gives nobody away.
- ``overlap``: is some letter or digit of each labelled span covered, by a finding of any type?
- ``typed``: the same, by a finding of the labelled type.
- ``strict`` and ``strict_typed``: are a labelled and a found span the same, to the character?

A type's recall is over what is labelled so; its precision over what is found so. The found spans are those that are
replaced: overlapping findings count as the one that they are merged to.

A record that was set aside never passes on, so that it neither leaks nor shows what is found: it is counted, and left
out of every rate.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from fedaug.errors import QuarantinedRecord
from fedaug.privacy.deid.scoring.labelled import LabelledText
from fedaug.privacy.deid.scoring.rates import Counts, Rates, rates
from fedaug.privacy.deid.spans import Span, resolve
from fedaug.privacy.wilson import Interval, wilson

LEVELS: Final = ("overlap", "characters", "typed", "strict", "strict_typed")
_CHARACTERS: Final = "characters"
_ALL: Final = ""  # no type is named so


@dataclass(frozen=True)
class Documents:
    """How many texts came through whole.

    Attributes:
        scored: Texts compared.
        with_identifiers: Those in which something is labelled.
        without_leak: Those of them of whose identifiers no letter or digit stays in clear.
        quarantined: Texts that were set aside, which ``scored`` leaves out.
    """

    scored: int = 0
    with_identifiers: int = 0
    without_leak: int = 0
    quarantined: int = 0

    @property
    def share(self) -> float | None:
        """Of the texts with identifiers, those without a leak."""
        return self.without_leak / self.with_identifiers if self.with_identifiers else None

    @property
    def interval(self) -> Interval | None:
        """95 % Wilson interval of the share."""
        return None if self.share is None else wilson(self.share, self.with_identifiers)


@dataclass(frozen=True)
class Score:
    """What a labelled sample shows.

    Attributes:
        overall: Level -> rates over all types.
        types: Type -> level -> rates, by name.
        documents: Texts without a leak.
    """

    overall: dict[str, Rates]
    types: dict[str, dict[str, Rates]]
    documents: Documents

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        documents = self.documents
        return {
            "overall": {level: found.as_json() for level, found in self.overall.items()},
            "types": {
                kind: {level: found.as_json() for level, found in levels.items()} for kind, levels in self.types.items()
            },
            "documents": {
                "scored": documents.scored,
                "with_identifiers": documents.with_identifiers,
                "without_leak": documents.without_leak,
                "share_without_leak": documents.share,
                "share_interval": documents.interval,
                "quarantined": documents.quarantined,
            },
        }


class Scorer:
    """Takes texts one by one; memory does not grow with them."""

    def __init__(self) -> None:
        self._counts: dict[str, dict[str, Counts]] = {level: defaultdict(Counts) for level in LEVELS}
        self._scored = self._with_identifiers = self._without_leak = self._quarantined = 0

    def add(self, labelled: LabelledText, found: Sequence[Span] | QuarantinedRecord) -> None:
        """Count one text.

        Args:
            labelled: The text and what is in it.
            found: What was found in it, overlaps allowed, or why it was set aside.
        """
        if isinstance(found, QuarantinedRecord):
            self._quarantined += 1
            return
        merged = resolve(found)
        comparison = _Comparison(labelled, merged)
        self._scored += 1
        for span in labelled.spans:
            self._label(span, comparison)
        for span in merged:
            self._finding(span, comparison)
        self._all_characters(comparison)
        if labelled.spans:
            self._with_identifiers += 1
            self._without_leak += not comparison.leaks

    def score(self) -> Score:
        """Of all texts so far."""
        kinds = {kind for level in LEVELS for kind in self._counts[level]}
        return Score(
            self._levels(_ALL),
            {kind: self._levels(kind) for kind in sorted(kinds - {_ALL})},
            Documents(self._scored, self._with_identifiers, self._without_leak, self._quarantined),
        )

    def _label(self, span: Span, comparison: _Comparison) -> None:
        kind, where = span.entity_type, (span.start, span.end)
        hits = {
            "overlap": comparison.found.touches(span),
            "typed": comparison.found.touches(span, kind),
            "strict": where in comparison.found.places,
            "strict_typed": (*where, kind) in comparison.found.typed_places,
        }
        for level, hit in hits.items():
            for name in (_ALL, kind):
                counts = self._counts[level][name]
                counts.labelled += 1
                counts.hit += hit
        own = self._counts[_CHARACTERS][kind]
        own.labelled += comparison.letters(span)
        own.hit += comparison.found.covered(span)

    def _finding(self, span: Span, comparison: _Comparison) -> None:
        kind, where = span.entity_type, (span.start, span.end)
        hits = {
            "overlap": comparison.labels.touches(span),
            "typed": comparison.labels.touches(span, kind),
            "strict": where in comparison.labels.places,
            "strict_typed": (*where, kind) in comparison.labels.typed_places,
        }
        for level, hit in hits.items():
            for name in (_ALL, kind):
                counts = self._counts[level][name]
                counts.found += 1
                counts.right += hit
        own = self._counts[_CHARACTERS][kind]
        own.found += comparison.letters(span)
        own.right += comparison.labels.covered(span)

    def _all_characters(self, comparison: _Comparison) -> None:
        """Over all types each character counts once, also where two labels overlap."""
        own = self._counts[_CHARACTERS][_ALL]
        own.labelled += comparison.labels.size
        own.found += comparison.found.size
        both = comparison.common
        own.hit += both
        own.right += both

    def _levels(self, kind: str) -> dict[str, Rates]:
        spans = self._counts["overlap"][kind]
        return {level: rates(self._counts[level][kind], spans if level == _CHARACTERS else None) for level in LEVELS}


class _Cover:
    """Which letters and digits of a text a set of spans covers, by type and over all."""

    def __init__(self, text: str, spans: Iterable[Span]) -> None:
        self.places: set[tuple[int, int]] = set()
        self.typed_places: set[tuple[int, int, str]] = set()
        self._positions: set[int] = set()
        self._by_type: dict[str, set[int]] = defaultdict(set)
        for span in spans:
            self.places.add((span.start, span.end))
            self.typed_places.add((span.start, span.end, span.entity_type))
            letters = _letters(text, span)
            self._positions.update(letters)
            self._by_type[span.entity_type].update(letters)
        self._text = text

    @property
    def size(self) -> int:
        return len(self._positions)

    def touches(self, span: Span, kind: str | None = None) -> bool:
        covered = self._positions if kind is None else self._by_type.get(kind, set())
        return any(position in covered for position in _letters(self._text, span))

    def covered(self, span: Span) -> int:
        return sum(position in self._positions for position in _letters(self._text, span))

    def common(self, other: _Cover) -> int:
        return len(self._positions & other._positions)


class _Comparison:
    """One text's labels beside its findings."""

    def __init__(self, labelled: LabelledText, merged: Sequence[Span]) -> None:
        self._text = labelled.text
        self.labels = _Cover(labelled.text, labelled.spans)
        self.found = _Cover(labelled.text, merged)
        self.common = self.labels.common(self.found)

    @property
    def leaks(self) -> bool:
        return self.common < self.labels.size

    def letters(self, span: Span) -> int:
        return len(_letters(self._text, span))


def _letters(text: str, span: Span) -> list[int]:
    """Positions of a span's letters and digits."""
    return [position for position in range(span.start, span.end) if text[position].isalnum()]
