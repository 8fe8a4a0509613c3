"""How often a linear student is right on a site's records, as one clipped count per unit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fedaug.errors import ProtocolError
from fedaug.strategies.contributions import Contributions, clipped_total


def right_and_wrong(
    contributions: Contributions, weight: NDArray[np.float32], bias: NDArray[np.float32], grid: float
) -> NDArray[np.int64]:
    """How many records a linear head labels rightly and how many wrongly, int64 [2] in grid steps.

    A unit's part has L2 norm at most 1.

    Args:
        contributions: The site's rows.
        weight: Float32 [labels, d].
        bias: Float32 [labels].
        grid: Width of a grid step.

    Raises:
        ProtocolError: The head's shape does not fit the records.
    """
    if weight.ndim != 2 or bias.shape != (len(weight),):
        raise ProtocolError("a student's weight and bias differ in number", "send one row and one bias a label")
    if weight.shape[1] != contributions.embeddings.shape[1]:
        raise ProtocolError("a student lies in another embedding space", "use the plan's encoder")

    def mark(rows: Contributions, row: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        with np.errstate(over="ignore", invalid="ignore"):  # a warning would tell of the record that drew it
            guess = int(np.argmax(weight @ rows.embeddings[row] + bias))
        return np.array([0 if guess == rows.labels[row] else 1]), np.ones(1)

    return clipped_total(contributions, 2, mark, grid)
