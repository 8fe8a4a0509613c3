"""What a report says of privacy follows from the plan that every site agreed to."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from tests.tiny_example import CAMPAIGN, LABELS

from fedaug.augmentation.candidates import Candidate, Dependence
from fedaug.privacy.accounting import epsilon
from fedaug.privacy.envelope import Header
from fedaug.privacy.events import Event
from fedaug.privacy.limits import LIMITS
from fedaug.privacy.vetting import GateClass, Verdict, VerdictCode
from fedaug.server.anomalies import Check, Flag
from fedaug.server.anomalies.watch import Found
from fedaug.server.campaign import load_campaign, plan_campaign
from fedaug.server.candidates import CandidateSource
from fedaug.server.coordinator import CampaignResult, VotingRound
from fedaug.server.inbound import Arrivals
from fedaug.server.pool_records import PoolSample
from fedaug.server.report import ReportData, report_json
from fedaug.server.rounds import Total
from fedaug.server.schooling import Heldout
from fedaug.server.students.evaluate import evaluate
from fedaug.server.summary import summarise
from fedaug.server.verify import Accepted


@pytest.fixture
def result(tmp_path: Path) -> CampaignResult:
    """Site a released all that was planned, site b was left out after the counts."""
    (tmp_path / "campaign.toml").write_text(CAMPAIGN)
    config = load_campaign(tmp_path / "campaign.toml")
    plan = plan_campaign(config, "small", 8)
    releases = [accepted("a", event) for event in plan.mechanisms]
    releases.append(accepted("b", plan.event("counts")))
    return CampaignResult(config, plan, sites=("a", "b"), releases=tuple(releases))


def accepted(site: str, event: Event) -> Accepted:
    """A release, as the inbound gate passes it on."""
    header = Header(1, "tiny", event.key, site, "00" * 16, "0" * 64, "0" * 64, "0" * 64)
    return Accepted(site, event, np.zeros(3), b"", header)


HELDOUT = Heldout(("x", "y"), np.array([0, 1]), np.eye(2, 8, dtype=np.float32))


def report(result: CampaignResult) -> ReportData:
    result.score = evaluate(np.array([0, 1]), HELDOUT.labels, LABELS)
    made = summarise(result, HELDOUT, datetime.now(UTC), "0")
    assert made is not None
    return made


def test_a_site_is_charged_for_the_whole_plan_whatever_arrived(result: CampaignResult) -> None:
    privacy, plan = report(result).privacy, result.plan
    whole = epsilon(plan.mechanisms, plan.delta)
    assert {name: site.epsilon for name, site in privacy.sites.items()} == {"a": whole, "b": whole}
    assert privacy.consortium_epsilon == whole
    assert privacy.sites["b"].releases["NoisyVotes"].count == 2
    assert [(release.site, release.key) for release in privacy.releases][-1] == ("b", "counts")


def test_without_held_out_texts_there_is_no_report(result: CampaignResult) -> None:
    assert summarise(result, None, datetime.now(UTC), "0") is None


def candidate(text: str, origin: str, source: str = "", parents: tuple[str, ...] = ()) -> Candidate:
    return Candidate(text, origin, source, "card_arrival", parents, Dependence.DP)


def pooled(made: Candidate) -> PoolSample:
    return PoolSample(
        made.text, "card_arrival", 1.0, 1, made.origin, made.source, Dependence.DP, made.parents, scores={"votes": 1.0}
    )


def test_a_sample_names_the_generator_that_its_text_goes_back_to(result: CampaignResult) -> None:
    first = candidate("where is my card", "public-corpus", "clinc150")
    second = candidate("where is the card", "word-swap", parents=(first.sample_id,))
    third = candidate("where is the new card", "splice", parents=(second.sample_id, "f" * 64))
    result.samples = [pooled(third)]
    result.ancestry = {one.sample_id: one for one in (first, second, third)}
    (shown,) = report(result).samples.gallery
    assert (shown.generator, shown.operator, shown.parent) == ("public-corpus (clinc150)", "splice", second.text)
    assert (shown.parents, shown.dependence) == (2, "dp")


def test_a_sample_whose_parents_are_not_known_names_no_generator(result: CampaignResult) -> None:
    result.samples = [pooled(candidate("where is the card", "word-swap", parents=("f" * 64,)))]
    (shown,) = report(result).samples.gallery
    assert (shown.generator, shown.operator, shown.parent) == ("", "word-swap", None)


def test_every_gate_that_ran_is_in_the_funnel_with_its_class_and_reasons(result: CampaignResult) -> None:
    source = CandidateSource(result.config, [])
    source.vary({"card_arrival": [candidate("a", "x"), candidate("b", "y")]}, 0)  # nothing can be made of these
    made = source.generate()
    source.generate()  # the same candidates once more
    result.funnel = source.funnel
    data = report(result)
    assert data.vetting is not None
    assert [gate.gate for gate in data.vetting.gates] == ["length", "repetition", "duplicate", "identifier"]
    assert {gate.gate_class for gate in data.vetting.gates} == {"F"}
    again = data.vetting.gates[2]
    assert (again.refused, again.reasons) == (source.funnel.offered // 2, {"duplicate": source.funnel.offered // 2})
    assert (data.vetting.offered, data.vetting.accepted) == (source.funnel.offered, len(made))
    assert data.samples.rejected["duplicate"] == again.refused


def test_cards_tell_what_is_in_the_pool_and_which_labels_are_weak(result: CampaignResult) -> None:
    result.samples = [pooled(candidate("where is my card", "public-corpus", "clinc150"))]
    result.score = evaluate(np.array([0, 0]), HELDOUT.labels, LABELS)
    data = summarise(result, HELDOUT, datetime.now(UTC), "0")
    assert data is not None
    assert data.cards is not None
    card = data.cards.data
    assert (card.samples, card.labels, card.labels_empty) == (1, 1, 2)
    assert (card.origins, card.dependence) == ({"public-corpus (clinc150)": 1}, {"dp": 1})
    student = data.cards.student
    assert [(weak.label, weak.accuracy) for weak in student.weakest] == [(LABELS[1], 0.0)]
    assert student.never_right == 1
    assert student.epsilon == data.privacy.sites["a"].epsilon


def test_texts_that_sites_sent_are_offered_too_and_what_was_refused_of_them_is_counted(result: CampaignResult) -> None:
    came = Arrivals(arrived=7, quarantined=2, gates={"length": Counter({VerdictCode.TOO_SHORT: 2})})
    result.funnel.offered = 10
    result.funnel.note(["length"], GateClass.FREE)
    result.funnel.note(["support"], GateClass.CHARGED)
    result.funnel.refuse([Verdict("length", VerdictCode.TOO_LONG), Verdict("support", VerdictCode.UNSUPPORTED)])
    result.arrivals = came
    vetting = report(result).vetting
    assert vetting is not None
    assert (vetting.offered, vetting.accepted, vetting.arrived, vetting.quarantined) == (17, 13, 7, 2)
    assert [(gate.gate, gate.gate_class, gate.refused) for gate in vetting.gates] == [
        ("length", "F", 3),
        ("support", "D", 1),
    ]
    assert vetting.gates[0].reasons == {"too-long": 1, "too-short": 2}


def test_no_value_of_a_site_keeps_the_report_from_being_made(result: CampaignResult) -> None:
    """A release may hold values of 1e12 each: sums, lengths and quotients of them are larger than a report takes."""
    huge = np.full(40, 3 * LIMITS.release_magnitude)
    result.rounds.append(VotingRound(0, 40, 10, huge, 5.0, None))
    result.rounds.append(VotingRound(1, 40, 10, -huge, 5.0, None))
    result.site_metric = Total(np.array([3e12, -3e12]), 5.0, result.releases)
    result.found = Found((Flag("a", Check.SUMS_AGAINST_COUNTS, "statistics", 1e14, 1e13, 0.001),), 1)
    made = report(result)
    assert report_json(made)
    assert made.anomalies is not None
    assert [flag.figure for flag in made.anomalies.flags] == [1e12]
    assert made.rounds[0].votes is not None
    assert made.rounds[0].votes.maximum == 1e12


def test_flags_and_the_rule_are_told_as_the_campaign_ran(result: CampaignResult) -> None:
    result.found = Found((Flag("b", Check.ONE_CANDIDATE, "votes/1", 80.0, 30.0, 0.001),), 12)
    told = report(result).anomalies
    assert told is not None
    assert (told.rule, told.hostile, told.on_anomaly, told.checks) == ("sum", None, "flag", 12)
    assert [(flag.site, flag.check, flag.release, flag.set_aside) for flag in told.flags] == [
        ("b", Check.ONE_CANDIDATE, "votes/1", False)
    ]
