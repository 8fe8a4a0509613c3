"""How what the embedded model writes becomes readable: a pure function of the text."""

import pytest

from fedaug.augmentation.embedded.spelling import detokenise, readable, recase


@pytest.mark.parametrize(
    ("tokens", "written"),
    [
        ("i don ' t know where my card is .", "I don't know where my card is."),
        ("it cost $ 12 . 50 , not $ 1 , 000 !", "It cost $12.50, not $1,000!"),
        ("is it 5 % ? yes . i ' m sure .", "Is it 5%? Yes. I'm sure."),
        (
            "the patient is a 76 - year - old man ( well known to us ) .",
            "The patient is a 76-year-old man (well known to us).",
        ),
        ('she said " no " twice .', 'She said "no" twice.'),
        ("my parents ' card", "My parents' card"),
        ("take it and / or leave it , e . g . today", "Take it and/or leave it, e.g. today"),
        ("open at 9 : 30 on monday", "Open at 9:30 on Monday"),
        ("my atm card has a new pin", "My ATM card has a new PIN"),
        ("", ""),
    ],
)
def test_marks_are_joined_and_capitals_put_back(tokens: str, written: str) -> None:
    assert readable(tokens) == written


def test_may_is_a_month_only_where_the_words_around_it_say_so() -> None:
    assert recase("it may come in may or on march 3") == "It may come in May or on March 3"
    assert recase("we march on") == "We march on"


def test_what_is_readable_stays_as_it_is() -> None:
    once = readable("i paid $ 5 . 25 in may . it ' s gone , isn ' t it ?")
    assert readable(once) == once


def test_an_abbreviation_ends_no_sentence() -> None:
    assert recase(detokenise("fruit , e . g . apples . yes")) == "Fruit, e.g. apples. Yes"
