"""Robust rules: each against brute force, its noise against simulation, and what hostile sites can and cannot do."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from fedaug.errors import BadNumber, ConfigError, QuorumLost, UnknownPlugin
from fedaug.strategies.robust import RULES, NormBound, Sum, TrimmedMean, krum_scores, load_rule, trimmed_variance

Floats = NDArray[np.float64]
ROBUST = sorted(set(RULES) - {"sum"})


def honest(sites: int = 9, shape: tuple[int, ...] = (6, 5), noise: float = 0.3, seed: int = 0) -> tuple[Floats, Floats]:
    """What every site would send without noise, and what they do send."""
    rng = np.random.default_rng(seed)
    clean = rng.normal(0, 3, shape)
    return clean, clean + rng.normal(0, noise, (sites, *shape))


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("sites", [7, 8, 12])
@pytest.mark.parametrize("hostile", [0, 1, 2])
def test_each_rule_is_what_brute_force_gives(name: str, sites: int, hostile: int) -> None:
    values = np.random.default_rng(sites + hostile).normal(0, 2, (sites, 4, 3))
    found = load_rule(name, hostile).combine(values, 0.5).values
    np.testing.assert_allclose(found, sites * _by_hand(name, values, hostile), rtol=1e-10, atol=1e-10)


def _by_hand(name: str, values: Floats, hostile: int) -> Floats:
    """A rule's mean, one coordinate or one pair at a time, as the papers write it."""
    sites, centre = len(values), np.zeros(values.shape[1:])
    if name in {"trimmed-mean", "median"}:
        for place in itertools.product(*map(range, centre.shape)):
            ordered = sorted(float(row[place]) for row in values)
            centre[place] = np.median(ordered) if name == "median" else np.mean(ordered[hostile : sites - hostile])
        return centre
    if name in {"krum", "multi-krum"}:
        scores = []
        for mine in range(sites):
            apart = sorted(((values[mine] - values[other]) ** 2).sum() for other in range(sites) if other != mine)
            scores.append(sum(apart[: sites - hostile - 2]))
        order = sorted(range(sites), key=lambda site: (scores[site], site))
        taken = order[:1] if name == "krum" else order[: sites - hostile - 2]
        return np.asarray(np.mean([values[site] for site in taken], axis=0))
    if name == "norm-bound":
        lengths = [float(np.linalg.norm(row)) for row in values]
        bound = NormBound(hostile).bound(np.square(lengths), values[0].size, 0.5)
        return np.asarray(
            sum(row * min(1.0, bound / length) for row, length in zip(values, lengths, strict=True)) / sites
        )
    return np.asarray(values.mean(axis=0))


def test_a_krum_score_leaves_the_furthest_f_plus_one_others_out() -> None:
    values = np.array([[0.0], [1.0], [3.0], [7.0], [100.0]])
    assert krum_scores(values, 1).tolist() == [1 + 9, 1 + 4, 4 + 9, 16 + 36, 93**2 + 97**2]


@pytest.mark.parametrize("name", ROBUST)
@pytest.mark.parametrize("attack", ["sign flip", "scaled by 1000", "random", "collusion"])
@pytest.mark.parametrize("hostile", [1, 2, 3])
def test_up_to_a_third_of_hostile_sites_breaks_the_sum_and_not_the_rule(name: str, attack: str, hostile: int) -> None:
    sites = 10
    clean, values = honest(sites)
    rng = np.random.default_rng(1)
    for site in range(hostile):
        values[site] = {
            "sign flip": -1000 * values[site],
            "scaled by 1000": 1000 * values[site],
            "random": rng.normal(0, 1000, clean.shape),
            "collusion": np.full(clean.shape, 500.0),
        }[attack]
    rule = load_rule(name, hostile)
    whole = sites * float(np.linalg.norm(clean))
    error = float(np.linalg.norm(rule.combine(values, 0.3).values - sites * clean)) / whole
    plain = float(np.linalg.norm(Sum().combine(values, 0.3).values - sites * clean)) / whole
    assert plain > 5
    # A bounded site still has a site's worth of influence, twice over for the slack, and its own part is missing.
    assert error < (3.2 * hostile / sites if name == "norm-bound" else 0.15)


def test_one_site_more_than_a_rule_is_to_bear_breaks_it() -> None:
    clean, values = honest(9)
    values[:2] = 1e6
    assert np.abs(TrimmedMean(1).combine(values, 0.3).values - 9 * clean).min() > 1e5
    assert np.abs(TrimmedMean(2).combine(values, 0.3).values - 9 * clean).max() < 5


