"""The ledger's files: how they are made, kept, folded, and refused when they are not what they should be."""

from __future__ import annotations

import gc
import os
import sqlite3
import subprocess
import sys
import traceback
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from tests.ledger_workers import KEY, fill, opened, request_digest, votes

from fedaug.errors import LedgerError
from fedaug.privacy.ledger import ChargeState, Ledger
from fedaug.privacy.ledger import database as ledger_database
from fedaug.privacy.ledger import store as ledger_store
from fedaug.privacy.ledger.anchor import anchor_path, read_anchor
from fedaug.privacy.ledger.database import connected, log_of, transaction
from fedaug.privacy.ledger.lock import LedgerLock
from fedaug.privacy.ledger.schema import REVISION, metadata

REQUEST = request_digest("spring")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = tmp_path / "a folder?%20#"  # characters that mean something in a URL
    folder.mkdir()
    return folder / "ledger.db"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    with opened(path) as made:
        made.reserve("spring", REQUEST, [votes(50.0)])
        yield made


def names(path: Path) -> set[str]:
    return {item.name.removeprefix("ledger.db") for item in path.parent.iterdir()}


def test_the_files_are_for_their_owner_only(path: Path, ledger: Ledger) -> None:
    assert names(path) == {"", "-wal", "-shm", ".head", ".lock", ".users"}
    assert {item.stat().st_mode & 0o777 for item in path.parent.iterdir()} == {0o600}


def test_a_closed_ledger_is_one_file_with_its_head_and_empty_locks(path: Path, ledger: Ledger) -> None:
    ledger.close()
    assert names(path) == {"", ".head", ".lock", ".users"}
    assert [path.with_name(path.name + lock).stat().st_size for lock in (".lock", ".users")] == [0, 0]
    anchor = read_anchor(path)
    assert anchor is not None
    assert (anchor.commits, anchor.size, anchor.closed) == (2, 2, True)


def test_commits_are_synchronous_and_never_folded_by_sqlite(path: Path, ledger: Ledger) -> None:
    engine = connected(path)
    with transaction(engine, "DEFERRED") as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("synchronous", "journal_mode", "wal_autocheckpoint", "foreign_keys")
        }
    engine.dispose()
    assert pragmas == {"synchronous": 2, "journal_mode": "wal", "wal_autocheckpoint": 0, "foreign_keys": 1}


