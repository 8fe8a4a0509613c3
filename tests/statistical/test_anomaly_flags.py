"""How often honest sites are flagged: by simulation, at the very edge of what each check assumes.

Each check is run on many sites whose clean values are as bad as its assumption allows, with fresh noise for each. The
flags are counted against the stated chance: these tests fail with a probability below 10⁻⁶ each if it holds.
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats
from tests.small import LABELS

from fedaug.augmentation.candidates import Candidate
from fedaug.server.anomalies import Flag, Noised
from fedaug.server.anomalies.direction import sums_against_the_others
from fedaug.server.anomalies.sizes import Shape, sums_against_counts, votes_against_counts
from fedaug.server.anomalies.texts import texts_of_one_label
from fedaug.server.anomalies.votes import votes_on_one_candidate

CHANCE, TRIALS = 0.05, 3_000
#: More flags than this come by chance with a probability of 10⁻⁶.
MOST = int(stats.binom.isf(1e-6, TRIALS, CHANCE))
COUNTS = np.array([40.0, 0.0, 15.0])


def noised(rng: np.random.Generator, clean: NDArray[np.float64], std: float) -> Noised:
    return Noised(clean + rng.normal(0, std, clean.shape), std)


def flagged(found: list[Flag | None]) -> int:
    return sum(flag is not None for flag in found)


@pytest.mark.parametrize("noise", [0.5, 5.0, 50.0])
@pytest.mark.parametrize("records", [1, 100])
def test_sums_as_long_as_counts_allow_are_flagged_no_more_often_than_stated(records: int, noise: float) -> None:
    rng = np.random.default_rng(1)
    sums = np.zeros((3, 20))
    sums[:, 0] = COUNTS if records == 1 else [COUNTS.sum(), 0, 0]  # every record's vector is the same
    shape = Shape(records, 2)
    found = [
        sums_against_counts("a", "s", noised(rng, COUNTS, noise), noised(rng, sums, noise), shape, 0.0, CHANCE)
        for _ in range(TRIALS)
    ]
    assert flagged(found) <= MOST


@pytest.mark.parametrize("noise", [0.5, 5.0, 50.0])
@pytest.mark.parametrize("spread", [1, 4], ids=["one candidate each", "four candidates each"])
def test_votes_that_just_fit_the_counts_are_flagged_no_more_often_than_stated(spread: int, noise: float) -> None:
    rng = np.random.default_rng(2)
    labels = np.repeat(np.arange(3), 4)
    votes = np.repeat(COUNTS, 4) / np.sqrt(spread) if spread == 4 else np.where(np.arange(12) % 4, 0, COUNTS[labels])
    found = [
        votes_against_counts(
            "a", "v", noised(rng, COUNTS, noise), noised(rng, votes, noise), labels, Shape(1, spread), CHANCE
        )
        for _ in range(TRIALS)
    ]
    assert flagged(found) <= MOST


@pytest.mark.parametrize("noise", [0.5, 5.0, 50.0])
@pytest.mark.parametrize("most", [0.1, 0.25, 1.0])
def test_as_many_votes_on_one_candidate_as_allowed_are_flagged_no_more_often_than_stated(
    most: float, noise: float
) -> None:
    rng = np.random.default_rng(3)
    votes = np.full(40, 100 * (1 - most) / 39)
    votes[7] = 100 * most
    found = [votes_on_one_candidate("a", "v", noised(rng, votes, noise), most, CHANCE) for _ in range(TRIALS)]
    assert flagged(found) <= MOST


def test_the_check_of_one_candidate_is_no_looser_than_its_candidates_make_it() -> None:
    """At the edge of the assumption, with one candidate that can exceed it, its own part of the chance is used."""
    rng = np.random.default_rng(4)
    votes = np.array([75.0, 25.0])
    found = [votes_on_one_candidate("a", "v", noised(rng, votes, 3.0), 0.75, CHANCE) for _ in range(TRIALS)]
    assert flagged(found) >= stats.binom.ppf(1e-6, TRIALS, CHANCE / 2)


@pytest.mark.parametrize("least", [0.0, 0.3])
@pytest.mark.parametrize("noise", [0.2, 2.0, 20.0])
def test_sums_at_the_least_agreement_are_flagged_no_more_often_than_stated(noise: float, least: float) -> None:
    rng = np.random.default_rng(5)
    dimensions = 10
    towards, aside = np.zeros((2, len(LABELS), dimensions))
    # Both keep clear of the part that all labels share, which the check takes out: rows that add up to nothing.
    towards[:2, 0], aside[:2, 1] = (1, -1), (1, -1)
    odd = 30 * (least * towards + np.sqrt(1 - least**2) * aside)
    counts = Noised(np.full(len(LABELS), 20.0), 0.0)
    flags = 0
    for _ in range(TRIALS // 3):
        sums = {f"s{k}": noised(rng, 30 * towards, noise) for k in range(4)} | {"odd": noised(rng, odd, noise)}
        found = sums_against_the_others("s", dict.fromkeys(sums, counts), sums, least, CHANCE)
        flags += any(flag.site == "odd" for flag in found)
    assert flags <= stats.binom.isf(1e-6, TRIALS // 3, CHANCE)


@pytest.mark.parametrize("size", [3, 40])
def test_labels_by_chance_are_flagged_no_more_often_than_stated(size: int) -> None:
    rng = np.random.default_rng(6)
    drawn = rng.choice(3, (TRIALS, size), p=[0.5, 0.25, 0.25])
    found = [
        texts_of_one_label("a", "s", [Candidate("t", "o", "", LABELS[label]) for label in row], 3, 0.5, CHANCE)
        for row in drawn
    ]
    assert flagged(found) <= MOST
