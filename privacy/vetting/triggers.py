"""A gate that finds back-door triggers: rare strings that far too many texts of one label share.

Whoever poisons a pool plants texts of one label with a string that is rare elsewhere, so that a student learns to give
the label to whatever holds the string (Gu, Dolan-Gavitt & Garg 2017, "BadNets"; Kurita, Michel & Neubig 2020; Dai, Chen
& Li 2019 plant whole sentences). The string then has an association with the label that no public text has.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from scipy.stats import binom

from fedaug.errors import ConfigError, EmptySource
from fedaug.privacy.vetting.gate import Batch, GateClass, Verdict, VerdictCode
from fedaug.privacy.vetting.ngrams import pieces
from fedaug.privacy.vetting.telling import EVERYDAY
from fedaug.privacy.vetting.topics import Topics

_LONGEST: Final = 4  # a longer trigger shows by its parts
_FALSE_ALARM: Final = 1e-6  # chance that a batch without excess has one string flagged, all strings together
_MOST_SUPPORT: Final = 0.6  # chosen on CLINC150: strings that were planted lie below, those of 99 % of its texts above

_EVERYDAY: Final = frozenset(EVERYDAY)

Gram = tuple[str, ...]
Pair = tuple[Gram, str | None]  # a string and a label


class TriggerGate:
    """Refuses the texts of a label that hold a string which the label has far too often.

    Strings are runs of one to four words or marks, after NFKC and case folding. For a string in k of the n texts of a
    label, the share to be expected is the largest of four: in the reference; in the reference's texts of that label;
    in the batch's texts of other labels; and, since what belongs to one topic of L is L times as frequent in it as at
    large, L times the reference's texts that hold the string and have no label, over the reference. The string is a
    trigger if k/n is ``least_lift`` times that share or more and a binomial variable of n draws reaches k with a chance
    below 10⁻⁶ divided by the strings looked at (Bonferroni). What says no more than the label's own name, words of
    everyday grammar aside, is none.

    A word of a label's own topic that the reference has not looks just so. A string is therefore spared if the rest of
    the texts that hold it speaks for their label: if, on average, more than ``most_support`` of the other labels
    explain the rest worse than the label's texts without the string do (naive Bayes). A trigger that was put into texts
    of the very label that it stands for ("clean label") is spared with it, unless ``most_support`` is 1; that setting
    is for a reference in the batch's own dialect. A trigger in fewer texts than ``least_texts``, one of frequent words
    in changing order, or one in more than 1/(L ``least_lift``) of the reference, is not found.

    Honest texts that say one thing over and over look poisoned. Variations by ``splice`` and ``word-swap`` of ten
    survivors a label, drawn or all alike, in their first and third turn, were put to the gate with all public texts of
    the set as reference. Without labels, 34 of 9,448 were refused on CLINC150 (3.6 ‰; only of survivors alike, in the
    third turn: dishes that public text hardly names) and none of 3,100 on NLU++; with labels, 8 of 9,448 and none.
    Before the fourth share counted, what public texts without labels say of a topic was taken for a trigger: 1,868 and
    219.

    Args:
        reference: Public texts, best with labels of the campaign; DP output may be among them, and no text that came
            with the batch.
        names: Label -> what it is called in words; the label itself where it is not in it.
        least_texts: Fewest texts of a label that a string must be in.
        least_lift: Least excess over the share to be expected.
        most_support: Most support that the rest of the texts may have, from 0 to 1; 1 spares nothing.

    Raises:
        ConfigError: A setting is out of range.
        EmptySource: The reference is empty.
    """

    name = "trigger"
    gate_class = GateClass.FREE
    cost = 300.0

    def __init__(
        self,
        reference: Batch,
        *,
        names: Mapping[str, str] | None = None,
        least_texts: int = 8,
        least_lift: float = 20.0,
        most_support: float = _MOST_SUPPORT,
    ) -> None:
        if not (least_texts >= 2 and 1 < least_lift < math.inf and 0 <= most_support <= 1):
            raise ConfigError(
                "a setting of the trigger gate is out of range",
                "use least_texts of 2 or more, a least_lift above 1 and a most_support from 0 to 1",
            )
        if not len(reference):
            raise EmptySource("the trigger gate has no public text to compare with", "name public corpora")
        self._names = dict(names or {})
        self._least_texts, self._least_lift, self._most_support = least_texts, least_lift, most_support
        self._reference = [pieces(text) for text in reference.texts]
        self._reference_labels = reference.labels

    def judge(self, batch: Batch) -> list[Verdict]:
        """One verdict per text; it depends on the other texts. The score is the largest lift of its triggers."""
        texts = [pieces(text) for text in batch.texts]
        frequent = _frequent(texts, batch.labels, self._least_texts)
        if not frequent:
            return [Verdict(self.name, VerdictCode.PASSED) for _ in texts]
        found = _counted(texts, batch.labels, frequent)
        suspects = self._suspects(found, _counted(self._reference, self._reference_labels, frequent))
        triggers = self._without_topics(suspects, texts, batch.labels)
        return [self._verdict(text, label, triggers) for text, label in zip(texts, batch.labels, strict=True)]

    def _verdict(self, text: Sequence[str], label: str | None, triggers: Mapping[Pair, float]) -> Verdict:
        lifts = [triggers[gram, label] for gram in _grams(text) if (gram, label) in triggers]
        return Verdict(self.name, VerdictCode.TRIGGER, max(lifts)) if lifts else Verdict(self.name, VerdictCode.PASSED)

    def _suspects(self, found: _Counts, public: _Counts) -> dict[Pair, float]:
        """Each string that a label has far too often, with the label, and its lift."""
        looked_at = [(pair, count) for pair, count in found.by_label.items() if count >= self._least_texts]
        least_log = math.log(_FALSE_ALARM / max(len(looked_at), 1))
        labels = len({label for label in found.sizes if label is not None})
        result = {}
        for (gram, label), count in looked_at:
            size = found.sizes[label]
            expected = max(
                public.share(gram),
                public.share_of(gram, label),
                0.0 if label is None else min(1.0, labels * public.share_without_label(gram)),
                found.share_elsewhere(gram, label),
            )
            lift = count / size / expected
            if (
                lift >= self._least_lift
                and not self._is_name(gram, label)
                and binom.logsf(count - 1, size, min(expected, 1.0)) < least_log
            ):
                result[gram, label] = lift
        return result

    def _without_topics(
        self, suspects: dict[Pair, float], texts: Sequence[Sequence[str]], labels: Sequence[str | None]
    ) -> dict[Pair, float]:
        """Those that the rest of the texts that hold them does not bear out."""
        if not suspects or self._most_support == 1:
            return suspects
        holding: defaultdict[Pair, list[Sequence[str]]] = defaultdict(list)
        for text, label in zip(texts, labels, strict=True):
            for gram in _grams(text):
                if (gram, label) in suspects:
                    holding[gram, label].append(text)
        topics = Topics([*self._reference, *texts], [*self._reference_labels, *labels])
        return {
            (gram, label): lift
            for (gram, label), lift in suspects.items()
            if label is None or topics.support(holding[gram, label], label) <= self._most_support
        }

    def _is_name(self, gram: Gram, label: str | None) -> bool:
        """Whether a string says no more than the label's own name does, words of everyday grammar aside."""
        if label is None:
            return False
        named = set(pieces(self._names.get(label, label).replace("_", " ")))
        return named >= set(gram) or (named >= set(gram) - _EVERYDAY and not set(gram) <= _EVERYDAY)


