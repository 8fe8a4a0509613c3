"""The real noise source with one thing wrong: seeded defects that safety tests must catch."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from fedaug.privacy.noise import SystemNoise


class UnsafeNoise(SystemNoise):
    """Noise that is too narrow or missing, or coins that fall otherwise.

    Args:
        halvings: How many times the width of all noise is halved.
        silent: Whether all noise is zeros.
        coin: What a coin's probability is replaced by.
    """

    def __init__(
        self, *, halvings: int = 0, silent: bool = False, coin: Callable[[float], float] | None = None
    ) -> None:
        self._halvings, self._silent, self._coin = halvings, silent, coin

    def gaussian(self, shape: tuple[int, ...], std: float) -> NDArray[np.float64]:
        return super().gaussian(shape, 0.0 if self._silent else math.ldexp(std, -self._halvings))

    def discrete_gaussian(self, shape: tuple[int, ...], log2_std: int) -> NDArray[np.int64]:
        return super().discrete_gaussian(shape, log2_std - self._halvings) * (not self._silent)

    def discrete_laplace(self, shape: tuple[int, ...], log2_scale: int) -> NDArray[np.int64]:
        return super().discrete_laplace(shape, log2_scale - self._halvings) * (not self._silent)

    def bernoulli(self, shape: tuple[int, ...], probability: float) -> NDArray[np.bool_]:
        return super().bernoulli(shape, self._coin(probability) if self._coin else probability)
