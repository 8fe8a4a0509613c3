"""The annotated examples that the embedded recogniser is trained from: generated, and from corpora with a free licence.

    for example in examples("en", seed=1, count=20_000, data=Path("data"), corpora=Path("corpora")):
        ...

A stream is a function of its arguments and of the files in the two folders. No measuring corpus is read: of
presidio_synth the templates of the tuning half, of meddocan_es the train file without its tuning part. No person of the
evaluation notes occurs (`excluded`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import accumulate
from pathlib import Path
from random import Random

from tools.ner_corpus import background, english_notes, generated, presidio, spanish, spanish_notes
from tools.ner_corpus import corpora as annotated
from tools.ner_corpus.draw import pick
from tools.ner_corpus.example import ENGLISH_LABELS, SPANISH_LABELS, Example, names_nobody_of
from tools.ner_corpus.excluded import excluded_names

__all__ = ["ENGLISH_LABELS", "SPANISH_LABELS", "SPANISH_WEIGHTS", "WEIGHTS", "Example", "examples", "sources"]

#: Weight of each source among the English examples; an absent source's share goes to the others.
WEIGHTS = {
    "generated": 640,
    "notes": 150,
    "presidio": 80,
    "twitter": 90,
    "novels": 40,
    "filings": 20,
    "banking": 30,
    "background": 220,
}
#: The same of the Spanish examples: a note is a quarter as long as a part of a report, so that half of the examples is
#: a fifth of the text.
SPANISH_WEIGHTS = {"meddocan_es": 500, "notes": 500}
_Source = Callable[[Random], Example]


def sources(data: Path | None, corpora: Path | None, language: str = "en") -> dict[str, _Source]:
    """The sources of a language whose files are there, by name; none of Spanish without MEDDOCAN's."""
    if language == "es":
        if data is None or not spanish.reports(data):
            return {}
        return {"meddocan_es": lambda rng: spanish.report(rng, data), "notes": spanish_notes.note}
    found: dict[str, _Source] = {"generated": generated.document, "notes": english_notes.note}
    if data is not None:
        if presidio.templates(data):
            found["presidio"] = lambda rng: presidio.refilled(rng, data)
        for name, read in (
            ("filings", annotated.filings),
            ("banking", annotated.banking),
            ("background", background.passages),
        ):
            _add(found, name, read(data))
    if corpora is not None:
        _add(found, "twitter", annotated.twitter(corpora))
        _add(found, "novels", annotated.novels(corpora))
    return found


def examples(language: str, seed: int, count: int, data: Path | None, corpora: Path | None = None) -> Iterator[Example]:
    """So many examples of a language, from its sources by `WEIGHTS`.

    Args:
        language: ``en`` or ``es``.
        seed: The stream is the same for the same seed.
        count: Examples in all.
        data: Folder of the data sets; without it English is generated only, and Spanish has no source.
        corpora: Folder of the Broad Twitter Corpus and LitBank.

    Raises:
        ValueError: A language or a source of it is missing.
    """
    draw = _source_of(language, data, corpora)
    rng = Random(f"{language}:{seed}")
    excluded = excluded_names()
    given = 0
    while given < count:
        example = draw(rng)
        if example.text.strip() and names_nobody_of(example, excluded):
            given += 1
            yield example


def _source_of(language: str, data: Path | None, corpora: Path | None) -> _Source:
    if language not in {"en", "es"}:
        raise ValueError("languages: en, es")
    found = sources(data, corpora, language)
    if not found:
        raise ValueError("Spanish is trained from meddocan_es: give the data folder")
    weights = SPANISH_WEIGHTS if language == "es" else WEIGHTS
    names = list(found)
    steps = list(accumulate(weights[name] for name in names))

    def draw(rng: Random) -> Example:
        point = rng.random() * steps[-1]
        return found[next(name for name, step in zip(names, steps, strict=True) if point < step)](rng)

    return draw


def _add(found: dict[str, _Source], name: str, kept: tuple[Example, ...]) -> None:
    if kept:
        found[name] = lambda rng: pick(rng, kept)
