"""Finished batches: sealed, found again only for the same input, and gone when they are not needed."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from tests.small import PASSPHRASE

from fedaug.client.checkpoints import BatchCounts, Checkpoints
from fedaug.client.records import Provenance, Record
from fedaug.errors import SealError
from fedaug.privacy.keys import KeyRing

LINEAGE = "6f" * 16
PLANTED = "Mrs Quimby of 12 Elm Street\u2028has asthma\r\n"
COUNTS = BatchCounts(3, 2, Counter({"too slow": 1}), Counter({"PERSON": 4}))
RECORDS = [Record(f"id-{n}", "s", PLANTED, "plan", Provenance("n.csv", n), {"ward": "3B", "n": 1.5}) for n in (1, 2)]


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    return KeyRing.create(tmp_path, PASSPHRASE, scrypt_n=2)


@pytest.fixture
def checkpoints(tmp_path: Path, ring: KeyRing) -> Checkpoints:
    made = Checkpoints(tmp_path / "store" / "batches", ring, LINEAGE)
    made.write(0, "aa", COUNTS, RECORDS)
    return made


def file_of(folder: Path, number: int = 0) -> Path:
    return folder / "store" / "batches" / f"batch-{number:07d}.sealed"


def test_a_batch_comes_back_as_it_was(checkpoints: Checkpoints) -> None:
    assert checkpoints.counts(0, "aa") == COUNTS
    assert list(checkpoints.records(0)) == RECORDS


def test_what_stands_in_place_of_identifiers_is_sealed_with_its_batch(tmp_path: Path, checkpoints: Checkpoints) -> None:
    assert checkpoints.surrogates(0) == []
    checkpoints.write(1, "aa", COUNTS, RECORDS, ["Ottoline Blythe", "Ada\u2028Lovell", "Ottoline Blythe"])
    assert checkpoints.surrogates(1) == ["Ada\u2028Lovell", "Ottoline Blythe"]
    assert list(checkpoints.records(1)) == RECORDS
    assert b"Ottoline" not in file_of(tmp_path, 1).read_bytes()
    with pytest.raises(SealError, match="is gone"):
        checkpoints.surrogates(2)


def test_a_batch_of_other_input_or_another_number_is_not_taken_for_it(checkpoints: Checkpoints) -> None:
    assert checkpoints.counts(0, "ab") is None
    assert checkpoints.counts(1, "aa") is None


def test_nothing_is_in_the_clear(tmp_path: Path, checkpoints: Checkpoints) -> None:
    files = [path for path in (tmp_path / "store").rglob("*") if path.is_file()]
    assert files == [file_of(tmp_path)]
    data = files[0].read_bytes()
    assert all(word not in data for word in (b"Quimby", b"PERSON", b"too slow", b"id-1", b"3B"))
    assert files[0].stat().st_mode & 0o777 == 0o600
    assert files[0].parent.stat().st_mode & 0o777 == 0o700


def test_a_changed_moved_or_foreign_file_is_done_again_and_never_read(
    tmp_path: Path, ring: KeyRing, checkpoints: Checkpoints
) -> None:
    good = file_of(tmp_path).read_bytes()
    for place in range(0, len(good), 7):
        file_of(tmp_path).write_bytes(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
        assert checkpoints.counts(0, "aa") is None
        with pytest.raises(SealError, match="FA501"):
            list(checkpoints.records(0))
    file_of(tmp_path).write_bytes(good[:-1])
    assert checkpoints.counts(0, "aa") is None
    file_of(tmp_path).write_bytes(good)
    assert checkpoints.counts(0, "aa") == COUNTS
    file_of(tmp_path, 5).write_bytes(good)
    assert checkpoints.counts(5, "aa") is None
    assert Checkpoints(tmp_path / "store" / "batches", ring, "70" * 16).counts(0, "aa") is None
    stranger = KeyRing.create(tmp_path / "stranger", PASSPHRASE, scrypt_n=2)
    assert Checkpoints(tmp_path / "store" / "batches", stranger, LINEAGE).counts(0, "aa") is None


def test_a_batch_that_is_gone_is_told(checkpoints: Checkpoints) -> None:
    with pytest.raises(SealError, match="FA501: a finished batch of records is gone"):
        list(checkpoints.records(1))


def test_clearing_leaves_nothing_and_may_be_repeated(tmp_path: Path, checkpoints: Checkpoints) -> None:
    (file_of(tmp_path).parent / ".batch-0000001.sealed.00.partial").write_bytes(b"cut off")
    checkpoints.clear()
    assert not file_of(tmp_path).parent.exists()
    checkpoints.clear()


def test_what_a_killed_run_left_half_written_is_tidied_away(tmp_path: Path, checkpoints: Checkpoints) -> None:
    partial = file_of(tmp_path).parent / ".batch-0000001.sealed.00.partial"
    partial.write_bytes(b"cut off")
    checkpoints.begin()
    assert not partial.exists()
    assert checkpoints.counts(0, "aa") == COUNTS
