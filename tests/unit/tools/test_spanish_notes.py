"""Generated Spanish notes: exact spans after MEDDOCAN's conventions, and nothing marked that identifies nobody."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from random import Random

import pytest
from tools.ner_corpus import excluded, spanish_case, spanish_notes
from tools.ner_corpus.example import SPANISH_LABELS, Example, names_nobody_of

TITLES = re.compile(r"(?i)^(?:dr|dra|doctora?|sra?|srta|señora?|don|doña|dña|dª|d)[.\s]")
FIELDS = re.compile(r"(?i)^(?:cita|tel[ée]fono|tfno|paciente|nhc(?!-)|dni|cip|nuhsa|fecha|edad|sexo|domicilio)\b")
CLINICAL = re.compile(
    r"(?i)\b(?:ta|fc|sato2|glasgow|gcs|ecog|barthel|sinemet|l4-l5|mmhg|lpm|mg|murphy|foley|parkinson)\b|\d:\d\d"
)


@pytest.fixture(scope="module")
def drawn() -> list[Example]:
    """Two thousand notes of any kind."""
    rng = Random(21)
    return [spanish_notes.note(rng) for _ in range(2000)]


def _found(examples: list[Example], *labels: str) -> Iterator[str]:
    for example in examples:
        yield from (example.text[start:end] for start, end, label in example.spans if label in labels)


@pytest.mark.parametrize("kind", sorted(spanish_notes.KINDS))
def test_every_kind_of_note_has_exact_ordered_spans_of_known_labels(kind: str) -> None:
    rng = Random(12)
    for _ in range(80):
        example = spanish_notes.note(rng, kind)
        end = 0
        assert example.known == SPANISH_LABELS
        for start, stop, label in example.spans:
            assert end <= start < stop <= len(example.text)
            assert example.text[start:stop] == example.text[start:stop].strip() != ""
            assert label in SPANISH_LABELS
            end = stop


def test_notes_of_values_doses_and_eponyms_alone_have_no_span_of_a_name_number_or_day() -> None:
    rng = Random(4)
    notes = [spanish_notes.note(rng, "nada") for _ in range(800)]
    assert not list(_found(notes, "PERSON", "LOCATION", "ORGANIZATION", "DATE_TIME", "AGE", "ID", "FAMILY"))
    text = "\n".join(note.text for note in notes)
    kinds = ("sinemet", r"glasgow|gcs", "parkinson", "foley", r"20/\d\d", "lpm", "ecog", "cita", "murphy", "l4-l5")
    assert [kind for kind in kinds if not re.search(kind, text, re.IGNORECASE)] == []


def test_a_title_or_the_label_of_a_field_is_no_part_of_a_name(drawn: list[Example]) -> None:
    people = list(_found(drawn, "PERSON"))
    assert len(people) > 3000
    assert not [name for name in people if TITLES.match(name) and not name.casefold().startswith("d.")]
    assert not [name for name in _found(drawn, "PERSON", "LOCATION", "ID") if FIELDS.match(name)]
    assert sum("dra" in example.text.casefold() for example in drawn) > 200


def test_no_clinical_value_is_an_identifier(drawn: list[Example]) -> None:
    marked = list(_found(drawn, "DATE_TIME", "AGE"))
    assert not [text for text in marked if CLINICAL.search(text)]


def test_relatives_by_name_and_hyphenated_dates_occur(drawn: list[Example]) -> None:
    pairs = [
        (example.text[one[0] : one[1]], example.text[two[0] : two[1]])
        for example in drawn
        for one, two in zip(example.spans, example.spans[1:], strict=False)
        if (one[2], two[2]) == ("FAMILY", "PERSON") and two[0] - one[1] <= 2
    ]
    assert len(pairs) > 100
    days = list(_found(drawn, "DATE_TIME"))
    assert sum(bool(re.fullmatch(r"\d{1,2}-\d{1,2}-\d{4}", day)) for day in days) > 30
    assert sum(bool(re.fullmatch(r"\d{1,2} de \w+ de \d{4}", day)) for day in days) > 30


def test_an_age_is_marked_with_its_unit_and_sex_by_its_word(drawn: list[Example]) -> None:
    ages = list(_found(drawn, "AGE"))
    assert sum("años" in age.casefold() or "anos" in age.casefold() for age in ages) > 0.6 * len(ages)
    assert {"mujer", "varón", "H", "M"} <= set(_found(drawn, "SEX"))


def test_street_post_code_and_town_are_identifiers_of_their_own() -> None:
    case = spanish_case.SpanishCase(Random(3))
    pieces = [piece for _ in range(40) for piece in case.fill("address")]
    assert any(re.fullmatch(r"\d{5}", text) and label == "LOCATION" for text, label in pieces)
    assert not any("," in text and re.search(r"\d{5}", text) for text, label in pieces if label)


def test_an_identity_number_has_its_control_letter() -> None:
    rng, seen = Random(8), 0
    for _ in range(300):
        ((text, _),) = spanish_case.SpanishCase(rng).fill("dni")
        plain = re.fullmatch(r"(\d{7,8})([A-Z])", re.sub(r"[-. ]", "", text).upper())
        if plain:
            seen += 1
            assert plain[2] == "TRWAGMYFPDXBNJZSQVHLCKE"[int(plain[1]) % 23]
    assert seen > 150


def test_every_slot_of_the_grammar_is_filled() -> None:
    assert spanish_notes.grammar().slots() <= spanish_case.SLOTS
    case = spanish_case.SpanishCase(Random(1))
    assert all(case.fill(slot) for slot in spanish_notes.grammar().slots())


def test_notes_are_the_same_for_a_seed_whatever_the_order_of_sets() -> None:
    program = (
        "import hashlib; from random import Random; from tools.ner_corpus.spanish_notes import note;"
        "rng = Random(5); drawn = [(each.text, each.spans) for each in (note(rng) for _ in range(200))];"
        "print(hashlib.sha256(repr(drawn).encode()).hexdigest())"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", program], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(printed) == 1


def test_notes_seldom_draw_a_name_of_the_evaluation(drawn: list[Example]) -> None:
    kept = excluded.excluded_names()
    assert sum(names_nobody_of(example, kept) for example in drawn) > 0.9 * len(drawn)
