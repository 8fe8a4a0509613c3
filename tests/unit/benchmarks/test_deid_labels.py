"""The labels are well formed, and fit the texts that they were made for."""

from __future__ import annotations

import csv
import hashlib
import json
import os
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
LABELS = ROOT / "benchmarks" / "deid" / "labels" / "mts_dialog.json"
TYPES = {
    "AGE",
    "DATE_TIME",
    "FACILITY",
    "ID",
    "LOCATION",
    "NRP",
    "ORGANIZATION",
    "PERSON",
    "PHONE_NUMBER",
    "PROFESSION",
    "TITLE",
}


@pytest.fixture(scope="module")
def records() -> dict[str, list[list[int | str]]]:
    read: dict[str, list[list[int | str]]] = json.loads(LABELS.read_text(encoding="utf-8"))["records"]
    return read


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    file = Path(os.environ.get("FEDAUG_DATA") or ROOT.parent / "shared" / "data") / "mts_dialog" / "train.csv"
    if not file.is_file():
        pytest.skip("the texts are not on this machine: set FEDAUG_DATA")
    content = file.read_bytes()
    assert hashlib.sha256(content).hexdigest() in json.loads(LABELS.read_text(encoding="utf-8"))["source"]
    rows = csv.DictReader(content.decode().splitlines(keepends=True))
    return {row["ID"]: row["section_text"] for row in rows}


def test_the_file_says_where_it_comes_from_and_keeps_one_record_a_line() -> None:
    content = LABELS.read_text(encoding="utf-8")
    read = json.loads(content)
    assert set(read) == {"source", "rule", "records"}
    assert "CC BY 4.0" in read["source"]
    assert "mts-annotation:" in read["rule"]
    assert list(read) == sorted(read)
    assert list(read["records"]) == sorted(read["records"])
    lines = [line.rstrip(",") for line in content.splitlines()]
    for key, spans in read["records"].items():
        assert json.dumps(key) + ":" + json.dumps(spans, separators=(",", ":")) in lines


def test_each_span_is_two_offsets_and_a_known_type(records: dict[str, list[list[int | str]]]) -> None:
    assert len(records) == 160
    for key, spans in records.items():
        for start, end, kind in spans:
            assert type(start) is int, key
            assert type(end) is int, key
            assert 0 <= start < end, key
            assert kind in TYPES, key


def test_the_spans_are_sorted_and_do_not_overlap(records: dict[str, list[list[int | str]]]) -> None:
    overlapping = [
        (key, before, after)
        for key, spans in records.items()
        for before, after in pairwise(spans)
        if int(before[1]) > int(after[0])
    ]
    assert overlapping == []


def test_the_records_are_those_that_the_rule_picks(
    records: dict[str, list[list[int | str]]], texts: dict[str, str]
) -> None:
    picked = sorted(texts, key=lambda key: hashlib.sha256(f"mts-annotation:{key}".encode()).hexdigest())[:160]
    assert set(records) == set(picked)


def test_the_spans_lie_within_the_texts_and_cover_whole_words(
    records: dict[str, list[list[int | str]]], texts: dict[str, str]
) -> None:
    for key, spans in records.items():
        text = texts[key]
        for span in spans:
            start, end = int(span[0]), int(span[1])
            assert end <= len(text), (key, span)
            assert text[start].isalnum(), (key, span)
            assert text[end - 1].isalnum(), (key, span)
            assert not text[max(0, start - 1) : start].isalnum(), (key, span)
            assert not text[end : end + 1].isalnum(), (key, span)
