"""Spanish notes of the grammar: filled, damaged, annotated as MEDDOCAN's annotators mark identifiers.

Titles ("Dra.") and labels of fields ("Cita:", "NHC:") are no identifiers, a name beside them is; "38 años", "varón",
"marido" are spans of their own; street, post code and town are three.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from random import Random

from tools.ner_corpus.draw import chance, pick
from tools.ner_corpus.example import SPANISH_LABELS, Example, Piece, joined
from tools.ner_corpus.grammar import Grammar, load_folder
from tools.ner_corpus.noise import noisy, without_accents
from tools.ner_corpus.spanish_case import SLOTS, SpanishCase

_FOLDER = Path(__file__).parent / "templates" / "es"
#: Kinds of document, which are names of the grammar, with their weight.
KINDS = {
    "urgencias": 10,
    "alta": 10,
    "evolucion": 10,
    "consulta": 9,
    "enfermeria": 9,
    "radiologia": 6,
    "carta": 6,
    "sms": 12,
    "teleconsulta": 6,
    "derivacion": 4,
    "ficha": 10,
    "frase": 24,
    "nada": 18,
    "largo": 6,
}
_DRAW = tuple(kind for kind, weight in KINDS.items() for _ in range(weight))


@lru_cache(maxsize=1)
def grammar() -> Grammar:
    """The grammar of all files of the folder."""
    return load_folder(_FOLDER, SLOTS)


def note(rng: Random, kind: str | None = None) -> Example:
    """One note of a kind, of any kind where none is given."""
    case = SpanishCase(rng)
    pieces: list[Piece] = grammar().expand(kind or pick(rng, _DRAW), rng, case.fill)
    if chance(rng, 0.12):
        pieces = [(without_accents(text), label) for text, label in pieces]
    return joined(noisy(rng, pieces, 0.7), SPANISH_LABELS)