def test_the_migrations_lead_to_the_declared_tables(path: Path, ledger: Ledger) -> None:
    engine = connected(path)
    with transaction(engine, "DEFERRED") as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        tables = {row[0] for row in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'")}
    engine.dispose()
    assert tables == {"state", "journal", "outbox", "asked", "costs", "alembic_version"}
    config = Config()
    config.set_main_option("script_location", str(Path(ledger_database.__file__).with_name("migrations")))
    assert ScriptDirectory.from_config(config).get_heads() == [REVISION]


def test_a_file_that_is_no_database_is_refused_and_left_alone(path: Path) -> None:
    for content in (b"not a database" * 500, b"x", b"SQLite format 3\x00" + bytes(4_080), b"\x00" * 8_192, b""):
        path.write_bytes(content)
        with pytest.raises(LedgerError, match="FA502"):
            opened(path)
        assert path.read_bytes() == content


def test_a_database_of_something_else_is_refused_and_not_turned_into_a_ledger(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE patients (id INTEGER)")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    with pytest.raises(LedgerError, match="FA502: the ledger's file holds no ledger"):
        opened(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", ["missing/ledger.db", "file/ledger.db", "folder"])
def test_a_place_where_no_ledger_can_be_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "folder").mkdir()
    with pytest.raises(LedgerError, match="FA502"):
        opened(tmp_path / name)


def test_a_missing_file_beside_its_own_log_is_refused(path: Path, ledger: Ledger, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    copy.with_name("copy.db-wal").write_bytes(log_of(path).read_bytes())
    with pytest.raises(LedgerError, match="FA502: the ledger's file is gone but its write-ahead log is there"):
        opened(copy)


def test_a_missing_file_beside_its_own_head_is_refused(path: Path, ledger: Ledger) -> None:
    ledger.close()
    path.unlink()
    with pytest.raises(LedgerError, match="FA502: the ledger's file is gone but its head is there"):
        opened(path)


def test_the_head_of_an_open_ledger_is_missed_at_the_next_transaction(path: Path, ledger: Ledger) -> None:
    anchor_path(path).unlink()
    with pytest.raises(LedgerError, match="FA502: the head beside the ledger is missing"):
        ledger.planned("spring", KEY)


def test_a_database_failure_does_not_quote_what_was_written(path: Path, ledger: Ledger) -> None:
    trapped(path, "CREATE TRIGGER trap BEFORE INSERT ON outbox BEGIN SELECT RAISE(ABORT, 'Jane Doe'); END")
    artefact = bytes.fromhex("4a616e6520446f65")  # Jane Doe, in a form that a traceback's source lines do not show
    with pytest.raises(LedgerError) as caught:
        ledger.seal("spring", KEY, REQUEST, artefact)
    assert "Jane" not in "".join(traceback.format_exception(caught.value))
    assert ledger.entries()[0].state is ChargeState.RESERVED


def trapped(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()


def test_a_change_behind_the_ledgers_back_is_noticed(path: Path, ledger: Ledger) -> None:
    trapped(path, "UPDATE journal SET entry = zeroblob(7) WHERE sequence = 2")
    with pytest.raises(LedgerError, match="FA502: an entry of the ledger's journal was changed"):
        ledger.verify()
    ledger.close()
    with pytest.raises(LedgerError, match="FA502: an entry of the ledger's journal was changed"):
        opened(path)


def test_a_closed_ledger_does_nothing_more(ledger: Ledger) -> None:
    ledger.close()
    ledger.close()
    with pytest.raises(LedgerError, match="FA502: the ledger was closed"):
        ledger.entries()


def test_the_last_of_several_users_folds(path: Path, ledger: Ledger) -> None:
    with opened(path) as other:
        ledger.close()
        assert log_of(path).stat().st_size > 0
        other.seal("spring", KEY, REQUEST, b"artefact")
    assert names(path) == {"", ".head", ".lock", ".users"}
    with opened(path) as again:
        assert again.sealed("spring", KEY, REQUEST) == b"artefact"


def test_two_users_in_one_process_see_each_others_changes(path: Path, ledger: Ledger) -> None:
    with opened(path) as other:
        for number in range(6):
            user, looker = (ledger, other) if number % 2 else (other, ledger)
            user.reserve(f"plan {number}", REQUEST, [votes(50.0)])
            assert len(looker.entries()) == number + 2
            assert looker.head() == user.head()


def test_a_long_log_is_folded_on_the_way(path: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_store, "_FOLD_BYTES", 100_000)
    longest = 0
    for number in range(30):
        ledger.reserve(f"plan {number}", REQUEST, [votes(1e3)])
        longest = max(longest, log_of(path).stat().st_size)
    assert 50_000 < longest < 200_000
    size = path.stat().st_size
    with opened(path) as other:  # with two users, nobody folds
        for number in range(30, 60):
            other.reserve(f"plan {number}", REQUEST, [votes(1e3)])
        assert path.stat().st_size == size
    assert ledger.verify().entries == 62


def test_a_ledger_that_nobody_closed_is_closed_when_it_is_forgotten(path: Path) -> None:
    ledger = opened(path)
    ledger.reserve("spring", REQUEST, [votes(50.0)])
    del ledger
    gc.collect()
    assert names(path) == {"", ".head", ".lock", ".users"}


def test_a_program_that_ends_without_closing_leaves_a_closed_ledger(path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from tests.ledger_workers import *\n"
        "ledger = opened(Path(sys.argv[1])); fill(ledger, 3); sys.exit(3)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(path)], cwd=Path(__file__).parents[3], check=False)
    assert done.returncode == 3
    anchor = read_anchor(path)
    assert anchor is not None
    assert anchor.closed
    with opened(path) as ledger:
        assert ledger.verify().entries == 5


def test_a_forked_copy_leaves_the_files_to_its_parent(path: Path, ledger: Ledger) -> None:
    child = os.fork()
    if child == 0:
        ledger.close()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert log_of(path).stat().st_size > 0
    ledger.seal("spring", KEY, REQUEST, b"artefact")
    assert ledger.verify().entries == 3


def test_a_log_that_another_program_folded_after_a_kill_is_taken_as_it_is(path: Path, tmp_path: Path) -> None:
    with opened(path) as ledger:
        fill(ledger, 3)
        killed = tmp_path / "killed"
        killed.mkdir()
        for name in ("", "-wal", ".head"):
            (killed / f"ledger.db{name}").write_bytes(path.with_name(f"ledger.db{name}").read_bytes())
    connection = sqlite3.connect(killed / "ledger.db")  # what an administrator does who has a look
    assert connection.execute("SELECT count(*) FROM journal").fetchone() == (5,)
    connection.close()
    assert not log_of(killed / "ledger.db").exists()
    with opened(killed / "ledger.db") as again:
        assert again.verify().entries == 5


def test_a_kill_within_sqlites_own_folding_is_mended(path: Path, tmp_path: Path) -> None:
    """Some pages of the log are in the file and some are not, as a kill or a power cut leaves them."""
    with opened(path) as ledger:
        fill(ledger, 20)
    before = path.read_bytes()
    with opened(path) as ledger:
        ledger.reserve("summer", REQUEST, [votes(1e3)])
        journal, log, anchor = ledger.journal(), log_of(path).read_bytes(), read_anchor(path)
    assert anchor is not None
    after = path.read_bytes()
    pages = [(before[at : at + 4_096], after[at : at + 4_096]) for at in range(0, len(after), 4_096)]
    assert 2 <= sum(old != new for old, new in pages) < len(pages)
    for number in range(len(pages) + 1):
        mixed = tmp_path / f"{number}.db"
        mixed.write_bytes(b"".join(new if at < number else old for at, (old, new) in enumerate(pages)))
        log_of(mixed).write_bytes(log)
        anchor_path(mixed).write_bytes(replace(anchor, file=None).encode())
        with opened(mixed) as ledger:
            assert ledger.journal() == journal
            ledger.verify()
        assert mixed.read_bytes() == after


def test_a_turn_is_not_waited_for_forever(tmp_path: Path) -> None:
    one, other = LedgerLock(tmp_path / "x"), LedgerLock(tmp_path / "x", patience_s=0.01)
    with one.turn(), pytest.raises(LedgerError, match="FA502: another process holds the ledger"), other.turn():
        pass
    with other.turn():
        pass


def test_what_killed_writers_left_is_swept_away(path: Path, ledger: Ledger) -> None:
    ledger.close()
    for name in (".ledger.db.head.abc.partial", ".ledger.db.draft", ".ledger.db.draft-wal"):
        path.with_name(name).write_bytes(b"left")
    opened(path).close()
    assert names(path) == {"", ".head", ".lock", ".users"}
