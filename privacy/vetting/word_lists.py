"""Lists of words that a site or campaign can edit, and where in a text they occur."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Final

from fedaug.errors import ConfigError
from fedaug.privacy.checked_toml import read_toml
from fedaug.privacy.deid.fold import fold
from fedaug.privacy.vetting.words import words

_MOST_ENTRIES: Final = 20_000
_MOST_WORDS: Final = 8  # of an entry

Lists = Mapping[str, tuple[str, ...]]


def read_lists(path: Path | str | None, shipped: str) -> Mapping[str, Any]:
    """The tables of a TOML file of lists: the one given, or the shipped one of that name.

    Raises:
        ConfigError: The file cannot be read.
    """
    if path is not None:
        return read_toml(Path(path), "the file of word lists")
    with as_file(files(__package__) / shipped) as own:
        return read_toml(own, shipped)


def checked_lists(table: object) -> Lists:
    """A table of lists of words or phrases.

    Raises:
        ConfigError: It is not one, it is empty, or an entry holds no word or too many. No entry is quoted.
    """
    if not isinstance(table, Mapping) or not table or not all(_is_list(entries) for entries in table.values()):
        raise ConfigError(
            "word lists are not lists of texts", "write NAME = ['word', 'a phrase'] as in the shipped file"
        )
    if sum(map(len, table.values())) > _MOST_ENTRIES:
        raise ConfigError(f"word lists have over {_MOST_ENTRIES:,} entries", "shorten them")
    if any(not 1 <= len(read_words(entry)) <= _MOST_WORDS for entries in table.values() for entry in entries):
        raise ConfigError(f"an entry of a word list has no word, or over {_MOST_WORDS}", "correct it")
    return {str(name): tuple(entries) for name, entries in table.items()}


def read_words(text: str) -> tuple[str, ...]:
    """A text's words without disguises: invisible characters, look-alike letters and digits of other scripts undone."""
    return words(fold(text).text)


class Finder:
    """Says which of several lists a text has an entry of."""

    def __init__(self, lists: Lists) -> None:
        self._names: dict[tuple[str, ...], set[str]] = {}
        for name, entries in lists.items():
            for entry in entries:
                self._names.setdefault(read_words(entry), set()).add(name)
        self._longest = max(map(len, self._names), default=0)
        self._first = {entry[0] for entry in self._names}

    def found(self, text: str) -> frozenset[str]:
        """Names of the lists of which at least one entry stands in the text as whole words."""
        return frozenset(name for run in self._runs(read_words(text)) for name in self._names.get(run, ()))

    def _runs(self, own: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        for start, word in enumerate(own):
            if word in self._first:
                yield from (own[start : start + size] for size in range(1, self._longest + 1))


def _is_list(entries: object) -> bool:
    return (
        isinstance(entries, Iterable)
        and not isinstance(entries, str | Mapping)
        and all(isinstance(entry, str) for entry in entries)
    )
