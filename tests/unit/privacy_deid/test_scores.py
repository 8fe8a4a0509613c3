"""Scores are those that the definitions give, worked out by hand or by brute force."""

import random

import pytest
from rich.console import Console

from fedaug.errors import QuarantinedRecord
from fedaug.privacy.deid.scoring import Counts, LabelledText, Score, Scorer, f_beta, rates, score_table
from fedaug.privacy.deid.spans import Span, resolve
from fedaug.privacy.wilson import wilson

TEXT = "Ann Lee, born 3/14, MRN 12-345."
NAME, DATE, NUMBER = Span(0, 7, "PERSON", 1.0), Span(14, 18, "DATE_TIME", 1.0), Span(24, 30, "ID", 1.0)


def scored(*found: Span, labels: tuple[Span, ...] = (NAME, DATE, NUMBER), text: str = TEXT) -> Score:
    scorer = Scorer()
    scorer.add(LabelledText(text, labels), found)
    return scorer.score()


def test_what_is_found_whole_scores_one_at_every_level() -> None:
    score = scored(NAME, DATE, NUMBER)
    for found in score.overall.values():
        assert (found.recall, found.precision, found.f2) == (1, 1, 1)
    assert score.documents.without_leak == 1


def test_blanks_and_punctuation_inside_an_identifier_count_for_nothing() -> None:
    parts = [Span(0, 3, "PERSON", 1.0), Span(4, 7, "PERSON", 1.0), Span(24, 26, "ID", 1.0), Span(27, 30, "ID", 1.0)]
    score = scored(*parts, Span(14, 15, "DATE_TIME", 1.0), Span(16, 18, "DATE_TIME", 1.0))
    assert score.overall["characters"].recall == 1
    assert score.documents.without_leak == 1
    assert score.overall["strict"].recall == 0


def test_one_digit_in_clear_is_a_leak() -> None:
    score = scored(NAME, DATE, Span(24, 29, "ID", 1.0))
    assert score.documents.without_leak == 0
    assert score.overall["overlap"].recall == 1
    assert score.overall["characters"].recall == 13 / 14  # 6 letters of the name, 3 digits, 5 digits
    assert score.types["ID"]["characters"].recall == 4 / 5


def test_a_blank_that_is_covered_finds_nothing() -> None:
    assert scored(Span(3, 4, "PERSON", 1.0)).overall["overlap"].recall == 0


def test_a_finding_of_another_type_covers_but_is_not_typed() -> None:
    score = scored(Span(0, 7, "ORGANIZATION", 1.0))
    person, organisation = score.types["PERSON"], score.types["ORGANIZATION"]
    assert (person["overlap"].recall, person["typed"].recall, person["strict"].recall) == (1, 0, 1)
    assert person["strict_typed"].recall == 0
    assert (organisation["overlap"].precision, organisation["typed"].precision) == (1, 0)
    assert (person["overlap"].precision, organisation["overlap"].recall) == (None, None)


def test_what_was_not_labelled_costs_precision_only() -> None:
    score = scored(NAME, DATE, NUMBER, Span(20, 23, "ID", 1.0))
    assert score.overall["overlap"].precision == 3 / 4
    assert score.overall["characters"].precision == 14 / 17
    assert score.overall["overlap"].recall == 1


def test_overlapping_findings_count_as_the_one_that_replaces_them() -> None:
    score = scored(Span(0, 3, "PERSON", 0.9), Span(2, 7, "LOCATION", 0.5))
    assert score.overall["overlap"].counts.found == 1
    assert score.overall["strict_typed"].recall == 1 / 3


def test_a_character_under_two_labels_counts_once_over_all_types() -> None:
    score = scored(NAME, labels=(NAME, Span(4, 7, "FAMILY", 1.0)))
    assert score.overall["characters"].counts == Counts(labelled=6, hit=6, found=6, right=6)
    assert score.types["FAMILY"]["characters"].counts.labelled == 3


def test_a_record_that_was_set_aside_is_counted_and_in_no_rate() -> None:
    scorer = Scorer()
    scorer.add(LabelledText(TEXT, (NAME,)), QuarantinedRecord("failed", "keep it out"))
    scorer.add(LabelledText(TEXT, (NAME,)), [])
    score = scorer.score()
    assert score.documents.quarantined == 1
    assert score.documents.scored == 1
    assert score.overall["overlap"].counts.labelled == 1


def test_a_text_without_identifiers_is_none_that_came_through_whole() -> None:
    score = scored(labels=())
    assert score.documents.scored == 1
    assert score.documents.with_identifiers == 0
    assert score.documents.share is None
    assert score.as_json()["documents"]["share_interval"] is None


def test_scores_agree_with_a_count_of_every_character_by_brute_force() -> None:
    draw = random.Random(5)
    for _ in range(200):
        text = "".join(draw.choice("ab1 -.") for _ in range(30))
        labels, found = (
            [Span(s, s + draw.randint(1, 6), draw.choice("PQ"), 0.5) for s in draw.sample(range(24), 4)]
            for _ in range(2)
        )
        score = scored(*found, labels=tuple(labels), text=text)
        kept = [any(s.start <= i < s.end for s in labels) and c.isalnum() for i, c in enumerate(text)]
        covered = [any(s.start <= i < s.end for s in found) and c.isalnum() for i, c in enumerate(text)]
        both = sum(a and b for a, b in zip(kept, covered, strict=True))
        assert score.overall["characters"].counts == Counts(sum(kept), both, sum(covered), both)
        assert score.documents.without_leak == (both == sum(kept))
        assert score.overall["typed"].counts.found == len(resolve(found))


def test_f2_weighs_recall_twice() -> None:
    assert f_beta(0.5, 1.0) == pytest.approx(5 * 0.5 / (4 * 0.5 + 1))
    assert f_beta(1.0, 0.5) < f_beta(0.5, 1.0)  # type: ignore[operator]  # neither is None here
    assert f_beta(0.0, 0.0) == 0
    assert f_beta(None, 1.0) is None


def test_an_interval_of_characters_counts_spans_since_a_spans_characters_are_missed_together() -> None:
    found = rates(Counts(1000, 900, 1000, 900), Counts(100, 90, 100, 90))
    assert found.recall_interval == wilson(0.9, 100)


def test_the_table_shows_types_and_no_text() -> None:
    console = Console(width=80, record=True)
    console.print(score_table(scored(NAME, Span(24, 30, "MEDICAL_RECORD_NUMBER", 1.0)), records_per_s=12.0))
    shown = console.export_text()
    assert "MEDICAL_RECORD_NUMBER" in shown
    assert "0 of 1 that hold identifiers" in shown
    assert "Ann" not in shown
    assert all(len(line) <= 80 for line in shown.splitlines())
