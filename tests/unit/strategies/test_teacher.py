"""The DP teacher: with little noise it says what the records say, with much noise what the labels' words say."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from fedaug.strategies.class_statistics import fit_teacher, name_teacher, principal_subspace

Floats = NDArray[np.float64]
RNG = np.random.default_rng(11)
LABELS, WIDTH = 4, 12


def unit(rows: Floats) -> Floats:
    return np.asarray(rows / np.linalg.norm(rows, axis=-1, keepdims=True))


MEANS = unit(RNG.standard_normal((LABELS, WIDTH)))  # where the records lie
WORDS = unit(RNG.standard_normal((LABELS, WIDTH)))  # what the labels' words say: something else
PUBLIC = unit(RNG.standard_normal((500, WIDTH)))
COUNTS = np.array([300.0, 200.0, 250.0, 280.0])


def cosines(teacher_rows: Floats, to: Floats) -> Floats:
    basis = principal_subspace(PUBLIC, 0.9)
    return np.asarray((teacher_rows * unit(to @ basis @ basis.T)).sum(axis=1))


def test_without_noise_the_teacher_points_where_the_records_are() -> None:
    teacher = fit_teacher(COUNTS[:, None] * MEANS, COUNTS, 0.0, WORDS, PUBLIC)
    assert cosines(teacher.directions, MEANS).min() > 0.999


def test_under_huge_noise_the_teacher_points_where_the_words_do() -> None:
    """The words are right here, and the noise is ten times the sums: the words' length is then still seen."""
    std = 30.0
    noise = RNG.normal(0, std, (LABELS, WIDTH))
    near = unit(WORDS + 0.02 * RNG.standard_normal(WORDS.shape))
    teacher = fit_teacher(COUNTS[:, None] * near * 0.5 + noise, COUNTS, std, WORDS, PUBLIC)
    plain = unit(COUNTS[:, None] * near * 0.5 + noise)
    assert cosines(teacher.directions, WORDS).mean() > cosines(plain, WORDS).mean()
    assert cosines(teacher.directions, WORDS).min() > 0.9


def test_more_noise_means_more_trust_in_the_words() -> None:
    sums = COUNTS[:, None] * unit(MEANS + WORDS) * 0.5
    trust = [cosines(fit_teacher(sums, COUNTS, std, WORDS, PUBLIC).directions, WORDS).mean() for std in (0, 20, 60)]
    assert trust == sorted(trust)
    assert trust[2] > trust[0] + 0.01


def test_negative_noised_counts_do_not_turn_a_direction_round() -> None:
    teacher = fit_teacher(COUNTS[:, None] * MEANS, np.array([-40.0, 200.0, 0.0, 280.0]), 1.0, WORDS, PUBLIC)
    assert np.isfinite(teacher.directions).all()
    assert cosines(teacher.directions, MEANS).min() > 0.5


def test_probabilities_add_up_to_one_and_follow_the_scores() -> None:
    teacher = name_teacher(WORDS)
    beliefs = teacher.probabilities(PUBLIC)
    assert beliefs.sum(axis=1) == pytest.approx(np.ones(len(PUBLIC)))
    assert (beliefs.argmax(axis=1) == teacher.scores(PUBLIC).argmax(axis=1)).all()


def test_the_subspace_holds_the_share_that_was_asked_for_and_no_column_more() -> None:
    skewed = PUBLIC * np.linspace(1, 0.05, WIDTH)
    basis = principal_subspace(skewed, 0.9)
    assert basis.T @ basis == pytest.approx(np.eye(basis.shape[1]), abs=1e-9)
    share = ((skewed @ basis) ** 2).sum() / (skewed**2).sum()
    less = ((skewed @ basis[:, :-1]) ** 2).sum() / (skewed**2).sum()
    assert share >= 0.9 > less
