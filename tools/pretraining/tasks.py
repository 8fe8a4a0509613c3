"""What is asked about a piece: to write it, to fill a gap in it, or to rewrite another of its class."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from random import Random

from tools.pretraining.piece import Piece

from fedaug.augmentation.control import ControlPrefix, fill_prompt, length_of, rewrite_prompt

Asked = tuple[str, str]
"""A prompt, which may be empty, and the text that follows."""

_DROPPED = 0.15  # of each part of a prefix
_BARE = 0.08  # of whole prefixes
_OWN_LABEL = 0.55  # the source's label, where there is one; else telling words of the text
_WORD = re.compile(r"[a-z][a-z'-]{2,}")
_LONGEST_GAP = 12  # words


def telling_words(text: str, documents: Mapping[str, int], rng: Random) -> str:
    """One to three of the words that say most about a text (Spärck Jones 1972), in their order."""
    own = list(dict.fromkeys(_WORD.findall(text.lower())))
    most = max(documents.values(), default=1)

    def weight(word: str) -> float:
        # A word that hardly any text has is a name or a slip of the pen.
        number = documents.get(word, 0)
        return math.log(most / number) * rng.uniform(0.7, 1.0) if number else 0.0

    best = sorted(own, key=weight, reverse=True)[: rng.choice((1, 2, 2, 3))]
    return " ".join(word for word in own if word in best)


def write(piece: Piece, tokens: int, documents: Mapping[str, int], rng: Random) -> Asked:
    """The text after its control prefix, of which parts are left out at random."""
    if rng.random() < _BARE:
        return "", piece.text
    own = piece.label and rng.random() < _OWN_LABEL
    label = piece.label if own else telling_words(piece.text, documents, rng)
    keep = [rng.random() >= _DROPPED for _ in range(4)]
    prefix = ControlPrefix(
        piece.domain if keep[0] else "",
        label if keep[1] else "",
        length_of(tokens) if keep[2] else None,
        piece.kind if keep[3] else None,  # type: ignore[arg-type]  # pieces carry the same words
    )
    return str(prefix), piece.text


def fill(piece: Piece, rng: Random) -> Asked:
    """The words that were taken out of a text."""
    parts = piece.text.split(" ")
    size = min(rng.randint(1, _LONGEST_GAP), max(1, len(parts) * 2 // 3))
    first = rng.randint(0, len(parts) - size)
    prompt = fill_prompt(" ".join(parts[:first]), " ".join(parts[first + size :]))
    return prompt, " ".join(parts[first : first + size])


def after(asked: Asked, shown: Sequence[str]) -> Asked:
    """What is asked, with other texts of the class shown between prefix and text."""
    prompt, text = asked
    ended = (each if each.endswith((".", "?", "!")) else f"{each}." for each in shown)
    return " ".join([prompt, *ended]).strip(), text


def rewrite(piece: Piece, other: Piece) -> Asked:
    """A text of the same class as another."""
    return rewrite_prompt(other.text), piece.text
