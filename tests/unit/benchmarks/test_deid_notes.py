"""The evaluation notes of de-identification: labels that are exact, texts that are wide, and nobody forgotten."""

import re
from collections import Counter
from random import Random

import pytest
from benchmarks.deid.notes import LabelledSpan, Note, names, notes
from benchmarks.deid.notes.case import Case, identifies
from benchmarks.deid.notes.note import Piece
from benchmarks.deid.notes.numbers import NUMBERS, luhn
from benchmarks.deid.notes.places import region
from benchmarks.deid.notes.surface import dress
from benchmarks.deid.notes.template import Template, pools, templates

TYPES = {label for label, _ in NUMBERS.values()} | {
    "PERSON", "LOCATION", "ADDRESS", "ZIP_CODE", "FACILITY", "ORGANIZATION", "DATE_TIME", "AGE", "EMAIL_ADDRESS", "URL",
}  # fmt: skip
EPONYMS_AND_WORDS = {"addison", "graves", "barlow", "finkelstein", "mayfield", "little", "tanner", "chambers"}
PARTICLES = {"de", "la", "del", "van", "der", "bin", "st", "ni"}
SHAPES = {  # what an identifier of the type looks like, to catch a label that slid by a character
    "EMAIL_ADDRESS": r"[a-z._0-9-]+@[a-z-]+(\.[a-z-]+)+",
    "AGE": r"\d{1,2}|[a-z]+(-[a-z]+)?",
    "US_SSN": r"[\dx*]{3}[-\s]?[\dx*]{2}[-\s]?\d{4}",
    "IP_ADDRESS": r"[\da-f:]+|\d+(\.\d+){3}",
    "ZIP_CODE": r"\d{5}(-\d{4})?|[a-z]{2}\d{1,2}\s\d[a-z]{2}",
    "PHONE_NUMBER": r"[+(\d][\d\s().-]*\d",
    "FAX_NUMBER": r"[+(\d][\d\s().-]*\d",
    "VEHICLE_ID": r"[A-Z\d]+([\s-][A-Z\d]+)?",
}


@pytest.fixture(scope="module")
def many() -> list[Note]:
    return notes(300, seed=20)


def _held(note: Note, type_: str) -> list[str]:
    return [note.text[span.start : span.end] for span in note.spans if span.type == type_]


def test_spans_are_in_order_apart_and_without_blanks_at_their_ends(many: list[Note]) -> None:
    for note in many:
        before = 0
        for span in note.spans:
            assert before <= span.start < span.end <= len(note.text)
            assert note.text[span.start : span.end] == note.text[span.start : span.end].strip()
            before = span.end


@pytest.mark.parametrize("type_", sorted(SHAPES))
def test_a_span_holds_the_identifier_and_nothing_else(many: list[Note], type_: str) -> None:
    held = [text for note in many for text in _held(note, type_)]
    assert len(held) >= 20
    assert [text for text in held if not re.fullmatch(SHAPES[type_], text, re.IGNORECASE)] == []


def test_a_span_never_begins_or_ends_inside_a_word(many: list[Note]) -> None:
    for note in many:
        for span in note.spans:
            if span.type != "AGE":  # "67yo" and "67F" are words of their own
                around = note.text[max(span.start - 1, 0) : span.start + 1], note.text[span.end - 1 : span.end + 1]
                joined = [pair for pair in around if len(pair) == 2 and pair.isalnum()]
                assert joined in ([], [f"x{note.text[span.start]}"], [f"X{note.text[span.start]}"]), (
                    span.type
                )  # x4471 is an extension


def test_every_note_has_twenty_to_forty_identifiers_and_the_length_of_a_note(many: list[Note]) -> None:
    assert {len(note.spans) for note in many} <= set(range(20, 41))
    assert {len(note.text.split()) for note in many} <= set(range(200, 401))


def test_every_kind_of_document_and_of_identifier_occurs(many: list[Note]) -> None:
    assert len({note.kind for note in many}) >= 18
    counts = Counter(span.type for note in many for span in note.spans)
    assert set(counts) == TYPES
    assert len(TYPES) == 27
    assert min(counts.values()) >= 10


