"""The sample pool: what a coordinator has accepted, each thing once, in SQLite or PostgreSQL.

    pool = Pool.open("pool.sqlite")
    pool.start_campaign("spring", plan.digest, config)
    pool.add_samples("spring", [PoolSample("where is my card", "card_arrival")])

Every write is one transaction; done twice, it is as if done once.
"""

from __future__ import annotations

import itertools
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self, TypeVar

from sqlalchemy import Engine, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import InstrumentedAttribute, Session, sessionmaker

from fedaug.augmentation.candidates import Dependence
from fedaug.errors import ConfigError, MissingFile, PoolError, ProtocolError
from fedaug.privacy.canonical import digest
from fedaug.privacy.events import ReleaseKind, event_from_dict
from fedaug.server.database import database_errors, database_name, open_database, read_only
from fedaug.server.log_book import LogBook, LogWriter
from fedaug.server.pool_records import AcceptedRelease, Campaign, CampaignState, PoolSample, Receipt, SampleStatus
from fedaug.server.pool_schema import Base, CampaignRow, CheckpointRow, NonceRow, ReleaseRow, SampleRow

__all__ = ["AcceptedRelease", "Campaign", "CampaignState", "Pool", "PoolSample", "Receipt", "SampleStatus"]

_T = TypeVar("_T")
_ROWS_PER_STATEMENT: Final = 1_000  # 13 columns each stay below SQLite's 32,766 parameters


