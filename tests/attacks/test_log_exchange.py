"""What goes wrong while logs are shown to each other: at the site, and on the way. It leaves the site out."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.consortium import make_enrolled_sites, outcome
from tests.enrolment_lists import hexed
from tests.showing_logs import BAD, COUNTS, GOOD, PLAN, STATISTICS, World, grow, left_out, names, opened_world
from tests.simulator import Simulator, drop, make_sites, under_the_name_of
from tests.small import events, make_plan

from fedaug.client import site_log
from fedaug.errors import ConfigError
from fedaug.privacy.enrolment import Role
from fedaug.privacy.envelope import open_envelope
from fedaug.privacy.noise import SystemNoise
from fedaug.privacy.transparency.bundle import LogRole, read_bundle
from fedaug.privacy.transparency.entries import Voided, encode_entry
from fedaug.privacy.transparency.heads import HeadRole, LogHead, SignedHead, sign_head
from fedaug.server import log_exchange
from fedaug.server.enrolment import EnrolledConsortium
from fedaug.server.log_export import export_bundle
from fedaug.server.pool import Pool
from fedaug.server.rounds import Rounds
from fedaug.strategies.messages import (
    ExchangeHeads,
    Join,
    LogFact,
    Outcome,
    Status,
    decode_request,
    encode,
)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_enrolled_sites(tmp_path_factory.mktemp("enrolled"), 2)


@pytest.fixture
def world(prepared: Path, tmp_path: Path) -> Iterator[World]:
    with opened_world(prepared, tmp_path) as made:
        yield made


# A log that has no end, or many pages


def page(world: World, entries: tuple[bytes, ...], since: int, *, more: bool) -> LogFact:
    head = sign_head(LogHead.of(BAD, entries), HeadRole.SITE, world.simulator.sites[1]._keys.signer)
    return LogFact(head=head.as_dict(), entries=tuple(entry.decode() for entry in entries[since:]), more=more)


def endless(world: World) -> Callable[[ExchangeHeads], LogFact]:
    """Each page holds one entry more, and there is always another page."""
    entries = list(world.simulator.sites[1]._ledger.journal())

    def say(message: ExchangeHeads) -> LogFact:
        while len(entries) <= message.since:
            entries.append(encode_entry(Voided(campaign="autumn", key=f"{len(entries)}")))
        return page(world, tuple(entries[: message.since + 1]), message.since, more=True)

    return say


def limited(monkeypatch: pytest.MonkeyPatch, **limits: int) -> None:
    monkeypatch.setattr(log_exchange, "LIMITS", dataclasses.replace(log_exchange.LIMITS, **limits))


@pytest.mark.parametrize(
    ("limits", "pages"),
    [
        ({}, log_exchange.LIMITS.log_exchange_pages + 1),
        ({"log_exchange_bytes": 500}, None),
        ({"log_exchange_entries": 5}, 6),
        ({"log_entries": 9}, None),
    ],
)
def test_a_log_without_an_end_is_read_so_far_and_its_site_left_out(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    limits: dict[str, int],
    pages: int | None,
) -> None:
    rounds = world.rounds()
    rounds.gather()
    rounds.exchange_logs()
    limited(monkeypatch, **limits)
    known, before = world.pool.logs.entries(BAD), world.heads_asked()
    world.simulator.behaviour[1] = world.says_of_its_log(endless(world))
    rounds.exchange_logs()
    assert left_out(caplog) == ["FA401: node 1"]
    assert "longer than any log" in caplog.text
    assert names(rounds) == [GOOD]
    asked = world.heads_asked() - before
    assert asked == pages if pages is not None else 1 < asked < 20
    assert world.pool.logs.entries(BAD) == known, "nothing of it is kept"


def test_a_log_that_is_longer_than_any_log_is_refused_by_a_code_of_ours(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    rounds = world.rounds()
    rounds.gather()
    limited(monkeypatch, log_entries=1)
    rounds.exchange_logs()
    assert left_out(caplog) == ["FA401: node 0", "FA401: node 1"]


def test_a_page_that_shows_nothing_and_promises_more_leaves_its_site_out(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    rounds = world.rounds()
    rounds.gather()
    entries = world.simulator.sites[1]._ledger.journal()
    world.simulator.behaviour[1] = world.says_of_its_log(lambda _: page(world, entries, len(entries), more=True))
    rounds.exchange_logs()
    assert left_out(caplog) == ["FA401: node 1"]


def test_a_log_of_many_pages_is_countersigned_once_at_its_end(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    rounds = world.rounds()
    rounds.gather()
    grow(world, node=1, by=3)
    monkeypatch.setattr(site_log, "LIMITS", dataclasses.replace(site_log.LIMITS, log_page_bytes=1))
    before = world.heads_asked()
    rounds.exchange_logs()
    assert world.heads_asked() - before == 3, "one entry a page"
    assert world.pool.logs.entries(BAD) == world.simulator.sites[1]._ledger.journal()
    assert [entry.size for entry in world.countersigned() if entry.site == BAD] == [1, 2, 5]
    assert world.findings().passed


def test_a_site_that_falls_silent_between_two_pages_spoils_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds = world.rounds()
    rounds.gather()
    grow(world, node=1, by=3)
    monkeypatch.setattr(site_log, "LIMITS", dataclasses.replace(site_log.LIMITS, log_page_bytes=1))
    known = world.pool.logs.entries(BAD)

    def silent_later(request: bytes, reply: bytes) -> bytes | None:
        message, _ = decode_request(request)
        return reply if isinstance(message, ExchangeHeads) and message.since == len(known) else None

    world.simulator.behaviour[1] = silent_later
    rounds.exchange_logs()
    assert names(rounds) == [GOOD, BAD]
    assert world.pool.logs.entries(BAD) == known
    assert world.findings().passed
    world.simulator.behaviour.clear()
    rounds.exchange_logs()
    assert len(world.pool.logs.entries(BAD)) == len(known) + 3
    assert world.findings().passed


def test_the_coordinators_own_head_is_signed_once_for_all_sites(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    signed: list[HeadRole] = []
    real = EnrolledConsortium.sign

    def counted(self: EnrolledConsortium, head: LogHead, role: HeadRole) -> SignedHead | None:
        signed.append(role)
        return real(self, head, role)

    rounds = world.rounds()
    rounds.gather()
    world.simulator.asked.clear()
    monkeypatch.setattr(EnrolledConsortium, "sign", counted)
    rounds.exchange_logs()
    assert signed.count(HeadRole.COORDINATOR) == 1
    assert (0, "heads") in world.simulator.asked
    assert (1, "heads") in world.simulator.asked


# An answer to an earlier question, and no answer


def test_a_recorded_answer_does_not_pass_where_the_log_has_not_grown(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    rounds = world.rounds()
    rounds.gather()
    for _ in range(2):  # until neither log grows any more
        rounds.exchange_logs()
    asked: list[ExchangeHeads] = []
    recorded: list[bytes] = []

    def record(request: bytes, reply: bytes) -> bytes:
        message, _ = decode_request(request)
        assert isinstance(message, ExchangeHeads)
        asked.append(message)
        recorded.append(reply)
        return recorded[0]

    world.simulator.behaviour[1] = record
    rounds.exchange_logs()
    assert names(rounds) == [GOOD, BAD]
    rounds.exchange_logs()
    first, second = (message.model_dump(exclude={"challenge"}) for message in asked)
    assert first == second, "but for the challenge it is the same question"
    assert asked[0].challenge != asked[1].challenge
    assert names(rounds) == [GOOD]
    assert left_out(caplog) == ["FA401: node 1"]


@pytest.mark.parametrize("said", ["nothing", "unavailable", "refused", "ok"])
def test_after_a_round_a_site_may_be_unavailable_as_it_may_be_silent(
    world: World, caplog: pytest.LogCaptureFixture, said: str
) -> None:
    rounds = world.rounds()
    rounds.gather()
    world.simulator.behaviour[1] = (
        drop if said == "nothing" else world.says_of_its_log(lambda _: Status(status=Outcome(said)))
    )
    rounds.exchange_logs()
    stays = said in ("nothing", "unavailable")
    assert names(rounds) == ([GOOD, BAD] if stays else [GOOD])
    assert left_out(caplog) == ([] if stays else ["FA401: node 1"])
    world.simulator.behaviour.clear()
    assert len(rounds.total(COUNTS, (3,)).releases) == (2 if stays else 1)


@pytest.mark.parametrize("said", ["unavailable", "refused", "ok"])
def test_before_a_plan_is_put_to_a_site_it_has_to_show_its_log(
    world: World, caplog: pytest.LogCaptureFixture, said: str
) -> None:
    world.simulator.behaviour[1] = world.says_of_its_log(lambda _: Status(status=Outcome(said)))
    assert [site.name for site in world.rounds().gather()] == [GOOD]
    assert left_out(caplog) == ["FA401: node 1"]
    assert (1, "join") not in world.simulator.asked


# A plan that is put to a site later than it was meant

WINTER = make_plan(campaign="winter", events=events(60.0))


def put(world: World, join: Join) -> str:
    return outcome(world.simulator.sites[1].handle(world.office.asks(encode(join), BAD)))


def shown_now(world: World) -> LogHead:
    return LogHead.of(BAD, world.simulator.sites[1]._ledger.journal())


def test_a_plan_is_put_to_a_site_with_the_head_that_it_has_just_shown(world: World) -> None:
    before = [LogHead.of(site.settings.name, site._ledger.journal()) for site in world.simulator.sites]
    world.rounds().gather()
    asked = [decode_request(open_envelope(wire, None)[1])[0] for _, wire in world.simulator.wires]
    assert [message.log for message in asked if isinstance(message, Join)] == before


@pytest.mark.parametrize("blind", [False, True])
def test_a_plan_that_was_held_back_is_refused_once_the_log_has_grown(
    world: World, monkeypatch: pytest.MonkeyPatch, blind: bool
) -> None:
    """Also with the seeded defect: a site that does not compare takes it."""
    world.rounds().gather()
    held = Join(plan=WINTER, log=shown_now(world))
    grow(world, node=1, by=1)
    journal = world.simulator.sites[1]._ledger.journal()
    if blind:
        monkeypatch.setattr(site_log.SiteLog, "require_newest", lambda *_: None)
    assert put(world, held) == ("ok" if blind else "unavailable")
    assert (world.simulator.sites[1]._ledger.journal() == journal) is not blind


def test_a_plan_that_is_put_with_another_logs_head_is_refused(world: World) -> None:
    world.rounds().gather()
    now = shown_now(world)
    journal = world.simulator.sites[1]._ledger.journal()
    changes = ({"root": "0" * 64}, {"size": now.size - 1}, {"size": now.size + 1}, {"origin": GOOD})
    for change in changes:
        assert put(world, Join(plan=WINTER, log=now.model_copy(update=change))) == "unavailable"
    assert world.simulator.sites[1]._ledger.journal() == journal
    assert put(world, Join(plan=WINTER, log=now)) == "ok"


def test_a_plan_whose_answer_was_lost_is_put_again_at_no_charge(world: World) -> None:
    held = Join(plan=WINTER, log=shown_now(world))
    assert put(world, held) == "ok"
    grow(world, node=1, by=1)
    journal = world.simulator.sites[1]._ledger.journal()
    assert put(world, held) == "ok", "the site knows it"
    assert put(world, Join(plan=make_plan(campaign="winter", events=events(80.0)), log=held.log)) == "unavailable"
    assert world.simulator.sites[1]._ledger.journal() == journal


# The bundle


def test_a_bundle_holds_one_head_of_each_role_however_long_the_campaign_was(world: World) -> None:
    rounds = world.rounds()
    rounds.gather()
    rounds.total(COUNTS, (3,))
    rounds.total(STATISTICS, (3, 8))
    rounds.exchange_logs()
    assert len(world.countersigned()) >= 6, "three of each site"
    bundle = read_bundle(export_bundle(world.pool, world.office.coordinator()))
    for log in bundle.logs:
        assert [signed.head.size for signed in log.heads] == [len(log.entries)]
        seen = [] if log.role is LogRole.COORDINATOR else [len(log.entries)]
        assert [signed.head.size for signed in log.countersignatures] == seen
    assert world.findings().passed


def test_a_bundle_passes_with_the_coordinators_new_key_alone(world: World) -> None:
    rounds = world.rounds()
    rounds.gather()
    rounds.total(COUNTS, (3,))
    new = Ed25519PrivateKey.generate()
    world.office.replace_key("hub", hexed(new), overlap=0, role=Role.COORDINATOR)
    assert world.findings(new).passed


# Names


def test_a_pool_whose_logs_another_coordinator_began_is_refused(world: World) -> None:
    world.rounds().gather()
    world.simulator.asked.clear()
    other = EnrolledConsortium("hub-2", world.office.hub, world.office.store, SystemNoise(), lambda: 0.0)
    with pytest.raises(ConfigError, match="FA101: the pool's logs were begun by a coordinator of another name, 'hub'"):
        world.rounds(other).gather()
    assert world.simulator.asked == []
    with pytest.raises(ConfigError, match="FA101"):
        export_bundle(world.pool, other)


@pytest.mark.parametrize("name", ["coordinator", "Coordinator"])
def test_a_site_with_the_coordinators_name_is_left_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    simulator = Simulator.open(make_sites(tmp_path / "sites", 2))
    simulator.behaviour[1] = under_the_name_of(name, simulator.sites[1])
    with Pool.open(tmp_path / "pool.sqlite") as pool, caplog.at_level(logging.WARNING):
        pool.start_campaign(PLAN.campaign, PLAN.digest, {})
        found = Rounds(PLAN, simulator, pool, 1, 5.0).gather()
    simulator.close()
    assert [site.name for site in found] == [GOOD]
    assert left_out(caplog) == ["FA401: node 1"]
    assert "the coordinator's name" in caplog.text
