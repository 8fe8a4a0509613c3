"""Watching what sites send, release after release: which checks run on what, what they found, who is set aside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fedaug.augmentation.candidates import Candidate
from fedaug.privacy.units import PrivacyUnit
from fedaug.server.aggregation import AggregationSettings
from fedaug.server.anomalies.direction import sums_against_the_others
from fedaug.server.anomalies.flag import Flag, Noised
from fedaug.server.anomalies.sizes import Shape, sums_against_counts, votes_against_counts
from fedaug.server.anomalies.texts import texts_like_another_sites, texts_of_one_label
from fedaug.server.anomalies.votes import votes_on_one_candidate
from fedaug.strategies.messages import CampaignPlan


@dataclass(frozen=True)
class Found:
    """All that a campaign's checks found.

    Attributes:
        flags: In the order in which they were raised.
        checks: How many checks of one site's release, or batch, were made: false alarms are to be expected in no more
            than ``false_alarm`` of them.
    """

    flags: tuple[Flag, ...] = ()
    checks: int = 0


class Watch:
    """The checks of one campaign.

    Args:
        plan: What bounds a unit's part in each release.
        settings: Thresholds, the chance of a false alarm, and whether who is flagged is set aside.
    """

    def __init__(self, plan: CampaignPlan, settings: AggregationSettings) -> None:
        self._labels = len(plan.labels)
        single = plan.unit is PrivacyUnit.RECORD
        self._shape = Shape(1 if single else plan.records_per_unit, plan.votes_per_record)
        self._settings = settings
        self._counts: Mapping[str, Noised] = {}
        self._flags: list[Flag] = []
        self._checks = 0

    @property
    def found(self) -> Found:
        """So far."""
        return Found(tuple(self._flags), self._checks)

    @property
    def aside(self) -> frozenset[str]:
        """Sites whose releases count no more."""
        return frozenset(flag.site for flag in self._flags if flag.set_aside)

    def counts(self, counts: Mapping[str, Noised]) -> None:
        """Keep the label counts, which later releases are held against; by themselves they contradict nothing."""
        self._counts = counts

    def sums(
        self,
        release: str,
        sums: Mapping[str, Noised],
        rounding: float,
        basis: NDArray[np.float64] | None = None,
    ) -> None:
        """Look at class sums.

        Args:
            release: Their key.
            sums: By site, per label [labels, d].
            rounding: By how much one unit's part may be longer than 1.
            basis: Orthonormal columns of a public subspace [d, k] that the public candidates lie in.
        """
        chance, counts = self._settings.false_alarm, self._counts
        both = [site for site in sums if site in counts]
        found = [
            sums_against_counts(site, release, counts[site], sums[site], self._shape, rounding, chance) for site in both
        ]
        odd = sums_against_the_others(release, counts, sums, self._settings.least_agreement, chance, basis)
        self._note([*found, *odd], 2 * len(both))

    def votes(self, release: str, votes: Mapping[str, Noised], labels: NDArray[np.integer] | None) -> None:
        """Look at votes; ``labels`` are those that the candidates stand for."""
        settings, counts = self._settings, self._counts
        both = [site for site in votes if site in counts]
        found = [
            votes_against_counts(site, release, counts[site], votes[site], labels, self._shape, settings.false_alarm)
            for site in both
        ]
        found += [
            votes_on_one_candidate(site, release, given, settings.most_votes, settings.false_alarm)
            for site, given in votes.items()
        ]
        self._note(found, len(both) + len(votes))

    def texts(self, release: str, batches: Mapping[str, Sequence[Candidate]]) -> None:
        """Look at batches of texts; an empty one says nothing."""
        settings = self._settings
        sent = {site: batch for site, batch in batches.items() if batch}
        found = [
            texts_of_one_label(site, release, batch, self._labels, settings.most_of_one_label, settings.false_alarm)
            for site, batch in sent.items()
        ]
        copies = texts_like_another_sites(release, sent, settings.most_copied, settings.false_alarm)
        self._note([*found, *copies], 2 * len(sent))

    def _note(self, found: Sequence[Flag | None], checks: int) -> None:
        acted = self._settings.on_anomaly == "set-aside"
        self._flags += [replace(flag, set_aside=acted) for flag in found if flag is not None]
        self._checks += checks
