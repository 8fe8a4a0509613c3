"""Ages: over 89 one category, in whatever style."""

import pytest
from tests.surrogate_texts import marked, policy

from fedaug.privacy.deid.operators import Replacer
from fedaug.privacy.deid.surrogates import pooled_age


@pytest.mark.parametrize(
    ("value", "language", "expected"),
    [
        ("90", "en", "90 or over"),
        ("93", "en", "90 or over"),
        ("93-year-old", "en", "90+-year-old"),
        ("93F", "en", "90+F"),
        ("93 y/o", "en", "90+ y/o"),
        ("103 years", "en", "90+ years"),
        ("ninety-three years old", "en", "90+ years old"),
        ("ninety three", "en", "90 or over"),
        ("one hundred and two", "en", "90 or over"),
        ("a centenarian", "en", "90 or over"),
        ("93 años", "es", "90+ años"),
        ("noventa y tres años", "es", "90+ años"),
        ("cien", "es", "90 o más"),
        ("89", "en", "89"),
        ("43-year-old", "en", "43-year-old"),
        ("forty-two", "en", "forty-two"),
        ("93 W", "en", "90+ W"),
        ("93.5 years", "en", "90+ years"),
        ("in her 90s", "en", "in her 90 or over"),
        ("in her 60s", "en", "in her 60s"),
        ("4.5 years", "en", "4.5 years"),
        ("93 weeks", "en", "93 weeks"),
        ("92 days old", "en", "92 days old"),
        ("93 semanas", "es", "93 semanas"),
    ],
)
def test_ages_over_89_are_one_category(value: str, language: str, expected: str) -> None:
    assert pooled_age(value, language=language) == expected


def test_bands_end_at_the_limit() -> None:
    assert pooled_age("43", band=5) == "40-44"
    assert pooled_age("87-year-old", band=20) == "80-89-year-old"
    assert pooled_age("forty-two", band=10) == "40-49"


@pytest.mark.parametrize("value", ["elderly", "", "4.5.6", "1234"])
def test_an_age_that_cannot_be_read_becomes_a_tag(value: str) -> None:
    assert Replacer(policy("pool-age")).replace(*marked(f"x {{AGE:{value}}}")) in ("x [AGE]", "x ")


def test_every_age_from_90_on_is_the_same() -> None:
    assert {pooled_age(str(age)) for age in range(90, 130)} == {"90 or over"}
    assert [pooled_age(str(age)) for age in range(90)] == [str(age) for age in range(90)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a {AGE:93}-year-old man", "a 90+-year-old man"),
        ("{AGE:93} y/o, {AGE:93}yo", "90+ y/o, 90+yo"),
        ("a {AGE:ninety-three}-year-old", "a 90+-year-old"),
        ("{AGE:93} male", "90+ male"),
        ("she is {AGE:93}.", "she is 90 or over."),
        ("over {AGE:93}, >{AGE:95}", "over 90, >90"),
        ("{AGE:93} or older", "90 or older"),
        ("{AGE:93} weeks", "93 weeks"),
    ],
)
def test_an_age_over_89_reads_on_from_the_text_around_it(text: str, expected: str) -> None:
    assert Replacer(policy("pool-age")).replace(*marked(text)) == expected


@pytest.mark.parametrize(
    "text", ["aged {AGE:90} or over", "{AGE:90 or over}", "{AGE:90}+ y/o", "{AGE:90+} y/o", "{AGE:90+-year-old}"]
)
def test_a_pooled_age_is_not_pooled_again(text: str) -> None:
    plain, spans = marked(text)
    assert Replacer(policy("pool-age")).replace(plain, spans) == plain


def test_a_pooled_age_in_spanish_is_not_pooled_again() -> None:
    plain, spans = marked("de {AGE:90} o más y {AGE:90 o más}")
    assert Replacer(policy("pool-age")).replace(plain, spans, language="es") == plain
