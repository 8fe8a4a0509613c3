"""A site of a consortium hears enrolled coordinators only, and the coordinator counts enrolled sites only.

Whoever else asks is told ``unavailable``: nothing is reserved, no record is read, and the ledger is as it was.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.consortium import (
    AUTHORITY,
    DAY,
    HUB,
    EnrolledSimulator,
    Office,
    Reads,
    make_enrolled_sites,
    new_key,
    outcome,
    public_key,
    store_of,
)
from tests.enrolment_lists import hexed
from tests.simulator import on_releases, signed_anew, spoken
from tests.small import events, make_plan

from fedaug.client.callers import Anybody
from fedaug.client.door import Door
from fedaug.errors import OutdatedEnrolment, QuorumLost
from fedaug.privacy.canonical import canonical_json, digest
from fedaug.privacy.enrolment import Role, sign_list
from fedaug.privacy.envelope import NO_REQUEST, open_envelope, seal_envelope
from fedaug.privacy.transparency.heads import HeadRole, LogHead, encode_head, sign_head
from fedaug.server.enrolment import OpenConsortium
from fedaug.server.pool import Pool
from fedaug.server.rounds import Rounds
from fedaug.strategies.messages import (
    AskCounts,
    AskStatistics,
    Describe,
    ExchangeHeads,
    Join,
    LogFact,
    Outcome,
    SiteFact,
    Status,
    decode_reply,
    decode_request,
    encode,
)

PLAN = make_plan(events=events(50.0))
OTHER = make_plan(campaign="winter", events=events(200.0))
COUNTS = AskCounts(campaign="autumn", key="counts")
STATISTICS = AskStatistics(campaign="autumn", key="statistics")
ME, NEIGHBOUR = "site-0", "site-1"
STRANGER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


@dataclass
class World:
    """Two enrolled sites, whose coordinator has had its plan accepted and has released nothing yet."""

    office: Office
    simulator: EnrolledSimulator
    pool: Pool
    reads: Reads

    def rounds(self, minimum: int = 1, signer: Ed25519PrivateKey | None = None) -> Rounds:
        return Rounds(PLAN, self.simulator, self.pool, minimum, 5.0, self.office.coordinator(signer))

    @property
    def site_key(self) -> Ed25519PrivateKey:
        return self.simulator.sites[1]._keys.signer

    def journal(self) -> tuple[bytes, ...]:
        return self.simulator.sites[0]._ledger.journal()


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_enrolled_sites(tmp_path_factory.mktemp("enrolled"), 2)


@pytest.fixture
def world(prepared: Path, tmp_path: Path) -> Iterator[World]:
    office = Office(tmp_path)
    simulator = EnrolledSimulator.enrolled(shutil.copytree(prepared, tmp_path / "sites"), office)
    with Pool.open(tmp_path / "pool.sqlite") as pool:
        pool.start_campaign("autumn", PLAN.digest, {})
        made = World(office, simulator, pool, Reads(simulator.sites[0]))
        assert [site.name for site in made.rounds(2).gather()] == [ME, NEIGHBOUR]
        yield made
    simulator.close()


def left_out(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Code and node of whoever was left out."""
    lines = [record.getMessage() for record in caplog.records if record.name == "fedaug.server.rounds"]
    return [line.split(" is left out")[0] for line in lines if "left out" in line]


# At a site's door

Forgery = Callable[[World, bytes], bytes]


def reply_of(node: int) -> Forgery:
    """What a site once said, in answer to such a request."""
    name = [ME, NEIGHBOUR]
    return lambda world, body: world.simulator.sites[node].handle(world.office.asks(body, name[node], signer=STRANGER))


def signed_by_hub(**header: str) -> Forgery:
    """By the coordinator itself, but not as a request to this site."""

    def forge(world: World, body: bytes) -> bytes:
        fields = {"campaign": "autumn", "key": ME, "site": HUB, "request_digest": NO_REQUEST} | header
        return seal_envelope(body, **fields, nonce=bytes(16), signer=world.office.hub)  # type: ignore[arg-type]

    return forge


