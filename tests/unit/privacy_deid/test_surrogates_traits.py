"""Callings, nationalities and religions take each other's place; the ending stays."""

import pytest

from fedaug.privacy.deid.surrogates import Draw, SurrogateKey, surrogate

KEY = SurrogateKey(bytes(range(32)))


@pytest.mark.parametrize(
    ("value", "entity_type", "language", "ending"),
    [
        ("American", "NRP", "en", ""),
        ("Catholics", "NRP", "en", "s"),
        ("española", "NRP", "es", "a"),
        ("nurse", "PROFESSION", "en", ""),
        ("pescador", "PROFESSION", "es", ""),
    ],
)
def test_a_trait_becomes_another(value: str, entity_type: str, language: str, ending: str) -> None:
    made = [surrogate(Draw(KEY, subject=str(n), language=language), value, entity_type) for n in range(40)]
    assert len(set(made)) > 4
    assert value not in made
    assert all(one is not None and one.endswith(ending) and one.islower() == value.islower() for one in made)


@pytest.mark.parametrize(("value", "entity_type"), [("mother", "FAMILY"), ("Ruritanian", "NRP"), ("Dr.", "TITLE")])
def test_what_has_no_equals_gets_no_surrogate(value: str, entity_type: str) -> None:
    assert surrogate(Draw(KEY, subject="one"), value, entity_type) is None
