"""A throw-away PostgreSQL cluster for tests, on a Unix socket, with a password."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

PASSWORD = "correct-horse-battery"
_START_S = 60


@dataclass(frozen=True)
class Cluster:
    """A running server; each test takes a fresh database of it."""

    socket_folder: Path

    def url(self, database: str, password: str = PASSWORD) -> str:
        return f"postgresql://fedaug:{password}@/{database}?host={quote(str(self.socket_folder), safe='')}"

    def create_database(self, name: str) -> str:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name)))
        return self.url(name)


@contextmanager
def postgres_cluster() -> Iterator[Cluster]:
    """Start a cluster, stop and delete it afterwards; skips the test where PostgreSQL cannot run."""
    initdb, pg_ctl = _program("initdb"), _program("pg_ctl")
    user = _server_user()
    # Not below pytest's folder: a socket's path is limited to 107 bytes, and another user could not enter it.
    folder = Path(tempfile.mkdtemp(prefix="fedaug-pg-"))
    try:
        data, password = folder / "data", folder / "password"
        password.write_text(PASSWORD)
        if user is not None:
            for path in (folder, password):
                shutil.chown(path, user)
        _run(user, initdb, "-D", data, "-U", "fedaug", "-A", "scram-sha-256", "--pwfile", password, "-E", "UTF8", "-N")
        options = f"-k {folder} -c listen_addresses= -c fsync=off"
        _run(user, pg_ctl, "-D", data, "-o", options, "-l", folder / "log", "-t", _START_S, "-w", "start")
        try:
            yield Cluster(folder)
        finally:
            _run(user, pg_ctl, "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _program(name: str) -> str:
    places = [Path(name), *sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)]
    found = next((path for place in places if (path := shutil.which(place))), None)
    if found is None:
        pytest.skip(f"PostgreSQL's {name} is not installed")
    return found


def _server_user() -> str | None:
    """Whom to become: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    pytest.skip("PostgreSQL refuses root, and there is no other user to run it as")


def _run(user: str | None, *command: object) -> None:
    as_user = {} if user is None else {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []}
    # Output goes to a file, not a pipe: the server inherits it, and a pipe would stay open as long as the server runs.
    with tempfile.TemporaryFile() as output:
        done = subprocess.run(
            [str(part) for part in command], cwd="/", stdout=output, stderr=output, check=False, timeout=120, **as_user
        )
        if done.returncode:
            output.seek(0)
            pytest.fail(f"{Path(str(command[0])).name} failed: {output.read().decode(errors='replace')[-2000:]}")
