"""A teacher: whoever says how probable each label of a text is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from fedaug.augmentation.candidates import Dependence
from fedaug.augmentation.encoder import Encoder
from fedaug.errors import PrivateOutput

Floats = NDArray[np.float64]


class Teacher(Protocol):
    """Tells labels apart."""

    @property
    def labels(self) -> tuple[str, ...]:
        """What it tells apart."""

    @property
    def dependence(self) -> Dependence:
        """The most private thing that it was trained on, or reads."""

    def probabilities(self, texts: Sequence[str]) -> Floats:
        """Of each label for each text, float64 [texts, labels]; rows sum to 1. A row follows from its text alone."""


class VectorTeacher:
    """A teacher that judges embeddings, such as a campaign's DP teacher or a student of public texts.

    Args:
        encoder: The public embedding space.
        labels: What the teacher tells apart.
        judge: From unit vectors, float32 [n, d], to probabilities, [n, labels].
        dependence: What it depends on.
    """

    def __init__(
        self,
        encoder: Encoder,
        labels: Sequence[str],
        judge: Callable[[NDArray[np.float32]], NDArray[np.floating]],
        dependence: Dependence,
    ) -> None:
        self.labels = tuple(labels)
        self.dependence = dependence
        self._encoder, self._judge = encoder, judge

    def probabilities(self, texts: Sequence[str]) -> Floats:
        """Of each label for each text, float64 [texts, labels]."""
        if not texts:
            return np.zeros((0, len(self.labels)))
        return np.asarray(self._judge(self._encoder.embed(texts)), np.float64)


def refuse_private_teacher(teacher: Teacher) -> None:
    """Refuse a teacher whose word would tell of records.

    Raises:
        PrivateOutput: It was trained on records without DP.
    """
    if not teacher.dependence < Dependence.PRIVATE:
        raise PrivateOutput("a teacher was trained on records without DP", "take one that is public, or DP output")
