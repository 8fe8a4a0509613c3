"""The shape of a text: letters as ``a``, digits as ``0``, the rest as it is; and the shapes that a pattern asks for.

Whether "two letters, two digits" stands somewhere is a search for ``aa00`` in the shape: a fiftieth of the time of a
pattern. Only patterns with few and short shapes are read so.

    >>> shape("Ref. AB-12")
    'aaa. aa-00'
    >>> sorted(shapes(r"[a-z]-?\\d{2}"))
    ['a-00', 'a00']
    >>> shapes(r"\\b\\d") is None
    True
"""

from __future__ import annotations

import re
from itertools import product
from typing import Final

_MOST_SHAPES: Final = 36
_LETTER: Final = "a"
_DIGIT: Final = "0"
#: One piece of a pattern: a class of letters, of digits, of both, of a few other characters, or one such character.
_PIECE: Final = re.compile(
    r"(?:(?P<letters>\[a-z\])|(?P<digits>\\d)|(?P<both>\[(?:a-z\\d|0-9a-f|a-z0-9|a-z9)\])|\[(?P<others>[^\w\\\]^]{1,6})\]"
    r"|\\(?P<escaped>[.#+(])|(?P<one>[ :,/-]))(?:(?P<optional>\?)|\{(?P<least>\d)(?:,(?P<most>\d))?\})?"
)


class _Table(dict[int, str]):
    """The shape of each character, found out once: all decimal digits, and all letters that ignore case to a to z."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        if character.isdecimal():
            found = _DIGIT
        else:
            folded = character.casefold()
            found = _LETTER if len(folded) == 1 and "a" <= folded <= "z" else character
        self[code] = found
        return found


_TABLE = _Table()


def shape(text: str) -> str:
    """A text of the same length in which letters of the alphabet and digits are alike."""
    return text.translate(_TABLE)


def shapes(pattern: str) -> frozenset[str] | None:
    """Strings of which one occurs in the shape of every text that holds a pattern; None where they cannot be told."""
    found: set[str] = set()
    for alternative in pattern.split("|"):
        if (strings := _of_sequence(alternative)) is None:
            return None
        found |= strings
    return frozenset(found) if len(found) <= _MOST_SHAPES else None


def _of_sequence(pattern: str) -> set[str] | None:
    at, choices, count = 0, [], 1
    while at < len(pattern):
        piece = _PIECE.match(pattern, at)
        if piece is None:
            return None
        choices.append(_of_piece(piece))
        count *= len(choices[-1])
        if count > 4 * _MOST_SHAPES:
            return None
        at = piece.end()
    return {"".join(parts) for parts in product(*choices)}


def _of_piece(piece: re.Match[str]) -> list[str]:
    if piece["letters"]:
        characters = [_LETTER]
    elif piece["digits"]:
        characters = [_DIGIT]
    elif piece["both"]:
        characters = [_LETTER, _DIGIT]
    else:
        characters = list(piece["others"] or piece["escaped"] or piece["one"])
    if piece["optional"]:
        return ["", *characters]
    least = int(piece["least"] or 1)
    return [
        "".join(parts)
        for size in range(least, int(piece["most"] or least) + 1)
        for parts in product(characters, repeat=size)
    ]
