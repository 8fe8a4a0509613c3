"""A recovery that is killed at any step, and done again, forgets nothing that either side knew."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.ledger_workers import KEY, opened, processes, request_digest, votes
from tests.recovering import recover_until, recovered

from fedaug.errors import LedgerError, LedgerRolledBack
from fedaug.privacy.ledger import recovery
from fedaug.privacy.ledger.anchor import anchor_path

PATIENCE_S = 30.0
STEPS = ["draft made", "old file kept", "old head kept", "draft in place", "head drafted", "head written"]
BOTH = [("spring", KEY), ("summer", KEY)]


def killed(path: Path, entries: tuple[bytes, ...], step: int) -> int | None:
    child = processes().Process(target=recover_until, args=(path, entries, step))
    child.start()
    child.join(PATIENCE_S)
    return child.exitcode


def rolled_back(folder: Path) -> tuple[Path, tuple[bytes, ...]]:
    """A ledger of which only the site knows ``summer``, and what the coordinator kept, which is ``spring``."""
    folder.mkdir()
    with opened(folder / "kept.db") as kept:
        kept.reserve("spring", request_digest("spring"), [votes(10.0)])
        kept.seal("spring", KEY, request_digest("spring"), b"spring")
        entries = kept.journal()
    path = folder / "ledger.db"
    with opened(path) as ledger:
        ledger.reserve("summer", request_digest("summer"), [votes(10.0)])
        ledger.seal("summer", KEY, request_digest("summer"), b"summer")
        with pytest.raises(LedgerRolledBack):
            ledger.note_countersigned(*kept_head(entries))
    return path, entries


def kept_head(entries: tuple[bytes, ...]) -> tuple[int, bytes]:
    return len(entries), bytes(32)


def charges(path: Path, entries: tuple[bytes, ...]) -> list[tuple[str, str]]:
    """What is charged after recovering once more, or where the killed recovery had ended, without it."""
    try:
        recovered(path, entries).close()
    except LedgerError as error:
        assert error.what == "the ledger is whole, so there is nothing to recover"  # noqa: PT017 - one of two ends
    with opened(path) as ledger:
        ledger.verify()
        return [(entry.campaign, entry.event.key) for entry in ledger.entries()]


def test_the_steps_of_a_recovery_are_all_named(tmp_path: Path) -> None:
    path, entries = rolled_back(tmp_path / "site")
    taken: list[str] = []
    recovered(path, entries, taken.append).close()
    assert taken == STEPS


@pytest.mark.parametrize("step", range(len(STEPS)), ids=STEPS)
def test_a_killed_recovery_forgets_nothing_when_it_is_done_again(tmp_path: Path, step: int) -> None:
    path, entries = rolled_back(tmp_path / "site")
    assert killed(path, entries, step) == -signal.SIGKILL
    assert charges(path, entries) == BOTH


@pytest.mark.parametrize("step", range(len(STEPS)), ids=STEPS)
def test_so_does_one_that_is_killed_again(tmp_path: Path, step: int) -> None:
    path, entries = rolled_back(tmp_path / "site")
    assert killed(path, entries, STEPS.index("draft in place")) == -signal.SIGKILL
    assert killed(path, entries, step) == -signal.SIGKILL
    assert charges(path, entries) == BOTH


def test_not_looking_at_what_was_moved_aside_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, entries = rolled_back(tmp_path / "site")
    assert killed(path, entries, STEPS.index("draft in place")) == -signal.SIGKILL
    monkeypatch.setattr("fedaug.privacy.ledger.recovery.set_aside", lambda _: [])
    assert charges(path, entries) == BOTH[:1]


@pytest.mark.parametrize("left", ["head", "log"])
def test_remains_without_a_database_can_be_moved_aside_again_and_again(tmp_path: Path, left: str) -> None:
    path, entries = rolled_back(tmp_path / "site")
    remains: Callable[[Path], Path] = {"head": anchor_path, "log": recovery.log_of}[left]
    for number in (1, 2, 3):
        remains(path).write_bytes(bytes([number]))
        path.unlink()
        recovered(path, entries).close()
    found = [remains(path.with_name(f"ledger.db.replaced-{number}")).read_bytes() for number in (1, 2, 3)]
    assert found == [b"\x01", b"\x02", b"\x03"]
