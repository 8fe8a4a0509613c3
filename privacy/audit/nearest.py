"""Exact nearest neighbours in blocks, so that memory does not grow with the number of queries."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fedaug.errors import BadNumber, ConfigError
from fedaug.privacy.products import products

#: Distances worked out at once: 32 MiB of float64.
_BLOCK: Final = 2**22


def matrix(values: ArrayLike) -> NDArray[np.float64]:
    """Rows of finite numbers, [n, d], at least one of each.

    Raises:
        ConfigError: The shape is another.
        BadNumber: A value is NaN or infinite.
    """
    rows = np.asarray(values, np.float64)
    if rows.ndim != 2 or not rows.size:
        raise ConfigError("an attack was given no vectors", "give one row of numbers for each text")
    if not np.isfinite(rows).all():
        raise BadNumber("an attack's vector holds NaN or infinity", "embed the texts again")
    return rows


def nearest(queries: ArrayLike, base: ArrayLike, count: int = 1) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The nearest rows by Euclidean distance; for rows of unit length the order is that of the cosine.

    Args:
        queries: [q, d].
        base: [n, d], n ≥ count.
        count: Of neighbours.

    Returns:
        Distances, rising, and positions in ``base``, both [q, count]. Of equally near ones the first comes first.

    Raises:
        ConfigError: The widths differ, or the base holds too few rows.
        BadNumber: A value is NaN or infinite.
    """
    asked, rows = matrix(queries), matrix(base)
    if asked.shape[1] != rows.shape[1] or not 1 <= count <= len(rows):
        raise ConfigError("an attack's vectors do not fit together", "give vectors of one width, and enough of them")
    squares = np.einsum("ij,ij->i", rows, rows)
    distances = np.empty((len(asked), count))
    places = np.empty((len(asked), count), np.int64)
    for mine, _, found in products(asked, rows, cells=_BLOCK):
        order = np.argsort(squares - 2 * found, axis=1, kind="stable")[:, :count]
        places[mine] = order
        # From the differences: the expanded square loses the last digits where two rows are almost equal.
        distances[mine] = np.linalg.norm(asked[mine][:, None, :] - rows[order], axis=2)
    return distances, places
