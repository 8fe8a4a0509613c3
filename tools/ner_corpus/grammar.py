"""A small template grammar: productions in text files, compiled once, expanded with a seed.

A file holds blocks. A line ``@name`` opens the productions of a name, one a line; ``#`` opens a comment. In one

- ``{name}`` is another name of the grammar or else a slot that the filler knows (``{patient}``),
- ``{name*2-5:n}`` is two to five different productions of a name, joined by the separator ``n`` (see `SEPARATORS`),
- ``[a|b|]`` is one of the alternatives, which may be empty and nest,
- ``{#5-40}`` and ``{#.5-9.9}`` are numbers, ``\\n`` and ``\\t`` white space, and ``\\`` before a sign copies it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tools.ner_corpus.draw import between, pick
from tools.ner_corpus.example import Piece

SEPARATORS = {
    "": " ",
    "n": "\n",
    "p": "\n\n",
    "c": ", ",
    "s": "; ",
    "d": "\n- ",
    "o": "\n* ",
    "t": "\t",
    "b": " | ",
    "e": ". ",
    "x": "",
}
_REPEATED = re.compile(r"(?P<name>[\w.]+)\*(?P<low>\d+)-(?P<high>\d+)(?::(?P<separator>\w))?")
_NUMBER = re.compile(r"#(?P<low>\d*\.?\d+)-(?P<high>\d*\.?\d+)")


@dataclass(frozen=True)
class _Slot:
    name: str


@dataclass(frozen=True)
class _Repeated:
    name: str
    low: int
    high: int
    separator: str


@dataclass(frozen=True)
class _Number:
    low: float
    high: float
    places: int


@dataclass(frozen=True)
class _Choice:
    options: tuple[_Production, ...]


_Node = str | _Slot | _Repeated | _Number | _Choice
_Production = tuple[_Node, ...]


class Grammar:
    """Productions by name."""

    def __init__(self, blocks: dict[str, list[str]]) -> None:
        self._productions = {name: tuple(_compiled(line) for line in lines) for name, lines in blocks.items()}

    def __contains__(self, name: str) -> bool:
        return name in self._productions

    def names(self) -> frozenset[str]:
        """What has productions."""
        return frozenset(self._productions)

    def slots(self) -> frozenset[str]:
        """Names that are used and have no productions: a filler must know them."""
        found = {slot for productions in self._productions.values() for each in productions for slot in _slots(each)}
        return frozenset(found - self._productions.keys())

    def expand(self, name: str, rng: Random, fill: Callable[[str], list[Piece]]) -> list[Piece]:
        """Pieces of one production of a name, with what `fill` gives for each slot."""
        out: list[Piece] = []
        self._expand(pick(rng, self._productions[name]), rng, fill, out)
        return out

    def _expand(self, nodes: _Production, rng: Random, fill: Callable[[str], list[Piece]], out: list[Piece]) -> None:
        for node in nodes:
            if isinstance(node, str):
                out.append((node, None))
            elif isinstance(node, _Slot):
                productions = self._productions.get(node.name)
                if productions is None:
                    out.extend(fill(node.name))
                else:
                    self._expand(pick(rng, productions), rng, fill, out)
            elif isinstance(node, _Choice):
                self._expand(pick(rng, node.options), rng, fill, out)
            elif isinstance(node, _Repeated):
                self._repeat(node, rng, fill, out)
            else:
                out.append((f"{rng.uniform(node.low, node.high):.{node.places}f}", None))

    def _repeat(self, node: _Repeated, rng: Random, fill: Callable[[str], list[Piece]], out: list[Piece]) -> None:
        productions = self._productions[node.name]
        count = min(between(rng, node.low, node.high), len(productions))
        for index, production in enumerate(rng.sample(productions, count)):
            # A bullet stands before the first of a list too.
            separator = node.separator if index else node.separator.strip("\n,;. \t|") and node.separator.lstrip("\n")
            if separator:
                out.append((separator, None))
            self._expand(production, rng, fill, out)


def load(paths: Iterable[Path]) -> Grammar:
    """The grammar that files hold together; a name may have productions in several."""
    blocks: dict[str, list[str]] = {}
    for path in paths:
        current: list[str] | None = None
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if line.startswith("@"):
                current = blocks.setdefault(line[1:].strip(), [])
            elif line and not line.startswith("#"):
                if current is None:
                    raise ValueError(f"{path.name}:{number}: a production before the first name")
                current.append(line)
    return Grammar(blocks)


def load_folder(folder: Path, fillable: frozenset[str]) -> Grammar:
    """The grammar of all ``.txt`` files of a folder.

    Args:
        folder: Where the files lie.
        fillable: Names that the filler knows.

    Raises:
        ValueError: A production uses a name that neither the grammar nor the filler knows.
    """
    found = load(sorted(folder.glob("*.txt")))
    unknown = found.slots() - fillable
    if unknown:
        raise ValueError(f"no production and no slot: {', '.join(sorted(unknown))}")
    return found


def _slots(nodes: _Production) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, _Slot | _Repeated):
            yield node.name
        elif isinstance(node, _Choice):
            for option in node.options:
                yield from _slots(option)


def _compiled(line: str) -> _Production:
    nodes, position = _sequence(line, 0, top=True)
    if position != len(line):
        raise ValueError(f"unbalanced brackets: {line}")
    return nodes


def _sequence(line: str, position: int, *, top: bool) -> tuple[_Production, int]:
    nodes: list[_Node] = []
    text: list[str] = []

    def flush() -> None:
        if text:
            nodes.append("".join(text))
            text.clear()

    while position < len(line):
        sign = line[position]
        if sign == "\\" and position + 1 < len(line):
            text.append({"n": "\n", "t": "\t"}.get(line[position + 1], line[position + 1]))
            position += 2
        elif sign == "{":
            end = line.index("}", position)
            flush()
            nodes.append(_slot(line[position + 1 : end]))
            position = end + 1
        elif sign == "[":
            flush()
            choice, position = _choice(line, position + 1)
            nodes.append(choice)
        elif sign in "|]" and not top:
            break
        else:
            text.append(sign)
            position += 1
    flush()
    return tuple(nodes), position


def _choice(line: str, position: int) -> tuple[_Choice, int]:
    options: list[_Production] = []
    while True:
        nodes, position = _sequence(line, position, top=False)
        options.append(nodes)
        if position >= len(line):
            raise ValueError(f"unbalanced brackets: {line}")
        position += 1
        if line[position - 1] == "]":
            return _Choice(tuple(options)), position


def _slot(inside: str) -> _Node:
    number = _NUMBER.fullmatch(inside)
    if number:
        places = len(number["low"].partition(".")[2])
        return _Number(float(number["low"]), float(number["high"]), places)
    repeated = _REPEATED.fullmatch(inside)
    if repeated:
        separator = SEPARATORS[repeated["separator"] or ""]
        return _Repeated(repeated["name"], int(repeated["low"]), int(repeated["high"]), separator)
    return _Slot(inside)
