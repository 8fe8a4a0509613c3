"""Seconds for one site's votes: ``vote_totals`` against comparing every record with every candidate, and scikit-learn.

All three give the same totals, which is checked. Only ``vote_totals`` computes a record's vote by itself, so that it is
the same to the bit whatever other records the site holds.

    python -m benchmarks.vote --json
"""

from __future__ import annotations

import argparse
from functools import partial

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors  # type: ignore[import-untyped]  # ships no types

from benchmarks.measure import median_seconds, result, show
from fedaug.strategies.contributions import Contributions
from fedaug.strategies.voting import vote_totals

Floats = NDArray[np.float64]
DIMENSIONS = 384
GRID = 2.0**-24
SHARPNESS = 20.0  # that of vote_totals


def unit_rows(rng: np.random.Generator, count: int) -> NDArray[np.float32]:
    rows = rng.standard_normal((count, DIMENSIONS)).astype(np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


def weights(closeness: NDArray[np.floating]) -> Floats:
    """Votes of norm 1 per row, from closeness [n, k] with the nearest first."""
    raw = np.exp(SHARPNESS * (closeness - closeness[:, :1]).astype(np.float64))
    return np.asarray(raw / np.linalg.norm(raw, axis=1, keepdims=True))


def ours(rows: Contributions, candidates: NDArray[np.float32], labels: NDArray[np.int32], votes: int) -> Floats:
    """What a site computes, back from grid steps."""
    return vote_totals(rows, candidates, labels, votes, GRID) * GRID


def dense_loop(rows: Contributions, candidates: NDArray[np.float32], labels: NDArray[np.int32], votes: int) -> Floats:
    """The obvious loop: a record against all candidates, those of other labels struck out."""
    total = np.zeros(len(candidates))
    for vector, label in zip(rows.embeddings, rows.labels, strict=True):
        closeness = np.where(labels == label, candidates @ vector, -np.inf)
        nearest = np.argsort(-closeness, kind="stable")[:votes]
        total[nearest] += weights(closeness[nearest][None])[0]
    return total


def dense_block(rows: Contributions, candidates: NDArray[np.float32], labels: NDArray[np.int32], votes: int) -> Floats:
    """The whole table of cosines at once: fast where memory allows, and a record's bits depend on its neighbours."""
    closeness = np.where(labels == rows.labels[:, None], rows.embeddings @ candidates.T, -np.inf)
    nearest = np.argpartition(-closeness, votes, axis=1)[:, :votes]
    found = np.take_along_axis(closeness, nearest, 1)
    order = np.argsort(-found, axis=1)
    shares = weights(np.take_along_axis(found, order, 1))
    chosen = np.take_along_axis(nearest, order, 1)
    return np.asarray(np.bincount(chosen.ravel(), shares.ravel(), len(candidates)), np.float64)


def neighbours(rows: Contributions, candidates: NDArray[np.float32], labels: NDArray[np.int32], votes: int) -> Floats:
    """scikit-learn's brute-force search, label by label."""
    total = np.zeros(len(candidates))
    for label in np.unique(rows.labels):
        mine, theirs = np.flatnonzero(rows.labels == label), np.flatnonzero(labels == label)
        search = NearestNeighbors(n_neighbors=votes, algorithm="brute", metric="cosine").fit(candidates[theirs])
        distance, nearest = search.kneighbors(rows.embeddings[mine])
        np.add.at(total, theirs[nearest], weights(1 - distance))
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object on the last line")
    parser.add_argument("--records", type=int, default=10_000)
    parser.add_argument("--labels", type=int, default=77)
    parser.add_argument("--per-label", type=int, default=40, help="candidates of each label")
    parser.add_argument("--votes", type=int, default=8, help="candidates that a record votes for")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    count = options.records
    rows = Contributions(unit_rows(rng, count), rng.integers(0, options.labels, count), np.arange(count))
    candidates = unit_rows(rng, options.labels * options.per_label)
    labels = np.repeat(np.arange(options.labels, dtype=np.int32), options.per_label)
    ways = {
        "ours": ours,
        "dense_loop": dense_loop,
        "dense_block": dense_block,
        "scikit_learn": neighbours,
    }
    expected = ours(rows, candidates, labels, options.votes)
    for name, way in ways.items():
        difference = np.abs(way(rows, candidates, labels, options.votes) - expected).max()
        assert difference < 1e-3, f"{name} differs by {difference:g}"
    seconds = median_seconds(
        {name: partial(way, rows, candidates, labels, options.votes) for name, way in ways.items()}, options.runs
    )
    show(["way", "seconds", "records/s"], [[name, took, count / took] for name, took in seconds.items()])
    if options.json:
        print(
            result(
                "vote",
                unit="seconds",
                ours=seconds["ours"],
                alternative=seconds["scikit_learn"],
                ratio=seconds["scikit_learn"] / seconds["ours"],
                all=seconds,
                settings={key: value for key, value in vars(options).items() if key != "json"},
            )
        )


if __name__ == "__main__":
    main()
