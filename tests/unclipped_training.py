"""Training that does not clip: a seeded defect that safety tests must catch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest
import torch
from torch import Tensor

from fedaug.client.training.clipped_sum import ClippedSum


def _add_whole(self: ClippedSum, units: Sequence[Tensor]) -> None:
    for unit, total in zip(units, self._sums, strict=True):
        total.add_((unit / self._grid).round().sum(0, dtype=torch.float64).to(torch.int64))


@contextmanager
def training_clip_off() -> Iterator[None]:
    """Within it, no unit's gradient is clipped."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ClippedSum, "_add_clipped", _add_whole)
        yield
