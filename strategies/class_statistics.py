"""Class statistics: noisy per-class sums of unit embeddings, and the DP teacher that the coordinator makes of them.

Site half: :func:`class_sums` and :func:`label_counts`, clipped per unit. Coordinator half: :class:`Teacher`, which is
post-processing, so that it labels any amount of candidate text at no further cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fedaug.strategies.contributions import Contributions, clipped_total

Floats = NDArray[np.float64]
Steps = NDArray[np.int64]


def class_sums(contributions: Contributions, labels: int, grid: float) -> Steps:
    """Per-class sums of embeddings, int64 [labels, d] in grid steps; one unit's contribution has L2 norm at most 1.

    A unit's records are added up into one matrix [labels, d], and that matrix is clipped, so the sum over a site
    changes by at most 1 in L2 norm (and rounding) when a unit is added or removed.
    """
    dimensions = contributions.embeddings.shape[1]
    return clipped_total(contributions, labels * dimensions, _label_block, grid).reshape(labels, dimensions)


def label_counts(contributions: Contributions, labels: int, grid: float) -> Steps:
    """Records per label, int64 [labels] in grid steps; one unit's histogram is clipped to L2 norm 1."""
    return clipped_total(contributions, labels, _one_hot, grid)


def _label_block(contributions: Contributions, row: int) -> tuple[NDArray[np.int64], Floats]:
    vector = contributions.embeddings[row].astype(np.float64)
    start = int(contributions.labels[row]) * len(vector)
    return np.arange(start, start + len(vector)), vector


def _one_hot(contributions: Contributions, row: int) -> tuple[NDArray[np.int64], Floats]:
    return np.array([contributions.labels[row]], np.int64), np.ones(1)


@dataclass(frozen=True)
class Teacher:
    """Scores texts against classes by the cosine to a class's direction, learnt from noised sums alone.

    Attributes:
        directions: Unit rows, float64 [labels, d].
        sharpness: Inverse temperature of :meth:`probabilities`.
    """

    directions: Floats
    sharpness: float = 20.0

    def scores(self, embeddings: NDArray[np.floating]) -> Floats:
        """Cosines, float64 [n, labels]."""
        return np.asarray(embeddings @ self.directions.T, np.float64)

    def probabilities(self, embeddings: NDArray[np.floating]) -> Floats:
        """Softmax of the scores, float64 [n, labels]."""
        logits = self.sharpness * self.scores(embeddings)
        weights = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float64)


def fit_teacher(
    noisy_sums: Floats,
    noisy_counts: Floats,
    noise_std: float,
    prior: NDArray[np.floating],
    public: NDArray[np.floating],
) -> Teacher:
    """Shrink noised class sums towards the label's own words, by empirical Bayes.

    The sum of a class of n records is taken as n·m + N(0, σ²I) with m ~ N(λ·prior, τ²/d I): the posterior's direction
    is sum + κλ·prior with κ = σ²d/(nτ²) (Efron & Morris 1973, section 2). λ and τ² are estimated from the noised sums
    themselves, less the noise's share, so nothing but DP output and public vectors is read. Both are first projected on
    the subspace that holds 90 % of the public candidates' variance, since elsewhere the sums carry noise only.

    Args:
        noisy_sums: Float64 [labels, d], the sites' noised sums added up.
        noisy_counts: Float64 [labels], the sites' noised label counts added up.
        noise_std: Standard deviation of the added-up noise per coordinate of ``noisy_sums``.
        prior: Unit rows [labels, d], the embeddings of the labels' words.
        public: Unit rows [n, d] of public candidates.
    """
    basis = principal_subspace(public, share=0.9)
    sums, words = noisy_sums @ basis, prior @ basis
    counts = np.maximum(noisy_counts, 1.0)[:, None]
    dimensions = basis.shape[1]
    # Class means are shorter than unit vectors.
    length = max(float((sums * words).sum() / (counts * words**2).sum()), 0.0)
    squares = ((sums - counts * length * words) ** 2).sum() - len(sums) * dimensions * noise_std**2
    spread = max(float(squares / (counts**2).sum()), 1e-2)
    strength = noise_std**2 * dimensions / (counts.mean() * spread)  # one for all, so that no class's cosines run high
    directions = (sums + strength * length * words) @ basis.T
    return Teacher(_unit(directions))


def name_teacher(prior: NDArray[np.floating]) -> Teacher:
    """The teacher that has seen no private record: the labels' words alone."""
    return Teacher(_unit(np.asarray(prior, np.float64)))


def principal_subspace(public: NDArray[np.floating], share: float) -> Floats:
    """Orthonormal columns [d, k] that hold ``share`` of the second moment of public vectors."""
    moment = public.astype(np.float64).T @ public.astype(np.float64)
    values, vectors = np.linalg.eigh(moment)
    order = np.argsort(values)[::-1]
    kept = int(np.searchsorted(np.cumsum(values[order]) / values.sum(), share)) + 1
    return np.asarray(vectors[:, order[:kept]], np.float64)


def add_up(values: Sequence[Floats]) -> Floats:
    """The sum of the sites' noised values, in a fixed order."""
    return np.asarray(np.sum(np.stack(values), axis=0), np.float64)


def _unit(rows: Floats) -> Floats:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12), np.float64)
