"""Made-up notes of clinics, banks and offices with the exact place and kind of every personal identifier in them."""

from __future__ import annotations

from random import Random

from benchmarks.deid.notes import people
from benchmarks.deid.notes.fresh_values import FRESH
from benchmarks.deid.notes.note import LabelledSpan, Note
from benchmarks.deid.notes.surface import dress
from benchmarks.deid.notes.template import Template, templates

__all__ = ["LabelledSpan", "Note", "names", "notes"]

_IDENTIFIERS = range(20, 41)
_WORDS = range(200, 401)


def notes(count: int, seed: int, fresh: bool = False) -> list[Note]:
    """``count`` notes, the same for the same seed; the kinds of document take turns in an order drawn by chance.

    ``fresh`` notes are of other kinds, with other people and places: a second set, kept apart from the first.
    """
    random = Random(seed)
    kinds = templates(fresh)
    made: list[Note] = []
    turn: list[str] = []
    while len(made) < count:
        turn = turn or random.sample(sorted(kinds), len(kinds))
        kind = turn.pop()
        made.append(_note(kind, kinds[kind], random))
    return made


def names(fresh: bool = False) -> frozenset[str]:
    """Every first-name, nickname and surname token that the notes, or the ``fresh`` ones, may use, lower-cased."""
    return people.names(FRESH.communities, FRESH.nicknames) if fresh else people.names()


def _note(kind: str, variants: tuple[Template, ...], random: Random) -> Note:
    """One variant of the kind, written anew until neither too thin nor too long."""
    template = random.choice(variants)
    while True:
        note = dress(template.pieces(random), kind, random)
        if len(note.spans) in _IDENTIFIERS and len(note.text.split()) in _WORDS:
            return note
