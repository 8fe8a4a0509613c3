"""An index of public evaluation items, and three ways in which a text can be found to hold one of them.

- Runs: the text has many of the item's words in a row.
- Bags: a short text has most of a short item's telling words, in whatever order.
- Shingles: the text shares most of its pairs of neighbouring words with the item, by MinHash.

Built once and read by any number of batches; the work grows with what texts and items have in common.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from fedaug.privacy.vetting.minhash import MinHashIndex
from fedaug.privacy.vetting.shingles import ShingleSets, bags, shared_weights, shingles
from fedaug.privacy.vetting.telling import Weights, WordWeights
from fedaug.privacy.vetting.words import STEP, HashedTexts, Hashes, Places, blocks, hashed, mixed, spread

ANCHOR_WORDS: Final = 4  # of the shortest run that is looked at
BAG_WORDS: Final = 40  # long texts share most of their words if they are about one thing, whoever wrote them
_HAIR: Final = 1e-9


@dataclass(frozen=True, repr=False)
class Matches:
    """Texts and items that have something in common: positions of both, and how alike they are, from 0 to 1."""

    texts: Places
    items: Places
    likeness: Weights


@dataclass(frozen=True)
class Thresholds:
    """From where on a text counts as holding an item.

    Attributes:
        run_words: Words in a row that are enough whatever they are; 13 as in Brown et al. 2020, appendix C.
        run_share: Share of the item's words that a shorter run has to have.
        weight: Weight that the words of such a run, or those that two bags share, have to have together, in words that
            only one item has: everyday phrases have less.
        bag: Weight of the words that both have, as a share of the weight of those that either has.
        same: From this share on, the words in common may be everyday ones.
        jaccard: Jaccard index of the sets of pairs of neighbouring words.
    """

    run_words: int = 13
    run_share: float = 0.5
    weight: float = 1.75
    bag: float = 0.5
    same: float = 0.9
    jaccard: float = 0.6


class EvaluationIndex:
    """Finds evaluation items in texts.

    Args:
        items: Public texts.
        thresholds: What counts.
    """

    def __init__(self, items: Sequence[str], thresholds: Thresholds) -> None:
        self._thresholds = thresholds
        self._items = hashed(items)
        self._bags = bags(self._items)
        self._weights = WordWeights(self._bags)
        self._sums = np.concatenate(([0.0], np.cumsum(self._weights.of(self._items.hashes))))
        self._anchors, self._places = _anchors(self._items)
        order = np.argsort(self._anchors, kind="stable")
        self._anchors, self._places = self._anchors[order], self._places[order]
        self._prefixes = self._prefixes_of(self._bags)
        order = np.argsort(self._prefixes[0], kind="stable")
        self._prefixes = self._prefixes[0][order], self._prefixes[1][order]
        self._totals = self._weights.totals(self._bags)
        self._shingles = MinHashIndex(shingles(self._items, 2), thresholds.jaccard)

    def matches(self, texts: Sequence[str]) -> Iterator[Matches]:
        """All pairs of a text and an item that it holds, some at a time; one that is found in two ways comes twice."""
        words = hashed(texts)
        yield from self._by_runs(words)
        yield from self._by_bags(bags(words))
        for pairs in self._shingles.pairs(shingles(words, 2)):
            yield Matches(*pairs)

    def _by_runs(self, texts: HashedTexts) -> Iterator[Matches]:
        anchors, places = _anchors(texts)
        first = np.searchsorted(self._anchors, anchors, side="left")
        counts = np.searchsorted(self._anchors, anchors, side="right") - first
        # A run must not be cut: all of a text's hits are looked at together.
        per_text = np.bincount(texts.rows[places], counts, minlength=len(texts)).astype(np.int64)
        bounds = np.concatenate(([0], np.cumsum(np.bincount(texts.rows[places], minlength=len(texts)))))
        for begin, end in blocks(np.cumsum(per_text)):
            part = slice(bounds[begin], bounds[end])
            mine = np.repeat(places[part], counts[part])
            theirs = self._places[spread(first[part], counts[part])]
            yield self._runs(texts, mine, theirs)

    def _runs(self, texts: HashedTexts, mine: Places, theirs: Places) -> Matches:
        """Anchors that follow one another in the text and in the item are one run."""
        order = np.lexsort((mine, mine - theirs))
        mine, theirs = mine[order], theirs[order]
        # The next anchor of a text begins in the same text, or it would follow by more than one place.
        first = np.ones(len(mine), bool)
        first[1:] = (mine[1:] != mine[:-1] + 1) | (theirs[1:] != theirs[:-1] + 1)
        begins = np.flatnonzero(first)
        words = np.diff(np.append(begins, len(mine))) + ANCHOR_WORDS - 1
        items, start = self._items.rows[theirs[begins]].astype(np.int64), theirs[begins]
        share = words / self._items.lengths[items]
        weight = self._sums[start + words] - self._sums[start]
        limits = self._thresholds
        found = (share >= limits.run_share) & (weight >= limits.weight) | (words >= limits.run_words)
        return Matches(texts.rows[mine[begins]][found].astype(np.int64), items[found], np.minimum(share[found], 1.0))

    def _by_bags(self, sets: ShingleSets) -> Iterator[Matches]:
        hashes, rows = self._prefixes_of(sets)
        first = np.searchsorted(self._prefixes[0], hashes, side="left")
        counts = np.searchsorted(self._prefixes[0], hashes, side="right") - first
        weights, totals = self._weights.of(sets.hashes), self._weights.totals(sets)
        for begin, end in blocks(np.cumsum(counts)):
            number = counts[begin:end]
            pairs = np.repeat(rows[begin:end], number) * len(self._items)
            pairs = np.unique(pairs + self._prefixes[1][spread(first[begin:end], number)])
            mine, theirs = np.divmod(pairs, max(1, len(self._items)))
            low, high = np.sort((totals[mine], self._totals[theirs]), axis=0)
            alike = low >= self._thresholds.bag * high - _HAIR
            mine, theirs = mine[alike], theirs[alike]
            both = shared_weights(sets, self._bags, (mine, theirs), weights)
            likeness = both / (totals[mine] + self._totals[theirs] - both)
            limits = self._thresholds
            near = (likeness >= limits.bag - _HAIR) & ((both >= limits.weight) | (likeness >= limits.same))
            yield Matches(mine[near], theirs[near], likeness[near])

    def _prefixes_of(self, sets: ShingleSets) -> tuple[Hashes, Places]:
        """The most telling words of each short bag, and whose they are.

        Two bags whose likeness reaches t share words of weight t times the heavier bag's at least. Of those the most
        telling one lies, in either bag, where it and all that tell less weigh that much (Chaudhuri et al. 2006).
        """
        rows = np.repeat(np.arange(len(sets)), sets.sizes)
        weights = self._weights.of(sets.hashes)
        order = np.lexsort((sets.hashes, -weights, rows))
        sums = np.cumsum(weights[order])
        before = np.repeat(np.concatenate(([0.0], sums))[sets.starts[:-1]], sets.sizes)
        whole = np.repeat(self._weights.totals(sets), sets.sizes)
        rest = whole - (sums - weights[order] - before)
        kept = (rest >= self._thresholds.bag * whole - 1e-6) & np.repeat(sets.sizes <= BAG_WORDS, sets.sizes)
        return sets.hashes[order][kept], rows[kept]


def _anchors(texts: HashedTexts) -> tuple[Hashes, Places]:
    """Each run of ``ANCHOR_WORDS`` words as one hash, and where it begins; shorter texts have none."""
    places = spread(texts.starts[:-1], np.maximum(texts.lengths - ANCHOR_WORDS + 1, 0))
    hashes = np.zeros(len(places), np.uint64)
    for step in range(ANCHOR_WORDS):
        hashes = mixed(hashes * STEP + texts.hashes[places + step])
    return hashes, places
