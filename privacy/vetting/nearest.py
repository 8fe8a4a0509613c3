"""The nearest of very many unit vectors, exactly: by blocked products, most of them over a quarter of the dimensions.

With A = (a, a') and B = (b, b') the vectors' first and other coordinates, ⟨A, B⟩ ≤ ⟨a, b⟩ + |a'|·|b'| (Cauchy &
Schwarz). Vectors are turned first, so that the first coordinates carry most (the principal axes of what is known), and
only pairs whose bound reaches the cosine that is asked for are multiplied out. Nothing is approximate but the rounding
of float32; the ratio to faiss' flat index and the memory of both are printed by ``benchmarks/vetting``.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from fedaug.privacy.products import products
from fedaug.privacy.vetting.words import Places

Vectors = NDArray[np.float32]

_SAMPLE: Final = 4_096
_KNOWN_AT_A_TIME, _ASKED_AT_A_TIME = 4_096, 2_048  # products of 32 MB
_ROUNDING: Final = 1e-4  # of products of float32 over a few thousand dimensions, with room to spare
_MANY: Final = 0.02  # share of pairs above which multiplying all out is faster than picking


class NearVectors:
    """Finds the nearest of the vectors that it was built of.

    Args:
        known: [vectors, dimensions], of unit length; kept, not copied.
    """

    def __init__(self, known: Vectors) -> None:
        self._known = known
        self._axes = _principal_axes(known)
        self._heads = self._turned(known)

    def closest(self, vectors: Vectors, least: float) -> tuple[Vectors, Places]:
        """Of each vector the greatest cosine at or above ``least``, and with which; 0.0 and −1 if there is none."""
        best, partner = np.zeros(len(vectors), np.float32), np.full(len(vectors), -1, np.int64)
        for start in range(0, len(vectors), _ASKED_AT_A_TIME):
            rows = slice(start, start + _ASKED_AT_A_TIME)
            heads = self._turned(vectors[rows])
            for _, known, bounds in products(
                heads, self._heads, cells=_KNOWN_AT_A_TIME * _ASKED_AT_A_TIME, known_at_a_time=_KNOWN_AT_A_TIME
            ):
                mine, theirs, cosines = self._near(vectors[rows], known, bounds, least)
                order = np.lexsort((-theirs, cosines))  # the last one stays: the nearest, of equals the first
                order = order[cosines[order] > best[rows][mine[order]]]
                best[rows][mine[order]], partner[rows][mine[order]] = cosines[order], theirs[order]
        return best, partner

    def _near(self, vectors: Vectors, block: slice, bounds: Vectors, least: float) -> tuple[Places, Places, Vectors]:
        known, first = self._known[block], block.start
        mine, theirs = np.divmod(np.flatnonzero(bounds >= least - _ROUNDING), max(1, len(known)))
        if len(mine) > _MANY * bounds.size:
            products = vectors @ known.T
            mine, theirs = np.divmod(np.flatnonzero(products >= least), max(1, len(known)))
            return mine, theirs + first, products[mine, theirs]
        cosines = np.einsum("ij,ij->i", vectors[mine], known[theirs])
        near = cosines >= least
        return mine[near], theirs[near] + first, cosines[near]

    def _turned(self, vectors: Vectors) -> Vectors:
        """The first coordinates along the principal axes, and as the last one the length of all others."""
        heads = vectors @ self._axes
        rest = np.einsum("ij,ij->i", vectors, vectors) - np.einsum("ij,ij->i", heads, heads)
        return np.concatenate((heads, np.sqrt(np.maximum(rest, 0))[:, None]), axis=1)


class KeptVectors:
    """Says of vectors, one after the other, whether one that was kept before is near.

    Args:
        vectors: [vectors, dimensions], of unit length.
        least: Least cosine of near vectors.
    """

    def __init__(self, vectors: Vectors, least: float) -> None:
        self._vectors, self._least = vectors, least
        self._kept: list[int] = []
        self._start, self._before, self._inside = -1, np.empty(0, bool), np.empty((0, 0), bool)

    def has_near(self, position: int) -> bool:
        """Asked of rising positions."""
        if not 0 <= position - self._start < len(self._before):
            self._begin(position)
        place = position - self._start
        recent = [kept - self._start for kept in self._kept if kept >= self._start]
        return bool(self._before[place] or self._inside[place, recent].any())

    def add(self, position: int) -> None:
        """Keep the vector at a position."""
        self._kept.append(position)

    def _begin(self, position: int) -> None:
        block = self._vectors[position : position + _ASKED_AT_A_TIME]
        self._start, self._before = position, np.zeros(len(block), bool)
        for first in range(0, len(self._kept), _KNOWN_AT_A_TIME):
            kept = self._vectors[self._kept[first : first + _KNOWN_AT_A_TIME]]
            self._before |= (block @ kept.T >= self._least).any(axis=1)
        self._inside = block @ block.T >= self._least


def _principal_axes(vectors: Vectors) -> Vectors:
    """The directions in which vectors are longest on average, a quarter as many as there are dimensions."""
    sample = vectors[:: max(1, len(vectors) // _SAMPLE)]
    _, axes = np.linalg.eigh(sample.T @ sample)
    return np.ascontiguousarray(axes[:, ::-1][:, : max(1, vectors.shape[1] // 4)], dtype=np.float32)
