"""A site that answers above-threshold questions in another way than it was charged for is left out."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.nearness import asked, support_event, support_plan
from tests.simulator import Simulator, on_releases, signed_anew
from tests.small import make_site, some_rows

from fedaug.server.pool import Pool
from fedaug.server.rounds import Rounds
from fedaug.strategies.messages import AskSupport

QUESTION = AskSupport(campaign="autumn", key="support")
CANDIDATES = asked("the fever is worse", "the cough", "the rash", "a headache", "a fall")
PLAN = support_plan(events=(support_event(positives=2).as_dict(),))
BAD = 1

LIES: dict[str, list[float]] = {
    "a yes more than was charged": [1, 1, 1, 0, 0],
    "an answer after the end": [1, 1, 0, -1, -1],
    "an end that was none": [0, 1, -1, -1, -1],
    "a count": [7, 0, 0, 0, 0],
    "something between yes and no": [0.5, 0, 0, 0, 0],
    "an answer too few": [0, 0, 0, 0],
    "an answer too many": [0, 0, 0, 0, 0, 0],
}


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prepared")
    for k in range(3):
        make_site(folder / f"site-{k}", some_rows(6 + k), policy__release_kinds=("NoisySupport",)).close()
    return folder


@pytest.fixture
def simulator(prepared: Path, tmp_path: Path) -> Iterator[Simulator]:
    made = Simulator.open(shutil.copytree(prepared, tmp_path / "sites"))
    yield made
    made.close()


@pytest.fixture
def rounds(simulator: Simulator, tmp_path: Path) -> Iterator[Rounds]:
    with Pool.open(tmp_path / "pool.sqlite") as pool:
        pool.start_campaign("autumn", PLAN.digest, {})
        made = Rounds(PLAN, simulator, pool, 2, timeout_s=5.0)
        made.gather()
        yield made


def as_floats(values: list[float]) -> NDArray[np.float64]:
    return np.array(values, np.float64)


def test_honest_sites_are_all_heard(rounds: Rounds) -> None:
    told = rounds.total(QUESTION, (5,), CANDIDATES)
    assert [release.site for release in told.releases] == ["site-0", "site-1", "site-2"]
    assert {release.event for release in told.releases} == {support_event(positives=2)}


@pytest.mark.parametrize("lie", LIES)
def test_a_site_is_left_out_that_tells(
    lie: str, simulator: Simulator, rounds: Rounds, caplog: pytest.LogCaptureFixture
) -> None:
    values = as_floats(LIES[lie])
    simulator.behaviour[BAD] = on_releases(signed_anew(simulator.sites[BAD], tensors=lambda _: {"values": values}))
    told = rounds.total(QUESTION, (5,), CANDIDATES)
    assert [release.site for release in told.releases] == ["site-0", "site-2"]
    assert f"node {BAD} is left out of the round" in caplog.text


def test_a_site_whose_policy_forbids_it_takes_no_part_and_gives_no_cause(
    simulator: Simulator, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    simulator.sites[BAD].close()
    simulator.sites[BAD] = make_site(tmp_path / "other" / "site-1", some_rows(7))
    with Pool.open(tmp_path / "other-pool.sqlite") as pool:
        pool.start_campaign("autumn", PLAN.digest, {})
        rounds = Rounds(PLAN, simulator, pool, 2, timeout_s=5.0)
        assert [site.name for site in rounds.gather()] == ["site-0", "site-2"]
    assert simulator.sites[BAD].status().charges == ()
