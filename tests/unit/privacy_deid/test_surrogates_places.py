"""Places and institutions: kinds stay, names do not; ZIP codes by the rule of Safe Harbor."""

import pytest
from tests.surrogate_texts import marked, policy

from fedaug.privacy.deid.operators import Replacer
from fedaug.privacy.deid.surrogates import Draw, SurrogateKey, surrogate, zip3
from fedaug.privacy.deid.surrogates.place_pools import abbreviations
from fedaug.privacy.deid.surrogates.zip3 import CENSUS_2000, CENSUS_2010

KEY = SurrogateKey(bytes(range(32)))


def made(value: str, entity_type: str, language: str = "en") -> str | None:
    return surrogate(Draw(KEY, subject="one", language=language), value, entity_type)


@pytest.mark.parametrize(
    ("value", "entity_type", "kept", "gone"),
    [
        ("St. Mary's Hospital", "FACILITY", ("St. ", "'s Hospital"), ("Mary",)),
        ("Johns Hopkins Medical Center", "FACILITY", (" Medical Center",), ("Johns", "Hopkins")),
        ("Bank of America", "ORGANIZATION", ("Bank of ",), ("America",)),
        ("AT&T", "ORGANIZATION", ("&",), ("AT", "&T")),
        ("123 Main St, Springfield, IL 62704", "ADDRESS", (" St, ",), ("123", "Main", "Springfield", "IL ", "62704")),
        ("PO Box 1234", "ADDRESS", ("PO Box ",), ("1234",)),
        ("45 5th Avenue, Apt 3B", "ADDRESS", (" Avenue, Apt ",), ("5th", "3B")),
        ("Boston, Massachusetts", "LOCATION", (", ",), ("Boston", "Massachusetts")),
        ("10 Downing Street, London SW1A 2AA", "ADDRESS", (" Street, ",), ("Downing", "London", "SW1A", "2AA")),
    ],
)
def test_names_and_numbers_go_and_kinds_stay(
    value: str, entity_type: str, kept: tuple[str, ...], gone: tuple[str, ...]
) -> None:
    result = made(value, entity_type)
    assert result is not None
    assert all(part in result for part in kept)
    assert not any(part in result for part in gone)


def test_a_spanish_address_keeps_its_kind() -> None:
    result = made("Calle Miguel Benítez 90, 28016 Madrid", "ADDRESS", "es")
    assert result is not None
    assert result.startswith("Calle ")
    assert not any(part in result for part in ("Miguel", "Benítez", "90", "28016", "Madrid"))


def test_a_place_is_the_same_alone_and_in_an_address() -> None:
    town = made("Springfield", "LOCATION")
    assert made("SPRINGFIELD", "LOCATION") == str(town).upper()
    assert f", {town}, " in str(made("12 Oak St, Springfield, IL 62704", "ADDRESS"))


def test_a_state_and_its_abbreviation_agree() -> None:
    state = made("Massachusetts", "LOCATION")
    short = str(made("Boston, MA", "LOCATION")).rpartition(" ")[2]
    assert len(short) == 2
    assert short != "MA"
    assert abbreviations()[str(state).lower()] == short


@pytest.mark.parametrize(
    ("value", "entity_type"), [("General Hospital", "FACILITY"), ("ICU", "FACILITY"), ("USA", "LOCATION")]
)
def test_what_holds_no_name_becomes_a_tag(value: str, entity_type: str) -> None:
    replacer = Replacer(policy(), key=KEY)
    assert replacer.replace(*marked(f"at {{{entity_type}:{value}}}"), subject="one") == f"at [{entity_type}]"


@pytest.mark.parametrize(
    ("value", "expected"),
    [("62704", "627"), ("62704-1234", "627"), ("03601", "000"), ("89301", "000"), ("00012", "000"), ("09012", "000")],
)
def test_three_digits_of_a_zip_code_or_none(value: str, expected: str) -> None:
    assert zip3(value) == expected


def test_thinly_populated_prefixes_are_those_of_both_counts() -> None:
    assert len(CENSUS_2000) == 17
    assert len(CENSUS_2010) == 18
    assert {zip3(f"{prefix}01") for prefix in CENSUS_2000 | CENSUS_2010} == {"000"}


@pytest.mark.parametrize("value", ["1234", "627", "SW1A 2AA", "123456", "62704-12"])
def test_what_is_no_zip_code_becomes_a_tag(value: str) -> None:
    assert Replacer(policy("zip3")).replace(*marked(f"{{ZIP_CODE:{value}}}")) == "[ZIP_CODE]"


def test_of_an_address_only_three_digits_are_left() -> None:
    replacer = Replacer(policy("zip3"))
    assert replacer.replace(*marked("{ADDRESS:12 Oak St, Springfield, IL 62704}")) == "[ADDRESS] 627"
    assert replacer.replace(*marked("{ADDRESS:62704 Oak St}")) == "[ADDRESS]"
    assert replacer.replace(*marked("{LOCATION:Springfield}")) == "[LOCATION]"


@pytest.mark.parametrize(
    ("value", "gone"),
    [
        ("Mercy Hospital", ("Mercy",)),
        ("Sacred Heart Medical Center", ("Sacred", "Heart")),
        ("Our Lady of Lourdes Clinic", ("Our", "Lady", "Lourdes")),
        ("Royal North Hospital", ("Royal",)),
        ("Valley View Hospital", ("Valley", "View")),
        ("Mount Sinai Hospital", ("Mount", "Sinai")),
        ("Sisters of Charity Hospital", ("Sisters", "Charity")),
        ("Hospital Virgen del Rocío", ("Virgen", "Rocío")),
        ("Clínica Nuestra Señora del Mar", ("Nuestra", "Señora", "Mar")),
    ],
)
def test_words_that_tell_institutions_apart_do_not_stay(value: str, gone: tuple[str, ...]) -> None:
    result = made(value, "FACILITY")
    assert result is not None
    assert not set(gone) & set(result.split())
