"""Trains a linear head on a site's embeddings by DP-SGD, the making of a ``NoisyUpdate``.

Abadi et al. 2016, "Deep Learning with Differential Privacy", algorithm 1, over units instead of examples. Records are
read for one thing only: a step's sum of clipped gradients, which the mechanism noises before anything else sees it.
No batch size, loss or stopping rule depends on them.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fedaug.errors import ProtocolError
from fedaug.privacy.events import SubsampledGaussianEvent
from fedaug.privacy.limits import LIMITS
from fedaug.privacy.mechanisms import grid_values, poisson_sample, subsampled_gaussian_step
from fedaug.privacy.noise import NoiseSource
from fedaug.strategies.contributions import Contributions

Floats = NDArray[np.float64]

#: A clip of more grid steps than this is refused. Up to it, float64's own rounding stays far below half a step, and a
#: sum over ``LIMITS.noise_values`` units below the 2^62 at which the mechanism would refuse it and so tell of it.
_CLIP_STEPS_CEILING: Final = 2.0**34


def train_linear(
    rows: Contributions,
    weight: NDArray[np.float32],
    bias: NDArray[np.float32],
    event: SubsampledGaussianEvent,
    step_size: float,
    noise: NoiseSource,
) -> Floats:
    """Softmax regression by ``event.steps`` steps of DP-SGD, float64 [labels, d + 1]; the last column is the bias.

    A step samples each unit with probability ``event.sampling_rate``, adds up the clipped gradients of those it got,
    adds noise (when it got none, too), and takes ``step_size`` times that from the head. What is released is the mean
    of the heads after the steps of the second half (Polyak & Juditsky 1992, "Acceleration of stochastic approximation
    by averaging"), which is post-processing of the noised sums, as is holding every weight within
    ``LIMITS.release_magnitude``: so neither a head nor its logits can overflow, whatever start and step size are sent.

    Args:
        rows: The site's rows; labels are positions in ``weight``.
        weight: The start, float32 [labels, d].
        bias: The start, float32 [labels].
        event: Sampling, steps, clip (its sensitivity), noise and grid.
        step_size: What a step's noised gradient sum is multiplied by.
        noise: Of sampling and of the steps.

    Raises:
        ProtocolError: The head's shape does not fit the records, or the grid is too fine for the clip.
    """
    if weight.ndim != 2 or bias.shape != (len(weight),):
        raise ProtocolError("a head's weight and bias differ in number", "send one row and one bias a label")
    if weight.shape[1] != rows.embeddings.shape[1]:
        raise ProtocolError("a head lies in another embedding space", "use the plan's encoder")
    if not event.sensitivity / event.grid <= _CLIP_STEPS_CEILING:
        raise ProtocolError("a plan's grid is too fine for its clip", "plan with a coarser grid, or more noise")
    gradients = UnitGradients(rows, len(weight), event.sensitivity, event.grid)
    head = _within_limits(np.column_stack([weight, bias]).astype(np.float64))
    average = np.zeros_like(head)
    for step in range(event.steps):
        sampled = poisson_sample(len(gradients), event, noise)
        noised = subsampled_gaussian_step(gradients.total(head, sampled), event, noise)
        head = _within_limits(head - step_size * grid_values(noised, event.grid))
        if step >= event.steps // 2:
            average += head / (event.steps - event.steps // 2)
    return average


class UnitGradients:
    """The clipped gradients of a site's units, in whole grid steps.

    A unit's gradient is the sum of its records' cross-entropy gradients, clipped as one to L2 norm ``sensitivity`` and
    then rounded to the grid. It is the same to the bit whichever units are beside it: one unit is computed at a time,
    one record after the other, in the same buffers, so that shape, order and place in memory of every operation follow
    from the unit alone. (A matrix product over a batch rounds a row differently when the number of rows differs.)

    Adding or removing one unit moves a total by at most sensitivity/grid + √size/2 in L2 norm, float rounding apart;
    accounting charges sensitivity/grid + √size, whose other half is far above that.

    Args:
        rows: The site's rows.
        labels: How many there are.
        sensitivity: The clip, an L2 norm.
        grid: Width of a grid step.
    """

    def __init__(self, rows: Contributions, labels: int, sensitivity: float, grid: float) -> None:
        self._rows = rows
        self._units = list(rows.by_unit())
        self._sensitivity = sensitivity
        self._grid = grid
        width = rows.embeddings.shape[1] + 1
        self._input = np.ones(width)  # a record's embedding and the constant 1 that the bias multiplies
        self._gradient = np.empty((labels, width))
        self._summand = np.empty((labels, width))

    def __len__(self) -> int:
        """Number of units."""
        return len(self._units)

    def total(self, head: Floats, sampled: NDArray[np.bool_]) -> NDArray[np.int64]:
        """The sampled units' sum at a head, int64 [labels, d + 1] in grid steps.

        Args:
            head: Float64 [labels, d + 1].
            sampled: Which units to add up, bool [units].
        """
        total = np.zeros(head.shape, np.int64)
        with np.errstate(all="ignore"):  # a warning would tell of the record that drew it
            for unit in np.flatnonzero(sampled):
                total += self._clipped(head, self._units[unit])
        return total

    def _clipped(self, head: Floats, records: NDArray[np.int64]) -> NDArray[np.int64]:
        gradient = self._gradient
        for place, record in enumerate(records):
            self._record_gradient(head, int(record), self._summand if place else gradient)
            if place:
                gradient += self._summand
        largest = float(np.abs(gradient).max())  # divided out first: the square of a small number is 0
        norm = largest * float(np.linalg.norm(gradient / largest)) if largest > 0 else largest
        if not math.isfinite(norm):  # no clipping bounds it, and a NaN shows through any noise
            return np.zeros(gradient.shape, np.int64)
        gradient *= 1 / (max(1.0, norm / self._sensitivity) * self._grid)
        return np.rint(gradient, out=gradient).astype(np.int64)

    def _record_gradient(self, head: Floats, record: int, out: Floats) -> None:
        """The cross-entropy gradient (p - e_label) ⊗ (x, 1) of one record."""
        self._input[:-1] = self._rows.embeddings[record]
        residual = head @ self._input
        residual -= residual.max()
        np.exp(residual, out=residual)
        residual /= residual.sum()
        residual[self._rows.labels[record]] -= 1
        np.multiply.outer(residual, self._input, out=out)


def _within_limits(head: Floats) -> Floats:
    return np.clip(head, -LIMITS.release_magnitude, LIMITS.release_magnitude)
