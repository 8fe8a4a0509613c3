"""Singling out: copies are caught, an independent sample is not suspected."""

from __future__ import annotations

import numpy as np
import pytest

from fedaug.errors import ConfigError
from fedaug.privacy.audit.findings import Population
from fedaug.privacy.audit.singling_out import Facts, facts, singling_out
from fedaug.privacy.vetting.gate import GateClass

REAL = (Population.REAL, Population.REAL)
SIZE = 300
#: Of twelve intervals at 95 % four or more lie above 0 by chance with less than 2e-4.
SEEDS, MOST = range(12), 3


def records(rng: np.random.Generator, count: int) -> list[Facts]:
    """Texts of ten words out of 2,000, the common ones more often, as in language; and two attributes."""
    weights = 1 / np.arange(1, 2_001)
    drawn = rng.choice(2_000, (count, 10), p=weights / weights.sum())
    ages, wards = rng.integers(18, 99, count), rng.integers(0, 5, count)
    return [
        facts(" ".join(f"w{word}" for word in row), {"age": age, "ward": ward})
        for row, age, ward in zip(drawn, ages, wards, strict=True)
    ]


def test_a_text_s_facts_are_its_words_and_attributes() -> None:
    assert facts("The card, the CARD!", {"age": 34}) == {"the", "card", "age=34"}


@pytest.mark.parametrize("facts_each", [2, 3])
def test_a_system_that_copies_records_is_caught(facts_each: int) -> None:
    rng = np.random.default_rng(0)
    members, controls = records(rng, SIZE), records(rng, SIZE)
    finding = singling_out(members, members, controls, populations=REAL, attempts=200, facts_each=facts_each)
    assert finding.members.share > 0.95
    assert finding.excess.interval[0] > 0.5


def test_a_system_that_copies_a_fifth_of_the_records_is_caught() -> None:
    rng = np.random.default_rng(1)
    members, controls = records(rng, SIZE), records(rng, SIZE)
    samples = members[: SIZE // 5] + records(rng, SIZE - SIZE // 5)
    assert singling_out(samples, members, controls, populations=REAL).excess.detected


def test_an_independent_sample_is_not_suspected() -> None:
    suspected = successes = 0
    for seed in SEEDS:
        rng = np.random.default_rng([2, seed])
        finding = singling_out(
            records(rng, SIZE), records(rng, SIZE), records(rng, SIZE), populations=REAL, facts_each=2
        )
        suspected += finding.excess.detected
        successes += finding.controls.successes
    assert successes > 0  # by chance some predicate fits one record, so that there is something to compare with
    assert suspected <= MOST


def test_a_predicate_that_fits_two_records_singles_out_nobody() -> None:
    record, other = facts("one two three"), facts("four five six")
    assert singling_out([record], [record, other], [other, other], populations=REAL).members.successes == 1
    finding = singling_out([record], [record, record], [other, other], populations=REAL)
    assert (finding.members.successes, finding.members.trials) == (0, 1)


def test_groups_of_two_sizes_are_cut_to_one() -> None:
    rng = np.random.default_rng(4)
    samples, members = records(rng, SIZE), records(rng, SIZE)
    # The same people in both groups, in one of them thrice: were they not cut, no predicate could fit one of those.
    finding = singling_out(samples, members, members * 3, populations=REAL, facts_each=1)
    assert finding.controls.successes > 0


def test_the_rarest_facts_of_all_come_before_the_next_rarest_of_any() -> None:
    rng = np.random.default_rng(5)
    members = records(rng, 50)
    few = singling_out(members, members, records(rng, 50), populations=REAL, attempts=40)
    more = singling_out(members, members, records(rng, 50), populations=REAL, attempts=90)
    assert (few.members.trials, more.members.trials) == (40, 90)
    assert few.finding_class is GateClass.SITE_ONLY


def test_an_attack_without_anybody_or_without_predicates_is_refused() -> None:
    record = facts("one two three")
    with pytest.raises(ConfigError, match="lacks members"):
        singling_out([record], [record], [], populations=REAL)
    with pytest.raises(ConfigError, match="no synthetic record differs"):
        singling_out([record, record], [record], [record], populations=REAL)
