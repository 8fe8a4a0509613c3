"""A gate that lets in what is worded anew: no longest common subsequence with an earlier text that is too long."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from fedaug.errors import ConfigError
from fedaug.privacy.vetting.gate import Batch, GateClass, Verdict, VerdictCode
from fedaug.privacy.vetting.words import normalised

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
        texts = [_words(text) for text in batch.texts]
        kept = _Kept(self._threshold, Counter(word for text in (*self._known, *texts) for word in set(text)))
        for text in self._known:
            kept.add(text)
        verdicts = []
        for text in texts:
            score = kept.closest(text)
            if score >= self._threshold:
                verdicts.append(Verdict(self.name, VerdictCode.NEAR_DUPLICATE, score))
            else:
                verdicts.append(Verdict(self.name, VerdictCode.PASSED, score))
                kept.add(text)
        return verdicts


def rouge_l(one: Sequence[str], other: Sequence[str]) -> float:
    """ROUGE-L of two texts as words: 0 where they share none, 1 where they are the same."""
    total = len(one) + len(other)
    return 2 * _common(one, other) / total if total else 0.0


class _Kept:
    """Texts that were kept, found by their rarest words."""

    def __init__(self, threshold: float, frequency: Counter[str]) -> None:
        self._threshold, self._frequency = threshold, frequency
        self._texts: list[tuple[str, ...]] = []
        self._bags: list[Counter[str]] = []
        self._holders: defaultdict[str, list[int]] = defaultdict(list)

    def add(self, text: tuple[str, ...]) -> None:
        for word in self._rarest(text):
            self._holders[word].append(len(self._texts))
        self._texts.append(text)
        self._bags.append(Counter(text))

    def closest(self, text: tuple[str, ...]) -> float:
        """The highest ROUGE-L with a kept text of which it can be the threshold or more; the first such ends it."""
        bag, best = Counter(text), 0.0
        near = {place for word in self._rarest(text) for place in self._holders.get(word, ())}
        for place in sorted(near):
            other = self._texts[place]
            least = self._threshold * (len(text) + len(other)) / 2 - _HAIR
            if min(len(text), len(other)) >= least and _shared(bag, self._bags[place]) >= least:
                best = max(best, rouge_l(text, other))
                if best >= self._threshold:
                    return best
        return best

    def _rarest(self, text: tuple[str, ...]) -> list[str]:
        """Words of which a text that reaches the threshold with this one has one at least, whatever its length.

        The other one has at least t/(2 - t) times as many words, so that ⌈t·m/(2 - t)⌉ of this text's are shared.
        """
        shared = self._threshold * len(text) / (2 - self._threshold) - _HAIR
        ordered = sorted(text, key=lambda word: (self._frequency[word], word))
        most = len(text) - shared
        return list(dict.fromkeys(ordered[: int(most) + 1]))


def _words(text: str) -> tuple[str, ...]:
    return normalised(text)[:_MOST_WORDS]


def _shared(one: Counter[str], other: Counter[str]) -> int:
    """Words that two texts have in common, each as often as both have it: no common subsequence is longer."""
    if len(other) < len(one):
        one, other = other, one
    return sum(min(count, other[word]) for word, count in one.items() if word in other)


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
