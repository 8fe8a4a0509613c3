"""The candidates on the table: their vectors, what the teacher says of them, and the votes they drew."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fedaug.augmentation.candidates import Candidate
from fedaug.strategies.class_statistics import Teacher
from fedaug.strategies.voting import select, shrink

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Choice:
    """Candidates picked per label: positions on the board, and the label that each was picked for."""

    rows: NDArray[np.int64]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.rows)


class Board:
    """All candidates of a campaign, public or derived from DP output only.

    A candidate's standing for a label is the teacher's probability of the label times the ratio of its votes to the
    average candidate's, over the rounds in which it was voted on: a guess of how the private records of that label are
    spread over the candidates. One that was never put to the vote counts as average.

    Args:
        labels: Number of labels.
        teacher: Scores candidates against labels.
    """

    def __init__(self, labels: int, teacher: Teacher) -> None:
        self.labels = labels
        self.candidates: list[Candidate] = []
        self.born: list[int] = []
        self.vectors = np.zeros((0, teacher.directions.shape[1]), np.float32)
        self.teaching = np.zeros((0, labels))
        self.lift = np.zeros((0, labels))
        self._ballots = np.zeros((0, labels))
        self._teacher = teacher

    def add(self, candidates: Sequence[Candidate], vectors: NDArray[np.float32], turn: int) -> None:
        """Put candidates on the table; ``vectors`` are their unit embeddings, float32 [n, d]."""
        self.candidates.extend(candidates)
        self.born.extend([turn] * len(candidates))
        self.vectors = np.concatenate([self.vectors, vectors])
        self.teaching = np.concatenate([self.teaching, self._teacher.probabilities(vectors)])
        self.lift = np.concatenate([self.lift, np.ones((len(candidates), self.labels))])
        self._ballots = np.concatenate([self._ballots, np.zeros((len(candidates), self.labels))])

    def ancestry(self, samples: Iterable[str]) -> dict[str, Candidate]:
        """Candidates by id: those asked for, and all on the board that they go back to."""
        known = {candidate.sample_id: candidate for candidate in self.candidates}
        found: dict[str, Candidate] = {}
        waiting = list(samples)
        while waiting:
            name = waiting.pop()
            if name in known and name not in found:
                found[name] = known[name]
                waiting.extend(known[name].parents)
        return found

    def descendants(self, samples: Iterable[str]) -> set[str]:
        """Ids of those given, and of all on the board that go back to one of them."""
        found = set(samples)
        for candidate in self.candidates:  # what a candidate was made from was there before it
            if not found.isdisjoint(candidate.parents):
                found.add(candidate.sample_id)
        return found

    def standing(self) -> Floats:
        """Float64 [candidates, labels]; higher is better."""
        return self.teaching * self.lift

    def best(self, per_label: int) -> Choice:
        """The candidates of highest standing, ``per_label`` for each label; one may be picked for several labels."""
        standing = self.standing()
        count = len(standing)
        labels = np.repeat(np.arange(self.labels), count)
        rows = np.tile(np.arange(count), self.labels)
        scores = standing.T.reshape(-1)
        chosen = select(scores, labels, np.full(self.labels, per_label))
        chosen = chosen[scores[chosen] > 0]
        return Choice(rows[chosen], labels[chosen])

    def count_votes(self, choice: Choice, votes: Floats, noise_std: float) -> Floats:
        """Take noised votes in; returns them shrunk, float64 [len(choice)].

        Args:
            choice: What was voted on.
            votes: The sites' noised votes added up, float64 [len(choice)].
            noise_std: Standard deviation of the added-up noise.
        """
        shrunk = shrink(votes, noise_std)
        ratio = shrunk / max(float(shrunk.mean()), 1e-12)
        where = (choice.rows, choice.labels)
        seen = self._ballots[where]
        self.lift[where] = np.where(seen == 0, ratio, (self.lift[where] * seen + ratio) / (seen + 1))
        self._ballots[where] += 1
        return shrunk
