"""The auditor's arithmetic, on releases made here: who is heard, how loud, and how wide the noise."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from fedaug.simulation.audit.attack import Block, Leak, fitted, loudness, scores, widths

LABELS, CANARIES, DIMENSIONS = 4, 80, 48
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


def shares(rng: np.random.Generator, dimensions: int = DIMENSIONS) -> Floats:
    """Unit rows that lie near each other, as texts do."""
    rows = rng.standard_normal((CANARIES, dimensions)) + 1.5 * rng.standard_normal(dimensions)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))


def leak(rng: np.random.Generator, coins: Bools, *, planned: float, noise: float, loud: Floats | float = 1.0) -> Leak:
    """A release in which canaries are ``loud`` times what clipping allows."""
    rows, labels = shares(rng), np.arange(CANARIES) % LABELS
    blocks = []
    for label in range(LABELS):
        members = np.flatnonzero(labels == label)
        added = (coins * np.broadcast_to(loud, CANARIES))[members] @ rows[members]
        blocks.append(Block(label, members, added + noise * rng.standard_normal(DIMENSIONS), rows[members]))
    return Leak("statistics", planned, tuple(blocks))


def fair_coins(rng: np.random.Generator) -> Bools:
    return rng.random(CANARIES) < 0.5


def right(score: Floats, coins: Bools) -> int:
    return int(((score > 0) == coins).sum())


def test_without_noise_every_coin_is_read_whatever_noise_was_planned() -> None:
    rng = np.random.default_rng(1)
    coins = fair_coins(rng)
    for planned in (0.0, 0.5, 5.0, 50.0):
        assert right(scores([leak(rng, coins, planned=planned, noise=0.0)], CANARIES), coins) == CANARIES


def test_without_clip_every_coin_is_read_through_the_planned_noise() -> None:
    rng = np.random.default_rng(2)
    coins = fair_coins(rng)
    heard = leak(rng, coins, planned=3.0, noise=3.0, loud=100.0)
    assert right(scores([heard], CANARIES), coins) == CANARIES
    assert fitted(heard)[0] == pytest.approx(100, rel=0.3)


def test_a_release_that_hardly_shows_its_noise_is_not_taken_for_exact() -> None:
    # One number a label, in which twenty canaries are: nothing speaks for less noise than planned.
    rng = np.random.default_rng(9)
    for _ in range(20):
        coins = fair_coins(rng)
        heard = leak(rng, coins, planned=1.0, noise=1.0, loud=50.0)
        counts = tuple(
            Block(
                block.label,
                block.canaries,
                50 * coins[block.canaries].sum(keepdims=True) + 16 * rng.standard_normal(1),
                np.ones((len(block.canaries), 1)),
            )
            for block in heard.blocks
        )
        counted = Leak("counts", 16.0, counts)
        assert fitted(counted)[1] == 16
        assert right(scores([heard, counted], CANARIES), coins) == CANARIES


def test_scores_are_the_best_linear_guess_of_the_coins() -> None:
    rng = np.random.default_rng(3)
    coins = fair_coins(rng)
    heard = leak(rng, coins, planned=1.0, noise=1.0)
    assert fitted(heard) == (1.0, 1.0)
    found = scores([heard], CANARIES)
    for block in heard.blocks:
        covariance = block.shares.T @ block.shares / 4 + np.eye(DIMENSIONS)
        left = block.values - block.shares.sum(axis=0) / 2
        assert found[block.canaries] == pytest.approx(block.shares @ np.linalg.solve(covariance, left) / 4)


def test_two_releases_say_more_than_one() -> None:
    rng = np.random.default_rng(4)
    coins = fair_coins(rng)
    both = [leak(rng, coins, planned=0.6, noise=0.6) for _ in range(2)]
    errors = [float(((scores(part, CANARIES) - (coins - 0.5)) ** 2).sum()) for part in (both[:1], both)]
    assert errors[1] < 0.9 * errors[0]


@pytest.mark.parametrize("halvings", [0, 1, 3])
def test_the_width_of_the_noise_is_seen(halvings: int) -> None:
    rng = np.random.default_rng(5)
    heard = leak(rng, fair_coins(rng), planned=1.0, noise=2.0**-halvings)
    assert fitted(heard) == (1.0, 2.0**-halvings)


def test_one_canary_without_clip_is_louder_than_the_limit() -> None:
    rng = np.random.default_rng(6)
    coins = fair_coins(rng)
    coins[7] = True
    loud = np.where(np.arange(CANARIES) == 7, 100.0, 1.0)
    found = loudness([leak(rng, coins, planned=2.0, noise=2.0, loud=loud)], CANARIES)
    assert int(found.deviations.argmax()) == 7
    assert found.deviations[7] > 5 * found.limit(0.999)
    assert found.contributions[7] == pytest.approx(100, rel=0.2)


def test_clipped_canaries_stay_below_the_limit() -> None:
    # Each of 200 audits passes the limit with at most 0.001: 3 or more do with less than 0.0012.
    passed = 0
    for seed in range(200):
        rng = np.random.default_rng(100 + seed)
        found = loudness([leak(rng, fair_coins(rng), planned=0.7, noise=0.7)], CANARIES)
        passed += bool(found.deviations.max() > found.limit(0.999))
    assert passed < 3


def test_the_limit_is_hoeffdings_for_all_canaries_together() -> None:
    found = loudness([leak(np.random.default_rng(7), np.ones(CANARIES, bool), planned=1.0, noise=1.0)], CANARIES)
    assert CANARIES * math.exp(-(found.limit(0.999) ** 2) / 2) == pytest.approx(0.001)


def test_a_release_in_which_no_canary_is_says_nothing() -> None:
    block = Block(0, np.arange(CANARIES), np.zeros(3), np.zeros((CANARIES, 3)))
    assert not scores([Leak("counts", 1.0, (block,))], CANARIES).any()


def test_noise_as_planned_is_not_called_narrow() -> None:
    # 300 releases, each called narrow with 0.001: 4 or more are with less than 0.0003.
    called = 0
    for seed in range(300):
        rng = np.random.default_rng(500 + seed)
        (width,) = widths([leak(rng, fair_coins(rng), planned=0.7, noise=0.7)])
        assert width.dimensions == LABELS * DIMENSIONS - CANARIES
        called += width.heard < width.least(0.001)
    assert called < 4


@pytest.mark.parametrize("loud", [1.0, 100.0])
def test_halved_noise_is_called_narrow_whatever_canaries_add(loud: float) -> None:
    rng = np.random.default_rng(8)
    (width,) = widths([leak(rng, fair_coins(rng), planned=1.0, noise=0.5, loud=loud)])
    assert width.heard == pytest.approx(0.5, rel=0.3)
    assert width.heard < width.least(0.001)


def test_a_release_that_canaries_fill_or_that_has_no_noise_says_nothing_of_noise() -> None:
    rng = np.random.default_rng(9)
    full = Block(0, np.arange(CANARIES), np.zeros(DIMENSIONS), shares(rng))
    assert not widths([Leak("counts", 1.0, (full,))])
    assert not widths([leak(rng, fair_coins(rng), planned=0.0, noise=0.0)])
