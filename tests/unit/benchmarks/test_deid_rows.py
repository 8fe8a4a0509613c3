"""What the benchmark of de-identification counts, and at reduced counts the floors that it must not fall below.

The floors lie below what ``make prove`` asks for at full counts, by what so few texts may be off by chance.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from benchmarks.deid.corpora import disease_file, notes, presidio_synth
from benchmarks.deid.detection import WHOLE, scores, summary
from benchmarks.deid.innocent import mentions_flagged, tokens_flagged
from benchmarks.deid.spanish import joined
from benchmarks.deid.systems import Find, Findings, NameList, faker_names, ours, presidio
from benchmarks.deid.transcripts import held
from tools.ner_corpus.presidio import is_validation

from fedaug.privacy.deid.spans import Span

SYNTH, NOTES = 200, 60
TRUTH = {"name_first": "Katie", "name_last": "Marshall", "dob": "1979-09-27", "postcode": "W2 0AB"}


def nothing(texts: object) -> list[Findings]:
    return [[] for _ in texts]  # type: ignore[attr-defined]  # a sequence


@pytest.fixture(scope="module")
def find() -> Find:
    return ours()


def test_made_up_notes_are_covered(find: Find) -> None:
    found = summary(*scores(find, notes(NOTES), WHOLE["notes"]))
    assert found["whole_of"] > NOTES / 2
    assert found["recall"] >= 0.97
    assert found["precision"] >= 0.80
    assert found["person_recall"] >= 0.96
    assert found["whole"] >= 0.50
    assert found["quarantined"] == 0


@pytest.mark.skipif("FEDAUG_DATA" not in os.environ, reason="FEDAUG_DATA names no folder with presidio_synth")
def test_presidio_synth_is_covered_and_presidio_alone_does_not(find: Find) -> None:
    texts = presidio_synth()[:SYNTH]
    assert len(texts) == SYNTH
    found = summary(*scores(find, texts, WHOLE["presidio_synth"]))
    assert found["recall"] >= 0.96
    assert found["precision"] >= 0.85
    assert found["person_recall"] >= 0.95
    assert found["whole"] >= 0.90
    stock = summary(*scores(presidio(), texts, WHOLE["presidio_synth"]))
    assert stock["recall"] < 0.4


def test_a_system_that_finds_nothing_meets_no_floor() -> None:
    """A seeded defect: without it the floors above could hold over nothing."""
    found = summary(*scores(nothing, notes(20), WHOLE["notes"]))
    assert found["recall"] == found["person_recall"] == found["whole"] == 0
    assert found["precision"] is None


def test_the_halves_of_presidio_synth_share_no_template() -> None:
    halves = {half: {number for number in range(1_000) if is_validation(number) == half} for half in (True, False)}
    assert not halves[True] & halves[False]
    assert 400 < len(halves[True]) < 600


def test_a_token_is_flagged_if_any_of_its_characters_is() -> None:
    def find(texts: object) -> list[Findings]:
        return [[Span(2, 6, "PERSON", 0.5)]]

    found = tokens_flagged(find, ["one two three four"])
    assert found["tokens"] == 4
    assert found["tokens_flagged"] == 0.5
    assert found["tokens_flagged_by_type"] == {"PERSON": 0.5}


def test_disease_mentions_are_read_and_one_token_of_them_flags_them(tmp_path: Path) -> None:
    path = tmp_path / "part.tsv"
    path.write_text("The\tO\nGraves\tB-D\ndisease\tI-D\nand\tO\ngout\tB-D\n.\tO\n\nNo\tO\n", "utf-8")
    first, second = disease_file(path)
    assert first.text == "The Graves disease and gout ."
    assert [first.text[start:end] for start, end in first.mentions] == ["Graves disease", "gout"]
    assert second.mentions == ()

    def find(texts: object) -> list[Findings]:
        return [[Span(4, 10, "PERSON", 0.5)], []]

    assert mentions_flagged(find, [first, second])["mentions_flagged"] == 0.5


@pytest.mark.parametrize(
    ("item", "transcript", "values"),
    [
        ("name", "it's katie MARSHALL here", ["katie", "MARSHALL"]),
        ("name", "k i CI e narsi", []),
        ("dob", "the 27th of September 1979 please", ["27th of September 1979"]),
        ("dob", "27th of the 9th 1979", ["27th of the 9th 1979"]),
        ("dob", "9 27 1979", ["9 27 1979"]),
        ("dob", "27 September 79", []),
        ("dob", "26th September 1979", []),
        ("postcode", "uh w 2 0 a b yes", ["w 2 0 a b"]),
        ("postcode", "whiskey 2 0 alpha bravo", []),
    ],
)
def test_a_transcript_counts_only_if_it_holds_the_true_value(item: str, transcript: str, values: list[str]) -> None:
    assert [transcript[span.start : span.end] for span in held(transcript, item, TRUTH)] == values


def test_spans_with_only_punctuation_between_are_one_merged_span() -> None:
    spans = [Span(0, 3, "A", 1.0), Span(5, 8, "B", 1.0), Span(12, 14, "A", 1.0)]
    assert joined("Ann, Lee and Bo", spans) == [(0, 8), (12, 14)]


def test_the_list_of_names_finds_capitalised_names_and_joins_neighbours() -> None:
    assert {"jennifer", "garcía", "nguyễn"} & faker_names() >= {"jennifer", "garcía"}
    found = NameList(frozenset({"ann", "lee"})).analyze("Then Ann Lee saw ann and Lee.", [])
    assert [(one.start, one.end) for one in found] == [(5, 12), (25, 28)]
