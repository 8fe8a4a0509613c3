"""The ledger's file: how it is created, opened, migrated and locked. What is in it is :mod:`fedaug.privacy.ledger`'s.

SQLite in write-ahead mode with ``synchronous=FULL``: what a transaction has committed survives a kill and a power cut.
Every failure of the file, the database or the schema comes out as :class:`~fedaug.errors.LedgerError`.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.util import CommandError
from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from fedaug.errors import LedgerError

#: How long a transaction waits for another process's; one reservation holds the lock for a second at most.
_BUSY_SECONDS: Final = 60
_SQLITE_MAGIC: Final = b"SQLite format 3\x00"
_MIGRATIONS: Final = Path(__file__).with_name("migrations")
_DAMAGED: Final = "restore it from a backup, or count the data set's whole budget as spent"

#: IMMEDIATE takes the one write lock before anything is read, so that nothing changes between check and charge.
Begin = Literal["DEFERRED", "IMMEDIATE"]


def open_store(path: Path, fill: Callable[[Connection], None]) -> Engine:
    """The database at a path, created if there is none, and migrated to the newest schema.

    Args:
        path: Of the file.
        fill: Writes a new ledger's first rows, in the transaction that creates its tables.

    Raises:
        LedgerError: The file is damaged, empty, not a database, of a newer schema, or cannot be created.
    """
    log_remains = path.with_name(path.name + "-wal").exists()  # before looking for the file, which is always made first
    try:
        if not path.exists():
            if log_remains:
                raise LedgerError("the ledger's file is gone but its write-ahead log is there", _DAMAGED)
            _create(path, fill)
        # SQLite takes an empty file for a new database: a ledger cut to nothing would start afresh.
        with path.open("rb") as file:
            if file.read(len(_SQLITE_MAGIC)) != _SQLITE_MAGIC:
                raise LedgerError("the ledger's file is not a database", _DAMAGED)
    except OSError:
        raise LedgerError(
            "the ledger's file cannot be read or created", "check the folder and its permissions"
        ) from None
    engine = _engine(path)
    try:
        _check(engine)
        _migrate(engine)
    except BaseException:
        engine.dispose()
        raise
    return engine


@contextmanager
def transaction(engine: Engine, begin: Begin) -> Iterator[Connection]:
    """One transaction: commits at the end, rolls back on any exception.

    Raises:
        LedgerError: The database failed, is damaged, or another process held it for too long.
    """
    try:
        with engine.execution_options(begin=begin).begin() as connection:
            yield connection
    except (SQLAlchemyError, sqlite3.Error, CommandError) as error:
        raise _translated(error) from None


def _translated(error: Exception) -> LedgerError:
    cause = error.orig if isinstance(error, DBAPIError) else error
    name = getattr(cause, "sqlite_errorname", "")
    if name.startswith("SQLITE_BUSY"):
        return LedgerError("another process holds the ledger", "end it, or try again later")
    if name in {"SQLITE_FULL", "SQLITE_READONLY", "SQLITE_CANTOPEN"} or name.startswith("SQLITE_IOERR"):
        return LedgerError("the ledger's file cannot be written", "check the disk and the file's permissions")
    if isinstance(error, CommandError):
        return LedgerError("the ledger's schema is not one of this version's", "update fedaug")
    return LedgerError("the ledger's file is damaged or not a ledger", _DAMAGED)


def _create(path: Path, fill: Callable[[Connection], None]) -> None:
    """Build the file under another name and put it in place whole: a crash leaves either none or a complete one."""
    draft = path.with_name(f".{path.name}.{os.getpid()}-{os.urandom(4).hex()}")
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    try:
        engine = _engine(draft)
        try:
            _migrate(engine, fill)
        finally:
            engine.dispose()  # the last connection folds the write-ahead log into the file
        try:
            os.link(draft, path)
        except FileExistsError:
            return  # another process was faster; its ledger is as good
        _sync_folder(path.parent)
    finally:
        draft.unlink()


def _sync_folder(folder: Path) -> None:
    """Make a new directory entry durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _engine(path: Path) -> Engine:
    # mode=rw: SQLite must never create the file by itself.
    url = URL.create("sqlite", database=path.absolute().as_uri(), query={"uri": "true", "mode": "rw"})
    engine = create_engine(url, connect_args={"timeout": _BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def _configure(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None  # the driver would begin transactions on its own, too late and too weak
        mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
        if mode != "wal":
            raise LedgerError(
                "the ledger's file system cannot keep a write-ahead log", "put the ledger on a local disk"
            )
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(f"BEGIN {connection.get_execution_options()['begin']}")

    return engine


def _check(engine: Engine) -> None:
    with transaction(engine, "DEFERRED") as connection:
        if connection.exec_driver_sql("PRAGMA quick_check(1)").scalar() != "ok":
            raise LedgerError("the ledger's file is damaged", _DAMAGED)


def _migrate(engine: Engine, fill: Callable[[Connection], None] | None = None) -> None:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    with transaction(engine, "IMMEDIATE") as connection:
        if fill is None and MigrationContext.configure(connection).get_current_revision() is None:
            raise LedgerError("the ledger's file holds no ledger", _DAMAGED)  # nor is it turned into an empty one
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        if fill is not None:
            fill(connection)
