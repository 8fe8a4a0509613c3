"""Distances from synthetic records to the closest real ones: diagnostics, and no evidence of privacy.

A release can pass every such test and still leak its members, and an honest one can fail them (Ganev & De Cristofaro
2025, "The inadequacy of similarity-based privacy metrics"; Yao et al. 2025, "The DCR delusion"). They are here because
a sudden change shows a broken generator. Nothing may be let out, refused or claimed because of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike

from fedaug.errors import ConfigError
from fedaug.privacy.audit.findings import Finding, Population
from fedaug.privacy.audit.intervals import Interval, Rate
from fedaug.privacy.audit.nearest import nearest

#: Stands beside these figures wherever they are shown.
CAUTION: Final = (
    "Distances to the closest record are a diagnostic of the generator. They are no evidence of privacy: "
    "a release may look far from every record and still tell who was in the data."
)


@dataclass(frozen=True)
class DistanceDiagnostics(Finding):
    """How near synthetic records come to members, and to as many held-out records.

    Attributes:
        to_members: The 5th, 50th and 95th percentile of the distance from a synthetic record to the closest member.
        to_held_out: The same to the closest held-out record.
        nearer_to_members: Synthetic records that are nearer to a member; about half, if members are like the others.
        ratio: Median of the distance to the closest member over that to the second closest (NNDR).
        confidence: Of the interval.
    """

    to_members: tuple[float, float, float]
    to_held_out: tuple[float, float, float]
    nearer_to_members: Rate
    ratio: float
    confidence: float

    @property
    def caution(self) -> str:
        """The sentence that is shown with these figures."""
        return CAUTION

    @property
    def interval(self) -> Interval:
        """Of the share that is nearer to a member."""
        return self.nearer_to_members.interval(self.confidence)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, the caution among them."""
        return {
            **super().as_dict(),
            "caution": self.caution,
            "to_members": list(self.to_members),
            "to_held_out": list(self.to_held_out),
            "nearer_to_members": self.nearer_to_members.share,
            "interval": list(self.interval),
            "ratio": self.ratio,
        }


def distance_diagnostics(
    synthetic: ArrayLike,
    members: ArrayLike,
    held_out: ArrayLike,
    *,
    populations: tuple[Population, ...],
    confidence: float = 0.95,
) -> DistanceDiagnostics:
    """Measure distances; what they are worth is in :data:`CAUTION`.

    With 500 synthetic records the share that is nearer to a member is known to 4.5 points either way.

    Args:
        synthetic: Embeddings, [s, d].
        members: Of records that were in the data, [n, d], n > 1.
        held_out: Of as many that were not, [n, d]: the closest of more is closer.
        populations: Who members and held-out records are.
        confidence: Of the interval.

    Raises:
        ConfigError: There are not as many members as held-out records, or the widths differ.
    """
    if len(np.asarray(members)) != len(np.asarray(held_out)):
        raise ConfigError("distances were asked for to groups of two sizes", "cut both to the same number of records")
    to_members, _ = nearest(synthetic, members, 2)
    to_held_out, _ = nearest(synthetic, held_out)
    closest, second, other = to_members[:, 0], to_members[:, 1], to_held_out[:, 0]
    # Of those as near to the one as to the other half are counted; the odd one against the release.
    nearer = int(np.sum(closest < other)) + -(-int(np.sum(closest == other)) // 2)
    ratios = np.divide(closest, second, out=np.ones_like(closest), where=second > 0)
    return DistanceDiagnostics(
        "distance-to-closest-record",
        populations,
        _percentiles(closest),
        _percentiles(other),
        Rate(nearer, len(closest)),
        float(np.median(ratios)),
        confidence,
    )


def _percentiles(values: ArrayLike) -> tuple[float, float, float]:
    low, middle, high = (float(value) for value in np.percentile(np.asarray(values, np.float64), (5, 50, 95)))
    return low, middle, high
