"""The examples with adapters: the campaigns of the plain ones, but for what is said of models."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from tests.adapted_sites import tiny_base

from fedaug.augmentation.space import PACKAGED_SPACE
from fedaug.cli import run
from fedaug.client.settings import SiteSettings
from fedaug.privacy.accounting import epsilon
from fedaug.server.campaign import plan_campaign
from fedaug.simulation.example import Example

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
NAMES = ("banking", "clinic")


def settings(folder: str, name: str = "campaign.toml") -> dict[str, Any]:
    return tomllib.loads((EXAMPLES / folder / name).read_text("utf-8"))


@pytest.mark.parametrize("name", NAMES)
def test_labels_gates_and_records_are_those_of_the_plain_example(name: str) -> None:
    plain, adapted = settings(name), settings(f"{name}-adapters")
    assert {"adaptation", "samples"} <= adapted.keys() - plain.keys()
    assert all(adapted[part] == plain[part] for part in ("labels", "gates", "candidates"))
    assert settings(name, "simulation.toml")["data"] | {"made_up_notes": 500} == (
        settings(f"{name}-adapters", "simulation.toml")["data"] | {"made_up_notes": 500}
    )


@pytest.mark.parametrize("name", NAMES)
def test_300_steps_are_planned_within_an_epsilon_of_8(name: str, tmp_path: Path) -> None:
    model = tiny_base(tmp_path / "tiny")
    example = Example.load(EXAMPLES / f"{name}-adapters", {"adaptation.model": str(model)})
    plan = plan_campaign(example.campaign, *PACKAGED_SPACE)
    assert plan.adapter_event.steps == 300
    assert epsilon([plan.adapter_event], plan.delta) > 6
    assert 7.99 < epsilon(plan.mechanisms, plan.delta) <= 8


def test_the_budget_and_the_policy_tell_of_the_adapter(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = tiny_base(tmp_path / "tiny")
    folder, asked = str(EXAMPLES / "clinic-adapters"), f"adaptation.model={model}"
    assert run(["budget", "plan", folder, "--set", asked]) == 0
    assert "adapter  NoisyUpdate" in (told := capsys.readouterr().out)
    assert "300 steps on samples of 5 %" in told
    given = {"privacy__epsilon": 8.0, "privacy__delta": 1e-5, "source__columns__label": "label"}
    given |= {"samples__generators": ("language-model",), "adaptation__model": str(model)}
    site = tmp_path / "st-mary"
    SiteSettings.create(site, name="st-mary", source__path="notes.csv", source__columns__text="note", **given)
    assert run(["policy", "explain", str(site), "--campaign", folder, "--set", asked]) == 0
    told = capsys.readouterr().out
    assert "ok       language model adapted" in told
    assert "ok       base model: tiny (" in told
    assert "at most 300" in told
