"""Inner products of many rows with many others, in blocks, so that memory does not grow with the number of pairs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Float = TypeVar("Float", np.float32, np.float64)


def products(
    asked: NDArray[Float], known: NDArray[Float], *, cells: int, known_at_a_time: int | None = None
) -> Iterator[tuple[slice, slice, NDArray[Float]]]:
    """Every row of the one with every row of the other, a block at a time.

    Args:
        asked: [q, d].
        known: [n, d].
        cells: Products worked out at once, at most; but never fewer than one row of ``asked`` has.
        known_at_a_time: Rows of ``known`` in a block; all of them, if not given, so that each block is whole rows.

    Yields:
        Which rows of ``asked``, which of ``known``, and their products. Blocks of ``known`` change fastest. Nothing is
        yielded if either side is empty.
    """
    width = min(known_at_a_time or len(known), len(known))
    if not width:
        return
    height = max(1, cells // width)
    for start in range(0, len(asked), height):
        mine = slice(start, min(start + height, len(asked)))
        for first in range(0, len(known), width):
            theirs = slice(first, min(first + width, len(known)))
            yield mine, theirs, asked[mine] @ known[theirs].T
