"""A string found once, or given by a column, is looked for everywhere it may be."""

import re

import pytest

from fedaug.privacy.deid.column_values import sought_from_columns
from fedaug.privacy.deid.document import Known
from fedaug.privacy.deid.propagate import occurrences, sought_after
from fedaug.privacy.deid.spans import Span


def found_again(text: str, value: str, entity_type: str, score: float = 0.9) -> list[str]:
    """What is found in a text in which a recogniser found a value once."""
    start = text.index(value)
    sought = sought_after(text, [Span(start, start + len(value), entity_type, score)])
    return sorted({text[span.start : span.end] for span in occurrences(text, sought)} - {value})


@pytest.mark.parametrize(
    ("text", "value", "entity_type", "again"),
    [
        ("John Zelman. ZELMAN, JOHN. Mr. Zelman's", "John Zelman", "PERSON", ["JOHN", "John", "ZELMAN", "Zelman"]),
        ("id 123-45-678, again 123 45 678", "123-45-678", "MEDICAL_RECORD_NUMBER", ["123 45 678"]),
        ("in Quillville; from Quillville", "Quillville", "LOCATION", []),
        ("May Zell may go. Will Zell will too.", "May Zell", "PERSON", ["Zell"]),
        ("a 12-34 dose, 12-34 again", "12-34", "ID", []),
        ("on 3/14 and 3 14", "3/14", "DATE_TIME", []),
    ],
)
def test_what_was_found_once_is_found_again(text: str, value: str, entity_type: str, again: list[str]) -> None:
    found = found_again(text, value, entity_type)
    assert [piece for piece in found if piece not in ("ZELMAN, JOHN",)] == again


def test_a_weak_finding_stays_one_finding() -> None:
    assert found_again("Zelman. Zelman", "Zelman", "PERSON", score=0.4) == []
    assert occurrences("Zelman. Zelman", sought_after("Zelman", [Span(0, 6, "PERSON", 0.9)])) != []


def test_a_name_in_lower_case_counts_only_where_it_was_found_so() -> None:
    text = "Sought: Wren. A wren sang."
    assert occurrences(text, sought_after(text, [Span(8, 12, "PERSON", 0.9)])) == [Span(8, 12, "PERSON", 0.9)]


def test_a_columns_value_is_found_in_any_case_and_order() -> None:
    sought = sought_from_columns([Known("Ana Zelman", "PERSON"), Known("77-1234-5", "ACCOUNT_NUMBER")])
    text = "ZELMAN, ana. Also zelman; acct 77 1234 5"
    assert {text[span.start : span.end] for span in occurrences(text, sought)} == {
        *("ZELMAN", "ZELMAN, ana", "ana", "zelman", "77 1234 5"),
    }


def test_words_far_apart_are_not_one_value() -> None:
    sought = sought_from_columns([Known("12 345 67", "ID")])
    assert occurrences("12 of 345 and 67", sought) == []
    assert len(occurrences("12-345-67", sought)) == 1


def test_what_ends_the_text_is_no_part_of_something_longer() -> None:
    sought = sought_from_columns([Known("Ana Zelman", "PERSON"), Known("Ana", "PERSON")])
    assert occurrences("seen: Ana", sought) == [Span(6, 9, "PERSON", 1.0)]


def test_thousands_of_values_that_begin_alike_are_looked_for_in_one_pass() -> None:
    values = [f"212-555-{number:04d}" for number in range(5_000)]
    text = " ".join(values)
    places = [(match.start(), match.end()) for match in re.finditer(r"\S+", text)]
    found = occurrences(text, sought_after(text, [Span(start, end, "PHONE_NUMBER", 0.9) for start, end in places]))
    assert [(span.start, span.end) for span in found] == places  # comparing each with each would take minutes


def test_a_name_found_with_many_scores_is_looked_for_once_and_with_the_highest() -> None:
    text = "Whitlock " * 300
    spans = [Span(index * 9, index * 9 + 8, "PERSON", 0.6 + index / 1_000) for index in range(300)]
    found = occurrences(text, sought_after(text, spans))
    assert found == [Span(index * 9, index * 9 + 8, "PERSON", 0.6 + 299 / 1_000) for index in range(300)]


def test_a_number_of_a_million_digits_is_looked_for_without_holding_its_beginnings() -> None:
    """Seeded defect: all beginnings of one such number take half a terabyte."""
    value = "4829" * 250_000
    text = f"{value} and {value[:500_000]} {value[500_000:]} and {value[:600_000]}"
    found = occurrences(text, sought_after(text, [Span(0, len(value), "ID", 0.9)]))
    assert [(span.start, span.length) for span in found] == [(0, 1_000_000), (1_000_005, 1_000_001)]


def test_an_address_is_looked_for_with_its_signs() -> None:
    sought = sought_from_columns([Known("id.smith1@x.org", "EMAIL_ADDRESS"), Known("ann@y.org", "EMAIL_ADDRESS")])
    text = "id.smith1@x.org, smith1; ann@y.org, ann"
    assert {text[span.start : span.end] for span in occurrences(text, sought)} == {"id.smith1@x.org", "ann@y.org"}
