"""What is compared: stock Presidio, Presidio with a list of names, and ours with and without the neural recogniser."""

from __future__ import annotations

import hashlib
import importlib
import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

import faker.config

from benchmarks.deid_speed import stock_presidio
from fedaug.errors import QuarantinedRecord
from fedaug.privacy.deid import Deidentifier, Span
from fedaug.privacy.deid.deidentify import TAGS
from fedaug.privacy.deid.neural.card import SHIPPED, load_card
from fedaug.privacy.deid.policies import DeidPolicy
from fedaug.privacy.deid.recognisers import EntityRecognizer, RecognizerResult
from fedaug.privacy.deid.scoring import find_all

Findings = list[Span] | QuarantinedRecord
Find = Callable[[Sequence[str]], list[Findings]]

_WORD = re.compile(r"[^\W\d_][^\W\d_'’-]+")
_NEIGHBOURS = re.compile(r"[ .]{1,3}")
_LEAST_LETTERS = 3


def presidio() -> Find:
    """Presidio's analyzer as it comes, over a blank tokeniser: what a machine without a downloaded model gets."""
    return _analyzing(stock_presidio())


def presidio_with_names() -> Find:
    """Presidio, and every capitalised word that is a first or last name in any locale of Faker's."""
    analyzer = stock_presidio()
    analyzer.registry.add_recognizer(NameList(faker_names()))
    return _analyzing(analyzer)


def ours(*, neural: bool = True, language: str = "en", policy: DeidPolicy = TAGS) -> Find:
    """Detection as the product runs it: the same recognisers, model and thresholds as ``fedaug deid apply``."""
    found = Deidentifier(policy, language=language, **({} if neural else {"neural": False}))
    return lambda texts: list(find_all(found, texts))


def model(language: str = "en") -> dict[str, str | float]:
    """Which neural recogniser it is, so that rows can be seen to be about the same one."""
    shipped = SHIPPED / f"{language}.safetensors"
    return {
        "threshold": load_card(language, SHIPPED).threshold,
        "weights_sha256": hashlib.sha256(shipped.read_bytes()).hexdigest()[:16],
        "weights_bytes": shipped.stat().st_size,
    }


class NameList(EntityRecognizer):
    """Capitalised words that are on a list, neighbours joined. A hash set: Presidio's own deny list takes seconds."""

    def __init__(self, names: frozenset[str]) -> None:
        self._names = names
        super().__init__(supported_entities=["PERSON"], supported_language="en", name="NameList")

    def load(self) -> None:
        """Nothing to load."""

    def analyze(self, text: str, entities: list[str], nlp_artifacts: Any = None) -> list[RecognizerResult]:  # noqa: ANN401
        """Runs of names."""
        del entities, nlp_artifacts
        return [RecognizerResult("PERSON", start, end, 0.6) for start, end in self._runs(text)]

    def _runs(self, text: str) -> Iterator[tuple[int, int]]:
        start = end = -1
        for match in _WORD.finditer(text):
            word = match.group()
            if not word[0].isupper() or word.casefold() not in self._names:
                continue
            if start >= 0 and _NEIGHBOURS.fullmatch(text, end, match.start()):
                end = match.end()
                continue
            if start >= 0:
                yield start, end
            start, end = match.span()
        if start >= 0:
            yield start, end


@cache
def faker_names() -> frozenset[str]:
    """First and last names of all of Faker's locales, in lower case; at least three letters."""
    found: set[str] = set()
    for locale in faker.config.AVAILABLE_LOCALES:
        try:
            provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
        except ImportError:
            continue
        for name in dir(provider):
            names = getattr(provider, name)
            if name.startswith(("first_names", "last_names")) and isinstance(names, (tuple, list, dict)):
                found.update(names)
    return frozenset(name.casefold() for name in found if len(name) >= _LEAST_LETTERS and " " not in name)


def _analyzing(analyzer: Any) -> Find:  # noqa: ANN401  # Presidio is half typed
    def find(texts: Sequence[str]) -> list[Findings]:
        return [
            [Span(found.start, found.end, found.entity_type, found.score) for found in analyzer.analyze(text, "en")]
            for text in texts
        ]

    return find
