"""The ledger's files: how they are made, opened, checked, locked and folded. What is in them is the ledger's business.

SQLite in write-ahead mode with ``synchronous=FULL``: what a transaction has committed survives a kill and a power cut.
The database file itself changes only when the write-ahead log is folded into it, which the last user does at the end;
so its SHA-256, kept in the head beside it (:mod:`fedaug.privacy.ledger.anchor`), holds in between. Every failure of a
file, the database or the schema comes out as :class:`~fedaug.errors.LedgerError`.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, select, update

from fedaug.errors import LedgerError
from fedaug.privacy.files import sync_folder
from fedaug.privacy.ledger.anchor import Anchor, Failpoint, file_digest, read_anchor, write_anchor
from fedaug.privacy.ledger.database import (
    Begin,
    connected,
    log_of,
    migrate,
    require_whole,
    revision_of,
    transaction,
    translated_os,
)
from fedaug.privacy.ledger.journal import REMEDY
from fedaug.privacy.ledger.lock import LedgerLock
from fedaug.privacy.ledger.schema import REVISION, journal, state

#: The write-ahead log is folded into the file once it is this long, if nobody else has the ledger open.
_FOLD_BYTES: Final = 32 * 2**20
_SQLITE_MAGIC: Final = b"SQLite format 3\x00"

#: Writes a new ledger's first rows.
Fill = Callable[[Connection], None]
#: Reads everything that matters, and raises LedgerError if it is not whole.
Inspect = Callable[[Connection], object]


class LedgerStore:
    """One open ledger: a database, the head beside it, and a place among its users.

    Args:
        path: Of the database file.
        failpoint: Called with the name of each step.
    """

    def __init__(self, path: Path, failpoint: Failpoint) -> None:
        self._path = path
        self._failpoint = failpoint
        self._lock = LedgerLock(path)
        self._engine: Engine | None = None
        self._process = os.getpid()

    def open(self, fill: Fill, inspect: Inspect) -> None:
        """Open the files, make them if there are none, and mend what a crash left.

        Args:
            fill: Writes a new ledger's first rows, in the transaction that creates its tables.
            inspect: Checks a ledger that was not closed, before anything in its files is changed.

        Raises:
            LedgerError: The files are damaged, behind their head, not a ledger, of a newer schema, or cannot be used.
        """
        with translated_os(), ExitStack() as undo, self._lock.turn():
            undo.callback(self._let_go)
            if self._lock.join():
                self._prepare(fill, inspect)
            self._engine = connected(self._path)
            with transaction(self._engine, "DEFERRED") as connection:
                self._in_step(connection)
            self._lock.share()
            undo.pop_all()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that changes nothing.

        Raises:
            LedgerError: The files failed or are damaged.
        """
        with self._transaction("DEFERRED") as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that nobody else's comes between, durable together with the head when it ends.

        Raises:
            LedgerError: The files failed or are damaged. If the failure came after the commit, the change stands; it
                was not acknowledged, and doing it again finds it done.
        """
        with self._transaction("IMMEDIATE") as connection:
            yield connection
            self._failpoint("written")

    def close(self) -> None:
        """Let go of the files; the last user folds the write-ahead log into the database. Never raises.

        If that fails, the files are as a crash leaves them, and the next to open them mends that.
        """
        if os.getpid() != self._process:  # a fork's copy: the files are its parent's
            return
        with suppress(LedgerError), translated_os(), self._lock.turn():
            if self._engine is not None and self._lock.alone():
                self._fold(self._engine)
            self._let_go()
        self._let_go()

    @contextmanager
    def _transaction(self, begin: Begin) -> Iterator[Connection]:
        with translated_os(), self._lock.turn():
            if self._engine is None:
                raise LedgerError("the ledger was closed", "open it again")
            self._failpoint("turn taken")
            with transaction(self._engine, begin) as connection:
                anchor = self._in_step(connection)
                changes = _changes(connection)
                yield connection
                changed = _changes(connection) != changes
                if changed:
                    connection.execute(update(state).values(commits=anchor.commits + 1))
                    anchor = replace(_position(connection), file=anchor.file)
            if changed:
                self._failpoint("committed")
                write_anchor(self._path, anchor, self._failpoint)
                self._fold_if_long()

    def _in_step(self, connection: Connection) -> Anchor:
        """The head, after checking that the database is where it says, and moving it on if a crash kept it behind."""
        kept = read_anchor(self._path)
        anchor = _compared(connection, kept)
        if anchor != kept:
            # Nothing of the last commit has left, but now it may: the head goes first.
            write_anchor(self._path, anchor, self._failpoint)
        return anchor

    # What only a sole user does, within its turn.

    def _prepare(self, fill: Fill, inspect: Inspect) -> None:
        """Bring the files to where there is no write-ahead log and the file is the one that the head names."""
        for draft in self._path.parent.glob(f".{self._path.name}.*"):
            draft.unlink()  # of a process that was killed
        anchor = read_anchor(self._path)
        if not self._path.exists():
            self._require_none(anchor)
            self._create(fill)
            anchor = Anchor()
        # SQLite takes an empty file for a new database: a ledger cut to nothing would start afresh.
        with self._path.open("rb") as file:
            if file.read(len(_SQLITE_MAGIC)) != _SQLITE_MAGIC:
                raise LedgerError("the ledger's file is not a database", REMEDY)
        if anchor is None:
            self._adopt()
            anchor = Anchor()
        settled = self._settled(anchor)
        engine = connected(self._path, writing=settled)
        try:
            with transaction(engine, "DEFERRED") as connection:
                require_whole(connection)
                old = revision_of(connection) != REVISION
                if not settled and not old:
                    inspect(connection)
                    _compared(connection, read_anchor(self._path))
        finally:
            engine.dispose()
        if old or not settled:
            self._mend(inspect)

    def _mend(self, inspect: Inspect) -> None:
        """Finish what a crash cut off, or convert an older schema; then fold, so that the file is whole by itself."""
        engine = connected(self._path)
        try:
            migrate(engine, inspect)
            self._fold(engine)
        finally:
            engine.dispose()

    def _settled(self, anchor: Anchor) -> bool:
        """Whether the file is whole by its digest, with no write-ahead log that adds to it."""
        logged = _length(log_of(self._path)) > 0
        if anchor.file is None:  # a crash fell into making or folding: what the rows say has to do
            return False
        if file_digest(self._path) == anchor.file:
            return not logged
        if anchor.closed or logged:
            raise LedgerError("the ledger's file is not the one that its head names", REMEDY)
        return False  # a program that ended in good order folded the log by itself, as SQLite does

    def _require_none(self, anchor: Anchor | None) -> None:
        if log_of(self._path).exists():
            raise LedgerError("the ledger's file is gone but its write-ahead log is there", REMEDY)
        if anchor is not None and anchor.commits:
            raise LedgerError("the ledger's file is gone but its head is there", REMEDY)

    def _adopt(self) -> None:
        """Take in a ledger of fedaug's first version, which had no head. No other ledger may lack one."""
        engine = connected(self._path, writing=False)
        try:
            with transaction(engine, "DEFERRED") as connection:
                require_whole(connection)
                if revision_of(connection) == REVISION:
                    raise LedgerError("the head beside the ledger is missing", REMEDY)
        finally:
            engine.dispose()
        write_anchor(self._path, Anchor(), self._failpoint)

    def _create(self, fill: Fill) -> None:
        """Build the file under another name and put it in place whole: a crash leaves either none or a complete one."""
        write_anchor(self._path, Anchor(), self._failpoint)
        draft = self._path.with_name(f".{self._path.name}.draft")
        build(draft, fill)
        self._failpoint("draft made")
        draft.rename(self._path)
        sync_folder(self._path.parent)
        self._failpoint("draft in place")

    def _fold(self, engine: Engine) -> None:
        """Fold the write-ahead log into the file, and put the file's digest into the head."""
        with transaction(engine, "DEFERRED") as connection:
            anchor = self._in_step(connection)
        if anchor.closed:
            return
        write_anchor(self._path, replace(anchor, file=None), self._failpoint)
        with transaction(engine, None) as connection:
            busy = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").scalar()
        self._failpoint("checkpointed")
        engine.dispose()
        self._failpoint("let go")
        if busy or _length(log_of(self._path)):
            raise LedgerError("another program holds the ledger's file", "end it, and open the ledger again")
        write_anchor(self._path, replace(anchor, file=file_digest(self._path), closed=True), self._failpoint)

    def _fold_if_long(self) -> None:
        if self._engine is None or _length(log_of(self._path)) < _FOLD_BYTES or not self._lock.alone():
            return
        try:
            self._fold(self._engine)
        except BaseException:
            # What was to be committed is. What remains is a crash's mess, and mending it takes a fresh start.
            self._let_go()
            raise
        with transaction(self._engine, "DEFERRED") as connection:
            _position(connection)  # takes hold of the file again, so that no other program's SQLite folds it
        self._lock.share()

    def _let_go(self) -> None:
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None
        self._lock.leave()


