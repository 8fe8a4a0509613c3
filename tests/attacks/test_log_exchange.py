"""What goes wrong while logs are shown: at the site, on the way, and at the coordinator itself.

A site's fault leaves the site out. The coordinator's own ends the run, which can be taken up again, and spoils no log.
"""

from __future__ import annotations

import dataclasses
import logging
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.consortium import EnrolledSimulator, Office, make_enrolled_sites, outcome
from tests.enrolment_lists import hexed
from tests.simulator import Misbehaviour, Simulator, drop, make_sites, spoken, under_the_name_of
from tests.small import events, make_plan

from fedaug.client import site_log
from fedaug.errors import ConfigError, OutdatedEnrolment, PoolError
from fedaug.privacy.enrolment import Role
from fedaug.privacy.envelope import open_envelope
from fedaug.privacy.noise import SystemNoise
from fedaug.privacy.transparency.bundle import LogRole, read_bundle
from fedaug.privacy.transparency.entries import Countersigned, Voided, encode_entry, read_coordinator_entry
from fedaug.privacy.transparency.findings import Findings
from fedaug.privacy.transparency.heads import HeadRole, LogHead, SignedHead, sign_head
from fedaug.privacy.transparency.verify import verify_bundle
from fedaug.server import log_exchange
from fedaug.server.enrolment import EnrolledConsortium
from fedaug.server.log_book import LogBook, LogWriter
from fedaug.server.log_export import export_bundle, keep_plan
from fedaug.server.pool import Pool
from fedaug.server.rounds import Rounds
from fedaug.strategies.messages import (
    AskCounts,
    AskStatistics,
    ExchangeHeads,
    Join,
    LogFact,
    Outcome,
    Status,
    decode_request,
    encode,
)

GOOD, BAD = "site-0", "site-1"
PLAN = make_plan(campaign="autumn", events=events(60.0))
COUNTS, STATISTICS = AskCounts(campaign="autumn", key="counts"), AskStatistics(campaign="autumn", key="statistics")
FAULT = PoolError("the disk is full", "make room")


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


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_enrolled_sites(tmp_path_factory.mktemp("enrolled"), 2)


@pytest.fixture
def world(prepared: Path, tmp_path: Path) -> Iterator[World]:
    office = Office(tmp_path)
    simulator = EnrolledSimulator.enrolled(shutil.copytree(prepared, tmp_path / "sites"), office)
    with Pool.open(tmp_path / "pool.sqlite") as pool:
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


# The coordinator's own faults


def pool_fails(world: World, monkeypatch: pytest.MonkeyPatch) -> type[Exception]:
    real = world.pool.accept_release

    def failing(receipt):  # type: ignore[no-untyped-def]  # as the method that it stands for
        if receipt.site == BAD:
            raise FAULT
        return real(receipt)

    monkeypatch.setattr(world.pool, "accept_release", failing)
    return PoolError


def log_book_fails(_: World, monkeypatch: pytest.MonkeyPatch) -> type[Exception]:
    monkeypatch.setattr(LogWriter, "extend", lambda *_: (_ for _ in ()).throw(FAULT))
    return PoolError


def list_is_gone(world: World, monkeypatch: pytest.MonkeyPatch) -> type[Exception]:
    monkeypatch.setattr(world.office.store, "_folder", world.office.folder / "nowhere")
    return ConfigError


def list_expires(world: World, monkeypatch: pytest.MonkeyPatch) -> type[Exception]:
    monkeypatch.setattr(world.office.store, "current", lambda _: world.office.newest.check_time(4e9))
    return OutdatedEnrolment


@pytest.mark.parametrize("fault", [pool_fails, log_book_fails, list_is_gone, list_expires])
def test_a_fault_at_the_coordinator_ends_the_run_and_is_no_sites(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    fault: Callable[[World, pytest.MonkeyPatch], type[Exception]],
) -> None:
    rounds = world.rounds()
    assert len(rounds.gather()) == 2
    with monkeypatch.context() as broken:
        error = fault(world, broken)
        with pytest.raises(error):
            rounds.total(COUNTS, (3,))
    assert left_out(caplog) == []
    again = world.rounds()
    assert len(again.gather()) == 2
    assert [release.site for release in again.total(COUNTS, (3,)).releases] == [GOOD, BAD]
    assert len(again.total(STATISTICS, (3, 8)).releases) == 2
    assert world.findings().passed


def test_no_round_is_kept_without_a_site_whose_release_could_not_be_noted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds = world.rounds()
    rounds.gather()
    pool_fails(world, monkeypatch)
    with pytest.raises(PoolError, match="the disk is full"):
        rounds.total(COUNTS, (3,))
    assert world.pool.phases("autumn") == ["plan"]


STEPS = ("extend", "keep", "keep", "append")


def stop_before(step: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The coordinator stops before one of the four changes that follow a site's log; gives what it made before."""
    made: list[str] = []

    def stopping(name: str):  # type: ignore[no-untyped-def]  # three methods
        real = getattr(LogWriter, name)

        def change(self, *arguments):  # type: ignore[no-untyped-def]
            if name != "keep" or arguments[0].role is not HeadRole.COORDINATOR:
                if len(made) == step:
                    raise KeyboardInterrupt
                made.append(name)
            return real(self, *arguments)

        return change

    for name in set(STEPS):
        monkeypatch.setattr(LogWriter, name, stopping(name))
    return made


@contextmanager
def one_by_one(book: LogBook) -> Iterator[object]:
    """The seeded defect: each change is a transaction of its own."""

    class Loose:
        def __getattr__(self, name: str):  # type: ignore[no-untyped-def]
            def change(*arguments):  # type: ignore[no-untyped-def]
                with book._writers.begin() as session:
                    found = getattr(LogWriter(session), name)(*arguments)
                session.close()
                return found

            return change

    yield Loose()


def stopped_at(world: World, monkeypatch: pytest.MonkeyPatch, step: int) -> tuple[str, ...]:
    """A site's log has grown, and the coordinator stops while it takes that in; gives the changes that it made."""
    rounds = world.rounds()
    rounds.gather()
    grow(world, node=0, by=1)
    with monkeypatch.context() as stopped:
        made = stop_before(step, stopped)
        with pytest.raises(KeyboardInterrupt):
            rounds.exchange_logs()
    return tuple(made)


@pytest.mark.parametrize("step", range(len(STEPS)))
def test_a_coordinator_that_stops_between_two_changes_leaves_logs_that_pass(
    world: World, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    assert stopped_at(world, monkeypatch, step) == STEPS[:step]
    assert world.findings().passed
    again = world.rounds()
    assert len(again.gather()) == 2
    assert len(again.total(COUNTS, (3,)).releases) == 2
    assert world.findings().passed


def test_a_stop_between_changes_that_were_made_one_by_one_would_spoil_the_log_for_ever(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as loose:
        loose.setattr(LogBook, "writing", one_by_one)
        stopped_at(world, monkeypatch, STEPS.index("append"))
    world.rounds().gather()
    faults = [check.name for check in world.findings().failed]
    assert faults == ["countersigned"]


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
