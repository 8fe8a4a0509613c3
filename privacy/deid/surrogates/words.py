"""Words as they are compared, and the case that a surrogate takes from what it replaces."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

#: A run of letters, apostrophes within it included: O'Brien, d’Arc, Smith's.
WORD: Final = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_PIECE: Final = 3


def plain(word: str) -> str:
    """A word without accents and case: what "García", "GARCIA" and "garcia" have in common."""
    if word.isascii():
        return word.lower()
    decomposed = unicodedata.normalize("NFKD", word.replace("’", "'"))
    return "".join(character for character in decomposed if not unicodedata.combining(character)).casefold()


def with_case_of(word: str, original: str) -> str:
    """A word in capitals or small letters where the original is; else as it is."""
    letters = [character for character in original if character.isalpha()]
    if len(letters) > 1 and original.isupper():
        return word.upper()
    return word.lower() if original.islower() else word


def shares_a_piece(one: str, other: str) -> bool:
    """Whether three characters in a row of one stand in the other, or one is the other. Both plain."""
    if one == other:
        return True
    return any(one[start : start + _PIECE] in other for start in range(len(one) - _PIECE + 1))
