"""The gates of class F that a text passes before a site offers it, built as the site's settings say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from fedaug.augmentation.candidates import Candidate
from fedaug.augmentation.datasets import data_folder
from fedaug.augmentation.encoder import Encoder
from fedaug.augmentation.generators.label_words import label_words
from fedaug.client.settings import SamplesSettings
from fedaug.errors import ConfigError
from fedaug.privacy.vetting import Batch, Gate
from fedaug.strategies.vetting.builders import Builder, PublicMaterial, Seen, builder


class OfferedGates:
    """What judges the texts of one offer; built of public things alone.

    Args:
        policy: Names the gates and their options.
        labels: The plan's public label set.
        seed: Public.
        encoder: Makes the public embedding space; called only if a gate compares meanings.
        require_public: Raises for a file that holds records: a gate that compares with it would be of class S.

    Raises:
        ConfigError: A gate is listed twice, has wrong options, reads records, or compares with earlier turns.
        InputError: A public file that one of them names cannot be used.
        UnknownPlugin: A gate is not installed.
    """

    def __init__(
        self,
        policy: SamplesSettings,
        labels: tuple[str, ...],
        seed: int,
        encoder: Callable[[], Encoder],
        require_public: Callable[[Path], None],
    ) -> None:
        words = tuple(" ".join(label_words(label)) or label for label in labels)
        corpora = dict.fromkeys(policy.corpora, False)
        material = PublicMaterial(labels, words, seed, corpora, (data_folder(),), require_public=require_public)
        builders = _builders(policy, material)
        self._encoder = encoder() if any(one.vectors for one in builders) else None
        if self._encoder is not None:
            material = replace(material, encoder=self._encoder)
            builders = _builders(policy, material)
        self._material, self._builders = material, builders

    def gates(self, first: Sequence[Candidate]) -> list[Gate]:
        """The gates, for an offer whose first attempt made these candidates."""
        seen = Seen(self._material, tuple(first), self.batch(first).vectors if first else None)
        built = (one.build(seen) for one in self._builders)
        return [gate for gate in built if gate is not None]

    def batch(self, candidates: Sequence[Candidate]) -> Batch:
        """Candidates as the gates read them, with vectors if one of the gates needs any."""
        texts = tuple(one.text for one in candidates)
        vectors = self._encoder.embed(texts) if self._encoder is not None and texts else None
        return Batch(texts, tuple(one.label for one in candidates), vectors)


def check_gates(policy: SamplesSettings, require_public: Callable[[Path], None]) -> None:
    """Raise what building the gates of an offer would stop at, of all that settings and public files tell."""
    _builders(policy, PublicMaterial((), (), 0, search=(data_folder(),), require_public=require_public))


def _builders(policy: SamplesSettings, material: PublicMaterial) -> list[Builder]:
    names = [one.gate for one in policy.gates]
    if len(set(names)) != len(names):
        raise ConfigError("samples.gates lists a gate twice", "list each gate once")
    built = [builder(one.gate, one.options, material) for one in policy.gates]
    if late := next((name for name, one in zip(names, built, strict=True) if one.later), None):
        raise ConfigError(
            f"the {late} gate, as samples.gates sets it, compares with earlier turns, which an offer has not",
            "leave it to the coordinator",
        )
    return built