FORGERIES: dict[str, Forgery] = {
    "nobody": lambda _, body: body,
    "a stranger in the coordinator's name": lambda w, body: w.office.asks(body, ME, signer=STRANGER),
    "a stranger in its own name": lambda w, body: w.office.asks(body, ME, signer=STRANGER, sender="mallory"),
    "the authority": lambda w, body: w.office.asks(body, ME, signer=AUTHORITY),
    "another site in its own name": lambda w, body: w.office.asks(body, ME, signer=w.site_key, sender=NEIGHBOUR),
    "another site in the coordinator's name": lambda w, body: w.office.asks(body, ME, signer=w.site_key),
    "the coordinator in a site's name": lambda w, body: w.office.asks(body, ME, sender=NEIGHBOUR),
    "the coordinator in this site's name": lambda w, body: w.office.asks(body, ME, sender=ME),
    "the coordinator to another site": lambda w, body: w.office.asks(body, NEIGHBOUR),
    "the coordinator to a site that is not there": lambda w, body: w.office.asks(body, "site-9"),
    "the coordinator to this site in capitals": lambda w, body: w.office.asks(body, ME.upper()),
    "the coordinator to whoever answers": lambda w, body: w.office.asks(body, ""),
    "the coordinator in answer to something": signed_by_hub(request_digest=digest(b"something")),
    "the coordinator in an envelope of its own request": lambda w, body: w.office.asks(w.office.asks(body, ME), ME),
    "the coordinator with a bit changed": lambda w, body: w.office.asks(body, ME)[:-1] + b"\x01",
    "the coordinator, and more": lambda w, body: w.office.asks(body, ME) + b"\x00",
    "the coordinator twice": lambda w, body: w.office.asks(body, ME) * 2,
    "this site itself, as an answer": reply_of(0),
    "another site, as an answer": reply_of(1),
    "the authority, by a list": lambda w, _: sign_list(w.office.newest, AUTHORITY),
    "the coordinator, by a log's head": lambda w, body: encode_head(
        sign_head(LogHead.of(HUB, [body]), HeadRole.COORDINATOR, w.office.hub)
    ),
}
BODIES = {"a new plan": encode(Join(plan=OTHER)), "a release": encode(COUNTS)}


@pytest.mark.parametrize("asked", BODIES)
@pytest.mark.parametrize("forgery", FORGERIES)
def test_nothing_is_reserved_read_or_released_for_a_request_by(world: World, forgery: str, asked: str) -> None:
    wire = FORGERIES[forgery](world, BODIES[asked])
    site, before = world.simulator.sites[0], world.journal()
    assert outcome(site.handle(wire)) == "unavailable"
    assert world.journal() == before
    assert world.reads.count == 0
    # The same request, as the coordinator sends it to this site, is heard: so it was the signature that it lacked.
    assert outcome(site.handle(world.office.asks(BODIES[asked], ME))) in ("ok", "NoisyCounts")
    assert len(world.journal()) == len(before) + 1


def test_an_unsigned_request_is_logged_as_one(world: World, caplog: pytest.LogCaptureFixture) -> None:
    assert outcome(world.simulator.sites[0].handle(BODIES["a release"])) == "unavailable"
    assert "this site answers signed requests of enrolled coordinators only" in caplog.text


def test_a_site_tells_a_stranger_neither_its_key_nor_its_log(world: World) -> None:
    for body in (encode(Describe(challenge="00" * 32)), encode(ExchangeHeads(challenge="00" * 32, since=0))):
        for receiver in ("", ME):
            stranger = world.office.asks(body, receiver, signer=STRANGER)
            assert outcome(world.simulator.sites[0].handle(stranger)) == "unavailable"
    hello = world.office.asks(encode(Describe(challenge="00" * 32)), "")
    assert outcome(world.simulator.sites[0].handle(hello)) == "ProtocolFact"


def test_a_key_that_is_revoked_between_two_requests_gets_nothing_more(world: World) -> None:
    site = world.simulator.sites[0]
    assert outcome(site.handle(world.office.asks(encode(COUNTS), ME))) == "NoisyCounts"
    under_way, again = world.office.asks(encode(STATISTICS), ME), world.office.asks(encode(COUNTS), ME)
    world.office.revoke(HUB)
    before, reads = world.journal(), world.reads.count
    assert [outcome(site.handle(wire)) for wire in (under_way, again)] == ["unavailable"] * 2
    assert (world.journal(), world.reads.count) == (before, reads)


def test_an_expired_list_lets_nobody_in(world: World) -> None:
    site, now = world.simulator.sites[0], time.time()
    world.office.withheld = True
    data = world.office.change(valid_s=1)
    store_of(site.folder).accept(data, now - 0.5)
    while time.time() < world.office.newest.expires:
        time.sleep(0.05)
    before = world.journal()
    assert outcome(site.handle(world.office.asks(encode(COUNTS), ME))) == "unavailable"
    assert (world.journal(), world.reads.count) == (before, 0)


def test_a_site_without_a_list_hears_nobody(world: World) -> None:
    site = world.simulator.sites[0]
    shutil.rmtree(site.folder / "enrolment")
    assert outcome(site.handle(world.office.asks(encode(COUNTS), ME))) == "unavailable"
    assert world.reads.count == 0


