"""Writes what ships: the difference to the package's weights in 4 bits, and the card."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import torch
from safetensors.torch import save
from tools.pretraining.mixture import MAX_TOKENS
from torch import Tensor

from fedaug.augmentation.embedded.base import WEIGHTS, decoder
from fedaug.augmentation.embedded.card import CARD, Card
from fedaug.augmentation.embedded.delta import CODES, GROUP, HALF, LEVELS, SCALES, difference, packed
from fedaug.augmentation.embedded.loading import DIFFERENCE
from fedaug.privacy.pretrained import weights_folder

#: What ships is no larger (docs/reference/embedded-model.md).
MOST_BYTES: Final = 6_000_000
_POSITIONS: Final = "bert.embeddings.position_embeddings.weight"
#: Scales that are tried, as shares of the one that reaches a group's largest number.
_SHARES: Final = torch.linspace(0.55, 1.05, 21)
_LEVELS = torch.tensor(LEVELS, dtype=torch.float32)
_BETWEEN = (_LEVELS[1:] + _LEVELS[:-1]) / 2


def best_scales(numbers: Tensor) -> Tensor:
    """The scale of each group of 64 that keeps its numbers best, of those that are tried; float16 [numbers / 64]."""
    groups = numbers.reshape(-1, GROUP)
    largest = groups.abs().amax(1, keepdim=True) / LEVELS[-1]
    best, lost = largest.half(), torch.full_like(largest, torch.inf)
    for share in _SHARES:
        scales = (largest * share).half()
        error = (groups - _rounded(groups, scales)).square().sum(1, keepdim=True)
        best, lost = torch.where(error < lost, scales, best), torch.minimum(error, lost)
    return best.reshape(-1)


def codes_of(numbers: Tensor, scales: Tensor) -> Tensor:
    """The code of the level that is nearest to each number, uint8 [numbers]."""
    groups = numbers.reshape(-1, GROUP)
    return torch.bucketize(_over(groups, scales.reshape(-1, 1)), _BETWEEN).to(torch.uint8).reshape(-1)


def rounded(numbers: Tensor, scales: Tensor) -> Tensor:
    """What is left of numbers once they are stored, of their shape."""
    return _rounded(numbers.reshape(-1, GROUP), scales.reshape(-1, 1)).reshape(numbers.shape)


def _rounded(groups: Tensor, scales: Tensor) -> Tensor:
    return _LEVELS[torch.bucketize(_over(groups, scales), _BETWEEN)] * scales.float()


def _over(groups: Tensor, scales: Tensor) -> Tensor:
    return groups / torch.where(scales == 0, 1, scales.float())


def stored_rows(name: str, weight: Tensor) -> Tensor | None:
    """The part of a weight that is stored in 4 bits: of the positions those that were trained; None for vectors."""
    if name == _POSITIONS:
        return weight[:MAX_TOKENS]
    return weight if weight.ndim == 2 and weight.numel() >= GROUP * GROUP else None


def stored(
    base: Mapping[str, Tensor], trained: Mapping[str, Tensor], scales: Mapping[str, Tensor]
) -> dict[str, Tensor]:
    """The tensors of the file.

    Args:
        base: Weights before training.
        trained: Those that were trained.
        scales: Of matrices, where they were fixed before; the best ones of the others.
    """
    tensors: dict[str, Tensor] = {}
    for name, weight in trained.items():
        matrix = stored_rows(name, weight)
        if matrix is None:
            tensors[name + HALF] = (weight - base[name]).half().contiguous()
        else:
            moved = (matrix - base[name][: len(matrix)]).reshape(-1)
            own = scales[name] if name in scales else best_scales(moved)
            tensors[name + SCALES], tensors[name + CODES] = own, packed(codes_of(moved, own))
    return tensors


def lost_share(base: Mapping[str, Tensor], trained: Mapping[str, Tensor], tensors: Mapping[str, Tensor]) -> float:
    """How much of the matrices' squared difference rounding has lost."""
    lost = total = 0.0
    for name, weight in trained.items():
        matrix = stored_rows(name, weight)
        if matrix is not None:
            moved = (matrix - base[name][: len(matrix)]).reshape(-1)
            lost += float((moved - difference(tensors[name + CODES], tensors[name + SCALES])).square().sum())
            total += float(moved.square().sum())
    return lost / total


def write_weights(trained: Mapping[str, Tensor], folder: Path, scales: Mapping[str, Tensor] | None = None) -> str:
    """Write the difference; its SHA-256.

    Raises:
        ValueError: It would be too large to ship.
    """
    base = {name: weight.detach() for name, weight in decoder().named_parameters()}
    tensors = stored(base, trained, scales or {})
    written = save({name: tensors[name] for name in sorted(tensors)})
    if len(written) > MOST_BYTES:
        raise ValueError(f"the difference has {len(written):,} bytes, more than {MOST_BYTES:,}")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / DIFFERENCE).write_bytes(written)
    return hashlib.sha256(written).hexdigest()


def write_card(card: Card, folder: Path) -> None:
    """Write the card."""
    (folder / CARD).write_text(card.model_dump_json(indent=2) + "\n", "utf-8")


def base_hash() -> str:
    """Of the package's weights, SHA-256."""
    with (weights_folder() / WEIGHTS).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
