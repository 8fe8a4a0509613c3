"""What a student is: a model trained on the pool alone, by public code, from public or DP inputs.

A student sees no private record, so training one costs no privacy budget, whatever its settings.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fedaug.augmentation.registry import load_plugin
from fedaug.errors import BadNumber, ConfigError, EmptySource, MalformedSource, UnknownLabel

#: Entry-point group in which packages offer students.
STUDENTS: Final = "fedaug.students"

Embeddings = NDArray[np.float32]
Texts = Sequence[str]
#: Called with (steps done, steps in all).
Progress = Callable[[int, int], None]

Inputs_contra = TypeVar("Inputs_contra", contravariant=True)


class Student(Protocol[Inputs_contra]):
    """A classifier. Its inputs are embeddings, float32 [n, d], or texts, as the student says."""

    @property
    def name(self) -> str:
        """The name under which it is registered."""
        ...

    @property
    def absent(self) -> tuple[int, ...]:
        """Labels of which it saw no sample; it never predicts them."""
        ...

    def fit(
        self,
        inputs: Inputs_contra,
        labels: ArrayLike,
        weights: ArrayLike | None = None,
        *,
        classes: int,
        progress: Progress | None = None,
    ) -> Self:
        """Train from scratch.

        Args:
            inputs: n embeddings or texts.
            labels: int [n], each from 0 to classes − 1; or float [n, classes], soft: a share of belief per label.
            weights: float [n], at least 0; only their ratios count. All equal when None.
            classes: Size of the label set.
            progress: Called as training goes on.

        Raises:
            EmptySource: There is no sample, or samples of one label only.
            UnknownLabel: A label is outside the label set.
            BadNumber: A number is NaN, infinite or negative where it must not be.
            MalformedSource: The lengths or shapes do not fit together.
        """
        ...

    def scores(self, inputs: Inputs_contra) -> NDArray[np.float32]:
        """Probabilities, float32 [n, classes]; each row sums to 1."""
        ...

    def predict(self, inputs: Inputs_contra) -> NDArray[np.int64]:
        """The most probable label of each input, int64 [n]."""
        ...

    def to_bytes(self) -> bytes:
        """The trained student as one safetensors file."""
        ...

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """A student from its file.

        Raises:
            MalformedSource: The bytes are not a student of this kind.
        """
        ...


@dataclass(frozen=True)
class Targets:
    """Labels and weights as every student trains on them, checked.

    Attributes:
        shares: float32 [n, present]: belief per present label; each row sums to 1.
        weights: float32 [n], summing to 1.
        present: The labels that have any weight, in order.
        classes: Size of the whole label set.
        soft: Whether any sample is believed to carry more than one label.
    """

    shares: NDArray[np.float32]
    weights: NDArray[np.float32]
    present: tuple[int, ...]
    classes: int
    soft: bool

    @property
    def absent(self) -> tuple[int, ...]:
        """Labels without any weight."""
        return tuple(sorted(set(range(self.classes)) - set(self.present)))


def load_student(name: str) -> Any:  # noqa: ANN401 (a plug-in's factory: its options are its own)
    """The factory of one student, by its registered name.

    Raises:
        UnknownPlugin: No student has that name.
    """
    return load_plugin(STUDENTS, name)


def check_targets(count: int, labels: ArrayLike, weights: ArrayLike | None, classes: int) -> Targets:
    """Check what a student is to learn; see :meth:`Student.fit` for shapes and errors."""
    if classes < 2:
        raise ConfigError("a student was asked to tell fewer than two labels apart", "give the whole label set")
    if count == 0:
        raise EmptySource("there is no sample to train a student on", "check what the pool accepted")
    kept = _weights(count, weights)
    shares = _shares(np.asarray(labels), kept, classes)
    mass = kept @ shares
    present = np.flatnonzero(mass > 0)
    if len(present) < 2:
        raise EmptySource("all samples carry the same label", "pool samples of two labels at least")
    soft = bool((shares[kept > 0].max(axis=1) < 1).any())
    return Targets(shares[:, present], kept.astype(np.float32), tuple(present.tolist()), classes, soft)


def check_embeddings(values: ArrayLike, dimensions: int | None = None) -> Embeddings:
    """Embeddings as contiguous float32 [n, d].

    Raises:
        MalformedSource: They are not a matrix, or not of the width that the student was trained on.
        BadNumber: One is NaN or infinite.
    """
    matrix = np.ascontiguousarray(values, np.float32)
    if matrix.ndim != 2 or (dimensions is not None and matrix.shape[1] != dimensions):
        raise MalformedSource(
            f"embeddings have shape {matrix.shape}",
            f"give [n, {dimensions or 'dimensions'}], from the student's own encoder",
        )
    if not np.isfinite(matrix).all():
        raise BadNumber("an embedding is NaN or infinite", "embed the texts again")
    return matrix


def _shares(labels: NDArray[Any], weights: NDArray[np.float64], classes: int) -> NDArray[np.float32]:
    if labels.ndim not in (1, 2) or len(labels) != len(weights):
        raise MalformedSource(f"labels have shape {labels.shape} for {len(weights)} samples", "give one label a sample")
    if labels.ndim == 1:
        if labels.dtype.kind not in "iu":
            raise UnknownLabel("a label is not a whole number", "give labels as their position in the label set")
        if labels.min() < 0 or labels.max() >= classes:
            raise UnknownLabel(f"a label lies outside the {classes} labels", "use the campaign's own label set")
        certain: NDArray[np.float32] = np.eye(classes, dtype=np.float32)[labels]
        return certain
    if labels.shape[1] != classes:
        raise UnknownLabel(
            f"soft labels name {labels.shape[1]} labels, not {classes}", "use the campaign's own label set"
        )
    shares = labels.astype(np.float64)
    if not (np.isfinite(shares).all() and (shares >= 0).all()):
        raise BadNumber("a soft label is NaN, infinite or negative", "give shares of belief of at least 0")
    total = shares.sum(axis=1, keepdims=True)
    if not (total[weights > 0] > 0).all():
        raise BadNumber("a soft label believes in nothing", "leave such samples out")
    normalised: NDArray[np.float32] = (shares / np.where(total > 0, total, 1)).astype(np.float32)
    return normalised


def _weights(count: int, weights: ArrayLike | None) -> NDArray[np.float64]:
    values = np.ones(count) if weights is None else np.asarray(weights, np.float64)
    if values.shape != (count,):
        raise MalformedSource(f"weights have shape {values.shape} for {count} samples", "give one weight a sample")
    if not (np.isfinite(values).all() and (values >= 0).all()):
        raise BadNumber("a sample's weight is NaN, infinite or negative", "give finite weights of at least 0")
    if not values.sum() > 0:
        raise EmptySource("every sample has weight zero", "check what the pool accepted")
    shares: NDArray[np.float64] = values / values.sum()
    return shares
