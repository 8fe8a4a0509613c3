"""A gate that lets each thing be said once: exact duplicates after normalisation, and near duplicates."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from fedaug.errors import ConfigError
from fedaug.privacy.vetting.gate import Batch, GateClass, Verdict, VerdictCode

_WORD = re.compile(r"\w+")

Shingle = tuple[str, ...]


class DuplicateGate:
    """Refuses a text that repeats an earlier one; of each group of duplicates the first is kept.

    Texts are compared as words after Unicode normalisation (NFKC) and case folding. A near duplicate shares, with a
    text that was kept, at least ``threshold`` of their shingles (runs of words) by the Jaccard index |A ∩ B| / |A ∪ B|.
    The comparison is exact and yet looks at few pairs: two sets that reach the threshold t have in common one of the
    ⌊(1 − t)·n⌋ + 1 rarest shingles of each (the prefix filter of Chaudhuri, Ganti & Kaushik 2006).

    Args:
        threshold: Least Jaccard index of near duplicates, above 0 and at most 1.
        shingle_words: Words in a shingle; a shorter text is one shingle.
        known: Texts that count as kept already. Public data or DP output only, or the gate would not be of class F.

    Raises:
        ConfigError: A setting is out of range.
    """

    name = "duplicate"
    gate_class = GateClass.FREE
    cost = 30.0

    def __init__(self, *, threshold: float = 0.9, shingle_words: int = 3, known: Iterable[str] = ()) -> None:
        if not 0 < threshold <= 1:
            raise ConfigError(
                "the duplicate gate's threshold is not above 0 and at most 1", "give a number such as 0.9"
            )
        if shingle_words < 1:
            raise ConfigError("the duplicate gate's shingles hold no word", "give shingle_words of 1 or more")
        self._threshold, self._shingle_words = threshold, shingle_words
        self._known = [normalised(text) for text in known]

    def judge(self, batch: Batch) -> list[Verdict]:
        """One verdict per text; each depends on the texts before it."""
        forms = [*self._known, *(normalised(text) for text in batch.texts)]
        sets = [_shingles(form, self._shingle_words) for form in forms]
        index = _PrefixIndex(sets, self._threshold)
        seen: set[Shingle] = set()
        codes = []
        for position, form in enumerate(forms):
            if form in seen:
                codes.append(VerdictCode.DUPLICATE)
            elif index.has_near(position):
                codes.append(VerdictCode.NEAR_DUPLICATE)
            else:
                codes.append(VerdictCode.PASSED)
                seen.add(form)
                index.add(position)
        return [Verdict(self.name, code) for code in codes[len(self._known) :]]


def normalised(text: str) -> Shingle:
    """A text's words, case folded; the stripped text itself if it has none."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return tuple(_WORD.findall(folded)) or (folded.strip(),)


def _shingles(words: Shingle, size: int) -> frozenset[Shingle]:
    return frozenset(words[start : start + size] for start in range(max(1, len(words) - size + 1)))


class _PrefixIndex:
    """Finds sets that are near an added one, by way of their rarest members."""

    def __init__(self, sets: Sequence[frozenset[Shingle]], threshold: float) -> None:
        self._sets = sets
        self._threshold = threshold
        self._counts = Counter(shingle for members in sets for shingle in members)
        self._holders: defaultdict[Shingle, list[int]] = defaultdict(list)

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

    def _prefix(self, position: int) -> list[Shingle]:
        members = self._sets[position]
        # A hair below the threshold: rounding may lengthen the prefix, which costs time, but never shorten it.
        length = len(members) - math.ceil(self._threshold * len(members) - 1e-9) + 1
        return sorted(members, key=lambda shingle: (self._counts[shingle], shingle))[:length]

    def _is_near(self, one: frozenset[Shingle], other: frozenset[Shingle]) -> bool:
        shared = len(one & other)
        return shared >= self._threshold * (len(one) + len(other) - shared) - 1e-9
