"""A site that goes on with an older copy of its folder: the coordinator leaves it out, and it refuses by itself.

End to end: real sites behind an exchange, an enrolled coordinator, its pool and its countersignatures.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.consortium import EnrolledSimulator, Office, Reads, make_enrolled_sites, outcome
from tests.simulator import spoken
from tests.small import candidates, events, make_plan, open_site

from fedaug.client.ledger_recovery import kept_log, recover_ledger, ring_keys
from fedaug.client.site import Site
from fedaug.client.site_log import SiteLog
from fedaug.errors import BadSignature, LedgerError, LedgerRolledBack, ProtocolError
from fedaug.privacy.accounting import epsilon
from fedaug.privacy.envelope import open_envelope
from fedaug.privacy.ledger import ChargeState
from fedaug.privacy.transparency.entries import encode_entry, read_site_entry
from fedaug.privacy.transparency.heads import HeadRole, LogHead, sign_head
from fedaug.privacy.transparency.verify import verify_bundle
from fedaug.server.log_exchange import LogExchange
from fedaug.server.log_export import export_bundle, keep_plan
from fedaug.server.pool import Pool
from fedaug.server.rounds import Rounds
from fedaug.strategies.messages import (
    AskCounts,
    AskStatistics,
    AskVotes,
    CampaignPlan,
    ExchangeHeads,
    Join,
    LogFact,
    Outcome,
    ReleaseRequest,
    decode_request,
    encode,
)

GOOD, BAD = "site-0", "site-1"
SHOW = ExchangeHeads(challenge="00" * 32, since=0)
AUTUMN, WINTER, SPRING = (make_plan(campaign=name, events=events(60.0)) for name in ("autumn", "winter", "spring"))


@dataclass
class World:
    """Two sites, of which the second one will be put back."""

    folder: Path
    office: Office
    simulator: EnrolledSimulator
    pool: Pool

    def rounds(self, plan: CampaignPlan) -> Rounds:
        self.pool.start_campaign(plan.campaign, plan.digest, {})
        keep_plan(self.pool, plan)
        return Rounds(plan, self.simulator, self.pool, 1, 5.0, self.office.coordinator())

    @property
    def site(self) -> Site:
        return self.simulator.sites[1]

    def back_up(self) -> Path:
        """A copy of the folder, while the site's program is stopped."""
        self.site.close()
        copy = shutil.copytree(self.site.folder, self.folder / "backup")
        self.simulator.sites[1] = open_site(self.site.folder)
        return copy

    def put_back(self, copy: Path, *names: str) -> Path:
        """The whole copy in the folder's place, or some of its files."""
        self.site.close()
        folder = self.site.folder
        if not names:
            shutil.rmtree(folder)
            shutil.copytree(copy, folder)
        for name in names:
            shutil.copyfile(copy / name, folder / name)
        return folder

    def put_back_and_start(self, copy: Path) -> None:
        self.simulator.sites[1] = open_site(self.put_back(copy))

    def seen(self) -> int:
        return len(self.pool.logs.entries(BAD))


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_enrolled_sites(tmp_path_factory.mktemp("enrolled"), 2)


@pytest.fixture
def world(prepared: Path, tmp_path: Path) -> Iterator[World]:
    office = Office(tmp_path)
    simulator = EnrolledSimulator.enrolled(shutil.copytree(prepared, tmp_path / "sites"), office)
    with Pool.open(tmp_path / "pool.sqlite") as pool:
        yield World(tmp_path, office, simulator, pool)
    simulator.close()


def counts(plan: CampaignPlan) -> tuple[ReleaseRequest, tuple[int, ...]]:
    return AskCounts(campaign=plan.campaign, key="counts"), (3,)


def statistics(plan: CampaignPlan) -> tuple[ReleaseRequest, tuple[int, ...]]:
    return AskStatistics(campaign=plan.campaign, key="statistics"), (3, 8)


def names(rounds: Rounds) -> list[str]:
    return [site.name for site in rounds.sites]


def codes(caplog: pytest.LogCaptureFixture, logger: str) -> list[str]:
    return [record.getMessage().split(":")[0] for record in caplog.records if record.name == f"fedaug.{logger}"]


def refuses_everything(world: World) -> None:
    """Whoever asks, whatever is asked."""
    site = world.site
    reads, journal = Reads(site), site._ledger.journal()
    for message in (Join(plan=SPRING), AskCounts(campaign="autumn", key="counts"), SHOW):
        told = outcome(site.handle(world.office.asks(encode(message), BAD)))
        assert told in (("ProtocolFact",) if isinstance(message, ExchangeHeads) else ("unavailable", "refused"))
    assert site.join(SPRING) is Outcome.UNAVAILABLE, "nor for the site's own people"
    with pytest.raises(ProtocolError, match=r"the site answered (unavailable|refused)"):
        site.counts("autumn")
    with pytest.raises(LedgerRolledBack, match="FA504"):
        site._ledger.verify()
    assert site._ledger.journal() == journal
    assert reads.count == 0


