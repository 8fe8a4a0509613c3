"""Names of months and weekdays in English and Spanish, and how to write another one in the same style."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from fedaug.privacy.deid.surrogates.words import plain


def _styles(*lists: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(words.split()) for words in lists)


#: Styles by language: each a list of twelve months or seven weekdays (Monday first), the full names first.
MONTHS: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = MappingProxyType(
    {
        "en": _styles(
            "January February March April May June July August September October November December",
            "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
            "Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec",
        ),
        "es": _styles(
            "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
            "ene feb mar abr may jun jul ago sep oct nov dic",
            "ene feb mar abr may jun jul ago sept oct nov dic",
            "enero febrero marzo abril mayo junio julio agosto setiembre octubre noviembre diciembre",
        ),
    }
)
WEEKDAYS: Final[Mapping[str, tuple[tuple[str, ...], ...]]] = MappingProxyType(
    {
        "en": _styles(
            "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
            "Mon Tue Wed Thu Fri Sat Sun",
            "Mon Tues Weds Thurs Fri Sat Sun",
            "Mon Tue Wed Thur Fri Sat Sun",
        ),
        "es": _styles(
            "lunes martes miércoles jueves viernes sábado domingo",
            "lun mar mié jue vie sáb dom",
        ),
    }
)
ROMAN: Final = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")


def month_number(word: str, language: str) -> int:
    """1 to 12, for any word that :func:`alternatives` matches."""
    return _place(MONTHS, word, language)[2] + 1


def other_month(word: str, language: str, number: int) -> str:
    """Another month in the language, length and case of a word."""
    found, style, _ = _place(MONTHS, word, language)
    return _cased(MONTHS[found][style][number - 1], word)


def other_weekday(word: str, language: str, days: int) -> str:
    """The weekday that lies a number of days behind a word, in its language, length and case."""
    found, style, index = _place(WEEKDAYS, word, language)
    return _cased(WEEKDAYS[found][style][(index + days) % 7], word)


def alternatives(words: Mapping[str, tuple[tuple[str, ...], ...]], language: str) -> str:
    """A pattern for those of a language (English, if it is none of these), the longest first."""
    spelt = {word.lower() for style in words.get(language, words["en"]) for word in style}
    spelt |= {plain(word) for word in spelt}
    return "|".join(sorted(spelt, key=lambda word: (-len(word), word)))


def _place(words: Mapping[str, tuple[tuple[str, ...], ...]], word: str, language: str) -> tuple[str, int, int]:
    """Language, style and index of a word."""
    name = language if language in words else "en"
    wanted = plain(word)
    for style, spelt in enumerate(words[name]):
        for index, one in enumerate(spelt):
            if plain(one) == wanted:
                return name, style, index
    raise AssertionError("a pattern matched a word that is in no list")


def _cased(word: str, original: str) -> str:
    if original.isupper():
        return word.upper()
    return word.lower() if original.islower() else word[:1].upper() + word[1:]
