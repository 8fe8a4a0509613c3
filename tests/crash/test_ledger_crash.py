"""Whenever a site is killed, everything that left it was charged."""

from __future__ import annotations

import random
import signal
import time
from pathlib import Path

import pytest
from tests.ledger_workers import KEY, opened, processes, release_forever, request_digest

from fedaug.errors import FedaugError
from fedaug.privacy.canonical import digest
from fedaug.privacy.ledger import ChargeState

KILLS = 36
#: Two of each three kills fall at a random point of the loop, some releases in; the rest close after the first.
LONGEST_LIFE_S = 0.12
PATIENCE_S = 30.0


def live_and_die(path: Path, released: Path, name: str, *, release_first: bool, life_s: float) -> None:
    """One child, killed so long after its first release."""
    before = released.stat().st_size if released.exists() else 0
    child = processes().Process(
        target=release_forever, args=(path, released, name), kwargs={"release_first": release_first}
    )
    child.start()
    deadline = time.monotonic() + PATIENCE_S
    while not (released.exists() and released.stat().st_size > before):
        assert child.is_alive(), "the child ended by itself"
        assert time.monotonic() < deadline, "the child never released anything"
        time.sleep(0.0005)
    time.sleep(life_s)
    child.kill()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    child.close()


def uncharged(path: Path, released: Path) -> list[str]:
    """Campaigns whose release left without a committed charge, or with other bytes than those in the outbox."""
    wrong = []
    with opened(path, 4.0) as ledger:
        committed = {entry.campaign for entry in ledger.entries() if entry.state is ChargeState.COMMITTED}
        for line in released.read_text().splitlines():
            campaign, _, artefact_digest = line.partition("|")
            try:
                artefact = ledger.sealed(campaign, KEY, request_digest(campaign))
            except FedaugError:
                artefact = None
            if campaign not in committed or artefact is None or digest(artefact) != artefact_digest:
                wrong.append(campaign)
    return wrong


def killed_many_times(folder: Path, *, release_first: bool) -> tuple[Path, Path]:
    path, released = folder / "ledger.db", folder / "released"
    chosen = random.Random(20)
    for number in range(KILLS):
        life_s = chosen.uniform(0, LONGEST_LIFE_S) if number % 3 else chosen.uniform(0, 0.003)
        live_and_die(path, released, f"life {number}", release_first=release_first, life_s=life_s)
    return path, released


def test_a_kill_at_any_point_leaves_no_release_uncharged(tmp_path: Path) -> None:
    path, released = killed_many_times(tmp_path, release_first=False)
    lines = released.read_text().splitlines()
    assert len({line.split(" ")[1] for line in lines}) == KILLS, "a life left no trace"
    assert len(lines) > KILLS, "every life ended at its first release"
    assert uncharged(path, released) == []
    with opened(path, 4.0) as ledger:
        states = [entry.state for entry in ledger.entries()]
    assert states.count(ChargeState.COMMITTED) >= len(lines)
    assert ChargeState.RESERVED in states, "no kill fell between a charge and its release"


def test_releasing_before_sealing_is_caught_by_the_same_check(tmp_path: Path) -> None:
    path, released = killed_many_times(tmp_path, release_first=True)
    assert uncharged(path, released) != []


@pytest.mark.parametrize("life", range(3))
def test_a_kill_while_the_ledger_is_made_leaves_none_or_a_whole_one(tmp_path: Path, life: int) -> None:
    for number in range(5):
        path = tmp_path / f"{number}.db"
        child = processes().Process(
            target=release_forever, args=(path, tmp_path / "released", "x"), kwargs={"release_first": False}
        )
        child.start()
        deadline = time.monotonic() + PATIENCE_S
        while not list(tmp_path.glob(f".{number}.db.*")) and not path.exists():
            assert time.monotonic() < deadline, "the child never began a ledger"
        time.sleep(life * number * 0.002)
        child.kill()
        child.join()
        with opened(path, 4.0) as ledger:
            ledger.entries()
