"""Which language a text is in, told by its function words and letters: no model, nothing downloaded.

    >>> detect("The patient was seen on Monday and sent home.", ("en", "es"))
    'en'
    >>> detect("Paciente de 70 años que acude por dolor en el costado.", ("en", "es"))
    'es'
    >>> detect("HTA, DM2.", ("en", "es")) is None
    True

Only asked where a site sets ``language = "auto"``. A pure function of the text and the languages to choose from.
"""

from __future__ import annotations

import functools
import importlib
import re
import string
import unicodedata
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fedaug.errors import ConfigError, MissingExtra

#: Languages that have rules.
LANGUAGES: Final = ("en", "es")
#: The setting that asks for the choice by the text.
AUTO: Final = "auto"

#: What people write in a column for a language: ISO 639-2, and its name in English and Spanish.
_NAMES: Final = {
    **dict.fromkeys(("eng", "english", "inglés", "ingles"), "en"),
    **dict.fromkeys(("spa", "spanish", "español", "espanol", "castellano"), "es"),
}
#: A code with a region, such as es-MX; only the code counts.
_CODE: Final = re.compile(r"([a-z]{2})(?:[-_][a-z0-9_-]*)?")

#: Enough to tell; the end of a long text is in the language of its beginning.
_READ_CHARS: Final = 20_000
#: Words that must speak for a language, and how many times more of them than for the next one.
_LEAST_WORDS: Final = 2
_MARGIN: Final = 2

#: Endings of longer words, for notes that are written in headings and lists; a language without them does without.
_ENDINGS: Final = {
    "en": ("ing", "tion", "tions", "ed", "ness", "ly", "ght", "ment", "ous", "ity"),
    "es": ("ción", "ciones", "dad", "mente", "ado", "ada", "iento", "ico", "ica", "ía", "encia"),
}
_LONG: Final = 5

_WORD: Final = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True)
class _Marks:
    """What a text of a language has, and texts of the other languages to choose from seldom have.

    Attributes:
        words: Function words.
        letters: Letters beyond a to z that occur in function words.
        endings: Of words of five letters or more.
    """

    words: frozenset[str]
    letters: frozenset[str]
    endings: tuple[str, ...]


def language_code(cell: str) -> str | None:
    """The two-letter code of a language as people write it: ``ES``, ``es-MX``, ``español``; None of an empty cell.

    What is none of those comes back in lower case, and is no language that anything reads.
    """
    name = unicodedata.normalize("NFC", cell).strip().casefold()
    if match := _CODE.fullmatch(name):
        return match[1]
    return _NAMES.get(name, name) or None


def detect(text: str, supported: Sequence[str] = LANGUAGES) -> str | None:
    """The language of a text, if its words leave no doubt.

    Args:
        text: Any text; the first 20,000 characters count.
        supported: Two-letter codes to choose from. With a single one, whatever has two of its words is in it.

    Returns:
        A code, or None for a text that is too short, in another language, or mixed.

    Raises:
        ConfigError: No list of function words is known for a language.
        MissingExtra: The extra ``client``, which brings the lists, is not installed.
    """
    words = _WORD.findall(text[:_READ_CHARS])
    marks = _marks(tuple(sorted(set(supported))))
    counts = sorted(((_count(words, marks[code]), code) for code in marks), reverse=True)
    if not counts or counts[0][0] < _LEAST_WORDS:
        return None
    (most, best), second = counts[0], counts[1][0] if len(counts) > 1 else 0
    return best if most >= _MARGIN * second else None


def _count(words: list[str], marks: _Marks) -> int:
    return sum(word.lower() in marks.words or _looks_like(word, marks) for word in words)


def _looks_like(word: str, marks: _Marks) -> bool:
    """Whether a word's letters or ending are of the language; names do not say which language they stand in."""
    if word.istitle():
        return False
    small = word.lower()
    return not marks.letters.isdisjoint(small) or (len(small) >= _LONG and small.endswith(marks.endings))


@functools.cache
def _marks(codes: tuple[str, ...]) -> dict[str, _Marks]:
    words = {code: function_words(code) for code in codes}
    letters = {
        code: frozenset(filter(str.isalpha, "".join(words[code]))) - frozenset(string.ascii_lowercase) for code in codes
    }
    endings = {code: frozenset(_ENDINGS.get(code, ())) for code in codes}
    return {
        code: _Marks(_only(words, code), _only(letters, code), tuple(sorted(_only(endings, code)))) for code in codes
    }


def _only(sets: dict[str, frozenset[str]], code: str) -> frozenset[str]:
    """What is in the set of one language and in no other."""
    others = [sets[other] for other in sets if other != code]
    return sets[code].difference(*others)


def function_words(code: str) -> frozenset[str]:
    """spaCy's stop words of a language, in lower case.

    They come with the library: no model is loaded.

    Raises:
        ConfigError: spaCy has none for the language.
        MissingExtra: The extra ``client`` is not installed.
    """
    try:
        with warnings.catch_warnings():
            # spaCy reaches for deprecated names of click; nobody who runs fedaug can act on that.
            warnings.simplefilter("ignore", DeprecationWarning)
            importlib.import_module("spacy")
    except ImportError:
        raise MissingExtra("spaCy, which knows the function words, is not installed", _INSTALL) from None
    try:
        module = importlib.import_module(f"spacy.lang.{code}.stop_words")
    except ImportError:
        raise ConfigError("no function words are known for a language", "name the language, not auto") from None
    return frozenset(word.lower() for word in module.STOP_WORDS)


_INSTALL: Final = "run: pip install 'fedaug[client]'"
