"""A campaign's plan costs its budget, and what is wrong with its settings is told by name and without the value."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from tests.tiny_example import CAMPAIGN

from fedaug.errors import ConfigError, FedaugError, InvalidBudget, MissingFile
from fedaug.privacy.accounting import epsilon
from fedaug.privacy.events import AboveThresholdEvent
from fedaug.server.aggregation import AggregationSettings, why_impossible
from fedaug.server.campaign import load_campaign, plan_campaign
from fedaug.strategies.messages import CampaignPlan

BUDGETS = [(0.3, 1e-6), (1.0, 1e-5), (4.0, 1e-5), (16.0, 1e-7)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "campaign.toml").write_text(CAMPAIGN)
    return tmp_path / "campaign.toml"


def plan(path: Path, **overrides: Any) -> CampaignPlan:
    named = {name.replace("__", "."): value for name, value in overrides.items()}
    return plan_campaign(load_campaign(path, named), "small", 8)


@pytest.mark.parametrize(("budget", "delta"), BUDGETS)
@pytest.mark.parametrize("rounds", [1, 7])
def test_a_plan_costs_no_more_than_its_budget_and_at_most_one_per_cent_less(
    path: Path, budget: float, delta: float, rounds: int
) -> None:
    made = plan(path, privacy__epsilon=budget, privacy__delta=delta, steering__rounds=rounds)
    cost = epsilon(made.mechanisms, delta)
    assert 0.99 * budget <= cost <= budget
    assert [event.key for event in made.mechanisms] == [
        "counts",
        "statistics",
        *(f"votes/{turn}" for turn in range(rounds)),
        "metric",
    ]


def test_a_share_is_a_share_of_one_over_the_noises_variance(path: Path) -> None:
    made = plan(path, privacy__shares__statistics=0.9, privacy__shares__counts=0.1, steering__rounds=1)
    noise = {event.key: event.noise_multiplier for event in made.mechanisms}
    assert (noise["counts"] / noise["statistics"]) ** 2 == pytest.approx(9)


@pytest.mark.parametrize("rounds", [1, 4])
def test_all_rounds_of_votes_share_one_share(path: Path, rounds: int) -> None:
    made = plan(path, privacy__shares__votes=0.3, privacy__shares__counts=0.1, steering__rounds=rounds)
    weight = {event.key: event.noise_multiplier**-2 for event in made.mechanisms}
    votes = sum(value for key, value in weight.items() if key.startswith("votes/"))
    assert votes / weight["counts"] == pytest.approx(3)


def test_with_the_noise_off_no_release_has_any(path: Path) -> None:
    made = plan(path, privacy__epsilon=math.inf)
    assert {event.noise_std for event in made.mechanisms} == {0.0}
    assert made.budget.noise_off
    assert CampaignPlan.model_validate_json(made.model_dump_json()) == made


def test_equal_settings_give_equal_plans(path: Path) -> None:
    assert plan(path).digest == plan(path).digest
    assert plan(path, seed=4).digest == plan(path).digest, "a seed changes no release"
    assert plan(path, name="other").digest != plan(path).digest


SECRET = 271828.1828
WRONG: dict[str, tuple[dict[str, Any], type[FedaugError], str]] = {
    "ε is no number": ({"privacy.epsilon": math.nan}, InvalidBudget, "privacy.epsilon"),
    "ε is zero": ({"privacy.epsilon": 0}, InvalidBudget, "privacy.epsilon"),
    "ε is negative": ({"privacy.epsilon": -SECRET}, InvalidBudget, "privacy.epsilon"),
    "ε is text": ({"privacy.epsilon": str(SECRET) + "x"}, InvalidBudget, "privacy.epsilon"),
    "δ is one": ({"privacy.delta": 1}, InvalidBudget, "privacy.delta"),
    "δ is no number": ({"privacy.delta": math.nan}, InvalidBudget, "privacy.delta"),
    "a setting is unknown": ({"privacy.epsilom": SECRET}, ConfigError, "privacy.epsilom"),
    "a table is unknown": ({"privcy.epsilon": SECRET}, ConfigError, "privcy"),
    "a label is listed twice": ({"labels": ["a", "a"]}, ConfigError, "a label is listed twice"),
    "there is one label": ({"labels": ["a"]}, ConfigError, "labels"),
    "words are for no label": ({"label_words": {"b": "c"}}, ConfigError, "words are given for a label"),
    "a share is zero": ({"privacy.shares.votes": 0}, ConfigError, "privacy.shares.votes"),
    "the unit is unknown": ({"privacy.unit": "ward"}, ConfigError, "privacy.unit"),
    "the trust model is not built": ({"privacy.trust_model": "secure-sum"}, ConfigError, "privacy.trust_model"),
    "there are no rounds": ({"steering.rounds": 0}, ConfigError, "steering.rounds"),
    "no site is needed": ({"minimum_sites": 0}, ConfigError, "minimum_sites"),
    "the name is too long": ({"name": "n" * 101}, ConfigError, "name"),
    "nothing makes candidates": ({"candidates": []}, ConfigError, "candidates"),
    "a value is taken for a table": ({"title.part": SECRET}, ConfigError, "title.part"),
}


@pytest.mark.parametrize("what", WRONG)
def test_the_setting_is_named_and_its_value_is_not_when(path: Path, what: str) -> None:
    overrides, error, named = WRONG[what]
    with pytest.raises(error) as refused:
        load_campaign(path, overrides)
    assert named in str(refused.value)
    assert str(SECRET) not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_file_that_is_missing_or_no_toml_is_told_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(MissingFile, match=r"campaign\.toml"):
        load_campaign(tmp_path / "campaign.toml")
    for data in (b"name = ", b"\xff", b"a = 1\na = 2"):
        (tmp_path / "campaign.toml").write_bytes(data)
        with pytest.raises(ConfigError, match=r"campaign\.toml is not TOML"):
            load_campaign(tmp_path / "campaign.toml")


def test_overrides_leave_what_they_do_not_name(path: Path) -> None:
    config = load_campaign(path, {"privacy.epsilon": 2.0, "steering.rounds": 5})
    assert config.budget.epsilon == 2.0
    assert config.privacy.delta == 1e-5
    assert config.steering.candidates_per_label == 8


NEARNESS = {"nearness__radius": 0.5, "nearness__units": 20}


@pytest.mark.parametrize("positives", [1, 8, 100, 5_000])
def test_a_question_of_nearness_is_paid_out_of_the_same_budget(path: Path, positives: int) -> None:
    made = plan(path, **NEARNESS, nearness__positives=positives)
    event = made.event("support")
    assert isinstance(event, AboveThresholdEvent)
    assert (event.sensitivity, event.positives) == (1.0, positives)
    assert 0.99 * 4 <= epsilon(made.mechanisms, 1e-5) <= 4
    assert event.pure_epsilon < 4
    assert event.query_scale / event.threshold_scale == 2 ** round(math.log2(positives) / 3)
    assert made.nearness is not None
    assert (made.nearness.radius, made.nearness.units, made.nearness.candidates) == (0.5, 20, 500)


def test_a_question_of_nearness_costs_about_its_share(path: Path) -> None:
    """Its ε0²/2 is to the Gaussian releases' 1/2σ² as the shares are: so it is planned, and scaled with them."""
    made = plan(path, **NEARNESS, privacy__shares__nearness=0.2, privacy__shares__metric=0.1)
    event = made.event("support")
    assert isinstance(event, AboveThresholdEvent)
    assert event.pure_epsilon**2 / made.event("metric").noise_std ** -2 == pytest.approx(2, rel=1e-3)


