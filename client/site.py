"""A site: one folder with its settings, keys, sealed records and ledger, and one door through which it is asked.

    site = Site.init("st-mary", source="notes.csv", text="note", label="section")
    site.prepare()
    reply = site.handle(request)      # a signed envelope, whatever was asked

``handle`` is the whole protocol; the Flower app relays to it, the simulation calls it, and ``counts``, ``statistics``,
``votes`` and ``metric`` are the same calls for people.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import islice, tee
from pathlib import Path
from typing import Any, Final, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from fedaug.augmentation.encoder import Encoder, MiniLM, Progress
from fedaug.client.accepted_plans import AcceptedPlans
from fedaug.client.mechanisms import mechanism_for
from fedaug.client.policy import require_allowed
from fedaug.client.records import BadRow, OnBadRow, Record, RowReport, read_records
from fedaug.client.records.report import row_error
from fedaug.client.release import ReleaseGate
from fedaug.client.settings import SiteSettings
from fedaug.client.store import SealedStore
from fedaug.errors import (
    DefectError,
    EmptySource,
    FedaugError,
    NotPrepared,
    ProtocolError,
    QuarantinedRecord,
    RefusedError,
)
from fedaug.privacy.canonical import canonical_json, parse_json
from fedaug.privacy.deid.deidentify import Deidentifier
from fedaug.privacy.envelope import open_envelope
from fedaug.privacy.files import whole_file
from fedaug.privacy.keys import KeyRing, find_passphrase
from fedaug.privacy.ledger import Ledger, LedgerEntry
from fedaug.privacy.noise import NoiseSource, SystemNoise
from fedaug.privacy.units import PrivacyUnit
from fedaug.strategies.contributions import Contributions
from fedaug.strategies.messages import (
    AskCounts,
    AskMetric,
    AskStatistics,
    AskVotes,
    CampaignPlan,
    Describe,
    Join,
    NoisyRelease,
    Outcome,
    ReleaseRequest,
    SiteFact,
    Status,
    Tensors,
    decode_reply,
    decode_request,
    encode,
)

_T = TypeVar("_T")
_LOG = logging.getLogger(__name__)
_CHUNK: Final = 2_000  # records embedded at a time; bounds memory, and is a multiple of the encoder's batch
_EMBEDDINGS: Final = "embeddings"
_SPACE: Final = "space"


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


@dataclass(frozen=True)
class SiteStatus:
    """Where a site stands. For the site's own eyes."""

    name: str
    prepared: bool
    unit: PrivacyUnit
    spent: float
    cap: float
    delta: float
    charges: tuple[LedgerEntry, ...]


