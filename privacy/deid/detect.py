"""Finds personal data in one text, as Presidio's analyzer does, but failing closed and running only what can fire."""

from __future__ import annotations

import threading
import time
from typing import Any, cast

from fedaug.errors import ConfigError, QuarantinedRecord
from fedaug.privacy.deid.recognisers import (
    EntityRecognizer,
    RecogniserError,
    RecognizerResult,
    build_analyzer,
    complaints,
    silence_presidio,
)
from fedaug.privacy.deid.shortcuts import needed_by
from fedaug.privacy.deid.spans import Span
from fedaug.privacy.limits import LIMITS

_REMEDY = "keep the record out, or shorten it and prepare the store again"


class Detector:
    """Finds spans of personal data. What it finds in a text depends on that text alone.

    The findings equal those of ``AnalyzerEngine.analyze`` with the same recognisers. Two things make it faster: a
    recogniser is skipped where a shortcut proves that it finds nothing, and only a text with findings is tokenised.

    Args:
        language: A two-letter code; only ``en`` so far.
        score_threshold: The least score that counts, 0 to 1. At 0 everything counts that any recogniser takes for an
            identifier: recall is worth more here than precision.
        limit_s: Processor time in seconds that one recogniser may take for one text.

    Raises:
        ConfigError: A setting is out of range, or the language has no recognisers.
    """

    def __init__(self, *, language: str = "en", score_threshold: float = 0.0, limit_s: float = 5.0) -> None:
        if language != "en":
            raise ConfigError("this language has no recognisers yet", "use language = 'en'")
        if not 0 <= score_threshold <= 1:
            raise ConfigError("score_threshold is not between 0 and 1", "give a number from 0 to 1")
        if not 0 < limit_s <= 60:
            # Presidio gives up, silently, after a minute; a longer limit of ours would not see that.
            raise ConfigError("limit_s is not between 0 and 60 seconds", "give a number of seconds up to 60")
        silence_presidio()
        self._language, self._threshold, self._limit_s = language, score_threshold, limit_s
        # Presidio is only half typed: what is an iterable or None to a type checker is a list or optional in fact.
        self._analyzer = cast("Any", build_analyzer(language, limit_s=limit_s))
        self._entities = self._analyzer.get_supported_entities(language)
        self._pipeline = self._analyzer.nlp_engine.get_nlp(language)
        self._plan = _by_need(self._analyzer.registry.recognizers)
        self._lock = threading.Lock()  # spaCy's vocabulary takes one thread at a time

    def find(self, text: str) -> list[Span]:
        """Everything found in a text, overlaps included, ordered by position.

        Raises:
            QuarantinedRecord: A recogniser failed or ran out of time, so that nothing is known about the text.
        """
        if len(text) > LIMITS.record_chars:
            raise QuarantinedRecord("a record's text is over the size limit", _REMEDY)
        with self._lock:
            spans = self._attempt(text)
        # Raised here, outside the handler: an exception's context could hold the text.
        if spans is None:
            raise QuarantinedRecord("a recogniser failed on a record, or ran out of time", _REMEDY)
        return spans

    def _attempt(self, text: str) -> list[Span] | None:
        before = complaints()
        try:
            results = self._recognise(text)
            found = self._with_context(text, results) if results else []
        except Exception:  # whatever goes wrong in a recogniser, the record must not pass as clean
            return None
        return found if complaints() == before else None

    def _recognise(self, text: str) -> list[RecognizerResult]:
        results: list[RecognizerResult] = []
        for needed, recognisers in self._plan:
            if needed is not None and not needed.search(text):
                continue
            for recogniser in recognisers:
                start = time.process_time()  # the clock that time-outs of `regex` are measured by
                results += recogniser.analyze(text=text, entities=self._entities, nlp_artifacts=None)
                if not time.process_time() - start < self._limit_s:
                    raise RecogniserError
        return results

    def _with_context(self, text: str, results: list[RecognizerResult]) -> list[Span]:
        with self._pipeline.memory_zone():  # else the vocabulary keeps every word of every record
            artifacts = self._analyzer.nlp_engine.process_text(text, self._language)
            results = self._analyzer.context_aware_enhancer.enhance_using_context(
                text=text,
                raw_results=results,
                nlp_artifacts=artifacts,
                recognizers=self._analyzer.registry.recognizers,
            )
        kept = EntityRecognizer.remove_duplicates([found for found in results if found.score >= self._threshold])
        return sorted(Span(found.start, found.end, found.entity_type, found.score) for found in kept)


def _by_need(recognisers: list[EntityRecognizer]) -> list[tuple[Any, list[Any]]]:
    """Recognisers grouped by shortcut, so that each shortcut is tried once for a text."""
    plan: dict[Any, list[Any]] = {}
    for recogniser in recognisers:
        plan.setdefault(needed_by(recogniser), []).append(recogniser)
    return list(plan.items())