@pytest.mark.parametrize("damage", ["", "{}", "null", "[" * 100_000, "\x00"])
def test_a_site_whose_list_is_damaged_hears_nobody(world: World, damage: str) -> None:
    site = world.simulator.sites[0]
    (site.folder / "enrolment" / "accepted.json").write_text(damage)
    assert outcome(site.handle(world.office.asks(encode(COUNTS), ME))) == "unavailable"
    assert world.reads.count == 0


def test_a_list_by_another_authority_on_the_disk_lets_nobody_in(world: World) -> None:
    """Whoever writes into the folder of the list alone cannot name an authority of their own."""
    site, now = world.simulator.sites[0], int(time.time())
    mine = world.office.newest.model_copy(
        update={"authority": hexed(STRANGER), "epoch": 99, "issued": now, "expires": now + DAY}
    )
    state = {"format": 1, "pinned": hexed(STRANGER), "authority": hexed(STRANGER)}
    text = sign_list(mine, STRANGER).decode()
    for pinned in (hexed(STRANGER), hexed(AUTHORITY)):
        kept = canonical_json(state | {"pinned": pinned, "list": text})
        (site.folder / "enrolment" / "accepted.json").write_bytes(kept)
        reply = site.handle(world.office.asks(encode(COUNTS), ME))
        if pinned == hexed(STRANGER):
            assert outcome(reply) == "unavailable"
    assert outcome(site.handle(world.office.asks(encode(COUNTS), ME, signer=STRANGER))) == "unavailable"


def test_an_older_list_is_not_taken_in_again(world: World) -> None:
    older = sign_list(world.office.newest, AUTHORITY)
    world.office.revoke(HUB)
    store = store_of(world.simulator.sites[0].folder)
    with pytest.raises(OutdatedEnrolment, match="FA405: an enrolment list is older"):
        store.accept(older, time.time())
    assert outcome(world.simulator.sites[0].handle(world.office.asks(encode(COUNTS), ME))) == "unavailable"
    assert world.reads.count == 0


def test_an_older_list_put_back_on_the_disk_does_not_bring_a_revoked_key_back(world: World) -> None:
    """To a site whose program runs; one that is started anew cannot know, until the list expires."""
    site = world.simulator.sites[0]
    kept = site.folder / "enrolment" / "accepted.json"
    older = kept.read_bytes()
    world.office.revoke(HUB)
    assert outcome(site.handle(world.office.asks(encode(COUNTS), ME))) == "unavailable"
    kept.write_bytes(older)
    assert outcome(site.handle(world.office.asks(encode(COUNTS), ME))) == "unavailable"
    assert world.reads.count == 0


def test_both_keys_of_a_coordinator_count_while_one_replaces_the_other(world: World) -> None:
    site, new = world.simulator.sites[0], Ed25519PrivateKey.generate()
    world.office.replace_key(HUB, hexed(new), overlap=1, role=Role.COORDINATOR)
    assert outcome(site.handle(world.office.asks(encode(COUNTS), ME))) == "NoisyCounts"
    assert outcome(site.handle(world.office.asks(encode(COUNTS), ME, signer=new))) == "NoisyCounts"
    world.office.change()  # the overlap ends
    before, reads = world.journal(), world.reads.count
    assert outcome(site.handle(world.office.asks(encode(STATISTICS), ME))) == "unavailable"
    assert (world.journal(), world.reads.count) == (before, reads)
    assert outcome(site.handle(world.office.asks(encode(STATISTICS), ME, signer=new))) == "NoisyStatistics"


@pytest.mark.parametrize(
    ("forgery", "seed"),
    [
        ("nobody", "nobody is asked for a signature"),
        ("the coordinator to another site", "nobody looks whom it is for"),
    ],
)
def test_a_site_without_the_check_would_be_caught(
    world: World, monkeypatch: pytest.MonkeyPatch, forgery: str, seed: str
) -> None:
    """The seeded defects of this file."""
    site = world.simulator.sites[0]
    if "signature" in seed:
        monkeypatch.setattr(site._door, "_callers", Anybody())
    else:
        monkeypatch.setattr(Door, "_require_meant", lambda *_: None)
    with pytest.raises(AssertionError):
        test_nothing_is_reserved_read_or_released_for_a_request_by(world, forgery, "a release")


