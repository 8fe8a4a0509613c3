"""A site's noise that depends on the site and on the shape asked for, and not on what was drawn before.

In a federation a site may answer every message in a new process, so a count of calls would start anew there, and the
same campaign would draw other values than in one process. Tests only: it is no protection at all.
"""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray
from tests.seeded_noise import NoNoise, SeededNoise


class StatelessNoise:
    """The first values of the tests' noise source, at every call."""

    def __init__(self, site: str) -> None:
        self._seed = zlib.crc32(site.encode())

    def gaussian(self, shape: tuple[int, ...], std: float) -> NDArray[np.float64]:
        return SeededNoise(self._seed).gaussian(shape, std)

    def token(self, size: int) -> bytes:
        return SeededNoise(self._seed).token(size)


class StatelessSilence(StatelessNoise):
    """Zeros for noise."""

    def gaussian(self, shape: tuple[int, ...], std: float) -> NDArray[np.float64]:
        return NoNoise().gaussian(shape, std)
