"""Units near a candidate: one unit moves each count by 1 at most, all the same way; and the form of answers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from fedaug.errors import ProtocolError
from fedaug.strategies.contributions import Contributions
from fedaug.strategies.nearness import require_answers, units_near

WIDTH = 5


def unit_rows(count: int, seed: int) -> NDArray[np.float32]:
    rows = np.random.default_rng(seed).standard_normal((count, WIDTH))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


CANDIDATES = unit_rows(30, seed=1)


def rows_of(units: list[int], embeddings: NDArray[np.float32]) -> Contributions:
    return Contributions(embeddings, np.zeros(len(units), np.int64), np.array(units, np.int64))


def without(rows: Contributions, unit: int) -> Contributions:
    kept = rows.units != unit
    return Contributions(rows.embeddings[kept], rows.labels[kept], rows.units[kept])


@settings(max_examples=80, deadline=None)
@given(units=st.lists(st.integers(0, 4), min_size=1, max_size=25), seed=st.integers(0, 9), radius=st.floats(0.1, 2))
def test_one_unit_raises_each_count_by_one_or_not_at_all(units: list[int], seed: int, radius: float) -> None:
    rows = rows_of(units, unit_rows(len(units), seed))
    whole = units_near(rows, CANDIDATES, radius)
    for unit in set(units):
        assert set(whole - units_near(without(rows, unit), CANDIDATES, radius)) <= {0, 1}


@settings(max_examples=40, deadline=None)
@given(units=st.lists(st.integers(0, 4), min_size=1, max_size=25), seed=st.integers(0, 9))
def test_counts_are_the_sum_of_what_units_add_alone(units: list[int], seed: int) -> None:
    rows = rows_of(units, unit_rows(len(units), seed))
    alone = [units_near(only, CANDIDATES, 1.0) for only in (_only(rows, unit) for unit in set(units))]
    assert units_near(rows, CANDIDATES, 1.0).tolist() == sum(alone).tolist()  # type: ignore[union-attr]  # arrays


def _only(rows: Contributions, unit: int) -> Contributions:
    kept = rows.units == unit
    return Contributions(rows.embeddings[kept], rows.labels[kept], rows.units[kept])


def test_a_unit_counts_once_however_many_of_its_records_are_near() -> None:
    close = np.repeat(CANDIDATES[:1], 9, axis=0)
    assert units_near(rows_of([7] * 9, close), CANDIDATES[:1], 0.1).tolist() == [1]
    assert units_near(rows_of(list(range(9)), close), CANDIDATES[:1], 0.1).tolist() == [9]


def test_a_count_of_records_instead_of_units_is_caught() -> None:
    """The seeded defect: what one unit moves is then not 1."""
    close = np.repeat(CANDIDATES[:1], 9, axis=0)
    defect = units_near(rows_of(list(range(9)), close), CANDIDATES[:1], 0.1)
    assert set(defect - units_near(rows_of([], close[:0]), CANDIDATES[:1], 0.1)) == {9}


@pytest.mark.parametrize(("angle", "near"), [(0.49, 1), (0.51, 0)])
def test_the_radius_is_a_distance_between_unit_vectors(angle: float, near: int) -> None:
    radius = 2 * math.sin(0.25)  # the chord of half a radian
    candidate = np.array([[1, 0, 0, 0, 0]], np.float32)
    record = np.array([[math.cos(angle), math.sin(angle), 0, 0, 0]], np.float32)
    assert units_near(rows_of([0], record), candidate, radius).tolist() == [near]


def test_no_records_are_near_nothing() -> None:
    assert units_near(rows_of([], np.zeros((0, WIDTH), np.float32)), CANDIDATES, 2.0).tolist() == [0] * 30


def test_candidates_of_another_space_are_refused() -> None:
    with pytest.raises(ProtocolError, match="another embedding space"):
        units_near(rows_of([0], unit_rows(1, 0)), np.ones((1, WIDTH + 1), np.float32), 1.0)


@pytest.mark.parametrize("answers", [[0], [1], [0, 0, 0], [1, 0, 1, -1, -1], [0, 1, 1], [1, 1, -1]])
def test_answers_of_a_run_that_ends_with_its_second_yes_are_taken(answers: list[float]) -> None:
    require_answers(np.array(answers, np.float64), 2)


@pytest.mark.parametrize(
    "answers",
    [
        [1, 1, 1],  # a yes more than was charged
        [1, 1, 0],  # an answer after the end
        [1, 1, -1, 0],
        [0, -1],  # an end that was none
        [-1, -1],
        [1, 0.5],
        [2, 0],
        [1, 1, -1, 1],
    ],
)
def test_other_answers_are_refused(answers: list[float]) -> None:
    with pytest.raises(ProtocolError, match="not those of a run that ends"):
        require_answers(np.array(answers, np.float64), 2)
