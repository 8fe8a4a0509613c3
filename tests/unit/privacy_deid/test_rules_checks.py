"""A check digit decides where no word names the number."""

import pytest

from fedaug.privacy.deid.rules import RuleRecogniser, checks, rules_for

RULES = RuleRecogniser(rules_for("en"), language="en", limit_s=5, bounded=True)

#: A check, a number that passes it, and the type it is found as when it stands by itself.
VALID = [
    (checks.card, "4111111111111111", "CREDIT_CARD"),
    (checks.luhn, "49-015420-323751-8", "DEVICE_ID"),
    (checks.npi, "1234567893", "US_NPI"),
    (checks.dea, "AB1234563", "MEDICAL_LICENSE"),
    (checks.routing, "021000021", "ROUTING_NUMBER"),
    (checks.nhs, "943 476 5919", "UK_NHS"),
    (checks.iban, "GB82WEST12345698765432", "IBAN_CODE"),
    (checks.vin, "1M8GDM9AXKP042788", "VEHICLE_ID"),
]


def _types(number: str) -> set[str]:
    return {span.entity_type for span in RULES.find(f"Then {number} came.")}


@pytest.mark.parametrize(("check", "number", "kind"), VALID, ids=[kind for _, _, kind in VALID])
def test_a_wrong_digit_anywhere_is_refused(check: object, number: str, kind: str) -> None:
    assert check(number)  # type: ignore[operator]  # a function
    assert kind in _types(number)
    places = [place for place, character in enumerate(number) if character.isdigit()]
    for place in places[2:]:  # the first two also choose the kind of number
        wrong = number[:place] + str((int(number[place]) + 1) % 10) + number[place + 1 :]
        assert not check(wrong), wrong  # type: ignore[operator]  # as above
        assert kind not in _types(wrong), wrong


@pytest.mark.parametrize("check", [check for check, _, _ in VALID])
@pytest.mark.parametrize("text", ["", "a", "0", "0000000000", "000000000000000000000000", "é١٢٣"])
def test_a_check_of_what_is_no_number_is_false_and_never_raises(check: object, text: str) -> None:
    assert check(text) is False  # type: ignore[operator]  # a function


def test_a_word_before_a_number_counts_more_than_its_check_digit() -> None:
    assert {"US_NPI"} <= _types("NPI 1234567890")
    assert {"CREDIT_CARD"} <= _types("card no 4111111111111112")
    assert {"IBAN_CODE"} <= _types("IBAN DE00 3704 0044 0532 0130 00")


def test_a_social_security_number_with_a_group_of_zeros_is_none() -> None:
    assert "US_SSN" in _types("219-09-9999")
    for wrong in ("000-09-9999", "219-00-9999", "219-09-0000"):
        assert "US_SSN" not in _types(wrong)


def test_a_bank_code_names_a_country() -> None:
    assert "SWIFT_CODE" in _types("SWIFT DEUTDEFF")
    assert "SWIFT_CODE" not in _types("SWIFT DEUTXXFF")
