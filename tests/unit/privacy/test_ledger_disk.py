"""A disk that is full, read-only or failing: nothing is released, nothing is half charged, and it goes on afterwards.

Real here: a full file system and a read-only one (both mounted, which takes root), a file-size limit, a folder without
permission (as another user), and writes of SQLite's that the kernel refuses, by putting another file under its
descriptor. Injected: a failing fsync of the head, by replacing the function.
"""

from __future__ import annotations

import errno
import os
import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from tests.ledger_workers import KEY, opened, processes, request_digest, votes

from fedaug.errors import FedaugError, LedgerError
from fedaug.privacy.ledger import ChargeState, Ledger
from fedaug.privacy.ledger.anchor import anchor_path
from fedaug.privacy.ledger.database import log_of

REQUEST = request_digest("x")
WRITES = "FA502: the ledger's files? cannot be (read or )?written"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with opened(tmp_path / "ledger.db") as made:
        made.reserve("before", REQUEST, [votes(50.0)])
        yield made


def refused_and_whole(ledger: Ledger, failing: Callable[[], object]) -> None:
    """Whatever the disk does, the ledger says what it said, and can go on."""
    size, entries = ledger.head()[0], ledger.entries()
    with pytest.raises(LedgerError, match=WRITES):
        failing()
    assert ledger.entries() == entries
    assert ledger.head()[0] == size


def goes_on(ledger: Ledger) -> None:
    ledger.reserve("after", REQUEST, [votes(50.0)])
    ledger.seal("before", KEY, REQUEST, b"artefact")
    assert ledger.sealed("before", KEY, REQUEST) == b"artefact"
    ledger.verify()


def changes(ledger: Ledger) -> dict[str, Callable[[], object]]:
    return {
        "reserve": lambda: ledger.reserve("more", REQUEST, [votes(50.0 + n, f"votes/{n}") for n in range(200)]),
        "seal": lambda: ledger.seal("before", KEY, REQUEST, b"x" * 100_000),
        "void": lambda: ledger.void("before", KEY),
    }


@contextmanager
def files_at_most(size: int) -> Iterator[None]:
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, old[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)


@pytest.mark.parametrize("change", ["reserve", "seal", "void"])
def test_a_file_that_may_not_grow_refuses_the_change(ledger: Ledger, tmp_path: Path, change: str) -> None:
    with files_at_most(log_of(tmp_path / "ledger.db").stat().st_size + 5_000):
        refused_and_whole(ledger, changes(ledger)[change])
    goes_on(ledger)


@contextmanager
def under_sqlites_descriptor(path: Path, other: str, flags: int) -> Iterator[None]:
    """Another file where SQLite believes that its own is open."""
    own = [int(n) for n in os.listdir("/proc/self/fd") if os.path.realpath(f"/proc/self/fd/{n}") == str(path)]
    assert own, "SQLite has no such file open"
    kept = {handle: os.dup(handle) for handle in own}
    replacement = os.open(other, flags)
    try:
        for handle in own:
            os.dup2(replacement, handle, inheritable=False)
        yield
    finally:
        for handle, real in kept.items():
            os.dup2(real, handle, inheritable=False)
            os.close(real)
        os.close(replacement)


@pytest.mark.parametrize("change", ["reserve", "seal", "void"])
@pytest.mark.parametrize(
    ("other", "flags"),
    [pytest.param("/dev/full", os.O_RDWR, id="no space"), pytest.param("/dev/null", os.O_RDONLY, id="I/O error")],
)
def test_a_write_that_the_kernel_refuses_refuses_the_change(
    ledger: Ledger, tmp_path: Path, other: str, flags: int, change: str
) -> None:
    size, entries = ledger.head()[0], ledger.entries()
    with under_sqlites_descriptor(log_of(tmp_path / "ledger.db"), other, flags), pytest.raises(LedgerError):
        changes(ledger)[change]()
    assert (ledger.head()[0], ledger.entries()) == (size, entries)
    goes_on(ledger)


