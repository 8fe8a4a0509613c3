"""A gate that keeps public evaluation items, and what was made of them, out of the pool that students learn from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from fedaug.errors import ConfigError
from fedaug.privacy.vetting.evaluation import EvaluationIndex, Matches, Thresholds
from fedaug.privacy.vetting.gate import Batch, GateClass, Verdict, VerdictCode
from fedaug.privacy.vetting.nearest import NearVectors

_PUBLIC = "name public files, and give one vector for each of their items or none"


class ContaminationGate:
    """Refuses texts that hold an item of a named evaluation file, or a reworded one as far as that can be seen.

    What counts is in :class:`~fedaug.privacy.vetting.evaluation.Thresholds`, and ``benchmarks/contamination`` says on
    which data it was tuned: 13 words in a row, or half of an item's words in a row if they tell
    more than everyday phrases do, or most of its telling words in any order, or most of its pairs of neighbours. With
    embeddings, also a text that means nearly the same. A verdict names the item that the text is most alike, such as
    ``banking77/test:17`` (counted from 0), and its score is the likeness: the share of the item's words that were
    copied, of words or pairs that both have, or the cosine.

    **Not** found: a paraphrase that leaves few words standing, where batches bring no embeddings, and half of an item
    of a few everyday words, which innocent texts hold too.

    Args:
        files: Name of each evaluation file -> its items. Public, or the gate would not be of class F.
        vectors: Name of a file -> embeddings of its items, [items, dimensions], of unit length.
        closeness: Least cosine of a text that means the same as an item.
        thresholds: What counts otherwise.

    Raises:
        ConfigError: A setting is out of range, or a file has not one vector for each item.
    """

    name = "contamination"
    gate_class = GateClass.FREE
    cost = 60.0

    def __init__(
        self,
        files: Mapping[str, Sequence[str]] | None = None,
        *,
        vectors: Mapping[str, NDArray[np.float32]] | None = None,
        closeness: float = 0.9,
        thresholds: Thresholds | None = None,
    ) -> None:
        if not 0 < closeness <= 1:
            raise ConfigError(
                "the contamination gate's closeness is not above 0 and at most 1", "give a number such as 0.9"
            )
        files, vectors = files or {}, vectors or {}
        if any(len(vectors[name]) != len(files.get(name, ())) for name in vectors):
            raise ConfigError("an evaluation file has not one vector for each item", _PUBLIC)
        self._names = [f"{name}:{row}" for name, items in files.items() for row in range(len(items))]
        self._index = EvaluationIndex([item for items in files.values() for item in items], thresholds or Thresholds())
        first = dict(zip(files, np.cumsum([0, *map(len, files.values())]).tolist(), strict=False))
        self._vectors = [(first[name], NearVectors(found)) for name, found in vectors.items()]
        self._closeness = closeness

    def judge(self, batch: Batch) -> list[Verdict]:
        """One verdict per text, each from that text alone."""
        likeness, items = np.zeros(len(batch)), np.full(len(batch), -1, np.int64)
        for found in [*self._index.matches(batch.texts), *self._meanings(batch)]:
            # The last one stays: the likest, of equals the first item.
            order = np.lexsort((-found.items, found.likeness))
            mine, theirs, score = found.texts[order], found.items[order], found.likeness[order]
            better = (score > likeness[mine]) | (score == likeness[mine]) & (theirs < items[mine])
            likeness[mine[better]], items[mine[better]] = score[better], theirs[better]
        return [self._verdict(*pair) for pair in zip(likeness.tolist(), items.tolist(), strict=True)]

    def _meanings(self, batch: Batch) -> list[Matches]:
        if batch.vectors is None:
            return []
        matches = []
        for first, known in self._vectors:
            cosines, rows = known.closest(batch.vectors, self._closeness)
            near = np.flatnonzero(rows >= 0)
            matches.append(Matches(near, rows[near] + first, cosines[near].astype(np.float64)))
        return matches

    def _verdict(self, likeness: float, item: int) -> Verdict:
        if item < 0:
            return Verdict(self.name, VerdictCode.PASSED)
        return Verdict(self.name, VerdictCode.CONTAMINATED, round(likeness, 6), self._names[item])
