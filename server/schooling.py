"""From pool to student, and from student to score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fedaug.augmentation.encoder import Encoder
from fedaug.errors import EmptySource, UnknownLabel
from fedaug.server.campaign import CampaignConfig
from fedaug.server.pool_records import PoolSample
from fedaug.server.students.evaluate import Evaluation, evaluate
from fedaug.server.students.student import Student, load_student
from fedaug.strategies.class_statistics import Teacher

Score = Evaluation


@dataclass(frozen=True)
class Heldout:
    """Real labelled texts that no site holds and that the coordinator may read.

    Attributes:
        texts: The texts.
        labels: Positions in the campaign's label set, int [n].
        embeddings: Their unit vectors, float32 [n, d].
        description: What they are, and why reading them is no release.
    """

    texts: tuple[str, ...]
    labels: NDArray[np.int64]
    embeddings: NDArray[np.float32]
    description: str = ""

    @classmethod
    def of(
        cls, rows: Sequence[tuple[str, str]], labels: Sequence[str], encoder: Encoder, description: str = ""
    ) -> Heldout:
        """From (text, label) pairs.

        Args:
            rows: The pairs.
            labels: The campaign's label set.
            encoder: Embeds the texts; not one that keeps what it embeds, since these are real texts.
            description: What they are, and why reading them is no release.

        Raises:
            EmptySource: There is none.
            UnknownLabel: A label is outside the label set.
        """
        place = {label: index for index, label in enumerate(labels)}
        unknown = sum(label not in place for _, label in rows)
        if unknown:
            raise UnknownLabel(
                f"{unknown} held-out rows carry a label outside the campaign's label set",
                "correct them, or the label set",
            )
        if not rows:
            raise EmptySource("the held-out file has no rows", "give a file with labelled texts")
        texts = tuple(text for text, _ in rows)
        return cls(texts, np.array([place[label] for _, label in rows]), encoder.embed(texts), description)


class Schooling:
    """Trains and scores a campaign's students.

    Args:
        config: Names the student.
        encoder: The public embedding space.
        heldout: What students are scored on, if anything.
    """

    def __init__(self, config: CampaignConfig, encoder: Encoder, heldout: Heldout | None) -> None:
        self.heldout = heldout
        self._config = config
        self._encoder = encoder

    def train(self, samples: Sequence[PoolSample], teacher: Teacher | None) -> Student[Any]:
        """A student of the campaign's kind, trained on pool samples alone.

        Every text of the pool counts once. Its label is a belief over all labels: what the teacher says of the text,
        each label lifted by the votes that the text drew under it (knowledge distillation; Hinton et al. 2015, section
        2). Teacher and votes are DP output, so this is post-processing. Without a teacher the pooled labels alone are
        believed, by their weights.

        Raises:
            EmptySource: The pool holds no samples, or samples of one label only.
        """
        place = {label: index for index, label in enumerate(self._config.labels)}
        rows: dict[str, int] = {}
        for sample in samples:
            rows.setdefault(sample.text, len(rows))
        texts = list(rows)
        where = [(rows[sample.text], place[sample.label]) for sample in samples]
        if teacher is None:
            belief = np.zeros((len(rows), len(place)))
            for cell, sample in zip(where, samples, strict=True):
                belief[cell] += sample.weight
        else:
            belief = teacher.probabilities(self._encoder.embed(texts))
            for cell, sample in zip(where, samples, strict=True):
                belief[cell] *= sample.scores.get("votes", 1.0)
        belief = np.maximum(belief, 1e-12)
        shares = belief / belief.sum(axis=1, keepdims=True)
        student: Student[Any] = load_student(self._config.student)()
        inputs = texts if self._reads_texts else self._encoder.embed(texts)
        return student.fit(inputs, shares, classes=len(place))

    def score(self, student: Student[Any]) -> Score | None:
        """The student on the held-out texts; None without any."""
        if self.heldout is None:
            return None
        inputs = self.heldout.texts if self._reads_texts else self.heldout.embeddings
        return evaluate(student.predict(inputs), self.heldout.labels, self._config.labels)

    def linear_head(self, student: Student[Any]) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
        """Weight [labels, d] and bias [labels] of a linear student, which sites can evaluate; None for another kind."""
        weight, bias = getattr(student, "weight", None), getattr(student, "bias", None)
        return None if weight is None or bias is None else (weight, bias)

    @property
    def _reads_texts(self) -> bool:
        return self._config.student == "encoder"
