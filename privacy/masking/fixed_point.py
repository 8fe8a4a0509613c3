"""Sums of whole grid steps modulo 2^k that are certain not to wrap round, and the event that states them.

A site's share is its clean sum in steps of the grid g, each value between -B and B, plus discrete Gaussian noise of s
steps, whose sampler never leaves -10s .. 10s (:mod:`fedaug.privacy.discrete`). So the sum of K shares lies within
K(B + 10s), and is read off its residue modulo 2^k without doubt if

    K(B + 10s) <= 2^(k-1) - 1.

Privacy does not hang on this: reducing modulo 2^k is post-processing. The result does, so it is checked before a round.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Final

import numpy as np

from fedaug.errors import ConfigError, ProtocolError
from fedaug.privacy.discretisation import grid_for
from fedaug.privacy.events import DistributedGaussianEvent, ReleaseKind
from fedaug.privacy.limits import LIMITS
from fedaug.privacy.mechanisms import Integers

#: The sampler stops before so many standard deviations.
_NOISE_REACH: Final = 10


def shared_noise(
    key: str,
    release: ReleaseKind,
    *,
    sensitivity: float,
    noise_std: float,
    dimensions: int,
    sites: int,
    survivors: int,
    colluders: int,
) -> DistributedGaussianEvent:
    """The event of a secure sum whose counted noise has standard deviation σ: each share carries σ²/(m - t).

    Its modulus is the largest there is; :func:`with_least_modulus` narrows it once the noise is final.

    Args:
        key: Of the release.
        release: The kind that the sum is of.
        sensitivity: L2 sensitivity of one unit's contribution, before rounding.
        noise_std: σ, what m - t honest shares carry together.
        dimensions: Values of the sum.
        sites: K.
        survivors: m.
        colluders: t, below m.

    Raises:
        ProtocolError: The numbers do not fit together.
    """
    if not 0 <= colluders < survivors:
        raise ProtocolError("a sum's colluders are not fewer than its survivors", "raise the minimum of survivors")
    share = noise_std / math.sqrt(survivors - colluders)
    while math.sqrt(survivors - colluders) * share < noise_std:  # what floats round away would be noise that is missing
        share = math.nextafter(share, math.inf)
    return DistributedGaussianEvent(
        key, release, sensitivity, share, grid_for(share), dimensions, sites, survivors, colluders, LIMITS.modulus
    )


def most_of_a_sum(event: DistributedGaussianEvent, bound: int) -> int:
    """K(B + 10s): no sum of the event's shares is larger, in grid steps."""
    noise = 0 if event.noise_off else _NOISE_REACH * 2**event.log2_steps
    return event.sites * (bound + noise)


def with_least_modulus(event: DistributedGaussianEvent, bound: int) -> DistributedGaussianEvent:
    """The same event with the least power of two that no sum can wrap round.

    Args:
        event: With its final noise: scaling noise changes what a step is.
        bound: B, the largest clean value of one site, in grid steps.

    Raises:
        ConfigError: There is none up to ``LIMITS.modulus``.
    """
    modulus = 2 ** ((most_of_a_sum(event, bound)).bit_length() + 1)
    if modulus > LIMITS.modulus:
        raise ConfigError("a sum may grow beyond the largest modulus", "lower its bound, or use a coarser grid")
    return replace(event, modulus=modulus)


def check_room(event: DistributedGaussianEvent, bound: int) -> None:
    """Check that masks are uniform modulo the event's modulus, and that no sum can wrap round.

    Raises:
        ProtocolError: The modulus is no power of two, or the sum may be larger than half of it.
    """
    if event.modulus & (event.modulus - 1):
        raise ProtocolError("a masked sum's modulus is not a power of two", "plan it with fedaug's own function")
    if not most_of_a_sum(event, bound) <= event.modulus // 2 - 1:
        raise ProtocolError("a masked sum may wrap round its modulus", "raise the modulus, or lower the bound")


def saturated(clean: Integers, bound: int) -> Integers:
    """Values limited to -bound .. bound, each for itself.

    That brings no two data sets further apart (it is the projection on a convex set), so a unit's sensitivity is what
    it was. To refuse a sum that is too large would tell of the records.
    """
    return np.clip(clean, -bound, bound)