def test_a_plan_without_these_tables_has_neither_release_nor_field(path: Path) -> None:
    made = plan(path)
    assert (made.nearness, made.samples) == (None, None)
    assert {"nearness", "samples"}.isdisjoint(made.model_dump())


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"aggregation.rule": "krum"}, 'aggregation.rule = "krum" with hostile = 1 needs minimum_sites of at least 5'),
        ({"aggregation.rule": "multi-krum", "aggregation.hostile": 2}, "of at least 7"),
        ({"aggregation.rule": "trimmed-mean", "aggregation.hostile": 2}, "of at least 5"),
        ({"aggregation.rule": "median", "minimum_sites": 2}, "of at least 3"),
        ({"aggregation.units_per_site": 500}, "units_per_site is for rule"),
        ({"aggregation.rule": "median", "support.units": 3}, "support counts units by the sum of votes"),
        ({"aggregation.rule": "mean"}, "aggregation.rule"),
        ({"aggregation.on_anomaly": "shoot"}, "aggregation.on_anomaly"),
        ({"aggregation.false_alarm": math.nan}, "aggregation.false_alarm"),
        ({"aggregation.most_votes": 0}, "aggregation.most_votes"),
        ({"aggregation.hostile": -1}, "aggregation.hostile"),
    ],
)
def test_an_aggregation_that_cannot_work_is_refused(path: Path, settings: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_campaign(path, settings)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "settings", [{"rule": "median", "hostile": 1}, {"rule": "norm-bound"}, {"on_anomaly": "set-aside"}]
)
def test_what_needs_each_sites_values_is_refused_under_a_secure_sum(settings: dict[str, Any]) -> None:
    made = AggregationSettings(**settings)
    assert why_impossible(made, "local", 5) is None
    assert "a secure sum hides them" in str(why_impossible(made, "secure-sum", 5))
    assert why_impossible(AggregationSettings(), "secure-sum", 1) is None


def test_the_rule_changes_no_plan_since_it_changes_no_release(path: Path) -> None:
    assert plan(path).digest == plan(path, aggregation__rule="median", aggregation__on_anomaly="set-aside").digest
