"""Numbers, telephones, mail, web and network addresses: the form stays, the value does not."""

import ipaddress
import re

import pytest
from tests.surrogate_texts import marked, policy

from fedaug.privacy.deid.operators import Replacer
from fedaug.privacy.deid.surrogates import Draw, SurrogateKey, surrogate
from fedaug.privacy.deid.surrogates.check_digits import CHECKS, is_card, is_iban, is_npi, is_routing_number, is_vin

KEY = SurrogateKey(bytes(range(32)))


def made(value: str, entity_type: str = "ID", *, subject: str = "one", language: str = "en") -> str:
    result = surrogate(Draw(KEY, subject=subject, language=language), value, entity_type)
    assert result is not None
    return result


def form(value: str) -> str:
    return re.sub(r"[a-z]", "a", re.sub(r"[A-Z]", "A", re.sub(r"\d", "0", value)))


@pytest.mark.parametrize("value", ["00012", "A-12345-b", "12/3456.78", "KX 99 ab", "7", "2º B"])
def test_a_number_keeps_its_form(value: str) -> None:
    results = {made(value, subject=str(number)) for number in range(30)}
    assert value not in results
    assert len(results) > 5
    assert {form(one) for one in results} == {form(value)}


def test_a_number_is_the_same_however_it_is_written_and_called() -> None:
    digits = "".join(sign for sign in made("36-8503-77", "MEDICAL_RECORD_NUMBER") if sign.isdigit())
    assert made("36850377", "ID") == digits
    assert made("3685 0377", "ACCOUNT_NUMBER").replace(" ", "") == digits


def test_words_that_say_what_a_number_is_stay() -> None:
    assert re.fullmatch(r"MRN: \d{6}", made("MRN: 368503", "MEDICAL_RECORD_NUMBER"))


@pytest.mark.parametrize(
    "value",
    [
        "4111111111111111",
        "021000021",
        "GB82WEST12345698765432",
        "ES9121000418450200051332",
        "1234567893",
        "9434765919",
        "12345678Z",
        "1HGCM82633A004352",
    ],
)
def test_check_digits_hold_where_they_held(value: str) -> None:
    checks = [check for check in CHECKS if check(value)]
    assert checks
    for number in range(20):
        result = made(value, subject=str(number))
        assert result != value
        assert all(check(result) for check in checks)


def test_checks_tell_right_from_wrong() -> None:
    assert is_card("4111111111111111")
    assert not is_card("4111111111111112")
    assert is_iban("GB82WEST12345698765432")
    assert not is_iban("GB82WEST12345698765433")
    assert is_npi("1234567893")
    assert not is_npi("1234567890")
    assert is_routing_number("021000021")
    assert not is_routing_number("021000022")
    assert is_vin("1HGCM82633A004352")
    assert not is_vin("1HGCM82634A004352")


def test_a_social_security_number_is_one_that_is_never_issued() -> None:
    for number in range(50):
        result = made("123-45-6789", "US_SSN", subject=str(number))
        assert re.fullmatch(r"9\d\d-(0[1-9]|[1-4]\d)-\d{4}", result)


def test_a_card_keeps_its_brand_alone() -> None:
    results = [made("4111 1111 1111 1111", "CREDIT_CARD", subject=str(number)) for number in range(30)]
    assert {one[0] for one in results} == {"4"}
    assert len({one[1] for one in results}) > 3


@pytest.mark.parametrize("value", ["212-555-5555", "(212) 867-5309", "867-5309", "+1 212 867 5309", "1.212.867.5309"])
def test_an_american_telephone_number_is_fictitious(value: str) -> None:
    result = made(value, "PHONE_NUMBER")
    assert form(result) == form(value)
    assert re.search(r"55501\d\d$", re.sub(r"\D", "", result))


