"""De-identifies a site's records in batches, each sealed when it is finished and taken up again by the next run.

What becomes of a record is a function of that record, the settings and the site's keys, or, where the unit of privacy
is the subject, of that subject's records: batches only say what is written down together.
"""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol, TypeVar

from fedaug.client.checkpoints import BatchCounts, Checkpoints
from fedaug.client.record_lines import encode_record
from fedaug.client.records import ColumnMap, Record
from fedaug.client.settings import DeidSettings
from fedaug.errors import DefectError, FedaugError, QuarantinedRecord
from fedaug.privacy.deid.columns import Value, as_text
from fedaug.privacy.deid.deidentify import Outcome
from fedaug.privacy.deid.document import Document
from fedaug.privacy.deid.language import LANGUAGES, language_code
from fedaug.privacy.deid.operators import Replaced

_T = TypeVar("_T")
_UNREADABLE: Final = "a record's language has no recognisers"


class Worker(Protocol):
    """What :class:`~fedaug.privacy.deid.Deidentifier` does here."""

    def deidentify_many(
        self, texts: Iterable[str | Document], *, processes: int = 1, by_subject: bool = False
    ) -> Iterator[Outcome]:
        """One outcome per document, in order."""
        ...


#: What stands in place of a whole cell: of its text, its type and the record's document.
ReplaceCell = Callable[[str, str, Document], Replaced]


@dataclass(repr=False)
class _Batch:
    number: int
    counts: BatchCounts | None  # of a batch that was finished before
    digest: str = ""
    records: Sequence[Record] = ()


class Deidentification:
    """From batches of records to batches of de-identified ones.

    Args:
        settings: ``deid`` of the site's settings.
        columns: Which column is a record's id, subject and label.
        worker: Finds and replaces.
        replace: Replaces a whole cell of a column.
        checkpoints: Where finished batches are sealed.
        fingerprint: Of everything that an outcome depends on besides the records: a batch that was finished under
            another is done again.
        by_subject: Whether what is found in a record is looked for in the subject's others of the same batch. Only
            where the unit of privacy is the subject.
    """

    def __init__(
        self,
        settings: DeidSettings,
        columns: ColumnMap,
        worker: Worker,
        replace: ReplaceCell,
        checkpoints: Checkpoints,
        fingerprint: bytes,
        *,
        by_subject: bool,
    ) -> None:
        self._settings = settings
        self._columns = columns
        self._worker = worker
        self._replace = replace
        self._checkpoints = checkpoints
        self._fingerprint = fingerprint
        self._by_subject = by_subject

    def run(self, batches: Iterable[Sequence[Record]]) -> Iterator[BatchCounts]:
        """De-identify and seal every batch that is not finished; what became of each, in order.

        Raises:
            InputError: The source cannot be used; batches that are finished stay.
            DefectError: A part failed with something that may quote a record, and is not told.
        """
        ahead: deque[_Batch] = deque()  # batches that were read and not yet written
        outcomes = _Outcomes(
            self._worker.deidentify_many(
                self._documents(batches, ahead), processes=self._settings.processes, by_subject=self._by_subject
            )
        )
        while True:
            # Asking for an outcome reads batches; those that are finished give no documents, and come without one.
            if not ahead and not outcomes.more() and not ahead:
                return
            batch = ahead.popleft()
            yield batch.counts or self._finished(batch, outcomes)

    def _documents(self, batches: Iterable[Sequence[Record]], ahead: deque[_Batch]) -> Iterator[Document]:
        for number, records in enumerate(batches):
            digest = self._digest(records)
            counts = self._checkpoints.counts(number, digest)
            if counts is not None:
                ahead.append(_Batch(number, counts))
                continue
            ahead.append(_Batch(number, None, digest, records))
            for record in records:
                yield from self._documents_of(record).values()

    def _documents_of(self, record: Record) -> dict[str, Document]:
        """The record's texts by column: its own, and those of its columns that are free text.

        None if nobody can read them: a text that is read in another language passes as clean with names in it.
        """
        language = self._language(record)
        if language is not None and language not in LANGUAGES:
            return {}
        known = self._settings.known(self._values(record))
        texts = {self._columns.text: record.text, **dict(self._settings.texts(record.attributes))}
        return {name: Document(text, record.subject_id, language, known) for name, text in texts.items()}

    def _values(self, record: Record) -> Mapping[str, Value]:
        named = {
            self._columns.record_id: record.record_id,
            self._columns.subject_id: record.subject_id,
            self._columns.label: record.label,
        }
        return {**record.attributes, **{name: value for name, value in named.items() if name is not None}}

    def _language(self, record: Record) -> str | None:
        """The language of a record's column; None where that is empty, and the site's own language counts."""
        column = self._settings.language_column
        return language_code(as_text(record.attributes.get(column))) if column else None

    def _digest(self, records: Sequence[Record]) -> str:
        digest = hashlib.sha256(self._fingerprint)
        for record in records:
            digest.update(encode_record(record))
        return digest.hexdigest()

    def _finished(self, batch: _Batch, outcomes: _Outcomes) -> BatchCounts:
        kept: list[Record] = []
        quarantined: Counter[str] = Counter()
        found: Counter[str] = Counter()
        used: set[str] = set()
        for record in batch.records:
            documents = self._documents_of(record)
            own: list[str] = []
            texts: dict[str, str] = {}
            reason = "" if documents else _UNREADABLE
            for name in documents:
                outcome = outcomes.next()
                if isinstance(outcome, QuarantinedRecord):
                    reason = reason or outcome.what
                else:
                    texts[name] = outcome.text
                    own += outcome.surrogates
                    found += outcome.found
            if not reason:
                try:
                    kept.append(self._result(record, documents[self._columns.text], texts, own))
                    used.update(own)
                except QuarantinedRecord as error:
                    reason = error.what
            if reason:
                quarantined[reason] += 1
        counts = BatchCounts(len(batch.records), len(kept), quarantined, found)
        self._checkpoints.write(batch.number, batch.digest, counts, kept, used)
        return counts

    def _result(self, record: Record, document: Document, texts: Mapping[str, str], used: list[str]) -> Record:
        def replace(value: str, entity_type: str) -> str:
            made = quoting_nothing("de-identification", partial(self._replace, value, entity_type, document))
            used.extend(made.surrogates)
            return made.text

        attributes = self._settings.applied(record.attributes, replace, texts)
        text = texts[self._columns.text]
        return Record(record.record_id, record.subject_id, text, record.label, record.provenance, attributes)


class _Outcomes:
    """Outcomes, with a look at whether there is another."""

    def __init__(self, outcomes: Iterator[Outcome]) -> None:
        self._outcomes = outcomes
        self._first: Outcome | None = None

    def more(self) -> bool:
        if self._first is None:
            self._first = quoting_nothing("de-identification", partial(next, self._outcomes, None))
        return self._first is not None

    def next(self) -> Outcome:
        if not self.more():
            raise DefectError("de-identification gave too few outcomes", "report it")
        found, self._first = self._first, None
        assert found is not None
        return found


def quoting_nothing(stage: str, work: Callable[[], _T]) -> _T:
    """Do something with texts; what a library raises over them may quote one, and goes no further.

    Raises:
        DefectError: In place of any exception that is not fedaug's own.
    """
    try:
        return work()
    except FedaugError:
        raise
    except Exception as error:
        kind = type(error).__name__
    raise DefectError(f"{stage} failed with {kind}", "report it with this line")
