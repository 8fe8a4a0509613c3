"""The coordinator's log book: its log of what it accepted, the sites' logs as they showed them, and signed heads."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session, sessionmaker

from fedaug.errors import ConfigError, PoolError
from fedaug.privacy.limits import LIMITS
from fedaug.privacy.transparency.heads import HeadRole, SignedHead, decode_head, encode_head
from fedaug.server.database import database_errors, database_name, read_only
from fedaug.server.pool_schema import LogEntryRow, LogHeadRow, LogOwnerRow

_OWNER: Final = ""  # no log has this name, so its lock is free for the book's owner


class LogBook:
    """Logs in the pool's database, by origin: a site's name, or the coordinator's.

    Of each log the newest signed head in each role is kept: it covers whatever an older one did.

    Args:
        engine: The pool's.
    """

    def __init__(self, engine: Engine) -> None:
        self._name = database_name(engine)
        self._writers = sessionmaker(engine)
        self._readers = sessionmaker(read_only(engine))

    def claim(self, coordinator: str) -> None:
        """Make a coordinator the one whose book this is, or see that it is.

        Raises:
            ConfigError: Another one has begun the book: its log would be taken for a site's.
        """
        with database_errors(self._name), self._writers.begin() as session:
            _lock(session, _OWNER)
            owner = session.scalars(select(LogOwnerRow.coordinator)).first()
            if owner is None:
                session.add(LogOwnerRow(coordinator=coordinator))
            elif owner != coordinator:
                raise ConfigError(
                    f"the pool's logs were begun by a coordinator of another name, {owner!r}",
                    "coordinate under that name, or use a new pool",
                )

    def entries(self, origin: str) -> tuple[bytes, ...]:
        """A log's entries, in order."""
        query = select(LogEntryRow.entry).where(LogEntryRow.origin == origin).order_by(LogEntryRow.number)
        with database_errors(self._name), self._readers.begin() as session:
            return tuple(entry.encode() for entry in session.scalars(query))

    def origins(self) -> tuple[str, ...]:
        """Whose logs there are, by name."""
        query = select(LogEntryRow.origin).distinct().order_by(LogEntryRow.origin)
        with database_errors(self._name), self._readers.begin() as session:
            return tuple(session.scalars(query))

    def newest(self, origin: str, role: HeadRole) -> SignedHead | None:
        """The head of a log that was signed last in a role."""
        query = select(LogHeadRow.signed).where(LogHeadRow.origin == origin, LogHeadRow.role == str(role))
        with database_errors(self._name), self._readers.begin() as session:
            signed = session.scalars(query).first()
        return None if signed is None else decode_head(signed.encode())

    @contextmanager
    def writing(self) -> Iterator[LogWriter]:
        """Changes that are made together or not at all."""
        with database_errors(self._name), self._writers.begin() as session:
            yield LogWriter(session)


class LogWriter:
    """Changes logs in a transaction that is under way.

    Two coordinators at one database take turns for each log: both would give their entries the same number. Whoever
    changes two logs changes a site's first and the coordinator's last, so that no two wait for each other.

    Args:
        session: The transaction.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def extend(self, origin: str, start: int, entries: tuple[bytes, ...]) -> None:
        """Append entries to a log that holds ``start``.

        Raises:
            PoolError: It holds another number: somebody else has written in the meantime.
        """
        if self._length(origin) != start:
            raise PoolError("a log in the pool has grown in the meantime", "run one coordinator at a time")
        self._add(origin, start, entries)

    def append(self, origin: str, entry: bytes) -> None:
        """Append one entry to a log.

        Raises:
            PoolError: It holds as many as a log may.
        """
        length = self._length(origin)
        if not length < LIMITS.log_entries:
            raise PoolError("a log in the pool is full", "begin a new pool")
        self._add(origin, length, (entry,))

    def keep(self, signed: SignedHead) -> bool:
        """Keep a signed head unless that of a longer log is kept already; whether the log has grown by it.

        Of two heads of one log the later stays: it may be signed by the key that has replaced the other's.
        """
        head, role = signed.head, str(signed.role)
        _lock(self._session, head.origin)
        of = (LogHeadRow.origin == head.origin, LogHeadRow.role == role)
        row = self._session.scalars(select(LogHeadRow).where(*of)).first()
        if row is None:
            row = LogHeadRow(origin=head.origin, role=role, size=-1, signed="")
            self._session.add(row)
        grown = row.size < head.size
        if row.size <= head.size:
            row.size, row.signed = head.size, encode_head(signed).decode()
        return grown

    def _length(self, origin: str) -> int:
        _lock(self._session, origin)
        last = self._session.scalar(select(func.max(LogEntryRow.number)).where(LogEntryRow.origin == origin))
        return 0 if last is None else last + 1

    def _add(self, origin: str, start: int, entries: tuple[bytes, ...]) -> None:
        self._session.add_all(
            LogEntryRow(origin=origin, number=start + place, entry=entry.decode())
            for place, entry in enumerate(entries)
        )
        self._session.flush()  # so that whoever asks for the length next, in this transaction too, counts them


def _lock(session: Session, origin: str) -> None:
    """Wait until no other transaction changes a log, and keep others from it until this one ends.

    SQLite has one writer at a time anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        name = hashlib.sha256(b"fedaug log\0" + origin.encode()).digest()
        session.execute(select(func.pg_advisory_xact_lock(int.from_bytes(name[:8], signed=True))))
