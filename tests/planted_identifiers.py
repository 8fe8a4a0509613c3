"""A site whose source holds planted identifiers, and what would leave it if a generator knew its store by heart.

No generator that fedaug has may read the store, so the worst is put in its place: one that repeats, word for word, all
that the site prepared. What it says is what de-identification alone let through.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from fedaug.augmentation.encoder import Encoder
from fedaug.client.ledger_file import known_lineage
from fedaug.client.records import Provenance, Record
from fedaug.client.store import SealedStore
from fedaug.privacy.audit.identifiers import IdentifierCanaries, IdentifiersFinding, identifier_canaries
from fedaug.privacy.keys import KeyRing
from fedaug.privacy.noise import NoiseSource
from fedaug.privacy.vetting import Batch, Gate, vet
from fedaug.simulation.example import Example
from fedaug.simulation.sites import VirtualSites

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
    work.mkdir(parents=True)
    if not deidentified:
        policy = work / "off.toml"
        policy.write_text(_KEEP_ALL, "utf-8")
        off = example.simulation.site_settings | {"deid.policy": str(policy.resolve())}
        simulation = example.simulation.model_copy(update={"site_settings": off})
        example = Example(example.folder, example.campaign, simulation, example.search)
    sites = VirtualSites(example, work / "sites", lambda: encoder)
    rows = [
        Record(f"r{number}", one.subject_id, one.text, one.label, Provenance("canaries", number))
        for number, one in enumerate(planted.records())
    ]
    folder = sites.prepare(0, lambda: rows).folder
    sites.close()
    texts = tuple(stored_texts(folder, (work / "sites" / "passphrase").read_bytes()))
    assert texts  # a site that set everything aside would let nothing leave
    kept = vet(Batch(texts), gates).kept if gates else range(len(texts))
    return planted.search(texts[row] for row in kept)


def stored_texts(folder: Path, passphrase: bytes) -> Iterator[str]:
    """Every record of a prepared site, as a generator that may read the store sees it."""
    store = SealedStore(folder / "store", KeyRing.open(folder, passphrase), known_lineage(folder))
    for record in store.records():
        yield record.text
