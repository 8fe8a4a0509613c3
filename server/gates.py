"""The gates of one campaign, as they stand at each turn: what ``campaign.toml`` lists, built from public text only.

A gate judges a turn's candidates together. Those that compare with generation 0, the first candidates, begin after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fedaug.augmentation.candidates import Candidate
from fedaug.augmentation.encoder import Encoder
from fedaug.errors import ConfigError
from fedaug.privacy.vetting import Batch, Gate, VettingResult, vet
from fedaug.server.campaign import CampaignConfig
from fedaug.server.schooling import Heldout
from fedaug.strategies.vetting.builders import PublicMaterial, Seen, builder


class CampaignGates:
    """Vets a campaign's candidates turn by turn.

    Args:
        config: The campaign.
        search: Folders of public data sets.
        encoder: The public embedding space; needed if a gate compares meanings.
        heldout: What students are scored on, if anything.

    Raises:
        ConfigError: A gate is listed twice, has wrong options or reads private records.
        InputError: A file that one of them names cannot be used.
        UnknownPlugin: A gate is not installed.
    """

    def __init__(
        self,
        config: CampaignConfig,
        search: Sequence[Path] = (),
        encoder: Encoder | None = None,
        heldout: Heldout | None = None,
    ) -> None:
        names = [setting.gate for setting in config.gates]
        if len(set(names)) != len(names):
            raise ConfigError("a gate is listed twice", "list each gate once")
        corpora = {corpus: source.optional for source in config.candidates for corpus in source.corpora}
        self._material = material = PublicMaterial(
            config.labels, tuple(config.words()), config.seed, corpora, tuple(search), encoder, heldout
        )
        self._builders = [builder(setting.gate, setting.options, material) for setting in config.gates]
        self._vectors = any(one.vectors for one in self._builders)
        self._seen = Seen(material)

    def ready(self) -> list[Gate]:
        """The gates as of now."""
        built = (one.build(self._seen) for one in self._builders)
        return [gate for gate in built if gate is not None]

    def batch_of(self, candidates: Sequence[Candidate]) -> Batch:
        """Candidates as gates read them, with vectors if one of the gates needs any."""
        texts = tuple(one.text for one in candidates)
        vectors = self._material.vectors_of.embed(texts) if self._vectors else None
        return Batch(texts, tuple(one.label for one in candidates), vectors)

    def vet_first(self, candidates: Sequence[Candidate]) -> tuple[VettingResult, list[Gate]]:
        """Vet the first candidates, which become generation 0; and by which gates.

        Raises:
            TooFewRecords: They are too few for a gate that compares later candidates with them.
        """
        batch = self.batch_of(candidates)
        if self._seen.first is None and candidates:
            self._seen.made, self._seen.vectors = tuple(candidates), batch.vectors
            found, gates = self._vetted(batch)
            self._seen.first = self._seen.kept
            self.ready()  # what cannot be built of them is said now, and not when sites have been charged
            return found, gates
        return self._vetted(batch)

    def vet_more(self, candidates: Sequence[Candidate]) -> tuple[VettingResult, list[Gate]]:
        """Vet candidates of a later turn; and by which gates."""
        return self._vetted(self.batch_of(candidates))

    def keep(self, candidates: Sequence[Candidate]) -> None:
        """Count candidates that were vetted elsewhere among those that are kept."""
        self._keep(self.batch_of(candidates))

    def _vetted(self, batch: Batch) -> tuple[VettingResult, list[Gate]]:
        gates = self.ready()
        found = vet(batch, gates)
        self._keep(batch.take(found.kept))
        return found, gates

    def _keep(self, batch: Batch) -> None:
        kept = self._seen.kept
        if not len(batch):
            return
        self._seen.kept = batch if not len(kept) else _joined(kept, batch)


def _joined(one: Batch, other: Batch) -> Batch:
    both = [vectors for vectors in (one.vectors, other.vectors) if vectors is not None]
    vectors = np.concatenate(both) if len(both) == 2 else None
    return Batch(one.texts + other.texts, one.labels + other.labels, vectors)
