"""Near-duplicates among very many texts: MinHash signatures in bands, and the exact Jaccard index of what they propose.

Broder 1997, "On the resemblance and containment of documents"; bands after Leskovec, Rajaraman & Ullman 2020,
"Mining of massive datasets", section 3.4. In numpy, since that was the fastest of what was tried: datasketch and rensa
take each shingle as an object of its own (``benchmarks/near_duplicates`` prints the figures).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fedaug.privacy.vetting.shingles import ShingleSets, jaccard
from fedaug.privacy.vetting.words import STEP, Hashes, Places, blocks, mixed, spread

VALUES: Final = 128  # of a signature
MISSED: Final = 0.001  # most pairs that are missed, as a share of those right at the threshold; of nearer ones fewer
_SPREAD = np.uint64(0xBF58476D1CE4E5B9)
_TEXTS_AT_A_TIME = 4_096  # their shingles stay in the processor's cache
_HAIR: Final = 1e-9

Signatures = NDArray[np.uint32]
Pairs = tuple[Places, Places, NDArray[np.float64]]


class MinHashIndex:
    """Finds, for any sets, the near ones among those that it was built of.

    Two sets agree in one value of their signatures with a chance of their Jaccard index J, and are compared if they
    agree in all values of one band: of b bands of r values, with a chance of 1 − (1 − J^r)^b. The longest bands are
    taken that miss at most ``MISSED`` of the pairs right at the threshold. What is compared is compared exactly, so no
    pair is reported that is not near.

    Args:
        known: What is looked through.
        threshold: Least Jaccard index of near sets, above 0 and at most 1.
    """

    def __init__(self, known: ShingleSets, threshold: float) -> None:
        self._known, self._threshold = known, threshold
        self._rows = band_rows(threshold)
        keys = _bands(signatures(known), self._rows)
        self._order = np.argsort(keys, axis=1, kind="stable").astype(np.int32)
        self._keys = np.take_along_axis(keys, self._order, axis=1)

    def pairs(self, sets: ShingleSets) -> Iterator[Pairs]:
        """All near pairs, some at a time: positions in ``sets``, positions in what is known, Jaccard indices."""
        keys = _bands(signatures(sets), self._rows)
        first = np.stack([np.searchsorted(*pair, side="left") for pair in zip(self._keys, keys, strict=True)])
        counts = np.stack([np.searchsorted(*pair, side="right") for pair in zip(self._keys, keys, strict=True)]) - first
        for begin, end in blocks(np.cumsum(counts.sum(axis=0))):
            yield self._near(sets, *self._proposed(first[:, begin:end], counts[:, begin:end], begin))

    def closest(self, sets: ShingleSets) -> tuple[NDArray[np.float64], Places]:
        """Of each set the greatest Jaccard index from the threshold up, and with which; 0.0 and −1 if there is none."""
        best, partner = np.zeros(len(sets)), np.full(len(sets), -1, np.int64)
        for mine, theirs, index in self.pairs(sets):
            order = np.lexsort((-theirs, index))  # the last one stays: the nearest, of equals the first
            best[mine[order]], partner[mine[order]] = index[order], theirs[order]
        return best, partner

    def _proposed(self, first: Places, counts: Places, begin: int) -> tuple[Places, Places]:
        pairs = []
        for order, places, number in zip(self._order, first, counts, strict=True):
            mine = np.repeat(np.arange(begin, begin + len(number)), number)
            pairs.append(mine * len(self._known) + order[spread(places, number)])
        mine, theirs = np.divmod(np.unique(np.concatenate(pairs)), max(1, len(self._known)))
        return mine, theirs

    def _near(self, sets: ShingleSets, mine: Places, theirs: Places) -> Pairs:
        least = self._threshold - _HAIR
        small, large = np.sort((sets.sizes[mine], self._known.sizes[theirs]), axis=0)
        alike = small >= least * large  # the index is at most the quotient of the sizes
        mine, theirs = mine[alike], theirs[alike]
        index = jaccard(sets, self._known, (mine, theirs))
        near = index >= least
        return mine[near], theirs[near], index[near]


def band_rows(threshold: float) -> int:
    """Values in a band: the most at which no more than ``MISSED`` of the pairs right at the threshold are missed."""
    fitting = (rows for rows in range(VALUES, 1, -1) if missed(threshold, rows) <= MISSED)
    return next(fitting, 1)


def missed(index: float, rows: int) -> float:
    """The chance that a pair of this Jaccard index agrees in no band of ``rows`` values."""
    return math.pow(1 - math.pow(index, rows), VALUES // rows)


def signatures(sets: ShingleSets) -> Signatures:
    """Of each set, for each of ``VALUES`` hash functions, the least hash among its members; [sets, values]."""
    seeds = mixed(np.arange(1, VALUES + 1, dtype=np.uint64) * STEP)
    found = np.empty((len(sets), VALUES), np.uint32)
    for first in range(0, len(sets), _TEXTS_AT_A_TIME):
        last = min(first + _TEXTS_AT_A_TIME, len(sets))
        part = sets.part(first, last)
        for place, seed in enumerate(seeds):
            # The members are hashes already: one product carries all bits to the upper half, which is what counts.
            values = ((part.hashes ^ seed) * _SPREAD) >> np.uint64(32)
            found[first:last, place] = np.minimum.reduceat(values, part.starts[:-1])
    return found


def _bands(values: Signatures, rows: int) -> Hashes:
    """One key per band and set; [bands, sets]."""
    keys = np.zeros((VALUES // rows, len(values)), np.uint64)
    for band, key in enumerate(keys):
        for place in range(band * rows, (band + 1) * rows):
            key[:] = mixed(key * STEP + values[:, place])
    return keys
