"""What one privacy unit may add to a release: at most an L2 norm of 1, whatever the release is."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Contributions:
    """A site's records as a mechanism sees them: rows that belong to units.

    Attributes:
        embeddings: Unit rows, float32 [n, d].
        labels: Positions in the campaign's label list, int [n].
        units: Which unit a row belongs to, int [n]; rows of one unit need not be neighbours.
    """

    embeddings: NDArray[np.float32]
    labels: NDArray[np.int64]
    units: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)


Part = Callable[[Contributions, int], tuple[NDArray[np.int64], NDArray[np.float64]]]


def clipped_total(contributions: Contributions, size: int, part: Part) -> NDArray[np.float64]:
    """Add up what the units contribute, each unit's own total first clipped to L2 norm 1.

    Args:
        contributions: The site's rows.
        size: Length of the released vector.
        part: One row's sparse contribution: positions (without repeats) and values.

    Returns:
        Float64 [size]. Adding or removing one unit changes it by at most 1 in L2 norm.
    """
    total = np.zeros(size)
    if not len(contributions):
        return total  # as any other site answers: whether a site has a record of some label is not to be seen
    order = np.argsort(contributions.units, kind="stable")
    starts = np.flatnonzero(np.diff(contributions.units[order], prepend=-1))
    for rows in np.split(order, starts[1:]):
        positions, values = _unit_total(contributions, rows, part)
        norm = float(np.linalg.norm(values))
        if math.isfinite(norm):  # else no clipping bounds it, and a NaN shows through any noise
            total[positions] += values / max(1.0, norm)
    return total


def _unit_total(
    contributions: Contributions, rows: NDArray[np.int64], part: Part
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    parts = [part(contributions, int(row)) for row in rows]
    if len(parts) == 1:
        return parts[0]
    positions, place = np.unique(np.concatenate([where for where, _ in parts]), return_inverse=True)
    values = np.concatenate([values for _, values in parts])
    return positions, np.bincount(place, values, minlength=len(positions)).astype(np.float64, copy=False)
