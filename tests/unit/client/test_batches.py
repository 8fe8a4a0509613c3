"""Batches: every record once, a subject's records together, and no more held than is said."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fedaug.client.batches import by_subject, in_order
from fedaug.client.records import Provenance, Record


def records(count: int, subjects: int, text: str = "fever") -> list[Record]:
    return [
        Record(str(row), f"s{row * 7 % subjects}", text, None, Provenance("notes.csv", row)) for row in range(count)
    ]


def rows(batch: list[Record]) -> list[int]:
    return [record.provenance.row for record in batch]


def test_batches_in_order_hold_every_record_once_and_are_bounded() -> None:
    batches = list(in_order(records(1_000, 10)))
    assert [row for batch in batches for row in rows(batch)] == list(range(1_000))
    assert [len(batch) for batch in batches] == [256, 256, 256, 232]


def test_long_texts_make_small_batches_and_one_too_long_is_alone() -> None:
    sizes = [len(batch) for batch in in_order(records(6, 1, "x" * 150_000))]
    assert sizes == [2, 2, 2]
    assert [len(batch) for batch in in_order(records(3, 1, "x" * 900_000))] == [1, 1, 1]


def test_batches_are_read_as_they_are_asked_for() -> None:
    read = 0

    def source() -> Iterator[Record]:
        nonlocal read
        for record in records(10_000, 10):
            read += 1
            yield record

    assert len(next(in_order(source()))) == 256
    assert read == 257


@pytest.mark.parametrize("passes", [1, 2, 7])
def test_a_subjects_records_are_together_in_their_order_however_many_passes(passes: int) -> None:
    given = records(1_000, 90)
    batches = list(by_subject(lambda: given, passes * 10, held_chars=10))
    seen = [record for batch in batches for record in batch]
    assert sorted(rows(seen)) == list(range(1_000))
    runs = [record.subject_id for record in seen]
    assert len([1 for i, name in enumerate(runs) if i == 0 or runs[i - 1] != name]) == 90, "a subject came twice"
    for subject in set(runs):
        own = [record.provenance.row for record in seen if record.subject_id == subject]
        assert own == sorted(own)
        assert sum(any(record.subject_id == subject for record in batch) for batch in batches) == 1


def test_more_passes_hold_fewer_records_at_once() -> None:
    given = records(1_000, 90)
    most = max(map(len, by_subject(lambda: given, 100, held_chars=10)))
    assert most <= 256
    read = 0

    def source() -> Iterator[Record]:
        nonlocal read
        read += 1
        yield from given

    assert sum(map(len, by_subject(source, 100, held_chars=10))) == 1_000
    assert read == 10


def test_a_subject_with_more_records_than_a_batch_is_not_divided() -> None:
    batches = list(by_subject(lambda: records(700, 2), 10))
    assert [len(batch) for batch in batches] == [350, 350]


def test_where_a_subject_falls_depends_on_it_alone() -> None:
    def together(given: list[Record]) -> list[str]:
        return [record.subject_id for batch in by_subject(lambda: given, 50, held_chars=10) for record in batch]

    every = together(records(90, 90))
    some = [record for record in records(90, 90) if int(record.subject_id[1:]) % 3]
    assert together(some) == [subject for subject in every if int(subject[1:]) % 3]
