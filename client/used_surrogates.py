"""The surrogates that stand in a site's records: kept with them, sealed as they are, for a gate of class S."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final

import numpy as np

from fedaug.client.store import SealedStore
from fedaug.errors import NotPrepared

_NAME: Final = "surrogates"


class UsedSurrogates:
    """What de-identification put in the place of identifiers, as whole strings, each once.

    Which of the public pools' names a site has used follows from its records, so the list leaves in nothing: it lies in
    the store alone, and goes with the records when they are prepared anew.

    Args:
        store: The site's.
    """

    def __init__(self, store: SealedStore) -> None:
        self._store = store

    def keep(self, surrogates: Iterable[str]) -> None:
        """Seal the list, in place of the one before."""
        line = json.dumps(sorted(set(surrogates)))  # sorted: an order could tell of the records' own
        self._store.write_array(_NAME, np.frombuffer(line.encode(), np.uint8))

    def read(self) -> list[str]:
        """The list; empty where the site's policy puts no surrogates.

        Raises:
            NotPrepared: None was kept: the records were prepared by a version that kept none.
            SealError: The file was changed or moved.
        """
        kept = self._store.read_array(_NAME)
        if kept is None:
            raise NotPrepared("the surrogates in the site's records are not listed", "run fedaug site prepare again")
        found: list[str] = json.loads(kept.tobytes())
        return found
