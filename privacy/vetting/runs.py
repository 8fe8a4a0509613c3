"""Runs of words that texts have in common with other texts, exactly and for very many texts.

Each place of a text gets a number that names the run of n words from there on; runs are named by the names of their
parts (Karp, Miller & Rosenberg 1972). Only runs of the first texts get names, and a place at which the others have no
such run is out, so that nearly all work is over after a few steps. No text is compared with another one by one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fedaug.privacy.vetting.words import HashedTexts, Hashes, Places, blocks, spread

Names = NDArray[np.int64]

_NONE = -1
_WORDS_AT_A_TIME = 1 << 22  # of the other texts; names of them take 8 bytes each


@dataclass(frozen=True, repr=False)
class _Laid:
    """Texts laid out one after the other with a gap between, so that no run crosses from one into the next."""

    names: Names
    rows: Places

    def closed_up(self) -> _Laid:
        """Without most places at which no run begins; one stays after each run of places, as a gap."""
        alive = self.names != _NONE
        alive[1:] |= alive[:-1].copy()
        return _Laid(self.names[alive], self.rows[alive])


def longest_runs(mine: HashedTexts, others: HashedTexts, *, least: int, most: int) -> Places:
    """Of each text the longest run of words that it shares with any one of the others.

    Args:
        mine: Texts that are asked about.
        others: Texts that are looked through.
        least: Runs of fewer words count as none; one or more.
        most: Where counting stops: a longer run counts as this many words.

    Returns:
        Words of each text's longest run, from ``least`` to ``most``, or 0; [texts].
    """
    found = np.zeros(len(mine), np.int64)
    for part in _parts(others):
        own, theirs = _shared_runs(mine, part, least)
        size = least
        while (own.names != _NONE).any():
            rows = own.rows[own.names != _NONE]
            found[rows] = np.maximum(found[rows], size)
            if size >= most:
                break
            own, theirs = _longer(own.closed_up(), theirs.closed_up(), 1)
            size += 1
    return found


def sharing_pairs(mine: HashedTexts, others: HashedTexts, least: int) -> Iterator[tuple[Places, Places]]:
    """All pairs of a text and an other one that share a run of ``least`` words, some at a time: positions of both."""
    before = 0
    for part in _parts(others):
        own, theirs = (_by_name(laid) for laid in _shared_runs(mine, part, least))
        first = np.searchsorted(theirs[0], own[0], side="left")
        counts = np.searchsorted(theirs[0], own[0], side="right") - first
        width = max(1, len(part))
        for begin, end in blocks(np.cumsum(counts)):
            number = counts[begin:end]
            pairs = np.repeat(own[1][begin:end], number) * width + theirs[1][spread(first[begin:end], number)]
            rows, partners = np.divmod(np.unique(pairs), width)
            yield rows, partners + before
        before += len(part)


def _shared_runs(mine: HashedTexts, others: HashedTexts, size: int) -> tuple[_Laid, _Laid]:
    """Names of all runs of ``size`` words that both sides have."""
    vocabulary = np.unique(mine.hashes)
    own, theirs = _hit(_laid(mine, vocabulary), _laid(others, vocabulary), len(vocabulary))
    reached = 1
    while reached < size:
        step = min(reached, size - reached)
        own, theirs = _longer(own, theirs, step)
        reached += step
    return own, theirs


def _longer(own: _Laid, theirs: _Laid, step: int) -> tuple[_Laid, _Laid]:
    """Names of runs that are ``step`` words longer, which is at most as long as they are; both sides have each."""
    width = int(own.names.max(initial=0)) + 1
    mine, others = _joined(own.names, step, width), _joined(theirs.names, step, width)
    table = np.unique(mine[mine != _NONE])
    return _hit(_Laid(_found(mine, table), own.rows), _Laid(_found(others, table), theirs.rows), len(table))


def _joined(names: Names, step: int, width: int) -> Names:
    """For each place both names in one number: that of the run there, and of the one ``step`` words on."""
    joined = np.full(len(names), _NONE, np.int64)
    here, there = names[:-step], names[step:]
    both = (here != _NONE) & (there != _NONE)
    joined[: len(both)][both] = here[both] * width + there[both]
    return joined


def _hit(own: _Laid, theirs: _Laid, names: int) -> tuple[_Laid, _Laid]:
    """Without the runs of the first side that the second has not."""
    hit = np.zeros(names + 1, bool)
    hit[theirs.names] = True
    hit[_NONE] = False
    return _Laid(np.where(hit[own.names], own.names, _NONE), own.rows), theirs


def _laid(texts: HashedTexts, vocabulary: Hashes) -> _Laid:
    rows = np.repeat(np.arange(len(texts)), texts.lengths + 1)
    names = np.full(len(rows), _NONE, np.int64)
    names[np.arange(len(texts.hashes)) + texts.rows] = _found(texts.hashes, vocabulary)
    return _Laid(names, rows)


def _found(values: NDArray[np.int64] | Hashes, table: NDArray[np.int64] | Hashes) -> Names:
    """Each value's place in a rising table, or −1."""
    names = np.full(len(values), _NONE, np.int64)
    if len(table):
        places = np.minimum(np.searchsorted(table, values), len(table) - 1)
        names = np.where(table[places] == values, places, _NONE)
    return names


def _by_name(laid: _Laid) -> tuple[Names, Places]:
    """Each name with each row that has it, once, by name."""
    alive = laid.names != _NONE
    pairs = np.unique(np.stack((laid.names[alive], laid.rows[alive])), axis=1)
    return pairs[0], pairs[1]


def _parts(texts: HashedTexts) -> Iterator[HashedTexts]:
    for first, last in blocks(texts.starts[1:], _WORDS_AT_A_TIME):
        begin = texts.starts[first]
        yield HashedTexts(texts.hashes[begin : texts.starts[last]], texts.starts[first : last + 1] - begin)
