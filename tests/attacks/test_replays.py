"""100 messages, each replayed, moved to another round or site, and altered: at the coordinator and at a site, 0 count.

The messages are those of 50 rounds of votes with two sites. What is counted is what has an effect: at the coordinator a
release that is noted in the pool and entered in its log, or that a round adds up; at a site an entry of its ledger's
journal, a look at its records, or a release that had not left before.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.consortium import HUB, EnrolledSimulator, Office, Reads, make_enrolled_sites, outcome
from tests.simulator import on_releases, signed_anew
from tests.small import candidates, make_plan

from fedaug.client.callers import Asked, EnrolledCoordinators
from fedaug.client.door import Door
from fedaug.errors import FedaugError, QuorumLost
from fedaug.privacy import envelope
from fedaug.privacy.accounting import calibrate
from fedaug.privacy.canonical import canonical_json, digest, parse_json
from fedaug.privacy.discretisation import grid_for
from fedaug.privacy.envelope import open_envelope, seal_envelope
from fedaug.privacy.events import DiscreteGaussianEvent, ReleaseKind
from fedaug.privacy.units import Budget
from fedaug.server import verify
from fedaug.server.pool import Pool
from fedaug.server.pool_schema import NonceRow
from fedaug.server.rounds import Rounds
from fedaug.strategies.messages import AskVotes, CampaignPlan, encode

SITES = 2
#: Each round gives a message of each site. The seeded defects need few.
ROUNDS, FEW = 50, 2
FULL = os.environ.get("FEDAUG_FULL") == "1"
TEMPLATES = [
    DiscreteGaussianEvent(f"votes/{turn}", ReleaseKind.NOISY_VOTES, 1.0, 1.0, grid_for(1.0), 6)
    for turn in range(ROUNDS)
]


def plan(campaign: str) -> CampaignPlan:
    """A plan of many rounds that costs little enough for two such campaigns."""
    made = calibrate(TEMPLATES, Budget(1.9, 1e-5))
    return make_plan(campaign=campaign, epsilon=2.0, events=tuple(event.as_dict() for event in made))


PLAN, LATER = plan("autumn"), plan("winter")


def ask(turn: int, campaign: str = "autumn") -> AskVotes:
    return AskVotes(campaign=campaign, key=f"votes/{turn}")


def inputs(shift: int = 0) -> dict[str, Any]:
    """The candidates of a vote, in another order for each shift."""
    return {name: np.roll(values, shift, axis=0) for name, values in candidates().items()}


@dataclass
class Exchanged:
    """A consortium after all its rounds, and everything that was sent.

    Attributes:
        rounds: The coordinator's.
        replies: By round and node, as they arrived.
        requests: By round and node, as they were sent.
        totals: How many releases were honestly added up.
    """

    office: Office
    simulator: EnrolledSimulator
    pool: Pool
    rounds: Rounds
    replies: dict[tuple[int, int], bytes] = field(default_factory=dict)
    requests: dict[tuple[int, int], bytes] = field(default_factory=dict)
    totals: int = 0

    def __post_init__(self) -> None:
        self.reads = [Reads(site) for site in self.simulator.sites]

    def noted(self) -> int:
        """Releases in the coordinator's log, which are those in its pool."""
        return sum(b'"entry":"accepted"' in entry for entry in self.pool.logs.entries(HUB))

    def run(self, turns: int) -> None:
        for turn in range(turns):
            before = len(self.simulator.wires)
            self.totals += len(self.rounds.total(ask(turn), (6,), inputs()).releases)
            for node, wire in self.simulator.wires[before : before + SITES]:
                self.requests[turn, node] = wire
                self.replies[turn, node] = self.simulator.sites[node].handle(wire)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_enrolled_sites(tmp_path_factory.mktemp("enrolled"), SITES)


