"""Wilson's interval of a share: the one for figures of quality, such as accuracy and recall.

Attacks have the exact interval of :mod:`fedaug.privacy.audit.intervals` in its place, which covers with 95 % or more.
"""

from __future__ import annotations

import math
from typing import Final

from fedaug.errors import ConfigError

_Z_95: Final = 1.959963984540054  # the normal quantile of a two-sided 95 % interval

Interval = tuple[float, float]


def wilson(share: float, trials: int) -> Interval:
    """The 95 % score interval of a share out of independent trials.

    Wilson 1927, "Probable inference"; formula as in Brown, Cai & DasGupta 2001, "Interval estimation", section 3.1.1.
    It holds its level near 0 and 1, and in small samples: 50 of 50 gives 0.93 to 1, and not 1 to 1.

    Args:
        share: 0 to 1.
        trials: At least one.

    Raises:
        ConfigError: There was no trial, or the share is out of its range.
    """
    if not (0 <= share <= 1 and trials >= 1):
        raise ConfigError("an interval needs trials, and no more successes than trials", "check the counts")
    squared = _Z_95**2
    centre = (share + squared / (2 * trials)) / (1 + squared / trials)
    spread = math.sqrt(share * (1 - share) / trials + squared / (4 * trials**2))
    half = _Z_95 / (1 + squared / trials) * spread
    # At the ends the bound is the share itself; in floating point it would miss it by a hair.
    return max(0.0, centre - half) if share > 0 else 0.0, min(1.0, centre + half) if share < 1 else 1.0
