"""The sealed store: nothing of a record on the disk, and every change to a file noticed."""

from __future__ import annotations

import random
import shutil
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from fedaug.client.records import Provenance, Record
from fedaug.client.sealing import CHUNK_BYTES
from fedaug.client.store import SealedStore
from fedaug.errors import DefectError, NotPrepared, SealError
from fedaug.privacy.keys import WRAPPED_BYTES, KeyRing

LINEAGE = "6f" * 16
PLANTED = "Mrs Quimby of 12 Elm Street has asthma"
HEADER = 8 + WRAPPED_BYTES
FULL = CHUNK_BYTES + 16


def record(row: int, text: str = PLANTED) -> Record:
    return Record(
        f"id-{row}",
        f"patient-{row % 3}",
        text,
        "plan",
        Provenance("notes.csv", row),
        {"ward": "intensive care", "age": 7.5},
    )


@pytest.fixture
def keys(tmp_path: Path) -> KeyRing:
    return KeyRing.create(tmp_path / "site", b"passphrase", scrypt_n=2)


@pytest.fixture
def store(tmp_path: Path, keys: KeyRing) -> SealedStore:
    return SealedStore(tmp_path / "store", keys, LINEAGE)


@pytest.fixture
def long_file(tmp_path: Path, store: SealedStore) -> Path:
    """Records over four chunks."""
    store.write_records(record(row, PLANTED + "x" * 50_000) for row in range(70))
    path = tmp_path / "store" / "records.sealed"
    assert path.stat().st_size > 3 * FULL
    return path


def test_records_come_back_as_they_were(store: SealedStore) -> None:
    written = [
        record(1),
        Record("2", "2", "naïve\n\u2028 心 \0", None, Provenance("é.csv", 2)),
        Record("3", "3", "number", 0.1, Provenance("a", 3), {"x": None}),
    ]
    assert not store.has_records()
    assert store.write_records(written) == 3
    assert store.has_records()
    assert list(store.records()) == written
    assert list(store.records()) == written


def test_empty_store_is_told_from_one_that_was_not_written(store: SealedStore) -> None:
    with pytest.raises(NotPrepared, match="FA215"):
        next(store.records())
    assert store.write_records([]) == 0
    assert list(store.records()) == []


@pytest.mark.parametrize("size", [0, 1, 2, 3])
def test_texts_that_end_at_a_chunks_edge_come_back(store: SealedStore, size: int) -> None:
    plain = len(b'["id-1","patient-1","","plan","notes.csv",1,{"ward":"intensive care","age":7.5}]\n')
    text = "y" * (CHUNK_BYTES - plain - 1 + size)
    written = [record(1, text), record(2, "z")]
    store.write_records(written)
    assert list(store.records()) == written


@pytest.mark.parametrize(
    "values",
    [
        np.arange(12, dtype=np.float32).reshape(3, 4),
        np.arange(12, dtype=np.float64).reshape(3, 4).T,
        np.zeros((0, 384), np.float32),
        np.float64(3.5).reshape(()),
        np.arange(600_000, dtype=np.int64),
    ],
)
def test_arrays_come_back_as_they_were(store: SealedStore, values: np.ndarray) -> None:  # type: ignore[type-arg]  # any
    store.write_array("embeddings", values)
    found = store.read_array("embeddings")
    assert found is not None
    assert found.dtype == values.dtype
    np.testing.assert_array_equal(found, values)
    assert found.shape == values.shape


def test_array_that_was_not_written_is_none(store: SealedStore) -> None:
    assert store.read_array("embeddings") is None


def test_new_records_leave_no_arrays_of_the_old(store: SealedStore) -> None:
    store.write_records([record(1)])
    store.write_array("embeddings", np.ones(3))
    store.write_records([record(2)])
    assert store.read_array("embeddings") is None


def test_nothing_of_a_record_is_on_the_disk(tmp_path: Path, store: SealedStore) -> None:
    seen_while_writing: list[bytes] = []

    def records() -> Iterator[Record]:
        for row in range(60):
            yield record(row, PLANTED + "x" * 50_000)
        seen_while_writing.extend(path.read_bytes() for path in (tmp_path / "store").iterdir())

    store.write_records(records())
    store.write_array("embeddings", np.frombuffer(PLANTED.encode() * 8, np.uint8))
    # Words of 6 letters and more: a shorter one may stand in so many random bytes by chance.
    on_disk = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()] + seen_while_writing
    assert sum(map(len, seen_while_writing)) > CHUNK_BYTES
    assert len(on_disk) >= 4
    for data in on_disk:
        for word in (PLANTED, "Quimby", "patient-", "notes.csv", "intensive care"):
            assert word.encode() not in data


def test_files_are_their_owners_only(tmp_path: Path, store: SealedStore) -> None:
    store.write_records([record(1)])
    store.write_array("embeddings", np.ones(3))
    for path in (tmp_path / "store", *(tmp_path / "store").rglob("*")):
        assert path.stat().st_mode & 0o077 == 0


