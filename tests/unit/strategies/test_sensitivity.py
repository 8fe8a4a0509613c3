"""One unit moves every release by at most 1 in L2 norm, and rounding: the bound that all noise is scaled to."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from fedaug.privacy.discretisation import rounded_l2
from fedaug.strategies.class_statistics import class_sums, label_counts
from fedaug.strategies.contributions import Contributions
from fedaug.strategies.student_metric import right_and_wrong
from fedaug.strategies.voting import vote_totals

LABELS, WIDTH = 4, 6
RNG = np.random.default_rng(0)
GRID = 2.0**-26


def unit_rows(count: int, seed: int) -> NDArray[np.float32]:
    rows = np.random.default_rng(seed).standard_normal((count, WIDTH))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


CANDIDATES = unit_rows(20, seed=1)
CANDIDATE_LABELS = np.arange(20, dtype=np.int32) % LABELS
WEIGHT, BIAS = unit_rows(LABELS, seed=2), np.zeros(LABELS, np.float32)

Release = Callable[[Contributions], NDArray[np.int64]]
RELEASES: dict[str, Release] = {
    "counts": lambda rows: label_counts(rows, LABELS, GRID),
    "statistics": lambda rows: class_sums(rows, LABELS, GRID),
    "votes on one": lambda rows: vote_totals(rows, CANDIDATES, CANDIDATE_LABELS, 1, GRID),
    "votes on three": lambda rows: vote_totals(rows, CANDIDATES, CANDIDATE_LABELS, 3, GRID),
    "metric": lambda rows: right_and_wrong(rows, WEIGHT, BIAS, GRID),
}


@st.composite
def sites(draw: st.DrawFn) -> Contributions:
    """A few records of a few units; many records of one unit, all of one label, are drawn on purpose."""
    units = [9, *draw(st.lists(st.sampled_from([0, 0, 0, 1, 2, 3]), min_size=1, max_size=30))]
    label = st.sampled_from([0, 0, 1, LABELS - 1])
    labels = draw(st.lists(label, min_size=len(units), max_size=len(units)))
    seed = draw(st.integers(0, 5))
    embeddings = unit_rows(len(units), seed)
    if draw(st.booleans()):
        embeddings[:] = embeddings[0]  # copies add up in one direction: the worst case
    return Contributions(embeddings, np.array(labels, np.int64), np.array(units, np.int64))


def only(rows: Contributions, unit: int) -> Contributions:
    kept = rows.units == unit
    return Contributions(rows.embeddings[kept], rows.labels[kept], rows.units[kept])


def without(rows: Contributions, unit: int) -> Contributions:
    kept = rows.units != unit
    return Contributions(rows.embeddings[kept], rows.labels[kept], rows.units[kept])


@pytest.mark.parametrize("name", RELEASES)
@settings(max_examples=60, deadline=None)
@given(rows=sites())
def test_adding_or_removing_one_unit_moves_a_release_by_at_most_one(name: str, rows: Contributions) -> None:
    release = RELEASES[name]
    whole = release(rows)
    for unit in np.unique(rows.units):
        moved = whole - release(without(rows, int(unit)))
        assert np.linalg.norm(moved) * GRID <= rounded_l2(1.0, GRID, moved.size)


@pytest.mark.parametrize("name", RELEASES)
def test_the_bound_is_reached_so_that_the_test_can_fail(name: str) -> None:
    rows = Contributions(unit_rows(1, seed=3).repeat(9, axis=0), np.zeros(9, np.int64), np.zeros(9, np.int64))
    assert np.linalg.norm(RELEASES[name](rows)) * GRID == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("name", RELEASES)
def test_records_of_different_units_are_not_clipped_together(name: str) -> None:
    rows = Contributions(unit_rows(1, seed=3).repeat(9, axis=0), np.zeros(9, np.int64), np.arange(9))
    assert np.linalg.norm(RELEASES[name](rows)) * GRID == pytest.approx(9, abs=1e-5)


@pytest.mark.parametrize("name", RELEASES)
def test_no_records_release_zeros_of_the_same_shape(name: str) -> None:
    empty = Contributions(np.zeros((0, WIDTH), np.float32), np.zeros(0, np.int64), np.zeros(0, np.int64))
    one = Contributions(unit_rows(1, seed=4), np.zeros(1, np.int64), np.zeros(1, np.int64))
    assert RELEASES[name](empty).shape == RELEASES[name](one).shape
    assert not RELEASES[name](empty).any()


@pytest.mark.parametrize("name", RELEASES)
@settings(max_examples=40, deadline=None)
@given(rows=sites())
def test_a_release_is_to_the_bit_the_sum_of_what_units_add_alone(name: str, rows: Contributions) -> None:
    """So no unit's share depends on another unit, nor on the order in which they come."""
    parts = [only(rows, int(unit)) for unit in np.unique(rows.units)]
    order = np.random.default_rng(0).permutation(len(rows))
    shuffled = Contributions(rows.embeddings[order], rows.labels[order], rows.units[order])
    release = RELEASES[name]
    assert np.array_equal(release(rows), sum(map(release, parts)))
    if len(np.unique(rows.units)) == len(rows):  # within a unit, floats are added up in the order of its records
        assert np.array_equal(release(rows), release(shuffled))


@settings(max_examples=60, deadline=None)
@given(rows=sites(), most=st.integers(1, 5))
def test_of_a_unit_its_first_records_count_and_other_units_change_nothing_in_that(
    rows: Contributions, most: int
) -> None:
    bounded = rows.bounded(most)
    for unit in np.unique(rows.units):
        mine, kept = only(rows, int(unit)), only(bounded, int(unit))
        assert len(kept) == min(most, len(mine))
        assert kept.embeddings.tobytes() == mine.embeddings[: len(kept)].tobytes()
        assert kept.labels.tolist() == mine.labels[: len(kept)].tolist()
    assert len(without(rows, 9).bounded(most)) == len(bounded) - 1
