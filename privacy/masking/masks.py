"""Masks: AES-256 in counter mode as whole numbers modulo 2^64, and so modulo any lower power of two.

A mask hides a value as well as the stream cannot be told from random bits: value plus mask modulo 2^k is uniform.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from numpy.typing import NDArray

Words = NDArray[np.uint64]

#: Words made at once: 256 KiB stay in a core's cache.
_CHUNK: Final = 2**15


def add_mask(values: Words, seed: bytes, sign: int) -> None:
    """Add a seed's mask to values, or take it away; in place, modulo 2^64.

    Args:
        values: Uint64 [d].
        seed: 32 bytes that nothing else is expanded from: the counter starts at zero.
        sign: 1 or -1.
    """
    stream = Cipher(algorithms.AES256(seed), modes.CTR(bytes(16))).encryptor()
    zeros = bytes(8 * min(_CHUNK, values.size))
    combine = np.add if sign > 0 else np.subtract
    for start in range(0, values.size, _CHUNK):
        part = values[start : start + _CHUNK]
        words = np.frombuffer(stream.update(zeros[: 8 * part.size]), dtype="<u8")
        combine(part, words, out=part)
