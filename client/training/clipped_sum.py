"""The clipped gradients of a step's units, in whole grid steps, summed without rounding.

A unit's gradient is the mean of its rows' gradients, clipped as one to L2 norm C and rounded to the grid g. Adding or
removing one unit moves the sum by at most C/g + √d/2 steps in L2 norm; accounting charges C/g + √d, as its event says.

Why floats keep that bound: norms are added up in float64, and the clip is to (1 - 2⁻²⁰)·C, which covers the rounding of
the factor and of each product to float32 (2⁻²⁴ each). The products are rounded to whole numbers, of which float32 holds
even the large ones exactly, and are added in float64 below 2⁵³, then as int64: exact, so in whatever order.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor

from fedaug.client.training.passages import Batch
from fedaug.errors import ProtocolError
from fedaug.privacy.events import SubsampledGaussianEvent

_MARGIN: Final = 1 - 2.0**-20
#: A clip of more grid steps than this is refused: sums of a batch of rows stay below 2^53, sums of all below 2^62.
_CLIP_STEPS_CEILING: Final = 2.0**34


class ClippedSum:
    """Adds up units' clipped gradients, batch by batch.

    Args:
        shapes: Of the trained weights, in order.
        event: Its sensitivity is the clip.
        device: Where gradients are.

    Raises:
        ProtocolError: The event's grid is too fine for its clip, or it states another number of values.
    """

    def __init__(self, shapes: Sequence[torch.Size], event: SubsampledGaussianEvent, device: torch.device) -> None:
        if not event.sensitivity / event.grid <= _CLIP_STEPS_CEILING:
            raise ProtocolError("a plan's grid is too fine for its clip", "plan with a coarser grid, or more noise")
        if sum(map(math.prod, shapes)) != event.dimensions:
            raise ProtocolError("the event states another number of values", "plan it with the model's trained_values")
        self._clip, self._grid = event.sensitivity, event.grid
        self._sums = [torch.zeros(shape, dtype=torch.int64, device=device) for shape in shapes]
        self._open: list[Tensor] | None = None  # the sums of the unit that goes on in the next batch

    def add(self, batch: Batch, gradients: Sequence[Tensor]) -> None:
        """Add a batch's rows.

        Args:
            batch: Which rows belong together.
            gradients: Of each trained weight and row, float32 [rows, ...]; they are written over.
        """
        units = self._unit_sums(batch, gradients)
        if batch.ends_open:
            self._open = [unit[-1].clone() for unit in units]
            units = [unit[:-1] for unit in units]
        if len(units[0]):
            self._add_clipped(units)

    def total(self) -> Tensor:
        """The sum, int64 [values], in grid steps."""
        return torch.cat([part.reshape(-1) for part in self._sums]).cpu()

    def _unit_sums(self, batch: Batch, gradients: Sequence[Tensor]) -> list[Tensor]:
        """Each unit's rows added one after the other, as its own order says, also where they lie in two batches."""
        longest = int((batch.ends - batch.starts).max())
        if longest == 1 and not batch.goes_on:
            return [gradient[: len(batch.starts)] for gradient in gradients]
        device = gradients[0].device
        starts = torch.as_tensor(batch.starts, device=device)
        sums = [gradient[starts] for gradient in gradients]
        if batch.goes_on:
            assert self._open is not None
            for unit, before in zip(sums, self._open, strict=True):
                unit[0] = before + unit[0]
            self._open = None
        for place in range(1, longest):
            having = torch.as_tensor((batch.starts + place < batch.ends).nonzero()[0], device=device)
            for unit, gradient in zip(sums, gradients, strict=True):
                unit[having] += gradient[starts[having] + place]
        return sums

    def _add_clipped(self, units: Sequence[Tensor]) -> None:
        norms = torch.stack([unit.flatten(1).double().square_().sum(1) for unit in units]).sum(0).sqrt()
        finite = torch.isfinite(norms)
        if not bool(finite.all()):  # no clipping bounds it, and a NaN shows through any noise
            for unit in units:
                unit[~finite] = 0.0
            norms = torch.where(finite, norms, 0.0)
        factors = (self._clip * _MARGIN / norms.clamp(min=self._clip * _MARGIN) / self._grid).float()
        for unit, total in zip(units, self._sums, strict=True):
            steps = unit.mul_(factors.view(-1, *[1] * (unit.dim() - 1))).round_()
            total.add_(steps.sum(0, dtype=torch.float64).to(torch.int64))
