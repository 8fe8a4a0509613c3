"""In which batches a site's records are de-identified: one after the other, or all of a subject's together."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from fedaug.client.records import Record

_MOST_RECORDS: Final = 256  # seconds of work; what an interruption costs
_MOST_CHARS: Final = 400_000
#: Characters of the texts that are held at once where subjects are brought together: up to four bytes each.
_HELD_CHARS: Final = 64 * 2**20


def in_order(records: Iterable[Record]) -> Iterator[list[Record]]:
    """Records in batches, in their order."""
    yield from _packed([record] for record in records)


def by_subject(
    source: Callable[[], Iterable[Record]], chars: int, held_chars: int = _HELD_CHARS
) -> Iterator[list[Record]]:
    """Records in batches, all of a subject's in the same one and next to each other, each subject's in their order.

    What does not fit into memory is brought together by reading the source several times: of each pass only the
    subjects are kept whose hash falls to it. Nothing is written down for that.

    Args:
        source: Reads all records, the same each time.
        chars: Characters of all their texts.
        held_chars: About how many are held at once.
    """
    passes = max(1, -(-chars // held_chars))
    for number in range(passes):
        subjects: dict[str, list[Record]] = {}
        for record in source():
            if _pass_of(record.subject_id, passes) == number:
                subjects.setdefault(record.subject_id, []).append(record)
        yield from _packed(subjects.values())


def _pass_of(subject: str, passes: int) -> int:
    # Where a subject falls depends on it alone.
    return int.from_bytes(hashlib.sha256(subject.encode()).digest()[:8]) % passes


def _packed(groups: Iterable[list[Record]]) -> Iterator[list[Record]]:
    """Groups in batches of bounded count and size, none divided; one that is over a bound is a batch of its own."""
    batch: list[Record] = []
    chars = 0
    for group in groups:
        size = sum(len(record.text) for record in group)
        if batch and (len(batch) + len(group) > _MOST_RECORDS or chars + size > _MOST_CHARS):
            yield batch
            batch, chars = [], 0
        batch += group
        chars += size
    if batch:
        yield batch
