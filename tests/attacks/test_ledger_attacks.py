"""Damage to a ledger's files, and older copies of some of them: all of it is noticed when the ledger is opened."""

from __future__ import annotations

import random
import shutil
import signal
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.ledger_workers import KEY, fill, fill_and_die, open_until, opened, processes, request_digest, votes

from fedaug.errors import FedaugError, LedgerError
from fedaug.privacy.canonical import canonical_json, digest, parse_json
from fedaug.privacy.ledger.anchor import anchor_path, read_anchor
from fedaug.privacy.ledger.database import log_of

TRUNCATIONS, FLIPS = 300, 200
CAMPAIGNS = 40

Damage = tuple[str, bytes]  # of which file, and what it is afterwards


def closed_ledger(folder: Path) -> Path:
    with opened(folder / "ledger.db") as ledger:
        fill(ledger, CAMPAIGNS)
    return folder / "ledger.db"


def killed_ledger(folder: Path) -> Path:
    """Once closed in good order, then killed with half of its plans in the write-ahead log."""
    with opened(folder / "ledger.db") as ledger:
        fill(ledger, CAMPAIGNS // 2)
    return killed(folder / "ledger.db", CAMPAIGNS)


def killed(path: Path, campaigns: int) -> Path:
    child = processes().Process(target=fill_and_die, args=(path, campaigns))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    assert log_of(path).stat().st_size > 0
    return path


def killed_while_folding(folder: Path) -> Path:
    """Killed when half of the log's pages are in the database file, which therefore has no digest yet."""
    path = killed_ledger(folder)
    child = processes().Process(target=open_until, args=(path, folding_step(path)))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    anchor = read_anchor(path)
    assert anchor is not None
    assert anchor.file is None
    return path


def folding_step(path: Path) -> int:
    """At which step of opening the log has been folded, and the head does not say so yet."""
    copy = shutil.copytree(path.parent, path.parent.with_name("counted")) / path.name
    taken: list[str] = []
    opened(copy, failpoint=taken.append).close()
    return taken.index("checkpointed")


STATES = {"closed": closed_ledger, "killed": killed_ledger}


@pytest.fixture(scope="module", params=list(STATES))
def whole(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return STATES[request.param](tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return closed_ledger(tmp_path_factory.mktemp("template"))


@pytest.fixture
def path(template: Path, tmp_path: Path) -> Path:
    """A ledger that was closed in good order."""
    return shutil.copytree(template.parent, tmp_path / "path") / template.name


@pytest.fixture
def copied(whole: Path, tmp_path: Path) -> Path:
    return shutil.copytree(whole.parent, tmp_path / "copy") / whole.name


def contents(path: Path) -> dict[str, bytes]:
    """The files that a ledger is kept in. ``-shm`` is an index that SQLite makes anew; the lock files are empty."""
    files = (path, log_of(path), anchor_path(path))
    return {file.name: file.read_bytes() for file in files if file.exists() and file.stat().st_size}


def truncations(files: dict[str, bytes], chosen: random.Random) -> Iterator[Damage]:
    """Each file by turns, at odd places and where a page or a frame ends."""
    names = sorted(files)
    for number in range(TRUNCATIONS):
        name = names[number % len(names)]
        whole, step = files[name], 4_096 + 24 * name.endswith("-wal")
        length = chosen.randrange(len(whole))
        if number % 2 and len(whole) > step:
            length -= length % step - 32 * name.endswith("-wal")
        yield name, whole[: min(length, len(whole) - 1)]


def flips(files: dict[str, bytes], chosen: random.Random) -> Iterator[Damage]:
    names = sorted(files)
    for number in range(FLIPS):
        name = names[number % len(names)]
        changed = bytearray(files[name])
        changed[chosen.randrange(len(changed))] ^= 1 << chosen.randrange(8)
        yield name, bytes(changed)


@pytest.mark.parametrize(("damages", "count"), [(truncations, TRUNCATIONS), (flips, FLIPS)])
def test_every_truncation_and_every_flipped_bit_is_noticed(
    copied: Path, damages: Callable[..., Iterator[Damage]], count: int
) -> None:
    files = contents(copied)
    tried: Counter[str] = Counter()
    for name, damaged in damages(files, random.Random(7)):
        assert damaged != files[name]
        restore(copied, files | {name: damaged})
        with pytest.raises(LedgerError, match="FA502"):
            opened(copied)
        assert contents(copied) == {n: d for n, d in (files | {name: damaged}).items() if d}, "evidence was destroyed"
        tried[name] += 1
    assert tried.total() == count
    assert min(tried.values()) >= count // 4
    restore(copied, files)
    with opened(copied) as ledger:  # undamaged, it is as good as ever
        assert len({entry.campaign for entry in ledger.entries()}) == CAMPAIGNS
        ledger.verify()


def test_damage_in_the_middle_of_folding_is_noticed_or_changes_nothing(tmp_path: Path) -> None:
    """The one state without a digest over the file: bytes that nothing reads may change, and nothing else may."""
    (tmp_path / "folding").mkdir()
    path = killed_while_folding(tmp_path / "folding")
    files = contents(path)
    with opened(path) as ledger:
        journal = ledger.journal()
    noticed = harmless = 0
    for name, damaged in [*truncations(files, random.Random(8)), *flips(files, random.Random(8))]:
        restore(path, files | {name: damaged})
        try:
            with opened(path) as ledger:
                ledger.verify()
                assert ledger.journal() == journal
            harmless += 1
        except LedgerError:
            noticed += 1
    assert noticed + harmless == TRUNCATIONS + FLIPS
    assert noticed > 300


def restore(path: Path, files: dict[str, bytes]) -> None:
    for old in path.parent.iterdir():
        old.unlink()
    for name, content in files.items():
        path.with_name(name).write_bytes(content)


def test_the_database_alone_would_let_damage_through(copied: Path) -> None:
    """The seeded defect: without the head and the chain, much of the same damage passes for a sound ledger."""
    files = {name: data for name, data in contents(copied).items() if not name.endswith(".head")}
    silent = 0
    for name, damaged in [*truncations(files, random.Random(7)), *flips(files, random.Random(7))]:
        restore(copied, files | {name: damaged})
        try:
            connection = sqlite3.connect(copied)
            sound = connection.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok"
            silent += sound and connection.execute("SELECT count(*) FROM journal").fetchone()[0] > 0
        except sqlite3.Error:
            pass
        finally:
            connection.close()
    assert silent > 50


def test_a_damaged_index_of_the_log_is_made_anew(copied: Path) -> None:
    index = copied.with_name(copied.name + "-shm")
    chosen = random.Random(3)
    for size in (32_768, 32_768, 100, 0):
        index.write_bytes(chosen.randbytes(size))
    with opened(copied) as ledger:
        assert len({entry.campaign for entry in ledger.entries()}) == CAMPAIGNS


@pytest.mark.parametrize("gone", ["ledger.db", "ledger.db.head", "ledger.db-wal"])
def test_a_file_that_is_gone_is_noticed(copied: Path, gone: str) -> None:
    if gone not in contents(copied):
        assert gone.endswith("-wal"), "only a closed ledger lacks a file: its log was folded into the database"
        return
    copied.with_name(gone).unlink()
    with pytest.raises(LedgerError, match="FA502"):
        opened(copied)


@pytest.mark.parametrize("put_back", [".db", ".db.head"])
def test_half_of_an_older_copy_is_noticed(path: Path, put_back: str) -> None:
    older = contents(path)
    with opened(path) as ledger:
        ledger.reserve("later", request_digest("later"), [votes(1e3)])
    path.with_name("ledger" + put_back).write_bytes(older["ledger" + put_back])
    with pytest.raises(LedgerError, match="FA502: the ledger's file is not the one that its head names"):
        opened(path)


def test_an_older_write_ahead_log_is_noticed(tmp_path: Path) -> None:
    path = killed(tmp_path / "ledger.db", 5)
    older = log_of(path).read_bytes()
    newer = tmp_path / "newer"
    newer.mkdir()
    path = killed(newer / "ledger.db", 9)
    log_of(path).write_bytes(older)
    with pytest.raises(LedgerError, match="FA502"):
        opened(path)


# What somebody does who knows how the files hang together, but cannot sign for the coordinator.


def forged(path: Path, statement: str) -> None:
    """Change a closed ledger's rows, and make the digest in its head fit again."""
    connection = sqlite3.connect(path)
    connection.execute(statement)
    connection.commit()
    connection.close()
    values = parse_json(anchor_path(path).read_bytes())
    del values["check"]
    values["file"] = digest(path.read_bytes())
    anchor_path(path).write_bytes(canonical_json(values | {"check": digest(canonical_json(values))}))


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        (
            "UPDATE journal SET entry = CAST(replace(entry, '1000.0', '9000.0') AS BLOB) WHERE sequence = 5",
            "was changed",
        ),
        ("UPDATE journal SET entry = 'text' WHERE sequence = 5", "has a gap"),
        ("UPDATE journal SET chain = zeroblob(32) WHERE sequence = 5", "was changed"),
        ("UPDATE journal SET chain = 'text' WHERE sequence = 5", "was changed"),
        ("DELETE FROM journal WHERE sequence = 5", "has a gap"),
        ("DELETE FROM journal WHERE sequence > 5", "is shorter than its head says|end where its head says"),
        ("DELETE FROM journal", "holds no ledger"),
        ("UPDATE journal SET sequence = 900 WHERE sequence = 5", "does not end where its head says"),
        ("UPDATE state SET commits = commits - 1", "is shorter than its head says"),
        ("UPDATE state SET commits = 'many'", "holds no ledger"),
        ("DELETE FROM state", "damaged or not a ledger"),
        ("DROP TABLE journal", "damaged or not a ledger"),
        ("DROP TABLE alembic_version", "holds no ledger"),
        ("DELETE FROM alembic_version", "holds no ledger"),
        ("UPDATE alembic_version SET version_num = '9999'", "not one of this version's; update fedaug"),
        ("UPDATE costs SET mu = 'none'", "a cost that is not a number"),
        ("UPDATE costs SET mu = -1.0", "a cost that is not a number"),
    ],
)
def test_rows_that_do_not_hang_together_are_refused_though_the_head_fits(path: Path, statement: str, what: str) -> None:
    forged(path, statement)
    with pytest.raises(LedgerError, match=f"FA502: .*({what})"):
        opened(path)


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("UPDATE outbox SET artefact = zeroblob(700)", "a sealed release is damaged"),
        ("UPDATE outbox SET artefact = 'text'", "a sealed release is damaged"),
        ("DELETE FROM outbox", "a sealed release is damaged"),
        ("INSERT INTO outbox VALUES (2, zeroblob(7))", "a release that its journal does not know"),
        ("UPDATE costs SET mu = mu / 2", "a cost that is not what the plan costs"),
        ("UPDATE state SET countersigned_size = 3", "is not the one that the coordinator has countersigned"),
        ("UPDATE state SET countersigned_size = 'three'", "what was countersigned cannot be read"),
    ],
)
def test_a_full_check_finds_what_opening_does_not_look_at(path: Path, statement: str, what: str) -> None:
    forged(path, statement)
    with opened(path) as ledger, pytest.raises(LedgerError, match=f"FA502: .*{what}"):
        ledger.verify()


