"""Words of medicine and of the language stay; names that are words as well go where they stand as names."""

import pytest

from fedaug.privacy.deid import Span
from fedaug.privacy.deid.clock import without_time_of_day
from fedaug.privacy.deid.doubt import beyond_doubt
from fedaug.privacy.deid.whole_words import in_whole_words


@pytest.mark.parametrize(
    ("text", "entity_type", "score", "stays_found"),
    [
        ("Babinski", "PERSON", 0.9, False),
        ("Babinski", "PERSON", 0.995, True),
        ("Foley", "PERSON", 0.4, False),
        ("Kerlix", "ORGANIZATION", 0.6, False),
        ("Trendelenburg's", "PERSON", 0.8, False),
        ("Foleys", "PERSON", 0.9, False),
        ("Murphy", "PERSON", 0.9, True),
        ("Murphy", "PERSON", 0.4, False),
        ("John Foley", "PERSON", 0.9, True),
        ("grace", "PERSON", 0.4, False),
        ("grace", "PERSON", 0.6, True),
        ("clinic", "ORGANIZATION", 0.4, True),
        ("Foley 3", "ID", 0.4, True),
        ("12", "PERSON", 0.4, True),
        ("Babinski", "PERSON", 0.98, False),
        ("de Quervain", "PERSON", 0.6, False),
        ("Ehlers-Danlos", "LOCATION", 0.9, False),
        ("D.O.B.", "PERSON", 0.95, False),
        ("J.R.", "PERSON", 0.95, True),
        ("Outpatient Surgery", "LOCATION", 0.95, False),
        ("RPh", "PERSON", 1.0, False),
    ],
)
def test_what_is_likelier_no_name_is_dropped(text: str, entity_type: str, score: float, stays_found: bool) -> None:
    span = Span(0, len(text), entity_type, score)
    assert beyond_doubt(text, [span]) == ([span] if stays_found else [])


@pytest.mark.parametrize(
    ("text", "name"),
    [("tech Doreen", "Doreen"), ("Qiuyue Ouyang, RPh", "Qiuyue Ouyang"), ("Aide Harpreet Gill sw", "Harpreet Gill")],
)
def test_a_calling_at_the_end_of_a_name_stays_in_the_text(text: str, name: str) -> None:
    (left,) = beyond_doubt(text, [Span(0, len(text), "PERSON", 1.0)])
    assert text[left.start : left.end] == name


def test_a_street_and_a_firm_keep_words_that_are_callings_too() -> None:
    for text, entity_type in (("12 Elm Rd", "LOCATION"), ("Therapist Partners Tech", "ORGANIZATION")):
        span = Span(0, len(text), entity_type, 1.0)
        assert beyond_doubt(text, [span]) == [span]


@pytest.mark.parametrize(
    ("text", "entity_type", "language", "stays_found"),
    [
        ("Dra.", "LOCATION", "es", False),
        ("Sr. Sra", "PERSON", "es", False),
        ("la Dra. responsable", "PERSON", "es", False),
        ("Teléfono", "LOCATION", "es", False),
        ("Cita", "PERSON", "es", False),
        ("Phone", "LOCATION", "en", False),
        ("the Mrs.", "PERSON", "en", False),
        ("Dr.", "TITLE", "en", True),
        ("Dra. Cita", "PERSON", "en", True),
        ("Dra. Gil", "PERSON", "es", True),
        ("Tel. 4711", "ID", "es", True),
        ("H", "SEX", "es", True),
    ],
)
def test_a_title_or_label_alone_is_nobody(text: str, entity_type: str, language: str, stays_found: bool) -> None:
    span = Span(0, len(text), entity_type, 1.0)
    assert beyond_doubt(text, [span], language) == ([span] if stays_found else [])


