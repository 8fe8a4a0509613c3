"""What one privacy unit may add to a release: at most an L2 norm of 1, whatever the release is, in whole grid steps."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
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

    def by_unit(self) -> Iterator[NDArray[np.int64]]:
        """The rows of each unit, in their own order."""
        if not len(self):
            return  # np.split would give one unit without rows
        order = np.argsort(self.units, kind="stable")
        starts = np.flatnonzero(np.diff(self.units[order], prepend=self.units[order[0]] - 1))
        yield from np.split(order, starts[1:])

    def bounded(self, records_per_unit: int) -> Contributions:
        """Without what a unit holds beyond its first ``records_per_unit`` rows.

        Which rows those are depends on the unit alone, since other units' rows do not change their order.
        """
        kept = [rows[:records_per_unit] for rows in self.by_unit()]
        if sum(map(len, kept)) == len(self):
            return self
        rows = np.sort(np.concatenate(kept))
        return Contributions(self.embeddings[rows], self.labels[rows], self.units[rows])


Part = Callable[[Contributions, int], tuple[NDArray[np.int64], NDArray[np.float64]]]


def clipped_total(contributions: Contributions, size: int, part: Part, grid: float) -> NDArray[np.int64]:
    """Add up what the units contribute, each unit's own total first clipped to L2 norm 1 and rounded to the grid.

    Whole numbers add up without rounding, so the order of the units cannot matter, and neither can what others hold: a
    sum of floats would move by more than one unit's share (Casacuberta et al. 2022, "Widespread underestimation of
    sensitivity in differentially private libraries").

    Args:
        contributions: The site's rows.
        size: Length of the released vector.
        part: One row's sparse contribution: positions (without repeats) and values.
        grid: Width of a grid step.

    Returns:
        Int64 [size], in grid steps. Adding or removing one unit changes it by at most (1 + grid·√size) / grid in L2
        norm.
    """
    total = np.zeros(size, np.int64)
    for rows in contributions.by_unit():
        positions, values = _unit_total(contributions, rows, part)
        norm = float(np.linalg.norm(values))
        if math.isfinite(norm):  # else no clipping bounds it, and a NaN shows through any noise
            total[positions] += np.rint(values / max(1.0, norm) / grid).astype(np.int64)
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
