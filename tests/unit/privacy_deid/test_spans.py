"""Overlapping findings are merged so that nothing of any of them stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedaug.privacy.deid import Span, redact, resolve

SPANS = st.builds(
    lambda start, length, kind, score: Span(start, start + length, kind, score),
    st.integers(0, 30),
    st.integers(1, 10),
    st.sampled_from(["DATE_TIME", "URL", "US_SSN"]),
    st.sampled_from([0.05, 0.5, 1.0]),
)


def test_each_finding_becomes_its_type_in_brackets() -> None:
    spans = [Span(8, 16, "DATE_TIME", 0.6), Span(21, 28, "URL", 0.5)]
    assert redact("Seen on 06/21/07 see abc.com.", spans) == "Seen on [DATE_TIME] see [URL]."


def test_the_highest_score_names_a_merged_span_then_the_longest_then_the_first() -> None:
    assert resolve([Span(0, 4, "A", 0.5), Span(2, 9, "B", 0.4)]) == [Span(0, 9, "A", 0.5)]
    assert resolve([Span(0, 4, "A", 0.5), Span(2, 9, "B", 0.5)]) == [Span(0, 9, "B", 0.5)]
    assert resolve([Span(0, 4, "B", 0.5), Span(2, 6, "A", 0.5)]) == [Span(0, 6, "B", 0.5)]
    assert resolve([Span(0, 4, "B", 0.5), Span(0, 4, "A", 0.5)]) == [Span(0, 4, "A", 0.5)]


def test_the_tail_of_a_weaker_finding_does_not_stay_in_clear() -> None:
    assert redact("0123456789", [Span(0, 5, "A", 1.0), Span(3, 9, "B", 0.1)]) == "[A]9"


def test_spans_that_only_touch_stay_apart() -> None:
    assert redact("0123", [Span(0, 2, "A", 0.5), Span(2, 4, "B", 0.5)]) == "[A][B]"


@given(st.lists(SPANS, max_size=8), st.randoms())
def test_every_found_character_goes_and_every_other_stays_whatever_the_order(spans: list[Span], draw: object) -> None:
    text = "".join(chr(0x4E00 + position) for position in range(40))  # no character twice, and none in a tag
    shuffled = list(spans)
    draw.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis's own random.Random
    result = redact(text, shuffled)
    found = {position for span in spans for position in range(span.start, span.end)}
    assert [character for character in result if character in text] == [
        character for position, character in enumerate(text) if position not in found
    ]
    assert result == redact(text, spans)


@pytest.mark.parametrize(
    ("general", "telling", "kept"),
    [
        ("ID", "MEDICAL_RECORD_NUMBER", "MEDICAL_RECORD_NUMBER"),
        ("ID", "PHONE_NUMBER", "PHONE_NUMBER"),
        ("LOCATION", "ADDRESS", "ADDRESS"),
        ("ORGANIZATION", "FACILITY", "FACILITY"),
        ("ID", "DATE_TIME", "ID"),
        ("PERSON", "MEDICAL_RECORD_NUMBER", "PERSON"),
    ],
)
def test_a_type_that_says_more_wins_over_one_that_says_little(general: str, telling: str, kept: str) -> None:
    assert resolve([Span(0, 9, general, 0.99), Span(2, 9, telling, 0.6)]) == [Span(0, 9, kept, 0.99)]
    assert resolve([Span(0, 9, general, 0.99), Span(2, 9, telling, 0.1)]) == [Span(0, 9, general, 0.99)]


def test_a_name_in_a_mail_address_does_not_make_it_a_person() -> None:
    assert resolve([Span(0, 20, "EMAIL_ADDRESS", 0.9), Span(0, 3, "PERSON", 1.0)]) == [
        Span(0, 20, "EMAIL_ADDRESS", 1.0)
    ]
    assert resolve([Span(0, 20, "EMAIL_ADDRESS", 0.9), Span(15, 30, "PERSON", 1.0)]) == [Span(0, 30, "PERSON", 1.0)]


def test_the_type_of_a_sites_own_list_wins_where_it_covers_half_or_more() -> None:
    own, sure = Span(5, 15, "WARD", 0.4, own=True), Span(0, 15, "FACILITY", 1.0)
    assert resolve([own, sure]) == [Span(0, 15, "WARD", 1.0, own=True)]
    assert resolve([Span(5, 15, "WARD", 0.4), sure]) == [sure]
    assert resolve([Span(0, 7, "WARD", 0.9, own=True), sure]) == [sure], "the rest is not what the list holds"
