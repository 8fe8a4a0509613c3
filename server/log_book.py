"""The coordinator's log book: its log of what it accepted, the sites' logs as they showed them, and signed heads."""

from __future__ import annotations

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session, sessionmaker

from fedaug.errors import PoolError
from fedaug.privacy.transparency.heads import HeadRole, SignedHead, decode_head, encode_head
from fedaug.server.database import database_errors, database_name, read_only
from fedaug.server.pool_schema import LogEntryRow, LogHeadRow


class LogBook:
    """Logs in the pool's database, by origin: a site's name, or the coordinator's.

    Args:
        engine: The pool's.
    """

    def __init__(self, engine: Engine) -> None:
        self._name = database_name(engine)
        self._writers = sessionmaker(engine)
        self._readers = sessionmaker(read_only(engine))

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

    def extend(self, origin: str, start: int, entries: tuple[bytes, ...]) -> None:
        """Append entries to a log that holds ``start``.

        Raises:
            PoolError: It holds another number: somebody else has written in the meantime.
        """
        with database_errors(self._name), self._writers.begin() as session:
            if count(session, origin) != start:
                raise PoolError("a log in the pool has grown in the meantime", "run one coordinator at a time")
            session.add_all(
                LogEntryRow(origin=origin, number=start + place, entry=entry.decode())
                for place, entry in enumerate(entries)
            )

    def keep(self, signed: SignedHead) -> bool:
        """Keep a signed head, once for each origin, role and size; whether it is new."""
        head, role = signed.head, str(signed.role)
        same = (LogHeadRow.origin == head.origin, LogHeadRow.role == role, LogHeadRow.size == head.size)
        with database_errors(self._name), self._writers.begin() as session:
            new = session.scalars(select(LogHeadRow.id).where(*same)).first() is None
            if new:
                row = LogHeadRow(origin=head.origin, role=role, size=head.size, signed=encode_head(signed).decode())
                session.add(row)
            return new

    def append(self, origin: str, entry: bytes) -> None:
        """Append one entry to a log."""
        with database_errors(self._name), self._writers.begin() as session:
            append(session, origin, entry)

    def heads(self, origin: str, role: HeadRole) -> tuple[SignedHead, ...]:
        """The heads of a log that were signed in a role, shortest first."""
        of = (LogHeadRow.origin == origin, LogHeadRow.role == str(role))
        query = select(LogHeadRow.signed).where(*of).order_by(LogHeadRow.size)
        with database_errors(self._name), self._readers.begin() as session:
            return tuple(decode_head(signed.encode()) for signed in session.scalars(query))

    def newest(self, origin: str, role: HeadRole) -> SignedHead | None:
        """The head of the longest log that was signed in a role."""
        return next(reversed(self.heads(origin, role)), None)


def append(session: Session, origin: str, entry: bytes) -> None:
    """Append one entry to a log, in a transaction that is under way."""
    session.add(LogEntryRow(origin=origin, number=count(session, origin), entry=entry.decode()))


def count(session: Session, origin: str) -> int:
    """How many entries a log holds."""
    return session.scalar(select(func.count()).where(LogEntryRow.origin == origin)) or 0
