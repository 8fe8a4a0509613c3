"""A site's noise that depends on the site and what is asked for, not on what was drawn before; nonces are random.

In a federation a site may answer every message in a new process, so a count of calls would start anew there, and the
same campaign would draw other values than in one process. Tests only: it is no protection at all.
"""

from __future__ import annotations

import os
import zlib

import numpy as np
from tests.seeded_noise import NoNoise, SeededNoise


class StatelessNoise(SeededNoise):
    """The first values of the tests' noise source, at every call."""

    def __init__(self, site: str) -> None:
        super().__init__(zlib.crc32(site.encode()))

    def token(self, size: int) -> bytes:
        return os.urandom(size)

    def _next_stream(self) -> np.random.Generator:
        self._calls = 0
        return super()._next_stream()


class StatelessSilence(StatelessNoise, NoNoise):
    """Zeros for noise."""