def test_an_older_copy_put_back_between_two_rounds_finds_out_by_itself_after_the_next(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """To the coordinator it is unavailable, as a busy site would be, so it stays; and it answers nothing more."""
    rounds = world.rounds(AUTUMN)
    assert len(rounds.gather()) == 2
    copy = world.back_up()
    assert len(rounds.total(*counts(AUTUMN)).releases) == 2
    world.put_back_and_start(copy)
    caplog.clear()
    # The plan was reserved as a whole before the copy was made, so what this round releases is charged all the same.
    assert len(rounds.total(*statistics(AUTUMN)).releases) == 2
    assert codes(caplog, "client.door") == ["FA504"]
    refuses_everything(world)
    world.simulator.reopen(1)
    refuses_everything(world)
    votes = AskVotes(campaign="autumn", key="votes/0")
    assert [release.site for release in rounds.total(votes, (6,), candidates()).releases] == [GOOD]
    caplog.clear()
    assert [site.name for site in world.rounds(WINTER).gather()] == [GOOD]
    assert codes(caplog, "server.rounds") == ["FA401"]
    assert "it does not show its log" in caplog.text


def test_an_older_copy_put_back_between_two_campaigns_is_put_no_plan(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    copy = world.back_up()
    first = world.rounds(AUTUMN)
    first.gather()
    assert len(first.total(*counts(AUTUMN)).releases) == 2
    world.put_back_and_start(copy)
    assert world.site.status().spent == 0.0, "it has forgotten everything"
    world.simulator.asked.clear()
    second = world.rounds(WINTER)
    assert [site.name for site in second.gather()] == [GOOD]
    assert "FA504" in codes(caplog, "client.door")
    assert [name for node, name in world.simulator.asked if node == 1] == ["describe", "heads"]
    assert len(world.site._ledger.journal()) == 1
    assert len(second.total(*counts(WINTER)).releases) == 1
    refuses_everything(world)


@pytest.mark.parametrize("also", ["nothing else", "heads/countersignature.json", "lineage"])
def test_a_ledger_that_was_deleted_is_not_begun_anew(world: World, also: str) -> None:
    rounds = world.rounds(AUTUMN)
    rounds.gather()
    rounds.exchange_logs()
    world.site.close()
    folder = world.site.folder
    for path in (*folder.glob("ledger.sqlite*"), *folder.glob(also)):
        path.unlink()
    before = sorted(folder.rglob("*"))
    for _ in range(2):
        with pytest.raises(LedgerError, match="FA502: the site's ledger is gone"):
            open_site(folder)
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize("shown", [True, False])
def test_a_site_that_kept_the_proof_finds_its_older_copy_by_itself(
    world: World, monkeypatch: pytest.MonkeyPatch, shown: bool
) -> None:
    """The ledger's files alone are put back, and a coordinator asks that has seen nothing yet."""
    copy = world.back_up()
    first = world.rounds(AUTUMN)
    first.gather()
    first.total(*counts(AUTUMN))
    if not shown:  # a seeded defect: the site does not look
        monkeypatch.setattr("fedaug.client.ledger_file.kept_countersignature", lambda _: None)
    world.site.close()
    for path in world.site.folder.glob("ledger.sqlite*"):
        path.unlink()
    world.simulator.sites[1] = open_site(world.put_back(copy, *(path.name for path in copy.glob("ledger.sqlite*"))))
    with Pool.open(world.folder / "new.sqlite") as world.pool:
        gathered = [site.name for site in world.rounds(WINTER).gather()]
        assert gathered == ([GOOD] if shown else [GOOD, BAD])
        assert (world.site.status().spent == 0.0) is shown
        if shown:
            refuses_everything(world)
            world.simulator.reopen(1)
            refuses_everything(world)


@pytest.mark.parametrize("name", ["ledger.sqlite", "ledger.sqlite.head"])
def test_half_of_an_older_copy_does_not_open(world: World, name: str) -> None:
    copy = world.back_up()
    rounds = world.rounds(AUTUMN)
    rounds.gather()
    rounds.total(*counts(AUTUMN))
    folder = world.put_back(copy, name)
    with pytest.raises(LedgerError, match="FA502"):
        open_site(folder)


def test_the_whole_of_an_older_copy_opens_so_that_it_is_the_head_that_tells(world: World) -> None:
    copy = world.back_up()
    world.rounds(AUTUMN).gather()
    world.put_back_and_start(copy)
    assert world.site.status().spent == 0.0


# What the coordinator finds by itself


def shows(site: Site, entries: tuple[bytes, ...], since: int) -> LogFact:
    head = sign_head(LogHead.of(BAD, entries), HeadRole.SITE, site._keys.signer)
    return LogFact(head=head.as_dict(), entries=tuple(entry.decode() for entry in entries[since:]), more=False)


@pytest.mark.parametrize("lie", ["an older log", "another last entry", "another first entry", "one entry left out"])
def test_a_site_that_shows_another_log_than_before_is_left_out(
    world: World, caplog: pytest.LogCaptureFixture, lie: str
) -> None:
    """It signs what it shows, and says nothing of the coordinator's head."""
    rounds = world.rounds(AUTUMN)
    rounds.gather()
    rounds.total(*counts(AUTUMN))
    real = world.site._ledger.journal()
    sealed = read_site_entry(real[-1])
    forged = encode_entry(sealed.model_copy(update={"key": "metric"}))
    logs = {
        "an older log": real[:-1],
        "another last entry": (*real[:-1], forged),
        "another first entry": (real[0].replace(b"subject", b"record"), *real[1:]),
        "one entry left out": (real[0], *real[2:]),
    }
    seen, newest = world.seen(), world.pool.logs.newest(BAD, HeadRole.COUNTERSIGNATURE)

    def lying(request: bytes, reply: bytes) -> bytes:
        message, _ = decode_request(request)
        if not isinstance(message, ExchangeHeads):
            return reply
        return spoken(world.site, encode(shows(world.site, logs[lie], message.since)), request, name=BAD)

    world.simulator.behaviour[1] = lying
    caplog.clear()
    rounds.total(*statistics(AUTUMN))
    assert names(rounds) == [GOOD]
    assert codes(caplog, "server.rounds") == ["FA401"]
    assert (world.seen(), world.pool.logs.newest(BAD, HeadRole.COUNTERSIGNATURE)) == (seen, newest)


def test_either_side_finds_an_older_copy_without_the_other(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A seeded defect on one side after the other: only a consortium with both goes on with an older copy."""
    copy = world.back_up()
    world.rounds(AUTUMN).gather()
    world.put_back_and_start(copy)

    def goes_on() -> bool:
        caplog.clear()
        return BAD in [site.name for site in world.rounds(WINTER).gather()]

    with monkeypatch.context() as blind_site:
        blind_site.setattr(SiteLog, "_take", lambda *_: None)
        assert not goes_on(), "the coordinator sees that the log is shorter"
    with monkeypatch.context() as blind_both:
        blind_both.setattr(SiteLog, "_take", lambda *_: None)
        blind_both.setattr(SiteLog, "require_newest", lambda *_: None)  # a plan is put with the head that was shown
        blind_both.setattr(LogExchange, "take", lambda *_: None)
        blind_both.setattr(LogExchange, "request", lambda *_: SHOW)
        assert goes_on()
        assert world.site.status().spent < spent_for(AUTUMN, WINTER), "and has forgotten a campaign"
    with monkeypatch.context() as blind_coordinator:
        blind_coordinator.setattr(LogExchange, "take", lambda *_: None)
        assert not goes_on(), "the site sees a countersignature over what it does not hold"
    assert codes(caplog, "client.door") == ["FA504"]


def spent_for(*plans: CampaignPlan) -> float:
    return epsilon([event for plan in plans for event in plan.mechanisms], 1e-5)


# Recovery


def test_the_coordinators_bundle_brings_back_what_was_spent_and_the_consortium_goes_on(world: World) -> None:
    copy = world.back_up()
    first = world.rounds(AUTUMN)
    first.gather()
    first.total(*counts(AUTUMN))
    before = world.site.status()
    entries = world.site._ledger.journal()
    world.put_back_and_start(copy)
    assert [site.name for site in world.rounds(WINTER).gather()] == [GOOD]
    bundle = export_bundle(world.pool, world.office.coordinator())
    keys = {"hub": (world.office.hub.public_key(),)} | {
        site.settings.name: (site._keys.signer.public_key(),) for site in world.simulator.sites
    }
    assert verify_bundle(bundle, keys, coordinator="hub").passed
    world.site.close()
    hub = world.office.hub.public_key()
    recover_ledger(
        world.site.folder, world.site.settings, kept_log(bundle, BAD), hub, ring_keys(world.site._keys)
    ).close()
    world.simulator.sites[1] = open_site(world.site.folder)
    after = world.site.status()
    assert after.spent == before.spent > 0
    assert [charge.event for charge in after.charges] == [charge.event for charge in before.charges]
    assert world.site._ledger.journal()[: len(entries)] == entries
    # What had left, and what may have, is not released again; the others go on, and the next campaign has all of them.
    going_on = world.rounds(AUTUMN)
    assert [site.name for site in going_on.gather()] == [GOOD, BAD]
    assert [release.site for release in going_on.total(*counts(AUTUMN)).releases] == [GOOD, BAD], "they were kept"
    assert [release.site for release in going_on.total(*statistics(AUTUMN)).releases] == [GOOD]
    assert world.site.status().spent == before.spent
    spring = world.rounds(SPRING)
    assert [site.name for site in spring.gather()] == [GOOD, BAD]
    assert len(spring.total(*counts(SPRING)).releases) == 2
    assert world.site.status().spent > before.spent
    assert names(spring) == [GOOD, BAD], "the log that was recovered continues the one that was shown"
    final = export_bundle(world.pool, world.office.coordinator())
    assert verify_bundle(final, keys, coordinator="hub").passed


def test_what_an_older_copy_released_in_the_meantime_is_charged_on_top(world: World) -> None:
    """The copy ran for a while where the coordinator's head did not reach it."""
    copy = world.back_up()
    world.rounds(AUTUMN).gather()
    world.put_back_and_start(copy)
    assert world.site.join(WINTER) is Outcome.OK
    world.site.counts("winter")
    assert [site.name for site in world.rounds(SPRING).gather()] == [GOOD]
    bundle = export_bundle(world.pool, world.office.coordinator())
    world.site.close()
    hub = world.office.hub.public_key()
    with recover_ledger(
        world.site.folder, world.site.settings, kept_log(bundle, BAD), hub, ring_keys(world.site._keys)
    ) as ledger:
        assert [charge.campaign for charge in ledger.entries()] == ["autumn"] * 4 + ["winter"] * 4
        assert all(charge.state is not ChargeState.VOID for charge in ledger.entries())
        assert ledger.spent() >= spent_for(AUTUMN, WINTER)
    world.simulator.sites[1] = open_site(world.site.folder)
    assert [site.name for site in world.rounds(SPRING).gather()] == [GOOD, BAD]


def test_a_bundle_that_another_signed_or_that_is_older_recovers_nothing(world: World) -> None:
    copy = world.back_up()
    rounds = world.rounds(AUTUMN)
    rounds.gather()
    early = export_bundle(world.pool, world.office.coordinator())
    rounds.total(*counts(AUTUMN))
    rounds.exchange_logs()  # so that the site receives the countersignature over its release
    late = export_bundle(world.pool, world.office.coordinator())
    folder, settings, hub = world.site.folder, world.site.settings, world.office.hub.public_key()
    own = ring_keys(world.site._keys)
    world.site.close()
    (folder / "ledger.sqlite").write_bytes(b"lost")
    with pytest.raises(BadSignature, match="FA402"):
        recover_ledger(folder, settings, kept_log(late, BAD), world.simulator.sites[0]._keys.signer.public_key(), own)
    with pytest.raises(ProtocolError, match="FA401"):
        kept_log(late, "site-9")
    with pytest.raises(BadSignature, match="FA402: the coordinator has countersigned another log"):
        recover_ledger(folder, settings, kept_log(late, GOOD), hub, own)
    with pytest.raises(LedgerError, match="FA502: the site has received a countersignature over more entries"):
        recover_ledger(folder, settings, kept_log(early, BAD), hub, own)
    assert (folder / "ledger.sqlite").read_bytes() == b"lost"
    with recover_ledger(folder, settings, kept_log(late, BAD), hub, own) as ledger:
        assert ledger.spent() == pytest.approx(spent_for(AUTUMN))
    assert copy.exists()


# One campaign after the other


def test_what_was_countersigned_carries_over_from_one_campaign_to_the_next(world: World) -> None:
    first = world.rounds(AUTUMN)
    first.gather()
    first.total(*counts(AUTUMN))
    between, seen = world.back_up(), world.seen()
    second = world.rounds(WINTER)
    assert len(second.gather()) == 2
    second.total(*counts(WINTER))
    second.exchange_logs()
    countersigned = world.site._door._log.countersigned()
    assert countersigned is not None
    assert countersigned.head.size == world.seen() == len(world.site._ledger.journal()) == seen + 2
    asked = [decode_request_of(wire) for node, wire in world.simulator.wires if node == 1]
    exchanges = [message for message in asked if isinstance(message, ExchangeHeads)]
    assert [message.since for message in exchanges] == sorted(message.since for message in exchanges)
    assert exchanges[-1].since == world.seen(), "nothing is asked for twice"
    world.put_back_and_start(between)
    assert [site.name for site in world.rounds(SPRING).gather()] == [GOOD]
    refuses_everything(world)


def decode_request_of(wire: bytes) -> object:
    return decode_request(open_envelope(wire, None)[1])[0]
