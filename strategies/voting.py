"""Federated DP voting on public candidates, after Private Evolution.

Lin et al. 2024, "Differentially Private Synthetic Data via Foundation Model APIs 1: Images", algorithm 2; Xie et al.
2024, "Differentially Private Synthetic Data via Foundation Model APIs 2: Text", section 3. Site half:
:func:`vote_totals`. Coordinator half: :func:`shrink` and :func:`select`, both post-processing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from fedaug.errors import ProtocolError
from fedaug.strategies.contributions import Contributions, clipped_total

Floats = NDArray[np.float64]


def vote_totals(
    contributions: Contributions,
    candidates: NDArray[np.float32],
    labels: NDArray[np.int32],
    votes_per_record: int,
    grid: float,
) -> NDArray[np.int64]:
    """Votes per candidate, int64 [n] in grid steps; one unit's whole vote over all labels has L2 norm at most 1.

    A record votes for its nearest ``votes_per_record`` candidates among those of its own label, the nearer the more,
    with a vote of L2 norm 1. It is compared with each candidate by itself, so that its vote is the same to the bit
    whatever other records the site holds.

    Args:
        contributions: The site's rows.
        candidates: Unit rows, float32 [n, d].
        labels: The label a candidate stands for, as a position in the campaign's list, int [n].
        votes_per_record: How many candidates a record's vote is spread over.
        grid: Width of a grid step.

    Raises:
        ProtocolError: The candidates' shape does not fit the labels or the records.
    """
    if candidates.ndim != 2 or labels.shape != (len(candidates),):
        raise ProtocolError("candidates and their labels differ in number", "send one label a candidate")
    if candidates.shape[1] != contributions.embeddings.shape[1]:
        raise ProtocolError("candidates lie in another embedding space", "use the plan's encoder")
    blocks = {int(label): np.flatnonzero(labels == label) for label in np.unique(labels)}
    vectors = {label: np.ascontiguousarray(candidates[where]) for label, where in blocks.items()}

    def ballot(rows: Contributions, row: int) -> tuple[NDArray[np.int64], Floats]:
        label = int(rows.labels[row])
        if label not in blocks:
            return np.zeros(0, np.int64), np.zeros(0)
        closeness = vectors[label] @ rows.embeddings[row]
        nearest = np.argsort(-closeness, kind="stable")[:votes_per_record]
        weights = np.exp(_SHARPNESS * (closeness[nearest] - closeness[nearest[0]]).astype(np.float64))
        return blocks[label][nearest], weights / np.linalg.norm(weights)

    return clipped_total(contributions, len(candidates), ballot, grid)


_SHARPNESS = 20.0  # a candidate 0.05 farther in cosine gets 1/e of the weight


def shrink(votes: Floats, noise_std: float) -> Floats:
    """The best linear guess of the clean votes: never below zero, and near zero when noise is all there is.

    Wiener shrinkage: votes are pulled to their mean by the share of their variance that the known noise explains.
    """
    if len(votes) == 0:
        return votes
    mean = float(votes.mean())
    variance = float(((votes - mean) ** 2).mean())
    share = 0.0 if variance == 0 else max(0.0, 1 - noise_std**2 / variance)
    return np.maximum(mean + share * (votes - mean), 0.0)


def select(scores: Floats, labels: NDArray[np.integer], per_label: NDArray[np.integer]) -> NDArray[np.int64]:
    """The best rows of each label: positions, by label and then falling score; ties go to the earlier row."""
    chosen = []
    for label, quota in enumerate(per_label):
        rows = np.flatnonzero(labels == label)
        chosen.append(rows[np.argsort(-scores[rows], kind="stable")[: int(quota)]])
    return np.concatenate(chosen) if chosen else np.zeros(0, np.int64)
