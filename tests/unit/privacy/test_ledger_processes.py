"""Two processes, or several threads, at one ledger: every charge counts once, and the cap holds."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from tests.ledger_workers import DELTA, opened, processes, request_digest, reserve_many, votes

from fedaug.privacy.accounting.filter import filter_epsilon, plan_charge

EACH = 500


def outcomes_of_two(path: Path, noise_std: float, cap: float) -> list[str]:
    """Both start with no ledger there, so they also race to make it."""
    names = ["left", "right"]
    children = [processes().Process(target=reserve_many, args=(path, name, EACH, noise_std, cap)) for name in names]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0, 0]
    return [path.with_name(f"outcomes-{name}").read_text() for name in names]


def test_two_processes_at_once_lose_no_charge(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    assert outcomes_of_two(path, 1_000.0, 4.0) == ["r" * EACH] * 2
    with opened(path, 4.0) as ledger:
        entries = ledger.entries()
        assert {entry.campaign for entry in entries} == {f"{n} {i}" for n in ("left", "right") for i in range(EACH)}
        assert [entry.sequence for entry in entries] == list(range(1, 2 * EACH + 1))
        charges = [plan_charge([votes(1_000.0)], DELTA)] * (2 * EACH)
        assert ledger.spent() == pytest.approx(filter_epsilon(charges, DELTA), rel=1e-9)
        assert ledger.verify().entries == 1 + 2 * EACH


def test_two_processes_at_once_do_not_overspend(tmp_path: Path) -> None:
    path, noise_std = tmp_path / "ledger.db", 200.0
    # Room for exactly half of what both will ask for.
    cap = filter_epsilon([plan_charge([votes(noise_std)], DELTA)] * EACH, DELTA) * (1 + 1e-9)
    outcomes = outcomes_of_two(path, noise_std, cap)
    assert sum(outcome.count("r") for outcome in outcomes) == EACH
    assert sum(outcome.count("x") for outcome in outcomes) == EACH
    with opened(path, cap) as ledger:
        assert len(ledger.entries()) == EACH
        assert ledger.spent() <= cap


def test_threads_take_turns(tmp_path: Path) -> None:
    def reserve_some(name: str) -> None:
        for number in range(25):
            ledger.reserve(f"{name} {number}", request_digest(name), [votes(1e3)])

    with opened(tmp_path / "ledger.db", 4.0) as ledger:
        threads = [threading.Thread(target=reserve_some, args=(name,)) for name in "abcd"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(ledger.entries()) == 100
        assert ledger.verify().entries == 101
