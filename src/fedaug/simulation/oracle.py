"""Reference figures for a simulation: what no coordinator and no site could know (rule 11 of the privacy calculus).

The oracle reads every site's records in the clear. It therefore lives outside client and server, and its figures are
null in a deployment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fedaug.augmentation.encoder import Encoder
from fedaug.client.records import Record
from fedaug.errors import EmptySource
from fedaug.server.board import Board
from fedaug.server.campaign import CampaignConfig
from fedaug.server.candidates import CandidateSource
from fedaug.server.pool_records import PoolSample
from fedaug.server.schooling import Heldout, Schooling, Score
from fedaug.server.students.evaluate import evaluate
from fedaug.server.students.linear import LinearStudent
from fedaug.strategies.class_statistics import name_teacher


@dataclass(frozen=True)
class Figure:
    """One reference student."""

    kind: str
    name: str
    score: Score
    note: str = ""


@dataclass(frozen=True)
class References:
    """What the campaign's student is compared with.

    Attributes:
        epsilon0: Students that read no private record; the best of them is the figure.
        sites: The linear student trained on one site's records alone, by site.
        central: The linear student trained on all sites' records.
    """

    epsilon0: tuple[Figure, ...]
    sites: tuple[Figure, ...]
    central: Figure

    @property
    def best_epsilon0(self) -> Figure:
        """The best student that read no private record."""
        return max(self.epsilon0, key=lambda figure: figure.score.accuracy)

    @property
    def median_site(self) -> float:
        """Median accuracy of the sites alone."""
        return float(np.median([figure.score.accuracy for figure in self.sites]))


def consult(
    config: CampaignConfig,
    encoder: Encoder,
    plain: Encoder,
    source: CandidateSource,
    dealt: Sequence[Sequence[Record]],
    heldout: Heldout,
) -> References:
    """Compute all reference figures, on the same held-out texts as the campaign's student.

    Args:
        config: The campaign.
        encoder: Embeds public candidates, and may keep what it embeds.
        plain: Embeds records, and keeps nothing.
        source: A fresh source of the campaign's candidates.
        dealt: Each site's records.
        heldout: What students are scored on.
    """
    place = {label: index for index, label in enumerate(config.labels)}
    truth = [np.array([place[str(record.label)] for record in rows], np.int64) for rows in dealt]
    vectors = [plain.embed([record.text for record in rows]) for rows in dealt]
    sites = []
    for index, (inputs, labels) in enumerate(zip(vectors, truth, strict=True)):
        name = f"site-{index + 1:02d}"
        note = f"{len(labels)} records, {len(np.unique(labels))} of {len(place)} labels"
        sites.append(Figure("site", name, _linear(inputs, labels, heldout, config), note))
    central = _linear(np.concatenate(vectors), np.concatenate(truth), heldout, config)
    return References(
        tuple(_without_records(config, encoder, source, heldout)),
        tuple(sites),
        Figure("central", "all records in one place", central, "linear student, no privacy"),
    )


def _without_records(
    config: CampaignConfig, encoder: Encoder, source: CandidateSource, heldout: Heldout
) -> list[Figure]:
    """The committed list of ε = 0 students: the labels' words, and the campaign's student on unsteered candidates."""
    teacher = name_teacher(encoder.embed(config.words()))
    guesses = teacher.scores(heldout.embeddings).argmax(axis=1)
    by_name = evaluate(guesses, heldout.labels, config.labels)
    candidates = source.generate()
    board = Board(len(config.labels), teacher)
    board.add(candidates, encoder.embed([candidate.text for candidate in candidates]), 0)
    choice = board.best(config.pool.per_label)
    school = Schooling(config, encoder, heldout)
    samples = [
        PoolSample(candidates[row].text, config.labels[label], float(board.teaching[row, label]))
        for row, label in zip(choice.rows, choice.labels, strict=True)
    ]
    figures = [Figure("epsilon0", "nearest label words", by_name, "the label whose words are nearest")]
    named = [
        PoolSample(candidate.text, candidate.label)
        for candidate in candidates
        if candidate.label is not None and candidate.label in config.labels
    ]
    for name, pool, guide, note in (
        ("unsteered candidates", samples, teacher, "the same pool and student, with the labels' words as teacher"),
        ("labelled candidates", named, None, "candidates that their generator made for a label"),
    ):
        try:
            score = school.score(school.train(pool, guide))
        except EmptySource:
            continue  # a campaign whose generators name no label has no such student
        if score is not None:
            figures.append(Figure("epsilon0", name, score, note))
    return figures


def _linear(inputs: NDArray[np.float32], labels: NDArray[np.int64], heldout: Heldout, config: CampaignConfig) -> Score:
    """The linear student on real records; with a single label it can only guess that one."""
    present = np.unique(labels)
    if len(present) == 1:
        guesses = np.full(len(heldout.labels), present[0])
    else:
        guesses = LinearStudent().fit(inputs, labels, classes=len(config.labels)).predict(heldout.embeddings)
    return evaluate(guesses, heldout.labels, config.labels)
