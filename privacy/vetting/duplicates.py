"""A gate that lets each thing be said once: exact duplicates after normalisation, and near duplicates."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from fedaug.errors import ConfigError
from fedaug.privacy.vetting.gate import Batch, GateClass, Verdict, VerdictCode
from fedaug.privacy.vetting.minhash import MinHashIndex
from fedaug.privacy.vetting.nearest import KeptVectors, NearVectors
from fedaug.privacy.vetting.shingles import ShingleSets, shingles
from fedaug.privacy.vetting.words import hashed, wholes


class DuplicateGate:
    """Refuses a text that repeats an earlier one; of each group of duplicates the first is kept.

    Texts are compared as words after Unicode normalisation (NFKC) and case folding. A near duplicate shares at least
    ``threshold`` of its shingles (runs of words) by the Jaccard index |A ∩ B| / |A ∪ B| with a known text, or with one
    of the batch that was kept.

    In the batch the comparison is exact and yet looks at few pairs: two sets that reach the threshold t have in common
    one of the ⌊(1 − t)·n⌋ + 1 rarest shingles of each (the prefix filter of Chaudhuri, Ganti & Kaushik 2006). Known
    texts, of which there may be hundreds of thousands, are found by MinHash, which misses at most one near duplicate of
    1,000, and compared exactly; those that say the same are all found.

    Args:
        threshold: Least Jaccard index of near duplicates, above 0 and at most 1.
        shingle_words: Words in a shingle; a shorter text is one shingle.
        known: Texts that count as kept already. Public data or DP output only, or the gate would not be of class F.
        closeness: Least cosine of the embeddings of near duplicates, above 0 and at most 1, where batches bring any;
            None leaves embeddings aside. Two texts may mean the same and yet both teach a student something.
        known_vectors: Embeddings of the known texts, [texts, dimensions], of unit length.

    Raises:
        ConfigError: A setting is out of range.
    """

    name = "duplicate"
    gate_class = GateClass.FREE
    cost = 30.0

    def __init__(
        self,
        *,
        threshold: float = 0.9,
        shingle_words: int = 3,
        known: Iterable[str] = (),
        closeness: float | None = None,
        known_vectors: NDArray[np.float32] | None = None,
    ) -> None:
        if not 0 < threshold <= 1:
            raise ConfigError(
                "the duplicate gate's threshold is not above 0 and at most 1", "give a number such as 0.9"
            )
        if shingle_words < 1:
            raise ConfigError("the duplicate gate's shingles hold no word", "give shingle_words of 1 or more")
        if closeness is not None and not 0 < closeness <= 1:
            raise ConfigError(
                "the duplicate gate's closeness is not above 0 and at most 1", "give a number such as 0.97, or none"
            )
        self._threshold, self._shingle_words, self._closeness = threshold, shingle_words, closeness
        texts = hashed(known)
        self._known_wholes = wholes(texts)
        self._known = MinHashIndex(shingles(texts, shingle_words), threshold)
        self._known_vectors = None if known_vectors is None else NearVectors(known_vectors)

    def judge(self, batch: Batch) -> list[Verdict]:
        """One verdict per text; each depends on the texts before it."""
        texts = hashed(batch.texts)
        sets = shingles(texts, self._shingle_words)
        known = np.isin(wholes(texts), self._known_wholes).tolist()
        scores = np.maximum(self._known.closest(sets)[0], self._known_meanings(batch)).tolist()
        words = _KeptShingles(sets, self._threshold)
        meanings = self._kept_meanings(batch)
        seen: set[int] = set()
        verdicts = []
        for position, whole in enumerate(wholes(texts).tolist()):
            if known[position] or whole in seen:
                verdicts.append(Verdict(self.name, VerdictCode.DUPLICATE))
            elif scores[position]:
                verdicts.append(Verdict(self.name, VerdictCode.NEAR_DUPLICATE, scores[position]))
            elif words.has_near(position) or (meanings and meanings.has_near(position)):
                verdicts.append(Verdict(self.name, VerdictCode.NEAR_DUPLICATE))
            else:
                verdicts.append(Verdict(self.name, VerdictCode.PASSED))
                seen.add(whole)
                words.add(position)
                if meanings:
                    meanings.add(position)
        return verdicts

    def _known_meanings(self, batch: Batch) -> NDArray[np.float32]:
        """Of each text the cosine with the nearest known one, or 0.0."""
        if self._closeness is None or self._known_vectors is None or batch.vectors is None:
            return np.zeros(len(batch), np.float32)
        return self._known_vectors.closest(batch.vectors, self._closeness)[0]

    def _kept_meanings(self, batch: Batch) -> KeptVectors | None:
        if self._closeness is None or batch.vectors is None:
            return None
        return KeptVectors(batch.vectors, self._closeness)


class _KeptShingles:
    """Finds sets that are near one that was kept, by way of their rarest members."""

    def __init__(self, sets: ShingleSets, threshold: float) -> None:
        members = sets.hashes.tolist()
        bounds = sets.starts.tolist()
        self._sets = [frozenset(members[start:end]) for start, end in pairwise(bounds)]
        self._threshold = threshold
        self._counts = Counter(members)
        self._holders: defaultdict[int, list[int]] = defaultdict(list)

    def add(self, position: int) -> None:
        for shingle in self._prefix(position):
            self._holders[shingle].append(position)

    def has_near(self, position: int) -> bool:
        looked_at: set[int] = set()
        for shingle in self._prefix(position):
            for other in self._holders.get(shingle, ()):
                if other not in looked_at and self._is_near(self._sets[position], self._sets[other]):
                    return True
                looked_at.add(other)
        return False

    def _prefix(self, position: int) -> list[int]:
        members = self._sets[position]
        # A hair below the threshold: rounding may lengthen the prefix, which costs time, but never shorten it.
        length = len(members) - math.ceil(self._threshold * len(members) - 1e-9) + 1
        return sorted(members, key=lambda shingle: (self._counts[shingle], shingle))[:length]

    def _is_near(self, one: frozenset[int], other: frozenset[int]) -> bool:
        shared = len(one & other)
        return shared >= self._threshold * (len(one) + len(other) - shared) - 1e-9