@pytest.mark.parametrize(
    ("text", "language", "stays_found"),
    [
        ("sonda Foley 16", "es", False),
        ("signo de Babinski", "es", False),
        ("Sinemet", "es", False),
        ("Foley Gil", "es", True),
        ("Murphy con", "es", True),
        ("Murphy test", "es", False),
        ("sonda Foley 16", "en", True),
    ],
)
def test_what_spanish_calls_an_eponym_goes_with_it(text: str, language: str, stays_found: bool) -> None:
    span = Span(0, len(text), "FAMILY", 0.7)
    assert beyond_doubt(text, [span], language) == ([span] if stays_found else [])


@pytest.mark.parametrize(
    ("text", "entity_type", "after"),
    [
        ("3-4-2023", "ID", "DATE_TIME"),
        ("31/12/1999", "ID", "DATE_TIME"),
        ("12.31.1999", "ID", "DATE_TIME"),
        ("31-31-1999", "ID", "ID"),
        ("00-12-1999", "ID", "ID"),
        ("08-08-25", "ID", "ID"),
        ("3-4/2023", "ID", "ID"),
        ("3-4-2023", "PERSON", "PERSON"),
    ],
)
def test_a_whole_date_taken_for_a_number_is_a_date(text: str, entity_type: str, after: str) -> None:
    (span,) = beyond_doubt(text, [Span(0, len(text), entity_type, 0.9)], "es")
    assert span == Span(0, len(text), after, 0.9)


@pytest.mark.parametrize(
    ("found", "left"),
    [
        ("3/14/2019 at 08:30", "3/14/2019"),
        ("2019-03-14T08:30:00", "2019-03-14"),
        ("14:20 on 3/14", "3/14"),
        ("Mar 3, 2:44 p.m.", "Mar 3"),
        ("9 March, 1027 hrs", "9 March"),
        ("3/14/2019 at 21:15", "3/14/2019"),
        ("3/14/2019 2359 hrs", "3/14/2019"),
        ("3/14/2019 at 25:15", "3/14/2019 at 25:15"),
        ("08:30", None),
        ("2019", "2019"),
        ("1530", "1530"),
        ("3.14", "3.14"),
    ],
)
def test_the_time_of_day_stays_in_the_text(found: str, left: str | None) -> None:
    text = f"seen {found}; home"
    span = without_time_of_day(text, Span(5, 5 + len(found), "DATE_TIME", 0.9))
    assert (span and text[span.start : span.end]) == left
    other = Span(5, 5 + len(found), "ID", 0.9)
    assert without_time_of_day(text, other) == other


@pytest.mark.parametrize(
    ("text", "found", "entity_type", "whole"),
    [
        ("no AB-1234-X.", "1234", "MEDICAL_RECORD_NUMBER", "AB-1234-X"),
        ("mail ann.lee@x.org,", "lee@x", "EMAIL_ADDRESS", "ann.lee@x.org"),
        ("on 03/14/2019.", "03/14", "DATE_TIME", "03/14/2019"),
        ("Ms Smith-Jones's", "Smith", "PERSON", "Smith-Jones's"),
        ("a 72-year-old", "72", "AGE", "72"),
        ("in Springfield, IL", "Spring", "LOCATION", "Springfield"),
        ("id 12345", "12345", "ID", "12345"),
        ("by Lee. Then", "Lee. ", "PERSON", "Lee"),
        ("saw Dr. Lee", "Dr.", "TITLE", "Dr."),
    ],
)
def test_a_finding_grows_to_whole_words(text: str, found: str, entity_type: str, whole: str) -> None:
    start = text.index(found)
    span = in_whole_words(text, Span(start, start + len(found), entity_type, 0.9))
    assert span is not None
    assert text[span.start : span.end] == whole


def test_a_finding_without_a_letter_or_digit_is_none() -> None:
    assert in_whole_words("end. ", Span(3, 5, "PERSON", 0.9)) is None


def test_a_finding_grows_by_sixty_characters_to_either_side_at_most() -> None:
    text = "7" * 200
    span = in_whole_words(text, Span(100, 110, "ID", 0.9))
    assert span is not None
    assert (span.start, span.end) == (40, 170)