class Site:
    """One participant. Made by :meth:`init` or :meth:`open`.

    Args:
        folder: The site's folder.
        settings: Its ``site.toml``.
        keys: Its key ring, opened.
        noise: Where privacy noise comes from; tests alone pass another than the default.
        encoder: Makes the public embedding space; loaded when first needed.
    """

    def __init__(
        self, folder: Path, settings: SiteSettings, keys: KeyRing, noise: NoiseSource, encoder: Callable[[], Encoder]
    ) -> None:
        self.folder = folder
        self.settings = settings
        self._keys = keys
        self._make_encoder = encoder
        self._store = SealedStore(folder / "store", keys, _lineage(folder))
        self._ledger = Ledger.open(
            folder / "ledger.sqlite",
            lineage=self._store.lineage,
            unit=settings.privacy.unit,
            cap=settings.privacy.budget,
        )
        self._plans = AcceptedPlans(folder / "plans")
        self._gate = ReleaseGate(settings.name, keys.signer, self._ledger, noise)
        self._rows: _Rows | None = None

    @classmethod
    def init(
        cls,
        folder: str | Path,
        *,
        source: str | Path,
        text: str,
        label: str | None = None,
        name: str | None = None,
        passphrase: bytes | None = None,
        **settings: Any,  # noqa: ANN401 - a setting's type is its own
    ) -> Self:
        """Make a site's folder: settings, keys, nothing else yet.

        Args:
            folder: Must not hold a site already.
            source: The records' file.
            text: The column that holds the text.
            label: The column that holds the label.
            name: The site's name; the folder's name by default.
            passphrase: Wraps the keys; looked up as ``fedaug keys --help`` says when not given.
            **settings: Further settings by dotted name with ``__`` for the dot, such as ``privacy__epsilon=2.0``.

        Raises:
            ConfigError: A setting is wrong, or the folder holds a site already.
        """
        folder = Path(folder)
        if passphrase is None:  # looked up first: without it there must be no folder that looks like a site
            passphrase = find_passphrase(folder)
        values = {"source__path": str(source), "source__columns__text": text, "source__columns__label": label}
        SiteSettings.create(folder, name=name or folder.resolve().name, **values, **settings)
        KeyRing.create(folder, passphrase)
        return cls.open(folder, passphrase=passphrase)

    @classmethod
    def open(
        cls,
        folder: str | Path,
        *,
        passphrase: bytes | None = None,
        noise: NoiseSource | None = None,
        encoder: Callable[[], Encoder] = MiniLM,
    ) -> Self:
        """Open a site's folder.

        Raises:
            ConfigError: Its settings are wrong.
            SealError: The passphrase does not open its keys.
            LedgerError: Its ledger is damaged, or another data set's.
        """
        folder = Path(folder)
        keys = KeyRing.open(folder, passphrase if passphrase is not None else find_passphrase(folder))
        return cls(folder, SiteSettings.load(folder), keys, noise or SystemNoise(), encoder)

    def close(self) -> None:
        """Let go of the ledger's file."""
        self._ledger.close()

    # the site's own side

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
        source = self.settings.source
        policies = dict.fromkeys(BadRow, source.on_bad_row) | {BadRow.UNKNOWN_LABEL: source.unknown_labels}
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
            for record, text in self._deidentified(self._source(report)):
                if isinstance(text, QuarantinedRecord):
                    quarantined += 1
                else:
                    yield Record(
                        record.record_id, record.subject_id, text, record.label, record.provenance, record.attributes
                    )
            report.require(self.settings.source.min_records)

        count = self._store.write_records(kept())
        self._embed(count, progress)
        self._rows = None
        return Prepared(count, quarantined, report)

    def status(self) -> SiteStatus:
        """What is prepared and what is spent."""
        budget = self.settings.privacy.budget
        return SiteStatus(
            self.settings.name,
            self._prepared(),
            self.settings.privacy.unit,
            self._ledger.spent(),
            budget.epsilon,
            budget.delta,
            self._ledger.entries(),
        )

    def _prepared(self) -> bool:
        try:
            self._space()
        except NotPrepared:
            return False
        return True

    # the door

    def handle(self, request: bytes) -> bytes:
        """Answer one request with a signed envelope. No exception leaves: a failure is a status without its cause."""
        try:
            message, tensors = decode_request(request)
            if isinstance(message, Describe):
                return self._gate.public(self._fact(), request)
            if isinstance(message, Join):
                self._join(message.plan)
                return self._gate.public(Status(status=Outcome.OK), request)
            return self._release(message, request, tensors)
        except RefusedError as error:
            return self._failed(Outcome.REFUSED, error, request)
        except FedaugError as error:
            return self._failed(Outcome.UNAVAILABLE, error, request)
        except Exception as error:  # the outermost boundary: an exception's text may quote a record
            defect = DefectError(f"a request failed with {type(error).__name__}", "report it with this line")
            return self._failed(Outcome.UNAVAILABLE, defect, request)

    def join(self, plan: CampaignPlan) -> Outcome:
        """Put a plan to this site."""
        body = self._ask(encode(Join(plan=plan)))
        reply, _ = decode_reply(body)
        return reply.status if isinstance(reply, Status) else Outcome.UNAVAILABLE

    def counts(self, campaign: str, key: str = "counts") -> NDArray[np.float64]:
        """Noisy records per label, float64 [labels]."""
        return self._value(AskCounts(campaign=campaign, key=key))

    def statistics(self, campaign: str, key: str = "statistics") -> NDArray[np.float64]:
        """Noisy class sums of embeddings, float64 [labels, d]."""
        return self._value(AskStatistics(campaign=campaign, key=key))

    def votes(
        self, campaign: str, key: str, candidates: NDArray[np.float32], labels: NDArray[np.int32]
    ) -> NDArray[np.float64]:
        """Noisy votes on candidates, float64 [n]; see :class:`~fedaug.strategies.messages.AskVotes`."""
        return self._value(AskVotes(campaign=campaign, key=key), {"candidates": candidates, "labels": labels})

    def metric(
        self, campaign: str, weight: NDArray[np.float32], bias: NDArray[np.float32], key: str = "metric"
    ) -> NDArray[np.float64]:
        """Noisy numbers of right and wrong guesses of a linear student, float64 [2]."""
        return self._value(AskMetric(campaign=campaign, key=key), {"weight": weight, "bias": bias})

    # behind the door

    def _fact(self) -> SiteFact:
        return SiteFact(site=self.settings.name, public_key=self._keys.signer.public_key().public_bytes_raw().hex())

    def _join(self, plan: CampaignPlan) -> None:
        require_allowed(plan, self.settings, self._space())
        self._gate.join(plan)
        self._plans.keep(plan)

    def _release(self, request: ReleaseRequest, raw: bytes, tensors: Tensors) -> bytes:
        plan = self._plans.find(request.campaign)
        mechanism = mechanism_for(request, tensors, plan, self.settings.policy.max_candidates)
        return self._gate.release(plan, request, raw, mechanism, lambda: self._contributions(plan))

    def _failed(self, outcome: Outcome, error: FedaugError, request: bytes) -> bytes:
        _LOG.warning("%s: a request was answered with %s (%s)", error.code, outcome, error.what)
        return self._gate.public(Status(status=outcome), request)

    def _ask(self, request: bytes) -> bytes:
        _, body = open_envelope(self.handle(request), self._keys.signer.public_key())
        return body

    def _value(self, request: ReleaseRequest, tensors: Tensors | None = None) -> NDArray[np.float64]:
        reply, values = decode_reply(self._ask(encode(request, tensors)))
        if not isinstance(reply, NoisyRelease):
            raise ProtocolError(f"the site answered {getattr(reply, 'status', reply.kind)}", "look into the site's log")
        return np.asarray(values["values"], np.float64)

    def _contributions(self, plan: CampaignPlan) -> Contributions:
        """The rows of the plan's labels; a record with another label, or none, contributes nothing."""
        if self._rows is None:
            self._rows = self._load()
        place = {label: index for index, label in enumerate(plan.labels)}
        labels = np.array([place.get(label, -1) for label in self._rows.labels], np.int64)
        units = self._rows.subjects if plan.unit is PrivacyUnit.SUBJECT else np.arange(len(labels))
        known = labels >= 0
        return Contributions(self._rows.embeddings[known], labels[known], units[known])

    def _load(self) -> _Rows:
        embeddings = self._store.read_array(_EMBEDDINGS)
        records = [(record.subject_id, record.label) for record in self._store.records()]
        if embeddings is None or len(embeddings) != len(records):
            raise NotPrepared("the site's store is incomplete", "run fedaug site prepare again")
        numbers: dict[str, int] = {}
        subjects = np.array([numbers.setdefault(subject, len(numbers)) for subject, _ in records], np.int64)
        labels = tuple(label if isinstance(label, str) else "" for _, label in records)
        return _Rows(embeddings, subjects, labels)

    def _space(self) -> tuple[str, int]:
        """The embedding space that the store was prepared for: its name and a vector's length. Reads no record."""
        noted = self._store.read_array(_SPACE)
        if noted is None or not self._store.has_records():
            raise NotPrepared("the site's records have not been prepared", "run fedaug site prepare")
        name, dimensions = parse_json(noted.tobytes())
        return name, dimensions

    def _source(self, report: RowReport, bad_rows: OnBadRow | None = None) -> Iterator[Record]:
        source = self.settings.source
        return read_records(
            self.settings.source_path(self.folder),
            source.columns,
            format=source.format,
            on_bad_row=bad_rows or source.on_bad_row,
            report=report,
            label_type=source.label_type,
            labels=source.labels,
            unknown_labels=bad_rows or source.unknown_labels,
        )

    def _deidentified(self, records: Iterator[Record]) -> Iterator[tuple[Record, str | QuarantinedRecord]]:
        settings = self.settings.deid
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
        self._store.write_array(_EMBEDDINGS, vectors)
        # Last, so that a store that was cut off before is not taken for a prepared one.
        space = canonical_json([encoder.name, encoder.dimensions])
        self._store.write_array(_SPACE, np.frombuffer(space, np.uint8))


def _quoting_nothing(stage: str, work: Callable[[], _T]) -> _T:
    """Do something with texts; what a library raises over them may quote one, and goes no further."""
    try:
        return work()
    except FedaugError:
        raise
    except Exception as error:
        kind = type(error).__name__
    raise DefectError(f"{stage} failed with {kind}", "report it with this line")


@dataclass(frozen=True)
class _Rows:
    """A site's records without their texts, in the order of the store."""

    embeddings: NDArray[Any]
    subjects: NDArray[np.int64]
    labels: tuple[str, ...]


def _lineage(folder: Path) -> str:
    """The data set's random lineage id: made once, and kept whatever is added to or taken from the data."""
    path = folder / "lineage"
    if not path.exists():
        with suppress(FileExistsError), whole_file(path, overwrite=False) as file:
            file.write(secrets.token_hex(16).encode() + b"\n")
    return path.read_text().strip()
