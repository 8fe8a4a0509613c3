"""Shamir's secret sharing of 32-byte secrets: any ``threshold`` of the shares give the secret, fewer tell nothing.

Shamir 1979, "How to share a secret": the secret is the value at 0 of a random polynomial of degree ``threshold`` - 1
over a prime field, and the share of the i-th holder, counted from 1, is its value at i. The field is that of
2^256 + 297, the least prime above all secrets.

Shares are not verifiable by themselves: one wrong share among those that are joined gives a wrong secret. Who joins
them checks the secret against something that is bound to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from fedaug.errors import ConfigError, ProtocolError
from fedaug.privacy.limits import LIMITS
from fedaug.privacy.noise import NoiseSource

SECRET_BYTES: Final = 32
SHARE_BYTES: Final = 33
PRIME: Final = 2**256 + 297
#: Sixteen more than the field has: reduced modulo the prime, a coefficient is uniform up to 2^-127.
_COEFFICIENT_BYTES: Final = 48


def split(secret: bytes, threshold: int, holders: int, noise: NoiseSource) -> list[bytes]:
    """Share a secret.

    Args:
        secret: 32 bytes.
        threshold: How many shares give it back.
        holders: How many shares there are.
        noise: Where the polynomial comes from.

    Returns:
        The shares of holders 1, 2, ...

    Raises:
        ConfigError: The secret or the numbers cannot be meant.
    """
    if not (len(secret) == SECRET_BYTES and 1 <= threshold <= holders <= LIMITS.masked_sites):
        raise ConfigError("a secret cannot be shared so", "give 32 bytes, and a threshold of 1 to the number of shares")
    coefficients = [int.from_bytes(noise.token(_COEFFICIENT_BYTES)) % PRIME for _ in range(threshold - 1)]
    polynomial = [int.from_bytes(secret), *coefficients]
    return [_value_at(polynomial, holder).to_bytes(SHARE_BYTES) for holder in range(1, holders + 1)]


def join(shares: Mapping[int, bytes], threshold: int) -> bytes:
    """The secret, from the ``threshold`` shares with the lowest numbers.

    Args:
        shares: By the number of their holder, from 1.
        threshold: As it was shared with.

    Raises:
        ProtocolError: There are too few shares, one is malformed, or they are not of one secret (which does not show
            always).
    """
    if not len(shares) >= threshold >= 1:
        raise ProtocolError("there are too few shares of a secret", "wait for more sites, or start another round")
    holders = tuple(sorted(shares)[:threshold])
    values = [int.from_bytes(shares[holder]) for holder in holders]
    if not (holders[0] >= 1 and all(len(shares[holder]) == SHARE_BYTES for holder in holders) and max(values) < PRIME):
        raise ProtocolError("a share of a secret is malformed", "start another round without the site that gave it")
    weights = _weights_at_zero(holders)
    secret = sum(weight * value for weight, value in zip(weights, values, strict=True)) % PRIME
    if secret >= 2 ** (8 * SECRET_BYTES):
        raise ProtocolError("shares are not of one secret", "start another round")
    return secret.to_bytes(SECRET_BYTES)


def _value_at(polynomial: list[int], place: int) -> int:
    """Horner's rule."""
    value = 0
    for coefficient in reversed(polynomial):
        value = (value * place + coefficient) % PRIME
    return value


@lru_cache(maxsize=16)  # all secrets of a round are joined from the same holders; the numbers are public
def _weights_at_zero(places: tuple[int, ...]) -> tuple[int, ...]:
    """Lagrange's weights: the value at 0 is the weighted sum of the values at these places."""
    weights = []
    for place in places:
        above = below = 1
        for other in places:
            if other != place:
                above = above * other % PRIME
                below = below * (other - place) % PRIME
        weights.append(above * pow(below, -1, PRIME) % PRIME)
    return tuple(weights)