class Pool:
    """One database of campaigns, samples, accepted releases and checkpoints.

    Attributes:
        logs: The transparency logs.
    """

    def __init__(self, engine: Engine, clock: Callable[[], datetime]) -> None:
        self.logs = LogBook(engine)
        self._engine = engine
        self._clock = clock
        self._name = database_name(engine)
        self._writers = sessionmaker(engine)
        self._readers = sessionmaker(read_only(engine))

    @classmethod
    def open(
        cls, where: str | Path, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC), make: bool = True
    ) -> Self:
        """Open a pool, and bring its schema up to date.

        Args:
            where: Path of an SQLite file, or a ``sqlite:///`` or ``postgresql://`` URL.
            clock: Gives the time at which a release is accepted.
            make: Whether a pool is made where there is none.

        Raises:
            MissingFile: There is no pool, and none was to be made.
            ConfigError: The URL is malformed or names a database that is not supported.
            MissingExtra: PostgreSQL's driver is not installed.
            PoolError: The database cannot be reached, is damaged, or is not a pool of this version.
        """
        return cls(open_database(where, make=make), clock)

    def __repr__(self) -> str:
        return f"<Pool: {self._name}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give back all connections."""
        self._engine.dispose()

    # campaigns

    def start_campaign(self, campaign: str, plan_digest: str, config: Mapping[str, Any]) -> bool:
        """Note a campaign; False if it was there already with the same plan.

        Raises:
            ConfigError: A campaign of that name has another plan.
        """
        row = {"campaign": campaign, "plan_digest": plan_digest, "config": dict(config), "state": CampaignState.RUNNING}
        with self._write() as session:
            if self._insert(session, CampaignRow, [row], CampaignRow.campaign):
                return True
            if session.get_one(CampaignRow, campaign).plan_digest != plan_digest:
                raise ConfigError(
                    "the pool holds a campaign of that name with another plan",
                    "resume it with the settings it was started with, or choose another name",
                )
            return False

    def campaign(self, campaign: str) -> Campaign | None:
        """One campaign, or None if it was never started."""
        with self._read() as session:
            row = session.get(CampaignRow, campaign)
            if row is None:
                return None
            return Campaign(row.campaign, row.plan_digest, row.config, CampaignState(row.state))

    def campaigns(self) -> tuple[str, ...]:
        """All campaigns, by name."""
        with self._read() as session:
            return tuple(session.scalars(select(CampaignRow.campaign).order_by(CampaignRow.campaign)))

    def set_state(self, campaign: str, state: CampaignState) -> None:
        """Note how far a campaign is."""
        with self._write() as session:
            self._known(session, campaign).state = state

    # samples

    def add_samples(self, campaign: str, samples: Iterable[PoolSample]) -> int:
        """Add samples, all or none; one that is there already (same text, same label) stays as it is.

        Returns:
            How many were new.
        """
        added = 0
        with self._write() as session:
            self._known(session, campaign)
            for chunk in _chunks(samples):
                rows = [_sample_row(campaign, sample) for sample in chunk]
                added += self._insert(session, SampleRow, rows, SampleRow.id)
        return added

    def samples(
        self, campaign: str, label: str | None = None, *, status: SampleStatus | None = SampleStatus.ACCEPTED
    ) -> list[PoolSample]:
        """A campaign's samples in the order in which they came.

        Args:
            campaign: Its name.
            label: Only this label; all when None.
            status: Only this status; all when None.

        Raises:
            PoolError: A stored text no longer has the hash that it was stored under.
        """
        with self._read() as session:
            return list(_samples(session, campaign, label, status))

    def set_status(self, campaign: str, sample_ids: Iterable[str], status: SampleStatus) -> int:
        """Withdraw, quarantine or re-admit samples, under all their labels; gives the number of rows changed."""
        changed = 0
        with self._write() as session:
            self._known(session, campaign)
            for chunk in _chunks(sample_ids):
                chosen = (SampleRow.campaign == campaign, SampleRow.sample_id.in_(chunk), SampleRow.status != status)
                statement = update(SampleRow).where(*chosen).values(status=str(status)).returning(SampleRow.id)
                changed += len(session.execute(statement).all())
        return changed

    def export_jsonl(self, path: Path, campaign: str | None = None) -> int:
        """Write all samples, whatever their status, as one JSON object a line; gives their number.

        The file appears whole or not at all.

        Raises:
            MissingFile: The folder is not there or cannot be written.
        """
        partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
        count = 0
        try:
            with partial.open("x", encoding="utf-8", newline="\n") as file, self._read() as session:
                names = [campaign] if campaign is not None else session.scalars(select(CampaignRow.campaign)).all()
                for name in sorted(names):
                    for sample in _samples(session, name, None, None):
                        row = {"sample_id": sample.sample_id, **_sample_row(name, sample)}
                        file.write(json.dumps(row, sort_keys=True, ensure_ascii=False) + "\n")
                        count += 1
            partial.replace(path)
        except OSError:
            raise MissingFile(
                "the export's folder is missing or not writable", "choose a folder that is there"
            ) from None
        finally:
            partial.unlink(missing_ok=True)
        return count

    # releases

    def accept_release(self, release: Receipt) -> bool:
        """Note a verified release, exactly once, and enter it in the coordinator's log; False if it was there already.

        Raises:
            ProtocolError: The site sent another envelope under the same key, or used a nonce twice.
        """
        row = {
            "campaign": release.campaign,
            "site": release.site,
            "key": release.event.key,
            "kind": str(release.event.release),
            "event": release.event.as_dict(),
            "envelope_digest": digest(release.envelope),
            "accepted_at": self._clock(),
        }
        todo = "refuse the second and ask the site"
        with self._write() as session:
            self._known(session, release.campaign)
            if self._insert(session, ReleaseRow, [row], ReleaseRow.id):
                if not self._insert(
                    session, NonceRow, [{"site": release.site, "nonce": release.nonce}], NonceRow.nonce
                ):
                    raise ProtocolError("a site used a nonce twice", todo)
                LogWriter(session).append(release.receiver, release.entry())
                return True
            same_key = [getattr(ReleaseRow, name) == row[name] for name in ("campaign", "site", "key")]
            if session.scalars(select(ReleaseRow.envelope_digest).where(*same_key)).one() != row["envelope_digest"]:
                raise ProtocolError("a site sent two different envelopes for one release", todo)
            return False

    def releases(self, campaign: str) -> list[AcceptedRelease]:
        """A campaign's releases in the order in which they were accepted."""
        with self._read() as session:
            rows = session.scalars(select(ReleaseRow).where(ReleaseRow.campaign == campaign).order_by(ReleaseRow.id))
            return [_release(row) for row in rows]

    # checkpoints

    def save_checkpoint(self, campaign: str, phase: str, data: bytes) -> None:
        """Keep what a restarted coordinator needs to go on after a phase; a phase saved again is replaced.

        Args:
            campaign: Its name.
            phase: Names the finished phase, such as ``votes/0``.
            data: JSON or safetensors; nothing else is taken, so that no checkpoint can carry code.

        Raises:
            PoolError: The bytes are neither JSON nor safetensors.
        """
        if not (data[:1] in (b"{", b"[") or data[8:9] == b"{"):
            raise PoolError("a checkpoint is neither JSON nor safetensors", "encode it as one of the two")
        with self._write() as session:
            self._known(session, campaign)
            old = (CheckpointRow.campaign == campaign, CheckpointRow.phase == phase)
            session.execute(delete(CheckpointRow).where(*old))  # a fresh id keeps "the last one saved" meaningful
            session.add(CheckpointRow(campaign=campaign, phase=phase, data=data, digest=digest(data)))

    def load_checkpoint(self, campaign: str, phase: str) -> bytes | None:
        """A phase's checkpoint, or None.

        Raises:
            PoolError: The stored bytes no longer have the digest that they were stored with.
        """
        with self._read() as session:
            chosen = (CheckpointRow.campaign == campaign, CheckpointRow.phase == phase)
            row = session.scalars(select(CheckpointRow).where(*chosen)).one_or_none()
            if row is None:
                return None
            if digest(row.data) != row.digest:
                raise PoolError("a checkpoint is damaged", "restore the pool from a copy, or start a new campaign")
            return row.data

    def phases(self, campaign: str) -> list[str]:
        """The phases that have a checkpoint, in the order in which they were saved."""
        with self._read() as session:
            chosen = select(CheckpointRow.phase).where(CheckpointRow.campaign == campaign).order_by(CheckpointRow.id)
            return list(session.scalars(chosen))

    # shared

    @contextmanager
    def _write(self) -> Iterator[Session]:
        with database_errors(self._name), self._writers.begin() as session:
            yield session

    @contextmanager
    def _read(self) -> Iterator[Session]:
        with database_errors(self._name), self._readers.begin() as session:
            yield session

    def _known(self, session: Session, campaign: str) -> CampaignRow:
        row = session.get(CampaignRow, campaign)
        if row is None:
            raise ConfigError("the pool knows no campaign of that name", "start the campaign first")
        return row

    def _insert(
        self, session: Session, table: type[Base], rows: list[dict[str, Any]], key: InstrumentedAttribute[Any]
    ) -> int:
        """Insert what is not there yet; the database decides, so two writers cannot both succeed. Gives the number."""
        insert = postgresql.insert if self._engine.dialect.name == "postgresql" else sqlite.insert
        statement = insert(table).on_conflict_do_nothing().returning(key)
        return len(session.execute(statement, rows).all())


