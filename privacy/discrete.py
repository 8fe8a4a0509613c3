"""Samplers on the integers, from random words that the caller supplies; no floating-point value is ever released.

Everything that is drawn here is a whole number of grid steps, so which values can come out does not depend on the data
(Mironov 2012). How far each sampler is from its ideal law is derived beside it, and added up in
``docs/adr/0009-discrete-gaussian-charged-as-gaussian.md``; the charge pays for it.

**Shared bounds.** An acceptance probability is exp of a float64 that is exact. ``numpy.exp`` errs by at most 4 units in
the last place (2^-50 relative; a test holds it to 2 units), and the comparison with a 64-bit word by what
:func:`_passes` says. Tables hold cumulative probabilities to 2^-128.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from decimal import Decimal, localcontext
from itertools import accumulate
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

#: Widths are 2^0 .. 2^24 steps: at 24 bits y(y + 2sx) below stays under 2^53, where float64 counts exactly.
LOG2_WIDTH_CEILING: Final = 24
#: Trials at once: the eight or so arrays of 8 bytes each (1 MiB) stay in a core's cache.
_TRIALS: Final = 2**14
_UNDECIDED: Final = 255

_Floats = NDArray[np.float64]
_Words = NDArray[np.uint64]
_Integers = NDArray[np.int64]


class WordStream(Protocol):
    """Where random words come from."""

    def words(self, count: int) -> _Words:
        """Independent words, uniform over 0 .. 2^64 - 1."""
        ...


def discrete_gaussian(stream: WordStream, count: int, log2_std: int) -> _Integers:
    """Independent values of the discrete Gaussian N_Z(0, s²), s = 2^log2_std: P(z) ∝ exp(-z²/2s²).

    Rejection as in Ducas et al. 2013 ("Lattice signatures and bimodal Gaussians", section 6.3) and Karney 2016: x from
    P(x) ∝ exp(-x²/2), y uniform in 0 .. s - 1, z = sx + y kept with probability exp(-y(y + 2sx)/2s²), a random sign;
    -0 is thrown away, else 0 would come twice as often. 0.71 of the trials are kept.

    **Errors.** *Tail:* x stops at 9, so |z| ≥ 10s never comes; that is a mass below 2^-72. *Each value's probability*
    is within a relative 2^-48: acceptance errs by 2^-50 (exp), 2^-53 and 2^-50.2 (comparison; it is never below
    exp(-9.5) = 2^-13.8), at most 1.95 · 2^-50 together; the normaliser is a mean of acceptances and errs by as much;
    the table adds 2^-68.
    """
    steps = float(2**log2_std)

    def attempt(size: int) -> _Integers:
        whole = _GAUSSIAN_TABLE.draw(stream, size).astype(np.float64)
        whole *= steps
        rest, sign = _rest_and_sign(stream, size, log2_std)
        magnitude = whole + rest
        exponent = np.add(whole, magnitude, out=whole)
        exponent *= rest  # y(y + 2sx) < 19 · 2^48: a whole number that float64 holds
        exponent *= -0.5 / steps**2  # a power of two: exact
        return _signed(magnitude, sign, _passes(stream, exponent))

    return _collect(count, attempt)


def discrete_laplace(stream: WordStream, count: int, log2_scale: int) -> _Integers:
    """Independent values of the discrete Laplace law, t = 2^log2_scale: P(z) ∝ exp(-|z|/t).

    Canonne, Kamath & Steinke 2020 ("The discrete Gaussian for differential privacy", algorithm 2): y uniform in
    0 .. t - 1, kept with probability exp(-y/t); v geometric with P(v) ∝ exp(-v); z = tv + y with a random sign; -0 is
    thrown away. 0.63 of the trials are kept.

    **Errors.** *Tail:* none, whatever v is can come. *Each value's probability* is within a relative 2^-48: acceptance
    errs by 2^-50 (exp) and 2^-53 (comparison), the normaliser by as much, the table by 2^-66.
    """
    scale = float(2**log2_scale)

    def attempt(size: int) -> _Integers:
        rest, sign = _rest_and_sign(stream, size, log2_scale)
        magnitude = _geometric(stream, size).astype(np.float64)
        magnitude *= scale
        magnitude += rest
        return _signed(magnitude, sign, _passes(stream, rest / -scale))

    return _collect(count, attempt)


def bernoulli(stream: WordStream, count: int, probability: float) -> NDArray[np.bool_]:
    """Independent coins that are true with this probability: exact for 0, 1 and from 2^-12 up, else to 2^-64."""
    threshold = int(probability * 2.0**64)  # a power of two: exact
    if threshold == 2**64:
        return np.ones(count, dtype=np.bool_)
    coins = np.empty(count, dtype=np.bool_)
    for start in range(0, count, _TRIALS):
        part = coins[start : start + _TRIALS]
        np.less(stream.words(part.size), np.uint64(threshold), out=part)
    return coins


def integers(stream: WordStream, count: int, below: int) -> _Integers:
    """Independent integers, uniform over 0 .. below - 1; ``below`` is at most 2^63. Words of a last, short cycle go."""
    last = np.uint64(2**64 - 2**64 % below - 1)

    def attempt(size: int) -> _Integers:
        words = stream.words(size)
        return (words[words <= last] % np.uint64(below)).astype(np.int64)

    return _collect(count, attempt)


class _Table:
    """A law on 0 .. n as n cuts of the unit interval, to 2^-128.

    Args:
        weights: Of the values 0, 1, 2 .., at most 255 of them; they need not add up to 1.
    """

    def __init__(self, weights: Iterable[Decimal]) -> None:
        with localcontext(prec=60):  # 2^-128 has 39 digits
            sums = list(accumulate(weights))
            self.cuts: Final = [int(part / sums[-1] * 2**128) for part in sums[:-1]]
        # What the upper 16 of 128 bits say: the value, or, in the few places that hold a cut, that it takes the others.
        places = np.array([cut >> 112 for cut in self.cuts])
        self.decided: Final = np.searchsorted(places, np.arange(2**16), side="right").astype(np.uint8)
        self.decided[places] = _UNDECIDED

    def draw(self, stream: WordStream, size: int) -> NDArray[np.uint8]:
        """How many cuts lie at or below a random 128-bit number, of which most bits are drawn only when they matter."""
        upper = stream.words((size + 3) // 4).view(np.uint16)[:size]
        values = self.decided[upper]
        for place in np.flatnonzero(values == _UNDECIDED).tolist():
            high, low = stream.words(2).tolist()
            values[place] = bisect_right(self.cuts, (int(upper[place]) << 112) | (high >> 16 << 64) | low)
        return values


def _exponentials(exponents: Iterable[Decimal]) -> list[Decimal]:
    with localcontext(prec=60):
        return [exponent.exp() for exponent in exponents]


_GAUSSIAN_TABLE: Final = _Table(_exponentials(Decimal(-x * x) / 2 for x in range(10)))
#: 0 .. 39, and a last value that stands for "40 or more".
_GEOMETRIC_CAP: Final = 40
_GEOMETRIC_TABLE: Final = _Table(
    [
        *((1 - Decimal(-1).exp()) * weight for weight in _exponentials(map(Decimal, range(0, -_GEOMETRIC_CAP, -1)))),
        Decimal(-_GEOMETRIC_CAP).exp(),
    ]
)


def _geometric(stream: WordStream, size: int) -> _Integers:
    """P(v) ∝ exp(-v) without an end: what reaches the cap starts again from there, since the law has no memory."""
    values = _GEOMETRIC_TABLE.draw(stream, size).astype(np.int64)
    capped = np.flatnonzero(values == _GEOMETRIC_CAP)
    while capped.size:
        more = _GEOMETRIC_TABLE.draw(stream, capped.size)
        values[capped] += more
        capped = capped[more == _GEOMETRIC_CAP]
    return values


def _rest_and_sign(stream: WordStream, size: int, log2_width: int) -> tuple[_Floats, NDArray[np.int32]]:
    """Uniform whole numbers below 2^log2_width, and signs, from the lower 24 bits and the top bit of half a word."""
    halves = stream.words((size + 1) // 2).view(np.uint32)[:size]
    return (halves & np.uint32(2**log2_width - 1)).astype(np.float64), halves.view(np.int32)


def _passes(stream: WordStream, exponent: _Floats) -> NDArray[np.bool_]:
    """Coins that are true with probability p = exp(exponent), exponent ≤ 0; the array is used up.

    A word r passes if float64(r) ≤ 2^64 p. Below 2^53 that counts the words exactly, one too many at most; above,
    rounding r lets through up to half a unit in the last place more. So p errs by a relative 2^-53 + 2^-64/p at most,
    and p = 1 always passes.
    """
    threshold = np.exp(exponent, out=exponent)
    threshold *= 2.0**64
    return stream.words(exponent.size).astype(np.float64) <= threshold


def _signed(magnitude: _Floats, sign: NDArray[np.int32], kept: NDArray[np.bool_]) -> _Integers:
    """What was kept, with its sign and without -0."""
    kept &= (magnitude > 0) | (sign >= 0)
    return np.copysign(magnitude, sign)[kept].astype(np.int64)


def _collect(count: int, attempt: Callable[[int], _Integers]) -> _Integers:
    """Repeat an attempt, which keeps some of its trials, until there are enough values; surplus ones are dropped."""
    values = np.empty(count, dtype=np.int64)
    done = 0
    while done < count:
        trials = min(_TRIALS, 8 * (count - done) // 5 + 8)  # five in eight or more are kept
        kept = attempt(trials)[: count - done]
        values[done : done + kept.size] = kept
        done += kept.size
    return values
