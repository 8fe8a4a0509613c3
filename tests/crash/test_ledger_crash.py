"""Whenever a site is killed, everything that left it was charged."""

from __future__ import annotations

import random
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from tests.ledger_workers import (
    FULL,
    KEY,
    LIFE_CAMPAIGNS,
    fill_and_die,
    live_until,
    open_until,
    opened,
    processes,
    release_forever,
    request_digest,
    whole_life,
)
from tests.old_ledger import write_old_ledger

from fedaug.errors import FedaugError
from fedaug.privacy.canonical import digest
from fedaug.privacy.ledger import ChargeState

KILLS = 200 if FULL else 36
#: Two of each three kills fall at a random point of the loop, some releases in; the rest close after the first.
LONGEST_LIFE_S = 0.12
PATIENCE_S = 30.0
#: Every step at which a process can be killed in a ledger's life.
STEPS = {
    "draft made",
    "draft in place",
    "turn taken",
    "written",
    "committed",
    "head drafted",
    "head written",
    "checkpointed",
    "let go",
}


def finished(target: Any, *arguments: Any, **named: Any) -> int | None:
    """Run something in a process of its own, to whatever end it comes."""
    child = processes().Process(target=target, args=arguments, kwargs=named)
    child.start()
    child.join(PATIENCE_S)
    assert child.exitcode is not None, "the child hangs"
    return child.exitcode


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
    with opened(path) as ledger:
        committed = {entry.campaign for entry in ledger.entries() if entry.state is ChargeState.COMMITTED}
        for line in released.read_text().splitlines():
            campaign, _, artefact_digest = line.partition("|")
            try:
                artefact = ledger.sealed(campaign, KEY, request_digest(campaign))
            except FedaugError:
                artefact = None
            if campaign not in committed or artefact is None or digest(artefact) != artefact_digest:
                wrong.append(campaign)
        ledger.verify()
    return wrong


def killed_many_times(folder: Path, *, release_first: bool, kills: int) -> tuple[Path, Path]:
    path, released = folder / "ledger.db", folder / "released"
    chosen = random.Random(20)
    for number in range(kills):
        life_s = chosen.uniform(0, LONGEST_LIFE_S) if number % 3 else chosen.uniform(0, 0.003)
        live_and_die(path, released, f"life {number}", release_first=release_first, life_s=life_s)
    return path, released


def test_a_kill_at_any_moment_leaves_no_release_uncharged(tmp_path: Path) -> None:
    path, released = killed_many_times(tmp_path, release_first=False, kills=KILLS)
    lines = released.read_text().splitlines()
    assert len({line.split(" ")[1] for line in lines}) == KILLS, "a life left no trace"
    assert len(lines) > KILLS, "every life ended at its first release"
    assert uncharged(path, released) == []
    with opened(path) as ledger:
        states = [entry.state for entry in ledger.entries()]
    assert states.count(ChargeState.COMMITTED) >= len(lines)
    assert ChargeState.RESERVED in states, "no kill fell between a charge and its release"


def test_releasing_before_sealing_is_caught_by_the_same_check(tmp_path: Path) -> None:
    path, released = killed_many_times(tmp_path, release_first=True, kills=36)
    assert uncharged(path, released) != []


def steps_of_a_life(folder: Path) -> list[str]:
    taken: list[str] = []
    whole_life(folder / "counted.db", folder / "counted", taken.append)
    return taken


def chosen_steps(steps: list[str]) -> list[int]:
    """All of them at full size; else each named step where it first comes, and one in four."""
    return [number for number, name in enumerate(steps) if FULL or number % 4 == 0 or name not in steps[:number]]


def killed_at(folder: Path, chosen: list[int], *, release_first: bool) -> list[int]:
    """At which of the chosen steps a kill left a release uncharged."""
    wrong = []
    for step in chosen:
        path, released = folder / f"{step}.db", folder / f"released {step}"
        assert finished(live_until, path, released, step, release_first=release_first) == -signal.SIGKILL
        released.touch()
        if uncharged(path, released):
            wrong.append(step)
            continue
        whole_life(path, released, lambda _: None)  # the next life goes on where this one was cut off
        assert uncharged(path, released) == []
        assert {line.partition("|")[0] for line in released.read_text().splitlines()} == set(LIFE_CAMPAIGNS)
        assert len(set(released.read_text().splitlines())) == len(LIFE_CAMPAIGNS), "a release left with two noises"
    return wrong


def test_a_kill_at_every_named_step_leaves_no_release_uncharged(tmp_path: Path) -> None:
    steps = steps_of_a_life(tmp_path)
    chosen = chosen_steps(steps)
    assert {steps[step] for step in chosen} == set(steps) == STEPS
    assert len(steps) > 50
    assert len(chosen) > 15
    assert killed_at(tmp_path, chosen, release_first=False) == []


def test_releasing_before_sealing_is_caught_at_the_step_between(tmp_path: Path) -> None:
    chosen = [number for number, name in enumerate(steps_of_a_life(tmp_path)) if name == "written"]
    # The fourth change of each of the two campaigns seals: reserve, void, ask, seal.
    assert killed_at(tmp_path, chosen, release_first=True) == [chosen[3], chosen[len(chosen) // 2 + 3]]


def test_a_kill_at_every_step_of_mending_is_mended_in_turn(tmp_path: Path) -> None:
    """Killed with a full write-ahead log, and again at each step of the next opening and closing."""
    for step in range(100):
        path = tmp_path / f"{step}.db"
        assert finished(fill_and_die, path, 4) == -signal.SIGKILL
        status = finished(open_until, path, step)
        with opened(path) as ledger:
            assert len(ledger.entries()) == 8
            assert ledger.verify().entries == 7
        if status == 0:
            break
        assert status == -signal.SIGKILL
    assert step >= 5


def test_a_kill_at_every_step_of_converting_an_old_ledger_loses_nothing(tmp_path: Path) -> None:
    for step in range(100):
        path = tmp_path / f"{step}.db"
        write_old_ledger(path)
        status = finished(open_until, path, step)
        with opened(path) as ledger:
            assert [str(entry.state) for entry in ledger.entries()] == ["committed", "void", "reserved"]
            ledger.verify()
        if status == 0:
            break
        assert status == -signal.SIGKILL
    assert step >= 5


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
        with opened(path) as ledger:
            ledger.entries()
