"""A rule finds one kind of identifier by a pattern; a recogniser runs many of them, failing closed.

    >>> rule = Rule("record-number", "MEDICAL_RECORD_NUMBER", r"\\bMRN:?\\s?(?P<value>\\d{6,10})\\b", 0.9, needed="mrn")
    >>> RuleRecogniser([rule], language="en", limit_s=5).find("MRN: 00123456")
    [Span(start=5, end=13, entity_type='MEDICAL_RECORD_NUMBER', score=0.9)]

Presidio's own ``PatternRecognizer`` has no groups, so that the words around a number would be taken out with it; it has
no way to skip a pattern; and it lowers or raises a score by words somewhere before the match, which needs a tokeniser.
Here the words that make a number an identifier stand in the pattern, and the group ``value`` is what is found.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import Any

from fedaug.privacy.deid.recognisers import EntityRecognizer, RecognizerResult
from fedaug.privacy.deid.rules.run import Rule, Runner
from fedaug.privacy.deid.spans import Span

__all__ = ["Rule", "RuleRecogniser", "SpanRecogniser", "result_of"]


class SpanRecogniser(EntityRecognizer, ABC):
    """A recogniser that finds spans without Presidio's wrapping, and wraps them where Presidio's analyzer asks.

    What it finds needs no words of context: they are part of how it finds.
    """

    def load(self) -> None:
        """Nothing: patterns are compiled when a recogniser is made, and lists are built when they are first read."""

    @abstractmethod
    def find(self, text: str) -> list[Span]:
        """What is found, overlaps included, ordered by position."""

    def analyze(
        self, text: str, entities: Sequence[str] | None, nlp_artifacts: object = None
    ) -> list[RecognizerResult]:
        """The same as Presidio's analyzer wants it.

        Args:
            text: Any text.
            entities: The types that are asked for; none given means all.
            nlp_artifacts: Not read.

        Raises:
            RecogniserError: A pattern ran out of time.
        """
        del nlp_artifacts
        return [result_of(span, self) for span in self.find(text) if not entities or span.entity_type in entities]


class RuleRecogniser(SpanRecogniser):
    """Runs rules over a text, each only where its shortcut lets it.

    Args:
        rules: In any order; the findings do not depend on it.
        language: A two-letter code.
        limit_s: Processor time, in seconds, after which one pattern on one text has failed.
        name: Told apart by Presidio's registry.
        bounded: Whether the patterns are known to take bounded time at one place of a text; the clock is then asked
            less often.
        own: Whether the rules are a site's own, so that what they find is marked as such.
    """

    def __init__(
        self,
        rules: Iterable[Rule],
        *,
        language: str,
        limit_s: float,
        name: str = "RuleRecogniser",
        bounded: bool = False,
        own: bool = False,
    ) -> None:
        self.rules = tuple(rules)
        self._own = own
        self._runner = Runner(self.rules, limit_s, bounded=bounded)
        super().__init__(
            supported_entities=sorted({rule.entity_type for rule in self.rules}),
            supported_language=language,
            name=name,
        )

    def find(self, text: str) -> list[Span]:
        """What the rules find, overlaps included, ordered by position.

        Raises:
            RecogniserError: A pattern ran out of time.
        """
        found = {
            (start, end, rule.entity_type, rule.score)
            for rule, start, end in self._runner.find(text)
            if start < end and (rule.check is None or rule.check(text[start:end]))
        }
        return [Span(*one, own=self._own) for one in sorted(found)]


def result_of(span: Span, recogniser: EntityRecognizer) -> RecognizerResult:
    """A span as a result of Presidio's."""
    named: Any = recogniser  # Presidio leaves the type of the name to be guessed
    origin = {
        RecognizerResult.RECOGNIZER_NAME_KEY: named.name,
        RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: named.id,
    }
    return RecognizerResult(span.entity_type, span.start, span.end, span.score, recognition_metadata=origin)
