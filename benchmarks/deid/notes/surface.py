"""How a finished note looks on the page: capitals, haste, hard line breaks. Labels move with their pieces."""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random

from benchmarks.deid.notes.note import LabelledSpan, Note, Piece

_WIDTH = 76  # columns of a terminal that breaks lines itself
_FIXED_CASE = frozenset({"EMAIL_ADDRESS", "URL", "IP_ADDRESS"})


def dress(pieces: Sequence[Piece], kind: str, random: Random) -> Note:
    """One note from its pieces, in a style drawn by chance: most are tidy, some shouted, some careless."""
    style = random.choices(("tidy", "capitals", "small", "hasty", "bare"), weights=(74, 7, 5, 8, 6))[0]
    if style == "capitals":
        pieces = [piece if piece.type in _FIXED_CASE else Piece(piece.text.upper(), piece.type) for piece in pieces]
    elif style == "small":
        pieces = [Piece(piece.text.lower(), piece.type) for piece in pieces]
    elif style == "hasty":
        pieces = [piece if piece.type else Piece(_mistype(piece.text, random)) for piece in pieces]
    elif style == "bare":
        pieces = [piece if piece.type else Piece(_unpunctuated(piece.text)) for piece in pieces]
    note = _join(pieces, kind)
    return _wrapped(note) if random.random() < 0.15 else note


def _join(pieces: Sequence[Piece], kind: str) -> Note:
    text, spans = "", []
    for piece in pieces:
        if piece.type:
            spans.append(LabelledSpan(len(text), len(text) + len(piece.text), piece.type))
        text += piece.text
    return Note(text, tuple(spans), kind)


def _mistype(text: str, random: Random) -> str:
    """Two letters of a long word change places now and then, and capitals at the start of sentences get lost."""

    def swap(match: re.Match[str]) -> str:
        word = match[0]
        if random.random() > 0.05:
            return word
        at = random.randrange(1, len(word) - 2)
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]

    return re.sub(r"[a-z]{6,}", swap, re.sub(r"(?<=\. )[A-Z](?=[a-z])", lambda match: match[0].lower(), text))


def _unpunctuated(text: str) -> str:
    """Commas go, and so do full stops at the end of a sentence; times and decimals keep theirs."""
    return re.sub(r",(?= )|\.(?=\s+[A-Z]|\n)", "", text)


def _wrapped(note: Note) -> Note:
    """Long lines broken at spaces; each break takes the place of one space, so no offset moves."""
    chars, line_start, last_space = list(note.text), 0, -1
    for place, char in enumerate(chars):
        if char == "\n":
            line_start, last_space = place + 1, -1
        elif char == " ":
            last_space = place
        if place - line_start >= _WIDTH and last_space > line_start:
            chars[last_space] = "\n"
            line_start, last_space = last_space + 1, -1
    return Note("".join(chars), note.spans, note.kind)
