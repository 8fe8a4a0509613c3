"""``fedaug budget plan``: how ε is split before anything is released, and which site can carry it."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.planned_sites import make_settings, reserve, tiny_plan
from tests.tiny_example import PLANNED, write_example

from fedaug.cli import run
from fedaug.client.budget import Standing, release_costs, room_for, standing
from fedaug.client.ledger_file import existing_ledger
from fedaug.errors import AlreadyReleased, BudgetExceeded
from fedaug.privacy.accounting import calibrate, epsilon
from fedaug.privacy.accounting.filter import campaigns_epsilon
from fedaug.privacy.discretisation import grid_for
from fedaug.privacy.events import DiscreteGaussianEvent, Event, ReleaseKind
from fedaug.privacy.ledger import Ledger
from fedaug.privacy.units import Budget, PrivacyUnit

DELTA = 1e-5


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FEDAUG_DEBUG", raising=False)
    monkeypatch.chdir(tmp_path)
    write_example(Path("tiny"))


def plan(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any, str]:
    status = run(["budget", "plan", "tiny", *arguments])
    out, err = capsys.readouterr()
    return status, json.loads(out) if "--json" in arguments else out, err


def test_the_split_is_shown_before_anything_is_released(capsys: pytest.CaptureFixture[str]) -> None:
    status, found, err = plan(capsys, "--json")
    assert (status, err) == (0, "")
    releases = found["releases"]
    assert [release["key"] for release in releases] == list(PLANNED)
    assert math.isclose(sum(release["share"] for release in releases), 1.0)
    assert math.isclose(next(r["share"] for r in releases if r["key"] == "statistics"), 0.65, rel_tol=1e-3)
    assert {release["mechanism"] for release in releases} == {"discrete_gaussian"}
    so_far = [release["cumulative_epsilon"] for release in releases]
    assert so_far == sorted(so_far)
    assert so_far[-1] == found["epsilon"]
    assert 3.99 < found["epsilon"] <= found["stated"] == 4.0
    assert releases[0]["epsilon"] == so_far[0]
    _, text, _ = plan(capsys)
    assert text.startswith(
        "campaign tiny: 5 releases per site, ε per record at δ 1e-05\n  counts  NoisyCounts  discrete"
    )
    assert text.splitlines()[-1] == "total: ε 4 of 4 that the campaign states"


def test_each_site_is_told_by_how_much_it_falls_short_and_what_it_could_carry(
    capsys: pytest.CaptureFixture[str],
) -> None:
    make_settings("rich", privacy__epsilon=10.0)
    reserve(tiny_plan(name="earlier", **{"privacy.epsilon": 3.0}), make_settings("poor"))
    sites = ["--site", "rich/site.toml", "--site", "poor"]
    status, found, err = plan(capsys, *sites, "--json")
    assert status == 3
    assert err.startswith("FA301: the budget of poor cannot carry the campaign")
    rich, poor = found["sites"]["rich"], found["sites"]["poor"]
    assert (rich["carries"], rich["spent"], rich["left"], rich["over"]) == (True, 0.0, 10.0, 0.0)
    assert rich["after"] == found["epsilon"] == rich["largest_epsilon"]
    assert poor["carries"] is False
    assert math.isclose(poor["over"], poor["after"] - 4.0)
    largest = poor["largest_epsilon"]
    assert 1.0 < largest < 3.0
    status, again, err = plan(capsys, *sites, "--epsilon", str(largest), "--json")
    assert (status, err) == (0, "")
    assert again["sites"]["poor"]["after"] <= 4.0
    assert plan(capsys, *sites, "--epsilon", str(largest * 1.01))[0] == 3
    text = plan(capsys, *sites)[1].splitlines()[-1]
    assert text.startswith(f"site poor: spent 3 of 4; one more campaign may state up to ε {largest:.4g}; after ")
    assert ": it cannot, by ε " in text
    assert "left" not in text, "ε of campaigns does not add up"


def test_what_is_promised_is_what_the_ledger_then_does(capsys: pytest.CaptureFixture[str]) -> None:
    made = make_settings("poor")
    reserve(tiny_plan(name="earlier", **{"privacy.epsilon": 3.0}), made)
    largest = plan(capsys, "--site", "poor", "--json")[1]["sites"]["poor"]["largest_epsilon"]
    with pytest.raises(BudgetExceeded):
        reserve(tiny_plan(**{"privacy.epsilon": largest * 1.01}), made)
    reserve(tiny_plan(**{"privacy.epsilon": largest}), made)


def test_a_campaign_that_is_reserved_already_costs_nothing_more(capsys: pytest.CaptureFixture[str]) -> None:
    reserve(tiny_plan(), make_settings())
    status, found, _ = plan(capsys, "--site", "st-mary", "--json")
    assert status == 0
    assert found["sites"]["st-mary"]["after"] == found["sites"]["st-mary"]["spent"] > 3.9
    assert found["sites"]["st-mary"]["charged"] is True
    text = plan(capsys, "--site", "st-mary")[1].splitlines()[-1]
    assert text.endswith("this campaign: already charged under this name; costs nothing more")


@pytest.mark.parametrize("setting", ["privacy.records_per_unit=7", "privacy.epsilon=0.01"])
def test_a_name_that_the_ledger_knows_with_another_plan_is_not_carried_however_little_it_costs(
    setting: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the first setting the releases are the same, and yet it is another plan."""
    made = make_settings(privacy__epsilon=10.0)
    make_settings("new", privacy__epsilon=10.0)
    reserve(tiny_plan(), made)
    sites = ["--site", "st-mary", "--site", "new"]
    status, found, err = plan(capsys, *sites, "--set", setting, "--json")
    assert status == 3
    assert err.startswith("FA304: the campaign is known with another plan at st-mary; ")
    assert err.count("\n") == 1
    known, new = found["sites"]["st-mary"], found["sites"]["new"]
    assert (known["carries"], known["taken"], known["over"], known["largest_epsilon"]) == (False, True, 0.0, 0.0)
    assert known["after"] == known["spent"] > 3.9
    assert (new["carries"], new["taken"]) == (True, False)
    text = plan(capsys, *sites, "--set", setting)[1].splitlines()
    assert text[-2].endswith(": it cannot, since it knows the campaign with another plan")
    assert text[-1].endswith(": it can carry it")
    name, value = setting.split("=")
    other = tiny_plan(**{name: float(value) if "." in value else int(value)})
    assert (other.mechanisms == tiny_plan().mechanisms) is (name == "privacy.records_per_unit")
    with pytest.raises(AlreadyReleased):
        reserve(other, made)
    assert plan(capsys, *sites, "--set", setting, "--set", "name=another")[0] == 0