def exchanged(prepared: Path, folder: Path, turns: int) -> Iterator[Exchanged]:
    folder.mkdir(exist_ok=True)
    office = Office(folder)
    simulator = EnrolledSimulator.enrolled(shutil.copytree(prepared, folder / "sites"), office)
    with Pool.open(folder / "pool.sqlite") as pool:
        for made in (PLAN, LATER):
            pool.start_campaign(made.campaign, made.digest, {})
        world = Exchanged(office, simulator, pool, Rounds(PLAN, simulator, pool, 1, 5.0, office.coordinator()))
        world.rounds.gather()
        world.run(turns)
        yield world
    simulator.close()


@pytest.fixture(scope="module")
def world(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exchanged]:
    """After 100 messages."""
    yield from exchanged(prepared, tmp_path_factory.mktemp("long"), ROUNDS)


@pytest.fixture
def little(prepared: Path, tmp_path: Path) -> Iterator[Exchanged]:
    """After four messages."""
    yield from exchanged(prepared, tmp_path / "short", FEW)


def altered_body(data: bytes, *, told: bool) -> bytes:
    """One bit of what an envelope carries, with the digest in its header as it was or as it would have to be."""
    header, body = open_envelope(data, None)
    changed = body[:-1] + bytes([body[-1] ^ 1])
    start = len(data) - len(body)
    if not told:
        return data[:start] + changed
    return data[:start].replace(header.body_digest.encode(), digest(changed).encode()) + changed


# At the coordinator


def taken(world: Exchanged, reply: bytes, node: int, request: AskVotes, tensors: dict[str, Any]) -> bool:
    """Whether a reply counts as a site's answer to a request, on the way that every reply takes."""
    site = next(site for site in world.rounds.sites if site.node == node)
    before = world.noted()
    try:
        world.rounds._noted(world.rounds._accepted(reply, encode(request, tensors), site, request.key, (6,)))
    except FedaugError:
        assert world.noted() == before
        return False
    return True


def at_the_coordinator(world: Exchanged) -> tuple[Counter[str], Counter[str]]:
    """What was tried and what counted, by attack."""
    tried, counted = Counter[str](), Counter[str]()
    turns = max(turn for turn, _ in world.replies) + 1
    for (turn, node), reply in world.replies.items():
        before = world.noted()
        taken(world, reply, node, ask(turn), inputs())  # the same answer again is known, and changes nothing
        tried["replay"] += 1
        counted["replay"] += world.noted() - before
        for attack, sent, to, request, tensors in (
            ("replay to another question", reply, node, ask(turn), inputs(1)),
            ("next round", reply, node, ask((turn + 1) % turns), inputs()),
            ("other site", reply, 1 - node, ask(turn), inputs()),
            ("altered body", altered_body(reply, told=False), node, ask(turn), inputs()),
            ("altered body and digest", altered_body(reply, told=True), node, ask(turn), inputs()),
        ):
            tried[attack] += 1
            counted[attack] += taken(world, sent, to, request, tensors)
    return tried, counted


def test_of_100_releases_none_counts_twice_or_in_another_place(world: Exchanged) -> None:
    assert len(world.replies) == world.totals == len(world.pool.releases("autumn")) == 100
    noted = world.noted()
    tried, counted = at_the_coordinator(world)
    assert set(tried.values()) == {100}
    assert len(tried) == 6
    assert counted.total() == 0, counted
    assert world.noted() == noted == sum(len(world.pool.releases(campaign)) for campaign in world.pool.campaigns())


def test_a_release_does_not_count_in_a_later_campaign(world: Exchanged) -> None:
    later = Rounds(LATER, world.simulator, world.pool, 1, 5.0, world.office.coordinator())
    assert len(later.gather()) == SITES
    old: dict[int, bytes] = {}
    for node in range(SITES):
        world.simulator.behaviour[node] = on_releases(lambda _, __, node=node: old[node])  # type: ignore[misc]
    for turn in range(ROUNDS if FULL else 10):
        old.update({node: world.replies[turn, node] for node in range(SITES)})
        with pytest.raises(QuorumLost, match="0 sites answered"):
            later.total(ask(turn, "winter"), (6,), inputs())
    world.simulator.behaviour.clear()
    assert world.pool.releases("winter") == []
    assert len(later.total(ask(0, "winter"), (6,), inputs()).releases) == SITES


