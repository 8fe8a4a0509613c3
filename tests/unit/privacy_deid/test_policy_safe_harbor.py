"""The Safe Harbor checklist: 18 identifiers, each judged by what the policy does, and nothing promised beyond that."""

from __future__ import annotations

import json

import pytest

from fedaug.privacy.deid.entities import ENTITIES
from fedaug.privacy.deid.policies import DeidPolicy, load_policy
from fedaug.privacy.deid.policies.safe_harbor import SafeHarborChecklist, Verdict, safe_harbor_checklist
from fedaug.privacy.deid.rules import recognisers_for

YEAR = 2026
LETTERS = "ABCDEFGHIJKLMNOPQR"


def judged(**entities: object) -> dict[str, Verdict]:
    base = load_policy("hipaa-safe-harbor").model_dump(exclude_unset=True)
    policy = DeidPolicy.model_validate(base | {"name": "own", "entities": base["entities"] | entities})
    return verdicts(safe_harbor_checklist(policy, year=YEAR))


def verdicts(checklist: SafeHarborChecklist) -> dict[str, Verdict]:
    return {item.letter: item.verdict for item in checklist.items}


def test_the_18_identifiers_are_there_once_each_in_order() -> None:
    assert [item.letter for item in safe_harbor_checklist(load_policy("pci"), year=YEAR).items] == list(LETTERS)


def test_every_listed_type_is_in_one_item() -> None:
    items = safe_harbor_checklist(load_policy("hipaa-safe-harbor"), year=YEAR).items
    covered = [name for item in items for name in item.entity_types]
    listed = [name for name, entity in ENTITIES.items() if entity.safe_harbor is not None]
    assert sorted(covered) == sorted([*listed, "ORGANIZATION"])  # names of employers are names
    assert all(item.layers for item in items if item.entity_types)


def test_something_looks_for_every_identifier_that_text_can_hold() -> None:
    found = {name for recogniser in recognisers_for("en", 5.0) for name in recogniser.supported_entities}
    items = safe_harbor_checklist(load_policy("hipaa-safe-harbor"), year=YEAR).items
    assert [item.letter for item in items if not found & set(item.entity_types)] == ["Q"]


def test_the_built_in_policy_removes_what_is_found_and_pictures_are_outside() -> None:
    checklist = safe_harbor_checklist(load_policy("hipaa-safe-harbor"), year=YEAR)
    assert checklist.removes_what_is_found
    assert {letter for letter, verdict in verdicts(checklist).items() if verdict is Verdict.OUTSIDE} == {"Q"}


def test_shifted_dates_are_never_safe_harbor() -> None:
    checklist = safe_harbor_checklist(load_policy("gdpr-pseudonymise"), year=YEAR)
    assert not checklist.removes_what_is_found
    assert verdicts(checklist)["C"] is Verdict.NOT_REMOVED
    assert "the paragraph allows the year only" in checklist.as_text()


@pytest.mark.parametrize(
    ("letter", "entity_type", "choice"),
    [
        ("A", "PERSON", "keep"),
        ("A", "PERSON", "hash-id"),
        ("A", "PERSON", "encrypt"),
        ("B", "ADDRESS", "keep"),
        ("C", "DATE_TIME", {"operator": "shift", "whole_weeks": True}),
        ("C", "DATE_TIME", "year"),
        ("C", "DATE_TIME", "surrogate"),
        ("C", "DATE_TIME", {"operator": "year", "oldest_year": 1936}),
        ("C", "AGE", {"operator": "pool-age", "pool_over": 90}),
        ("C", "AGE", "keep"),
        ("G", "US_SSN", {"operator": "mask", "keep_last": 4}),
        ("J", "CREDIT_CARD", {"operator": "mask", "keep_first": 6, "keep_last": 4}),
    ],
)
def test_a_choice_that_leaves_a_part_is_told(letter: str, entity_type: str, choice: object) -> None:
    assert judged()[letter] is Verdict.REMOVED
    assert judged(**{entity_type: choice})[letter] is Verdict.NOT_REMOVED


@pytest.mark.parametrize("choice", ["redact", "mask", "zip3"])
def test_a_choice_that_leaves_nothing_is_removal(choice: str) -> None:
    assert judged(ZIP_CODE=choice)["B"] is Verdict.REMOVED


def test_surrogates_are_left_to_peoples_judgement() -> None:
    assert judged(PERSON="surrogate")["A"] is Verdict.JUDGEMENT


def test_what_is_not_looked_for_is_not_removed() -> None:
    found = verdicts(safe_harbor_checklist(load_policy("pci"), year=YEAR))
    assert found["A"] is found["C"] is found["J"] is Verdict.NOT_REMOVED


