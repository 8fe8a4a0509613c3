"""The little language of the texts: alternatives, sentences from a pool, and fields.

``[a~b~c]`` is one of a, b, c (any may be empty; they nest). ``{@pool}`` is a line of ``pools/pool.txt`` not used yet in
this note, ``{@pool*3}`` three of them with spaces between, ``{@pool/3}`` three on lines of their own. ``{field}`` is
filled by the case.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from random import Random

from benchmarks.deid.notes.case import Case, identifies
from benchmarks.deid.notes.fresh_values import FRESH
from benchmarks.deid.notes.note import Piece
from benchmarks.deid.notes.places import FIRST

_HERE = Path(__file__).parent
_INNERMOST = re.compile(r"\[([^\[\]]*)\]")
_POOL = re.compile(r"\{@(\w+)(?:([*/])(\d))?\}")
_FIELD = re.compile(r"\{([^{}]+)\}")
_ABBREVIATED = "Dr. Mr. Mrs. Ms. Det. det. Ofc. Rev. Fr. no. No. lic. acc. ref. tel. ext. cat. id. att. attn."
_SENTENCE_END = re.compile(
    "".join(f"(?<!{re.escape(word)})" for word in _ABBREVIATED.split()) + r"(?<!\W\d[.])(?<=[.?!])[ \t]+(?=[A-Z{#-])"
)
_OPENING_LINES = 3  # of a note, which say whom it is about


class Template:
    """One hand-written variant of a kind of document; ``flags`` are words such as uk and child."""

    def __init__(self, kind: str, flags: frozenset[str], text: str, fresh: bool = False) -> None:
        self.kind, self.flags, self.text, self.fresh = kind, flags, text, fresh

    def pieces(self, random: Random) -> list[Piece]:
        """The template with every choice made and every field filled."""
        text = _chosen(self.text, random)
        used: set[str] = set()
        while match := _POOL.search(text):
            lines = _drawn(pools(self.fresh)[match[1]], int(match[3] or 1), used, random)
            filled = ("\n" if match[2] == "/" else " ").join(_chosen(line, random) for line in lines)
            text = text[: match.start()] + filled + text[match.end() :]
        text = _thinned(text, round(random.triangular(20, 40, 31)), random)
        uk, child, mother = (flag in self.flags for flag in ("uk", "child", "mother"))
        case = Case(random, uk=uk, child=child, mother=mother, values=FRESH if self.fresh else FIRST)
        pieces: list[Piece] = []
        for place, part in enumerate(_FIELD.split(re.sub(r"[ \t]+(?=\n)|\n+\Z", "", text))):
            if part:
                pieces.append(_capitalised(pieces, case.fill(part)) if place % 2 else Piece(part))
        return pieces


def _chosen(text: str, random: Random) -> str:
    """Alternatives resolved from the inside out; a line left empty by one goes, and so does a doubled space."""
    had_choice = "[" in text
    while match := _INNERMOST.search(text):
        text = text[: match.start()] + random.choice(match[1].split("~")) + text[match.end() :]
    return re.sub(r"(?<=\S)  +(?=\S)", " ", re.sub(r"\n{3,}", "\n\n", text)) if had_choice else text


def _thinned(text: str, most: int, random: Random) -> str:
    """The text without some of its sentences and lines, so that at most ``most`` identifiers stay.

    Every note of a template is thus another selection; the sentences fullest of identifiers go soonest.
    """
    lines = [_SENTENCE_END.split(line) for line in text.split("\n")]
    weights: dict[tuple[int, int], tuple[float, int]] = {}
    for row, sentences in enumerate(lines):
        for column, sentence in enumerate(sentences):
            held = sum(identifies(field) for field in _FIELD.findall(sentence))
            if held and row >= _OPENING_LINES and not sentence.startswith("Dear"):
                weights[row, column] = (random.random() * (held / len(sentence.split())) ** 0.5, held)
    total = sum(identifies(field) for field in _FIELD.findall(text))
    for place, (_, held) in sorted(weights.items(), key=lambda item: -item[1][0]):
        if total > most:
            lines[place[0]][place[1]] = ""
            total -= held
    kept = [" ".join(filter(None, sentences)) for sentences in lines if any(sentences) or sentences == [""]]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept))


def _drawn(pool: tuple[str, ...], count: int, used: set[str], random: Random) -> list[str]:
    lines = random.sample([line for line in pool if line not in used], count)
    used.update(lines)
    return lines


def _capitalised(before: list[Piece], piece: Piece) -> Piece:
    """A filled word that is no identifier starts with a capital where a sentence starts."""
    starts = not before or bool(re.search(r"(?:[.?!]\s+|\n)\Z", before[-1].text))
    return Piece(piece.text[:1].upper() + piece.text[1:]) if starts and piece.type is None else piece


@cache
def pools(fresh: bool = False) -> Mapping[str, tuple[str, ...]]:
    """The sentences of every pool, by the pool's name; lines that start with ``//`` are remarks."""
    return {
        path.stem: tuple(
            line.replace("\\n", "\n")
            for line in path.read_text("utf-8").splitlines()
            if line and not line.startswith("//")
        )
        for path in sorted((_HERE / ("fresh_pools" if fresh else "pools")).glob("*.txt"))
    }


@cache
def templates(fresh: bool = False) -> Mapping[str, tuple[Template, ...]]:
    """Every variant by kind of document, which is the file's name; ``=== flags`` stands above each variant."""
    found: dict[str, tuple[Template, ...]] = {}
    for path in sorted((_HERE / ("fresh" if fresh else "texts")).glob("*.txt")):
        blocks = re.split(r"^===(.*)\n", path.read_text("utf-8"), flags=re.MULTILINE)[1:]
        variants = zip(blocks[0::2], blocks[1::2], strict=True)
        found[path.stem] = tuple(
            Template(path.stem, frozenset(flags.split()), text.strip(), fresh) for flags, text in variants
        )
    return found
