"""Made-up notes of clinics, banks and offices with the exact place and kind of every personal identifier in them."""

from __future__ import annotations

from random import Random

from benchmarks.deid.notes.note import LabelledSpan, Note
from benchmarks.deid.notes.people import names
from benchmarks.deid.notes.surface import dress
from benchmarks.deid.notes.template import templates

__all__ = ["LabelledSpan", "Note", "names", "notes"]

_IDENTIFIERS = range(20, 41)
_WORDS = range(200, 401)


def notes(count: int, seed: int) -> list[Note]:
    """``count`` notes, the same for the same seed; the kinds of document take turns in an order drawn by chance."""
    random = Random(seed)
    made: list[Note] = []
    turn: list[str] = []
    while len(made) < count:
        turn = turn or random.sample(sorted(templates()), len(templates()))
        made.append(_note(turn.pop(), random))
    return made


def _note(kind: str, random: Random) -> Note:
    """One variant of the kind, written anew until neither too thin nor too long."""
    template = random.choice(templates()[kind])
    while True:
        note = dress(template.pieces(random), kind, random)
        if len(note.spans) in _IDENTIFIERS and len(note.text.split()) in _WORDS:
            return note
