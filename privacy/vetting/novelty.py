"""A gate that lets in what is worded anew: no longest common subsequence with an earlier text that is too long."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fedaug.errors import ConfigError
from fedaug.privacy.vetting.gate import Batch, GateClass, Verdict, VerdictCode
from fedaug.privacy.vetting.words import normalised, spread

#: Words of a text that are compared: two texts that begin alike for so long are alike.
_MOST_WORDS: Final = 512
_HAIR: Final = 1e-9


class NoveltyGate:
    """Refuses a text whose ROUGE-L with an earlier one reaches a threshold.

    ROUGE-L is the F-measure of the longest common subsequence of words, 2·LCS / (m + n) for texts of m and n words (Lin
    2004, "ROUGE: A Package for Automatic Evaluation of Summaries", section 3.1, with β = 1). Wang et al. 2023,
    "Self-Instruct: Aligning Language Models with Self-Generated Instructions", section 2.2, keep what is below 0.7
    against all that was kept before. The score is the highest ROUGE-L that was found, of texts that could reach the
    threshold.

    Which earlier texts are compared is exact and yet few: to reach t a pair must share ⌈t·(m + n)/2⌉ words, so that
    one of a text's rarest words is in both (prefix filter; Chaudhuri, Ganti & Kaushik 2006). The subsequence itself
    takes one pass over the other text (bit-parallel; Hyyrö 2004).

    Args:
        threshold: Least ROUGE-L of texts that count as worded alike, above 0 and at most 1.
        known: Texts that count as kept already. Public data or DP output only, or the gate would not be of class F.

    Raises:
        ConfigError: The threshold is out of range.
    """

    name = "novelty"
    gate_class = GateClass.FREE
    cost = 300.0

    def __init__(self, *, threshold: float = 0.7, known: Iterable[str] = ()) -> None:
        if not 0 < threshold <= 1:
            raise ConfigError("the novelty gate's threshold is not above 0 and at most 1", "give a number such as 0.7")
        self._threshold = threshold
        self._known = tuple(dict.fromkeys(_words(text) for text in known))

    def judge(self, batch: Batch) -> list[Verdict]:
        """One verdict per text; each depends on the texts before it."""
        texts = [*self._known, *(_words(text) for text in batch.texts)]
        kept = _Kept(self._threshold, texts)
        for row in range(len(self._known)):
            kept.add(row)
        verdicts = []
        for row in range(len(self._known), len(texts)):
            score = kept.closest(row)
            if score >= self._threshold:
                verdicts.append(Verdict(self.name, VerdictCode.NEAR_DUPLICATE, score))
            else:
                verdicts.append(Verdict(self.name, VerdictCode.PASSED, score))
                kept.add(row)
        return verdicts


def rouge_l(one: Sequence[str], other: Sequence[str]) -> float:
    """ROUGE-L of two texts as words: 0 where they share none, 1 where they are the same."""
    total = len(one) + len(other)
    return 2 * _common(one, other) / total if total else 0.0


class _Kept:
    """Those of some texts that were kept, found by their rarest words.

    A word counts as often as a text has it: the second "the" of a text is a word of its own, so that what two texts
    share is the size of an intersection.

    Args:
        threshold: Least ROUGE-L that is looked for.
        texts: All that may be kept or compared, as words.
    """

    def __init__(self, threshold: float, texts: Sequence[tuple[str, ...]]) -> None:
        self._threshold, self._texts = threshold, texts
        names: dict[tuple[str, int], int] = {}
        for text in texts:
            for word in _counted(text):
                names.setdefault(word, len(names))
        self._lengths = np.array([len(text) for text in texts], np.int64)
        self._starts = np.cumsum(self._lengths) - self._lengths
        flat = (names[word] for text in texts for word in _counted(text))
        self._words = np.fromiter(flat, np.int32, int(self._lengths.sum()))
        # The rarest word gets the lowest rank, and a text's words stand in the order of their ranks.
        frequency = np.bincount(self._words, minlength=len(names))
        ranks = np.empty(len(names), np.int32)
        ranks[np.argsort(frequency, kind="stable")] = np.arange(len(names), dtype=np.int32)
        self._words = ranks[self._words]
        rows = np.repeat(np.arange(len(texts)), self._lengths)
        self._words = self._words[np.lexsort((self._words, rows))]
        self._own = np.zeros(len(names), np.int32)
        self._holders: defaultdict[int, list[int]] = defaultdict(list)

    def add(self, row: int) -> None:
        """Keep a text."""
        for word in self._rarest(row):
            self._holders[word].append(row)

    def closest(self, row: int) -> float:
        """The highest ROUGE-L with a kept text of which it can be the threshold or more; the first such ends it."""
        best, text = 0.0, self._texts[row]
        for other in self._near(row):
            best = max(best, rouge_l(text, self._texts[other]))
            if best >= self._threshold:
                break
        return best

    def _near(self, row: int) -> list[int]:
        """Kept texts that share as many words with this one as the threshold takes, in the order of the texts."""
        holders = self._holders
        found: set[int] = set().union(*(holders[word] for word in self._rarest(row) if word in holders))
        near = np.sort(np.fromiter(found, np.int64, len(found)))
        length = self._lengths[row]
        least = self._threshold * (length + self._lengths[near]) / 2 - _HAIR
        possible = np.minimum(length, self._lengths[near]) >= least
        near, least = near[possible], least[possible]
        if not len(near):
            return []
        own = self._words_of(row)
        self._own[own] = 1
        lengths = self._lengths[near]
        shared = np.add.reduceat(
            self._own[self._words[spread(self._starts[near], lengths)]], np.cumsum(lengths) - lengths
        )
        self._own[own] = 0
        rows: list[int] = near[shared >= least].tolist()
        return rows

    def _rarest(self, row: int) -> list[int]:
        """Words of which a text that reaches the threshold with this one has one at least, whatever its length.

        The other one has at least t/(2 - t) times as many words, so that ⌈t·m/(2 - t)⌉ of this text's are shared.
        """
        words = self._words_of(row)
        shared = self._threshold * len(words) / (2 - self._threshold) - _HAIR
        rarest: list[int] = words[: int(len(words) - shared) + 1].tolist()
        return rarest

    def _words_of(self, row: int) -> NDArray[np.int32]:
        start = self._starts[row]
        return self._words[start : start + self._lengths[row]]


def _words(text: str) -> tuple[str, ...]:
    return normalised(text)[:_MOST_WORDS]


def _counted(text: Iterable[str]) -> Iterator[tuple[str, int]]:
    """A text's words, each with how often the text had it before."""
    seen: Counter[str] = Counter()
    for word in text:
        yield word, seen[word]
        seen[word] += 1


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """Length of the longest common subsequence (Hyyrö 2004, "Bit-parallel LCS-length computation revisited")."""
    places: dict[str, int] = defaultdict(int)
    for place, word in enumerate(one):
        places[word] |= 1 << place
    whole = (1 << len(one)) - 1
    row = whole
    for word in other:
        met = row & places.get(word, 0)
        row = ((row + met) | (row - met)) & whole
    return len(one) - row.bit_count()