def test_a_nonce_counts_once_even_if_the_site_itself_signs_it_again(little: Exchanged) -> None:
    nonce = open_envelope(little.replies[0, 1], None)[0].nonce
    before = little.noted()
    assert not taken(little, with_nonce(little, bytes.fromhex(nonce)), 1, ask(FEW), inputs())
    assert little.noted() == before
    assert taken(little, with_nonce(little, bytes(16)), 1, ask(FEW), inputs())


def with_nonce(world: Exchanged, nonce: bytes) -> bytes:
    """A site's answer in a round that has not been yet, under a nonce of its choice."""
    site = world.simulator.sites[1]
    request = encode(ask(FEW), inputs())
    reply = site.handle(world.office.asks(request, "site-1"))
    header, body = open_envelope(reply, None)
    return seal_envelope(
        body,
        campaign=header.campaign,
        key=header.key,
        site=header.site,
        request_digest=header.request_digest,
        nonce=nonce,
        signer=site._keys.signer,
    )


class Anything(str):
    """Equal to everything."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return True

    def __ne__(self, other: object) -> bool:
        return False

    __hash__ = str.__hash__


def test_without_the_requests_digest_a_replay_would_count(little: Exchanged, monkeypatch: pytest.MonkeyPatch) -> None:
    """A seeded defect: the coordinator does not look which request an answer is to."""
    monkeypatch.setattr(verify, "digest", lambda _: Anything())
    _, counted = at_the_coordinator(little)
    assert +counted == Counter({"replay to another question": SITES * FEW})


def test_without_the_signature_an_altered_body_would_count(little: Exchanged, monkeypatch: pytest.MonkeyPatch) -> None:
    """A seeded defect: envelopes are opened without a look at the signature."""
    monkeypatch.setattr(envelope, "_verify", lambda *_: None)
    altered = altered_body(with_nonce(little, bytes(16)), told=True)
    assert taken(little, altered, 1, ask(FEW), inputs())


def test_without_nonces_one_would_count_twice(little: Exchanged, monkeypatch: pytest.MonkeyPatch) -> None:
    """A seeded defect: the pool keeps no nonces."""
    real = Pool._insert

    def insert(self: Pool, session: Any, table: Any, *rest: Any) -> int:
        return 1 if table is NonceRow else real(self, session, table, *rest)

    monkeypatch.setattr(Pool, "_insert", insert)
    nonce = open_envelope(little.replies[0, 1], None)[0].nonce
    assert taken(little, with_nonce(little, bytes.fromhex(nonce)), 1, ask(FEW), inputs())


def test_without_the_pools_memory_a_replay_would_be_noted_twice(
    little: Exchanged, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A seeded defect: the coordinator has lost what it had noted."""
    with Pool.open(little.office.folder / "other.sqlite") as forgetful:
        forgetful.start_campaign("autumn", PLAN.digest, {})
        monkeypatch.setattr(little.rounds, "_pool", forgetful)
        monkeypatch.setattr(little, "pool", forgetful)
        _, counted = at_the_coordinator(little)
    assert counted["replay"] == SITES * FEW


def test_a_site_that_releases_anew_under_a_key_is_left_out(little: Exchanged) -> None:
    """Other bytes for a release that is known, signed by the site itself."""
    reply = little.replies[0, 1]
    anew = signed_anew(little.simulator.sites[1])(encode(ask(0), inputs()), reply)
    assert anew is not None
    assert anew != reply
    assert not taken(little, anew, 1, ask(0), inputs())


