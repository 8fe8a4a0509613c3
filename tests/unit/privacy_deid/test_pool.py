"""Many texts over worker processes: in order, bounded, and never silently short."""

import multiprocessing
import signal
from collections.abc import Iterator

import pytest
from tests.deid_samples import texts
from tests.pool_tasks import make_dying, make_echo, make_interrupted

from fedaug.errors import ConfigError, DefectError
from fedaug.privacy.deid import Deidentifier
from fedaug.privacy.deid.pool import CHUNK_ITEMS, CHUNK_SIZE, CHUNKS_PER_PROCESS, chunks_of, map_in_order


def test_two_processes_give_what_one_gives_in_the_same_order() -> None:
    sample = texts(150)
    deidentifier = Deidentifier(score_threshold=0.3)
    alone = list(deidentifier.deidentify_many(sample))
    assert [outcome.text for outcome in alone] != sample
    assert list(deidentifier.deidentify_many(sample, processes=2)) == alone


def test_input_is_read_no_further_ahead_than_the_bound_and_workers_end_with_the_reader() -> None:
    read = 0

    def endless() -> Iterator[list[str]]:
        nonlocal read
        while True:
            read += 1
            yield [str(read)]

    results = map_in_order(make_echo, {"prefix": "r"}, endless(), processes=1)
    assert [next(results) for _ in range(3)] == ["r1", "r2", "r3"]
    assert read <= CHUNKS_PER_PROCESS + 3
    results.close()  # type: ignore[attr-defined]  # a generator
    assert multiprocessing.active_children() == []


def test_a_worker_that_dies_stops_the_job() -> None:
    with pytest.raises(DefectError, match="FA901: a worker process ended early"):
        list(map_in_order(make_dying, {}, [["a"]], processes=1))


def test_ctrl_c_is_for_the_parent_alone_to_hear() -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, set())
    assert list(map_in_order(make_interrupted, {}, [["a"], ["b"]], processes=1)) == ["a", "b"]
    assert signal.pthread_sigmask(signal.SIG_BLOCK, set()) == before


def test_chunks_are_bounded_by_count_and_by_size_and_lose_nothing() -> None:
    sample = ["a"] * (CHUNK_ITEMS + 1) + ["b" * (CHUNK_SIZE // 2 + 1)] * 3 + ["c" * (2 * CHUNK_SIZE)]
    chunks = list(chunks_of(sample, len))
    assert [text for chunk in chunks for text in chunk] == sample
    assert all(len(chunk) <= CHUNK_ITEMS for chunk in chunks)
    assert all(len(chunk) == 1 or sum(map(len, chunk)) <= CHUNK_SIZE for chunk in chunks)
    assert list(chunks_of([], len)) == []


def test_no_processes_is_refused() -> None:
    with pytest.raises(ConfigError, match="FA101: processes is below one"):
        Deidentifier().deidentify_many(["a"], processes=0)
