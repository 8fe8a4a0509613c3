"""The Safe Harbor checklist: 18 identifiers, each judged by what the policy does, and nothing promised beyond that."""

from __future__ import annotations

import json

import pytest

from fedaug.privacy.deid.entities import ENTITIES
from fedaug.privacy.deid.policies import DeidPolicy, load_policy
from fedaug.privacy.deid.policies.safe_harbor import SafeHarborChecklist, Verdict, safe_harbor_checklist
from fedaug.privacy.deid.rules import recognisers_for

LETTERS = "ABCDEFGHIJKLMNOPQR"


def judged(**entities: object) -> dict[str, Verdict]:
    base = load_policy("hipaa-safe-harbor").model_dump(exclude_unset=True)
    policy = DeidPolicy.model_validate(base | {"name": "own", "entities": base["entities"] | entities})
    return verdicts(safe_harbor_checklist(policy))


def verdicts(checklist: SafeHarborChecklist) -> dict[str, Verdict]:
    return {item.letter: item.verdict for item in checklist.items}


def test_the_18_identifiers_are_there_once_each_in_order() -> None:
    assert [item.letter for item in safe_harbor_checklist(load_policy("pci")).items] == list(LETTERS)


def test_every_listed_type_is_in_one_item() -> None:
    items = safe_harbor_checklist(load_policy("hipaa-safe-harbor")).items
    covered = [name for item in items for name in item.entity_types]
    assert sorted(covered) == sorted(name for name, entity in ENTITIES.items() if entity.safe_harbor is not None)
    assert all(item.layers for item in items if item.entity_types)


def test_something_looks_for_every_identifier_that_text_can_hold() -> None:
    found = {name for recogniser in recognisers_for("en", 5.0) for name in recogniser.supported_entities}
    items = safe_harbor_checklist(load_policy("hipaa-safe-harbor")).items
    assert [item.letter for item in items if not found & set(item.entity_types)] == ["Q"]


def test_the_built_in_policy_removes_what_is_found_and_pictures_are_outside() -> None:
    checklist = safe_harbor_checklist(load_policy("hipaa-safe-harbor"))
    assert checklist.removes_what_is_found
    assert {letter for letter, verdict in verdicts(checklist).items() if verdict is Verdict.OUTSIDE} == {"Q"}


def test_shifted_dates_are_never_safe_harbor() -> None:
    checklist = safe_harbor_checklist(load_policy("gdpr-pseudonymise"))
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
    found = verdicts(safe_harbor_checklist(load_policy("pci")))
    assert found["A"] is found["C"] is found["J"] is Verdict.NOT_REMOVED


def test_a_sites_own_types_are_judged_as_other_codes() -> None:
    values = {"name": "own", "description": "d", "default": "redact", "own_types": ["STUDY_ARM"]}
    kept = DeidPolicy.model_validate(values | {"entities": {"STUDY_ARM": "keep"}})
    assert verdicts(safe_harbor_checklist(kept))["R"] is Verdict.NOT_REMOVED
    assert verdicts(safe_harbor_checklist(DeidPolicy.model_validate(values)))["R"] is Verdict.REMOVED


def test_actual_knowledge_is_left_to_people_in_text_and_json() -> None:
    checklist = safe_harbor_checklist(load_policy("hipaa-safe-harbor"))
    values = json.loads(json.dumps(checklist.as_json()))
    for said in (checklist.as_text(), values["statement"]):
        assert "actual knowledge" in said
        assert "for people to decide" in said
        assert "It is no statement that records are de-identified" in said
    assert values["identifiers"][2]["operators"] == {"DATE_TIME": "year", "AGE": "pool-age"}
    assert values["identifiers"][16]["verdict"] == "outside"