def test_short_and_long_forms_of_a_telephone_number_agree() -> None:
    assert made("(212) 867-5309", "PHONE_NUMBER")[6:] == made("867-5309", "FAX_NUMBER")
    assert made("+1 212 867 5309", "PHONE_NUMBER", language="es")[-8:] == made("212 867 5309", "PHONE_NUMBER")[-8:]


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("+44 20 7946 0958", "+44 "),
        ("+34 612 345 678", "+34 6"),
        ("+33 1 23 45 67 89", "+33 "),
        ("+49 30 123456", "+49 "),
        ("x1234", "x"),
        ("555-1234 ext. 12", "555-01"),
    ],
)
def test_a_telephone_number_keeps_its_form(value: str, kept: str) -> None:
    result = made(value, "PHONE_NUMBER")
    assert result != value
    assert form(result) == form(value)
    assert result.startswith(kept)


def test_a_mail_address_names_the_person_as_elsewhere() -> None:
    first, last = made("John Smith", "PERSON").lower().replace("'", "").split()
    local, _, domain = made("john.smith@mercy.org", "EMAIL_ADDRESS").partition("@")
    assert local == f"{first}.{last}"
    assert domain in ("example.com", "example.org", "example.net")
    assert made("jsmith@mercy.org", "EMAIL_ADDRESS").startswith(f"{first[0]}{last}@")


def test_web_addresses_lead_to_example_domains() -> None:
    result = made("https://www.mercy.org/patients/smith?id=12", "URL")
    assert re.match(r"https://www\.example\.(com|org|net)/", result)
    assert "smith" not in result
    assert "12" not in result


@pytest.mark.parametrize(("value", "networks"), [
    ("10.1.2.3", ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")),
    ("fe80::1", ("2001:db8::/32",)),
])  # fmt: skip
def test_network_addresses_are_for_documentation(value: str, networks: tuple[str, ...]) -> None:
    for number in range(30):
        address = ipaddress.ip_address(made(value, "IP_ADDRESS", subject=str(number)))
        assert any(address in ipaddress.ip_network(network) for network in networks)


def test_a_hardware_address_is_for_documentation() -> None:
    assert re.fullmatch(r"00:00:5E:00:53:[0-9A-F]{2}", made("00:1B:44:11:3A:B7", "MAC_ADDRESS"))


@pytest.mark.parametrize("entity_type", ["EMAIL_ADDRESS", "URL", "IP_ADDRESS", "PHONE_NUMBER", "ID", "ZIP_CODE"])
@pytest.mark.parametrize("value", ["", " ", "@", "\x00", "۱۲۳", "²", "a" * 100_000, "é́" * 10, ":" * 50, "\ud800"])
def test_no_value_breaks_a_surrogate(entity_type: str, value: str) -> None:
    result = surrogate(Draw(KEY, subject="one"), value, entity_type)
    assert result is None or result != value


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("{MEDICAL_RECORD_NUMBER:MRN 12-345}", "{ID:12345}"),
        ("{MEDICAL_RECORD_NUMBER:12345}", "{ZIP_CODE:12345}"),
        ("{MEDICAL_RECORD_NUMBER:MRN12345}", "{LOCATION:12 Oak St, 12345}"),
        ("{MEDICAL_RECORD_NUMBER:4829117}", "{PHONE_NUMBER:4829117}"),
        ("{MEDICAL_RECORD_NUMBER:482-911}", "{PERSON:482911}"),
        ("{US_SSN:460-89-9847}", "{ID:460899847}"),
        ("{ID:212-555-8841}", "{PHONE_NUMBER:(212) 555 8841}"),
    ],
)
def test_one_number_of_a_subject_has_one_surrogate_whatever_it_was_found_as(one: str, other: str) -> None:
    replacer = Replacer(policy(), key=KEY)
    made = [replacer.replace(*marked(text), subject="one") for text in (one, other)]
    first, second = ("".join(sign for sign in text if sign.isdigit()) for text in made)
    assert first
    assert second.endswith(first)


def test_one_number_has_one_hash_whatever_it_was_found_as() -> None:
    replacer = Replacer(policy("hash-id"), key=KEY)
    texts = ("{MEDICAL_RECORD_NUMBER:MRN 48-29117}", "{ID:4829117}", "{PHONE_NUMBER:482-9117}")
    hashes = {replacer.replace(*marked(text), subject="one").partition("#")[2] for text in texts}
    assert len(hashes) == 1
