"""What other processes do to a ledger while a test watches, kills them or counts."""

from __future__ import annotations

import multiprocessing
import os
import time
from multiprocessing.context import ForkServerContext
from pathlib import Path

from fedaug.errors import BudgetExceeded
from fedaug.privacy.canonical import digest
from fedaug.privacy.events import GaussianEvent, ReleaseKind
from fedaug.privacy.ledger import Ledger
from fedaug.privacy.noise import SystemNoise
from fedaug.privacy.units import Budget, PrivacyUnit

KEY = "votes/0"
DELTA = 1e-5


def processes() -> ForkServerContext:
    """Starts a process in milliseconds, by forking one that has imported what it needs and done nothing else."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pytest", "fedaug.privacy.ledger"])
    return context


def opened(path: Path, epsilon: float) -> Ledger:
    return Ledger.open(path, lineage="lineage", unit=PrivacyUnit.RECORD, cap=Budget(epsilon, DELTA))


def votes(noise_std: float) -> GaussianEvent:
    return GaussianEvent(KEY, ReleaseKind.NOISY_VOTES, 1.0, noise_std)


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
