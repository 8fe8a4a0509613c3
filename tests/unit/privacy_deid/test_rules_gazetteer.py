"""A name of a list is a finding only in context, and what is named after somebody is nobody."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedaug.privacy.deid.rules.gazetteer import _ASCII_WORD, _WORD, GazetteerRecogniser, gazetteers
from fedaug.privacy.deid.rules.vocabulary import is_ordinary, ordinary_words

NAMES = GazetteerRecogniser()


def _found(text: str) -> list[str]:
    return [text[span.start : span.end] for span in NAMES.find(text)]


def test_the_lists_hold_thousands_of_names_in_lower_case() -> None:
    lists = gazetteers()
    assert len(lists.first) > 10_000
    assert len(lists.last) > 10_000
    assert all(word == word.lower() for words in lists for word in words)
    assert gazetteers() is lists


@pytest.mark.parametrize("word", ["Gary", "Smith", "Boston", "Rose", "Wilson", "Charlotte"])
def test_without_context_nothing_is_found(word: str) -> None:
    assert word.lower() in gazetteers().first | gazetteers().last | gazetteers().cities
    for text in (word, f"The {word} thing is blue.", f"x {word} y", f"({word})", f"{word.lower()} came in"):
        assert _found(text) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("seen by John Smith today", ["John Smith"]),
        ("SEEN: JOHN SMITH.", ["JOHN SMITH"]),
        ("Smith, John was", ["Smith, John"]),
        ("with J. Smith as", ["J. Smith"]),
        ("John Q. Smith came", ["John Q. Smith"]),
        ("Jessica Nowakowski came", ["Jessica Nowakowski"]),
        ("Gary said so", ["Gary"]),
        ("Hi Freddy, x", ["Freddy"]),
        ("flew from Boston to", ["Boston"]),
        ("in the United States of", ["United States"]),
        ("a Japanese man", ["Japanese"]),
    ],
)
def test_context_makes_a_finding(text: str, found: list[str]) -> None:
    assert set(found) <= set(_found(text))


@pytest.mark.parametrize(
    "text",
    [
        "Parkinson disease, Graves' disease, Foley catheter, Hodgkin lymphoma, Huntington Disease",
        "Lou Gehrig disease, Stevens Johnson syndrome, Charcot Marie Tooth Disease, Martin Bell syndrome",
        "Wilson's disease, Alexander disease, Addison's, Bell palsy, Christmas disease, Marfan",
        "E. Coli, C. Difficile, H. Pylori, S. Aureus",
        "Mark will Rose. Will May see. The Green House.",
        "German measles, Japanese encephalitis, Spanish flu, French catheter",
        "Left Lower Lobe. Vitamin D. Chest Pain. Crohn Disease.",
    ],
)
def test_eponyms_and_ordinary_words_are_nobody(text: str) -> None:
    assert _found(text) == []


def test_ordinary_words_are_told_from_names() -> None:
    assert all(map(is_ordinary, ["will", "Mark", "ROSE", "pain", "patient", "bid", "afib"]))
    assert not any(map(is_ordinary, ["john", "Smith", "Kowalski", "Aantje"]))
    assert ordinary_words("xx") == frozenset()


@given(st.text(alphabet=[chr(code) for code in range(128)] + list("AaBb'- ") * 9, max_size=40))
def test_the_quicker_pattern_finds_the_same_words_in_ascii(text: str) -> None:
    general = [match.span() for match in _WORD.finditer(text)]
    assert [match.span() for match in _ASCII_WORD.finditer(text)] == general
