"""Rows are dealt to sites completely, reproducibly and as skewed as asked."""

import hashlib
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedaug.errors import ConfigError, TooFewRecords
from fedaug.simulation.partition import partition

LABELS = [f"label {row % 7}" for row in range(700)]


def fingerprint(parts: list[np.ndarray]) -> str:
    return hashlib.sha256(b"|".join(part.tobytes() for part in parts)).hexdigest()[:16]


@given(
    labels=st.lists(st.sampled_from("abcde"), max_size=60),
    sites=st.sampled_from([1, 2, 3, 10]),
    alpha=st.sampled_from([None, 1e-300, 1e-3, 0.5, 1.0, 1e6]),
    minimum=st.sampled_from([0, 1, 2, 6]),
    seed=st.sampled_from([0, 1, 2**32 - 1]),
)
def test_every_row_is_at_exactly_one_site_and_every_site_has_the_minimum(
    labels: list[str], sites: int, alpha: float | None, minimum: int, seed: int
) -> None:
    if len(labels) < sites * minimum:
        with pytest.raises(TooFewRecords, match="FA209"):
            partition(labels, sites, seed=seed, alpha=alpha, minimum=minimum)
        return
    parts = partition(labels, sites, seed=seed, alpha=alpha, minimum=minimum)
    assert len(parts) == sites
    assert min(map(len, parts)) >= minimum
    assert sorted(row for part in parts for row in part) == list(range(len(labels)))
    assert all(part.dtype == np.int64 and all(a < b for a, b in pairwise(part)) for part in parts)


@pytest.mark.parametrize(("alpha", "expected"), [(None, "e01c0db5aa7d5bca"), (0.5, "9071c0c9905715c2")])
def test_a_seed_gives_the_same_bytes_whatever_the_global_state(alpha: float | None, expected: str) -> None:
    prints = []
    for state in (1, 2):
        np.random.seed(state)
        prints.append(fingerprint(partition(LABELS, 10, seed=7, alpha=alpha, minimum=5)))
    assert prints == [expected, expected]  # also the same bytes as when this was written
    assert fingerprint(partition(LABELS, 10, seed=8, alpha=alpha, minimum=5)) != expected


def test_the_order_of_first_appearance_of_labels_does_not_matter_to_the_shares() -> None:
    parts = partition(LABELS, 5, seed=3, alpha=0.5)
    renamed = partition([label.replace("label", "class") for label in LABELS], 5, seed=3, alpha=0.5)
    assert fingerprint(parts) == fingerprint(renamed)


def test_an_even_split_differs_by_one_row_at_most() -> None:
    sizes = [len(part) for part in partition(LABELS[:-3], 10, seed=1)]
    assert max(sizes) - min(sizes) == 1


def test_a_smaller_alpha_gives_more_skew() -> None:
    def sites_per_label(alpha: float) -> float:
        parts = partition(LABELS, 10, seed=1, alpha=alpha)
        return float(np.mean([sum(any(LABELS[r] == label for r in p) for p in parts) for label in set(LABELS)]))

    assert sites_per_label(0.01) < 3 < sites_per_label(0.5) < sites_per_label(100.0) == 10


@pytest.mark.parametrize(
    "wrong",
    [
        {"sites": 0},
        {"minimum": -1},
        {"seed": -1},
        {"seed": 2**32},
        {"alpha": 0.0},
        {"alpha": -1.0},
        {"alpha": float("nan")},
        {"alpha": float("inf")},
    ],
)
def test_an_argument_out_of_range_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="FA101"):
        partition(LABELS, **{"sites": 2, "seed": 1, **wrong})
