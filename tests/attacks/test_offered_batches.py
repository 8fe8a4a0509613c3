"""Batches of texts on arrival: what departs from the plan is left out, and what a gate here refuses is set aside."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.mutation_targets import of_message
from tests.offering import COPIES, PLANTED, SECRET, makes, offer_plan, offering_site
from tests.simulator import Misbehaviour, Simulator, spoken
from tests.small import make_plan, open_site

from fedaug.augmentation.candidates import Candidate, Dependence
from fedaug.client.offers import Offer
from fedaug.client.site import Site
from fedaug.errors import FedaugError, PolicyRefused, ProtocolError
from fedaug.privacy.canonical import canonical_json
from fedaug.privacy.vetting import LengthGate, VerdictCode, make_gate
from fedaug.privacy.vetting.closest import ClosestRecordGate
from fedaug.privacy.vetting.gate import SITE_ONLY_CODES
from fedaug.server.inbound import recheck
from fedaug.server.pool import Pool
from fedaug.server.rounds import Rounds
from fedaug.strategies.messages import AskSamples, OfferedSample, SampleBatch, decode_reply, decode_request, encode
from fedaug.strategies.samples import require_planned

QUESTION = AskSamples(campaign="autumn", key="samples")
PLAN = offer_plan()
BAD = 1
GATES = [make_gate(name) for name in ("length", "repetition", "duplicate", "identifier")]
TEXTS = ("a text about the weather of today", "a text about the price of bread", "a word on trains and on trams")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prepared") / "sites"
    for k in range(3):
        offering_site(folder / f"site-{k}").close()
    return folder


@pytest.fixture
def simulator(prepared: Path, tmp_path: Path) -> Iterator[Simulator]:
    folder = shutil.copytree(prepared, tmp_path / "sites")
    made = Simulator([open_site(path) for path in sorted(folder.iterdir())])
    yield made
    made.close()


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[Pool]:
    with Pool.open(tmp_path / "pool.sqlite") as made:
        made.start_campaign("autumn", PLAN.digest, {})
        yield made


def gathered(simulator: Simulator, pool: Pool) -> Rounds:
    made = Rounds(PLAN, simulator, pool, 2, timeout_s=5.0)
    made.gather()
    return made


def sample(text: str = TEXTS[0], **fields: Any) -> OfferedSample:
    return OfferedSample(text=text, origin="made-up", dependence="public", **fields)


def saying(site: Site, *samples: OfferedSample, **fields: Any) -> Misbehaviour:
    """The site signs a batch of its own making in answer to the question, and is honest else."""

    def misbehave(request: bytes, reply: bytes) -> bytes:
        if not isinstance(decode_request(request)[0], AskSamples):
            return reply
        values = {"campaign": "autumn", "plan": PLAN.digest, "samples": samples, "outside_dp": False} | fields
        body = encode(SampleBatch(**values))
        return spoken(site, body, request, name=site.settings.name, campaign="autumn", key="samples")

    return misbehave


LIES: dict[str, Callable[[Site], Misbehaviour]] = {
    "more texts than planned": lambda site: saying(site, *[sample(f"text {i} of many") for i in range(5)]),
    "a label that is not in the plan": lambda site: saying(site, sample(label="plague")),
    "another plan": lambda site: saying(site, sample(), plan="0" * 64),
    "another campaign": lambda site: saying(site, sample(), campaign="spring"),
    "a batch outside DP that nobody asked for": lambda site: saying(
        site, *[sample(f"text {i} of four") for i in range(4)], outside_dp=True
    ),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_site_is_left_out_that_sends(
    lie: str, simulator: Simulator, pool: Pool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    makes(monkeypatch, *TEXTS)
    simulator.behaviour[BAD] = LIES[lie](simulator.sites[BAD])
    found = gathered(simulator, pool).offers(QUESTION)
    assert [batch.site for batch in found] == ["site-0", "site-2"]
    assert f"node {BAD} is left out" in caplog.text


def test_a_batch_cannot_be_written_that_is_private() -> None:
    body = encode(SampleBatch(campaign="autumn", plan=PLAN.digest, samples=(sample(),), outside_dp=False))
    assert body.count(b'\\"public\\"') == 1
    grown = body.replace(b'\\"public\\"', b'\\"private\\"')
    size = int.from_bytes(grown[:8], "little") + 1
    with pytest.raises(ProtocolError):
        decode_reply(size.to_bytes(8, "little") + grown[8:])


def test_what_the_gates_here_refuse_is_set_aside_whatever_the_site_says(
    simulator: Simulator, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A malicious site has run no gate: an identifier, a stump and a text twice come with two good ones."""
    makes(monkeypatch, *TEXTS)
    bad = ("call John Smith on 219-09-9999 now", "x", TEXTS[0], TEXTS[0].upper())
    said = tuple(Candidate(text, "made-up", "", None, (), Dependence.PUBLIC) for text in bad)
    monkeypatch.setattr(simulator.sites[BAD]._door._offers, "make", lambda *_: Offer(said, outside_dp=False))
    judged, arrivals = recheck(gathered(simulator, pool).offers(QUESTION), GATES)
    assert {inbound.site: len(inbound.kept) for inbound in judged} == {"site-0": 3, "site-1": 1, "site-2": 3}
    assert [verdict.code for _, verdict in judged[BAD].quarantined] == [
        VerdictCode.IDENTIFIER,
        VerdictCode.TOO_SHORT,
        VerdictCode.DUPLICATE,
    ]
    assert not any(inbound.quarantined or inbound.outside_dp for inbound in judged if inbound.site != "site-1")
    assert (arrivals.arrived, arrivals.quarantined) == (10, 3)
    assert {gate: dict(codes) for gate, codes in arrivals.gates.items() if codes} == {
        "identifier": {VerdictCode.IDENTIFIER: 1},
        "length": {VerdictCode.TOO_SHORT: 1},
        "duplicate": {VerdictCode.DUPLICATE: 1},
    }
    assert arrivals.gates["repetition"].total() == 0


