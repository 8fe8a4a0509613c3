"""De-identifies a file into another: streams, can be cut off at any time, and goes on where it stopped.

The output has its name only when all of it is on the disk. Until then what is done lies beside it, de-identified, with
a sidecar that says how far it is: counts and settings, no text and nothing that was made from one.
"""

from __future__ import annotations

import json
import os
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol, TypeAlias

from fedaug.errors import ConfigError, InputError, MissingFile, ProtocolError, QuarantinedRecord
from fedaug.privacy.canonical import parse_json
from fedaug.privacy.deid.batch.formats import Row, Source
from fedaug.privacy.deid.batch.output import partial_of, require_another, sidecar_of
from fedaug.privacy.deid.batch.plan import Columns
from fedaug.privacy.deid.document import Document
from fedaug.privacy.files import read_at_most, sync_folder, whole_file

_FORMAT: Final = "fedaug-deid-progress/2"
_MOST_SIDECAR_BYTES: Final = 2**20
_KEEP_EVERY: Final = 256  # rows: some seconds of work, against milliseconds to write them through
#: Of records that were set aside so many are named by their lines; there is no end to how many there may be.
MOST_LINES: Final = 1_000
_PRIVATE: Final = 0o600


#: A row's columns as they may be written, and what was found in its texts, by type.
Finished: TypeAlias = tuple[dict[str, Any], Counter[str]]


class Worker(Protocol):
    """De-identifies documents in order, as :class:`fedaug.privacy.deid.Deidentifier` does."""

    def deidentify_many(self, texts: Iterable[Document], *, processes: int = 1) -> Iterator[Any]:
        """One outcome per document: with ``text`` and ``found``, or why it was set aside."""
        ...


@dataclass
class Totals:
    """What became of the rows so far.

    Attributes:
        rows: Read.
        reasons: Why some could not be de-identified, and are not in the output, with how many each.
        lines: Where those begin in the source, the first 1,000 of them.
        found: Findings by type, in what was written.
        dropped: Columns that were left out though nobody said so: the most of any row. Not their names, since the
            first line of a file without a header is a record.
    """

    rows: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    lines: list[int] = field(default_factory=list)
    found: Counter[str] = field(default_factory=Counter)
    dropped: int = 0

    @property
    def set_aside(self) -> int:
        """How many rows are not in the output."""
        return self.reasons.total()


@dataclass(frozen=True)
class Job:
    """One file to be de-identified.

    Attributes:
        source: Its rows.
        source_path: Where they are.
        out: Where the result goes.
        columns: What is done with each column.
        replace: What stands in place of a whole cell: of its text, its type and the row's document.
        settings: Everything else that the result depends on; a run goes on only under the same.
        processes: Worker processes.
    """

    source: Source
    source_path: Path
    out: Path
    columns: Columns
    replace: Callable[[str, str, Document], str]
    settings: Mapping[str, Any]
    processes: int = 1

    @property
    def partial(self) -> Path:
        """What is done so far."""
        return partial_of(self.out)

    @property
    def sidecar(self) -> Path:
        """How far it is."""
        return sidecar_of(self.out)


def run(job: Job, worker: Worker, *, resume: bool = False, progress: Callable[[int], None] = lambda _: None) -> Totals:
    """De-identify a whole file.

    Args:
        job: What and whereto.
        worker: Does it.
        resume: Whether to go on where an earlier run was cut off; without one it begins.
        progress: Told how many rows are done.

    Raises:
        ConfigError: Output and source are one file, the output cannot be written, or the earlier run was another.
        QuarantinedRecord: No row at all could be de-identified; there is no output.
        InputError: A row is bad; there is no output.
    """
    job.columns.require(job.source)
    require_another(job.out, job.source_path)
    totals, size = _earlier(job) if resume else (Totals(), 0)
    try:
        with _partial(job.partial, size) as file:
            _fill(job, worker, file, totals, progress)
            if totals.rows and totals.set_aside == totals.rows:
                (reason, _), *_ = totals.reasons.most_common(1)
                raise QuarantinedRecord(f"no record could be de-identified: {reason}", "see to that first")
            os.fsync(file.fileno())
        job.partial.replace(job.out)
        sync_folder(job.out.parent)
    except OSError:
        raise ConfigError("the output cannot be written", "check its folder and the space on the disk") from None
    except (InputError, QuarantinedRecord):  # a bad row stays bad: there is nothing to go on with
        with suppress(OSError):
            _remove(job)
        raise
    job.sidecar.unlink(missing_ok=True)
    return totals


