"""A shortcut is taken only where it is proved to lose nothing."""

import re

import pytest
from phonenumbers import phonenumbermatcher
from tests.deid_samples import PLANTED, texts

from fedaug.privacy.deid.recognisers import build_recognisers
from fedaug.privacy.deid.shortcuts import needed_by, shortest_phone_number

RECOGNISERS = build_recognisers("en", limit_s=5)


@pytest.mark.parametrize("recogniser", RECOGNISERS, ids=lambda recogniser: recogniser.name)
def test_a_recogniser_finds_nothing_where_its_shortcut_skips_it(recogniser: object) -> None:
    needed, name = needed_by(recogniser), recogniser.name  # type: ignore[arg-type,attr-defined]
    assert needed is not None, f"{name} has changed: derive its shortcut anew"
    sample = [*texts(600, seed=5), *PLANTED]
    skipped = [text for text in sample if not needed.search(text)]
    assert 0 < len(skipped) < len(sample)
    for text in skipped:
        assert recogniser.analyze(text=text, entities=[], nlp_artifacts=None) == []  # type: ignore[attr-defined]


def test_a_recogniser_with_other_patterns_always_runs() -> None:
    recogniser = next(found for found in build_recognisers("en", limit_s=5) if found.name == "UsBankRecognizer")
    recogniser.patterns[0].regex = r"\b[0-9]{2,17}\b"  # type: ignore[attr-defined]  # a pattern recogniser has them
    assert needed_by(recogniser) is None


def test_no_phone_number_is_shorter_than_the_shortcut_says() -> None:
    assert shortest_phone_number() == 4


def test_phone_punctuation_is_what_the_shortcut_says() -> None:
    punctuation = re.search(r"\(\?:(\[-x[^a-wyz]*?\\\[\\\][^]]*\])", phonenumbermatcher._PATTERN.pattern)
    assert punctuation is not None
    for character in map(chr, range(128)):
        if re.fullmatch(punctuation.group(1), character, re.IGNORECASE):
            assert not re.fullmatch(r"[\da-wyzA-WYZ,:;]", character), repr(character)
