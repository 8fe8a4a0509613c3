"""Batches of texts that are all of one label, or near-copies of another site's; and a site's quota under each label.

Texts carry no noise. What is left to chance is which texts a generator happened to make: a text is of one label, or
like another site's, with no more than a public probability, each by itself. The checks are exact binomial tests.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from scipy import stats

from fedaug.augmentation.candidates import Candidate
from fedaug.privacy.vetting.minhash import MinHashIndex
from fedaug.privacy.vetting.shingles import shingles
from fedaug.privacy.vetting.words import hashed
from fedaug.server.anomalies.flag import Check, Flag

#: Least Jaccard index of word shingles of near-copies; as the duplicate gate's.
NEAR: Final = 0.9
_SHINGLE_WORDS: Final = 3


def texts_of_one_label(
    site: str, release: str, batch: Sequence[Candidate], labels: int, most: float, chance: float
) -> Flag | None:
    """Whether more of a batch's texts are of one label than the share ``most`` explains; texts without label count.

    Args:
        site: Who sent it.
        release: Its key.
        batch: The texts.
        labels: How many there are; the chance is split over them.
        most: Greatest probability with which an honest site's text is of any one label.
        chance: Of flagging such a site.
    """
    counts = Counter(one.label for one in batch if one.label is not None)
    if not counts:
        return None
    return _beyond(Check.ONE_LABEL, site, release, max(counts.values()), len(batch), most, chance, labels)


def texts_like_another_sites(
    release: str, batches: Mapping[str, Sequence[Candidate]], most: float, chance: float
) -> list[Flag]:
    """Sites more of whose texts are near-copies of another site's than the share ``most`` explains.

    Of two that sent the same, both are flagged: who copied cannot be told from the texts.

    Args:
        release: The batches' key.
        batches: By site.
        most: Greatest probability with which an honest site's text is like any of the others'.
        chance: Of flagging such a site.
    """
    copied = near_copies(batches)
    found = (
        _beyond(Check.COPIES, site, release, sum(copied[site]), len(batch), most, chance)
        for site, batch in batches.items()
    )
    return [flag for flag in found if flag is not None]


def near_copies(batches: Mapping[str, Sequence[Candidate]]) -> dict[str, list[bool]]:
    """Of each site's texts, whether another site sent one that is equal or near."""
    owners = np.array([number for number, batch in enumerate(batches.values()) for _ in batch], np.int64)
    texts = [one.text for batch in batches.values() for one in batch]
    near = np.zeros(len(texts), bool)
    first: dict[str, set[int]] = {}
    for text, owner in zip(texts, owners.tolist(), strict=True):
        first.setdefault(text, set()).add(owner)
    near |= np.array([len(first[text]) > 1 for text in texts], bool)
    if texts:
        sets = shingles(hashed(texts), _SHINGLE_WORDS)
        for one, other, _ in MinHashIndex(sets, NEAR).pairs(sets):
            near[one[owners[one] != owners[other]]] = True
    return {site: near[owners == number].tolist() for number, site in enumerate(batches)}


def over_quota(batch: Sequence[Candidate], most: int) -> tuple[list[Candidate], list[Candidate]]:
    """A batch's texts within a quota under each label, in their order, and those beyond it."""
    seen: Counter[str | None] = Counter()
    within: list[Candidate] = []
    beyond: list[Candidate] = []
    for one in batch:
        seen[one.label] += 1
        (within if seen[one.label] <= most else beyond).append(one)
    return within, beyond


def _beyond(
    check: Check, site: str, release: str, count: int, size: int, most: float, chance: float, tests: int = 1
) -> Flag | None:
    threshold = float(stats.binom.isf(chance / tests, size, most))
    return Flag(site, check, release, float(count), threshold, chance) if count > threshold else None
