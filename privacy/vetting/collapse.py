"""A gate that refuses a whole batch when generating from generated text has worn its diversity down.

Models that are trained on their own output forget the rare first and end in a few phrases (Shumailov et al. 2024, "AI
models collapse when trained on recursively generated data"). Output that is added to the first data, and does not
replace them, keeps them from it (Gerstgrasser et al. 2024, "Is model collapse inevitable?"): a campaign accumulates.
The gate measures each generation against generation 0, never against the one before, which may have fallen itself.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from fedaug.errors import ConfigError, TooFewRecords
from fedaug.privacy.vetting.diversity import coverage, distinct_n, self_bleu, vendi_score
from fedaug.privacy.vetting.gate import Batch, GateClass, Verdict, VerdictCode
from fedaug.privacy.vetting.ngrams import pieces

_MOST_TEXTS: Final = 1_000  # of each side; more change no figure by a percent
_NEIGHBOURS: Final = 5


class CollapseGate:
    """Refuses all of a batch if the pool that it would leave has lost too much of generation 0's diversity.

    The pool is what is kept, together with the batch. It and generation 0 are cut to the same number of texts, at most
    1,000 and half of generation 0, chosen by the hashes of the texts; the other half of generation 0 says what a fresh
    sample scores. Of each measure the share that is left is taken:

    - distinct-2 and distinct-4: different runs of words (Li et al. 2016);
    - self-BLEU: 1 - self-BLEU, what texts do not share with one another (Zhu et al. 2018);
    - Vendi score: how many different texts there seem to be, by their vectors (Friedman & Dieng 2023);
    - coverage: share of generation 0 with a vector near it (Naeem et al. 2020).

    The last two are measured where all sides have vectors. The score is the fall: 1 less the geometric mean of these
    shares, so that a measure that is all but gone cannot be made up for by the others. A batch alone is judged too, by
    a laxer limit: any generator is less diverse than what people wrote, and a large pool would hide a batch of copies.

    Args:
        generation0: What the first generator was trained on or started from: public texts or DP output only, and never
            replaced by a later generation.
        kept: What stays in the pool beside the batch, generation 0 included where it stays; nothing of it where a batch
            replaces what was there before.
        most_fall: Largest fall of the pool that passes, above 0 and below 1.
        most_fall_alone: Largest fall of the batch by itself.
        least_texts: A smaller batch passes unjudged: chance moves its figures by more than collapse does.

    Raises:
        ConfigError: A setting is out of range.
        TooFewRecords: Generation 0 has fewer than twice ``least_texts`` texts.
    """

    name = "collapse"
    gate_class = GateClass.FREE
    cost = 400.0

    def __init__(
        self,
        generation0: Batch,
        *,
        kept: Batch | None = None,
        most_fall: float = 0.5,
        most_fall_alone: float = 0.8,
        least_texts: int = 100,
    ) -> None:
        if not (0 < most_fall <= most_fall_alone < 1 and least_texts > _NEIGHBOURS):
            raise ConfigError(
                "a setting of the collapse gate is out of range",
                "use 0 < most_fall <= most_fall_alone < 1 and least_texts above 5",
            )
        if len(generation0) < 2 * least_texts:
            raise TooFewRecords("generation 0 is too small to see collapse by", "give it twice least_texts texts")
        self._most_fall_alone, self._most_fall, self._least_texts = most_fall_alone, most_fall, least_texts
        self._first, self._kept = generation0.take(_by_hash(generation0.texts)), kept

    def falls(self, batch: Batch) -> dict[str, float]:
        """Of each measure the share of generation 0's diversity that a batch by itself has lost; below 0: gained.

        Raises:
            TooFewRecords: The batch has fewer texts than are judged.
        """
        if len(batch) < self._least_texts:
            raise TooFewRecords("a batch is too small to see collapse by", f"give it {self._least_texts} texts")
        size = min(len(batch), len(self._first) // 2, _MOST_TEXTS)
        covered, fresh = self._first.take(range(size)), self._first.take(range(size, 2 * size))
        before = _diversity(fresh, covered)
        after = _diversity(batch.take(_by_hash(batch.texts)[:size]), covered)
        return {name: 1 - after[name] / figure for name, figure in before.items() if name in after and figure > 0}

    def pooled(self, batch: Batch) -> Batch:
        """The pool as it would be: what is kept, and the batch."""
        return batch if self._kept is None else _joined(self._kept, batch)

    def judge(self, batch: Batch) -> list[Verdict]:
        """One verdict for all texts."""
        if len(batch) < self._least_texts:
            return [Verdict(self.name, VerdictCode.PASSED) for _ in batch.texts]
        alone = fall_of(self.falls(batch))
        pool = alone if self._kept is None else fall_of(self.falls(self.pooled(batch)))
        fine = pool <= self._most_fall and alone <= self._most_fall_alone
        return [Verdict(self.name, VerdictCode.PASSED if fine else VerdictCode.COLLAPSED, pool) for _ in batch.texts]


def fall_of(falls: Mapping[str, float]) -> float:
    """One figure for several measures: 1 less the geometric mean of the shares that are left, none above 1."""
    left = [min(max(1 - fall, 0.0), 1.0) for fall in falls.values()]
    return 1 - math.prod(left) ** (1 / len(left)) if left else 0.0


def _diversity(batch: Batch, covered: Batch) -> Mapping[str, float]:
    split = [pieces(text) for text in batch.texts]
    figures = {
        "distinct-2": distinct_n(split, 2),
        "distinct-4": distinct_n(split, 4),
        "self-bleu": 1 - self_bleu(split),
    }
    if batch.vectors is not None and covered.vectors is not None:
        figures["vendi"] = vendi_score(batch.vectors)
        figures["coverage"] = coverage(covered.vectors, np.asarray(batch.vectors), _NEIGHBOURS)
    return figures


def _joined(one: Batch, other: Batch) -> Batch:
    vectors = None
    if one.vectors is not None and other.vectors is not None:
        vectors = np.concatenate([one.vectors, other.vectors])
    return Batch(one.texts + other.texts, one.labels + other.labels, vectors)


def _by_hash(texts: Sequence[str]) -> list[int]:
    """Positions in an order that follows from the texts, and not from theirs: copies of one text lie far apart."""
    copies: Counter[str] = Counter()
    keys = []
    for text in texts:
        copies[text] += 1
        keys.append(hashlib.sha256(f"{copies[text]}/{text}".encode("utf-8", "replace")).digest())
    return sorted(range(len(texts)), key=keys.__getitem__)
