"""Noise sources for tests only: repeatable, and therefore no protection at all.

They satisfy ``fedaug.privacy.noise.NoiseSource`` and refuse what the real source refuses. Nothing in the package can
reach this file, and no configuration names it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fedaug.privacy.noise import check_shape, check_std, check_token_size


class SeededNoise:
    """Every call has a stream of its own, keyed by (seed, number of the call): same seed and calls, same values."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._calls = 0

    def gaussian(self, shape: tuple[int, ...], std: float) -> NDArray[np.float64]:
        """Independent N(0, std²) values."""
        check_shape(shape)
        check_std(std)
        return np.asarray(self._next_stream().standard_normal(shape) * float(std))

    def token(self, size: int) -> bytes:
        """Bytes that anybody who knows the seed can guess."""
        check_token_size(size)
        return self._next_stream().bytes(size)

    def _next_stream(self) -> np.random.Generator:
        self._calls += 1
        return np.random.default_rng([self._seed, self._calls])


class NoNoise(SeededNoise):
    """Seeded tokens, and zeros for noise."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__(seed)

    def gaussian(self, shape: tuple[int, ...], std: float) -> NDArray[np.float64]:
        """Zeros."""
        return np.zeros_like(super().gaussian(shape, std))
