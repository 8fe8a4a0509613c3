"""Planted identifiers: all leave without de-identification, and what is searched for is found in any writing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.seeded_noise import SeededNoise

from fedaug.errors import ConfigError
from fedaug.privacy.audit.findings import Releasable
from fedaug.privacy.audit.identifiers import KINDS, MOST_RECORDS, identifier_canaries
from fedaug.privacy.deid import Deidentifier
from fedaug.privacy.deid.policies import load_policy


def test_no_more_than_a_hundred_records_are_put_in_and_repeats_share_a_subject() -> None:
    canaries = identifier_canaries(1, SeededNoise(1))
    records = canaries.records()
    assert len(records) == MOST_RECORDS
    assert len({record.subject_id for record in records}) == len(canaries.canaries) == 25
    assert sorted(canary.repeats for canary in canaries.canaries)[-2:] == [10, 40]
    assert {canary.entity_type for canary in canaries.canaries} == set(KINDS)
    with pytest.raises(ConfigError, match="too many"):
        identifier_canaries(1, SeededNoise(1), repeats=(50, 51))


def test_one_of_two_identifiers_is_put_in_and_the_coin_says_which() -> None:
    canaries = identifier_canaries(2, SeededNoise(2), repeats=(1,) * 60)
    assert 10 < canaries.second.sum() < 50
    for record, canary, second in zip(canaries.records(), canaries.canaries, canaries.second, strict=True):
        assert canary.values[int(second)] in record.text
        assert canary.values[int(not second)] not in record.text


def test_a_system_that_copies_records_without_de_identification_is_caught() -> None:
    canaries = identifier_canaries(3, SeededNoise(3))
    finding = canaries.search(record.text for record in canaries.records())
    assert (finding.planted.successes, finding.planted.trials, finding.controls.successes) == (25, 25, 0)
    assert sum(finding.types.values()) == 25


def test_with_de_identification_a_system_that_copies_records_lets_none_out() -> None:
    canaries = identifier_canaries(4, SeededNoise(4))
    texts = [record.text for record in canaries.records()]
    outcomes = list(Deidentifier(load_policy("hipaa-safe-harbor")).deidentify_many(texts))
    assert len(outcomes) == 100
    finding = canaries.search(outcome.text for outcome in outcomes)
    assert (finding.planted.successes, finding.controls.successes) == (0, 0)


def test_texts_that_were_made_without_the_records_hold_none() -> None:
    others = [record.text for record in identifier_canaries(6, SeededNoise(6)).records()]
    finding = identifier_canaries(5, SeededNoise(5)).search(others)
    assert (finding.planted.successes, finding.controls.successes) == (0, 0)


def test_no_value_is_part_of_another_by_how_they_are_drawn() -> None:
    for seed in range(40):
        canaries = identifier_canaries(seed, SeededNoise(seed))
        assert canaries.search(record.text for record in canaries.records()).controls.successes == 0


@pytest.mark.parametrize("change", [str.upper, str.lower, lambda text: text.replace("-", " ").replace("@", " @ ")])
def test_an_identifier_in_another_writing_is_found(change: Callable[[str], str]) -> None:
    canaries = identifier_canaries(7, SeededNoise(7))
    assert canaries.search(change(record.text) for record in canaries.records()).planted.successes == 25


def test_a_control_that_turns_up_is_counted_as_one() -> None:
    canaries = identifier_canaries(8, SeededNoise(8), repeats=(1, 1, 1))
    other = canaries.canaries[1].values[int(not canaries.second[1])]
    finding = canaries.search([f"so {other} it is"])
    assert (finding.planted.successes, finding.controls.successes) == (0, 1)


def test_the_finding_may_leave_and_holds_no_identifier() -> None:
    canaries = identifier_canaries(9, SeededNoise(9))
    finding = canaries.search(record.text for record in canaries.records())
    shown = str(Releasable(finding).as_dict())
    assert "'left': 25" in shown
    assert not any(value in shown for canary in canaries.canaries for value in canary.values)
    assert not any(value in repr(canaries) + repr(canaries.canaries[0]) for value in canaries.canaries[0].values)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ConfigError, match="no canaries of 1 kinds"):
        identifier_canaries(1, SeededNoise(1), kinds=("PERSON", "SHOE_SIZE"))
