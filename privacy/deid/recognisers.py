"""Presidio's pattern recognisers, made to work offline, to fail closed and to stay silent.

Left alone, Presidio downloads a language model, asks the network for a list of domain suffixes, writes matched text to
its debug log, and treats a pattern that ran out of time as one that found nothing.
"""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from fedaug.errors import MissingExtra

try:
    with warnings.catch_warnings():
        # spaCy reaches for deprecated names of click; nobody who runs fedaug can act on that.
        warnings.simplefilter("ignore", DeprecationWarning)
        import regex  # type: ignore[import-untyped]  # ships no types
        import spacy
        import tldextract
        from presidio_analyzer import AnalyzerEngine, EntityRecognizer, Pattern, PatternRecognizer, RecognizerResult
        from presidio_analyzer.nlp_engine import SpacyNlpEngine
        from presidio_analyzer.predefined_recognizers import EmailRecognizer, SpacyRecognizer, UsLicenseRecognizer
        from presidio_analyzer.recognizer_registry import RecognizerRegistry
        from spacy.language import Language
        from spacy.tokens import Doc
except ImportError:
    raise MissingExtra("Presidio, which de-identifies, is not installed", "run: pip install 'fedaug[client]'") from None

__all__ = [
    "BlankNlpEngine",
    "EntityRecognizer",
    "OfflineEmailRecognizer",
    "RecogniserError",
    "RecognizerResult",
    "TimedPattern",
    "build_analyzer",
    "build_recognisers",
    "compiled",
    "complaints",
    "silence_presidio",
]

#: Presidio's loggers. They quote text: context words at debug level, values that failed a check at error level.
_LOGGERS = ("presidio-analyzer", "decision_process")
_LEMMAS = "fedaug_lower_case_lemmas"
#: A driving licence has four digits or more; without this, vertebrae (C6, L5), vitamins (B12) and O2 count as one.
_LICENCE_HAS_FOUR_DIGITS = r"\b(?=(?:[A-Z]*[0-9]){4})"


class RecogniserError(Exception):
    """A recogniser ran out of time or could not do its work; holds no text."""


class _Complaints(threading.local):
    """How often Presidio tried to log a warning or worse on this thread."""

    count = 0


_complaints = _Complaints()


def _silence(record: logging.LogRecord) -> bool:
    """A logging filter that lets nothing through, and remembers that something went wrong."""
    _complaints.count += record.levelno >= logging.WARNING
    return False


def silence_presidio() -> None:
    """Keep Presidio from logging anything in this process: its messages quote records."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_silence)


def complaints() -> int:
    """How many warnings Presidio has tried to log on this thread so far."""
    return _complaints.count


class TimedPattern:
    """A compiled pattern whose time-out reaches the caller, where Presidio would log it and go on.

    Stands in for ``Pattern.compiled_regex``. All matches are found before any is handed out: the limit is on matching.
    """

    def __init__(self, pattern: regex.Pattern[str], limit_s: float) -> None:
        self._pattern = pattern
        self._limit_s = limit_s

    def finditer(
        self, text: str, timeout: float | None = None, *, start: int = 0, end: int | None = None
    ) -> Iterator[regex.Match[str]]:
        """All matches, or those between two positions: what is before ``start`` is seen, what is after ``end`` is not.

        Raises:
            RecogniserError: The limit passed. Not a ``TimeoutError``, which Presidio would swallow.
        """
        del timeout  # Presidio's own limit is a minute per pattern
        try:
            return iter(list(self._pattern.finditer(text, start, end, timeout=self._limit_s)))
        except TimeoutError:
            raise RecogniserError from None


@Language.component(_LEMMAS)
def _lower_case_lemmas(doc: Doc) -> Doc:
    """Context words are compared with lemmas, and a blank pipeline leaves those empty."""
    for token in doc:
        token.lemma_ = token.lower_
    return doc


class BlankNlpEngine(SpacyNlpEngine):
    """A tokeniser without a language model, so that nothing is downloaded."""

    def __init__(self, language: str) -> None:
        super().__init__(models=[{"lang_code": language, "model_name": "blank"}])

    def load(self) -> None:
        """Build the pipeline in memory."""
        pipelines = {model["lang_code"]: spacy.blank(model["lang_code"]) for model in self.models}
        for pipeline in pipelines.values():
            pipeline.add_pipe(_LEMMAS)
        self.nlp: Any = pipelines


class OfflineEmailRecognizer(EmailRecognizer):
    """E-mail addresses, checked against the list of suffixes that ships with tldextract."""

    def __init__(self, language: str) -> None:
        self._extract = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
        super().__init__(supported_language=language, name="EmailRecognizer")

    def validate_result(self, pattern_text: str) -> bool:
        """Whether the address ends in a known suffix."""
        return bool(self._extract(pattern_text).fqdn)


@cache
def compiled(pattern: str, flags: int) -> Any:  # noqa: ANN401 - the package ships no types
    """A pattern, compiled once in a process: hundreds of them take a second, and each site has a de-identifier."""
    return regex.compile(pattern, flags=flags)


def build_recognisers(
    language: str, *, limit_s: float, without: frozenset[str] = frozenset()
) -> list[EntityRecognizer]:
    """Every recogniser that Presidio switches on for a language and that needs no model.

    Args:
        language: A two-letter code.
        limit_s: Processor time, in seconds, after which one pattern on one text has failed.
        without: Recognisers, by class, that something else takes the place of.
    """
    registry = RecognizerRegistry(supported_languages=[language])
    registry.load_predefined_recognizers(languages=[language])
    return [
        _prepared(recogniser, language, limit_s)
        for recogniser in registry.recognizers
        # The recogniser of named entities repeats what a model found, and there is none.
        if not isinstance(recogniser, SpacyRecognizer) and type(recogniser).__name__ not in without
    ]


def build_analyzer(recognisers: Sequence[EntityRecognizer], language: str) -> AnalyzerEngine:
    """Presidio's analyzer over some recognisers and a blank tokeniser."""
    registry = RecognizerRegistry(recognizers=list(recognisers), supported_languages=[language])
    return AnalyzerEngine(registry=registry, nlp_engine=BlankNlpEngine(language), supported_languages=[language])


def _prepared(recogniser: EntityRecognizer, language: str, limit_s: float) -> EntityRecognizer:
    if isinstance(recogniser, EmailRecognizer):
        recogniser = OfflineEmailRecognizer(language)
    if isinstance(recogniser, PatternRecognizer):
        fields: Any = recogniser  # Presidio leaves the type of its patterns to be guessed
        fields.patterns = [_timed(recogniser, pattern, limit_s) for pattern in fields.patterns]
    return recogniser


def _timed(recogniser: PatternRecognizer, pattern: Pattern, limit_s: float) -> Pattern:
    """A copy that fails closed; Presidio shares one pattern between all recognisers of a class."""
    prefix = _LICENCE_HAS_FOUR_DIGITS if isinstance(recogniser, UsLicenseRecognizer) else ""
    source, flags = prefix + pattern.regex, recogniser.global_regex_flags or 0
    copy: Any = Pattern(pattern.name, source, pattern.score)  # Presidio declares the next two fields as None
    copy.compiled_regex = TimedPattern(compiled(source, int(flags)), limit_s)
    copy.compiled_with_flags = flags
    timed: Pattern = copy
    return timed