def test_a_refusal_answers_the_request_and_not_the_envelope_around_it(world: World) -> None:
    """Else the coordinator would take a site's no for somebody else's."""
    body = encode(AskCounts(campaign="autumn", key="votes/9"))
    for wire, answered in ((world.office.asks(body, ME), body), (b"nonsense", b"nonsense")):
        header, _ = open_envelope(world.simulator.sites[0].handle(wire), None)
        assert header.request_digest == digest(answered)


# At the coordinator


def introduced_by(key: Ed25519PrivateKey, request: bytes) -> bytes:
    """The neighbour's name under a key, signed with that key."""
    body = encode(SiteFact(site=NEIGHBOUR, public_key=hexed(key)))
    return seal_envelope(
        body, campaign="", key="", site=NEIGHBOUR, request_digest=digest(request), nonce=bytes(16), signer=key
    )


def test_a_site_that_answers_with_another_key_is_left_out(world: World, caplog: pytest.LogCaptureFixture) -> None:
    rounds = world.rounds()
    rounds.gather()
    site = world.simulator.sites[1]
    world.simulator.behaviour[1] = on_releases(signed_anew(site, signer=STRANGER))
    assert [release.site for release in rounds.total(COUNTS, (3,)).releases] == [ME]
    world.simulator.behaviour[1] = on_releases(signed_anew(site, signer=world.office.hub))
    assert [release.site for release in rounds.total(STATISTICS, (3, 8)).releases] == [ME]
    assert left_out(caplog) == ["FA402: node 1"] * 2
    assert {release.site for release in world.pool.releases("autumn")} == {ME}


@pytest.mark.parametrize("signer", ["stranger", "coordinator", "another site"])
def test_a_site_that_introduces_itself_with_a_key_that_is_not_its_own_takes_no_part(
    world: World, caplog: pytest.LogCaptureFixture, signer: str
) -> None:
    key = {
        "stranger": STRANGER,
        "coordinator": world.office.hub,
        "another site": world.simulator.sites[0]._keys.signer,
    }[signer]

    world.simulator.behaviour[1] = lambda request, _: introduced_by(key, request)
    world.simulator.asked.clear()
    assert [site.name for site in world.rounds().gather()] == [ME]
    assert left_out(caplog) == ["FA404: node 1"]
    assert [name for node, name in world.simulator.asked if node == 1] == ["describe"]


