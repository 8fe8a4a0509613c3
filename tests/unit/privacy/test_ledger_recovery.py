"""A ledger that was lost, damaged or rolled back is rebuilt from what the coordinator kept, and forgets no charge."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from tests.ledger_workers import KEY, opened, request_digest, votes

from fedaug.errors import AlreadyReleased, BudgetExceeded, LedgerError, LedgerRolledBack
from fedaug.privacy.canonical import parse_json
from fedaug.privacy.ledger import ChargeState, Ledger
from fedaug.privacy.ledger.anchor import anchor_path
from fedaug.privacy.units import Budget, PrivacyUnit

REQUEST = request_digest("x")
CAP = Budget(4.0, 1e-5)


def recovered(path: Path, entries: Sequence[bytes], lineage: str = "lineage") -> Ledger:
    return Ledger.recover(path, lineage=lineage, unit=PrivacyUnit.RECORD, cap=CAP, entries=entries)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "site").mkdir()
    return tmp_path / "site" / "ledger.db"


@pytest.fixture
def entries(path: Path, tmp_path: Path) -> tuple[bytes, ...]:
    """What the coordinator kept: one plan with a sealed, a reserved and a voided release."""
    with opened(path) as ledger:
        ledger.reserve("spring", REQUEST, [votes(5.0), votes(6.0, "open"), votes(7.0, "void")])
        ledger.void("spring", "void")
        ledger.seal("spring", KEY, REQUEST, b"artefact")
        return ledger.journal()


def lost(path: Path) -> None:
    for item in path.parent.iterdir():
        item.unlink()


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-4_096])


def headless(path: Path) -> None:
    anchor_path(path).unlink()


def emptied(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("harm", [lost, cut, headless, emptied])
def test_what_was_reserved_stays_charged(path: Path, entries: tuple[bytes, ...], harm: Callable[[Path], None]) -> None:
    with opened(path) as ledger:
        spent = ledger.spent()
    harm(path)
    with recovered(path, entries) as ledger:
        assert ledger.journal()[:-1] == entries
        assert parse_json(ledger.journal()[-1]) == {"entry": "recovered", "size": len(entries)}
        assert ledger.spent() == spent
        states = [entry.state for entry in ledger.entries()]
        assert states == [ChargeState.COMMITTED, ChargeState.RESERVED, ChargeState.VOID]
        ledger.verify()
    with opened(path) as ledger:
        assert ledger.spent() == spent


def test_nothing_that_may_have_left_is_released_again(path: Path, entries: tuple[bytes, ...]) -> None:
    lost(path)
    with recovered(path, entries) as ledger:
        assert ledger.planned("spring", KEY) == votes(5.0)
        for action in (
            lambda: ledger.sealed("spring", KEY, REQUEST),
            lambda: ledger.seal("spring", KEY, REQUEST, b"artefact"),
            lambda: ledger.planned("spring", "open"),
            lambda: ledger.seal("spring", "open", REQUEST, b"fresh noise"),
            lambda: ledger.void("spring", "open"),
        ):
            with pytest.raises(AlreadyReleased, match="FA304: the release may have left before the ledger was recov"):
                action()
        ledger.reserve("spring", REQUEST, [votes(5.0), votes(6.0, "open"), votes(7.0, "void")])  # known: costs nothing
        assert len(ledger.entries()) == 3


def test_a_recovered_ledger_goes_on_as_any_other(path: Path, entries: tuple[bytes, ...]) -> None:
    lost(path)
    with recovered(path, entries) as ledger:
        with pytest.raises(BudgetExceeded, match="FA301"):
            ledger.reserve("summer", REQUEST, [votes(1.0)])
        ledger.reserve("summer", REQUEST, [votes(20.0)])
        ledger.seal("summer", KEY, REQUEST, b"summer")
        assert ledger.sealed("summer", KEY, REQUEST) == b"summer"
        ledger.note_countersigned(*ledger.head())
        ledger.verify()


def test_the_old_files_are_moved_aside_and_never_deleted(path: Path, entries: tuple[bytes, ...]) -> None:
    kept = []
    for number in (1, 2, 3):
        damaged = path.read_bytes()[:-4_096]
        path.write_bytes(damaged)
        path.with_name("ledger.db-wal").write_bytes(bytes([number]) * 100)
        kept.append((damaged, anchor_path(path).read_bytes(), bytes([number]) * 100))
        recovered(path, entries).close()
    for number, files in enumerate(kept, start=1):
        aside = path.with_name(f"ledger.db.replaced-{number}")
        found = [aside.with_name(aside.name + suffix).read_bytes() for suffix in ("", ".head", "-wal")]
        assert found == list(files)


def test_a_whole_ledger_is_not_replaced_by_what_may_be_an_older_list(path: Path, entries: tuple[bytes, ...]) -> None:
    with opened(path) as ledger:
        ledger.reserve("summer", REQUEST, [votes(20.0)])
    before = path.read_bytes()
    with pytest.raises(LedgerError, match="FA502: the ledger is whole, so there is nothing to recover"):
        recovered(path, entries)
    assert path.read_bytes() == before


def test_a_ledger_in_use_is_not_replaced(path: Path, entries: tuple[bytes, ...]) -> None:
    with opened(path) as ledger:
        with pytest.raises(LedgerRolledBack):
            ledger.note_countersigned(99, bytes(32))
        with pytest.raises(LedgerError, match="FA502: another process holds the ledger"):
            recovered(path, entries)
        assert len(ledger.entries()) == 3
    recovered(path, entries).close()


def test_entries_of_another_data_set_are_refused(path: Path, entries: tuple[bytes, ...]) -> None:
    before = path.read_bytes()
    with pytest.raises(LedgerError, match="FA502: the entries belong to another data set or unit"):
        recovered(path, entries, "another")
    with pytest.raises(LedgerError, match="FA502: the entries belong to another data set or unit"):
        recovered(path, ())
    assert path.read_bytes() == before


def test_entries_that_are_no_journal_are_refused(path: Path, entries: tuple[bytes, ...]) -> None:
    lost(path)
    for wrong in (entries[1:], entries[::-1], (*entries, entries[-1]), (*entries, b"{}"), (entries[0], entries[2])):
        with pytest.raises(LedgerError, match="FA502"):
            recovered(path, wrong)
    assert list(path.parent.iterdir()) == []


def test_what_an_older_copy_released_by_itself_is_charged_on_top(path: Path, entries: tuple[bytes, ...]) -> None:
    """A copy from before the seal was put back, and the site went on with it: two noises of one release are out."""
    lost(path)
    with opened(path) as ledger:
        ledger.reserve("spring", REQUEST, [votes(5.0), votes(6.0, "open"), votes(7.0, "void")])
        ledger.seal("spring", KEY, REQUEST, b"other noise")
        ledger.reserve("summer", REQUEST, [votes(20.0), votes(20.0, "spare")])
        ledger.void("summer", "spare")
        with pytest.raises(LedgerRolledBack):
            ledger.note_countersigned(len(entries), bytes(32))
    with recovered(path, entries) as ledger:
        assert ledger.journal()[: len(entries)] == entries
        charged = [(entry.campaign, entry.event.key) for entry in ledger.entries()]
        assert charged[3:] == [("spring (copy 1)", KEY), ("summer", KEY)]
        for campaign in ("spring (copy 1)", "summer"):
            with pytest.raises(AlreadyReleased, match="FA304"):
                ledger.planned(campaign, KEY)
        ledger.verify()


def test_a_ledger_can_be_recovered_twice(path: Path, entries: tuple[bytes, ...]) -> None:
    lost(path)
    with recovered(path, entries) as ledger:
        ledger.reserve("summer", REQUEST, [votes(20.0)])
        later = ledger.journal()
    lost(path)
    with recovered(path, later) as ledger:
        assert ledger.head()[0] == len(later) + 1
        assert [entry.campaign for entry in ledger.entries()] == ["spring"] * 3 + ["summer"]
        with pytest.raises(AlreadyReleased, match="FA304"):
            ledger.planned("summer", KEY)
