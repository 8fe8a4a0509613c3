"""The only source of privacy noise and of secret randomness.

Every call draws a fresh 256-bit key from the operating system and expands it with AES-CTR; there is no seed, no state
and no setting, so two sites, two releases or two runs never share noise.

**Which to use.** ``discrete_gaussian`` and ``discrete_laplace`` are added to whole numbers of grid steps. They are what
releases use: their distance from the ideal law is proved and charged (ADR 9, ``docs/adr``).

**Residual risk.**

- ``gaussian`` is continuous. Which floats it can reach depends on the clean value (Mironov 2012; Jin et al. 2022), so
  its ε holds for the ideal Gaussian, up to an effect of rounding that is not proved. Summing four independent halves
  makes the known attacks on Box-Muller impractical (Holohan & Braghin 2021), not impossible.
- The time that a draw takes depends on how many trials were thrown away, though not on the clean values, which no
  sampler sees. Who can time a draw to nanoseconds learns a little about the noise, and so does who can read this
  process's memory: the host is trusted.
- The words are pseudo-random: ε holds against anybody who cannot tell AES-256 in counter mode from random bits.
"""

from __future__ import annotations

import math
import operator
import os
from typing import Final, Protocol

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from numpy.typing import NDArray

from fedaug.errors import BadNumber, ConfigError
from fedaug.privacy import discrete
from fedaug.privacy.limits import LIMITS

#: Values made at once: their 64 words each (2 MiB) stay in a core's cache, and memory does not grow with the request.
_CHUNK: Final = 2**15
#: Four summands of variance 1 each: halving the sum gives variance 1.
_SUMMANDS: Final = 4
#: Beyond this a sum of noise overflows.
_STD_CEILING: Final = 1e300


class NoiseSource(Protocol):
    """What noise and secret randomness are drawn from. Tests pass a seeded one; configuration cannot."""

    def gaussian(self, shape: tuple[int, ...], std: float) -> NDArray[np.float64]:
        """Independent N(0, std²) values."""
        ...

    def discrete_gaussian(self, shape: tuple[int, ...], log2_std: int) -> NDArray[np.int64]:
        """Independent N_Z(0, s²) values, s = 2^log2_std grid steps."""
        ...

    def discrete_laplace(self, shape: tuple[int, ...], log2_scale: int) -> NDArray[np.int64]:
        """Independent discrete Laplace values of scale 2^log2_scale grid steps."""
        ...

    def bernoulli(self, shape: tuple[int, ...], probability: float) -> NDArray[np.bool_]:
        """Independent coins that are true with this probability."""
        ...

    def integers(self, shape: tuple[int, ...], below: int) -> NDArray[np.int64]:
        """Independent integers, uniform over 0 .. below - 1."""
        ...

    def token(self, size: int) -> bytes:
        """Bytes that nobody can guess."""
        ...


class SystemNoise:
    """Noise from the operating system's randomness; the only source outside tests."""

    def gaussian(self, shape: tuple[int, ...], std: float) -> NDArray[np.float64]:
        """Independent N(0, std²) values, from a key of their own.

        Args:
            shape: Of the result; () gives one value.
            std: Standard deviation, in the units of what it is added to. 0 gives zeros.

        Raises:
            BadNumber: ``std`` is NaN, infinite, negative (minus zero included) or beyond 1e300.
            ConfigError: The shape is malformed or holds more values than ``LIMITS.noise_values``.
        """
        count = check_shape(shape)
        check_std(std)
        values = np.zeros(count, dtype=np.float64)
        if std:
            stream = _KeyStream()
            for start in range(0, count, _CHUNK):
                part = values[start : start + _CHUNK]
                part[:] = _standard_normal(stream, _CHUNK if count > _CHUNK else count)[: part.size]
                part *= std
        return values.reshape(shape)

    def discrete_gaussian(self, shape: tuple[int, ...], log2_std: int) -> NDArray[np.int64]:
        """Independent values of the discrete Gaussian N_Z(0, s²) with s = 2^log2_std, from a key of their own.

        P(z) ∝ exp(-z²/2s²), each probability within a relative 2^-48, no value beyond 10s (a mass below 2^-72).

        Args:
            shape: Of the result; () gives one value.
            log2_std: 0 to 24.

        Raises:
            BadNumber: ``log2_std`` is not a whole number from 0 to 24.
            ConfigError: The shape is malformed or holds more values than ``LIMITS.noise_values``.
        """
        count = check_shape(shape)
        return discrete.discrete_gaussian(_KeyStream(), count, check_log2_width(log2_std)).reshape(shape)

    def discrete_laplace(self, shape: tuple[int, ...], log2_scale: int) -> NDArray[np.int64]:
        """Independent values of the discrete Laplace law with t = 2^log2_scale, from a key of their own.

        P(z) ∝ exp(-|z|/t), each probability within a relative 2^-48, no end to the tail.

        Args:
            shape: Of the result; () gives one value.
            log2_scale: 0 to 24.

        Raises:
            BadNumber: ``log2_scale`` is not a whole number from 0 to 24.
            ConfigError: The shape is malformed or holds more values than ``LIMITS.noise_values``.
        """
        count = check_shape(shape)
        return discrete.discrete_laplace(_KeyStream(), count, check_log2_width(log2_scale)).reshape(shape)

    def bernoulli(self, shape: tuple[int, ...], probability: float) -> NDArray[np.bool_]:
        """Independent coins, from a key of their own.

        Args:
            shape: Of the result; () gives one coin.
            probability: Of true, 0 to 1; 0, 1 and what lies between 2^-12 and 1 are met exactly, the rest to 2^-64.

        Raises:
            BadNumber: ``probability`` is NaN or not between 0 and 1 (minus zero included).
            ConfigError: The shape is malformed or holds more values than ``LIMITS.noise_values``.
        """
        count = check_shape(shape)
        return discrete.bernoulli(_KeyStream(), count, check_probability(probability)).reshape(shape)

    def integers(self, shape: tuple[int, ...], below: int) -> NDArray[np.int64]:
        """Independent integers, uniform over 0 .. below - 1 without bias, from a key of their own.

        Args:
            shape: Of the result; () gives one integer.
            below: 1 to 2^63.

        Raises:
            BadNumber: ``below`` is not a whole number from 1 to 2^63.
            ConfigError: The shape is malformed or holds more values than ``LIMITS.noise_values``.
        """
        count = check_shape(shape)
        return discrete.integers(_KeyStream(), count, check_below(below)).reshape(shape)

    def token(self, size: int) -> bytes:
        """Bytes from the operating system.

        Raises:
            ConfigError: ``size`` is not between 1 and ``LIMITS.token_bytes``.
        """
        check_token_size(size)
        return os.urandom(size)


