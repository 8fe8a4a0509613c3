"""Unites what patterns, the neural recogniser and a site's own recognisers find in documents, failing closed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from fedaug.errors import ConfigError, QuarantinedRecord
from fedaug.privacy.deid.chunks import chunked
from fedaug.privacy.deid.clinical_values import without_clinical_values
from fedaug.privacy.deid.clock import without_time_of_day
from fedaug.privacy.deid.column_values import days_and_ages, sought_from_columns
from fedaug.privacy.deid.document import Document, Known
from fedaug.privacy.deid.doubt import beyond_doubt
from fedaug.privacy.deid.entities import ENTITIES
from fedaug.privacy.deid.fold import Folded, fold
from fedaug.privacy.deid.initials import initials_in, initials_known
from fedaug.privacy.deid.pattern_layer import PatternLayer
from fedaug.privacy.deid.propagate import Sought, occurrences, sought_after
from fedaug.privacy.deid.recognisers import EntityRecognizer
from fedaug.privacy.deid.spans import ORDER, Span
from fedaug.privacy.deid.whole_words import in_whole_words
from fedaug.privacy.limits import LIMITS

_TOO_LONG: Final = "shorten it, or split it into several records"
_TAG: Final = re.compile(rf"\[(?:{'|'.join(ENTITIES)})(?:_\d+)?\]")
#: Types that patterns find by figures and letters alone, as a stage or two blood pressures have them too.
_SHAPED: Final = frozenset({"PHONE_NUMBER", "ZIP_CODE"})
_FAILED: Final = "keep the record out, or shorten it and prepare the store again"


class Tagger(Protocol):
    """Finds spans in many texts at once; each result depends on its own text alone."""

    def tag(self, texts: Sequence[str]) -> list[list[Span]]:
        """One list of spans per text."""
        ...


@dataclass(frozen=True, repr=False)
class Reading:
    """What was found in one document.

    Attributes:
        document: The document.
        folded: Its text as recognisers read it.
        spans: Findings in the folded text, overlaps included.
    """

    document: Document
    folded: Folded
    spans: tuple[Span, ...]


class Detector:
    """Finds spans of personal data in documents of one language. What it finds in a text depends on that text alone.

    Args:
        language: A two-letter code.
        tagger: The neural recogniser; None does without.
        extra: The site's own recognisers.
        counts: Whether a finding counts, by its type and score. All count that any recogniser takes for an identifier,
            if none is given: recall is worth more than precision.
        limit_s: Processor time in seconds that one recogniser may take for one piece of a text.

    Raises:
        ConfigError: A setting is out of range.
    """

    def __init__(
        self,
        language: str,
        *,
        tagger: Tagger | None = None,
        extra: Sequence[EntityRecognizer] = (),
        counts: Callable[[Span], bool] = lambda _: True,
        limit_s: float = 5.0,
    ) -> None:
        if not 0 < limit_s <= 60:
            # Presidio gives up, silently, after a minute; a longer limit of ours would not see that.
            raise ConfigError("limit_s is not between 0 and 60 seconds", "give a number of seconds up to 60")
        self._language = language
        self._patterns = PatternLayer(language, limit_s=limit_s, extra=extra)
        self._tagger = tagger
        self._counts = counts

    def read(self, documents: Sequence[Document]) -> list[Reading | QuarantinedRecord]:
        """What is found in each document, before strings found once are looked for again.

        A document on which a recogniser failed or ran out of time gives the reason in place of a reading.
        """
        folded = [_readable(document.text[: LIMITS.record_chars + 1]) for document in documents]
        by_patterns = [self._by_patterns(*pair) for pair in zip(documents, folded, strict=True)]
        going = [index for index, found in enumerate(by_patterns) if not isinstance(found, QuarantinedRecord)]
        by_tagger = dict(zip(going, self._by_tagger([folded[index].text for index in going]), strict=True))
        readings: list[Reading | QuarantinedRecord] = []
        for index, document in enumerate(documents):
            first, second = by_patterns[index], by_tagger.get(index, [])
            if isinstance(first, QuarantinedRecord):
                readings.append(first)
            elif second is None:
                readings.append(QuarantinedRecord("the neural recogniser failed on a record", _FAILED))
            else:
                text = folded[index].text
                sure = without_clinical_values(text, beyond_doubt(text, second, self._language))
                counted = (span for span in {*_without_values(text, first), *sure} if self._counts(span))
                kept = {tidy for span in counted if (tidy := _tidied(text, span)) is not None}
                readings.append(Reading(document, folded[index], tuple(sorted(kept, key=ORDER))))
        return readings

    def _by_patterns(self, document: Document, folded: Folded) -> list[Span] | QuarantinedRecord:
        if len(document.text) > LIMITS.record_chars:
            return QuarantinedRecord("a record's text is over the size limit", _TOO_LONG)
        found: list[Span] = []
        for offset, piece in chunked(folded.text):
            spans = self._patterns.find(piece)
            if spans is None:
                return QuarantinedRecord("a recogniser failed on a record, or ran out of time", _FAILED)
            found += [_moved(span, offset) for span in spans] if offset else spans
        return found

    def _by_tagger(self, texts: list[str]) -> Sequence[list[Span] | None]:
        if self._tagger is None:
            return [[] for _ in texts]
        try:
            return self._tagger.tag(texts)
        except Exception:  # one text is at fault, and only that one must be set aside
            return [self._alone(text) for text in texts]

    def _alone(self, text: str) -> list[Span] | None:
        assert self._tagger is not None
        try:
            return self._tagger.tag([text])[0]
        except Exception:  # the exception's frames hold the text, so it goes no further
            return None


def united(readings: Sequence[Reading]) -> list[list[Span]]:
    """Findings in the documents' own characters, strings found once having been looked for everywhere in all of them.

    Args:
        readings: Of one document, or of all documents of one subject where the unit of privacy is the subject: only
            then may what one record holds decide about another.
    """
    known = tuple(dict.fromkeys(item for reading in readings for item in reading.document.known))
    initials = {
        letters: span
        for reading in readings
        for letters, span in initials_known(reading.folded.text, reading.spans).items()
    }
    sought = sought_from_columns(known).union(*(sought_after(each.folded.text, each.spans) for each in readings))
    return [
        _in_original(
            reading.folded,
            [
                *reading.spans,
                *_again(reading.folded.text, sought, known),
                *initials_in(reading.folded.text, initials),
            ],
        )
        for reading in readings
    ]


def _again(text: str, sought: frozenset[Sought], known: Sequence[Known]) -> list[Span]:
    return [*occurrences(text, sought), *days_and_ages(text, known)]


def _without_values(text: str, spans: list[Span]) -> list[Span]:
    """What patterns found, where the pattern is all shape, without clinical values."""
    shaped = [span for span in spans if span.entity_type in _SHAPED]
    if not shaped:
        return spans
    return [*(span for span in spans if span.entity_type not in _SHAPED), *without_clinical_values(text, shaped)]


def _tidied(text: str, span: Span) -> Span | None:
    dated = without_time_of_day(text, span)
    return dated and in_whole_words(text, dated)


def _readable(text: str) -> Folded:
    """A text without disguises and without the tags of an earlier run, which are words and capitals but nobody's."""
    folded = fold(text)
    return replace(folded, text=_TAG.sub(lambda match: " " * len(match[0]), folded.text))


def _in_original(folded: Folded, spans: Iterable[Span]) -> list[Span]:
    if folded.origins is None:
        return sorted(set(spans), key=ORDER)
    return sorted({_placed(span, *folded.original(span.start, span.end)) for span in spans}, key=ORDER)


def _moved(span: Span, offset: int) -> Span:
    return _placed(span, span.start + offset, span.end + offset)


def _placed(span: Span, start: int, end: int) -> Span:
    return Span(start, end, span.entity_type, span.score, span.own)