def test_same_records_are_sealed_under_a_new_key_each_time(tmp_path: Path, store: SealedStore) -> None:
    path = tmp_path / "store" / "records.sealed"
    store.write_records([record(1)])
    first = path.read_bytes()
    store.write_records([record(1)])
    assert path.read_bytes()[8:] != first[8:]
    assert not set(zip(*[iter(first[8:])] * 16, strict=False)) & set(
        zip(*[iter(path.read_bytes()[8:])] * 16, strict=False)
    )


def test_failed_write_leaves_the_old_records_and_arrays(tmp_path: Path, store: SealedStore) -> None:
    def failing() -> Iterator[Record]:
        yield record(2, "x" * (2 * CHUNK_BYTES))
        raise RuntimeError("stop")

    store.write_records([record(1)])
    store.write_array("embeddings", np.ones(3))
    with pytest.raises(RuntimeError, match="stop"):
        store.write_records(failing())
    assert [found.record_id for found in store.records()] == ["id-1"]
    assert store.read_array("embeddings") is not None
    assert [path.name for path in (tmp_path / "store").glob(".*")] == []


def assert_refused(store: SealedStore) -> None:
    with pytest.raises(SealError, match="FA501") as raised:
        list(store.records())
    assert "Quimby" not in str(raised.value)


def test_every_flipped_bit_is_noticed(store: SealedStore, long_file: Path) -> None:
    good = long_file.read_bytes()
    places = [*range(HEADER), HEADER, FULL + HEADER - 1, FULL + HEADER, len(good) - 1]
    places += random.Random(1).sample(range(len(good)), 40)
    for place in places:
        changed = bytearray(good)
        changed[place] ^= 1 << place % 8
        long_file.write_bytes(changed)
        assert_refused(store)
    long_file.write_bytes(good)
    assert len(list(store.records())) == 70


def test_file_cut_short_is_noticed_at_a_chunks_edge_too(store: SealedStore, long_file: Path) -> None:
    good = long_file.read_bytes()
    edges = [HEADER + number * FULL for number in range(4)]
    for length in (0, 1, 8, HEADER - 1, *edges, *(edge + 1 for edge in edges), *(edge - 1 for edge in edges)):
        assert length < len(good)
        long_file.write_bytes(good[:length])
        assert_refused(store)


def test_chunks_dropped_repeated_swapped_or_added_are_noticed(store: SealedStore, long_file: Path) -> None:
    good = long_file.read_bytes()
    head, body = good[:HEADER], good[HEADER:]
    chunks = [body[start : start + FULL] for start in range(0, len(body), FULL)]
    assert len(chunks) >= 4
    first, second, *rest = chunks
    arrangements = {
        "swapped": [second, first, *rest],
        "dropped": [first, *rest],
        "first dropped": [second, *rest],
        "repeated": [first, first, second, *rest],
        "last moved up": [chunks[-1], *chunks[:-1]],
        "last repeated": [*chunks, chunks[-1]],
        "extended": [*chunks, b"\0"],
    }
    for arrangement in arrangements.values():
        long_file.write_bytes(head + b"".join(arrangement))
        assert_refused(store)


def test_renamed_and_exchanged_files_are_noticed(tmp_path: Path, store: SealedStore) -> None:
    store.write_records([record(1)])
    store.write_array("first", np.ones(3))
    store.write_array("second", np.zeros(3))
    arrays = tmp_path / "store" / "arrays"
    (arrays / "first.sealed").rename(arrays / "kept")
    (arrays / "second.sealed").rename(arrays / "first.sealed")
    (arrays / "kept").rename(arrays / "second.sealed")
    for name in ("first", "second"):
        with pytest.raises(SealError, match="FA501"):
            store.read_array(name)
    shutil.copy(tmp_path / "store" / "records.sealed", arrays / "third.sealed")
    with pytest.raises(SealError, match="FA501"):
        store.read_array("third")


def test_file_of_another_data_set_or_site_is_noticed(tmp_path: Path, store: SealedStore, keys: KeyRing) -> None:
    store.write_records([record(1)])
    assert_refused(SealedStore(tmp_path / "store", keys, "70" * 16))
    stranger = KeyRing.create(tmp_path / "stranger", b"passphrase", scrypt_n=2)
    assert_refused(SealedStore(tmp_path / "store", stranger, LINEAGE))


def test_head_of_one_file_on_the_body_of_another_is_noticed(tmp_path: Path, store: SealedStore) -> None:
    path = tmp_path / "store" / "records.sealed"
    store.write_records([record(1)])
    first = path.read_bytes()
    store.write_records([record(1)])
    second = path.read_bytes()
    path.write_bytes(first[:HEADER] + second[HEADER:])
    assert_refused(store)


@pytest.mark.parametrize("name", ["", "../records", "a/b", "A", ".hidden", "a\0", "x" * 101, "c:d"])
def test_hostile_array_name_is_refused(store: SealedStore, name: str) -> None:
    with pytest.raises(DefectError, match="FA901"):
        store.write_array(name, np.ones(1))
    with pytest.raises(DefectError, match="FA901"):
        store.read_array(name)


def test_memory_does_not_grow_with_the_records(store: SealedStore) -> None:
    tracemalloc.start()
    try:
        store.write_records(record(row, "x" * 10_000) for row in range(3_000))
        assert sum(1 for _ in store.records()) == 3_000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 12 * 2**20  # the records are 30 MB; chunks of 1 MiB, a few copies each
