"""Ordinary words of a language: what tells "Will will mark the page" apart from a name.

The English list is made by ``tools/ordinary_words.py``: words that stand in lower case often in openly licensed prose
and medical answers. It holds words that are names as well ("mark", "rose", "graves"), on purpose. The short list beside
it holds abbreviations of clinical notes.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def listed(name: str) -> frozenset[str]:
    """The lines of a word list that ships here, in lower case; empty where there is none of that name."""
    path = files(__package__) / "words" / f"{name}.txt"
    return frozenset(path.read_text(encoding="utf-8").splitlines()) if path.is_file() else frozenset()


@cache
def ordinary_words(language: str = "en") -> frozenset[str]:
    """The list of a language, in lower case; empty for a language that has none.

    Args:
        language: A two-letter code.
    """
    return listed(language) | listed(f"{language}_clinical")


def is_ordinary(word: str, language: str = "en") -> bool:
    """Whether a word stands in ordinary text, be it a name as well."""
    return word.lower() in ordinary_words(language)
