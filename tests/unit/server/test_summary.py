"""What a report says of privacy follows from the plan that every site agreed to."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from tests.tiny_example import CAMPAIGN, LABELS

from fedaug.privacy.accounting import epsilon
from fedaug.privacy.envelope import Header
from fedaug.privacy.events import Event
from fedaug.server.campaign import load_campaign, plan_campaign
from fedaug.server.coordinator import CampaignResult
from fedaug.server.report import ReportData
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
