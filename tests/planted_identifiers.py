"""A site whose source holds planted identifiers, with de-identification as its settings say, or off."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fedaug.augmentation.encoder import Encoder
from fedaug.privacy.audit.identifiers import IdentifierCanaries, IdentifiersFinding, identifier_canaries
from fedaug.privacy.noise import NoiseSource
from fedaug.privacy.vetting import Gate
from fedaug.simulation.audit.left_identifiers import left_identifiers
from fedaug.simulation.example import Example

#: Identifiers x records of each: 100 records in all at most.
REPEATS = {1: (1,) * 100, 10: (10,) * 10, 100: (100,)}
_KEEP_ALL = 'name = "off"\ndescription = "Finds and keeps everything."\ndefault = "keep"\n'


def plant(example: Example, seed: int, coins: NoiseSource, repeats: Sequence[int]) -> IdentifierCanaries:
    """Made-up identifiers, their records of the campaign's labels in turn."""
    return identifier_canaries(seed, coins, repeats=repeats, labels=example.campaign.labels)


def left_by(
    example: Example,
    work: Path,
    planted: IdentifierCanaries,
    encoder: Encoder,
    *,
    deidentified: bool,
    gates: Sequence[Gate] = (),
) -> IdentifiersFinding:
    """What of the identifiers leaves a virtual site.

    Args:
        example: The campaign whose site it is.
        work: Keeps the site.
        planted: The source: nothing but these.
        encoder: For the site.
        deidentified: Whether the site de-identifies, as its settings say; otherwise its policy keeps what is found.
        gates: That what leaves has to pass.
    """
    found = left_identifiers(example if deidentified else kept_all(example, work), work, planted, encoder, gates)
    assert found is not None  # a site that set everything aside would let nothing leave
    return found


def kept_all(example: Example, work: Path) -> Example:
    """The example with sites whose policy keeps every identifier."""
    work.mkdir(parents=True, exist_ok=True)
    policy = work / "off.toml"
    policy.write_text(_KEEP_ALL, "utf-8")
    off = example.simulation.site_settings | {"deid.policy": str(policy.resolve())}
    simulation = example.simulation.model_copy(update={"site_settings": off})
    return Example(example.folder, example.campaign, simulation, example.search)
