"""The built-in policies do what their descriptions say, and say what they are not."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from fedaug.privacy.deid.entities import ENTITIES
from fedaug.privacy.deid.policies import BUILT_IN, DEFAULT_POLICY, OPERATORS, DeidPolicy, OperatorChoice, load_policy

CARDS_AND_ACCOUNTS = {
    "CREDIT_CARD",
    "ACCOUNT_NUMBER",
    "US_BANK_NUMBER",
    "ROUTING_NUMBER",
    "IBAN_CODE",
    "SWIFT_CODE",
}
TRAITS = ("TITLE", "SEX", "PROFESSION", "FAMILY")


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_policy_says_what_it_is_not(name: str) -> None:
    policy = load_policy(name)
    assert policy.name == name
    assert "NOT differential privacy" in policy.description
    assert any("layer before differential privacy" in note for note in policy.notes)


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_policy_is_the_same_each_time_and_differs_from_the_others(name: str) -> None:
    assert load_policy(name).fingerprint == load_policy(name).fingerprint
    assert len({load_policy(each).fingerprint for each in BUILT_IN}) == len(BUILT_IN)


def test_safe_harbor_leaves_no_listed_identifier_as_it_is() -> None:
    policy = load_policy("hipaa-safe-harbor")
    listed = [name for name, entity in ENTITIES.items() if entity.safe_harbor is not None]
    assert len(listed) > 30
    assert all(policy.takes_out(name) for name in listed)
    assert not any(policy.operator_for(name).operator in ("keep", "shift") for name in listed)


def test_safe_harbor_keeps_of_dates_the_year_of_ages_up_to_89_and_of_zip_codes_three_digits() -> None:
    policy = load_policy("hipaa-safe-harbor")
    assert policy.operator_for("DATE_TIME") == OperatorChoice(operator="year", oldest_year=1940)
    assert policy.operator_for("AGE") == OperatorChoice(operator="pool-age", pool_over=89)
    assert policy.operator_for("ZIP_CODE").operator == "zip3"


def test_safe_harbor_takes_organisations_out_and_keeps_what_only_describes() -> None:
    policy = load_policy("hipaa-safe-harbor")
    assert policy.takes_out("ORGANIZATION")
    assert not any(policy.takes_out(name) for name in TRAITS)


def test_the_default_needs_no_secret_and_takes_out_a_sites_own_types() -> None:
    policy = load_policy(DEFAULT_POLICY)
    assert not policy.needs_surrogate_key
    assert not policy.needs_encryption_key
    assert policy.operator_for("A_TYPE_OF_A_SITES_OWN").operator == "redact"


def test_pseudonymisation_is_called_personal_data_and_its_dates_no_safe_harbor() -> None:
    policy = load_policy("gdpr-pseudonymise")
    assert policy.needs_surrogate_key
    notes = " ".join(policy.notes)
    assert "remains personal data" in notes
    assert "Shifted dates are not Safe Harbor" in notes
    assert policy.operator_for("DATE_TIME").operator == "shift"
    listed = [name for name, entity in ENTITIES.items() if entity.safe_harbor is not None]
    assert all(policy.takes_out(name) for name in listed)
    assert policy.takes_out("NRP")  # GDPR Art. 9


def test_pci_shows_four_digits_of_a_card_and_touches_nothing_but_cards_and_accounts() -> None:
    policy = load_policy("pci")
    assert policy.operator_for("CREDIT_CARD") == OperatorChoice(operator="mask", keep_last=4)
    assert {name for name in ENTITIES if policy.takes_out(name)} == CARDS_AND_ACCOUNTS


def test_an_operator_takes_its_own_options_only() -> None:
    with pytest.raises(ValidationError, match="has keep_last, which redact does not know"):
        OperatorChoice(operator="redact", keep_last=4)
    assert OperatorChoice(operator="mask", keep_last=4).keep_last == 4


@pytest.mark.parametrize("operator", ["shift", "year", "pool-age", "zip3"])
def test_an_operator_of_some_types_is_no_default(operator: str) -> None:
    assert operator in OPERATORS
    with pytest.raises(ValidationError, match=f"default cannot be {operator}"):
        DeidPolicy.model_validate({"name": "x", "description": "x", "default": operator})


@pytest.mark.parametrize(
    ("entity_type", "operator"), [("PERSON", "year"), ("DATE_TIME", "pool-age"), ("AGE", "zip3"), ("US_SSN", "shift")]
)
def test_an_operator_is_refused_for_a_type_that_it_cannot_treat(entity_type: str, operator: str) -> None:
    values = {"name": "x", "description": "x", "default": "redact", "entities": {entity_type: operator}}
    with pytest.raises(ValidationError, match=f"entities.{entity_type} cannot be treated with {operator}"):
        DeidPolicy.model_validate(values)


def test_a_policy_cannot_be_changed() -> None:
    policy = load_policy("pci")
    with pytest.raises(ValidationError, match="frozen"):
        policy.default = OperatorChoice(operator="keep")  # type: ignore[misc]  # what is tested
