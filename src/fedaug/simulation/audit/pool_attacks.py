"""Attacks on the samples of a pool: on the audit's canaries, and on the records that play the sites' private data.

The attacker is whoever is handed the pool. Members and controls are known here because the simulation knows them:
canaries by their coins, records because it dealt them. What is found about records is for a site's own edition, unless
the records are public or made up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from fedaug.augmentation.encoder import Encoder
from fedaug.client.records import Record
from fedaug.errors import EmptySource
from fedaug.privacy.audit.attacked import AttackedPool, PoolFindings
from fedaug.privacy.audit.canaries import Canaries
from fedaug.privacy.audit.findings import Population
from fedaug.privacy.audit.suite import Texts, attack_samples
from fedaug.server.campaign import CampaignConfig
from fedaug.server.pool_records import PoolSample
from fedaug.server.schooling import Heldout
from fedaug.server.students.linear import LinearStudent
from fedaug.strategies.class_statistics import name_teacher

Floats = NDArray[np.float64]

_ON_CANARIES = "canaries, against those that coins left out"
_ON_RECORDS = "records of {whose}, against held-out ones"


class PoolAttacker:
    """Whoever holds a pool's samples.

    Args:
        config: The campaign.
        samples: Of its pool.
        public: Embeds samples, and may keep what it embeds.
        plain: Embeds members and controls, and keeps nothing.
    """

    def __init__(self, config: CampaignConfig, samples: Sequence[PoolSample], public: Encoder, plain: Encoder) -> None:
        self._config, self._plain = config, plain
        vectors = public.embed([sample.text for sample in samples])
        self._released = Texts(
            tuple(sample.text for sample in samples), tuple(sample.label for sample in samples), vectors
        )
        self._place = {label: index for index, label in enumerate(config.labels)}
        self._student = self._trained(samples)
        self._public = name_teacher(public.embed(config.words()))

    def on_canaries(self, planted: Canaries) -> PoolFindings:
        """Attack what coins put in, and what they left out."""
        every = self._texts(planted.texts, [str(label) for label in planted.labels])
        both = (Population.PLANTED, Population.PLANTED)
        inside, outside = (every.take(np.flatnonzero(rows).tolist()) for rows in (planted.included, ~planted.included))
        return attack_samples(
            self._released, inside, outside, on=_ON_CANARIES, populations=both, seed=self._config.seed
        )

    def on_records(self, records: Sequence[Record], heldout: Heldout, whose: str, of: Population) -> PoolFindings:
        """Attack records, with held-out texts for controls.

        Args:
            records: That were in the data.
            heldout: That were not.
            whose: The records', in a few words.
            of: What both of them are.
        """
        inside = self._texts([record.text for record in records], [str(record.label) for record in records])
        outside = self._texts(heldout.texts, [self._config.labels[label] for label in heldout.labels])
        return attack_samples(
            self._released,
            inside,
            outside,
            on=_ON_RECORDS.format(whose=whose),
            populations=(of, of),
            seed=self._config.seed,
        )

    def _texts(self, texts: Sequence[str], labels: Sequence[str]) -> Texts:
        vectors = self._plain.embed(list(texts))
        plain = Texts(tuple(texts), tuple(labels), vectors)
        if self._student is None or not len(plain):
            return plain
        truth = np.array([self._place[label] for label in labels], np.int64)
        scores = self._student.scores(vectors), self._public.probabilities(vectors)
        mine, public = (_loss(np.asarray(found, np.float64), truth) for found in scores)
        return replace(plain, losses=mine, public_losses=public)

    def _trained(self, samples: Sequence[PoolSample]) -> LinearStudent | None:
        """A student that anybody can train who is handed the samples; None if there are too few."""
        labels = np.array([self._place[sample.label] for sample in samples], np.int64)
        weights = np.array([sample.weight for sample in samples], np.float64)
        try:
            return LinearStudent().fit(self._released.vectors, labels, weights, classes=len(self._place))
        except EmptySource:
            return None


def attack_sites(
    attacker: PoolAttacker, dealt: Sequence[Sequence[Record]], heldout: Heldout, of: Population
) -> Iterator[tuple[str, AttackedPool]]:
    """What each site may be told of the pool and its own records: name and figures, for the site's edition alone."""
    for index, records in enumerate(dealt):
        name = f"site-{index + 1:02d}"
        yield name, attacker.on_records(records, heldout, name, of).for_site()


def _loss(shares: Floats, truth: NDArray[np.int64]) -> Floats:
    return np.asarray(-np.log(np.maximum(shares[np.arange(len(truth)), truth], 1e-12)))
