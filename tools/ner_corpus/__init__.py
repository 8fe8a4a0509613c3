"""The annotated examples that the embedded recogniser is trained from: generated, and from corpora with a free licence.

    for example in examples("en", seed=1, count=20_000, data=Path("data")):
        ...

A stream is a function of its arguments and of the files under `data` and `corpora`. No measuring corpus is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

from tools.ner_corpus.example import ENGLISH_LABELS, SPANISH_LABELS, Example
from tools.ner_corpus.generated import document

__all__ = ["ENGLISH_LABELS", "SPANISH_LABELS", "Example", "examples"]


def examples(language: str, seed: int, count: int, data: Path | None, corpora: Path | None = None) -> Iterator[Example]:
    """So many examples of a language."""
    rng = Random(f"{language}:{seed}")
    for _ in range(count):
        yield document(rng)