def test_a_site_that_floods_with_anothers_texts_has_only_its_own_refused(
    simulator: Simulator, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    makes(monkeypatch, *TEXTS)
    judged, _ = recheck(gathered(simulator, pool).offers(QUESTION), GATES)
    assert [len(inbound.quarantined) for inbound in judged] == [0, 0, 0]  # all three say the same, and each may


def test_a_rerun_reads_the_batches_again_and_asks_nobody(
    simulator: Simulator, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    makes(monkeypatch, *TEXTS)
    first = gathered(simulator, pool).offers(QUESTION)
    simulator.asked.clear()
    again = gathered(simulator, pool).offers(QUESTION)
    assert [batch.envelope for batch in again] == [batch.envelope for batch in first]
    assert "samples" not in {name for _, name in simulator.asked}


def test_only_free_gates_judge_what_arrives() -> None:
    with pytest.raises(PolicyRefused, match="gates of class F"):
        recheck([], [LengthGate(), ClosestRecordGate(COPIES)])


def test_no_class_s_code_is_in_any_reply_whatever_is_found(
    simulator: Simulator, pool: Pool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Every reply of a campaign, the coordinator's pool and every log line, with copies among what is offered."""
    sent: list[bytes] = []
    for node in range(3):
        simulator.behaviour[node] = lambda _, reply: sent.append(reply) or reply  # type: ignore[func-returns-value]
    makes(monkeypatch, f"they say that {SECRET} once more", f"the badge {PLANTED} is here", *TEXTS)
    judged, _ = recheck(gathered(simulator, pool).offers(QUESTION), [LengthGate()])
    for site in simulator.sites:
        site.observe()
    found = [site._site_gates.findings.counts("autumn") for site in simulator.sites]
    assert sum(counts.get("copy", {}).get("verbatim-copy", 0) for counts in found) > 0
    kept = canonical_json([[one.text for one in inbound.kept] for inbound in judged])
    for code in SITE_ONLY_CODES:
        assert not any(code.encode() in reply for reply in sent)
        assert code not in caplog.text
        assert code.encode() not in kept
    assert len(sent) >= 12


def test_a_plan_without_samples_is_asked_for_none(simulator: Simulator, pool: Pool) -> None:
    with Pool.open(pool._engine.url.render_as_string().replace("pool.sqlite", "other.sqlite")) as other:
        plan = make_plan()
        other.start_campaign("autumn", plan.digest, {})
        rounds = Rounds(plan, simulator, other, 2, timeout_s=5.0)
        rounds.gather()
        assert rounds.offers(QUESTION) == ()


def test_a_mutated_batch_is_refused_with_an_error_of_ours_or_says_something_else() -> None:
    body = encode(SampleBatch(campaign="autumn", plan=PLAN.digest, samples=(sample(), sample("b")), outside_dp=False))
    tried = refused = 0
    for name, data in of_message(body):
        tried += 1
        try:
            reply, _ = decode_reply(data)
            assert isinstance(reply, SampleBatch), name
            require_planned(reply, PLAN)
        except FedaugError:
            refused += 1
        else:
            assert encode(reply) == data, name
            assert {one.dependence for one in reply.samples} <= {"public", "dp"}
    assert tried > 200
    assert refused > 0.7 * tried
