"""Class S gates: what is close to a record, what was planted, and which surrogates were used."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from fedaug.errors import ConfigError
from fedaug.privacy.vetting import Batch, GateClass, VerdictCode
from fedaug.privacy.vetting import closest as closest_module
from fedaug.privacy.vetting.closest import ClosestRecordGate
from fedaug.privacy.vetting.planted import PlantedGate, SurrogateGate


def unit_rows(count: int, seed: int, width: int = 16) -> NDArray[np.float32]:
    rows = np.random.default_rng(seed).standard_normal((count, width))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def batch(vectors: NDArray[np.float32]) -> Batch:
    return Batch(("",) * len(vectors), (), vectors)


def test_the_score_is_the_distance_to_the_closest_of_all_records(monkeypatch: pytest.MonkeyPatch) -> None:
    records, texts = unit_rows(300, 1), unit_rows(70, 2)
    brute = np.linalg.norm(texts[:, None].astype(np.float64) - records[None], axis=2).min(axis=1)
    for cells in (closest_module._CELLS, 1_000):  # all at once, and a few at a time
        monkeypatch.setattr(closest_module, "_CELLS", cells)
        scores = [verdict.score for verdict in ClosestRecordGate(records).judge(batch(texts))]
        assert scores == pytest.approx(brute.tolist(), abs=1e-5)


def test_a_copy_and_what_is_nearer_than_the_least_distance_are_too_close() -> None:
    record = np.array([[1, 0]], np.float32)
    texts = np.array([[1, 0], [math.cos(0.09), math.sin(0.09)], [math.cos(0.11), math.sin(0.11)]], np.float32)
    gate = ClosestRecordGate(record, least_distance=0.1)
    assert [verdict.code for verdict in gate.judge(batch(texts))] == [
        VerdictCode.TOO_CLOSE,
        VerdictCode.TOO_CLOSE,
        VerdictCode.PASSED,
    ]


def test_without_records_nothing_is_close() -> None:
    verdicts = ClosestRecordGate(np.zeros((0, 16), np.float32)).judge(batch(unit_rows(2, 3)))
    assert [(verdict.passed, verdict.score) for verdict in verdicts] == [(True, None)] * 2


def test_a_vector_that_is_no_number_counts_as_a_copy() -> None:
    broken = np.full((1, 16), np.nan, np.float32)
    assert not ClosestRecordGate(unit_rows(3, 1)).judge(batch(broken))[0].passed


@pytest.mark.parametrize("least", [-0.1, 2.1, math.nan])
def test_a_distance_out_of_range_is_refused(least: float) -> None:
    with pytest.raises(ConfigError, match="not 0 to 2"):
        ClosestRecordGate(unit_rows(1, 1), least_distance=least)
    with pytest.raises(ConfigError, match="was given none"):
        ClosestRecordGate(unit_rows(1, 1)).judge(Batch(("a",)))


PLANTED = ("MRN 12-345-678", "canary.kestrel@example.org", "+34 600 123 456", "Zoltán Brøgger-Ibáñez")


@pytest.mark.parametrize(
    "text",
    [
        "seen under mrn 12345678 in May",
        "seen under MRN12345678.",
        "MRN: 12 345 678",
        "write to Canary.Kestrel@EXAMPLE.org, please",
        "call (+34) 600-123-456 at noon",
        "ZOLTÁN BRØGGER IBÁÑEZ was there",
        "zolta\u0301n brøgger-iba\u0301n\u0303ez",  # the same letters, put together otherwise
        "the ＭＲＮ　１２-３４５-６７８ again",
    ],
)
def test_a_planted_identifier_is_found_whatever_its_case_spacing_and_punctuation(text: str) -> None:
    assert PlantedGate(PLANTED).judge(Batch((text,)))[0].code is VerdictCode.PLANTED


@pytest.mark.parametrize("text", ["", "...", "seen under MRN 12345", "the number 3412345678", "Zoltán Brøgger"])
def test_a_part_of_one_is_not(text: str) -> None:
    assert PlantedGate(PLANTED).judge(Batch((text,)))[0].passed


def test_strings_that_are_in_any_text_are_not_looked_for() -> None:
    assert PlantedGate(["42", "", "?!", "Al"]).judge(Batch(("at 42 Al said ?!",)))[0].passed


def test_a_surrogate_that_was_used_has_a_code_of_its_own() -> None:
    assert SurrogateGate(["Hollis Amberley"]).judge(Batch(("hollis amberley came",)))[0].code is (
        VerdictCode.SURROGATE_USED
    )


def test_none_says_which_string_or_text_it_was() -> None:
    said = repr(PlantedGate(PLANTED).judge(Batch(("mrn 12345678 zebrastripe",))))
    assert "12345678" not in said
    assert "zebra" not in said


@pytest.mark.parametrize("gate", [ClosestRecordGate(unit_rows(1, 1)), PlantedGate(PLANTED), SurrogateGate(PLANTED)])
def test_they_are_of_class_s(gate: ClosestRecordGate) -> None:
    assert gate.gate_class is GateClass.SITE_ONLY
