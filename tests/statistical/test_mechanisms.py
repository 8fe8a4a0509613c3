"""Does a site add the noise that its event states, to a value that one subject moves by no more than it states?

The checks read only what the door gives. They run over sites with a seeded defect too, and each must be caught.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy import stats
from tests.small import LABELS, Row, candidates, event, head, make_plan, make_site, some_rows
from tests.unsafe_noise import UnsafeNoise

from fedaug.client.site import Site
from fedaug.privacy.envelope import open_envelope
from fedaug.privacy.events import ReleaseKind
from fedaug.privacy.noise import NoiseSource
from fedaug.strategies import class_statistics, student_metric, voting
from fedaug.strategies.contributions import Contributions, Part
from fedaug.strategies.messages import (
    AskCounts,
    AskMetric,
    AskStatistics,
    AskVotes,
    NoisyRelease,
    Outcome,
    decode_reply,
    encode,
)

Floats = NDArray[np.float64]

#: Chance that one check fails on a correct site. There are twelve below, so a run is wrongly red once in 80,000.
FALSE_ALARM = 1e-6
RELEASES = 24
STD = 3.0
MANY = 60  # records of the one subject that the neighbour lacks: unclipped they would move a count by 60

NEIGHBOUR = some_rows(9)
WHOLE: list[Row] = [*NEIGHBOUR, *[("one", "the fever is high and the fever is high", LABELS[0])] * MANY]

KINDS: dict[str, tuple[ReleaseKind, Callable[[str], bytes]]] = {
    "counts": (ReleaseKind.NOISY_COUNTS, lambda key: encode(AskCounts(campaign="counts", key=key))),
    "statistics": (ReleaseKind.NOISY_STATISTICS, lambda key: encode(AskStatistics(campaign="statistics", key=key))),
    "votes": (ReleaseKind.NOISY_VOTES, lambda key: encode(AskVotes(campaign="votes", key=key), candidates(9))),
    "metric": (ReleaseKind.NOISY_METRIC, lambda key: encode(AskMetric(campaign="metric", key=key), head())),
}


def site_of(folder: Path, rows: list[Row], noise: NoiseSource | None = None) -> Site:
    """A site that has agreed to every kind ``RELEASES`` times; its budget is no part of these checks."""
    site = make_site(folder, rows, noise=noise, privacy__epsilon=1e6)
    for kind, (release, _) in KINDS.items():
        events = [event(f"{kind}/{i}", release, STD) for i in range(RELEASES)]
        assert site.join(make_plan(campaign=kind, epsilon=1e6, events=tuple(events))) is Outcome.OK
    return site


def released(site: Site, kind: str) -> Floats:
    """All releases of one kind, float64 [RELEASES, values], each asked for at the door."""
    rows = []
    for i in range(RELEASES):
        _, body = open_envelope(site.handle(KINDS[kind][1](f"{kind}/{i}")), None)
        reply, tensors = decode_reply(body)
        assert isinstance(reply, NoisyRelease)
        assert reply.mechanism.noise_std == STD
        rows.append(tensors["values"].reshape(-1))
    return np.stack(rows)


def spread_is_right(values: Floats) -> bool:
    """Σ(x - x̄)²/σ² over all coordinates is chi-squared with (releases - 1) · coordinates degrees of freedom."""
    squares = float(((values - values.mean(axis=0)) ** 2).sum()) / STD**2
    law = stats.chi2((len(values) - 1) * values.shape[1])
    return bool(law.cdf(squares) > FALSE_ALARM / 2 and law.sf(squares) > FALSE_ALARM / 2)


def one_subject_moves_it_by_one_at_most(whole: Floats, neighbour: Floats) -> bool:
    """The means differ by a vector of length ≤ 1 plus noise, whose length is a chi variable with one d.o.f. a value."""
    noise = STD * math.sqrt(2 / len(whole)) * stats.chi(whole.shape[1]).isf(FALSE_ALARM)
    return bool(np.linalg.norm(whole.mean(axis=0) - neighbour.mean(axis=0)) <= 1 + noise)


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, Site]]:
    folder = tmp_path_factory.mktemp("sites")
    pair = site_of(folder / "whole", WHOLE), site_of(folder / "neighbour", NEIGHBOUR)
    yield pair
    for site in pair:
        site.close()


@pytest.mark.parametrize("kind", KINDS)
def test_the_door_adds_the_noise_that_it_states_and_one_subject_moves_a_release_by_one(
    sites: tuple[Site, Site], kind: str
) -> None:
    whole, neighbour = (released(site, kind) for site in sites)
    assert spread_is_right(whole)
    assert spread_is_right(neighbour)
    assert one_subject_moves_it_by_one_at_most(whole, neighbour)


@pytest.mark.parametrize("defect", [UnsafeNoise(silent=True), UnsafeNoise(halvings=1)], ids=["none", "half"])
def test_less_noise_than_stated_is_caught(tmp_path: Path, defect: NoiseSource) -> None:
    site = site_of(tmp_path / "site", NEIGHBOUR, defect)
    assert not spread_is_right(released(site, "statistics"))
    site.close()


@contextmanager
def no_clipping(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def total(contributions: Contributions, size: int, part: Part, grid: float) -> NDArray[np.int64]:
        values = np.zeros(size)
        for row in range(len(contributions)):
            where, what = part(contributions, row)
            values[where] += what
        return np.rint(values / grid).astype(np.int64)

    with monkeypatch.context() as patch:
        for module in (class_statistics, voting, student_metric):
            patch.setattr(module, "clipped_total", total)
        yield


@pytest.mark.parametrize("kind", KINDS)
def test_a_site_that_does_not_clip_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    with no_clipping(monkeypatch):
        pair = [site_of(tmp_path / name, rows) for name, rows in (("whole", WHOLE), ("neighbour", NEIGHBOUR))]
        whole, neighbour = (released(site, kind) for site in pair)
    assert not one_subject_moves_it_by_one_at_most(whole, neighbour)
    for site in pair:
        site.close()


def test_no_two_releases_share_noise_whatever_is_seeded(tmp_path: Path) -> None:
    """Two sites with the same records and seeds, 20 releases: were any noise shared, two would be equal or opposite."""
    values = []
    for name in ("one", "other"):
        torch.manual_seed(42)
        np.random.seed(42)
        site = site_of(tmp_path / name, NEIGHBOUR)
        for _ in range(2):
            torch.manual_seed(42)
            np.random.seed(42)
        values.extend(released(site, "statistics")[:10])
        clean = np.mean(values, axis=0)
        site.close()
    noise = [value - clean for value in values]
    first = {round(float(value[0]), 9) for value in values}
    assert len(first) == 20
    for i, one in enumerate(noise):
        for other in noise[i + 1 :]:
            assert abs(float(np.corrcoef(one, other)[0, 1])) < 0.99