@pytest.mark.parametrize("name", ["sum", "trimmed-mean", "median", "norm-bound"])
@pytest.mark.parametrize("sites", [3, 5, 10])
def test_the_stated_noise_is_that_of_what_comes_out(name: str, sites: int) -> None:
    rng = np.random.default_rng(3)
    values = 50.0 + rng.normal(0, 2, (sites, 40_000))
    made = load_rule(name, 1).combine(values, 2.0)
    assert float(np.std(made.values)) == pytest.approx(made.noise_std, rel=0.06)  # the asymptotic formula's error


@pytest.mark.parametrize(
    ("sites", "trimmed", "exact"), [(3, 1, 0.4487), (5, 2, 0.2868), (9, 4, 0.1661), (4, 1, 0.2982)]
)
def test_the_variance_of_a_trimmed_mean_is_near_the_exact_one(sites: int, trimmed: int, exact: float) -> None:
    assert trimmed_variance(sites, trimmed) == pytest.approx(
        exact, rel=0.05
    )  # exact: tables of normal order statistics


def test_krum_states_the_noise_of_the_sites_that_it_takes() -> None:
    _, values = honest(9)
    assert load_rule("krum", 2).combine(values, 0.3).noise_std == pytest.approx(9 * 0.3)
    assert load_rule("multi-krum", 2).combine(values, 0.3).noise_std == pytest.approx(9 * 0.3 / np.sqrt(5))


def test_a_public_number_of_units_bounds_a_site_whatever_the_others_send() -> None:
    values = np.zeros((3, 1_000))
    values[0, 0], values[1:, 0] = 400.0, 1e6  # one honest site of 400 units among two that lie
    made = NormBound(2, units=400).combine(values, 0.0)
    assert made.values[0] == pytest.approx(3 * 400.0)


def test_noise_alone_shortens_one_honest_site_in_a_thousand() -> None:
    values = np.random.default_rng(5).normal(0, 5, (5_000, 300))
    values[:, 0] += 100.0
    squares = np.square(np.linalg.norm(values, axis=1))
    shortened = int((np.sqrt(squares) > NormBound(0, units=100).bound(squares, 300, 5.0)).sum())
    assert shortened <= 20  # of 5,000 at 1 in 1,000 at most: more with a chance of 1e-7


@pytest.mark.parametrize(("name", "hostile", "least"), [
    ("sum", 5, 1), ("trimmed-mean", 2, 5), ("median", 0, 3), ("median", 2, 5), ("krum", 1, 5), ("multi-krum", 2, 7),
    ("norm-bound", 2, 5),
])  # fmt: skip
def test_fewer_sites_than_a_rule_needs_are_refused(name: str, hostile: int, least: int) -> None:
    rule = load_rule(name, hostile)
    assert rule.least_sites == least
    rule.combine(np.ones((least, 2)), 1.0)
    with pytest.raises((QuorumLost, ConfigError)) as caught:
        rule.combine(np.ones((least - 1, 2)), 1.0)
    assert least == 1 or f"the rule {name} needs {least} sites" in str(caught.value)


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e13])
def test_a_value_that_is_no_finite_release_is_refused(name: str, bad: float) -> None:
    values = np.ones((9, 3))
    values[4, 1] = bad
    with pytest.raises(BadNumber, match="not finite, or larger"):
        load_rule(name, 1).combine(values, 1.0)


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize(
    "values",
    [
        np.ones((9, 3), np.float32),
        np.ones((9, 3), np.int64),
        np.ones((9, 0)),
        np.float64(3.0),
        [[1.0]] * 9,
        np.array([["a"]] * 9),
        np.array([[None]] * 9),
    ],
    ids=["float32", "int64", "empty", "scalar", "list", "text", "objects"],
)
def test_hostile_shapes_and_types_are_refused(name: str, values: Floats) -> None:
    with pytest.raises(ConfigError, match="not rows of float64"):
        load_rule(name, 1).combine(values, 1.0)


@pytest.mark.parametrize("noise", [np.nan, np.inf, -1.0])
def test_a_noise_that_is_no_width_is_refused(noise: float) -> None:
    with pytest.raises(BadNumber, match="noise"):
        load_rule("median", 1).combine(np.ones((5, 2)), noise)


def test_unknown_rules_and_settings_that_do_not_fit_are_refused() -> None:
    with pytest.raises(UnknownPlugin):
        load_rule("mean-of-friends", 1)
    with pytest.raises(ConfigError, match="fewer than no sites"):
        load_rule("krum", -1)
    with pytest.raises(ConfigError, match="takes no number of units"):
        load_rule("krum", 1, units=5)


@pytest.mark.parametrize("name", RULES)
def test_the_order_of_the_sites_does_not_matter(name: str) -> None:
    _, values = honest(9)
    turned = values[::-1].copy()
    one, other = (load_rule(name, 2).combine(found, 0.3).values for found in (values, turned))
    np.testing.assert_allclose(one, other, rtol=1e-12)
