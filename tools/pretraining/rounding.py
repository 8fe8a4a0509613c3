"""Training with the weights as they will be stored, so that rounding to 4 bits costs little.

Bengio et al. 2013, "Estimating or Propagating Gradients Through Stochastic Neurons", section 4: the straight-through
estimator. The loss and its gradient are of the rounded weights; the update is of those that were rounded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from tools.pretraining import pack
from torch import Tensor

from fedaug.augmentation.embedded.base import decoder

SCALES = "scales.safetensors"


class Rounding:
    """Weights rounded for the time of a loss.

    Args:
        weights: That are trained, by name.
        folder: Of the run: the scales are chosen once, when the phase begins, and kept there.
    """

    def __init__(self, weights: Mapping[str, Tensor], folder: Path) -> None:
        base = dict(decoder().named_parameters())
        self._matrices: dict[str, tuple[Tensor, Tensor]] = {}
        for name, weight in weights.items():
            matrix = pack.stored_rows(name, weight.detach())
            if matrix is not None:
                self._matrices[name] = matrix, base[name].detach()[: len(matrix)].clone()
        path = folder / SCALES
        if not path.exists():
            save_file({name: pack.best_scales(now - was) for name, (now, was) in self._matrices.items()}, path)
        self._scales = load_file(path)

    @contextmanager
    def rounded(self) -> Iterator[None]:
        """The weights are rounded inside, and afterwards as they were."""
        kept = {name: now.clone() for name, (now, _) in self._matrices.items()}
        with torch.no_grad():
            for name, (now, was) in self._matrices.items():
                now.copy_(was + pack.rounded(now - was, self._scales[name]))
        try:
            yield
        finally:
            with torch.no_grad():
                for name, (now, _) in self._matrices.items():
                    now.copy_(kept[name])