def test_a_site_that_is_revoked_while_its_answer_is_under_way_is_left_out(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    rounds = world.rounds()
    rounds.gather()
    shown = len(world.pool.logs.entries(NEIGHBOUR))

    def revoked_meanwhile(_: bytes, reply: bytes) -> bytes:
        world.office.revoke(NEIGHBOUR)
        return reply

    world.simulator.behaviour[1] = on_releases(revoked_meanwhile)
    total = rounds.total(COUNTS, (3,))
    assert [release.site for release in total.releases] == [ME]
    assert "FA404: node 1" in left_out(caplog)
    assert [site.name for site in rounds.sites] == [ME], "nor is its log countersigned any more"
    assert len(world.pool.logs.entries(NEIGHBOUR)) == shown
    assert [release.site for release in world.pool.releases("autumn")] == [ME]


def test_a_finished_round_counts_without_a_site_that_was_revoked_since(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    first = world.rounds(2)
    first.gather()
    assert len(first.total(COUNTS, (3,)).releases) == 2
    running = world.rounds()
    running.gather()
    world.office.revoke(NEIGHBOUR)
    assert [release.site for release in running.total(COUNTS, (3,)).releases] == [ME]
    assert left_out(caplog) == ["FA404: node 1"]
    with pytest.raises(QuorumLost, match="1 sites answered counts, and 2 are needed"):
        first.total(COUNTS, (3,))
    again = world.rounds()
    assert [site.name for site in again.gather()] == [ME]
    assert [release.site for release in again.total(COUNTS, (3,)).releases] == [ME]


def test_an_expired_list_ends_the_coordinators_campaign(world: World, caplog: pytest.LogCaptureFixture) -> None:
    late = Rounds(PLAN, world.simulator, world.pool, 1, 5.0, world.office.coordinator(clock=lambda: 4e9))
    with pytest.raises(OutdatedEnrolment, match="FA405: the enrolment list is expired"):
        late.gather()
    assert left_out(caplog) == [], "it is no site's fault"


def test_a_site_goes_on_through_the_change_of_its_key(world: World) -> None:
    rounds = world.rounds(2)
    rounds.gather()
    site = world.simulator.sites[1]
    old, new = public_key(site), new_key(site.folder)
    world.office.replace_key(NEIGHBOUR, new, overlap=1)
    assert len(rounds.total(COUNTS, (3,)).releases) == 2, "its program still signs with the old key"
    assert public_key(world.simulator.reopen(1)) == new != old
    again = world.rounds(2)
    assert {site.key.public_bytes_raw().hex() for site in again.gather()} == {public_key(world.simulator.sites[0]), new}
    assert len(again.total(STATISTICS, (3, 8)).releases) == 2
    world.office.change()  # the overlap ends: the old key, should a thief have it, is of no use
    world.simulator.behaviour[1] = lambda request, _: introduced_by(site._keys.signer, request)
    assert [known.name for known in world.rounds().gather()] == [ME]


def test_a_release_by_a_key_that_was_replaced_since_leaves_its_site_out_and_the_campaign_goes_on(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    first = world.rounds(2)
    first.gather()
    assert len(first.total(COUNTS, (3,)).releases) == 2
    site = world.simulator.sites[1]
    world.office.replace_key(NEIGHBOUR, new_key(site.folder), overlap=1)
    world.simulator.reopen(1)
    again = world.rounds()
    assert len(again.gather()) == 2
    assert [release.site for release in again.total(COUNTS, (3,)).releases] == [ME]
    assert left_out(caplog) == ["FA402: node 1"]
    assert len(again.total(STATISTICS, (3, 8)).releases) == 2


def test_the_campaign_goes_on_through_the_change_of_the_coordinators_key(world: World) -> None:
    """What the old key has countersigned is countersigned anew, and the sites find no contradiction."""
    first = world.rounds(2)
    first.gather()
    first.total(COUNTS, (3,))
    new = Ed25519PrivateKey.generate()
    world.office.replace_key(HUB, hexed(new), overlap=0, role=Role.COORDINATOR)
    with pytest.raises(QuorumLost, match="0 sites agreed"):
        world.rounds(2).gather()
    again = world.rounds(2, new)
    assert len(again.gather()) == 2
    assert len(again.total(COUNTS, (3,)).releases) == len(again.total(STATISTICS, (3, 8)).releases) == 2


def test_a_site_that_does_not_show_its_log_is_put_no_plan(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """Else an older copy of its ledger would reserve the plan beside charges that it has forgotten."""
    rounds = Rounds(OTHER, world.simulator, world.pool, 1, 5.0, world.office.coordinator())
    world.simulator.behaviour[1] = lambda request, reply: (
        None if isinstance(decode_request(request)[0], ExchangeHeads) else reply
    )
    before = world.simulator.sites[1]._ledger.journal()
    assert [site.name for site in rounds.gather()] == [ME]
    assert left_out(caplog) == ["FA401: node 1"]
    assert world.simulator.sites[1]._ledger.journal() == before


@pytest.mark.parametrize("entry", ["", "null", "nonsense", '{"entry":"opened"}', '{"entry":"voided"}'])
def test_a_site_whose_log_holds_what_is_no_entry_is_left_out_and_the_bundle_stays_readable(
    world: World, caplog: pytest.LogCaptureFixture, entry: str
) -> None:
    site, known = world.simulator.sites[1], world.pool.logs.entries(NEIGHBOUR)

    def nonsense(request: bytes, reply: bytes) -> bytes:
        fact, _ = decode_reply(open_envelope(reply, None)[1])
        if not isinstance(fact, LogFact):
            return reply
        head = sign_head(LogHead.of(NEIGHBOUR, [*known, entry.encode()]), HeadRole.SITE, site._keys.signer)
        lie = fact.model_copy(update={"entries": (entry,), "head": head.as_dict()})
        return spoken(site, encode(lie), request, name=NEIGHBOUR)

    world.simulator.behaviour[1] = nonsense
    assert [found.name for found in world.rounds().gather()] == [ME]
    assert "FA401: node 1" in left_out(caplog)
    assert world.pool.logs.entries(NEIGHBOUR) == known


def test_a_coordinator_that_counts_anybody_would_be_caught(world: World) -> None:
    """The seeded defect: nobody looks at the list."""
    open_ = OpenConsortium()
    enrolled = world.office.coordinator()
    enrolled.require_site = open_.require_site  # type: ignore[method-assign]
    world.office.revoke(NEIGHBOUR)
    blind = Rounds(PLAN, world.simulator, world.pool, 1, 5.0, enrolled)
    assert len(blind.gather()) == 2


def test_a_status_is_all_that_a_refused_caller_learns(world: World) -> None:
    """One length and one text, whatever the reason."""
    replies = {
        open_envelope(world.simulator.sites[0].handle(forge(world, encode(COUNTS))), None)[1]
        for forge in FORGERIES.values()
    }
    assert replies == {encode(Status(status=Outcome.UNAVAILABLE))}