def _fill(job: Job, worker: Worker, file: BinaryIO, totals: Totals, progress: Callable[[int], None]) -> None:
    columns = None if job.source.columns is None else job.columns.kept(job.source.columns)
    if not totals.rows:
        file.write(job.source.head(columns or ()))
    for row, done in _done(job, worker, totals.rows):
        totals.rows += 1
        totals.dropped = max(totals.dropped, job.columns.dropped(row.values))
        if isinstance(done, QuarantinedRecord):
            totals.reasons[done.what] += 1
            totals.lines += [row.line] if len(totals.lines) < MOST_LINES else []
        else:
            values, found = done
            file.write(job.source.written(values, columns))
            totals.found += found
        if totals.rows % _KEEP_EVERY == 0:
            _keep(job, file, totals)
        progress(totals.rows)


def _done(job: Job, worker: Worker, skip: int) -> Iterator[tuple[Row, Finished | QuarantinedRecord]]:
    """Rows as they may be written, or why one is set aside."""
    under_way: deque[tuple[Row, dict[str, Document]]] = deque()

    def documents() -> Iterator[Document]:
        for row in islice(job.source.rows(), skip, None):
            found = job.columns.documents(row)
            under_way.append((row, found))
            # A row without any text has a document too, so that rows come out in order.
            yield from found.values() or (Document(""),)

    outcomes = worker.deidentify_many(documents(), processes=job.processes)
    for outcome in outcomes:
        row, parts = under_way.popleft()
        of_row = [outcome, *islice(outcomes, max(len(parts), 1) - 1)]
        yield row, _finished(job, row, parts, of_row)


def _finished(job: Job, row: Row, parts: dict[str, Document], outcomes: list[Any]) -> Finished | QuarantinedRecord:
    for outcome in outcomes:
        if isinstance(outcome, QuarantinedRecord):
            return outcome
    document = next(iter(parts.values()), Document(""))
    texts = {name: outcome.text for name, outcome in zip(parts, outcomes, strict=False)}
    found: Counter[str] = sum((outcome.found for outcome in outcomes), Counter())
    try:
        return job.columns.applied(row, texts, lambda cell, kind: job.replace(cell, kind, document)), found
    except QuarantinedRecord as reason:
        return reason


def _keep(job: Job, file: BinaryIO, totals: Totals) -> None:
    """Write through what is done, then how far it is: never the other way round."""
    file.flush()
    os.fsync(file.fileno())
    values = {
        "format": _FORMAT,
        "bytes": file.tell(),
        "rows": totals.rows,
        "reasons": dict(totals.reasons),
        "lines": totals.lines,
        "found": dict(totals.found),
        "dropped": totals.dropped,
        "source": _state(job.source_path),
        "settings": dict(job.settings),
    }
    with whole_file(job.sidecar, overwrite=True) as sidecar:
        sidecar.write(json.dumps(values).encode())


def _earlier(job: Job) -> tuple[Totals, int]:
    """How far an earlier run came, and the bytes of its output; nothing if there is none.

    Raises:
        ConfigError: It was about another source, or under other settings.
    """
    try:
        found = parse_json(read_at_most(job.sidecar, _MOST_SIDECAR_BYTES))
        if found["format"] != _FORMAT or job.partial.stat().st_size < found["bytes"]:
            raise ValueError
        totals = Totals(
            found["rows"], Counter(found["reasons"]), found["lines"], Counter(found["found"]), found["dropped"]
        )
        same = found["source"] == _state(job.source_path) and found["settings"] == dict(job.settings)
        size = int(found["bytes"])
    except MissingFile:
        return Totals(), 0
    except (ProtocolError, OSError, KeyError, TypeError, ValueError):
        raise ConfigError("what an earlier run left is damaged", "begin anew, without --resume") from None
    if not same:
        raise ConfigError("the source or a setting has changed since", "begin anew, without --resume")
    return totals, size


def _partial(path: Path, size: int) -> BinaryIO:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, _PRIVATE)
    os.fchmod(descriptor, _PRIVATE)
    os.ftruncate(descriptor, size)
    file = os.fdopen(descriptor, "r+b")
    file.seek(size)
    return file


def _remove(job: Job) -> None:
    job.partial.unlink(missing_ok=True)
    job.sidecar.unlink(missing_ok=True)


def _state(path: Path) -> list[int]:
    """What shows that a file was changed, without a look into it."""
    found = path.stat()
    return [found.st_size, found.st_mtime_ns]