def test_a_campaign_that_is_reserved_already_costs_nothing_more_if_some_of_it_was_given_back(
    capsys: pytest.CaptureFixture[str],
) -> None:
    made = make_settings()
    reserve(tiny_plan(), made)
    ledger = existing_ledger(Path("st-mary"), made)
    assert ledger is not None
    with ledger:
        ledger.void("tiny", list(PLANNED)[-1])
    status, found, _ = plan(capsys, "--site", "st-mary", "--json")
    assert status == 0
    assert found["sites"]["st-mary"]["after"] == found["sites"]["st-mary"]["spent"] < 4.0


def test_without_noise_every_epsilon_is_infinite_and_only_a_site_without_a_cap_carries_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    make_settings()
    make_settings("open", privacy__epsilon="inf", policy__allow_noise_off=True)
    status, found, _ = plan(capsys, "--epsilon", "inf", "--site", "open", "--site", "st-mary", "--json")
    assert status == 3
    assert found["epsilon"] == "inf"
    assert found["sites"]["open"]["carries"] is True
    assert (
        found["sites"]["st-mary"] | {"carries": False, "over": "inf", "largest_epsilon": 0.0}
        == (found["sites"]["st-mary"])
    )
    assert [release["share"] for release in found["releases"]] == [None] * len(PLANNED)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--site", "nowhere"], "FA101"),
        (["--epsilon", "0"], "FA102"),
        (["--epsilon", "nan"], "FA102"),
        (["--set", "no-setting=1"], "FA101"),
        (["--site", "st-mary", "--site", "st-mary/site.toml"], "FA101"),
    ],
)
def test_wrong_input_is_one_line(arguments: list[str], code: str, capsys: pytest.CaptureFixture[str]) -> None:
    make_settings()
    status, _, err = plan(capsys, *arguments)
    assert status == 2
    assert err.startswith(code)
    assert err.count("\n") == 1


def planned(budget: float, keys: Sequence[str]) -> tuple[Event, ...]:
    templates = [DiscreteGaussianEvent(key, ReleaseKind.NOISY_COUNTS, 1.0, 1.0, grid_for(1.0), 10) for key in keys]
    return calibrate(templates, Budget(budget, DELTA))


@settings(deadline=None, max_examples=30)
@given(
    before=st.lists(st.sampled_from([0.1, 0.5, 1.0, 2.0, 3.9]), max_size=3),
    wanted=st.sampled_from([0.1, 1.0, 3.99, 4.0, 8.0]),
    cap=st.sampled_from([0.5, 4.0, 100.0]),
)
def test_the_what_if_agrees_with_the_ledger(
    before: list[float], wanted: float, cap: float, tmp_path_factory: pytest.TempPathFactory
) -> None:
    budget, charged = Budget(cap, DELTA), {}
    path = tmp_path_factory.mktemp("ledger") / "ledger.sqlite"
    with Ledger.open(path, lineage="l", unit=PrivacyUnit.RECORD, cap=budget) as ledger:
        for number, size in enumerate(before):
            events, name = planned(size, ["a", "b"]), f"campaign-{number}"
            assert standing(ledger.entries(), name, "0" * 64) is Standing.NEW
            fits = room_for(charged, events, budget).carries
            try:
                ledger.reserve(name, "0" * 64, events)
            except BudgetExceeded:
                assert not fits
            else:
                assert fits
                charged[name] = events
                assert standing(ledger.entries(), name, "0" * 64) is Standing.RESERVED
                assert standing(ledger.entries(), name, "1" * 64) is Standing.TAKEN
        assert campaigns_epsilon(list(charged.values()), DELTA) == pytest.approx(ledger.spent(), rel=1e-9)
        events = planned(wanted, ["c"])
        room = room_for(charged, events, budget)
        if room.carries:
            ledger.reserve("last", "0" * 64, events)
            assert room.after == pytest.approx(ledger.spent(), rel=1e-9)
        else:
            with pytest.raises(BudgetExceeded):
                ledger.reserve("last", "0" * 64, events)
            assert 0 <= room.largest < epsilon(events, DELTA)


def test_shares_are_in_proportion_to_one_over_the_square_of_the_noise() -> None:
    templates = [
        DiscreteGaussianEvent(key, ReleaseKind.NOISY_COUNTS, 1.0, noise, grid_for(noise), 10)
        for key, noise in [("a", 10.0), ("b", 20.0)]
    ]
    first, second = release_costs(templates, DELTA)
    assert first.share is not None
    assert second.share is not None
    assert first.share == pytest.approx(0.8, rel=1e-4)
    assert second.share == pytest.approx(0.2, rel=1e-4)
    assert second.so_far == epsilon(templates, DELTA)