def test_a_sealed_release_that_was_forged_does_not_leave(path: Path) -> None:
    forged(path, "UPDATE outbox SET artefact = zeroblob(700)")
    with opened(path) as ledger, pytest.raises(LedgerError, match="FA502: a sealed release is damaged"):
        ledger.sealed("campaign 3", KEY, request_digest("campaign 3"))


def test_every_mutation_of_the_head_is_refused(path: Path) -> None:
    """Even with a checksum that fits."""
    good = parse_json(anchor_path(path).read_bytes())
    mutations: dict[str, Any] = {"nothing": b"", "null": b"null", "a list": b"[]", "not UTF-8": b"\xff" * 200}
    mutations |= {"a space more": anchor_path(path).read_bytes() + b" ", "a megabyte": b" " * 2**20}
    for name in good:
        mutations[f"without {name}"] = {key: value for key, value in good.items() if key != name}
        for value in (None, -1, 0, 1.5, True, "", "x", "A" * 64, [], {}, 10**30):
            mutations[f"{name} is {value!r}"] = good | {name: value}
    mutations["a field more"] = good | {"extra": 1}
    refused = 0
    for what, mutation in mutations.items():
        data = mutation
        if isinstance(mutation, dict):
            fields = {key: value for key, value in mutation.items() if key != "check"}
            check = mutation.get("check") if what.startswith("check") else digest(canonical_json(fields))
            data = canonical_json(fields if what == "without check" else {**fields, "check": check})
        if data == canonical_json(good):
            continue
        if fields_say_less(data):
            continue
        anchor_path(path).write_bytes(data)
        with pytest.raises(LedgerError, match="FA502"):
            opened(path)
        refused += 1
    assert refused > 70


def fields_say_less(data: bytes) -> bool:
    """A well-formed head that claims less than there is: what a crash leaves. It is taken, and covers less."""
    try:
        values = parse_json(data)
        return isinstance(values, dict) and values.get("file") is None and "file" in values and len(values) == 7
    except FedaugError:
        return False
