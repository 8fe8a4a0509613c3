"""From the source to the sealed store: read, de-identify, embed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice, tee
from pathlib import Path
from typing import Final, TypeVar

import numpy as np

from fedaug.augmentation.encoder import Encoder, Progress
from fedaug.client.records import BadRow, OnBadRow, Record, RowReport, read_records
from fedaug.client.records.report import row_error
from fedaug.client.rows import PreparedRows
from fedaug.client.settings import SiteSettings
from fedaug.client.store import SealedStore
from fedaug.errors import DefectError, EmptySource, FedaugError, QuarantinedRecord
from fedaug.privacy.deid.deidentify import Deidentifier, Outcome

_T = TypeVar("_T")
_CHUNK: Final = 2_000  # records embedded at a time; bounds memory, and is a multiple of the encoder's batch


@dataclass(frozen=True)
class Prepared:
    """What ``prepare`` did. For the site's own eyes: the counts are exact.

    Attributes:
        records: Records that are in the store now.
        quarantined: Records that could not be de-identified and were left out.
        rows: What was wrong with rows of the source.
    """

    records: int
    quarantined: int
    rows: RowReport


class Preparation:
    """The source of one site, and the way from it into the store.

    Args:
        folder: The site's.
        settings: Its ``site.toml``.
        store: Takes the de-identified records.
        rows: Takes their embeddings.
        encoder: Makes the public embedding space; loaded when first needed.
    """

    def __init__(
        self,
        folder: Path,
        settings: SiteSettings,
        store: SealedStore,
        rows: PreparedRows,
        encoder: Callable[[], Encoder],
    ) -> None:
        self._path = settings.source_path(folder)
        self._settings = settings
        self._store = store
        self._rows = rows
        self._make_encoder = encoder

    def check(self) -> RowReport:
        """Read the whole source, past bad rows whatever the settings say, and count what is wrong; writes nothing.

        Raises:
            InputError: The source cannot be read at all.
        """
        report = RowReport()
        rows = self._source(report, bad_rows=OnBadRow.SKIP)
        with suppress(EmptySource):  # every row is bad: the report says why
            for _ in rows:
                pass
        return report

    def require(self, report: RowReport) -> None:
        """Raise what :meth:`prepare` would stop at.

        Raises:
            InputError: A row is bad and the settings say that such rows stop, or there are too few good ones.
        """
        source = self._settings.source
        policies = dict.fromkeys(BadRow, source.on_bad_row)
        policies |= {BadRow.UNKNOWN_LABEL: source.unknown_labels, BadRow.DUPLICATE_ID: OnBadRow.STOP}
        stopping = [(rows[0], reason) for reason, rows in report.rows.items() if policies[reason] is OnBadRow.STOP]
        if stopping:
            row, reason = min(stopping)
            raise row_error(reason, row)
        report.require(source.min_records)

    def prepare(self, progress: Progress | None = None) -> Prepared:
        """Read the source, de-identify it, and seal records and embeddings in the store.

        Args:
            progress: Called with (records done, records in all); the first is reported when embedding begins.

        Raises:
            InputError: The source cannot be used; the store is as it was.
        """
        report = RowReport()
        quarantined = 0

        def kept() -> Iterator[Record]:
            nonlocal quarantined
            for record, outcome in self._deidentified(self._source(report)):
                if isinstance(outcome, QuarantinedRecord):
                    quarantined += 1
                else:
                    yield replace(record, text=outcome.text)
            report.require(self._settings.source.min_records)

        count = self._store.write_records(kept())
        self._embed(count, progress)
        return Prepared(count, quarantined, report)

    def _source(self, report: RowReport, bad_rows: OnBadRow | None = None) -> Iterator[Record]:
        source = self._settings.source
        return read_records(
            self._path,
            source.columns,
            format=source.format,
            on_bad_row=bad_rows or source.on_bad_row,
            report=report,
            label_type=source.label_type,
            labels=source.labels,
            unknown_labels=bad_rows or source.unknown_labels,
            # Leaving the later one out would let one unit's row take another unit's out of every release.
            duplicate_ids=bad_rows or OnBadRow.STOP,
        )

    def _deidentified(self, records: Iterator[Record]) -> Iterator[tuple[Record, Outcome]]:
        settings = self._settings.deid
        deidentifier = Deidentifier(language=settings.language, score_threshold=settings.score_threshold)
        records, ahead = tee(records)  # one pass, since worker processes take seconds to start
        outcomes = deidentifier.deidentify_many((record.text for record in ahead), processes=settings.processes)
        for record in records:
            yield record, _quoting_nothing("de-identification", partial(next, outcomes))

    def _embed(self, count: int, progress: Progress | None) -> None:
        encoder = self._make_encoder()
        vectors = np.zeros((count, encoder.dimensions), np.float32)
        texts = (record.text for record in self._store.records())
        done = 0
        while chunk := list(islice(texts, _CHUNK)):
            vectors[done : done + len(chunk)] = _quoting_nothing("the encoder", partial(encoder.embed, chunk))
            done += len(chunk)
            if progress is not None:
                progress(done, count)
        self._rows.keep(vectors, encoder.name)


def _quoting_nothing(stage: str, work: Callable[[], _T]) -> _T:
    """Do something with texts; what a library raises over them may quote one, and goes no further."""
    try:
        return work()
    except FedaugError:
        raise
    except Exception as error:
        kind = type(error).__name__
    raise DefectError(f"{stage} failed with {kind}", "report it with this line")