def _chunks(values: Iterable[_T]) -> Iterator[list[_T]]:
    rest = iter(values)
    while chunk := list(itertools.islice(rest, _ROWS_PER_STATEMENT)):
        yield chunk


def _sample_row(campaign: str, sample: PoolSample) -> dict[str, Any]:
    return {
        "campaign": campaign,
        "sample_id": sample.sample_id,
        "text": sample.text,
        "label": sample.label,
        "weight": float(sample.weight),
        "accepted_round": sample.accepted_round,
        "origin": sample.origin,
        "source": sample.source,
        "dependence": int(sample.dependence),
        "parents": list(sample.parents),
        "scores": dict(sample.scores),
        "status": str(sample.status),
    }


def _samples(session: Session, campaign: str, label: str | None, status: SampleStatus | None) -> Iterator[PoolSample]:
    query = select(SampleRow).where(SampleRow.campaign == campaign).order_by(SampleRow.id)
    if label is not None:
        query = query.where(SampleRow.label == label)
    if status is not None:
        query = query.where(SampleRow.status == status)
    for row in session.scalars(query.execution_options(yield_per=_ROWS_PER_STATEMENT)):
        if digest(row.text.encode()) != row.sample_id:
            raise PoolError("a sample's text no longer matches its id", "restore the pool from a copy")
        yield PoolSample(
            row.text,
            row.label,
            row.weight,
            row.accepted_round,
            row.origin,
            row.source,
            Dependence(row.dependence),
            tuple(row.parents),
            row.scores,
            SampleStatus(row.status),
        )


def _release(row: ReleaseRow) -> AcceptedRelease:
    event = None if row.event is None else event_from_dict(row.event)
    # SQLite keeps no time zone; what was written is UTC.
    at = row.accepted_at if row.accepted_at.tzinfo else row.accepted_at.replace(tzinfo=UTC)
    return AcceptedRelease(row.campaign, row.site, row.key, ReleaseKind(row.kind), event, row.envelope_digest, at)
