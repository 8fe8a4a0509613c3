"""The benchmark of robust rules: its attacks reach the teacher, and what it measures is what it says."""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks.robust import ATTACKS, Released, Space, accuracy, attacked, made_up, named, plan_of, release

from fedaug.simulation.partition import partition
from fedaug.strategies.messages import CampaignPlan

World = tuple[Space, Released, CampaignPlan]


@pytest.fixture(scope="module")
def world() -> World:
    space = made_up(labels=5, dimensions=16, records=1_500)
    plan = plan_of(space, 8.0)
    dealt = partition([str(label) for label in space.labels], 7, seed=1)
    return space, release(space, dealt, plan, 0), plan


def test_a_loud_liar_breaks_the_sum_and_neither_the_median_nor_a_sum_without_it(world: World) -> None:
    space, honest, plan = world
    figures = attacked(space, [honest], plan, ATTACKS["times -100"], 1, 1)
    assert figures["sum"] < 0.3
    assert min(figures["median"], figures["trimmed-mean"], figures["sum, flagged set aside"]) > 0.8
    assert (figures["liars named"], figures["honest named"]) == (1, 0)


def test_no_attack_changes_nothing_and_names_nobody(world: World) -> None:
    space, honest, plan = world
    same = honest.with_lies(ATTACKS["none"], 3)
    assert np.array_equal(same.sums, honest.sums)
    assert named(space, honest, plan) == (set(), set())
    assert accuracy(space, same, "sum", 0) > 0.8


def test_lies_leave_the_honest_sites_and_the_original_as_they_are(world: World) -> None:
    _, honest, _ = world
    before = honest.sums.copy()
    lied = honest.with_lies(ATTACKS["sign flip"], 2)
    assert np.array_equal(lied.sums[2:], before[2:])
    assert np.array_equal(lied.sums[:2], -before[:2])
    assert np.array_equal(honest.sums, before)
