"""A gate of class S: how far a text's embedding is from the closest record's."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fedaug.errors import ConfigError
from fedaug.privacy.products import products
from fedaug.privacy.vetting.gate import Batch, GateClass, Verdict, VerdictCode

_CELLS: Final = 2**24  # compared at once: 64 MiB of float32


class ClosestRecordGate:
    """Finds texts that lie closer to a record than ``least_distance``; the score is the distance to the closest one.

    A distance is a diagnostic and no evidence of privacy: a text far from every record can still tell of one, and a
    text close to one can have come about without it. Every record is compared, so the distances are exact.

    Args:
        records: The site's records in the public space, float32 [n, d], unit rows. They are read exactly, so the gate
            is of class S.
        least_distance: Euclidean distance between unit vectors, √(2 − 2·cosine), 0 to 2, below which a text is too
            close.

    Raises:
        ConfigError: The distance is out of range.
    """

    name = "closest"
    gate_class = GateClass.SITE_ONLY
    cost = 800.0

    def __init__(self, records: NDArray[np.float32], *, least_distance: float = 0.1) -> None:
        if not 0 <= least_distance <= 2:
            raise ConfigError("a least distance between embeddings is not 0 to 2", "give a number such as 0.1")
        self._records = records
        self._least = least_distance

    def judge(self, batch: Batch) -> list[Verdict]:
        """One verdict per text, each from its own vector."""
        if batch.vectors is None:
            raise ConfigError("a gate that compares embeddings was given none", "give the batch its vectors")
        return [self._verdict(float(distance)) for distance in self._distances(batch.vectors)]

    def _verdict(self, distance: float) -> Verdict:
        code = VerdictCode.TOO_CLOSE if distance < self._least else VerdictCode.PASSED
        return Verdict(self.name, code, distance if math.isfinite(distance) else None)

    def _distances(self, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
        """To the closest record, float64 [texts]; infinite where there is none."""
        closest = np.full(len(vectors), -np.inf, np.float64)
        for rows, _, cosines in products(vectors, self._records, cells=_CELLS):
            closest[rows] = cosines.max(axis=1)
        # A hair above 1 is rounding; what is no number counts as a copy.
        cosines = np.where(np.isnan(closest), 1.0, np.minimum(closest, 1.0))
        distances: NDArray[np.float64] = np.sqrt(2 - 2 * cosines)
        return distances
