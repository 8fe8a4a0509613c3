"""Maps work through worker processes: in order, with a bounded number under way."""

from __future__ import annotations

import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any, Final, TypeVar

from fedaug.errors import DefectError

CHUNK_ITEMS: Final = 256
CHUNK_SIZE: Final = 200_000  # characters: some tenths of a second of work, against a millisecond to hand a chunk over
CHUNKS_PER_PROCESS: Final = 2  # one being worked on, one waiting

Item = TypeVar("Item")
Task = Callable[[list[Any]], list[Any]]

# A process pool has no other way to keep a worker's state; only workers ever set it.
_task: Task | None = None


def map_in_order(
    make: Callable[[dict[str, object]], Task],
    settings: dict[str, object],
    chunks: Iterable[list[Any]],
    *,
    processes: int,
) -> Iterator[Any]:
    """Results of a task over chunks of items, one result per item, in order.

    Args:
        make: Builds the task in each worker from ``settings``; importable by name.
        settings: Plain values.
        chunks: Read no further ahead than ``CHUNKS_PER_PROCESS`` chunks per process.
        processes: How many workers.

    Raises:
        DefectError: A worker ended early; results that were not yielded are lost.
    """
    # Never a plain fork: it would copy the locks of threads that the parent runs (torch has some).
    context = multiprocessing.get_context("spawn")
    executor = ProcessPoolExecutor(processes, mp_context=context, initializer=_start, initargs=(make, settings))
    try:
        yield from _ordered(executor, chunks, CHUNKS_PER_PROCESS * processes)
    except BrokenProcessPool:
        raise DefectError("a worker process ended early", "free memory, or use fewer processes") from None
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def chunks_of(
    items: Iterable[Item], size: Callable[[Item], int], *, most_items: int = CHUNK_ITEMS, most_size: int = CHUNK_SIZE
) -> Iterator[list[Item]]:
    """Items in chunks of bounded count and size; a larger item is a chunk of its own."""
    chunk: list[Item] = []
    total = 0
    for item in items:
        if chunk and (len(chunk) == most_items or total + size(item) > most_size):
            yield chunk
            chunk, total = [], 0
        chunk.append(item)
        total += size(item)
    if chunk:
        yield chunk


def _ordered(executor: ProcessPoolExecutor, chunks: Iterable[list[Any]], most: int) -> Iterator[Any]:
    under_way: deque[Future[list[Any]]] = deque()
    for chunk in chunks:
        if len(under_way) == most:
            yield from under_way.popleft().result()
        with _no_interrupts_for_workers():
            under_way.append(executor.submit(_run, chunk))
    while under_way:
        yield from under_way.popleft().result()


@contextmanager
def _no_interrupts_for_workers() -> Iterator[None]:
    """A worker that is started in here never hears of Ctrl-C: the parent ends it, and it would print a traceback.

    A mask, unlike a handler, is inherited from the first instruction on. One that comes meanwhile waits.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _start(make: Callable[[dict[str, object]], Task], settings: dict[str, object]) -> None:
    global _task  # noqa: PLW0603  # see above
    _task = make(settings)


def _run(chunk: list[Any]) -> list[Any]:
    if _task is None:
        raise DefectError("a worker process was not started", "report this")
    return _task(chunk)