def build(path: Path, fill: Fill) -> None:
    """Make a ledger's database, without a head, in one file."""
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    engine = connected(path)
    try:
        migrate(engine, fill, new=True)
    finally:
        engine.dispose()  # the last connection folds the write-ahead log into the file


def _position(connection: Connection) -> Anchor:
    commits = connection.execute(select(state.c.commits)).scalar_one()
    last = connection.execute(select(journal).order_by(journal.c.sequence.desc()).limit(1)).one_or_none()
    if type(commits) is not int or last is None or not isinstance(last.chain, bytes):
        raise LedgerError("the ledger's file holds no ledger", REMEDY)
    return Anchor(commits, last.sequence, last.chain.hex())


def _compared(connection: Connection, anchor: Anchor | None) -> Anchor:
    """The head as it should be, after checking that the database is there or further on."""
    found = _position(connection)
    if anchor is None:
        raise LedgerError("the head beside the ledger is missing", REMEDY)
    if found.commits < anchor.commits or found.size < anchor.size:
        raise LedgerError("the ledger is shorter than its head says: its newest entries are lost", REMEDY)
    if found.commits == anchor.commits:
        if (found.size, found.chain) != (anchor.size, anchor.chain):
            raise LedgerError("the ledger does not end where its head says", REMEDY)
        return anchor
    if anchor.size and _chain(connection, anchor.size) != anchor.chain:
        raise LedgerError("the ledger's journal is not the one that its head names", REMEDY)
    return replace(found, file=anchor.file)


def _chain(connection: Connection, size: int) -> str:
    chain = connection.execute(select(journal.c.chain).where(journal.c.sequence == size)).scalar_one_or_none()
    return chain.hex() if isinstance(chain, bytes) else ""


def _changes(connection: Connection) -> int:
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver.total_changes


def _length(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
