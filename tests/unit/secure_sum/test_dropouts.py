"""A masked sum is the plain sum of its survivors, whoever drops out when; or there is none."""

from __future__ import annotations

import itertools
import os
from collections import Counter
from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.masked_sums import BOUND, STEPS, World, clean_values, event, names, terms

from fedaug.errors import QuorumLost
from fedaug.privacy.masking.masks import Words
from fedaug.server import unmasking
from fedaug.server.secure_sum import run_sum

SITES = 5
SURVIVORS = 3
FULL = os.environ.get("FEDAUG_FULL") == "1"
#: Site number -> step at which it is gone.
Pattern = dict[int, int]


def run_pattern(pattern: Pattern, survivors: int = SURVIVORS) -> str:
    """Run one round with dropouts; whether there was a sum, once that was checked, and its value."""
    gone = {names(SITES)[site]: step for site, step in pattern.items()}
    world = World(terms(event(SITES, survivors)), clean_values(SITES), gone)
    left = [[name for name in names(SITES) if world.gone.get(name, len(STEPS)) > step] for step in range(len(STEPS))]
    least = [survivors] * 3 + [world.terms.threshold] * 2
    enough = all(len(sites) >= needed for sites, needed in zip(left, least, strict=True))
    if not enough:
        with pytest.raises(QuorumLost) as lost:
            run_sum(world.coordinator, world.ask)
        assert "its charge stands" in lost.value.todo
        assert not world.coordinator.done
        return "aborted"
    total = run_sum(world.coordinator, world.ask)
    assert world.coordinator.survivors == tuple(left[2])
    assert np.array_equal(total, world.plain(left[2]))
    assert world.coordinator.faults == {}
    return "summed"


def at_one_step() -> Iterable[tuple[int, frozenset[int]]]:
    """Every set of sites that is gone from one step on, for every step."""
    for step in range(len(STEPS)):
        for size in range(SITES + 1):
            for gone in itertools.combinations(range(SITES), size):
                yield step, frozenset(gone)


@pytest.mark.parametrize("step", STEPS)
def test_sum_is_exact_or_aborted_for_every_set_of_sites_that_drops_out_at_a_step(step: str) -> None:
    outcomes = [(len(gone), run_pattern(dict.fromkeys(gone, at))) for at, gone in at_one_step() if STEPS[at] == step]
    assert len(outcomes) == 2**SITES
    # A majority is both the minimum of survivors and the threshold here: two may go at any step.
    assert {size for size, outcome in outcomes if outcome == "summed"} == {0, 1, 2}
    assert {size for size, outcome in outcomes if outcome == "aborted"} == {3, 4, 5}


@settings(max_examples=60, deadline=None)
@given(
    pattern=st.dictionaries(st.integers(0, SITES - 1), st.integers(0, len(STEPS) - 1), max_size=SITES),
    survivors=st.integers(3, SITES),
)
def test_sum_is_exact_or_aborted_when_sites_drop_out_at_different_steps(pattern: Pattern, survivors: int) -> None:
    run_pattern(pattern, survivors)


def test_sum_is_exact_or_aborted_for_every_way_in_which_five_sites_drop_out() -> None:
    """All 7,776 ways in a minute and a half of a core; otherwise every 53rd, which meets every step of every site."""
    ways = list(itertools.product(range(len(STEPS) + 1), repeat=SITES))[:: 1 if FULL else 53]
    outcomes = Counter(run_pattern(dict(enumerate(way))) for way in ways)
    at_most_two = sum(way.count(len(STEPS)) >= SITES - 2 for way in ways)
    assert outcomes == {"summed": at_most_two, "aborted": len(ways) - at_most_two}
    assert at_most_two == (1 + 5 * 5 + 10 * 5**2 if FULL else 4)  # nobody, one site or two, each at any of five steps


def test_one_site_may_drop_out_at_each_of_two_steps() -> None:
    assert run_pattern({0: 1, 4: 2}) == "summed"
    assert run_pattern({0: 2, 4: 3}) == "summed"
    assert run_pattern({0: 0, 2: 2, 4: 3}) == "aborted"


@pytest.mark.parametrize("survivors", [3, 4, 5])
def test_round_aborts_below_its_minimum_of_survivors_though_the_threshold_is_met(survivors: int) -> None:
    for lost in range(SITES + 1):
        outcome = run_pattern(dict.fromkeys(range(lost), STEPS.index("values")), survivors)
        assert outcome == ("summed" if SITES - lost >= survivors else "aborted")
        late = run_pattern(dict.fromkeys(range(lost), STEPS.index("unmasking")), survivors)
        assert late == ("summed" if lost <= 2 else "aborted")  # the sum's noise is all there: the threshold decides


def test_masks_that_cancel_wrongly_would_be_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """A seeded defect: the masks of those who dropped out are added instead of taken away."""
    assert run_pattern({0: STEPS.index("values")}) == "summed"
    real = unmasking.add_mask

    def wrong(values: Words, seed: bytes, sign: int) -> None:
        real(values, seed, -1)

    monkeypatch.setattr(unmasking, "add_mask", wrong)
    assert run_pattern({}) == "summed"  # without dropouts nothing shows
    with pytest.raises(AssertionError):
        run_pattern({2: STEPS.index("values")})


def test_values_beyond_the_bound_are_cut_off_and_wrap_nothing_round() -> None:
    clean = clean_values(SITES)
    world = World(terms(), clean | {names(SITES)[0]: np.array([2**61, -(2**61), BOUND + 1, 7, 0, -BOUND - 1])})
    total = run_sum(world.coordinator, world.ask)
    world.clean = clean | {names(SITES)[0]: np.array([BOUND, -BOUND, BOUND, 7, 0, -BOUND])}
    assert np.array_equal(total, world.plain(names(SITES)))


def test_two_sites_are_summed() -> None:
    world = World(terms(event(2, 2)), clean_values(2))
    assert np.array_equal(run_sum(world.coordinator, world.ask), world.plain(names(2)))


def test_fifty_sites_of_which_sixteen_drop_out_are_summed() -> None:
    gone = {name: 1 + number % 4 for number, name in enumerate(names(50)[::3][:16])}
    world = World(terms(event(50, 30, 8)), clean_values(50), gone)
    total = run_sum(world.coordinator, world.ask)
    survivors = [name for name in names(50) if gone.get(name, 5) > 2]
    assert world.coordinator.survivors == tuple(survivors)
    assert 34 <= len(survivors) < 50
    assert np.array_equal(total, world.plain(survivors))
