"""Initials of places named in full elsewhere in the document."""

import pytest

from fedaug.privacy.deid import Deidentifier, Span
from fedaug.privacy.deid.initials import initials_in, initials_known, initials_of

HOSPITAL = "Quillmere Ridge Medical Center"


@pytest.mark.parametrize(
    ("name", "initials"),
    [
        ("Quillmere Ridge Medical Center", "QRMC"),
        ("St. Dymphna Hospital", "SDH"),
        ("Hospital of the Sacred Heart", "HSH"),
        ("Northern Quillmere Valley Ridge Hospital", "NQVRH"),
        ("Northern Quillmere Valley Ridge Regional Hospital", "NQVRRH"),
        ("Mercy Hospital", None),
        ("Mercy Regional Institute", None),
        ("One Two Three Four Five Six Seven", None),
    ],
)
def test_initials_of_three_to_six_words_and_no_abbreviation_of_medicine(name: str, initials: str | None) -> None:
    assert initials_of(name) == initials


@pytest.mark.parametrize(
    ("text", "covered"),
    [
        ("Seen at Quillmere Ridge Medical Center. QRMC records came; sent to QRMC again.", 2),
        ("Seen at Quillmere Ridge Medical Center (QRMC).", 1),
        ("Seen at Quillmere Ridge Medical Center. Scale QRMC 12, qrmc low.", 0),
        ("The QRMC records came.", 0),
    ],
)
def test_initials_are_covered_where_they_stand_for_a_place(text: str, covered: int) -> None:
    found = {(span.start, span.end) for span in Deidentifier(neural=False).find(text)}
    assert sum(text[start:end].upper() == "QRMC" for start, end in found) == covered


@pytest.mark.parametrize(
    ("entity_type", "score", "known"),
    [
        ("FACILITY", 0.9, True),
        ("ORGANIZATION", 0.5, True),
        ("FACILITY", 0.49, False),
        ("PERSON", 0.9, False),
        ("LOCATION", 0.9, False),
    ],
)
def test_only_places_and_firms_that_are_likely_ones_have_initials(entity_type: str, score: float, known: bool) -> None:
    span = Span(0, len(HOSPITAL), entity_type, score)
    assert initials_known(HOSPITAL, [span]) == ({"QRMC": span} if known else {})


def test_of_two_names_with_the_same_initials_the_surer_one_counts() -> None:
    text = f"{HOSPITAL}, {HOSPITAL}"
    unsure, sure = (
        Span(0, len(HOSPITAL), "FACILITY", 0.6),
        Span(len(HOSPITAL) + 2, len(text), "ORGANIZATION", 0.8),
    )
    assert initials_known(text, [unsure, sure]) == initials_known(text, [sure, unsure]) == {"QRMC": sure}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Sent through QRMC.", True),
        ("A breakthrough QRMC.", False),
        ("Seen outside QRMC", True),
        ("Goutside QRMC", False),
        ("NQVRRH staff", True),
        ("XNQVRRH staff", False),
    ],
)
def test_initials_found_are_of_the_kind_and_as_sure_as_the_name(text: str, found: bool) -> None:
    named = Span(90, 120, "ORGANIZATION", 0.7)
    spans = initials_in(text, {"QRMC": named, "NQVRRH": named})
    assert [(text[each.start : each.end], each.entity_type, each.score) for each in spans] == (
        [("QRMC" if "QRMC" in text else "NQVRRH", "ORGANIZATION", 0.7)] if found else []
    )


def test_initials_are_not_looked_for_in_other_records() -> None:
    finder = Deidentifier(neural=False)
    first, second = finder.find_many(["Seen at Quillmere Ridge Medical Center.", "The QRMC records came."])
    assert first
    assert not second
