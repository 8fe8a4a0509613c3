"""What a report says of privacy follows from the releases alone, site by site."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from tests.tiny_example import CAMPAIGN, LABELS

from fedaug.privacy.accounting import epsilon
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
    releases = [Accepted("a", event, np.zeros(3), b"") for event in plan.mechanisms]
    releases.append(Accepted("b", plan.event("counts"), np.zeros(3), b""))
    return CampaignResult(config, plan, sites=("a", "b"), releases=tuple(releases))


HELDOUT = Heldout(("x", "y"), np.array([0, 1]), np.eye(2, 8, dtype=np.float32))


def report(result: CampaignResult) -> ReportData:
    result.score = evaluate(np.array([0, 1]), HELDOUT.labels, LABELS)
    made = summarise(result, HELDOUT, datetime.now(UTC), "0")
    assert made is not None
    return made


def test_a_site_is_charged_for_what_it_released_and_the_consortium_for_the_costliest(result: CampaignResult) -> None:
    privacy, plan = report(result).privacy, result.plan
    assert privacy.sites["a"].epsilon == pytest.approx(epsilon(plan.mechanisms, plan.delta))
    assert privacy.sites["b"].epsilon == pytest.approx(epsilon([plan.event("counts")], plan.delta))
    assert privacy.sites["b"].epsilon < privacy.sites["a"].epsilon == privacy.consortium_epsilon
    assert privacy.sites["a"].releases["NoisyVotes"].count == 2
    assert [(release.site, release.key) for release in privacy.releases][-1] == ("b", "counts")


def test_without_held_out_texts_there_is_no_report(result: CampaignResult) -> None:
    assert summarise(result, None, datetime.now(UTC), "0") is None
