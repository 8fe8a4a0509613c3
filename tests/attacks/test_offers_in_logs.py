"""A site whose log says something else of its batch of texts than what it sent: it is named, left out, and not used."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.consortium import AUTHORITY, EnrolledSimulator, Office
from tests.enrolment_lists import hexed
from tests.offering import makes, offer_plan, offering_site
from tests.simulator import Misbehaviour, spoken

from fedaug.client.site import Site
from fedaug.errors import LogContradicted
from fedaug.privacy.transparency.entries import Offered, encode_entry
from fedaug.privacy.transparency.verify import verify_bundle
from fedaug.server.log_export import export_bundle, keep_plan
from fedaug.server.offered_batches import Difference, OfferedBatches
from fedaug.server.pool import Pool
from fedaug.server.rounds import Rounds
from fedaug.strategies.messages import (
    AskSamples,
    CampaignPlan,
    ExchangeHeads,
    OfferedSample,
    Outcome,
    SampleBatch,
    Status,
    decode_request,
    encode,
)

QUESTION = AskSamples(campaign="autumn", key="samples")
WITHIN, OUTSIDE = offer_plan(), offer_plan(outside_dp=True)
BAD, BAD_NAME, OTHERS = 1, "site-1", ["site-0", "site-2"]
SITE = {"samples__site_gates_block": True, "consortium__authority": hexed(AUTHORITY)}
TEXTS = tuple(
    f"a word on {what} and on what else there is"
    for what in ("rain", "bread", "trains", "trams", "ships", "wool", "ink")
)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prepared") / "sites"
    for k in range(3):
        offering_site(folder / f"site-{k}", **SITE).close()
    return folder


class World:
    """Three enrolled sites of which one misbehaves, and their coordinator."""

    def __init__(self, prepared: Path, folder: Path) -> None:
        self.office = Office(folder)
        self.simulator = EnrolledSimulator.enrolled(shutil.copytree(prepared, folder / "sites"), self.office)
        self.pool = Pool.open(folder / "pool.sqlite")

    @property
    def bad(self) -> Site:
        return self.simulator.sites[BAD]

    def rounds(self, plan: CampaignPlan) -> Rounds:
        self.pool.start_campaign("autumn", plan.digest, {})
        keep_plan(self.pool, plan)
        made = Rounds(plan, self.simulator, self.pool, 2, 5.0, self.office.coordinator())
        made.gather()
        return made

    def lists(self, monkeypatch: pytest.MonkeyPatch, change: Callable[[Offered], Offered | None]) -> None:
        """The bad site writes something else into its log than what it sends; None for nothing."""
        ledger = self.bad._ledger
        write = ledger.offer

        def offer(entry: Offered) -> None:
            changed = change(entry)
            if changed is not None:
                write(changed)

        monkeypatch.setattr(ledger, "offer", offer)

    def close(self) -> None:
        self.pool.close()
        self.simulator.close()


@pytest.fixture
def world(prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    makes(monkeypatch, *TEXTS)
    made = World(prepared, tmp_path)
    yield made
    made.close()


def test_batches_that_the_logs_list_as_they_came_are_used(world: World) -> None:
    for_each = world.rounds(OUTSIDE).offers(QUESTION)
    assert [batch.site for batch in for_each] == ["site-0", BAD_NAME, "site-2"]
    assert all(batch.batch.outside_dp and len(batch.batch.samples) == 4 for batch in for_each)


#: What the log of the bad site says otherwise -> the codes of what departs.
LIES: dict[str, tuple[dict[str, Any], str]] = {
    "other bytes": ({"artefact": "0a" * 32}, "digest"),
    "not outside DP": ({"outside_dp": False}, "outside-dp"),
    "another request": ({"request": "0b" * 32}, "request"),
    "fewer texts": ({"texts": 3}, "number-of-texts"),
    "all of it": (
        {"artefact": "0a" * 32, "outside_dp": False, "request": "0b" * 32, "texts": 0},
        "digest, number-of-texts, outside-dp, request",
    ),
}


@pytest.mark.parametrize(("fields", "codes"), LIES.values(), ids=LIES.keys())
def test_a_log_that_says_otherwise_of_a_batch_leaves_its_site_out(
    fields: dict[str, Any],
    codes: str,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    world.lists(monkeypatch, lambda entry: entry.model_copy(update=fields))
    rounds = world.rounds(OUTSIDE)
    assert [batch.site for batch in rounds.offers(QUESTION)] == OTHERS
    assert [site.name for site in rounds.sites] == OTHERS
    told = f"FA407: node {BAD} is left out of the campaign (the log of '{BAD_NAME}' lists another batch of texts"
    assert f"{told} than it sent ({codes}))" in caplog.text
    assert not world.pool.logs.entries(BAD_NAME)[-1].startswith(b'{"artefact"')  # nothing of the lie is countersigned


def test_a_batch_outside_dp_that_is_sent_as_if_it_were_not_is_not_used(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """The log tells the truth, to the site's auditors; the batch says that an ε holds for it."""
    picked = tuple(OfferedSample(text=text, origin="made-up", dependence="public") for text in TEXTS[:4])

    def lie(request: bytes, reply: bytes) -> bytes:
        if not isinstance(decode_request(request)[0], AskSamples):
            return reply
        body = encode(SampleBatch(campaign="autumn", plan=OUTSIDE.digest, samples=picked, outside_dp=False))
        return spoken(world.bad, body, request, name=BAD_NAME, campaign="autumn", key="samples")

    world.simulator.behaviour[BAD] = lie
    assert [batch.site for batch in world.rounds(OUTSIDE).offers(QUESTION)] == OTHERS
    assert f"'{BAD_NAME}' lists another batch of texts than it sent (digest, outside-dp)" in caplog.text


