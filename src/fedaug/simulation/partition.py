"""Splitting one labelled data set over virtual sites, the same way every time."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from fedaug.errors import ConfigError, TooFewRecords

Rows = NDArray[np.int64]


def partition(
    labels: Sequence[str], sites: int, *, seed: int, alpha: float | None = None, minimum: int = 1
) -> list[Rows]:
    """Deal rows to sites: evenly, or with label skew.

    With ``alpha`` each label's rows are dealt in shares drawn from Dirichlet(alpha), one draw per label (Hsu, Qi &
    Brown 2019, "Measuring the Effects of Non-Identical Data Distribution"): the smaller alpha, the fewer sites hold a
    label.
    A site that is left with too few rows then gets some from the site that has the most.

    Args:
        labels: One label per row.
        sites: Number of sites, at least 1.
        seed: 0 to 2**32 - 1; the result depends on the arguments and on nothing else.
        alpha: Concentration above zero, or None for sizes that differ by at most one and labels at random.
        minimum: Rows that every site has at least.

    Returns:
        For each site the indices of its rows, ascending; together they are every row once.

    Raises:
        ConfigError: An argument is out of its range.
        TooFewRecords: There are fewer than ``sites * minimum`` rows.
    """
    _check(len(labels), sites, seed, alpha, minimum)
    # RandomState and not Generator: only its streams are frozen over NumPy versions (NEP 19).
    random = np.random.RandomState(seed)
    if alpha is None:
        shares = np.array_split(random.permutation(len(labels)), sites)
    else:
        shares = _skewed(labels, sites, alpha, random)
    dealt = [list(map(int, share)) for share in shares]
    _raise_to_minimum(dealt, minimum)
    return [np.array(sorted(rows), dtype=np.int64) for rows in dealt]


def _check(rows: int, sites: int, seed: int, alpha: float | None, minimum: int) -> None:
    if sites < 1 or minimum < 0:
        raise ConfigError("a partition has no site or a negative minimum", "give sites >= 1 and minimum >= 0")
    if not 0 <= seed < 2**32:
        raise ConfigError("a partition's seed is out of range", "give a whole number from 0 to 2**32 - 1")
    if alpha is not None and not (math.isfinite(alpha) and alpha > 0):
        raise ConfigError("a partition's alpha is not above zero", "give a finite alpha > 0, or none for an even split")
    if rows < sites * minimum:
        raise TooFewRecords(
            f"{rows} rows cannot give {sites} sites {minimum} each", "use fewer sites, a lower minimum or more rows"
        )


def _skewed(labels: Sequence[str], sites: int, alpha: float, random: np.random.RandomState) -> list[Rows]:
    """Each label's rows, shuffled, cut at the cumulated shares of a Dirichlet draw."""
    parts: list[list[Rows]] = [[] for _ in range(sites)]
    column = np.asarray(labels, dtype=object)
    for label in sorted(set(labels)):
        rows = random.permutation(np.flatnonzero(column == label))
        cuts = np.round(np.cumsum(_shares(sites, alpha, random))[:-1] * len(rows)).astype(np.int64)
        for part, piece in zip(parts, np.split(rows, cuts), strict=True):
            part.append(piece)
    return [np.concatenate(part) if part else np.array([], dtype=np.int64) for part in parts]


def _shares(sites: int, alpha: float, random: np.random.RandomState) -> NDArray[np.float64]:
    """One Dirichlet draw; where alpha is so small that all of it underflows, its limit: everything to one site."""
    shares: NDArray[np.float64] = random.dirichlet(np.full(sites, alpha))
    if np.isfinite(shares).all():
        return shares
    everything = np.zeros(sites)
    everything[random.randint(sites)] = 1.0
    return everything


def _raise_to_minimum(dealt: list[list[int]], minimum: int) -> None:
    """Move rows from whichever site has most to each that has too few; ties go to the lowest index."""
    for rows in dealt:
        while len(rows) < minimum:
            rows.append(max(dealt, key=len).pop())
