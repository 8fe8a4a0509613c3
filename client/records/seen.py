"""Finds repeated ids among millions in a few bytes each."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


class SeenIds:
    """The ids seen so far, as 8-byte digests in sorted arrays.

    A Python set of a million ids takes about 130 MB, a set of their integer digests about 60 MB, sorted arrays 8 MB.
    Each batch of ids becomes one sorted run, and runs of like size are merged, so that there are about log₂(batches) of
    them and every digest is moved only that many times. Two different ids share a digest with probability 3·10⁻⁸ among
    a million; the later record is then reported as a duplicate, never silently lost.
    """

    def __init__(self) -> None:
        self._runs: list[NDArray[np.uint64]] = []

    def repeated(self, ids: Sequence[str]) -> NDArray[np.bool_]:
        """Add a batch of ids, and mark those that an earlier id equals, within the batch or before it.

        Args:
            ids: Valid Unicode, in reading order.

        Returns:
            One bool per id; the first occurrence of an id is False.
        """
        digests = _digests(ids)
        order = np.argsort(digests, kind="stable")  # stable: of equal digests the first read stays first
        in_order = digests[order]
        repeated = np.zeros(len(ids), dtype=np.bool_)
        repeated[order[1:]] = in_order[1:] == in_order[:-1]
        for run in self._runs:
            places = np.minimum(np.searchsorted(run, digests), run.size - 1)
            repeated |= run[places] == digests
        self._add(np.sort(digests[~repeated]))
        return repeated

    def _add(self, run: NDArray[np.uint64]) -> None:
        if run.size:
            self._runs.append(run)
        while len(self._runs) > 1 and self._runs[-2].size <= 2 * self._runs[-1].size:
            last = self._runs.pop()
            merged = np.concatenate([self._runs.pop(), last])
            merged.sort(kind="stable")
            self._runs.append(merged)


def _digests(ids: Sequence[str]) -> NDArray[np.uint64]:
    joined = b"".join(hashlib.blake2b(value.encode(), digest_size=8).digest() for value in ids)
    return np.frombuffer(joined, dtype=np.uint64)
