"""Two enrolled sites of which the second misbehaves, one campaign, and logs that are shown to each other."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.consortium import EnrolledSimulator, Office
from tests.simulator import Misbehaviour, spoken
from tests.small import events, make_plan

from fedaug.privacy.transparency.entries import Countersigned, read_coordinator_entry
from fedaug.privacy.transparency.findings import Findings
from fedaug.privacy.transparency.verify import verify_bundle
from fedaug.server.enrolment import EnrolledConsortium
from fedaug.server.log_export import export_bundle, keep_plan
from fedaug.server.pool import Pool
from fedaug.server.rounds import Rounds
from fedaug.strategies.messages import (
    AskCounts,
    AskStatistics,
    ExchangeHeads,
    LogFact,
    Outcome,
    Status,
    decode_request,
    encode,
)

GOOD, BAD = "site-0", "site-1"
PLAN = make_plan(campaign="autumn", events=events(60.0))
COUNTS, STATISTICS = AskCounts(campaign="autumn", key="counts"), AskStatistics(campaign="autumn", key="statistics")


@dataclass
class World:
    """Two sites, of which the second misbehaves, and one campaign."""

    office: Office
    simulator: EnrolledSimulator
    pool: Pool

    def rounds(self, consortium: EnrolledConsortium | None = None) -> Rounds:
        self.pool.start_campaign(PLAN.campaign, PLAN.digest, {})
        keep_plan(self.pool, PLAN)
        return Rounds(PLAN, self.simulator, self.pool, 1, 5.0, consortium or self.office.coordinator())

    def findings(self, signer: Ed25519PrivateKey | None = None) -> Findings:
        """What an offline check of the bundle says."""
        hub = signer or self.office.hub
        keys = {site.settings.name: (site._keys.signer.public_key(),) for site in self.simulator.sites}
        bundle = export_bundle(self.pool, self.office.coordinator(hub))
        return verify_bundle(bundle, keys | {"hub": (hub.public_key(),)}, coordinator="hub")

    def countersigned(self) -> list[Countersigned]:
        entries = map(read_coordinator_entry, self.pool.logs.entries("hub"))
        return [entry for entry in entries if isinstance(entry, Countersigned)]

    def says_of_its_log(self, say: Callable[[ExchangeHeads], LogFact | Status]) -> Misbehaviour:
        """The second site, asked for its log, says something else and signs that."""

        def misbehave(request: bytes, reply: bytes) -> bytes:
            message, _ = decode_request(request)
            if not isinstance(message, ExchangeHeads):
                return reply
            return spoken(self.simulator.sites[1], encode(say(message)), request, name=BAD)

        return misbehave

    def heads_asked(self) -> int:
        return sum(asked == (1, "heads") for asked in self.simulator.asked)


@contextmanager
def opened_world(prepared: Path, folder: Path) -> Iterator[World]:
    """A world of its own, from sites that were prepared once."""
    office = Office(folder)
    simulator = EnrolledSimulator.enrolled(shutil.copytree(prepared, folder / "sites"), office)
    with Pool.open(folder / "pool.sqlite") as pool:
        yield World(office, simulator, pool)
    simulator.close()


def names(rounds: Rounds) -> list[str]:
    return [site.name for site in rounds.sites]


def left_out(caplog: pytest.LogCaptureFixture) -> list[str]:
    lines = [record.getMessage() for record in caplog.records if record.name == "fedaug.server.rounds"]
    return [line.split(" is left out")[0] for line in lines if "left out" in line]


def grow(world: World, node: int, by: int) -> None:
    """The site's own people put plans to it."""
    for turn in range(by):
        assert world.simulator.sites[node].join(make_plan(campaign=f"own/{turn}", events=events(90.0))) is Outcome.OK
