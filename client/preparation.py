"""From the source to the sealed store: read, de-identify, embed."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np

from fedaug import __version__
from fedaug.augmentation.encoder import Encoder, Progress
from fedaug.client.batches import by_subject, in_order
from fedaug.client.checkpoints import BatchCounts, Checkpoints
from fedaug.client.deid_keys import DeidKeys, deid_keys
from fedaug.client.deidentification import Deidentification, quoting_nothing
from fedaug.client.records import BadRow, OnBadRow, Record, RowReport, read_records
from fedaug.client.records.report import row_error
from fedaug.client.rows import PreparedRows
from fedaug.client.settings import SiteSettings
from fedaug.client.store import SealedStore
from fedaug.client.used_surrogates import UsedSurrogates
from fedaug.errors import EmptySource, MalformedSource
from fedaug.privacy.canonical import canonical_json
from fedaug.privacy.deid.additions import SiteAdditions
from fedaug.privacy.deid.deidentify import Deidentifier
from fedaug.privacy.deid.policies import BUILT_IN, DeidPolicy, load_policy
from fedaug.privacy.deid.policies.safe_harbor import SafeHarborChecklist, safe_harbor_checklist
from fedaug.privacy.keys import KeyRing
from fedaug.privacy.units import PrivacyUnit

_CHUNK: Final = 2_000  # records embedded at a time; bounds memory, and is a multiple of the encoder's batch


@dataclass(frozen=True)
class Prepared:
    """What ``prepare`` did. For the site's own eyes: the counts are exact.

    Attributes:
        records: Records that are in the store now.
        quarantined: Records that could not be de-identified and were left out.
        rows: What was wrong with rows of the source.
        reasons: The quarantined ones by reason.
        found: How many findings there were, by type.
        policy: The policy's name.
        notes: What the policy says about its results.
        safe_harbor: How the policy compares with the 18 identifiers of Safe Harbor.
    """

    records: int
    quarantined: int
    rows: RowReport
    reasons: Counter[str]
    found: Counter[str]
    policy: str
    notes: tuple[str, ...]
    safe_harbor: SafeHarborChecklist


class Preparation:
    """The source of one site, and the way from it into the store.

    Args:
        folder: The site's.
        settings: Its ``site.toml``.
        keys: Its key ring, opened.
        store: Takes the de-identified records.
        rows: Takes their embeddings.
        encoder: Makes the public embedding space; loaded when first needed.
    """

    def __init__(
        self,
        folder: Path,
        settings: SiteSettings,
        keys: KeyRing,
        store: SealedStore,
        rows: PreparedRows,
        encoder: Callable[[], Encoder],
    ) -> None:
        self._folder = folder
        self._path = settings.source_path(folder)
        self._settings = settings
        self._keys = keys
        self._store = store
        self._rows = rows
        self._make_encoder = encoder
        self._checkpoints = Checkpoints(folder / "store" / "batches", keys, store.lineage)

    def check(self) -> RowReport:
        """Read the whole source, past bad rows whatever the settings say, and count what is wrong; writes nothing.

        Raises:
            InputError: The source cannot be read at all, or the policy, or what the site adds to the recognisers.
        """
        self._usable()
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

    def prepare(self, progress: Progress | None = None, deidentified: Progress | None = None) -> Prepared:
        """Read the source, de-identify it, and seal records and embeddings in the store.

        What was de-identified is sealed batch by batch. When a run was cut off, the next one goes on from there, as
        long as records, settings and fedaug are the same.

        Args:
            progress: Called with (records embedded, records in all).
            deidentified: Called before that with (records de-identified, records in all).

        Raises:
            InputError: The source, the policy or what the site adds cannot be used; the store is as it was.
        """
        policy, additions = self._usable()
        report, chars = self._read_through()
        stage = self._stage(policy, additions)
        self._checkpoints.begin()
        finished: list[BatchCounts] = []
        read = 0
        for counts in stage.run(self._batches(chars)):
            finished.append(counts)
            read += counts.read
            if deidentified is not None:
                deidentified(read, report.accepted)
        if read != report.accepted:
            raise MalformedSource("the source changed while it was read", "leave it alone, and prepare again")
        count = self._store.write_records(self._kept(len(finished)))
        UsedSurrogates(self._store).keep(one for k in range(len(finished)) for one in self._checkpoints.surrogates(k))
        self._embed(count, progress)
        self._checkpoints.clear()
        reasons = sum((counts.quarantined for counts in finished), Counter[str]())
        found = sum((counts.found for counts in finished), Counter[str]())
        checklist = self._checklist(policy, additions)
        return Prepared(count, reasons.total(), report, reasons, found, policy.name, policy.notes, checklist)

    def _read_through(self) -> tuple[RowReport, int]:
        """Read the source once, so that hours of work are not lost to a bad row at its end; its size in characters."""
        report, chars = RowReport(), 0
        for record in self._source(report):
            chars += len(record.text)
        report.require(self._settings.source.min_records)
        return report, chars

    def _batches(self, chars: int) -> Iterator[list[Record]]:
        if self._settings.privacy.unit is PrivacyUnit.SUBJECT:
            return by_subject(lambda: self._source(RowReport()), chars)
        return in_order(self._source(RowReport()))

    def _kept(self, batches: int) -> Iterator[Record]:
        for number in range(batches):
            yield from self._checkpoints.records(number)

    def policy(self) -> DeidPolicy:
        """The policy that the settings name.

        Raises:
            ConfigError: It cannot be read.
        """
        name = self._settings.deid.policy
        return load_policy(self._folder / name if name.endswith(".toml") and name not in BUILT_IN else name)

    def _usable(self) -> tuple[DeidPolicy, SiteAdditions]:
        """The policy, and what the site adds, which can be read and fits the policy, as the columns do."""
        policy = self.policy()
        additions = self._settings.deid.additions.at(self._folder)
        self._settings.deid.require_effect(policy)
        additions.require_effect(policy)
        additions.check()
        return policy, additions

    def _checklist(self, policy: DeidPolicy, additions: SiteAdditions) -> SafeHarborChecklist:
        settings, columns = self._settings.deid, self._settings.source.columns
        return safe_harbor_checklist(
            policy,
            year=datetime.now(UTC).year,
            score_threshold=settings.score_threshold,
            own_types=additions.entity_types,
            kept_columns=settings.kept(columns.attributes),
        )

    def _stage(self, policy: DeidPolicy, additions: SiteAdditions) -> Deidentification:
        settings = self._settings.deid
        secret = policy.needs_surrogate_key or policy.needs_encryption_key
        keys = deid_keys(self._folder, self._keys) if secret else None
        surrogates, encryption = (keys.surrogates, keys.encryption) if keys else (None, None)
        worker = Deidentifier(
            policy,
            language=settings.language,
            key=surrogates,
            encryption_key=encryption,
            additions=additions,
            score_threshold=settings.score_threshold,
        )
        return Deidentification(
            settings,
            self._settings.source.columns,
            worker,
            worker.replaced_whole,
            self._checkpoints,
            self._fingerprint(policy, additions, keys),
            by_subject=self._settings.privacy.unit is PrivacyUnit.SUBJECT,
        )

    def _fingerprint(self, policy: DeidPolicy, additions: SiteAdditions, keys: DeidKeys | None) -> bytes:
        """Of all that de-identification depends on besides the records."""
        values = {
            "version": __version__,
            "policy": policy.fingerprint,
            "settings": self._settings.deid.model_dump(mode="json", exclude={"policy", "processes"}),
            "additions": additions.fingerprint(),
            "unit": str(self._settings.privacy.unit),
            "keys": keys.surrogates.digest(b"checkpoints").hex() if keys else "",
        }
        return hashlib.sha256(canonical_json(values)).digest()

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

    def _embed(self, count: int, progress: Progress | None) -> None:
        told = progress or (lambda done, total: None)
        told(0, count)
        encoder = self._make_encoder()
        vectors = np.zeros((count, encoder.dimensions), np.float32)
        texts = (record.text for record in self._store.records())
        begin = 0
        while chunk := list(islice(texts, _CHUNK)):
            within = partial(_counted_from, begin, count, told)
            vectors[begin : begin + len(chunk)] = quoting_nothing("the encoder", partial(encoder.embed, chunk, within))
            begin += len(chunk)
            told(begin, count)
        self._rows.keep(vectors, encoder.name)


def _counted_from(begin: int, count: int, told: Progress, done: int, _: int) -> None:
    """Progress within a chunk as progress of the whole."""
    told(begin + done, count)
