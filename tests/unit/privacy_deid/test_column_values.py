"""What a column gives is found in the text however the text writes it, and what only looks like it stays."""

import pytest

from fedaug.privacy.deid import Deidentifier
from fedaug.privacy.deid.column_values import days_and_ages, sought_from_columns
from fedaug.privacy.deid.document import Document, Known
from fedaug.privacy.deid.propagate import occurrences


def found(text: str, value: str, entity_type: str) -> list[str]:
    known = [Known(value, entity_type)]
    spans = {*occurrences(text, sought_from_columns(known)), *days_and_ages(text, known)}
    longest = [one for one in spans if not any(_within((one.start, one.end), (o.start, o.end)) for o in spans)]
    return [text[span.start : span.end] for span in sorted(longest)]


def _within(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one != other and other[0] <= one[0] and one[1] <= other[1]


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("Mr Young was seen. We told Young so. Young denies pain. Young's wife left.", "Will Young", ["Young"] * 4),
        ("Saw Will at home; Will was well.", "Will Young", ["Will", "Will"]),
        ("WILL YOUNG, then Young, Will, then Will Young", "Will Young", ["WILL YOUNG", "Young, Will", "Will Young"]),
        ("seen with rose zelman today", "Rose Zelman", ["rose zelman"]),
        ("Patient: Young\nHusband told Rose.", "Rose Young", ["Young", "Rose"]),
        ("Dr Ng saw Ng. Ng, a teacher", "Wei Ng", ["Ng", "Ng", "Ng"]),
        ("li was seen, mrs li left", "Mei Li", ["li", "li"]),
        ("Mrs Do came. Anh Do left.", "Anh Do", ["Do", "Anh Do"]),
        ("We met May there. Mrs. May left.", "May Zelman", ["May", "May"]),
    ],
)
def test_a_name_that_is_an_ordinary_or_a_short_word_is_found(text: str, value: str, expected: list[str]) -> None:
    assert found(text, value, "PERSON") == expected


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Will follow up. She will go.\nWill need help; Plan: Will see in clinic.", "Will Young"),
        ("A young man. Young woman, young. Young, healthy. the Young Adult Clinic. THE YOUNG PATIENT", "Will Young"),
        ("In May he came. in May 2020, 3 May, since May. May 5. May need surgery.", "May Zell"),
        ("an NG tube. ng feeds, Seen", "Wei Ng"),
        ("Li 0.8 mmol; Na li K", "Mei Li"),
        ("DO NOT RESUSCITATE. Do not wake. What to do. Do Not", "Anh Do"),
        ("La paciente de la sala. De nuevo", "Juan de la Torre"),
        ("will young patients come? Seen", "Will Young"),
    ],
)
def test_the_word_of_the_language_stays(text: str, value: str) -> None:
    assert found(text, value, "PERSON") == []


def test_a_place_that_is_an_ordinary_word_is_found_with_its_capital() -> None:
    text = "Lives in Bath. He had a bath, reading a book. Bath water."
    assert found(text, "Bath", "LOCATION") == ["Bath"]
    assert found("Born in Ely; ely.", "Ely", "LOCATION") == ["Ely"]


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("chart 4711, MRN: 4711. (4711)", "4711", ["4711"] * 3),
        ("14711; 4711.5; 4711/2; 4711 mg; $4711; 4711-2; 47112; 4711%", "4711", []),
        ("in 2019 and 2019-03; MRN 2019", "2019", ["2019"]),
        ("room 312, 312 mL", "312", ["312"]),
        ("12-345, 12 345, 12345, 12345; 1234 5", "MRN 12-345", ["12-345", "12 345", "12345", "12345", "1234 5"]),
        ("1 2 3 4 5, 1-2-3-4-5; 12-34-5", "12345", ["12-34-5"]),
        ("aged 47, 47 mg", "47", []),
    ],
)
def test_a_short_number_is_found_alone_and_a_longer_one_in_any_parts(
    text: str, value: str, expected: list[str]
) -> None:
    assert found(text, value, "MEDICAL_RECORD_NUMBER") == expected


STYLES = (
    "1979-09-27", "27/09/79", "9/27/1979", "27.9.79", "September 27, 1979", "27th of September 1979", "Sept 27 '79",
    "27-SEP-1979", "19790927", "27 de septiembre de 1979", "27 septiembre 1979", "September 27",
)  # fmt: skip


@pytest.mark.parametrize("column", ["1979-09-27", "27/09/1979", "Sep 27, 1979", "1979-09-27T00:00:00"])
def test_a_day_is_found_in_every_style(column: str) -> None:
    text = "; ".join(f"on {style}" for style in STYLES)
    assert found(text, column, "DATE_TIME") == list(STYLES)


def test_another_day_and_what_is_no_day_stay() -> None:
    text = "on 1979-09-28, 27/10/79, September 27, 1980, 9/27 of 1 to 9, 27 mg, September 1979, 1979"
    assert found(text, "1979-09-27", "DATE_TIME") == []


def test_a_day_whose_order_is_open_is_found_in_either() -> None:
    assert found("on 3/4/1979 or 4/3/1979", "1979-03-04", "DATE_TIME") == ["3/4/1979", "4/3/1979"]


@pytest.mark.parametrize("column", ["47", "47 years"])
def test_an_age_is_found_beside_a_word_that_makes_it_one(column: str) -> None:
    text = "47-year-old, 47 y/o, 47F, aged 47, Ann (47), Ann, 47, came, forty-seven years old, edad: 47"
    assert found(text, column, "AGE") == ["47", "47", "47F", "47", "47", "47", "forty-seven", "47"]
    assert found("47 mg, HR 47, 147, 47/80, 47.5, for 47 years, 47 pack years", column, "AGE") == []


def test_an_age_in_months_is_not_taken_for_years() -> None:
    assert found("aged 6", "6 months", "AGE") == []


def test_values_of_columns_go_from_the_text_of_a_record() -> None:
    known = (Known("Will Young", "PERSON"), Known("4711", "MEDICAL_RECORD_NUMBER"))
    text = Deidentifier(neural=False).deidentify(Document("4711 came; Will was well and will rest.", known=known))
    assert text == "[MEDICAL_RECORD_NUMBER] came; [PERSON] was well and will rest."
