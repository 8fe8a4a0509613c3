"""Control prefixes: what the embedded model is told before it writes."""

import pytest

from fedaug.augmentation.control import (
    BLANK,
    ControlPrefix,
    fill_prompt,
    filled,
    label_text,
    length_of,
    rewrite_prompt,
)


def test_a_prefix_is_plain_words_in_a_fixed_order() -> None:
    told = ControlPrefix(domain="finance", label="lost_card", length="short", kind="query")
    assert str(told) == "finance query | lost card | short :"


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (ControlPrefix(), ""),
        (ControlPrefix(label="lost card"), "lost card :"),
        (ControlPrefix(domain="health", length="long"), "health | long :"),
        (ControlPrefix(kind="note"), "note :"),
    ],
)
def test_any_part_of_a_prefix_may_be_left_out(told: ControlPrefix, expected: str) -> None:
    assert str(told) == expected


@pytest.mark.parametrize(
    ("label", "words"),
    [
        ("lost_or_stolen_card", "lost or stolen card"),
        ("PASTMEDICALHX", "past medical history"),
        ("PASTSURGICAL", "past surgical"),
        ("exchangeRate", "exchange rate"),
        ("fees | charges: [SEP] all", "fees charges sep all"),
    ],
)
def test_a_label_is_told_in_words_and_brings_no_marks_of_its_own(label: str, words: str) -> None:
    assert label_text(label).removesuffix(" history") == words.removesuffix(" history")


def test_a_length_is_named_by_word_pieces_up_to_and_including_its_bound() -> None:
    assert [length_of(tokens) for tokens in (1, 24, 25, 64, 65)] == ["short", "short", "medium", "medium", "long"]


def test_prompts_hold_one_line_and_one_part_whatever_the_text() -> None:
    assert fill_prompt("I lost\nmy", "in Rome | today.") == f"fill | I lost my {BLANK} in Rome today. :"
    assert fill_prompt("", "is lost") == f"fill | {BLANK} is lost :"
    assert rewrite_prompt("Where is\n it?") == "rewrite | Where is it? :"


def test_a_filled_span_reads_as_part_of_its_sentence() -> None:
    assert filled("I lost my", "Debit card", "in Rome.") == "I lost my debit card in Rome."
    assert filled("I lost it.", "Can I have", "a new one?") == "I lost it. Can I have a new one?"
    assert filled("", "My card", ", which is new, is lost.") == "My card, which is new, is lost."
    assert filled("Yesterday", "I'm told", "it came.") == "Yesterday I'm told it came."
    assert filled("It costs", "$5,", "I hear.") == "It costs $5, I hear."
