"""Opens the pool's database: which one, how it is locked, which schema it has, and what its failures are called.

A database's own messages never get through: they can quote the connection string, with its password, and the rows.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import as_file, files
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from fedaug.errors import ConfigError, MissingExtra, MissingFile, PoolError
from fedaug.server.pool_schema import VERSION_TABLE

#: How long a writer waits for another one before it gives up.
LOCK_WAIT_S: Final = 30
_CONNECT_WAIT_S: Final = 10
_MIGRATION_LOCK: Final = 0x6665_6461_7567  # "fedaug" in ASCII: the number of PostgreSQL's advisory lock
_READ_ONLY: Final = "fedaug_read_only"


def open_database(where: str | Path, *, make: bool = True) -> Engine:
    """Connect, check the file, and bring the schema up to date.

    Args:
        where: A path of an SQLite file, or a URL: ``sqlite:///…`` or ``postgresql://…``.
        make: Whether a pool is made where there is none.

    Raises:
        MissingFile: There is no pool, and none was to be made.
        ConfigError: The URL is malformed or names a database that is not supported.
        MissingExtra: The URL names PostgreSQL and its driver is not installed.
        PoolError: The database cannot be reached, is damaged, is another program's, or is newer than this fedaug.
    """
    url = _url(where)
    if not make and url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        raise _missing(url)  # SQLite would make the file
    with database_errors(_name(url)):
        engine = _engine(url)
        try:
            with engine.begin() as connection:
                _check(connection)
                if not make and VERSION_TABLE not in inspect(connection).get_table_names():
                    raise _missing(url)
                _migrate(connection)
        except BaseException:
            engine.dispose()
            raise
    return engine


def read_only(engine: Engine) -> Engine:
    """The same database for readers, who take no write lock."""
    return engine.execution_options(**{_READ_ONLY: True})


@contextmanager
def database_errors(name: str) -> Iterator[None]:
    """Turn what the database raises into one :class:`PoolError` that quotes nothing."""
    try:
        yield
    except CommandError:
        raise PoolError(f"{name} was written by a newer fedaug", "update fedaug, or use another database") from None
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        todo = "check that the database is running, reachable, writable and not damaged, and that nobody holds its lock"
        raise PoolError(f"{name} failed ({type(error).__name__})", todo) from None


def database_name(engine: Engine) -> str:
    """How the database is called in messages: never its user, password or options."""
    return _name(engine.url)


def _url(where: str | Path) -> URL:
    if isinstance(where, Path) or "://" not in where:
        return URL.create("sqlite", database=str(where))
    try:
        url = make_url(where)
    except (ArgumentError, ValueError):  # a port that is not a number is a plain ValueError
        raise ConfigError("the pool's URL is malformed", "write it as postgresql://USER@HOST/DATABASE") from None
    if url.drivername in {"sqlite", "sqlite+pysqlite"} and url.database:
        return url
    if url.drivername not in {"postgresql", "postgres", "postgresql+psycopg"}:
        raise ConfigError("the pool's URL names an unsupported database", "use sqlite:///FILE or postgresql://…")
    if find_spec("psycopg") is None:
        raise MissingExtra("the driver for PostgreSQL is not installed", "pip install 'fedaug[postgres]'")
    return url.set(drivername="postgresql+psycopg")


def _name(url: URL) -> str:
    if url.get_backend_name() == "sqlite":
        return f"the pool's file {Path(url.database or '').name}"
    return f"the pool's PostgreSQL database at {url.host or 'the URL given'}"


def _missing(url: URL) -> MissingFile:
    return MissingFile(f"{_name(url)} is missing, or holds no pool", "check the path or URL of the pool")


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "sqlite":
        # One connection per use: SQLite's are cheap, and none outlives the thread that opened it.
        engine = create_engine(url, poolclass=NullPool, hide_parameters=True, connect_args={"timeout": LOCK_WAIT_S})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    options = {} if "connect_timeout" in url.query else {"connect_timeout": _CONNECT_WAIT_S}
    return create_engine(url, pool_pre_ping=True, hide_parameters=True, connect_args=options)


def _prepare_sqlite(connection: sqlite3.Connection, _: object) -> None:
    connection.isolation_level = (
        None  # the driver would begin late, after the first read, and two writers could collide
    )
    # With the rollback journal, the default, a pool at rest is one file that may be copied.
    connection.execute("PRAGMA synchronous=EXTRA")  # what was acknowledged survives a power cut
    connection.execute("PRAGMA foreign_keys=ON")


def _begin_sqlite(connection: Connection) -> None:
    reads = connection.get_execution_options().get(_READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def _check(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        return
    if connection.exec_driver_sql("PRAGMA quick_check(1)").scalar() != "ok":
        raise PoolError("the pool's file is damaged", "restore it from a copy, or start a new pool")
    tables = inspect(connection).get_table_names()
    if tables and VERSION_TABLE not in tables:
        raise PoolError("the file holds another program's database", "give the pool a file of its own")


def _migrate(connection: Connection) -> None:
    with as_file(files("fedaug.server") / "migrations") as folder:
        config = Config()
        config.set_main_option("script_location", str(folder).replace("%", "%%"))
        config.set_main_option("path_separator", "os")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
