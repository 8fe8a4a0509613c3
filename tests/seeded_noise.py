"""Noise sources for tests only: repeatable, and therefore no protection at all.

They satisfy ``fedaug.privacy.noise.NoiseSource`` and refuse what the real source refuses. Nothing in the package can
reach this file, and no configuration names it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fedaug.privacy import discrete
from fedaug.privacy.noise import (
    check_below,
    check_log2_width,
    check_probability,
    check_shape,
    check_std,
    check_token_size,
)


class SeededWords:
    """Random words that anybody who knows the generator's seed can guess."""

    def __init__(self, stream: np.random.Generator) -> None:
        self._stream = stream

    def words(self, count: int) -> NDArray[np.uint64]:
        """Uniform over 0 .. 2^64 - 1."""
        return self._stream.integers(0, 2**64, count, dtype=np.uint64)


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

    def discrete_gaussian(self, shape: tuple[int, ...], log2_std: int) -> NDArray[np.int64]:
        """Independent N_Z(0, s²) values, s = 2^log2_std, by the real sampler."""
        count = check_shape(shape)
        return discrete.discrete_gaussian(self._next_words(), count, check_log2_width(log2_std)).reshape(shape)

    def discrete_laplace(self, shape: tuple[int, ...], log2_scale: int) -> NDArray[np.int64]:
        """Independent discrete Laplace values of scale 2^log2_scale, by the real sampler."""
        count = check_shape(shape)
        return discrete.discrete_laplace(self._next_words(), count, check_log2_width(log2_scale)).reshape(shape)

    def bernoulli(self, shape: tuple[int, ...], probability: float) -> NDArray[np.bool_]:
        """Independent coins."""
        count = check_shape(shape)
        return discrete.bernoulli(self._next_words(), count, check_probability(probability)).reshape(shape)

    def integers(self, shape: tuple[int, ...], below: int) -> NDArray[np.int64]:
        """Independent integers, uniform over 0 .. below - 1."""
        count = check_shape(shape)
        return discrete.integers(self._next_words(), count, check_below(below)).reshape(shape)

    def token(self, size: int) -> bytes:
        """Bytes that anybody who knows the seed can guess."""
        check_token_size(size)
        return self._next_stream().bytes(size)

    def _next_words(self) -> SeededWords:
        return SeededWords(self._next_stream())

    def _next_stream(self) -> np.random.Generator:
        self._calls += 1
        return np.random.default_rng([self._seed, self._calls])


class NoNoise(SeededNoise):
    """Zeros for noise; seeded coins, integers and tokens, which are no noise but choices."""

    def __init__(self, seed: int = 0) -> None:
        super().__init__(seed)

    def gaussian(self, shape: tuple[int, ...], std: float) -> NDArray[np.float64]:
        """Zeros."""
        return np.zeros_like(super().gaussian(shape, std))

    def discrete_gaussian(self, shape: tuple[int, ...], log2_std: int) -> NDArray[np.int64]:
        """Zeros."""
        return np.zeros_like(super().discrete_gaussian(shape, log2_std))

    def discrete_laplace(self, shape: tuple[int, ...], log2_scale: int) -> NDArray[np.int64]:
        """Zeros."""
        return np.zeros_like(super().discrete_laplace(shape, log2_scale))
