"""Initials of places named in full elsewhere in the document."""

import pytest

from fedaug.privacy.deid import Deidentifier
from fedaug.privacy.deid.initials import initials_of


@pytest.mark.parametrize(
    ("name", "initials"),
    [
        ("Quillmere Ridge Medical Center", "QRMC"),
        ("St. Dymphna Hospital", "SDH"),
        ("Hospital of the Sacred Heart", "HSH"),
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


def test_initials_are_not_looked_for_in_other_records() -> None:
    finder = Deidentifier(neural=False)
    first, second = finder.find_many(["Seen at Quillmere Ridge Medical Center.", "The QRMC records came."])
    assert first
    assert not second
