"""What the benchmark of adapters holds its figures to; other accountants are asked about the same mechanism."""

from __future__ import annotations

from typing import Any

import pytest
from benchmarks.adapters import accounted, bars
from tests.small import make_plan
from tests.unit.strategies.test_messages import ADAPTING

from fedaug.privacy.discretisation import grid_for
from fedaug.privacy.events import ReleaseKind, SubsampledGaussianEvent

FOUND: dict[str, Any] = {
    "seconds": 600.0,
    "stated": 8.0,
    "epsilon": {"fedaug": 7.9, "Opacus RDP": 9.5, "Opacus PRV": 7.91, "dp-accounting PLD": 7.9},
    "before": {"perplexity": 100.0},
    "after": {"perplexity": 60.0},
    "audit": [{"run": "true", "passed": True, "caught": []}, {"run": "noise off", "passed": False, "caught": ["it"]}],
}


def test_figures_that_show_all_meet_every_bar() -> None:
    assert all(bars(FOUND).values())
    assert len(bars(FOUND)) == 6


@pytest.mark.parametrize(
    "worse",
    [
        {"seconds": 900.0},
        {"stated": 7.8},
        {"epsilon": FOUND["epsilon"] | {"dp-accounting PLD": 8.2}},
        {"epsilon": FOUND["epsilon"] | {"Opacus RDP": 10.0}},
        {"after": {"perplexity": 100.0}},
        {"audit": [{"run": "true", "passed": False, "caught": []}]},
        {"audit": [{"run": "noise off", "passed": False, "caught": []}]},
    ],
)
def test_one_figure_that_falls_short_misses_its_bar(worse: dict[str, Any]) -> None:
    assert list(bars(FOUND | worse).values()).count(False) == 1


def test_other_accountants_find_the_same_epsilon() -> None:
    event = SubsampledGaussianEvent("adapter", ReleaseKind.NOISY_UPDATE, 0.3, 0.3, grid_for(0.3), 300_000, 0.05, 60)
    plan = make_plan(events=(event.as_dict(),), adaptation=ADAPTING.adaptation)
    found = accounted(plan)["epsilon"]
    assert set(found) == {"fedaug", "Opacus RDP", "Opacus PRV", "dp-accounting PLD"}
    assert found["dp-accounting PLD"] == pytest.approx(found["fedaug"], rel=5e-3)
    assert found["Opacus PRV"] == pytest.approx(found["fedaug"], rel=2e-2)
    assert found["Opacus RDP"] >= found["fedaug"]
