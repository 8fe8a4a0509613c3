"""Maps texts through worker processes: in order, with a bounded number under way."""

from __future__ import annotations

import multiprocessing
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from fedaug.errors import DefectError

CHUNK_TEXTS = 256
CHUNK_CHARS = 200_000  # a few tenths of a second of work, against about a millisecond to hand a chunk over
CHUNKS_PER_PROCESS = 2  # one being worked on, one waiting

Task = Callable[[list[str]], list[Any]]

# A process pool has no other way to keep a worker's state; only workers ever set it.
_task: Task | None = None


def map_in_order(
    make: Callable[[dict[str, object]], Task], settings: dict[str, object], texts: Iterable[str], *, processes: int
) -> Iterator[Any]:
    """Results of a task over texts, in the order of the texts.

    Args:
        make: Builds the task in each worker from ``settings``; importable by name.
        settings: Plain values.
        texts: Read no further ahead than ``CHUNKS_PER_PROCESS`` chunks per process.
        processes: How many workers.

    Raises:
        DefectError: A worker ended early; results that were not yielded are lost.
    """
    # Never a plain fork: it would copy the locks of threads that the parent runs (torch has some).
    context = multiprocessing.get_context("spawn")
    executor = ProcessPoolExecutor(processes, mp_context=context, initializer=_start, initargs=(make, settings))
    try:
        yield from _ordered(executor, texts, CHUNKS_PER_PROCESS * processes)
    except BrokenProcessPool:
        raise DefectError("a worker process ended early", "free memory, or use fewer processes") from None
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def chunked(texts: Iterable[str]) -> Iterator[list[str]]:
    """Texts in chunks of bounded count and size; a longer text is a chunk of its own."""
    chunk: list[str] = []
    size = 0
    for text in texts:
        if chunk and (len(chunk) == CHUNK_TEXTS or size + len(text) > CHUNK_CHARS):
            yield chunk
            chunk, size = [], 0
        chunk.append(text)
        size += len(text)
    if chunk:
        yield chunk


def _ordered(executor: ProcessPoolExecutor, texts: Iterable[str], most: int) -> Iterator[Any]:
    under_way: deque[Future[list[Any]]] = deque()
    for chunk in chunked(texts):
        if len(under_way) == most:
            yield from under_way.popleft().result()
        under_way.append(executor.submit(_run, chunk))
    while under_way:
        yield from under_way.popleft().result()


def _start(make: Callable[[dict[str, object]], Task], settings: dict[str, object]) -> None:
    global _task  # noqa: PLW0603  # see above
    _task = make(settings)


def _run(chunk: list[str]) -> list[Any]:
    if _task is None:
        raise DefectError("a worker process was not started", "report this")
    return _task(chunk)
