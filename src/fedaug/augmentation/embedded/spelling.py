"""Words in lower case, parted by blanks, as people write them: marks where they belong, and capitals.

The embedded model's tokens know neither case nor blanks around marks. Both are put back by rule, the same everywhere.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files as package_files
from typing import Final

_QUOTED: Final = re.compile(r'" ?([^"]*?) ?"')
#: What is joined, one rule after the other: a pattern, and what it becomes.
_JOINS: Final[tuple[tuple[re.Pattern[str], str], ...]] = tuple(
    (re.compile(pattern), becomes)
    for pattern, becomes in (
        (r"(?<=\w) ' (s|t|m|d|re|ve|ll)\b", r"'\1"),  # "don ' t"
        (r"(?<=s) ' (?=[a-z])", "' "),  # "parents ' house"
        (r"(?<=\d) ([.:]) (?=\d)", r"\1"),  # "12 . 50", "9 : 30"
        (r"(?<=\d) , (?=\d{3}\b)", ","),  # "1 , 000"
        (r"(?<=[\w)]) ([-/]) (?=[\w(])", r"\1"),  # "x - ray", "and / or"
        (r"([$£€#]) (?=\d)", r"\1"),
        (r" (%)", r"\1"),
        (r"\b([a-z]) \. ([a-z]) \.", r"\1.\2."),  # "e . g ."
        (r" ([.,;:!?)\]])", r"\1"),
        (r"([(\[]) ", r"\1"),
        (r"([.!?])(?: ?\1)+", r"\1"),
    )
)
_START: Final = re.compile(r"(?:^|(?<=[.!?] )|(?<=[.!?]\" ))([\"'(]*)([a-z])")
_ABBREVIATED: Final = re.compile(r"\b(?:e\.g|i\.e|vs|approx|etc)\. $")
_WORD: Final = re.compile(r"[a-z]+")


def readable(text: str) -> str:
    """A decoded text with its marks joined and its capitals put back."""
    return recase(detokenise(text))


def detokenise(text: str) -> str:
    """Joins marks to the words that they belong to."""
    joined = " ".join(text.split())
    joined = _QUOTED.sub(r'"\1"', joined)
    for pattern, becomes in _JOINS:
        joined = pattern.sub(becomes, joined)
    return joined


def recase(text: str) -> str:
    """A capital for a sentence's first word, for "I", and for words that are hardly ever written without."""
    spelt = _WORD.sub(_spell(text), text)
    return _START.sub(lambda found: _capital(spelt, found), spelt)


def _capital(text: str, found: re.Match[str]) -> str:
    if _ABBREVIATED.search(text[: found.start()].lower()):
        return found[0]
    return found[1] + found[2].upper()


def _spell(text: str) -> Callable[[re.Match[str]], str]:
    words, months = _spellings(), _months()

    def spell(found: re.Match[str]) -> str:
        word = found[0]
        if word in months and not _is_month(text, found):
            return word
        return words.get(word, word)

    return spell


_BEFORE_MONTH: Final = re.compile(r"\b(?:in|since|until|by|last|next|of|early|late|\d{1,2}(?:st|nd|rd|th)?) $")
_AFTER_MONTH: Final = re.compile(r"^ \d")


def _is_month(text: str, found: re.Match[str]) -> bool:
    """Whether "may" or "march" is the month: a number follows, or a word before it says so."""
    return bool(_BEFORE_MONTH.search(text[: found.start()]) or _AFTER_MONTH.search(text[found.end() :]))


@cache
def _book() -> Mapping[str, list[str]]:
    book = package_files("fedaug.augmentation.embedded").joinpath("spellings.toml").read_text("utf-8")
    return tomllib.loads(book)


@cache
def _months() -> frozenset[str]:
    return frozenset(_book()["months_and_words"])


@cache
def _spellings() -> Mapping[str, str]:
    """Each word of the book in lower case, and as it is written."""
    written = {word.lower(): word for word in _book()["capitals"]}
    names = (*_book()["names"], *_book()["months_and_words"])
    return written | {word.lower(): word.capitalize() for word in names}