def test_a_batch_that_no_log_lists_is_not_used(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    world.lists(monkeypatch, lambda _: None)
    rounds = world.rounds(WITHIN)
    assert [batch.site for batch in rounds.offers(QUESTION)] == OTHERS
    assert f"FA401: a batch of {BAD_NAME} is not counted: its log does not list it" in caplog.text
    assert [batch.site for batch in world.rounds(WITHIN).offers(QUESTION)] == OTHERS  # nor in a rerun


def unwilling(world: World) -> Misbehaviour:
    """Shows its log until it has sent its batch."""
    sent = []

    def misbehave(request: bytes, reply: bytes) -> bytes:
        message, _ = decode_request(request)
        sent.extend([1] if isinstance(message, AskSamples) else [])
        if not (sent and isinstance(message, ExchangeHeads)):
            return reply
        return spoken(world.bad, encode(Status(status=Outcome.UNAVAILABLE)), request, name=BAD_NAME)

    return misbehave


def test_a_batch_of_a_site_that_does_not_show_its_log_any_more_is_not_used(world: World) -> None:
    world.simulator.behaviour[BAD] = unwilling(world)
    rounds = world.rounds(OUTSIDE)
    assert [batch.site for batch in rounds.offers(QUESTION)] == OTHERS
    assert BAD_NAME in [site.name for site in rounds.sites]  # it may be down for a while


def test_a_batch_that_was_lost_on_its_way_is_no_fault_of_its_site(world: World) -> None:
    world.simulator.behaviour[BAD] = lambda request, reply: (
        None if isinstance(decode_request(request)[0], AskSamples) else reply
    )
    rounds = world.rounds(OUTSIDE)
    assert [batch.site for batch in rounds.offers(QUESTION)] == OTHERS
    assert [site.name for site in rounds.sites] == ["site-0", BAD_NAME, "site-2"]


def test_a_site_cannot_list_a_batch_outside_dp_that_nobody_asked_for(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """One such entry, countersigned, would leave the whole campaign without a bundle that holds."""
    rounds = world.rounds(WITHIN)
    rounds.offers(QUESTION)
    head = json.loads(world.pool.logs.entries("hub")[-1])
    extra = Offered(campaign="autumn", key="another", request="0a" * 32, artefact="0b" * 32, texts=4, outside_dp=True)
    world.bad._ledger.offer(extra)
    rounds.exchange_logs()
    assert [site.name for site in rounds.sites] == OTHERS
    assert f"the log of '{BAD_NAME}' lists another batch of texts than it sent (outside-dp)" in caplog.text
    assert encode_entry(extra) not in world.pool.logs.entries(BAD_NAME)
    assert json.loads(world.pool.logs.entries("hub")[-1]) == head
    keys = {site.settings.name: (site._keys.signer.public_key(),) for site in world.simulator.sites}
    bundle = export_bundle(world.pool, world.office.coordinator())
    assert verify_bundle(bundle, keys | {"hub": (world.office.hub.public_key(),)}, coordinator="hub").passed


def test_what_departs_is_one_of_a_closed_set_and_other_campaigns_are_left_alone() -> None:
    assert {str(one) for one in Difference} == {"digest", "outside-dp", "request", "number-of-texts"}
    batches = OfferedBatches(WITHIN)
    entry = Offered(campaign="autumn", key="samples", request="0a" * 32, artefact="0b" * 32, texts=1, outside_dp=True)
    batches.require_agreement("site-0", [encode_entry(entry.model_copy(update={"campaign": "spring"}))])
    with pytest.raises(LogContradicted, match="outside-dp"):
        batches.require_agreement("site-0", [encode_entry(entry)])
