"""``fedaug policy explain``: each line with its reason, and an exit status that says whether the site takes part."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.planned_sites import make_settings, reserve, tiny_plan
from tests.tiny_example import PLANNED, write_example

from fedaug.cli import run
from fedaug.privacy.canonical import canonical_json
from fedaug.privacy.events import CHARGED


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FEDAUG_DEBUG", raising=False)
    monkeypatch.delenv("FEDAUG_PASSPHRASE_FILE", raising=False)
    monkeypatch.chdir(tmp_path)
    write_example(Path("tiny"))


def explain(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = run(["policy", "explain", *arguments])
    out, err = capsys.readouterr()
    return status, out, err


def lines_of(out: str) -> dict[str, dict[str, Any]]:
    return {line["clause"]: line for line in json.loads(out)["clauses"]}


def test_a_sites_own_policy_is_told_without_a_key_and_without_a_trace(capsys: pytest.CaptureFixture[str]) -> None:
    make_settings(policy__release_kinds=["NoisyVotes"])
    before = sorted(Path("st-mary").rglob("*"))
    status, out, err = explain(capsys, "st-mary")
    assert (status, err) == (0, "")
    assert "  NoisyVotes: yes (policy.release_kinds lists it)\n" in out
    assert "  NoisyCounts: no (policy.release_kinds does not list it)\n" in out
    assert "ε of all campaigns together: at most 4 (ε 0 is spent and 4 left: privacy.epsilon is the cap)" in out
    assert sorted(Path("st-mary").rglob("*")) == before


def test_a_campaign_that_fits_is_allowed_with_a_reason_for_each_line(capsys: pytest.CaptureFixture[str]) -> None:
    make_settings(policy__max_candidates=100)
    status, out, err = explain(capsys, "st-mary", "--campaign", "tiny", "--json")
    assert (status, err) == (0, "")
    assert json.loads(out)["allowed"] is True
    lines = lines_of(out)
    assert all(line["allowed"] and line["reason"] for line in lines.values())
    assert {*CHARGED, "unit", "δ", "trust model", "who may ask", "releases without noise"} <= set(lines)
    assert lines["candidates per vote"] == {
        "clause": "candidates per vote",
        "site": 100,
        "campaign": 24,
        "in_force": 24,
        "reason": "policy.max_candidates",
        "allowed": True,
    }
    assert lines["NoisyUpdate"]["in_force"] is False
    assert lines["NoisyVotes: sensitivity"]["in_force"] == 1.0
    status, out, _ = explain(capsys, "st-mary", "--campaign", "tiny/campaign.toml")
    assert status == 0
    assert out.startswith("campaign tiny at st-mary: allowed\nok       trust model: local (")


@pytest.mark.parametrize(
    ("site", "setting", "said"),
    [
        ({}, "privacy.epsilon=5", "FA301: the site's budget cannot carry the plan"),
        ({}, "privacy.epsilon=inf", "FA302: the plan adds no noise"),
        ({}, "privacy.delta=1e-6", "FA302: the plan's δ is not privacy.delta"),
        ({}, "privacy.unit=subject", "FA302: the plan protects another unit"),
        ({"policy__release_kinds": ["NoisyVotes"]}, "seed=1", "FA302: the plan holds a release outside"),
        ({"policy__max_candidates": 23}, "seed=1", "FA302: a question of the plan has more candidates"),
    ],
)
def test_a_campaign_that_the_site_would_refuse_ends_with_3(
    site: dict[str, Any], setting: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    make_settings(**site)
    status, out, err = explain(capsys, "st-mary", "--campaign", "tiny", "--set", setting)
    assert status == 3
    assert out.startswith("campaign tiny at st-mary: refused\n")
    assert "\nREFUSED  " in "\n" + out
    assert err.startswith(said)
    assert err.count("\n") == 1


def test_what_the_ledger_has_spent_counts(capsys: pytest.CaptureFixture[str]) -> None:
    settings = make_settings()
    earlier = tiny_plan(name="earlier", **{"privacy.epsilon": 3.0})
    reserve(earlier, settings)
    status, out, err = explain(capsys, "st-mary", "--campaign", "tiny", "--json")
    assert status == 3
    assert err.startswith("FA301: the site's budget cannot carry the plan: ε 3 is spent and 1 left")
    assert lines_of(out)["ε of all campaigns together"]["campaign"] > 4.0


def test_a_plan_that_is_reserved_already_is_not_counted_twice_and_its_name_is_taken(
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings, plan = make_settings(), tiny_plan()
    reserve(plan, settings)
    Path("plan.json").write_bytes(canonical_json(plan.model_dump(mode="json")))
    status, out, _ = explain(capsys, "st-mary", "--campaign", "plan.json", "--json")
    assert status == 0
    assert math.isclose(lines_of(out)["ε of all campaigns together"]["campaign"], 4.0, rel_tol=1e-3)
    status, _, err = explain(capsys, "st-mary", "--campaign", "tiny", "--set", "privacy.epsilon=0.01")
    assert status == 3
    assert err.startswith("FA304: the campaign is known with another plan")


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"campaign": 1e999}', b"\xff", b'{"Mrs Quimby": 1}'])
def test_a_plan_that_cannot_be_read_is_one_line_and_quotes_nothing(
    data: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    make_settings()
    Path("plan.json").write_bytes(data)
    status, out, err = explain(capsys, "st-mary", "--campaign", "plan.json")
    assert (status, out) == (2, "")
    assert err.startswith(("FA101: the plan is malformed", "FA401: a message is not strict JSON"))
    assert err.count("\n") == 1
    assert "Quimby" not in err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["nowhere"], "FA101"),
        (["st-mary", "--campaign", "none.json"], "FA201"),
        (["st-mary", "--campaign", "none.toml"], "FA201"),
        (["st-mary", "--campaign", "tiny", "--set", "x"], "FA101"),
        (["st-mary", "--campaign", "p.json", "--set", "seed=1"], "FA101"),
    ],
)
def test_wrong_input_is_one_line(arguments: list[str], code: str, capsys: pytest.CaptureFixture[str]) -> None:
    make_settings()
    status, _, err = explain(capsys, *arguments)
    assert status == 2
    assert err.startswith(code)
    assert err.count("\n") == 1


def test_explaining_loads_no_model() -> None:
    make_settings()
    code = (
        "import sys; from fedaug.cli import run; status = run(['policy', 'explain', 'st-mary', '--campaign', 'tiny']); "
        "print(status, sorted({'torch', 'transformers', 'flwr', 'spacy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0 []"
    assert len(PLANNED) == len(tiny_plan().events)