def check_std(std: float) -> None:
    """Refuse a standard deviation that cannot be meant.

    Raises:
        BadNumber: It is NaN, infinite, negative (minus zero included), beyond 1e300 or not a real number.
    """
    if not (_is_real(std) and 0 <= float(std) <= _STD_CEILING and math.copysign(1, std) > 0):
        raise BadNumber(
            "the noise's standard deviation is not a finite number from 0 up", "derive it from the plan's event"
        )


def check_log2_width(log2_width: int) -> int:
    """The exponent of a width in grid steps, as a plain integer.

    Raises:
        BadNumber: It is not a whole number from 0 to 24.
    """
    if not (_is_whole(log2_width) and 0 <= log2_width <= discrete.LOG2_WIDTH_CEILING):
        raise BadNumber(
            "the noise's width is not 2 to the power of a whole number from 0 to 24", "derive it from the plan's event"
        )
    return int(log2_width)


def check_probability(probability: float) -> float:
    """A probability, as a plain float.

    Raises:
        BadNumber: It is NaN, not between 0 and 1 (minus zero included) or not a real number.
    """
    if not (_is_real(probability) and 0 <= float(probability) <= 1 and math.copysign(1, probability) > 0):
        raise BadNumber("a probability is not a number from 0 to 1", "derive it from the plan's event")
    return float(probability)


def check_below(below: int) -> int:
    """How many integers there are to draw from, as a plain integer.

    Raises:
        BadNumber: It is not a whole number from 1 to 2^63.
    """
    if not (_is_whole(below) and 1 <= below <= 2**63):
        raise BadNumber("random integers were asked for from no range", "give a whole number from 1 to 2^63")
    return int(below)


def _is_real(value: object) -> bool:
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)


def _is_whole(value: object) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)


def check_shape(shape: tuple[int, ...]) -> int:
    """The number of values in a shape.

    Raises:
        ConfigError: The shape is malformed or too large.
    """
    try:
        sizes = [operator.index(size) for size in shape if not isinstance(size, (bool, np.bool_))]
    except TypeError:
        sizes = [-1]
    count = math.prod(sizes)
    if not isinstance(shape, tuple) or len(sizes) != len(shape) or any(size < 0 for size in sizes) or len(sizes) > 8:
        raise ConfigError("noise was asked for in a malformed shape", "give a tuple of up to eight sizes")
    if max((count, *sizes)) > LIMITS.noise_values:
        raise ConfigError("more noise was asked for than the limit", f"ask for up to {LIMITS.noise_values:,} values")
    return count


def check_token_size(size: int) -> None:
    """Refuse a token size that cannot be meant.

    Raises:
        ConfigError: It is not an integer between 1 and ``LIMITS.token_bytes``.
    """
    if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= LIMITS.token_bytes:
        raise ConfigError("a token of a malformed size was asked for", f"ask for 1 to {LIMITS.token_bytes} bytes")


class _KeyStream:
    """Random words from AES-256 in counter mode, under a key that is drawn here and forgotten with the object."""

    def __init__(self) -> None:
        # A key is used for one stream only, so the counter may start at zero.
        self._encryptor = Cipher(algorithms.AES256(os.urandom(32)), modes.CTR(bytes(16))).encryptor()

    def words(self, count: int) -> NDArray[np.uint64]:
        """Uniform over 0 .. 2^64 - 1."""
        return np.frombuffer(self._encryptor.update(bytes(8 * count)), dtype="<u8")

    def uniforms(self, count: int) -> NDArray[np.float64]:
        """Values in (0, 1], 64 bits each: never 0, whose logarithm does not exist."""
        values = self.words(count).astype(np.float64)
        values += 0.5
        values *= 2.0**-64
        return values


def _standard_normal(stream: _KeyStream, count: int) -> NDArray[np.float64]:
    """N(0, 1) values, each half the sum of four Box-Muller values that stem from four different pairs of uniforms."""
    size = max(count, 2)
    total = np.zeros(size)
    for _ in range(_SUMMANDS // 2):
        radius = np.log(stream.uniforms(size))
        radius *= -2
        np.sqrt(radius, out=radius)
        angle = stream.uniforms(size)
        angle *= 2 * np.pi
        cosine = np.cos(angle)
        sine = np.sin(angle, out=angle)
        cosine *= radius
        sine *= radius
        total += cosine
        # Shifted by one, so that the two values of a pair never meet in one sum: together they would be one draw again.
        total[1:] += sine[:-1]
        total[0] += sine[-1]
    total /= math.sqrt(_SUMMANDS)
    return total[:count]
