"""An older copy of a ledger, whole in itself: the coordinator's countersigned head gives it away."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.ledger_workers import KEY, fill, opened, request_digest, votes

from fedaug.errors import LedgerRolledBack
from fedaug.privacy.ledger import Ledger
from fedaug.privacy.units import Budget, PrivacyUnit

CAMPAIGNS = 4


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A ledger that was closed in good order."""
    (tmp_path / "site").mkdir()
    with opened(tmp_path / "site" / "ledger.db") as ledger:
        fill(ledger, CAMPAIGNS)
    return tmp_path / "site" / "ledger.db"


def restore(path: Path, files: dict[str, bytes]) -> None:
    for old in path.parent.iterdir():
        old.unlink()
    for name, content in files.items():
        path.with_name(name).write_bytes(content)


def rolled_back(path: Path) -> tuple[tuple[int, bytes], tuple[bytes, ...]]:
    """A ledger whose newest plan was forgotten by putting a backup back; and the head and entries that it had."""
    backup = {item.name: item.read_bytes() for item in path.parent.iterdir()}
    with opened(path) as ledger:
        ledger.reserve("later", request_digest("later"), [votes(1e3)])
        ledger.seal("later", KEY, request_digest("later"), b"left already")
        newest, entries = ledger.head(), ledger.journal()
    restore(path, backup)
    return newest, entries


def test_an_older_copy_of_everything_is_refused_once_the_coordinator_shows_its_head(path: Path) -> None:
    newest, _ = rolled_back(path)
    with opened(path) as ledger:
        with pytest.raises(LedgerRolledBack, match="FA504: the ledger is not the one that the coordinator"):
            ledger.note_countersigned(*newest)
        everything_refuses(ledger)
    with opened(path) as ledger:  # nor after a restart
        everything_refuses(ledger)
        assert len({entry.campaign for entry in ledger.entries()}) == CAMPAIGNS  # it can still be looked at


def everything_refuses(ledger: Ledger) -> None:
    for action in (
        lambda: ledger.reserve("anew", request_digest("anew"), [votes(1e3)]),
        lambda: ledger.reserve("campaign 0", request_digest("campaign 0"), [votes(1e3), votes(1e3, "spare")]),
        lambda: ledger.planned("campaign 1", KEY),
        lambda: ledger.sealed("campaign 0", KEY, request_digest("campaign 0")),
        lambda: ledger.seal("campaign 1", KEY, request_digest("campaign 1"), b"x"),
        lambda: ledger.void("campaign 1", KEY),
        ledger.verify,
    ):
        with pytest.raises(LedgerRolledBack, match="FA504"):
            action()


def test_a_ledger_that_was_deleted_and_begun_anew_is_refused(path: Path) -> None:
    newest, _ = rolled_back(path)
    restore(path, {})
    with opened(path) as ledger:
        assert ledger.entries() == ()
        with pytest.raises(LedgerRolledBack, match="FA504"):
            ledger.note_countersigned(*newest)
        everything_refuses(ledger)


def test_a_journal_that_went_another_way_is_refused(path: Path) -> None:
    newest, _ = rolled_back(path)
    with opened(path) as ledger:
        for campaign in ("other", "ways", "longer"):
            ledger.reserve(campaign, request_digest(campaign), [votes(1e3)])
        assert ledger.head()[0] > newest[0]
        with pytest.raises(LedgerRolledBack, match="FA504"):
            ledger.note_countersigned(*newest)


def test_a_damaged_ledger_is_rebuilt_from_the_coordinators_list(path: Path) -> None:
    newest, entries = rolled_back(path)
    path.write_bytes(path.read_bytes()[:-1])
    with Ledger.recover(
        path, lineage="lineage", unit=PrivacyUnit.RECORD, cap=Budget(4.0, 1e-5), entries=entries
    ) as ledger:
        ledger.note_countersigned(*newest)
        assert ledger.verify().entries == newest[0] + 1
        assert "later" in {entry.campaign for entry in ledger.entries()}


def test_without_the_check_the_older_copy_would_spend_twice(path: Path) -> None:
    """The seeded defect: a coordinator that never shows a countersigned head."""
    rolled_back(path)
    with opened(path) as ledger:
        ledger.verify()
        ledger.reserve("later", request_digest("later"), [votes(1e3)])
        ledger.seal("later", KEY, request_digest("later"), b"fresh noise for what has left already")


def test_every_older_state_is_refused(path: Path) -> None:
    """Backups after each of many changes, each put back in turn."""
    backups = []
    with opened(path) as ledger:
        newest = ledger.head()
    for number in range(20):
        backups.append((newest[0], {item.name: item.read_bytes() for item in path.parent.iterdir()}))
        with opened(path) as ledger:
            ledger.reserve(f"more {number}", request_digest("more"), [votes(1e3)])
            newest = ledger.head()
    refused = 0
    for size, files in backups:
        restore(path, files)
        with opened(path) as ledger:
            assert ledger.head()[0] == size < newest[0]
            with pytest.raises(LedgerRolledBack, match="FA504"):
                ledger.note_countersigned(*newest)
            refused += 1
    assert refused == 20
