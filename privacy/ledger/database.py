"""SQLite as the ledger uses it: connections, transactions, migrations, and failures in the ledger's own words."""

from __future__ import annotations

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
from fedaug.privacy.ledger.journal import REMEDY
from fedaug.privacy.ledger.schema import REVISION

#: Only a program that knows nothing of the ledger's own locks can be waited for.
_BUSY_SECONDS: Final = 60
_MIGRATIONS: Final = Path(__file__).with_name("migrations")

#: IMMEDIATE takes the one write lock before anything is read; None begins nothing, for what SQLite does outside of one.
Begin = Literal["DEFERRED", "IMMEDIATE"] | None


def log_of(path: Path) -> Path:
    """The write-ahead log of the database at a path."""
    return path.with_name(path.name + "-wal")


def connected(path: Path, *, writing: bool = True) -> Engine:
    """The database at a path, which exists. Its one connection is made when first used.

    Args:
        path: Of the file.
        writing: Otherwise nothing is changed, not even by closing: the write-ahead log stays as it is.
    """
    # mode=rw: SQLite must never create the file by itself.
    mode = "rw" if writing else "ro"
    url = URL.create("sqlite", database=path.absolute().as_uri(), query={"uri": "true", "mode": mode})
    engine = create_engine(url, connect_args={"timeout": _BUSY_SECONDS}, pool_size=1, max_overflow=0)

    @event.listens_for(engine, "connect")
    def _configure(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None  # the driver would begin transactions on its own, too late and too weak
        if not writing:
            return
        if connection.execute("PRAGMA journal_mode=WAL").fetchone()[0] != "wal":
            raise LedgerError(
                "the ledger's file system cannot keep a write-ahead log", "put the ledger on a local disk"
            )
        connection.execute("PRAGMA wal_autocheckpoint=0")  # the file stays as its digest says, until it is folded
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        begin = connection.get_execution_options()["begin"]
        if begin is not None:
            connection.exec_driver_sql(f"BEGIN {begin}")

    return engine


@contextmanager
def transaction(engine: Engine, begin: Begin) -> Iterator[Connection]:
    """One transaction: commits at the end, rolls back on any exception.

    Raises:
        LedgerError: The database failed, is damaged, or another program held it for too long.
    """
    try:
        with engine.execution_options(begin=begin).begin() as connection:
            yield connection
    except (SQLAlchemyError, sqlite3.Error, CommandError) as error:
        raise _translated(error) from None


@contextmanager
def translated_os() -> Iterator[None]:
    """Failures of files and folders, in the ledger's words.

    Raises:
        LedgerError: Instead of an OSError.
    """
    try:
        yield
    except OSError:
        raise LedgerError(
            "the ledger's files cannot be read or written", "check the disk, the folder and its permissions"
        ) from None


def require_whole(connection: Connection) -> None:
    """Check the database's own structure.

    Raises:
        LedgerError: SQLite finds it damaged.
    """
    if connection.exec_driver_sql("PRAGMA quick_check(1)").scalar() != "ok":
        raise LedgerError("the ledger's file is damaged", REMEDY)


def revision_of(connection: Connection) -> str:
    """The schema's revision.

    Raises:
        LedgerError: It has none, so it is no ledger.
    """
    revision = MigrationContext.configure(connection).get_current_revision()
    if revision is None:
        raise LedgerError("the ledger's file holds no ledger", REMEDY)  # nor is it turned into an empty one
    return revision


def migrate(engine: Engine, then: Callable[[Connection], object], *, new: bool = False) -> None:
    """Bring the schema to its newest revision, in one transaction.

    Args:
        engine: The database.
        then: Writes a new ledger's first rows, or checks what is there; if it raises, nothing was changed.
        new: Whether the database is empty. Otherwise what is not a ledger is refused.

    Raises:
        LedgerError: The schema is newer than this version's, or what is in it cannot be carried over.
    """
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    with transaction(engine, "IMMEDIATE") as connection:
        if new or revision_of(connection) != REVISION:
            config.attributes["connection"] = connection
            try:
                command.upgrade(config, "head")
            except (ValueError, TypeError):  # a row that the old version would not have written
                raise LedgerError("the ledger holds a charge that cannot be read", REMEDY) from None
        then(connection)


def _translated(error: Exception) -> LedgerError:
    cause = error.orig if isinstance(error, DBAPIError) else error
    name = getattr(cause, "sqlite_errorname", "")
    if name.startswith("SQLITE_BUSY"):
        return LedgerError("another process holds the ledger", "end it, or try again later")
    if name in {"SQLITE_FULL", "SQLITE_READONLY", "SQLITE_CANTOPEN"} or name.startswith("SQLITE_IOERR"):
        return LedgerError("the ledger's file cannot be written", "check the disk and the file's permissions")
    if isinstance(error, CommandError):
        return LedgerError("the ledger's schema is not one of this version's", "update fedaug")
    return LedgerError("the ledger's file is damaged or not a ledger", REMEDY)
