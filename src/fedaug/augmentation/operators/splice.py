"""Crossover: the beginning of one parent and the end of another."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from fedaug.augmentation.candidates import Candidate, Dependence
from fedaug.augmentation.operators import OperatorKind
from fedaug.augmentation.operators.children import Draft, collect, common_label, require_parents

_JOINING = "but|because|so|since|although"
_CLAUSE = re.compile(rf"(?<=[.;!?])\s+|\s+(?=(?:{_JOINING})\s)")
_WORD = re.compile(r"[\w'-]+")
_MOST_GROWTH = 1.5
"""A child is at most this many times as long as the longer parent, or clauses would pile up from round to round."""

_LEAST_SHARE = 0.6
"""A child has at least this share of the shorter parent's words: a crossover that drops most of both says nothing."""


class Splice:
    """Crossover of two parents of one label, at a clause boundary or at words that both have.

    Instance crossover (Luque 2019, "Atalaya at TASS 2019": halves of two texts of one class make a new one of that
    class), with boundaries chosen so that the halves fit: a cut at a clause, or at two words that both parents have.
    """

    name = "splice"
    kind = OperatorKind.REFORM
    reads = Dependence.PUBLIC
    across_labels = False

    def apply(self, parents: Sequence[Candidate], count: int, seed: int) -> list[Candidate]:
        """At most ``count`` crossovers; none of fewer than two parents."""
        require_parents(parents)
        rng = random.Random(f"{self.name}/{seed}")
        groups = _mates(parents)
        drafts = _crossovers(groups, rng) if groups else ()
        return collect(drafts, parents, count, origin=self.name, reads=self.reads)


def _crossovers(groups: list[list[Candidate]], rng: random.Random) -> Iterator[Draft | None]:
    while True:
        first, second = rng.sample(rng.choice(groups), 2)
        cross = rng.choice((_at_shared_words, _at_clause))
        text = cross(first.text, second.text, rng)
        fits = text is not None and _fits(text, first.text, second.text)
        yield Draft(text, (first, second), common_label((first, second))) if text is not None and fits else None


def _mates(parents: Sequence[Candidate]) -> list[list[Candidate]]:
    """The parents by label, labels with two different ones only."""
    by_label: dict[str | None, dict[str, Candidate]] = {}
    for parent in parents:
        by_label.setdefault(parent.label, {}).setdefault(parent.text, parent)
    return [list(group.values()) for group in by_label.values() if len(group) > 1]


def _fits(text: str, first: str, second: str) -> bool:
    shortest = min(len(first.split()), len(second.split()))
    longest = max(len(first), len(second))
    return len(text.split()) >= _LEAST_SHARE * shortest and len(text) <= _MOST_GROWTH * longest


def _at_clause(first: str, second: str, rng: random.Random) -> str | None:
    """Some clauses from the beginning of one and some from the end of the other."""
    head, tail = _CLAUSE.split(first), _CLAUSE.split(second)
    if len(head) < 2 and len(tail) < 2:
        return None
    # A parent of one clause gives all of it, one of several gives a part.
    kept = rng.randint(1, max(1, len(head) - 1))
    left = rng.randint(min(1, len(tail) - 1), len(tail) - 1)
    beginning = " ".join(head[:kept])
    if beginning[-1].isalnum() and not re.match(rf"(?:{_JOINING})\s", tail[left]):
        beginning += "."
    return f"{beginning} {' '.join(tail[left:])}"


def _at_shared_words(first: str, second: str, rng: random.Random) -> str | None:
    """The first text up to two neighbouring words that both have, the second from there on."""
    ends = dict(_pairs(first))
    meets = [(pair, end) for pair, end in _pairs(second) if pair in ends]
    if not meets:
        return None
    pair, end = rng.choice(meets)
    return first[: ends[pair]] + second[end:]


def _pairs(text: str) -> Iterator[tuple[tuple[str, str], int]]:
    """Each two neighbouring words and where the second ends."""
    words = list(_WORD.finditer(text))
    for one, two in pairwise(words):
        yield (one.group().casefold(), two.group().casefold()), two.end()
