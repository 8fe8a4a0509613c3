"""What a flag says: which site, which check, a figure beside its threshold, and how often it would be wrong."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class Check(StrEnum):
    """What is looked at; a closed set."""

    ONE_CANDIDATE = "votes-on-one-candidate"
    VOTES_AGAINST_COUNTS = "votes-against-counts"
    SUMS_AGAINST_COUNTS = "sums-against-counts"
    AGAINST_THE_OTHERS = "sums-against-the-others"
    ONE_LABEL = "texts-of-one-label"
    COPIES = "texts-like-another-sites"


@dataclass(frozen=True)
class Flag:
    """One fact about one site.

    Attributes:
        site: Its name.
        check: What was looked at.
        release: The key of the release that was looked at.
        figure: What was found, in the check's own units.
        threshold: What an honest site would not go beyond.
        false_alarm: Most often that this check flags a site that keeps to the protocol and to the check's assumption.
        set_aside: Whether the site's values were left out for it.
    """

    site: str
    check: Check
    release: str
    figure: float
    threshold: float
    false_alarm: float
    set_aside: bool = False


@dataclass(frozen=True, eq=False)
class Noised:
    """One site's noised values, and the standard deviation of their noise per coordinate."""

    values: NDArray[np.float64]
    noise_std: float

    @property
    def variance(self) -> float:
        """Of the noise, per coordinate."""
        return self.noise_std**2
