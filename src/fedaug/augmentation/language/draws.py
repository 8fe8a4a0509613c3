"""Random numbers by place: which number a token gets follows from (seed, row, step, token) and from nothing else.

So a text does not depend on what else is in its batch, on how large the batch is, or on the order of the prompts; and a
text that an interruption lost comes out the same when it is asked for again.
"""

from __future__ import annotations

import hashlib
from typing import Final

import torch

# Constants of SplitMix64 (Steele, Lea & Flood 2014, figure 17), as the signed integers that torch has.
_GAMMA: Final = 0x9E3779B97F4A7C15
_FIRST: Final = 0xBF58476D1CE4E5B9 - (1 << 64)
_SECOND: Final = 0x94D049BB133111EB - (1 << 64)
_BITS: Final = 53  # of a double's mantissa


def row_key(seed: int, key: str) -> int:
    """The 64 bits, signed, that a row's numbers come from."""
    digest = hashlib.blake2b(f"{seed}/{key}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def gumbel(keys: torch.Tensor, step: int, tokens: torch.Tensor) -> torch.Tensor:
    """One standard Gumbel number for each pair of a row's key and a token, float64.

    The token with the largest sum of log-probability and Gumbel number is a draw from the distribution (Gumbel 1954;
    Maddison, Tarlow & Minka 2014, section 2). Where two batches round a probability differently, it flips only if two
    sums all but tie, whereas an inverted distribution function flips for any token near a boundary.

    Args:
        keys: ``row_key`` of each pair's row, int64.
        step: How many tokens the text has already.
        tokens: Each pair's token, int64.
    """
    bits = _mix(_mix(keys + _signed(_GAMMA * (step + 1))) + tokens * _signed(_GAMMA))
    uniform = (_shifted(bits, 64 - _BITS).double() + 0.5) * 2.0**-_BITS
    return -torch.log(-torch.log(uniform))


def _mix(bits: torch.Tensor) -> torch.Tensor:
    bits = (bits ^ _shifted(bits, 30)) * _FIRST
    bits = (bits ^ _shifted(bits, 27)) * _SECOND
    return bits ^ _shifted(bits, 31)


def _shifted(bits: torch.Tensor, places: int) -> torch.Tensor:
    """To the right, with zeros coming in: torch's own shift brings in the sign."""
    return (bits >> places) & ((1 << (64 - places)) - 1)


def _signed(number: int) -> int:
    return (number + (1 << 63)) % (1 << 64) - (1 << 63)
