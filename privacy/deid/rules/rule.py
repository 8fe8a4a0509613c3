"""A rule finds one kind of identifier by a pattern; a recogniser runs many of them, failing closed.

    >>> rule = Rule("record-number", "MEDICAL_RECORD_NUMBER", r"\\bMRN:?\\s?(?P<value>\\d{6,10})\\b", 0.9, needed="mrn")
    >>> RuleRecogniser([rule], language="en", limit_s=5).find("MRN: 00123456")
    [Span(start=5, end=13, entity_type='MEDICAL_RECORD_NUMBER', score=0.9)]

Presidio's own ``PatternRecognizer`` has no groups, so that the words around a number would be taken out with it; it has
no way to skip a pattern; and it lowers or raises a score by words somewhere before the match, which needs a tokeniser.
Here the words that make a number an identifier stand in the pattern, and the group ``value`` is what is found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import regex  # type: ignore[import-untyped]  # ships no types

from fedaug.privacy.deid.recognisers import EntityRecognizer, RecognizerResult, TimedPattern
from fedaug.privacy.deid.spans import Span

#: Ignoring case: notes are typed in all of them. A rule that needs capitals says ``(?-i:...)`` or has other flags.
DEFAULT_FLAGS: Final = int(regex.IGNORECASE)
VALUE: Final = "value"

_LITERALS = re.compile(r"[a-z0-9 @#:/,|-]+")


@dataclass(frozen=True)
class Rule:
    """How one kind of identifier is found.

    Attributes:
        name: Unique within a language, such as ``record-number``.
        entity_type: A name of :data:`fedaug.privacy.deid.entities.ENTITIES`.
        pattern: In the syntax of ``regex``, linear in the text: bounded repeats only. What is found is each capture of
            the group ``value``; without such a group, the whole match.
        score: 0 to 1.
        needed: A cheap pattern that occurs, case ignored, in every text in which ``pattern`` matches. Words in lower
            case with ``|`` between them are looked up without a pattern. None: the rule runs on every text.
        check: Whether what was found can be what it looks like, for instance by its check digit.
        flags: Of ``regex``.
    """

    name: str
    entity_type: str
    pattern: str
    score: float
    needed: str | None = None
    check: Callable[[str], bool] | None = None
    flags: int = DEFAULT_FLAGS


class Need:
    """A shortcut: what a text must hold for some rules to find anything."""

    def __init__(self, needed: str) -> None:
        literal = _LITERALS.fullmatch(needed) is not None
        self._words = tuple(needed.split("|")) if literal else ()
        self._search = None if literal else regex.compile(needed, regex.IGNORECASE).search

    def met(self, text: str, folded: str) -> bool:
        """Whether a text, and the same text case-folded, holds it."""
        if self._search is not None:
            return self._search(text) is not None
        return any(word in folded for word in self._words)


class RuleRecogniser(EntityRecognizer):
    """Runs rules over a text, each only where its shortcut lets it.

    Args:
        rules: In any order; the findings do not depend on it.
        language: A two-letter code.
        limit_s: Processor time, in seconds, after which one pattern on one text has failed.
        name: Told apart by Presidio's registry.
    """

    def __init__(self, rules: Iterable[Rule], *, language: str, limit_s: float, name: str = "RuleRecogniser") -> None:
        self.rules = tuple(rules)
        self._plan = _plan(self.rules, limit_s)
        super().__init__(
            supported_entities=sorted({rule.entity_type for rule in self.rules}),
            supported_language=language,
            name=name,
        )

    def load(self) -> None:
        """Nothing to load: patterns are compiled when the recogniser is made."""

    def find(self, text: str) -> list[Span]:
        """What the rules find, overlaps included, ordered by position.

        Raises:
            RecogniserError: A pattern ran out of time.
        """
        folded = text.casefold()
        found = {
            Span(start, end, rule.entity_type, rule.score)
            for need, group in self._plan
            if need is None or need.met(text, folded)
            for rule, pattern, captures in group
            for start, end in _values(text, rule, pattern, captures)
        }
        return sorted(found)

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


def result_of(span: Span, recogniser: EntityRecognizer) -> RecognizerResult:
    """A span as a result of Presidio's."""
    origin = {
        RecognizerResult.RECOGNIZER_NAME_KEY: recogniser.name,
        RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: recogniser.id,
    }
    return RecognizerResult(span.entity_type, span.start, span.end, span.score, recognition_metadata=origin)


def _values(text: str, rule: Rule, pattern: TimedPattern, captures: bool) -> Iterable[tuple[int, int]]:
    for match in pattern.finditer(text):
        for start, end in match.spans(VALUE) if captures else (match.span(),):
            if start < end and (rule.check is None or rule.check(text[start:end])):
                yield start, end


def _plan(rules: Sequence[Rule], limit_s: float) -> list[tuple[Need | None, list[tuple[Rule, TimedPattern, bool]]]]:
    """Rules by shortcut, so that each shortcut is tried once for a text."""
    groups: dict[str | None, list[tuple[Rule, TimedPattern, bool]]] = {}
    for rule in rules:
        compiled: Any = regex.compile(rule.pattern, flags=rule.flags)
        entry = rule, TimedPattern(compiled, limit_s), VALUE in compiled.groupindex
        groups.setdefault(rule.needed, []).append(entry)
    return [(None if needed is None else Need(needed), group) for needed, group in groups.items()]
