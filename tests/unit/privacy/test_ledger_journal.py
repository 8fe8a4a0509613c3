"""The journal: what is in it, what may follow what, how it is chained, and how an older ledger becomes one."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.ledger_workers import KEY, fill, opened, request_digest, votes
from tests.old_ledger import ARTEFACT, REQUEST, old_event, write_old_ledger

from fedaug.errors import AlreadyReleased, BudgetExceeded, LedgerError, LedgerRolledBack, ProtocolError
from fedaug.privacy.accounting import epsilon
from fedaug.privacy.accounting.filter import filter_epsilon, plan_charge
from fedaug.privacy.canonical import canonical_json, digest, parse_json
from fedaug.privacy.events import event_from_dict
from fedaug.privacy.ledger import Ledger, LedgerReport, inspection
from fedaug.privacy.ledger import costs as ledger_costs
from fedaug.privacy.ledger.journal import CHAIN_START, Books, ChargeState, chained
from fedaug.privacy.limits import LIMITS
from fedaug.privacy.transparency.entries import read_site_entry
from fedaug.privacy.transparency.merkle import consistency_proof, merkle_root, verify_consistency
from fedaug.privacy.units import Budget, PrivacyUnit

DELTA = 1e-5


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with opened(tmp_path / "ledger.db") as made:
        yield made


def one_of_each(ledger: Ledger) -> None:
    ledger.reserve("spring", REQUEST, [votes(50.0), votes(60.0, "spare")])
    ledger.void("spring", "spare")
    ledger.seal("spring", KEY, REQUEST, b"artefact")


def test_the_journal_says_what_happened_and_nothing_of_any_record(ledger: Ledger) -> None:
    one_of_each(ledger)
    entries = [parse_json(entry) for entry in ledger.journal()]
    assert entries == [
        {"entry": "opened", "lineage": "lineage", "unit": "record", "adjacency": "add_or_remove_one"},
        {
            "entry": "reserved",
            "campaign": "spring",
            "plan": REQUEST,
            "events": [votes(50.0).as_dict(), votes(60.0, "spare").as_dict()],
        },
        {"entry": "voided", "campaign": "spring", "key": "spare"},
        {"entry": "sealed", "campaign": "spring", "key": KEY, "request": REQUEST, "artefact": digest(b"artefact")},
    ]
    assert [canonical_json(entry) for entry in entries] == list(ledger.journal())


def test_what_changes_nothing_adds_nothing(ledger: Ledger) -> None:
    for _ in range(3):
        one_of_each(ledger)
    with pytest.raises(BudgetExceeded):
        ledger.reserve("autumn", REQUEST, [votes(0.01)])
    assert ledger.head()[0] == len(ledger.journal()) == 4


def test_the_head_is_the_merkle_root_and_only_ever_grows(ledger: Ledger) -> None:
    heads = [ledger.head()]
    for number in range(5):
        ledger.reserve(f"plan {number}", REQUEST, [votes(500.0)])
        heads.append(ledger.head())
    entries = ledger.journal()
    assert [size for size, _ in heads] == list(range(1, 7))
    for size, root in heads:
        assert merkle_root(entries[:size]) == root
        assert verify_consistency(size, root, *heads[-1], consistency_proof(entries, size))


def test_the_journal_can_be_read_from_an_index_on(ledger: Ledger) -> None:
    one_of_each(ledger)
    entries = ledger.journal()
    assert [ledger.journal(start) for start in range(6)] == [entries[start:] for start in range(6)]


def test_rows_are_chained(ledger: Ledger, tmp_path: Path) -> None:
    one_of_each(ledger)
    chain = CHAIN_START
    connection = sqlite3.connect(tmp_path / "ledger.db")
    rows = connection.execute("SELECT entry, chain FROM journal ORDER BY sequence").fetchall()
    connection.close()
    assert len(rows) == 4
    for entry, kept in rows:
        chain = chained(chain, entry)
        assert chain == kept


OPENED: dict[str, Any] = {"entry": "opened", "lineage": "l", "unit": "record", "adjacency": "add_or_remove_one"}
RESERVED: dict[str, Any] = {"entry": "reserved", "campaign": "c", "plan": REQUEST, "events": [votes(5.0).as_dict()]}
SEALED: dict[str, Any] = {"entry": "sealed", "campaign": "c", "key": KEY, "request": REQUEST, "artefact": REQUEST}
VOIDED: dict[str, Any] = {"entry": "voided", "campaign": "c", "key": KEY}


@pytest.mark.parametrize(
    "entries",
    [
        [RESERVED],
        [OPENED, OPENED],
        [OPENED, SEALED],
        [OPENED, VOIDED],
        [OPENED, RESERVED, RESERVED],
        [OPENED, RESERVED, SEALED, SEALED],
        [OPENED, RESERVED, SEALED, VOIDED],
        [OPENED, RESERVED, VOIDED, VOIDED],
        [OPENED, RESERVED, VOIDED, SEALED],
        [OPENED, RESERVED, SEALED | {"key": "other"}],
        [OPENED, RESERVED, SEALED | {"campaign": "other"}],
        [OPENED, RESERVED | {"events": RESERVED["events"] * 2}],
        [OPENED, {"entry": "recovered", "size": 2}],
        [OPENED, RESERVED, {"entry": "recovered", "size": 2}, SEALED],
        [OPENED, RESERVED, {"entry": "recovered", "size": 2}, VOIDED],
    ],
)
def test_entries_that_cannot_follow_one_another_are_refused(entries: list[dict[str, Any]]) -> None:
    books = Books()
    books.extend(canonical_json(entry) for entry in entries[:-1])
    with pytest.raises(LedgerError, match="FA502: the ledger's entries contradict one another"):
        books.extend([canonical_json(entries[-1])])
    assert books.size == len(entries) - 1


@pytest.mark.parametrize("data", [b"", b"{}", b"\xff", b'{"entry":"other"}', canonical_json(OPENED) + b" "])
def test_an_entry_that_cannot_be_read_is_refused(data: bytes) -> None:
    with pytest.raises(LedgerError, match="FA502: the ledger holds an entry that cannot be read"):
        Books().extend([data])


def test_a_ledger_of_the_first_version_becomes_a_journal(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    write_old_ledger(path)
    for _ in range(2):
        with opened(path) as ledger:
            kinds = [read_site_entry(entry).entry for entry in ledger.journal()]
            assert kinds == ["opened", "reserved", "reserved", "sealed", "voided"]
            rows = [(entry.sequence, entry.campaign, entry.event.key, entry.state) for entry in ledger.entries()]
            assert rows == [
                (1, "spring", "votes/0", ChargeState.COMMITTED),
                (2, "spring", "votes/1", ChargeState.VOID),
                (3, "autumn", "votes/0", ChargeState.RESERVED),
            ]
            assert ledger.entries()[0].event == event_from_dict(old_event("votes/0"))
            assert ledger.entries()[0].plan_digest == digest(b"spring")
            assert ledger.sealed("spring", "votes/0", REQUEST) == ARTEFACT
            event = event_from_dict(old_event("votes/0"))
            assert ledger.spent() == filter_epsilon([plan_charge([event], DELTA)] * 2, DELTA)
            assert ledger.verify().entries == 5
    with opened(path) as ledger:
        ledger.seal("autumn", "votes/0", REQUEST, b"autumn")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE charges SET event = 'garbage'",
        "UPDATE charges SET event = '{}'",
        "UPDATE charges SET event = replace(event, '5.5', '-5.5')",
        "UPDATE charges SET event = replace(event, '5.5', 'NaN')",
        "UPDATE charges SET state = 'free'",
        "UPDATE outbox SET artefact = x'00'",
        "DELETE FROM outbox",
        "DELETE FROM identity",
        "UPDATE plans SET plan_digest = '7'",
    ],
)
def test_a_damaged_ledger_of_the_first_version_is_refused(tmp_path: Path, statement: str) -> None:
    path = tmp_path / "ledger.db"
    write_old_ledger(path)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA ignore_check_constraints = ON")
    connection.execute(statement)
    connection.commit()
    connection.close()
    before = path.read_bytes()
    for _ in range(2):
        with pytest.raises(LedgerError, match="FA502"):
            opened(path)
        assert path.read_bytes() == before


def test_another_data_sets_ledger_of_the_first_version_is_refused(tmp_path: Path) -> None:
    write_old_ledger(tmp_path / "ledger.db", lineage="another")
    with pytest.raises(LedgerError, match="FA502: the ledger belongs to another data set or unit"):
        opened(tmp_path / "ledger.db")


# Costs


def test_several_campaigns_cost_what_the_filter_says_and_one_what_its_events_do(ledger: Ledger) -> None:
    ledger.reserve("one", REQUEST, [votes(5.0), votes(6.0, "spare")])
    assert ledger.spent() == epsilon([votes(5.0), votes(6.0)], DELTA)
    ledger.reserve("two", REQUEST, [votes(7.0)])
    both = [plan_charge([votes(5.0), votes(6.0, "spare")], DELTA), plan_charge([votes(7.0)], DELTA)]
    assert ledger.spent() == filter_epsilon(both, DELTA)
    ledger.void("one", "spare")
    assert ledger.spent() == filter_epsilon([plan_charge([votes(5.0)], DELTA), both[1]], DELTA)
    ledger.void("one", KEY)
    assert ledger.spent() == epsilon([votes(7.0)], DELTA)


def test_charging_a_plan_looks_at_no_other_plans_events(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def counted(events: Any, delta: float) -> Any:
        asked.append(len(events))
        return plan_charge(events, delta)

    monkeypatch.setattr(ledger_costs, "plan_charge", counted)
    for start in (0, 20):
        with opened(tmp_path / "ledger.db") as ledger:
            for number in range(start, start + 20):
                ledger.reserve(f"plan {number}", REQUEST, [votes(500.0 + number)])
    assert asked == [1] * 80  # its own, before the transaction and in it


def test_costs_are_worked_out_anew_for_another_delta(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with opened(path) as ledger:
        fill(ledger, 4)
        spent = ledger.spent()
    with Ledger.open(path, lineage="lineage", unit=PrivacyUnit.RECORD, cap=Budget(4.0, 1e-8)) as other:
        assert other.spent() > spent
        other.verify()
        other.reserve("more", REQUEST, [votes(500.0)])
    with opened(path) as ledger:
        assert ledger.spent() > spent
        ledger.verify()


# What the coordinator has countersigned


def test_a_countersigned_head_is_noted_and_checked_from_then_on(ledger: Ledger, tmp_path: Path) -> None:
    one_of_each(ledger)
    first, newest = (2, merkle_root(ledger.journal()[:2])), ledger.head()
    assert ledger.countersigned() is None
    for head in (first, newest, newest, first, (0, merkle_root([]))):
        ledger.note_countersigned(*head)
    assert ledger.countersigned() == newest
    report = ledger.verify()
    assert any("first 4 entries are those that the coordinator" in line for line in report.checked)
    assert report.unchecked == ()
    ledger.close()
    with opened(tmp_path / "ledger.db") as again:
        again.reserve("autumn", REQUEST, [votes(500.0)])


@pytest.mark.parametrize("head", [(-1, bytes(32)), (1.0, bytes(32)), (True, bytes(32)), (1, bytes(31)), (1, "x" * 32)])
def test_a_malformed_head_is_refused_and_marks_nothing(ledger: Ledger, head: Any) -> None:
    with pytest.raises(ProtocolError, match="FA401: a head's"):
        ledger.note_countersigned(*head)
    one_of_each(ledger)


@pytest.mark.parametrize("size", [0, 1, 3, 4, 5])
def test_a_head_of_another_journal_stops_the_ledger(ledger: Ledger, size: int) -> None:
    one_of_each(ledger)
    with pytest.raises(LedgerRolledBack, match="FA504"):
        ledger.note_countersigned(size, bytes(32))
    with pytest.raises(LedgerRolledBack, match="FA504"):
        ledger.sealed("spring", KEY, REQUEST)


def test_a_full_check_says_what_it_checked(ledger: Ledger) -> None:
    one_of_each(ledger)
    report = ledger.verify()
    assert isinstance(report, LedgerReport)
    assert (report.entries, report.root) == ledger.head()
    assert report.epsilon == ledger.spent()
    assert len(report.checked) == 5
    assert report.unchecked == ("the coordinator has countersigned nothing yet, so an older copy is not noticed",)


def test_a_plan_too_large_for_an_entry_is_refused(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspection, "LIMITS", replace(LIMITS, log_entry_bytes=500))
    with pytest.raises(ProtocolError, match="FA401: a plan is too large for the ledger"):
        ledger.reserve("large", REQUEST, [votes(500.0, f"votes/{n}") for n in range(20)])
    assert ledger.entries() == ()


def test_an_unknown_request_is_told_apart_from_a_repeated_one(ledger: Ledger) -> None:
    one_of_each(ledger)
    with pytest.raises(AlreadyReleased, match="FA304"):
        ledger.sealed("spring", KEY, request_digest("another"))
