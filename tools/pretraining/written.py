"""Texts that were written for this project, as patterns: ``texts/*.txt`` say how to read them.

A class of texts has several names, any of which may be its label, so that no single wording of a label is learnt.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

from tools.pretraining.piece import Piece

_FOLDER = Path(__file__).parent / "texts"
_INNERMOST = re.compile(r"\{([^{}]*)\}")
_EACH = 60  # texts of a pattern, at most
_SEED = 13
_TIDY = (
    (re.compile(r"\ba (?=(?:[aeio]|8\d?|11|18)\b|[aeio](?!ne\b))", re.IGNORECASE), "an "),
    (re.compile(r"\ban (?=[bcdfghjklmnpqrstvwxyz1-79])", re.IGNORECASE), "a "),
    (re.compile(r"\s+([.,;?!])"), r"\1"),
    (re.compile(r"([.?!])[.?!,]+"), r"\1"),
    (re.compile(r",\."), "."),
)
_UNMARKED = 0.2  # of queries end without a mark, as people type them


@dataclass(frozen=True)
class TextClass:
    """Patterns of one class.

    Attributes:
        names: Of the class.
        patterns: Of its texts.
    """

    names: tuple[str, ...]
    patterns: tuple[str, ...]


@dataclass(frozen=True)
class Book:
    """A file of patterns.

    Attributes:
        lists: What ``@name`` may be.
        classes: In the order of the file.
    """

    lists: Mapping[str, tuple[str, ...]]
    classes: tuple[TextClass, ...]


def read(name: str, domain: str, kind: str) -> Callable[[Path, bool], Iterator[Piece]]:
    """A reader of one file; none of its texts is held out, for its patterns are known."""

    def texts(_data: Path, held_out: bool) -> Iterator[Piece]:
        if held_out:
            return
        rng, own = Random(f"{name}/{_SEED}"), book(name)
        for each in own.classes:
            for pattern in each.patterns:
                for text in sorted({expand(pattern, own.lists, rng) for _ in range(_EACH)}):
                    bare = kind == "query" and rng.random() < _UNMARKED
                    yield Piece(text.rstrip(".?!") if bare else text, domain, kind, rng.choice(each.names))

    return texts


@cache
def book(name: str) -> Book:
    """The patterns of a file.

    Raises:
        ValueError: A line stands before any class.
    """
    lists: dict[str, tuple[str, ...]] = {}
    classes: list[tuple[tuple[str, ...], list[str]]] = []
    for line in (_FOLDER / f"{name}.txt").read_text("utf-8").splitlines():
        if line.startswith("@") and re.match(r"@\w+ = ", line):
            key, _, words = line[1:].partition(" = ")
            lists[key] = tuple(words.split("|"))
        elif line.startswith("= "):
            classes.append((tuple(line[2:].split(" / ")), []))
        elif line and not line.startswith("#"):
            if not classes:
                raise ValueError(f"a text of {name} stands before any class")
            classes[-1][1].append(line)
    return Book(lists, tuple(TextClass(names, tuple(patterns)) for names, patterns in classes))


def expand(pattern: str, lists: Mapping[str, tuple[str, ...]], rng: Random) -> str:
    """One text of a pattern."""
    text = pattern
    while found := _INNERMOST.search(text):
        text = text[: found.start()] + rng.choice(found[1].split("|")) + text[found.end() :]
    text = _list_of(lists).sub(lambda found: _word(found[1], lists, rng), text)
    text = " ".join(text.split())
    for wrong, right in _TIDY:
        text = wrong.sub(right, text)
    return text[:1].upper() + text[1:]


def _word(name: str, lists: Mapping[str, tuple[str, ...]], rng: Random) -> str:
    if name in lists:
        return rng.choice(lists[name])
    word = rng.choice(lists[name[0].lower() + name[1:]])
    return word[:1].upper() + word[1:]


def _list_of(lists: Mapping[str, tuple[str, ...]]) -> re.Pattern[str]:
    # The longest name first: "@helloI" is "@hello" and "I".
    names = sorted({*lists, *(name.capitalize() for name in lists)}, key=len, reverse=True)
    return re.compile("@(" + "|".join(map(re.escape, names)) + ")")