# At a site


def heard(world: Exchanged, node: int, wire: bytes) -> bool:
    """Whether a message has an effect at a site: an entry, a look at records, or an answer that had not left before."""
    site = world.simulator.sites[node]
    journal, reads = site._ledger.journal(), world.reads[node].count
    reply = site.handle(wire)
    known = reply in world.replies.values() or outcome(reply) == "unavailable"
    return not known or world.reads[node].count > reads or site._ledger.journal() != journal


def moved(data: bytes, **changes: str) -> bytes:
    """An envelope whose header says something else, under the signature that it had."""
    header, body = open_envelope(data, None)
    size = int.from_bytes(data[8:12])
    text = canonical_json({**parse_json(data[12 : 12 + size]), **changes})
    assert header.body_digest == digest(body)
    return data[:8] + len(text).to_bytes(4) + text + data[12 + size :]


def at_a_site(world: Exchanged) -> tuple[Counter[str], Counter[str]]:
    """What was tried and what had an effect, by attack."""
    tried, effective = Counter[str](), Counter[str]()
    for (turn, node), wire in world.requests.items():
        other = encode(ask(turn + 1), inputs())
        next_round = wire[: len(wire) - len(open_envelope(wire, None)[1])] + other
        for attack, sent, to in (
            ("replay", wire, node),
            ("next round", next_round, node),
            ("other site", wire, 1 - node),
            ("other site by name", moved(wire, key=f"site-{1 - node}"), 1 - node),
            ("altered body", altered_body(wire, told=False), node),
            ("altered body and digest", altered_body(wire, told=True), node),
        ):
            tried[attack] += 1
            effective[attack] += heard(world, to, sent)
    return tried, effective


def test_of_100_requests_none_has_an_effect_twice_or_in_another_place(world: Exchanged) -> None:
    assert len(world.requests) == 100
    assert len(set(world.replies.values())) == 100, "each had its own effect"
    tried, effective = at_a_site(world)
    assert set(tried.values()) == {100}
    assert len(tried) == 6
    assert effective.total() == 0, effective


def test_a_request_is_heard_by_the_site_that_it_is_for_and_no_other(little: Exchanged) -> None:
    """The other site would answer the very same question, were it put to it."""
    wire = little.office.asks(encode(ask(FEW), inputs()), "site-1")
    assert not heard(little, 0, wire)
    assert heard(little, 1, wire)


def test_without_a_receivers_name_another_sites_request_would_be_heard(
    little: Exchanged, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A seeded defect: a site does not look whom a request is for."""
    monkeypatch.setattr(Door, "_require_meant", lambda *_: None)
    assert heard(little, 0, little.office.asks(encode(ask(FEW), inputs()), "site-1"))


def test_without_the_signature_an_altered_request_would_be_heard(
    little: Exchanged, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A seeded defect: a site believes what a header says."""

    def believing(_: EnrolledCoordinators, data: bytes) -> Asked:
        header, request = open_envelope(data, None)
        return Asked(request, header.site, little.office.hub.public_key(), header.key)

    monkeypatch.setattr(EnrolledCoordinators, "admit", believing)
    wire = moved(little.office.asks(encode(ask(FEW), inputs()), "site-1"), key="site-0")
    assert heard(little, 0, wire)


def test_an_older_exchange_of_heads_does_not_take_the_newer_ones_place(little: Exchanged) -> None:
    """What the coordinator signed last is what proves, later, that a ledger is an older copy."""
    site = little.simulator.sites[0]
    log = site._door._log
    newest = log.countersigned(), log.coordinator()
    assert newest[0] is not None
    assert newest[1] is not None
    replayed = 0
    for node, wire in little.simulator.wires:
        if node == 0 and outcome(site.handle(wire)) == "ProtocolFact":
            replayed += 1
        assert (log.countersigned(), log.coordinator()) == newest
    assert replayed >= 2 + FEW
