"""A site's prepared records without their texts: what every mechanism reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fedaug.client.store import SealedStore
from fedaug.errors import NotPrepared
from fedaug.privacy.canonical import canonical_json, parse_json
from fedaug.privacy.units import PrivacyUnit
from fedaug.strategies.contributions import Contributions
from fedaug.strategies.messages import CampaignPlan

_EMBEDDINGS = "embeddings"
_SPACE = "space"


@dataclass(frozen=True)
class _Rows:
    """In the order of the store."""

    embeddings: NDArray[Any]
    subjects: NDArray[np.int64]
    labels: tuple[str, ...]


class PreparedRows:
    """The embeddings, labels and subjects in a site's store, read when first needed.

    Args:
        store: The site's.
    """

    def __init__(self, store: SealedStore) -> None:
        self._store = store
        self._rows: _Rows | None = None

    def keep(self, vectors: NDArray[np.float32], space: str) -> None:
        """Store the records' embeddings, float32 [records, d], and the name of the space that they lie in."""
        self._store.write_array(_EMBEDDINGS, vectors)
        # Last, so that a store that was cut off before is not taken for a prepared one.
        note = canonical_json([space, vectors.shape[1]])
        self._store.write_array(_SPACE, np.frombuffer(note, np.uint8))
        self._rows = None

    def space(self) -> tuple[str, int]:
        """The embedding space that the store was prepared for: its name and a vector's length. Reads no record.

        Raises:
            NotPrepared: It was not.
        """
        noted = self._store.read_array(_SPACE)
        if noted is None or not self._store.has_records():
            raise NotPrepared("the site's records have not been prepared", "run fedaug site prepare")
        name, dimensions = parse_json(noted.tobytes())
        return name, dimensions

    def contributions(self, plan: CampaignPlan) -> Contributions:
        """The rows that count in a plan: those of its labels, and of each unit no more than the plan says.

        Raises:
            NotPrepared: The store is incomplete.
        """
        if self._rows is None:
            self._rows = self._load()
        place = {label: index for index, label in enumerate(plan.labels)}
        labels = np.array([place.get(label, -1) for label in self._rows.labels], np.int64)
        units = self._rows.subjects if plan.unit is PrivacyUnit.SUBJECT else np.arange(len(labels))
        known = labels >= 0
        rows = Contributions(self._rows.embeddings[known], labels[known], units[known])
        return rows.bounded(plan.records_per_unit)

    def vectors(self) -> NDArray[np.float32]:
        """All records' embeddings, float32 [records, d]. For gates of class S, which no mechanism is."""
        if self._rows is None:
            self._rows = self._load()
        return self._rows.embeddings

    def _load(self) -> _Rows:
        embeddings = self._store.read_array(_EMBEDDINGS)
        records = [(record.subject_id, record.label) for record in self._store.records()]
        if embeddings is None or len(embeddings) != len(records):
            raise NotPrepared("the site's store is incomplete", "run fedaug site prepare again")
        numbers: dict[str, int] = {}
        subjects = np.array([numbers.setdefault(subject, len(numbers)) for subject, _ in records], np.int64)
        labels = tuple(label if isinstance(label, str) else "" for _, label in records)
        return _Rows(embeddings, subjects, labels)
