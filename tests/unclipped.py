"""Sites that do not clip: a seeded defect that safety tests must catch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from numpy.typing import NDArray

from fedaug.strategies import class_statistics, voting
from fedaug.strategies.contributions import Contributions, Part


def unclipped_total(contributions: Contributions, size: int, part: Part, grid: float) -> NDArray[np.int64]:
    """As ``clipped_total``, with what each unit adds left as it is."""
    total = np.zeros(size, np.int64)
    for row in range(len(contributions)):
        positions, values = part(contributions, row)
        np.add.at(total, positions, np.rint(values / grid).astype(np.int64))
    return total


@contextmanager
def clip_off() -> Iterator[None]:
    """Within it, no site clips what a unit adds to a release."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (class_statistics, voting):
            patch.setattr(module, "clipped_total", unclipped_total)
        yield
