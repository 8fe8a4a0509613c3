"""Clinical values stay in the text, dates and numbers beside them do not."""

import pytest

from fedaug.privacy.deid import Span
from fedaug.privacy.deid.clinical_values import without_clinical_values
from fedaug.privacy.deid.detect import Detector, united
from fedaug.privacy.deid.document import Document
from fedaug.privacy.deid.surrogates import Dates


def left(text: str, found: str, entity_type: str = "ID") -> str | None:
    start = text.index(found)
    spans = without_clinical_values(text, [Span(start, start + len(found), entity_type, 1.0)])
    return text[spans[0].start : spans[0].end] if spans else None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Constantes: TA 130/70, FC 80 lpm", "130/70"),
        ("TA: 120/80 mmHg", "TA: 120/80"),
        ("presión arterial de 120/80", "120/80"),
        ("BP 130/70 sitting", "/70"),
        ("blood pressure 142/91.", "142/91"),
        ("FC 80 lpm", "80"),
        ("HR 72, regular", "72"),
        ("SatO2 98 %", "98"),
        ("Tª 36,5 ºC", "36,5"),
        ("GCS 15/15", "15/15"),
        ("Glasgow 15/15", "/15"),
        ("MMSE 24/30", "24/30"),
        ("Apgar 9/10", "9/10"),
        ("Vision 20/40", "20/40"),
        ("Visión 20/40 en OD, 20/200 en OI", "20/200"),
        ("PIO 14/15", "14/15"),
        ("Sinemet 25/100 1-0-1", "25/100 1-0-1"),
        ("Emconcor 5/12,5 mg", "5/12,5"),
        ("Percocet 5/325 q6h", "5/325"),
        ("Seguril 1-1-0", "1-1-0"),
        ("Estadio T2N0M0", "T2N0M0"),
        ("fractura L4-L5", "L4-L5"),
        ("a las 10:30 come", "30"),
        ("TA el 13/07: 140/90", "140/90"),
        ("FC 80, FR 16, TA 130/70, 36.5, SatO2 98", "FR 16, TA 130/70, 36.5, SatO2 98"),
    ],
)
def test_a_clinical_value_is_left_out(text: str, found: str) -> None:
    assert left(text, found) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("TA el 13/07: 140/90", "13/07"),
        ("TA 13/07", "13/07"),
        ("TA 13/07/2023", "13/07/2023"),
        ("FC 12/05/2023", "12/05/2023"),
        ("BP 3/14 normal", "3/14"),
        ("AV 20/12", "20/12"),
        ("NHC 130/70", "130/70"),
        ("MRN 130/70", "130/70"),
        ("expediente 120/80", "120/80"),
        ("Sinemet desde 12/05 1-0-1", "12/05"),
        ("seen 3/14 daily since", "3/14"),
        ("T 91 234 56 78", "91 234 56 78"),
        ("FC 123456", "123456"),
        ("EVA 3/10", "EVA"),
        ("ref. 10:30:4A:2B:00:1F", "10:30:4A:2B:00:1F"),
        ("Calgary AB T2N0M0", "T2N0M0"),
        ("id 36.5.2.1", "36.5.2.1"),
        ("Dr. Lee", "Dr."),
    ],
)
def test_what_may_be_a_date_or_a_number_stays_found(text: str, found: str) -> None:
    assert left(text, found) == found


@pytest.mark.parametrize(
    ("text", "found", "remains"),
    [
        ("on 3/14: BP 140/90", "3/14: BP 140/90", "3/14"),
        ("Ana Gil GCS 15/15", "Ana Gil GCS 15/15", "Ana Gil"),
        ("TA 130/70 Ana", "70 Ana", "Ana"),
        ("3-4-2023 at 10:30", "3-4-2023 at 10:30", "3-4-2023"),
    ],
)
def test_a_value_at_the_end_of_a_finding_is_cut_off(text: str, found: str, remains: str) -> None:
    assert left(text, found, "DATE_TIME") == remains


def test_whatever_part_of_values_is_found_nothing_of_it_is_left() -> None:
    text = "TA 130/70 TA 140/80"
    for start in range(len(text)):
        for end in range(start + 1, len(text) + 1):
            kept = without_clinical_values(text, [Span(start, end, "ID", 0.5)])
            assert kept == [] or not any(map(str.isdigit, text[start:end]))


class _Sure:
    """Takes the given strings for identifiers, wherever they stand."""

    def __init__(self, **found: str) -> None:
        self._found = found

    def tag(self, texts: list[str]) -> list[list[Span]]:
        return [
            [
                Span(text.index(value), text.index(value) + len(value), entity_type, 1.0)
                for entity_type, value in self._found.items()
                if value in text
            ]
            for text in texts
        ]


def _found(language: str, text: str, **found: str) -> set[tuple[str, str]]:
    (reading,) = Detector(language, tagger=_Sure(**found)).read([Document(text)])
    assert not isinstance(reading, Exception)
    return {(text[span.start : span.end], span.entity_type) for span in united([reading])[0]}


def test_a_detector_leaves_values_and_labels_in_the_text_of_either_language() -> None:
    assert (
        _found("es", "TA 130/70. La Dra. de guardia. Cita: pendiente", ID="130/70", PERSON="Dra", LOCATION="Cita")
        == set()
    )
    assert _found("en", "BP 130/70. Phone: none", DATE_TIME="130/70", LOCATION="Phone") == set()
    assert _found("en", "Stage T2N0M0.") == set()
    # Two blood pressures, or a day and one, make a telephone number of some country.
    assert ("13/07 150/90", "PHONE_NUMBER") not in _found("en", "BP 13/07 150/90")


def test_a_spanish_date_with_hyphens_is_a_date_and_is_shifted() -> None:
    assert _found("es", "Cita el 3-4-2023.", ID="3-4-2023") == {("3-4-2023", "DATE_TIME")}
    assert Dates([(0, "3-4-2023")], "es").shifted(0, "3-4-2023", 20) == "23-4-2023"