def test_a_sites_own_types_are_judged_as_other_codes() -> None:
    values = {"name": "own", "description": "d", "default": "redact", "own_types": ["STUDY_ARM"]}
    kept = DeidPolicy.model_validate(values | {"entities": {"STUDY_ARM": "keep"}})
    assert verdicts(safe_harbor_checklist(kept, year=YEAR))["R"] is Verdict.NOT_REMOVED
    assert verdicts(safe_harbor_checklist(DeidPolicy.model_validate(values), year=YEAR))["R"] is Verdict.REMOVED


def test_actual_knowledge_is_left_to_people_in_text_and_json() -> None:
    checklist = safe_harbor_checklist(load_policy("hipaa-safe-harbor"), year=YEAR)
    values = json.loads(json.dumps(checklist.as_json()))
    for said in (checklist.as_text(), values["statement"]):
        assert "actual knowledge" in said
        assert "for people to decide" in said
        assert "It is no statement that records are de-identified" in said
    assert values["identifiers"][2]["operators"] == {"DATE_TIME": "year", "AGE": "pool-age"}
    assert values["identifiers"][16]["verdict"] == "outside"


def changed(**settings: object) -> SafeHarborChecklist:
    base = load_policy("hipaa-safe-harbor").model_dump(exclude_unset=True)
    return safe_harbor_checklist(DeidPolicy.model_validate(base | {"name": "own"} | settings), year=YEAR)


def test_the_years_that_show_an_age_over_89_move_on() -> None:
    policy = load_policy("hipaa-safe-harbor")
    assert verdicts(safe_harbor_checklist(policy, year=2029))["C"] is Verdict.REMOVED
    late = safe_harbor_checklist(policy, year=2030)
    assert verdicts(late)["C"] is Verdict.NOT_REMOVED
    assert "in 2030, oldest_year would have to be 1941 or later" in late.as_text()


@pytest.mark.parametrize(
    ("least", "verdict"),
    [(0.0, Verdict.REMOVED), (0.01, Verdict.JUDGEMENT), (0.5, Verdict.JUDGEMENT), (0.51, Verdict.NOT_REMOVED)],
)
def test_a_least_score_leaves_findings_in_the_text(least: float, verdict: Verdict) -> None:
    found = changed(thresholds={"PERSON": least})
    assert verdicts(found)["A"] is verdict
    assert verdicts(found)["D"] is Verdict.REMOVED
    assert (f"score below {least:g}" in found.as_text()) is (least > 0)


def test_a_sites_least_score_counts_where_the_policy_names_none() -> None:
    policy = load_policy("hipaa-safe-harbor")
    found = verdicts(safe_harbor_checklist(policy, year=YEAR, score_threshold=0.9))
    assert {found[letter] for letter in LETTERS if letter != "Q"} == {Verdict.NOT_REMOVED}
    own = policy.model_copy(update={"thresholds": {"EMAIL_ADDRESS": 0.0}})
    assert verdicts(safe_harbor_checklist(own, year=YEAR, score_threshold=0.9))["F"] is Verdict.REMOVED


def test_names_of_employers_that_stay_need_judgement() -> None:
    assert judged(ORGANIZATION="keep")["A"] is Verdict.JUDGEMENT


def test_a_default_that_derives_codes_is_told_for_types_that_nobody_listed() -> None:
    base = load_policy("hipaa-safe-harbor")
    named = {name: "redact" for name in ENTITIES if name not in base.entities} | base.entities
    found = changed(default="hash-id", entities=named)
    assert verdicts(found)["R"] is Verdict.NOT_REMOVED
    assert "any other type of the site's own" in found.as_text()


def test_columns_that_are_kept_are_told() -> None:
    kept = {"mrn": "MEDICAL_RECORD_NUMBER", "ward": None}
    found = safe_harbor_checklist(load_policy("hipaa-safe-harbor"), year=YEAR, kept_columns=kept)
    assert verdicts(found)["H"] is Verdict.NOT_REMOVED
    assert verdicts(found)["R"] is Verdict.JUDGEMENT
    assert "column mrn: holds MEDICAL_RECORD_NUMBER and is kept as it is" in found.as_text()


def test_a_policy_that_seems_safe_harbor_and_leaks_is_seen_through() -> None:
    found = changed(
        thresholds={"US_SSN": 1.0, "PHONE_NUMBER": 0.6},
        entities={
            "DATE_TIME": {"operator": "year", "oldest_year": 1800},
            "AGE": "pool-age",
            "ZIP_CODE": {"operator": "mask", "keep_first": 3},
            "URL": {"operator": "hash-id", "length": 8},
        },
    )
    assert {letter for letter, verdict in verdicts(found).items() if verdict is Verdict.NOT_REMOVED} == set("BCDGN")
    assert not found.removes_what_is_found
