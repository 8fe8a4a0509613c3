"""English documents of the grammar: filled, damaged, annotated."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from random import Random

from tools.ner_corpus.case import SLOTS, Case
from tools.ner_corpus.draw import pick
from tools.ner_corpus.example import ENGLISH_LABELS, Example, joined
from tools.ner_corpus.grammar import Grammar, load_folder
from tools.ner_corpus.noise import noisy

_FOLDER = Path(__file__).parent / "templates"
#: Kinds of document, which are names of the grammar, with their weight.
KINDS = {
    "dense": 24,
    "sparse": 14,
    "clinical": 16,
    "finance": 12,
    "record": 12,
    "short": 26,
    "block": 12,
    "prose": 13,
    "nothing": 11,
    "spoken": 4,
}
_DRAW = tuple(kind for kind, weight in KINDS.items() for _ in range(weight))


@lru_cache(maxsize=1)
def grammar() -> Grammar:
    """The grammar of all files of the folder."""
    return load_folder(_FOLDER, SLOTS)


def document(rng: Random, kind: str | None = None) -> Example:
    """One document of a kind, of any kind where none is given."""
    case = Case(rng)
    pieces = grammar().expand(kind or pick(rng, _DRAW), rng, case.fill)
    return joined(noisy(rng, pieces), ENGLISH_LABELS - case.unsure)