def test_the_same_seed_gives_the_same_notes_and_another_seed_others() -> None:
    assert notes(12, seed=3) == notes(12, seed=3)
    assert notes(12, seed=3)[:5] == notes(5, seed=3)
    assert not {note.text for note in notes(12, seed=3)} & {note.text for note in notes(12, seed=4)}


def test_no_two_notes_are_alike(many: list[Note]) -> None:
    assert len({note.text for note in many}) == len(many)


def test_every_person_stands_in_the_list_of_names(many: list[Note]) -> None:
    known, seen = names(), set()
    for note in many:
        for text in _held(note, "PERSON"):
            for token in re.split(r"[\s,.]+", text.lower()):
                parts = [token] if token in known else token.split("-")
                assert all(len(part) <= 1 or part in known or part in PARTICLES for part in parts)
                seen |= set(parts) & known
    assert len(seen) >= 400


def test_no_surname_that_is_labelled_once_stands_unlabelled_elsewhere(many: list[Note]) -> None:
    checked = 0
    for note in many:
        cuts = [0, *(place for span in note.spans for place in (span.start, span.end)), len(note.text)]
        outside = " ".join(note.text[start:end] for start, end in zip(cuts[0::2], cuts[1::2], strict=True))
        for last in {text.split()[-1] for text in _held(note, "PERSON")}:
            if len(last) > 5 and last.lower() not in EPONYMS_AND_WORDS:
                assert not re.search(rf"\b{re.escape(last)}\b", outside)
                checked += 1
    assert checked > 1000


def test_the_fields_of_every_text_and_pool_can_be_filled() -> None:
    texts = [(template.flags, template.text) for variants in templates().values() for template in variants]
    assert len(texts) >= 50
    case = Case(Random(0))
    for text in [text for _, text in texts] + [line for lines in pools().values() for line in lines]:
        for field in re.findall(r"\{([^{}@]+)\}", text):
            piece = case.fill(field)
            assert identifies(field) == (piece.type is not None)
            assert piece.type is None or piece.type in TYPES


def test_a_text_without_fields_carries_no_label() -> None:
    pieces = Template("plain", frozenset(), "Seen [today~today]. BP {#100-120}/80, {pt.He} is well.").pieces(Random(1))
    assert [piece.type for piece in pieces if piece.type] == []


@pytest.mark.parametrize("seed", range(40))
def test_labels_move_with_the_text_through_every_style(seed: int) -> None:
    pieces = [Piece("Seen by "), Piece("Łukasz Großmann", "PERSON"), Piece(", who " + "said much " * 20 + "to "),
              Piece("Bjørn Haugen", "PERSON"), Piece(".\n")]  # fmt: skip
    note = dress(pieces, "x", Random(seed))
    found = [note.text[span.start : span.end].replace("\n", " ").lower().replace("ß", "ss") for span in note.spans]
    assert found == ["łukasz grossmann", "bjørn haugen"]


def test_check_digits_are_right() -> None:
    assert luhn("7992739871") == "79927398713"
    random = Random(5)
    for uk in (False, True):
        where = region(random, uk)
        iban = NUMBERS["iban"][1](random, where).replace(" ", "")
        assert int("".join(str(int(char, 36)) for char in iban[4:] + iban[:4])) % 97 == 1
    routing = NUMBERS["aba"][1](random, region(random, False))
    assert sum(int(char) * weight for char, weight in zip(routing, (3, 7, 1) * 3, strict=True)) % 10 == 0
    card = re.sub(r"\D", "", NUMBERS["card"][1](random, region(random, False)))
    assert luhn(card[:-1]) == card
    assert len(NUMBERS["vin"][1](random, region(random, False))) == 17


def test_a_span_says_where_it_is_and_what() -> None:
    assert LabelledSpan(0, 3, "AGE") == LabelledSpan(start=0, end=3, type="AGE")
