import json
from collections import Counter
from itertools import chain
from pathlib import Path

import pytest

from fedaug.augmentation.generators.clinical_grammar import DIALECTS, templates, words
from fedaug.augmentation.generators.clinical_notes import (
    SECTION_WEIGHTS,
    ClinicalNotes,
    Habits,
    clinical_notes,
    write_notes,
)
from fedaug.errors import ConfigError

NOTES = list(clinical_notes(1_500, seed=7))


def test_the_same_seed_gives_the_same_notes_and_a_longer_corpus_begins_with_the_shorter() -> None:
    assert list(clinical_notes(300, seed=7)) == NOTES[:300]
    assert list(clinical_notes(300, seed=8)) != NOTES[:300]


def test_every_section_and_every_site_is_there_and_a_patient_has_one_site() -> None:
    assert {note.section_header for note in NOTES} == set(SECTION_WEIGHTS)
    assert {note.site for note in NOTES} == {f"site-{number}" for number in range(1, 6)}
    sites = {(note.subject_id, note.site) for note in NOTES}
    assert len(sites) == len({note.subject_id for note in NOTES}) < len(NOTES) / 2
    assert len({note.id for note in NOTES}) == len(NOTES)


def test_planted_identifiers_are_where_the_ground_truth_says() -> None:
    found = Counter(span.type for note in NOTES for span in note.identifiers)
    assert set(found) == {"PERSON", "DATE_TIME", "PHONE_NUMBER", "EMAIL_ADDRESS", "ID"}
    for note in NOTES:
        end = 0
        for span in note.identifiers:
            value = note.section_text[span.start : span.end]
            assert span.start >= end
            end = span.end
            assert value == value.strip() != ""
            shape = {"EMAIL_ADDRESS": "@", "PHONE_NUMBER": "555-01"}.get(span.type, "")
            assert shape in value
            assert value.isdigit() == (span.type == "ID")


def test_every_mail_address_and_phone_is_planted() -> None:
    for sign, kind in (("@", "EMAIL_ADDRESS"), ("555-01", "PHONE_NUMBER")):
        written = sum(note.section_text.count(sign) for note in NOTES)
        assert written == sum(span.type == kind for note in NOTES for span in note.identifiers) > 0


def test_no_slot_or_choice_is_left_open() -> None:
    assert not [note.id for note in NOTES if set("{}|\ue000\ue001\ue002") & set(note.section_text)]
    assert not [note.id for note in NOTES if note.section_text != " ".join(note.section_text.split())]


def test_the_corpus_is_varied() -> None:
    grams = [
        gram
        for note in NOTES
        for gram in zip(*(note.section_text.lower().split()[start:] for start in range(4)), strict=False)
    ]
    assert len(set(grams)) / len(grams) > 0.6
    assert len({note.section_text for note in NOTES}) / len(NOTES) > 0.95


def test_dialects_share_no_template_and_no_word() -> None:
    ward, clinic = DIALECTS
    for slot, entries in words(ward).items():
        assert entries
        assert not set(entries) & set(words(clinic)[slot])
    for section in templates().values():
        parts = [set(chain.from_iterable(section[dialect].values())) for dialect in DIALECTS]
        assert not parts[0] & parts[1]


def test_candidates_hold_nothing_of_the_corpus_and_no_identifier() -> None:
    made = [candidate.text for candidate in ClinicalNotes().generate(list(SECTION_WEIGHTS), 1)]
    corpus = {note.section_text for note in NOTES}
    assert not corpus & set(made)
    assert not [text for text in made if "@" in text or "555-01" in text or "Dr. " in text or "MRN 0" in text]


@pytest.mark.parametrize("label", ["GENHX", "history of present illness", "History of Present Illness"])
def test_a_header_is_known_by_its_code_and_in_words(label: str) -> None:
    assert {candidate.label for candidate in ClinicalNotes(20).generate([label], 1)} == {label}


def test_an_unknown_dialect_is_refused() -> None:
    with pytest.raises(ConfigError, match="use one of ward, clinic, both"):
        ClinicalNotes(dialect="french")


def test_tidy_habits_write_tidy_notes() -> None:
    shouting = list(clinical_notes(50, 1, habits=Habits(capitals=1.0)))
    assert all(note.section_text.isupper() for note in shouting if any(map(str.isalpha, note.section_text)))
    headed = list(clinical_notes(50, 1, habits=Habits(headed=1.0)))
    assert all(note.identifiers for note in headed)


def test_rows_are_written_as_jsonl_and_a_repr_shows_no_text(tmp_path: Path) -> None:
    assert write_notes(NOTES[:20], tmp_path / "notes.jsonl") == 20
    rows = [json.loads(line) for line in (tmp_path / "notes.jsonl").read_text("utf-8").splitlines()]
    assert [row["section_text"] for row in rows] == [note.section_text for note in NOTES[:20]]
    assert set(rows[0]) == {"id", "subject_id", "site", "section_header", "section_text", "identifiers"}
    assert all(set(span) == {"start", "end", "type"} for row in rows for span in row["identifiers"])
    assert not [note.id for note in NOTES if len(note.section_text) > 20 and note.section_text in repr(note)]
