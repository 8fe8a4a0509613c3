"""Runs Presidio's registry of recognisers over one text, failing closed and running only what can fire."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Any, Final, cast

from fedaug.privacy.deid.recognisers import (
    EntityRecognizer,
    RecogniserError,
    RecognizerResult,
    build_analyzer,
    build_recognisers,
    complaints,
    silence_presidio,
)
from fedaug.privacy.deid.rules import SpanRecogniser, left_out, recognisers_for
from fedaug.privacy.deid.shortcuts import needed_by
from fedaug.privacy.deid.spans import ORDER, Span

_RECOGNISER: Final = RecognizerResult.RECOGNIZER_IDENTIFIER_KEY


class PatternLayer:
    """What Presidio's recognisers, our rules and the site's own recognisers find in a text.

    The findings equal those of ``AnalyzerEngine.analyze`` over the same registry. Three things make it faster: a
    recogniser is skipped where a shortcut proves that it finds nothing; our rules, which hold their context, give spans
    without Presidio's wrapping; and a text is tokenised only when a finding's score waits for context words.

    Args:
        language: A two-letter code.
        limit_s: Processor time in seconds that one recogniser may take for one text.
        extra: The site's own recognisers.
    """

    def __init__(self, language: str, *, limit_s: float, extra: Sequence[EntityRecognizer] = ()) -> None:
        silence_presidio()
        self._language, self._limit_s = language, limit_s
        presidio = build_recognisers(language, limit_s=limit_s, without=left_out(language))
        recognisers = [*presidio, *recognisers_for(language, limit_s), *extra]
        # Presidio is only half typed: what is an iterable or None to a type checker is a list or optional in fact.
        self._analyzer = cast("Any", build_analyzer(recognisers, language))
        self._entities = self._analyzer.get_supported_entities(language)
        self._pipeline = self._analyzer.nlp_engine.get_nlp(language)
        registered: list[EntityRecognizer] = self._analyzer.registry.recognizers
        self._rules = [recogniser for recogniser in registered if isinstance(recogniser, SpanRecogniser)]
        others = [recogniser for recogniser in registered if not isinstance(recogniser, SpanRecogniser)]
        self._plan = _by_need(others)
        self._with_context_words = frozenset(recogniser.id for recogniser in others if recogniser.context)
        self._lock = threading.Lock()  # spaCy's vocabulary takes one thread at a time

    @property
    def analyzer(self) -> Any:  # noqa: ANN401 - Presidio's class, half typed
        """Presidio's analyzer over the same registry."""
        return self._analyzer

    def find(self, text: str) -> list[Span] | None:
        """Everything found in a text, overlaps included, ordered by position.

        None: a recogniser failed or ran out of time, so that nothing is known about the text. Nothing is raised, since
        an exception's frames would hold the text.
        """
        with self._lock:
            before = complaints()
            try:
                spans = self._by_rules(text) + self._by_recognisers(text)
            except Exception:  # whatever goes wrong in a recogniser, the record must not pass as clean
                return None
            return sorted(spans, key=ORDER) if complaints() == before else None

    def _by_rules(self, text: str) -> list[Span]:
        found: list[Span] = []
        for recogniser in self._rules:
            start = time.thread_time()
            found += recogniser.find(text)
            self._check_time(start)
        return found

    def _by_recognisers(self, text: str) -> list[Span]:
        results: list[RecognizerResult] = []
        for needed, recognisers in self._plan:
            if needed is not None and not needed.search(text):
                continue
            for recogniser in recognisers:
                start = time.thread_time()
                results += _signed(recogniser, recogniser.analyze(text, self._entities, None))
                self._check_time(start)
        if any(result.recognition_metadata[_RECOGNISER] in self._with_context_words for result in results):
            results = self._with_context(text, results)
        kept = EntityRecognizer.remove_duplicates(results)
        return [Span(found.start, found.end, found.entity_type, found.score) for found in kept]

    def _check_time(self, start: float) -> None:
        # This thread's own time, so that neither a busy machine nor another thread's work sets a record aside. `regex`
        # stops one pattern by the time of all threads, since that is the clock it has.
        if not time.thread_time() - start < self._limit_s:
            raise RecogniserError

    def _with_context(self, text: str, results: list[RecognizerResult]) -> list[RecognizerResult]:
        with self._pipeline.memory_zone():  # else the vocabulary keeps every word of every record
            artifacts = self._analyzer.nlp_engine.process_text(text, self._language)
            enhanced: list[RecognizerResult] = self._analyzer.context_aware_enhancer.enhance_using_context(
                text=text,
                raw_results=results,
                nlp_artifacts=artifacts,
                recognizers=self._analyzer.registry.recognizers,
            )
        return enhanced


def _by_need(recognisers: list[EntityRecognizer]) -> list[tuple[Any, list[Any]]]:
    """Recognisers grouped by shortcut, so that each shortcut is tried once for a text."""
    plan: dict[Any, list[Any]] = {}
    for recogniser in recognisers:
        plan.setdefault(needed_by(recogniser), []).append(recogniser)
    return list(plan.items())


def _signed(recogniser: EntityRecognizer, results: list[RecognizerResult] | None) -> list[RecognizerResult]:
    """Results that say whose they are, as the analyzer makes them."""
    for result in results or ():
        result.recognition_metadata = {_RECOGNISER: recogniser.id, **(result.recognition_metadata or {})}
    return results or []
