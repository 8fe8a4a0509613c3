"""Sets of shingles of very many texts, and how much two of them have in common."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from fedaug.privacy.vetting.words import STEP, HashedTexts, Hashes, Places, blocks, mixed, spread


@dataclass(frozen=True, repr=False)
class ShingleSets:
    """Of each text the set of its shingles: runs of some words, each as a hash of 64 bits.

    Attributes:
        hashes: Of one text after the other, rising within a text, each once.
        starts: Where each text's begin, and where the last one's end; [texts + 1]. No set is empty.
    """

    hashes: Hashes
    starts: Places

    def __len__(self) -> int:
        return len(self.starts) - 1

    @cached_property
    def sizes(self) -> Places:
        """Shingles of each text."""
        return np.diff(self.starts)

    def part(self, first: int, last: int) -> ShingleSets:
        """The sets from one position up to, and without, another."""
        starts = self.starts[first : last + 1]
        return ShingleSets(self.hashes[starts[0] : starts[-1]], starts - starts[0])


def shingles(texts: HashedTexts, size: int) -> ShingleSets:
    """All runs of ``size`` words of each text; a shorter text is one shingle."""
    runs = np.maximum(texts.lengths - size + 1, 1)
    places = spread(texts.starts[:-1], runs)
    ends = np.repeat(texts.starts[1:], runs)
    hashes = np.zeros(len(places), np.uint64)
    for step in range(size):
        inside = places + step < ends
        hashes[inside] = mixed(hashes[inside] * STEP + texts.hashes[(places + step)[inside]])
    return _sets(hashes, np.repeat(np.arange(len(texts)), runs), len(texts))


def bags(texts: HashedTexts) -> ShingleSets:
    """Of each text the set of its words, by the very hashes of the words."""
    return _sets(texts.hashes, texts.rows.astype(np.int64), len(texts))


def shared(mine: ShingleSets, theirs: ShingleSets, pairs: tuple[Places, Places]) -> Places:
    """How many shingles both sets of each pair have; pairs are positions in the one and in the other."""
    return shared_weights(mine, theirs, pairs, np.ones(len(mine.hashes))).astype(np.int64)


def shared_weights(
    mine: ShingleSets, theirs: ShingleSets, pairs: tuple[Places, Places], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The sum of the weights of what both sets of each pair have; ``weights`` are those of the first sets' members."""
    sums = np.zeros(len(pairs[0]))
    for first, last in blocks(np.cumsum(mine.sizes[pairs[0]] + theirs.sizes[pairs[1]])):
        one, other = pairs[0][first:last], pairs[1][first:last]
        own, others = (spread(sets.starts[rows], sets.sizes[rows]) for sets, rows in ((mine, one), (theirs, other)))
        hashes = np.concatenate((mine.hashes[own], theirs.hashes[others]))
        number = np.arange(len(one))
        pair = np.concatenate((np.repeat(number, mine.sizes[one]), np.repeat(number, theirs.sizes[other])))
        order = np.lexsort((hashes, pair))  # stable, so that of equal members the first set's comes first
        hashes, pair = hashes[order], pair[order]
        twice = np.flatnonzero((hashes[1:] == hashes[:-1]) & (pair[1:] == pair[:-1]))
        sums[first:last] = np.bincount(pair[twice], weights[own[order[twice]]], minlength=len(one))
    return sums


def jaccard(mine: ShingleSets, theirs: ShingleSets, pairs: tuple[Places, Places]) -> NDArray[np.float64]:
    """The Jaccard index |A ∩ B| / |A ∪ B| of each pair of sets."""
    both = shared(mine, theirs, pairs)
    either: Places = mine.sizes[pairs[0]] + theirs.sizes[pairs[1]] - both
    return both / either


def _sets(hashes: Hashes, rows: Places, texts: int) -> ShingleSets:
    order = np.lexsort((hashes, rows))
    hashes, rows = hashes[order], rows[order]
    first = np.ones(len(hashes), bool)
    first[1:] = (hashes[1:] != hashes[:-1]) | (rows[1:] != rows[:-1])
    counts = np.bincount(rows[first], minlength=texts)
    return ShingleSets(hashes[first], np.concatenate(([0], np.cumsum(counts))).astype(np.int64))
