"""The language of a text: told by its words, in doubt not told."""

from __future__ import annotations

import pytest

from fedaug.errors import ConfigError
from fedaug.privacy.deid.language import LANGUAGES, detect, language_code
from fedaug.privacy.deid.rules import rules_for

ENGLISH = (
    "The patient was seen on Monday and sent home.",
    "i still have not received my new card, what should i do",
    "EXTERNAL GENITALIA: Normal for age, testes descended.",
    "Denies smoking; drinking on weekends only.",
)
SPANISH = (
    "Paciente de 70 años que acude por dolor en el costado.",
    "Intervenido de apendicitis, sin complicaciones postoperatorias, con buena evolución.",
    "EXPLORACIÓN FÍSICA: BUEN ESTADO GENERAL, ABDOMEN BLANDO Y DEPRESIBLE",
    "no puedo entrar en mi cuenta desde ayer",
)


@pytest.mark.parametrize("text", ENGLISH)
def test_english_is_told(text: str) -> None:
    assert detect(text) == "en"


@pytest.mark.parametrize("text", SPANISH)
def test_spanish_is_told(text: str) -> None:
    assert detect(text) == "es"


@pytest.mark.parametrize("text", ["", "HTA, DM2.", "37.5", "Nombre: Ana", "no", "王小明", "\x00\u200b"])
def test_what_is_too_short_is_left_to_the_setting(text: str) -> None:
    assert detect(text) is None


def test_a_text_half_in_each_language_is_left_to_the_setting() -> None:
    assert detect(f"{ENGLISH[0]} {SPANISH[0]}") is None


def test_a_name_in_the_other_language_does_not_turn_a_text() -> None:
    assert detect("The patient, María de la Cruz, was seen by Dr. Peña and sent home with her son.") == "en"
    assert detect("Se le implantó un stent de Boston Scientific y fue dado de alta a los dos días.") == "es"


def test_the_choice_does_not_depend_on_the_order_of_languages() -> None:
    for text in (*ENGLISH, *SPANISH):
        assert detect(text, ("es", "en")) == detect(text, ("en", "es"))


def test_another_language_is_known_by_its_function_words() -> None:
    text = "Der Patient wurde am Montag gesehen und ist nach Hause gegangen."
    assert detect(text, ("de", "en", "es")) == "de"


def test_a_language_without_a_list_of_words_is_refused() -> None:
    with pytest.raises(ConfigError, match="no function words"):
        detect("anything", ("en", "xx"))


def test_only_the_beginning_of_a_long_text_is_read() -> None:
    beginning = (ENGLISH[0] + " ") * 1_000
    assert detect(beginning + SPANISH[0] * 5_000) == "en"


def test_every_language_that_is_told_has_rules() -> None:
    assert set(LANGUAGES) == {"en", "es"}
    assert all(rules_for(language) for language in LANGUAGES)


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("es", "es"),
        (" ES\n", "es"),
        ("es-ES", "es"),
        ("en_US", "en"),
        ("español", "es"),
        ("Espan\u0303ol", "es"),
        ("SPANISH", "es"),
        ("eng", "en"),
        ("fr-CA", "fr"),
        ("Klingon", "klingon"),
        ("", None),
        ("  ", None),
    ],
)
def test_a_language_is_read_as_people_write_it(cell: str, code: str | None) -> None:
    assert language_code(cell) == code
