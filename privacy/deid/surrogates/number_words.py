"""Whole numbers in words, 0 to 129, in English and Spanish."""

from __future__ import annotations

import re
from typing import Final

from fedaug.privacy.deid.surrogates.words import plain

_WORDS: Final = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen",
    "cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciseis diecisiete "
    "dieciocho diecinueve",
)
_TENS: Final = (
    "twenty thirty forty fifty sixty seventy eighty ninety hundred",
    "veinte treinta cuarenta cincuenta sesenta setenta ochenta noventa cien",
)
_VALUES: Final[dict[str, int]] = {
    **{word: value for words in _WORDS for value, word in enumerate(words.split())},
    **{word: 10 * value for words in _TENS for value, word in enumerate(words.split(), 2)},
    **{f"veinti{word}": 20 + value for value, word in enumerate(_WORDS[1].split()[:10]) if value},
    "un": 1,
    "una": 1,
    "ciento": 100,
    "veintiun": 21,
}
_JOINERS: Final = frozenset(("and", "y", "a"))
_ANY: Final = "|".join(
    sorted({*_VALUES, "dieciséis", "veintidós", "veintitrés", "veintiséis", "veintiún"}, key=len, reverse=True)
)

#: One or several number words in a row; a single "un", "una", "one" or "a" is no age.
SPOKEN: Final = re.compile(rf"\b(?:a\s+)?(?:{_ANY})(?:(?:[\s-]+(?:and|y))?[\s-]+(?:{_ANY}))*\b", re.IGNORECASE)


def spoken_number(words: str) -> int | None:
    """The number, or None if the words do not add up to one from 0 to 129."""
    parts = [part for part in re.split(r"[\s-]+", plain(words)) if part and part not in _JOINERS]
    values = [_VALUES.get(part) for part in parts]
    if not values or None in values:
        return None
    total = 0
    for value in values:
        assert value is not None
        total = total * 100 if value == 100 and 0 < total < 10 else total + value
    return total if total < 130 else None
