"""The difference between the embedded model's weights and the package's, as it is stored.

A matrix is cut into groups of 64 neighbours. A group has one scale in half precision, and each of its numbers one of 16
whole levels: the best ones for a normal distribution (Max 1960, table I, 16 outputs), rounded to 7 bits. Level times
scale has at most 18 significant bits, so that it is exact in single precision, and the sum with the package's weight is
rounded once: the weights are the same to the bit on every machine. Vectors are stored in half precision.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import torch
from torch import Tensor

from fedaug.errors import MalformedSource

GROUP: Final = 64
#: 127 times the outputs of Max's quantiser over its largest; codes 0 to 15 in this order.
LEVELS: Final = (-127, -96, -75, -58, -44, -31, -18, -6, 6, 18, 31, 44, 58, 75, 96, 127)
CODES, SCALES, HALF = ".codes", ".scales", ".half"
_DAMAGED: Final = ("the embedded model's weights are damaged", "install fedaug again")


def packed(codes: Tensor) -> Tensor:
    """Codes of 4 bits two to a byte, the first one low; uint8 [numbers / 2]."""
    pairs = codes.to(torch.uint8).reshape(-1, 2)
    return pairs[:, 0] | (pairs[:, 1] << 4)


def unpacked(stored: Tensor) -> Tensor:
    """What :func:`packed` packed, uint8 [numbers]."""
    return torch.stack([stored & 15, stored >> 4], 1).reshape(-1)


def difference(codes: Tensor, scales: Tensor) -> Tensor:
    """A matrix's difference, float32 [numbers].

    Args:
        codes: As packed, uint8 [numbers / 2].
        scales: Of the groups, float16 [numbers / 64].
    """
    levels = torch.tensor(LEVELS, dtype=torch.float32)[unpacked(codes).long()]
    return (levels.reshape(-1, GROUP) * scales.float()[:, None]).reshape(-1)


def apply(weights: Mapping[str, Tensor], stored: Mapping[str, Tensor]) -> None:
    """Add a stored difference to weights, in place. Of a matrix the first rows may be stored, and the others stay.

    Args:
        weights: Of the base, float32, by their names.
        stored: ``NAME.codes`` with ``NAME.scales``, or ``NAME.half``.

    Raises:
        MalformedSource: A part is missing, of another type or size, of an unknown name, or holds no number.
    """
    for name, tensor in stored.items():
        stem, dot, kind = name.rpartition(".")
        weight = weights.get(stem)
        if weight is None or (kind := dot + kind) not in {CODES, SCALES, HALF}:
            raise MalformedSource(*_DAMAGED)
        if kind == HALF:
            _add(weight, _checked(tensor, torch.float16).float().reshape(-1))
        elif kind == CODES:
            scales = _checked(stored.get(stem + SCALES), torch.float16)
            codes = _checked(tensor, torch.uint8)
            if codes.numel() * 2 != scales.numel() * GROUP:
                raise MalformedSource(*_DAMAGED)
            _add(weight, difference(codes, scales))
        elif stem + CODES not in stored:
            raise MalformedSource(*_DAMAGED)


def _checked(tensor: Tensor | None, kind: torch.dtype) -> Tensor:
    if tensor is None or tensor.dtype != kind or not bool(tensor.float().isfinite().all()):
        raise MalformedSource(*_DAMAGED)
    return tensor.reshape(-1)


def _add(weight: Tensor, difference: Tensor) -> None:
    row = weight.numel() // len(weight)
    if difference.numel() > weight.numel() or difference.numel() % row:
        raise MalformedSource(*_DAMAGED)
    weight.view(-1)[: difference.numel()] += difference