@pytest.mark.parametrize("failure", [errno.ENOSPC, errno.EIO, errno.EROFS, errno.EDQUOT])
@pytest.mark.parametrize("change", ["reserve", "seal", "void"])
def test_a_head_that_cannot_be_written_refuses_the_change_and_repeating_it_finds_it_done(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, failure: int, change: str
) -> None:
    def failing(_: int) -> None:
        raise OSError(failure, os.strerror(failure))

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", failing)
        with pytest.raises(LedgerError, match=WRITES):
            changes(ledger)[change]()
        with pytest.raises(LedgerError, match=WRITES):
            ledger.sealed("before", KEY, REQUEST)  # nothing that the head does not know of may leave
    changes(ledger)[change]()
    assert ledger.head()[0] == 3
    ledger.verify()


def test_a_ledger_is_not_made_where_it_cannot_be_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", failing)
        with pytest.raises(LedgerError, match=WRITES):
            opened(tmp_path / "ledger.db")
    with opened(tmp_path / "ledger.db") as ledger:
        assert ledger.entries() == ()


def test_a_ledger_that_cannot_be_folded_is_closed_all_the_same(ledger: Ledger, tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    ledger.reserve("more", REQUEST, [votes(500.0 + n, f"votes/{n}") for n in range(900)])
    with files_at_most(path.stat().st_size):
        ledger.close()
        assert log_of(path).stat().st_size > 0
        with pytest.raises(LedgerError, match=WRITES):
            opened(path)
    with opened(path) as again:
        assert len(again.entries()) == 901
        again.verify()


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[None]:
    folder.mkdir(exist_ok=True)
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip("mounting a file system takes root")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_file_system_refuses_the_change(tmp_path: Path) -> None:
    with mounted(tmp_path / "small", "size=1m"), opened(tmp_path / "small" / "ledger.db") as ledger:
        ledger.reserve("before", REQUEST, [votes(50.0)])
        filler = tmp_path / "small" / "filler"
        with suppress(OSError), filler.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4_096))
        assert os.statvfs(filler).f_bavail == 0
        for change in changes(ledger).values():
            with pytest.raises(LedgerError, match=WRITES):
                change()
        filler.unlink()
        assert [entry.state for entry in ledger.entries()] == [ChargeState.RESERVED]
        goes_on(ledger)


def test_a_read_only_file_system_refuses_to_open_and_to_change(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk", "size=4m"):
        path = tmp_path / "disk" / "ledger.db"
        ledger = opened(path)
        ledger.reserve("before", REQUEST, [votes(50.0)])
        copied = {item.name: item.read_bytes() for item in path.parent.iterdir()}
        ledger.close()
        subprocess.run(["mount", "-o", "remount,ro", str(path.parent)], check=True)
        with pytest.raises(LedgerError, match=WRITES):
            opened(path)
        subprocess.run(["mount", "-o", "remount,rw", str(path.parent)], check=True)
        for name, data in copied.items():  # as a kill would have left it
            path.with_name(name).write_bytes(data)
        subprocess.run(["mount", "-o", "remount,ro", str(path.parent)], check=True)
        with pytest.raises(LedgerError, match=WRITES):
            opened(path)
        subprocess.run(["mount", "-o", "remount,rw", str(path.parent)], check=True)
        with opened(path) as again:
            goes_on(again)


def open_as_nobody(path: Path, answer: Path) -> None:
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(65_534)
        os.setuid(65_534)
    try:
        opened(path).close()
        os._exit(7)
    except FedaugError as error:
        os._exit(0 if error.code == "FA502" and "cannot be" in error.what else 8)


@pytest.mark.parametrize("state", ["made before", "not there yet"])
def test_a_folder_without_permission_refuses_to_open(tmp_path: Path, state: str) -> None:
    folder = tmp_path / "locked"
    folder.mkdir()
    if state == "made before":
        opened(folder / "ledger.db").close()
    folder.chmod(0o555)
    child = processes().Process(target=open_as_nobody, args=(folder / "ledger.db", tmp_path))
    child.start()
    child.join()
    folder.chmod(0o755)
    assert child.exitcode == 0


def test_a_head_that_may_not_be_read_refuses(ledger: Ledger, tmp_path: Path) -> None:
    head = anchor_path(tmp_path / "ledger.db")
    head.unlink()
    head.mkdir()
    with pytest.raises(LedgerError, match=WRITES):
        ledger.planned("before", KEY)
