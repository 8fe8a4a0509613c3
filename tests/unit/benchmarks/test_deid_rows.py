"""What the benchmark of de-identification counts, and at reduced counts the floors that it must not fall below.

The floors lie below what ``make prove`` asks for at full counts, by what so few texts may be off by chance.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from benchmarks.deid import spanish, transcripts
from benchmarks.deid.corpora import disease_file, notes, presidio_synth
from benchmarks.deid.detection import WHOLE, scores, summary
from benchmarks.deid.innocent import mentions_flagged, tokens_flagged
from benchmarks.deid.spanish import joined
from benchmarks.deid.systems import Find, Findings, NameList, faker_names, ours, presidio
from benchmarks.deid.transcripts import held
from benchmarks.deid.under_policy import UnderPolicy
from tools.ner_corpus.presidio import is_validation

from fedaug.privacy.deid.policies import load_policy
from fedaug.privacy.deid.policies.load import DEFAULT_POLICY
from fedaug.privacy.deid.scoring import LabelledText, Scorer
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


def _spans(text: str, *found: tuple[str, str]) -> tuple[Span, ...]:
    return tuple(Span(start := text.index(value), start + len(value), kind, 1.0) for value, kind in found)


def _under_default_policy(text: str, labels: tuple[Span, ...], found: tuple[Span, ...]) -> dict[str, object]:
    narrowed, scorer = UnderPolicy(load_policy(DEFAULT_POLICY)), Scorer()
    scorer.add(*narrowed(LabelledText(text, labels), list(found)))
    return narrowed.figures(scorer.score(), scorer.score())


def test_a_name_that_was_found_only_as_what_the_policy_keeps_is_a_leak() -> None:
    text = "Dr Pa saw Ann Lee."
    labels = _spans(text, ("Dr", "TITLE"), ("Pa", "PERSON"), ("Ann Lee", "PERSON"))
    found = _spans(text, ("Dr Pa", "TITLE"), ("Ann Lee", "PERSON"))
    figures = _under_default_policy(text, labels, found)
    assert figures["recall"] == pytest.approx(6 / 8)
    assert figures["whole"] == 0
    assert figures["labels_kept_by_decision"] == {"TITLE": 1}
    assert scores(lambda _: [list(found)], [LabelledText(text, labels)], 1)[0].overall["characters"].recall == 1


def test_what_the_policy_leaves_by_decision_is_not_asked_for_and_what_it_takes_out_is() -> None:
    text = "Aged 45 in 2019, then 93 on 3/4/2021 at 94107."
    labels = _spans(
        text, ("45", "AGE"), ("2019", "DATE_TIME"), ("93", "AGE"), ("3/4/2021", "DATE_TIME"), ("94107", "ZIP_CODE")
    )
    missed = _under_default_policy(text, labels, ())
    assert missed["labels_kept_by_decision"] == {"AGE": 1, "DATE_TIME": 1}
    assert missed["recall"] == missed["whole"] == 0
    caught = _under_default_policy(text, labels, labels)
    assert caught["recall"] == caught["whole"] == 1


def test_a_number_that_was_found_as_an_age_under_90_stays_and_is_a_leak() -> None:
    text = "Ask for ward code 45 please."
    assert _under_default_policy(text, _spans(text, ("45", "ID")), _spans(text, ("45", "AGE")))["recall"] == 0


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


def test_each_item_of_the_transcripts_has_a_floor_that_fails_below_it_and_where_nothing_was_measured() -> None:
    good = {item: {"recall": least} for item, least in transcripts.LEAST.items()}
    assert set(good) == {"name", "dob", "postcode"}
    assert all(transcripts.bars(good).values())
    for item, least in transcripts.LEAST.items():
        low = transcripts.bars({**good, item: {"recall": least - 0.001}})
        assert [bar for bar, met in low.items() if not met] == [f"{item} recall {least:.2f}"]
        assert sum(transcripts.bars({name: each for name, each in good.items() if name != item}).values()) == 2


def test_names_are_new_if_the_training_part_lacks_them_and_of_new_words_if_it_lacks_each() -> None:
    train, text = "Vio a Ana Gil Ros. Firma: Pau Mas.", "ANA  GIL vino. Eva Gil, no. J. Zúñiga de la Fe."
    trained = [LabelledText(train, _spans(train, ("Ana Gil Ros", "PERSON"), ("Pau Mas", "PERSON")))]
    labels = _spans(text, ("ANA  GIL", "PERSON"), ("Eva Gil", "PERSON"), ("J. Zúñiga de la Fe", "PERSON"))
    figures = spanish.names_by_novelty(trained, [LabelledText(text, labels)], [[labels[0], labels[2]]])
    assert {kind: figures[kind]["names"] for kind in ("seen", "new", "of_new_words")} == {
        "seen": 1,
        "new": 2,
        "of_new_words": 1,
    }
    assert figures["share_seen_in_training"] == pytest.approx(1 / 3)
    assert figures["seen"]["recall"] == figures["of_new_words"]["recall"] == 1
    assert 0 < figures["new"]["recall"] < 1


def test_reports_that_share_a_signature_with_training_are_left_out_of_the_f1_apart() -> None:
    signature = "Dra. Ana Gil Ros, Servicio de Urología, Hospital de Santa Clara, Calle Mayor 3, Toledo"
    texts = [LabelledText(f"{name} vino.\n{signature}", (Span(0, 3, "PERSON", 1.0),)) for name in ("Eva", "Leo")]
    texts.append(LabelledText("Pau vino.", (Span(0, 3, "PERSON", 1.0),)))
    found: list[Findings] = [[], [], [Span(0, 3, "PERSON", 1.0)]]
    trained = [LabelledText(f"Informe.\n{signature}", ())]
    assert spanish.reports_apart(trained, texts, found) == {"reports": 1, "f1": 1.0}


def test_spans_with_only_punctuation_between_are_one_merged_span() -> None:
    spans = [Span(0, 3, "A", 1.0), Span(5, 8, "B", 1.0), Span(12, 14, "A", 1.0)]
    assert joined("Ann, Lee and Bo", spans) == [(0, 8), (12, 14)]


def test_the_list_of_names_finds_capitalised_names_and_joins_neighbours() -> None:
    assert {"jennifer", "garcía", "nguyễn"} & faker_names() >= {"jennifer", "garcía"}
    found = NameList(frozenset({"ann", "lee"})).analyze("Then Ann Lee saw ann and Lee.", [])
    assert [(one.start, one.end) for one in found] == [(5, 12), (25, 28)]
