"""What sites' votes and answers say of the texts that are to be pooled: the gates of class D of one campaign.

Votes are charged whether or not a gate goes by them. Above-threshold answers are a release of their own, which the plan
holds only if the campaign's settings have a table for it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fedaug.privacy.vetting import Batch, Gate, GateClass, VettingResult, vet
from fedaug.privacy.vetting.support import Answers, Ballot, NearnessGate, SupportGate
from fedaug.server.campaign import CampaignConfig
from fedaug.server.rounds import Rounds, Total
from fedaug.strategies.messages import AskSupport

#: The key of the above-threshold release within a plan.
KEY = "support"
_MAY_DECIDE = frozenset({GateClass.FREE, GateClass.CHARGED})


class Supported:
    """The gates of class D of one campaign, from what its sites have answered.

    Args:
        config: Says which of them decide.
        rounds: Asks the sites.
    """

    def __init__(self, config: CampaignConfig, rounds: Rounds) -> None:
        self._config = config
        self._rounds = rounds
        self._ballots: list[Ballot] = []

    def note_votes(self, vectors: NDArray[np.float32], labels: tuple[str, ...], total: Total) -> None:
        """Keep one voting round's totals."""
        charged = tuple(release.event for release in total.releases)
        self._ballots.append(Ballot(vectors, labels, total.values, total.noise_std, charged))

    def judge(self, batch: Batch) -> VettingResult:
        """Judge what is to be pooled. The best come first: a site's positive answers are spent in that order.

        Raises:
            QuorumLost: Too few sites answered.
        """
        return vet(batch, self._gates(batch), allowed=_MAY_DECIDE)

    def _gates(self, batch: Batch) -> list[Gate]:
        gates: list[Gate] = []
        votes, nearness = self._config.support, self._config.nearness
        if votes is not None:
            gates.append(
                SupportGate(
                    self._ballots, units=votes.units, false_accept=votes.false_accept, nearness=votes.least_cosine
                )
            )
        if nearness is not None:
            assert batch.vectors is not None
            # A text that is pooled under two labels is asked about once.
            first: dict[str, int] = {}
            for row, text in enumerate(batch.texts):
                first.setdefault(text, row)
            vectors = batch.vectors[list(first.values())[: nearness.candidates]]
            request = AskSupport(campaign=self._config.name, key=KEY)
            told = self._rounds.total(request, (len(vectors),), {"candidates": vectors})
            answers = [Answers(release.values, release.event) for release in told.releases]
            gates.append(NearnessGate(vectors, answers, sites=nearness.sites))
        return gates
