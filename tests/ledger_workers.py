"""What other processes do to a ledger while a test watches, kills them or counts."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from multiprocessing.context import ForkServerContext
from pathlib import Path

from fedaug.errors import BudgetExceeded
from fedaug.privacy.canonical import digest
from fedaug.privacy.events import GaussianEvent, ReleaseKind
from fedaug.privacy.ledger import Ledger
from fedaug.privacy.ledger.anchor import Failpoint
from fedaug.privacy.noise import SystemNoise
from fedaug.privacy.units import Budget, PrivacyUnit

KEY = "votes/0"
DELTA = 1e-5
#: What the issue asks for runs with this set; without it, smaller counts of the same.
FULL = os.environ.get("FEDAUG_FULL") == "1"


def processes() -> ForkServerContext:
    """Starts a process in milliseconds, by forking one that has imported what it needs and done nothing else."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pytest", "fedaug.privacy.ledger", "tests.ledger_workers"])
    return context


def no_failpoint(_: str) -> None:
    pass


def opened(path: Path, epsilon: float = 4.0, failpoint: Failpoint = no_failpoint) -> Ledger:
    return Ledger.open(
        path, lineage="lineage", unit=PrivacyUnit.RECORD, cap=Budget(epsilon, DELTA), failpoint=failpoint
    )


def votes(noise_std: float, key: str = KEY) -> GaussianEvent:
    return GaussianEvent(key, ReleaseKind.NOISY_VOTES, 1.0, noise_std)


def request_digest(campaign: str) -> str:
    return digest(campaign.encode())


def reserve_many(path: Path, name: str, count: int, noise_std: float, epsilon: float) -> None:
    """Try so many reservations; append one letter each to a file of the process's own: r(eserved) or x (refused)."""
    outcomes = []
    with opened(path, epsilon) as ledger:
        for number in range(count):
            campaign = f"{name} {number}"
            try:
                ledger.reserve(campaign, digest(campaign.encode()), [votes(noise_std)])
                outcomes.append("r")
            except BudgetExceeded:
                outcomes.append("x")
    path.with_name(f"outcomes-{name}").write_text("".join(outcomes))


def release_forever(path: Path, released: Path, name: str, *, release_first: bool) -> None:
    """Reserve, run, seal, release, until killed. ``release_first`` is the seeded defect: out before it is sealed."""
    out = os.open(released, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    noise = SystemNoise()
    number = 0
    with opened(path, 4.0) as ledger:
        while True:
            number += 1
            campaign = f"{name} {number}"
            artefact = noise.gaussian((200,), 1.0).tobytes()
            line = f"{campaign}|{digest(artefact)}\n".encode()
            ledger.reserve(campaign, digest(campaign.encode()), [votes(1e4)])
            if release_first:
                os.write(out, line)
            time.sleep(0.002)  # the work on the records
            ledger.seal(campaign, KEY, request_digest(campaign), artefact)
            if not release_first:
                os.write(out, line)


class DieAt:
    """A failpoint at which the process is killed: when so many steps were taken."""

    def __init__(self, step: int) -> None:
        self.left = step

    def __call__(self, _: str) -> None:
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self.left -= 1


LIFE_CAMPAIGNS = ("spring", "summer")


def whole_life(path: Path, released: Path, failpoint: Failpoint, *, release_first: bool = False) -> None:
    """A ledger's life from being made to being closed, twice. Goes on wherever an earlier one was cut off."""
    out = os.open(released, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        for campaign in LIFE_CAMPAIGNS:
            with opened(path, failpoint=failpoint) as ledger:
                ledger.reserve(campaign, request_digest(campaign), [votes(1e3), votes(1e3, "spare")])
                ledger.void(campaign, "spare")
                ledger.ask(campaign, KEY, request_digest(campaign))
                artefact = ledger.sealed(campaign, KEY, request_digest(campaign))
                fresh = os.urandom(100) if artefact is None else artefact
                line = f"{campaign}|{digest(fresh)}\n".encode()
                if release_first:
                    os.write(out, line)
                ledger.seal(campaign, KEY, request_digest(campaign), fresh)
                if not release_first:
                    os.write(out, line)
                ledger.note_countersigned(*ledger.head())
    finally:
        os.close(out)


def live_until(path: Path, released: Path, step: int, *, release_first: bool = False) -> None:
    """A whole life, killed at a step; ends in good order if it has fewer."""
    whole_life(path, released, DieAt(step), release_first=release_first)


def open_until(path: Path, step: int) -> None:
    """Open and close a ledger, killed at a step."""
    opened(path, failpoint=DieAt(step)).close()


def fill_and_die(path: Path, campaigns: int) -> None:
    """Reserve many plans and seal some, and be killed with everything in the write-ahead log."""
    ledger = opened(path)
    fill(ledger, campaigns)
    os.kill(os.getpid(), signal.SIGKILL)


def fill(ledger: Ledger, campaigns: int) -> None:
    """Reserve many plans, and seal every third."""
    for number in range(campaigns):
        campaign = f"campaign {number}"
        ledger.reserve(campaign, request_digest(campaign), [votes(1e3), votes(1e3, "spare")])
        if number % 3 == 0:
            ledger.seal(campaign, KEY, request_digest(campaign), bytes([number]) * 700)
