"""Attacks with a control group: each catches a system that copies records, and none suspects an independent sample."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from fedaug.errors import BadNumber, ConfigError
from fedaug.privacy.audit.attributes import Secrets, attribute_inference
from fedaug.privacy.audit.controlled import ControlledFinding
from fedaug.privacy.audit.distances import CAUTION, distance_diagnostics
from fedaug.privacy.audit.findings import Population
from fedaug.privacy.audit.linkability import Halves, linkability
from fedaug.privacy.audit.nearest import nearest
from fedaug.privacy.vetting.gate import GateClass

Floats = NDArray[np.float64]
REAL = (Population.REAL, Population.REAL)
#: Independent samples that each attack is tried on. An interval at 95 % may lie above 0 for one in forty by chance; of
#: twelve, four or more do with a chance below 2e-4 at that rate, and the intervals are wider than that.
SEEDS = range(12)
MOST = 3
SIZE = 300


def rows(rng: np.random.Generator, count: int) -> Floats:
    """Records of eight kinds: the kind shows in every column, so that a sample helps with any record of its kind."""
    kinds = rng.integers(0, 8, count)
    centres = np.random.default_rng(99).normal(size=(8, 12)) * 2
    return np.asarray(centres[kinds] + rng.normal(size=(count, 12)))


def linked(synthetic: Floats, members: Floats, controls: Floats) -> ControlledFinding:
    groups = (Halves(group[:, :6], group[:, 6:]) for group in (synthetic, members, controls))
    return linkability(*groups, populations=REAL)


def secret(group: Floats) -> Secrets:
    """What is known, and a secret with many values: of the last two columns in which quarter each lies."""
    values = np.digitize(group[:, 10:], [-1.5, 0, 1.5])
    return Secrets(group[:, :10], [f"{a}{b}" for a, b in values])


def inferred(synthetic: Floats, members: Floats, controls: Floats) -> ControlledFinding:
    return attribute_inference(*(secret(group) for group in (synthetic, members, controls)), populations=REAL)


Attack = Callable[[Floats, Floats, Floats], ControlledFinding]
ATTACKS = pytest.mark.parametrize("attack", [linked, inferred])


@ATTACKS
def test_a_system_that_copies_records_is_caught(attack: Attack) -> None:
    rng = np.random.default_rng(0)
    members, controls = rows(rng, SIZE), rows(rng, SIZE)
    finding = attack(members + rng.normal(0, 0.01, members.shape), members, controls)
    assert finding.members.share > 0.95
    assert finding.excess.interval[0] > 0.5
    assert finding.as_dict()["detected"] is True


@ATTACKS
def test_a_system_that_copies_a_third_of_the_records_is_caught(attack: Attack) -> None:
    rng = np.random.default_rng(1)
    members, controls = rows(rng, SIZE), rows(rng, SIZE)
    assert attack(np.vstack([members[: SIZE // 3], rows(rng, SIZE)]), members, controls).excess.detected


@ATTACKS
def test_an_independent_sample_is_not_suspected(attack: Attack) -> None:
    suspected = 0
    for seed in SEEDS:
        rng = np.random.default_rng([2, seed])
        finding = attack(rows(rng, SIZE), rows(rng, SIZE), rows(rng, SIZE))
        # Controls are guessed right too: the attack succeeds, by what is common to the kind.
        assert attack is linked or finding.controls.share > 0.2
        suspected += finding.excess.detected
    assert suspected <= MOST


def test_the_finding_names_its_class_and_figures() -> None:
    rng = np.random.default_rng(3)
    finding = linked(rows(rng, 20), rows(rng, 20), rows(rng, 30))
    assert finding.finding_class is GateClass.SITE_ONLY
    shown = finding.as_dict()
    assert (shown["attack"], shown["class"], shown["members"], shown["controls"]) == ("linkability", "S", 20, 30)
    assert shown["interval"][0] <= shown["risk"] <= shown["interval"][1]


def test_the_majority_of_neighbours_is_guessed_and_the_nearest_of_equals() -> None:
    synthetic = Secrets([[0.0], [1.0], [2.0], [10.0]], ["a", "b", "b", "c"])
    for neighbours, guessed in ((1, "a"), (2, "a"), (3, "b")):
        finding = attribute_inference(
            synthetic,
            Secrets([[0.1]], [guessed]),
            Secrets([[0.1]], ["other"]),
            populations=REAL,
            neighbours=neighbours,
        )
        assert (finding.members.successes, finding.controls.successes) == (1, 0)


def test_halves_are_linked_if_any_neighbour_is_shared() -> None:
    synthetic = Halves([[0.0], [1.0]], [[5.0], [6.0]])
    asked = Halves([[0.1]], [[5.9]])
    assert linkability(synthetic, asked, asked, populations=REAL).members.successes == 0
    assert linkability(synthetic, asked, asked, populations=REAL, neighbours=2).members.successes == 1


def test_the_nearest_are_those_that_brute_force_finds() -> None:
    rng = np.random.default_rng(4)
    queries, base = rng.normal(size=(50, 7)), rng.normal(size=(90, 7))
    distances, places = nearest(queries, base, 5)
    brute = np.linalg.norm(queries[:, None] - base, axis=2)
    assert np.array_equal(places, np.argsort(brute, axis=1)[:, :5])
    assert np.allclose(distances, np.sort(brute, axis=1)[:, :5])


def test_distances_are_the_same_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    queries, base = rng.normal(size=(50, 7)), rng.normal(size=(90, 7))
    whole = nearest(queries, base, 2)
    monkeypatch.setattr("fedaug.privacy.audit.nearest._BLOCK", 200)
    assert np.array_equal(whole[1], nearest(queries, base, 2)[1])


def test_distances_tell_copies_and_carry_the_caution() -> None:
    rng = np.random.default_rng(6)
    members, held_out = rows(rng, SIZE), rows(rng, SIZE)
    copied = distance_diagnostics(members + 1e-3, members, held_out, populations=REAL)
    assert copied.nearer_to_members.share > 0.99
    assert copied.ratio < 0.1
    independent = distance_diagnostics(rows(rng, SIZE), members, held_out, populations=REAL)
    # Off by more than five standard deviations with a chance below 1e-6.
    assert abs(independent.nearer_to_members.share - 0.5) < 5 * 0.5 / math.sqrt(SIZE)
    assert independent.ratio > 0.5
    assert independent.finding_class is GateClass.SITE_ONLY
    assert independent.as_dict()["caution"] == CAUTION
    assert "no evidence of privacy" in CAUTION


def turned(group: Floats) -> Floats:
    return np.stack([-group[:, 1::2], group[:, ::2]], axis=2).reshape(group.shape)


def test_a_leak_that_distances_do_not_see_is_why_they_are_no_evidence() -> None:
    """The samples are the members themselves, turned by a right angle in every plane: who knows it has them all."""
    rng = np.random.default_rng(7)
    members, held_out = rows(rng, SIZE), rows(rng, SIZE)
    samples = turned(members)
    low, high = distance_diagnostics(samples, members, held_out, populations=REAL).interval
    assert low < 0.5 < high
    assert linked(-turned(samples), members, held_out).excess.detected


def test_groups_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ConfigError, match="two halves"):
        Halves([[1.0]], [[1.0], [2.0]])
    with pytest.raises(ConfigError, match="one secret"):
        Secrets([[1.0]], [])
    with pytest.raises(ConfigError, match="two sizes"):
        distance_diagnostics([[1.0]], [[1.0], [2.0]], [[1.0]], populations=REAL)
    with pytest.raises(ConfigError, match="do not fit together"):
        nearest([[1.0]], [[1.0, 2.0]])
    with pytest.raises(ConfigError, match="do not fit together"):
        nearest([[1.0]], [[1.0]], 2)
    with pytest.raises(ConfigError, match="no vectors"):
        nearest([], [[1.0]])
    with pytest.raises(BadNumber, match="NaN or infinity"):
        nearest([[math.nan]], [[1.0]])
