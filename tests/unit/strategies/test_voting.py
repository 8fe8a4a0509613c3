"""Votes against a reference written the slow way; shrinking and picking, which read DP output only."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from fedaug.errors import ProtocolError
from fedaug.strategies.class_statistics import class_sums
from fedaug.strategies.contributions import Contributions, clipped_total
from fedaug.strategies.voting import select, shrink, vote_totals

RNG = np.random.default_rng(5)
WIDTH, LABELS = 8, 3
GRID = 2.0**-26


def unit_rows(count: int) -> NDArray[np.float32]:
    rows = RNG.standard_normal((count, WIDTH))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def rows_of(units: list[int], labels: list[int]) -> Contributions:
    return Contributions(unit_rows(len(units)), np.array(labels, np.int64), np.array(units, np.int64))


def reference(
    rows: Contributions, candidates: NDArray[np.float32], labels: NDArray[np.int32], spread: int
) -> list[float]:
    """The definition, one record, one candidate and one number at a time."""
    totals = [0.0] * len(candidates)
    for unit in set(rows.units.tolist()):
        own = [0.0] * len(candidates)
        for record in np.flatnonzero(rows.units == unit):
            near = [
                (float(np.dot(candidates[place].astype(float), rows.embeddings[record].astype(float))), -place)
                for place in range(len(candidates))
                if labels[place] == rows.labels[record]
            ]
            near = sorted(near, reverse=True)[:spread]
            weights = [math.exp(20 * (cosine - near[0][0])) for cosine, _ in near]
            length = math.sqrt(sum(weight**2 for weight in weights))
            for weight, (_, place) in zip(weights, near, strict=True):
                own[-place] += weight / length
        length = math.sqrt(sum(value**2 for value in own))
        for place, value in enumerate(own):
            totals[place] += value / max(1.0, length)
    return totals


@pytest.mark.parametrize("spread", [1, 3, 50])
def test_votes_are_those_of_the_definition(spread: int) -> None:
    rows = rows_of([0, 0, 0, 1, 2, 2, 3, 0], [0, 1, 1, 2, 0, 0, 1, 2])
    candidates, labels = unit_rows(15), (np.arange(15) % LABELS).astype(np.int32)
    expected = reference(rows, candidates, labels, spread)
    assert vote_totals(rows, candidates, labels, spread, GRID) * GRID == pytest.approx(np.array(expected), abs=1e-5)


def test_a_record_whose_label_has_no_candidate_votes_for_none() -> None:
    votes = vote_totals(rows_of([0, 1], [2, 2]), unit_rows(4), np.zeros(4, np.int32), 3, GRID)
    assert votes.tolist() == [0] * 4


def test_a_units_votes_and_sums_are_the_same_to_the_bit_whatever_others_the_site_holds() -> None:
    """Others of other labels add to other places, so one unit's own part can be seen in the whole as it is."""
    one = rows_of([0, 0, 0], [0, 0, 0])
    candidates, labels = unit_rows(30), (np.arange(30) % LABELS).astype(np.int32)
    alone = vote_totals(one, candidates, labels, 4, GRID)[labels == 0]
    for others in (1, 2, 7, 40):
        more = rows_of([1 + i % 5 for i in range(others)], [1 + i % 2 for i in range(others)])
        place = int(RNG.integers(0, others))
        mixed = Contributions(
            *(
                np.concatenate([theirs[:place], mine, theirs[place:]])
                for mine, theirs in (
                    (one.embeddings, more.embeddings),
                    (one.labels, more.labels),
                    (one.units, more.units),
                )
            )
        )
        assert vote_totals(mixed, candidates, labels, 4, GRID)[labels == 0].tobytes() == alone.tobytes()
        assert class_sums(mixed, LABELS, GRID)[0].tobytes() == class_sums(one, LABELS, GRID)[0].tobytes()


def test_a_contribution_that_is_no_number_is_left_out_and_not_added() -> None:
    rows = rows_of([0, 1, 2], [0, 0, 0])

    def part(_: Contributions, row: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        return np.array([0]), np.array([[math.nan, 0.5, math.inf][row]])

    assert clipped_total(rows, 1, part, 0.25).tolist() == [2]


def test_candidates_of_another_width_are_refused_even_by_a_site_without_records() -> None:
    for rows in (rows_of([0], [0]), rows_of([], [])):
        with pytest.raises(ProtocolError, match="another embedding space"):
            vote_totals(rows, np.ones((2, WIDTH + 1), np.float32), np.zeros(2, np.int32), 1, GRID)


def test_votes_that_noise_explains_are_shrunk_to_their_mean() -> None:
    votes = 5 + RNG.normal(0, 2.0, 4_000)
    assert np.ptp(shrink(votes, 4.0)) == 0
    assert shrink(votes, 4.0)[0] == pytest.approx(votes.mean())


def test_votes_without_noise_stay_as_they_are() -> None:
    votes = np.array([0.0, 3.0, 9.0])
    assert shrink(votes, 0.0).tolist() == votes.tolist()


def test_shrunk_votes_are_nearer_the_truth_and_never_negative() -> None:
    truth = RNG.exponential(3.0, 2_000)
    noised = truth + RNG.normal(0, 3.0, 2_000)
    shrunk = shrink(noised, 3.0)
    assert np.mean((shrunk - truth) ** 2) < 0.7 * np.mean((noised - truth) ** 2)
    assert shrunk.min() >= 0


def test_no_votes_and_equal_votes_are_shrunk_too() -> None:
    assert shrink(np.zeros(0), 1.0).shape == (0,)
    assert shrink(np.full(3, 2.0), 1.0).tolist() == [2.0] * 3


def test_ties_go_to_the_earlier_row_and_quotas_hold_per_label() -> None:
    scores = np.array([1.0, 5.0, 5.0, 5.0, 2.0, 9.0])
    labels = np.array([0, 1, 0, 1, 0, 2])
    assert select(scores, labels, np.array([2, 1, 3])).tolist() == [2, 4, 1, 5]
    assert select(scores, labels, np.array([0, 0, 0])).tolist() == []
