"""From verified releases to one total: each is looked at, those of sites that were set aside are left out, a rule adds.

All of it follows from the releases, the plan and the settings, so a coordinator that goes on after an interruption
comes to the same total.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from fedaug.augmentation.candidates import Candidate
from fedaug.errors import QuorumLost
from fedaug.privacy.events import ReleaseKind
from fedaug.privacy.events.gaussian import DiscreteGaussianEvent
from fedaug.server.aggregation import AggregationSettings
from fedaug.server.anomalies.flag import Flag, Noised
from fedaug.server.anomalies.watch import Watch
from fedaug.server.verify import Accepted
from fedaug.strategies.class_statistics import add_up
from fedaug.strategies.messages import AskCounts, AskStatistics, AskVotes, CampaignPlan, ReleaseRequest, Tensors
from fedaug.strategies.robust import Combined, Sum

_LOG = logging.getLogger(__name__)
#: What a rule adds up. Scores and answers about texts are counted, not aggregated.
_BY_RULE: Final = frozenset({ReleaseKind.NOISY_COUNTS, ReleaseKind.NOISY_STATISTICS, ReleaseKind.NOISY_VOTES})


class Combine(Protocol):
    """Puts the releases of one round together."""

    def __call__(
        self, request: ReleaseRequest, releases: Sequence[Accepted], tensors: Tensors | None
    ) -> tuple[tuple[Accepted, ...], Combined]:
        """Which of them count, and what they come to."""
        ...


def plain_sum(
    request: ReleaseRequest, releases: Sequence[Accepted], tensors: Tensors | None
) -> tuple[tuple[Accepted, ...], Combined]:
    """All of them count, and are added up."""
    del request, tensors
    spread = math.sqrt(sum(release.event.noise_std**2 for release in releases))
    return tuple(releases), Combined(add_up([release.values for release in releases]), spread)


class Aggregation:
    """One campaign's: watches, sets aside if it is told to, and adds up by the campaign's rule.

    Args:
        plan: The campaign's.
        settings: Rule and thresholds.
        minimum_sites: With fewer sites left than this a round does not count.
    """

    def __init__(self, plan: CampaignPlan, settings: AggregationSettings, minimum_sites: int) -> None:
        self.watch = Watch(plan, settings)
        self.basis: NDArray[np.float64] | None = None
        self._rule = settings.loaded()
        self._minimum = minimum_sites

    def __call__(
        self, request: ReleaseRequest, releases: Sequence[Accepted], tensors: Tensors | None
    ) -> tuple[tuple[Accepted, ...], Combined]:
        """See :class:`Combine`.

        Raises:
            QuorumLost: Too few sites are left for the campaign, or for its rule.
        """
        self._look(request, releases, tensors)
        counted = tuple(release for release in releases if release.site not in self.watch.aside)
        if len(counted) < self._minimum:
            raise QuorumLost(
                f"{len(counted)} sites are left for {request.key} once those with anomalies are set aside, and "
                f"{self._minimum} are needed",
                "look at the flags in the coordinator's log, and ask the sites",
            )
        by_rule = counted[0].event.release in _BY_RULE and not isinstance(self._rule, Sum)
        if not by_rule:
            return plain_sum(request, counted, tensors)
        stacked = np.stack([release.values for release in counted])
        return counted, self._rule.combine(stacked, counted[0].event.noise_std)  # one event of the plan: one noise

    def look_at_texts(self, release: str, batches: Mapping[str, Sequence[Candidate]]) -> None:
        """Look at what sites offered; an anomaly counts from here on."""
        before = len(self.watch.found.flags)
        self.watch.texts(release, batches)
        warn(self.watch.found.flags[before:])

    def _look(self, request: ReleaseRequest, releases: Sequence[Accepted], tensors: Tensors | None) -> None:
        watch, before = self.watch, len(self.watch.found.flags)
        noised = {release.site: Noised(release.values, release.event.noise_std) for release in releases}
        if isinstance(request, AskCounts):
            watch.counts(noised)
        elif isinstance(request, AskStatistics):
            watch.sums(request.key, noised, _rounding(releases[0]), self.basis)
        elif isinstance(request, AskVotes):
            watch.votes(request.key, noised, (tensors or {}).get("labels"))
        warn(watch.found.flags[before:])


def warn(flags: Sequence[Flag]) -> None:
    """Say at once in the log what was flagged: a campaign that then ends for it has no report."""
    for flag in flags:
        what = "set aside" if flag.set_aside else "flagged"
        _LOG.warning(
            "%s is %s: %s in %s, %.4g beside %.4g",
            flag.site,
            what,
            flag.check,
            flag.release,
            flag.figure,
            flag.threshold,
        )


def _rounding(release: Accepted) -> float:
    """By how much rounding to the grid may lengthen one unit's part, whose length is 1 at most."""
    event = release.event
    grid = event.grid if isinstance(event, DiscreteGaussianEvent) else 0.0
    return grid * math.sqrt(release.values.size) / 2
