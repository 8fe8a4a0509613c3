"""Membership inference: catches a system that copies, and stays at chance where nobody is a member of anything."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from fedaug.errors import BadNumber, ConfigError
from fedaug.privacy.audit.findings import Population
from fedaug.privacy.audit.intervals import Rate
from fedaug.privacy.audit.membership import (
    MembershipFinding,
    density_scores,
    likelihood_ratio_scores,
    loss_scores,
    membership,
    roc,
)
from fedaug.privacy.vetting.gate import GateClass

#: Chance that a check of chance level fails although the attack knows nothing: it draws once, from a fixed seed.
FALSE_ALARM = 1e-6
PLANTED = (Population.PLANTED, Population.PLANTED)
Floats = NDArray[np.float64]


def unit(rng: np.random.Generator, count: int) -> Floats:
    rows = rng.normal(size=(count, 16)) + 1
    normalised: Floats = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return normalised


def at_chance(share: float, trials: int, chance: float) -> bool:
    low, high = stats.binom.ppf([FALSE_ALARM / 2, 1 - FALSE_ALARM / 2], trials, chance)
    return bool(low <= share * trials <= high)


def test_samples_that_copy_members_are_caught() -> None:
    rng = np.random.default_rng(0)
    members, others, public = unit(rng, 300), unit(rng, 300), unit(rng, 600)
    copies = members + rng.normal(0, 0.02, members.shape)
    for reference in (public, None):
        scores = [density_scores(group, copies, reference) for group in (members, others)]
        finding = membership("density", *scores, populations=PLANTED)
        assert finding.interval[0] > 0.9
        assert finding.auc > 0.99


def test_samples_of_the_same_kind_that_copy_nobody_are_at_chance() -> None:
    rng = np.random.default_rng(1)
    members, others, public, samples = unit(rng, 500), unit(rng, 1_000), unit(rng, 600), unit(rng, 600)
    scores = [density_scores(group, samples, public) for group in (members, others)]
    finding = membership("density", *scores, populations=PLANTED)
    assert at_chance(finding.caught.share, 500, 0.01)
    # The standard deviation of the AUC of scores that know nothing (Mann & Whitney 1947), five of which are the limit.
    assert abs(finding.auc - 0.5) < 5 * math.sqrt((500 + 1_000 + 1) / (12 * 500 * 1_000))


def test_the_public_base_takes_out_how_easy_a_text_is() -> None:
    rng = np.random.default_rng(2)
    easy = rng.normal(50, 20, 1_000)  # what the public base says of members, then of others
    learnt = easy - np.repeat([3.0, 0.0], 500) + rng.normal(0, 0.5, 1_000)
    by_loss = loss_scores(learnt)
    by_ratio = likelihood_ratio_scores(learnt, easy)
    weak = membership("loss", by_loss[:500], by_loss[500:], populations=PLANTED)
    strong = membership("ratio", by_ratio[:500], by_ratio[500:], populations=PLANTED)
    assert strong.interval[0] > 0.9 > 0.1 > weak.interval[1]
    assert strong.auc > 0.99


def test_a_model_that_learnt_nothing_from_members_is_at_chance() -> None:
    rng = np.random.default_rng(3)
    easy = rng.normal(50, 20, 1_000)
    ratio = likelihood_ratio_scores(easy + rng.normal(0, 0.5, 1_000), easy)
    assert at_chance(membership("ratio", ratio[:500], ratio[500:], populations=PLANTED).caught.share, 500, 0.01)


def test_no_more_false_alarms_are_given_than_allowed() -> None:
    scores = np.arange(300.0)
    finding = membership("any", [299.0, 296.5, 296.0, 0.0], scores, populations=PLANTED)
    assert (finding.false_alarms.successes, finding.caught.successes) == (3, 2)
    few = membership("any", [99.0, 100.0], np.arange(99.0), populations=PLANTED)
    assert (few.false_alarms.successes, few.caught.successes) == (0, 2)


def test_scores_that_know_nothing_are_hardly_ever_said_to_find_members() -> None:
    """A threshold that 200 scores decide may truly let 3 % through; taking it for 1 % finds members where none are."""
    found = naive = 0
    for seed in range(300):
        inside, outside = np.random.default_rng(seed).normal(size=(2, 200))
        finding = membership("none", inside, outside, populations=PLANTED)
        found += finding.detected
        naive += finding.interval[0] > 0.01
    assert found <= 16  # of 300 at 1 in 40 at most: 17 or more are seen with a chance below 0.002
    assert naive > 30  # what the wider margin is for


def test_a_leak_is_said_to_be_one() -> None:
    scores = np.random.default_rng(0).normal(size=(2, 200))
    finding = membership("some", scores[0] + np.arange(200) % 5, scores[1], populations=PLANTED)
    assert finding.detected
    assert finding.beyond[0] > 0


def test_what_few_others_leave_possible_is_in_the_interval_beside_which_no_leak_is_told() -> None:
    """13 of 226 members above a threshold that 226 others set at 1 %: they may truly be above it in 3.5 %."""
    finding = MembershipFinding("density", PLANTED, Rate(13, 226), Rate(1, 226), 0.45, 0.95)
    assert not finding.detected
    assert finding.interval[0] > 0.03
    assert finding.beyond == pytest.approx((-0.0073, 0.1023), abs=1e-4)


def test_equal_scores_call_nobody_a_member() -> None:
    finding = membership("any", np.zeros(200), np.zeros(200), populations=PLANTED)
    assert (finding.caught.successes, finding.false_alarms.successes, finding.auc) == (0, 0, 0.5)


def test_the_area_is_that_under_the_curve() -> None:
    rng = np.random.default_rng(4)
    members, others = rng.integers(0, 9, 60) + 2.0, rng.integers(0, 9, 80) * 1.0  # many ties
    false, true = roc(members, others)
    assert (false[0], true[0], false[-1], true[-1]) == (0, 0, 1, 1)
    assert np.all(np.diff(false) >= 0)
    assert np.all(np.diff(true) >= 0)
    area = membership("any", members, others, populations=PLANTED).auc
    assert area == pytest.approx(float(np.trapezoid(true, false)))
    assert area == pytest.approx(np.mean((members[:, None] > others) + 0.5 * (members[:, None] == others)))


@pytest.mark.parametrize(("members", "shown"), [(100, 0.74), (200, 0.94)])
def test_the_power_is_the_one_that_the_docstring_states(members: int, shown: float) -> None:
    intervals = [membership("any", [2.0] * k + [0.0] * (members - k), [1.0], populations=PLANTED).interval
                 for k in range(20)]  # fmt: skip
    least = next(k for k, interval in enumerate(intervals) if interval[0] > 0.01)
    assert stats.binom.sf(least - 1, members, 0.05) == pytest.approx(shown, abs=0.005)


def test_the_finding_has_the_report_s_fields_and_its_class() -> None:
    finding = membership("loss", [3.0, 1.0], [2.0], populations=(Population.REAL, Population.REAL))
    assert finding.finding_class is GateClass.SITE_ONLY
    assert finding.as_dict() == {
        "attack": "loss",
        "class": "S",
        "populations": ["real", "real"],
        "members": 2,
        "non_members": 1,
        "tpr_at_1pct_fpr": 0.5,
        "interval": pytest.approx([0.0126, 0.9874], abs=1e-4),
        "auc": 0.5,
    }


def test_scores_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(BadNumber, match="NaN or infinite"):
        membership("any", [math.nan], [1.0], populations=PLANTED)
    with pytest.raises(ConfigError, match="no scores"):
        membership("any", [], [1.0], populations=PLANTED)
    with pytest.raises(ConfigError, match="two losses"):
        likelihood_ratio_scores([1.0, 2.0], [1.0])
    with pytest.raises(ConfigError, match="false positive rate"):
        membership("any", [1.0], [1.0], populations=PLANTED, allowed=1.0)
