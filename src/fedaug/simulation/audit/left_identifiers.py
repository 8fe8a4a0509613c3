"""Planted identifiers, and a generator that knows the site's store by heart: what de-identification lets through.

No generator that fedaug has may read the store, so the worst is put in its place: one that repeats, word for word, all
that the site prepared. What it says is what de-identification alone let through; gates would look at it next.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from fedaug.augmentation.encoder import Encoder
from fedaug.client.ledger_file import known_lineage
from fedaug.client.records import Provenance, Record
from fedaug.client.store import SealedStore
from fedaug.privacy.audit.identifiers import IdentifierCanaries, IdentifiersFinding
from fedaug.privacy.keys import KeyRing
from fedaug.privacy.vetting import Batch, Gate, vet
from fedaug.simulation.example import Example
from fedaug.simulation.sites import VirtualSites

_PREFIX: Final = "identifiers"


def left_identifiers(
    example: Example, work: Path, planted: IdentifierCanaries, encoder: Encoder, gates: Sequence[Gate] = ()
) -> IdentifiersFinding | None:
    """What of the identifiers is left in the store of a virtual site that holds their records and nothing else.

    Args:
        example: The campaign whose site it is; its settings of de-identification count.
        work: Keeps the site.
        planted: What is put in.
        encoder: For the site.
        gates: That what leaves has to pass.

    Returns:
        None if the site set every record aside, so that there is nothing to look through.
    """
    sites = VirtualSites(example, work / "sites", lambda: encoder, prefix=_PREFIX)
    rows = [
        Record(f"r{number}", one.subject_id, one.text, one.label, Provenance("canaries", number))
        for number, one in enumerate(planted.records())
    ]
    try:
        folder = sites.prepare(0, lambda: rows).folder
    finally:
        sites.close()
    texts = tuple(_stored_texts(folder, (work / "sites" / "passphrase").read_bytes()))
    kept = vet(Batch(texts), gates).kept if gates else range(len(texts))
    return planted.search(texts[row] for row in kept) if texts else None


def _stored_texts(folder: Path, passphrase: bytes) -> Iterator[str]:
    """Every record of a prepared site, as a generator that may read the store sees it."""
    store = SealedStore(folder / "store", KeyRing.open(folder, passphrase), known_lineage(folder))
    for record in store.records():
        yield record.text
