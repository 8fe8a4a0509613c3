"""How much each word tells about which of many short texts it comes from.

A word tells the more the fewer texts have it: its weight is ln((N + 1) / (n + ½)), with n of N texts that hold it
(Spärck Jones 1972; the half keeps it above zero), in units of a word that only one text has. The grammar of English is
everyday whatever the counts of a small file say, and weighs half of that.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from fedaug.privacy.vetting.shingles import ShingleSets
from fedaug.privacy.vetting.words import Hashes, hashed, words

Weights = NDArray[np.float64]

EVERYDAY: Final = words(
    """
    a about am an and any are as at be been but by can can't could did do does doesn't don't for from get going had has
    hasn't have help how i i'd if i'll i'm in is isn't it its i've just know like me my need no not of on one or out
    please should so some still tell than thank thanks that the their them then there they this to up us want was
    wasn't we were what what's when where which who why will with won't would you your
    """
)
EVERYDAY_SHARE: Final = 0.5


class WordWeights:
    """Weights of words by the texts that hold them.

    Args:
        bags: Of each text the set of its words.
    """

    def __init__(self, bags: ShingleSets) -> None:
        self._known, holders = np.unique(bags.hashes, return_counts=True)
        rare = np.log((len(bags) + 1) / 1.5)
        weights = np.log((len(bags) + 1) / (holders + 0.5)) / rare
        weights[np.isin(self._known, hashed(EVERYDAY).hashes)] *= EVERYDAY_SHARE
        self._weights = np.append(weights, 1.0)

    def of(self, hashes: Hashes) -> Weights:
        """Each word's weight; one that no text has weighs as much as one that a single text has."""
        places = np.searchsorted(self._known, hashes)
        known = np.append(self._known, np.uint64(0))[places] == hashes
        found: Weights = self._weights[np.where(known, places, len(self._known))]
        return found

    def totals(self, bags: ShingleSets) -> Weights:
        """The sum of each set's weights."""
        if not len(bags):
            return np.empty(0)
        sums: Weights = np.add.reduceat(self.of(bags.hashes), bags.starts[:-1])
        return sums