@dataclass(frozen=True, repr=False)
class _Counts:
    """In how many texts strings are: in all, by label, and of how many."""

    total: Counter[Gram]
    by_label: Counter[Pair]
    sizes: Counter[str | None]

    def share(self, gram: Gram) -> float:
        """Of all texts; one text more than there are is taken to hold the string, so that no share is 0."""
        return (self.total[gram] + 1) / (self.sizes.total() + 1)

    def share_of(self, gram: Gram, label: str | None) -> float:
        """Of a label's texts."""
        return self.by_label[gram, label] / self.sizes[label] if self.sizes[label] else 0.0

    def share_without_label(self, gram: Gram) -> float:
        """Of all texts, those that hold the string and have no label."""
        return self.by_label[gram, None] / self.sizes.total() if self.sizes else 0.0

    def share_elsewhere(self, gram: Gram, label: str | None) -> float:
        """Of the texts of other labels."""
        others = self.sizes.total() - self.sizes[label]
        return (self.total[gram] - self.by_label[gram, label]) / others if others else 0.0


def _grams(text: Sequence[str]) -> set[Gram]:
    return {
        tuple(text[start : start + size]) for size in range(1, _LONGEST + 1) for start in range(len(text) - size + 1)
    }


def _frequent(texts: Sequence[Sequence[str]], labels: Sequence[str | None], least: int) -> frozenset[Gram]:
    """Strings in at least so many texts of one label, found by length (Agrawal & Srikant 1994, "Apriori").

    A string can only be as frequent as its parts.
    """
    result: set[Gram] = set()
    known: set[Gram] = {()}
    for size in range(1, _LONGEST + 1):
        counts: Counter[Pair] = Counter()
        for text, label in zip(texts, labels, strict=True):
            counts.update((gram, label) for gram in set(_extended(text, size, known)))
        known = {gram for (gram, _), count in counts.items() if count >= least}
        result |= known
    return frozenset(result)


def _extended(text: Sequence[str], size: int, known: set[Gram]) -> Iterator[Gram]:
    for start in range(len(text) - size + 1):
        gram = tuple(text[start : start + size])
        if gram[1:] in known and gram[:-1] in known:
            yield gram


def _counted(texts: Iterable[Sequence[str]], labels: Iterable[str | None], wanted: frozenset[Gram]) -> _Counts:
    by_label: Counter[Pair] = Counter()
    sizes: Counter[str | None] = Counter()
    for text, label in zip(texts, labels, strict=True):
        sizes[label] += 1
        by_label.update((gram, label) for gram in _grams(text) & wanted)
    total: defaultdict[Gram, int] = defaultdict(int)
    for (gram, _), count in by_label.items():
        total[gram] += count
    return _Counts(Counter(total), by_label, sizes)
