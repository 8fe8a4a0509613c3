"""DP-SGD of a linear head: it learns, and one unit moves a step by no more than the clip, whatever the unit holds."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.seeded_noise import NoNoise, SeededNoise

from fedaug.client.training import linear
from fedaug.client.training.linear import UnitGradients, train_linear
from fedaug.errors import ProtocolError
from fedaug.privacy.events import ReleaseKind, SubsampledGaussianEvent
from fedaug.privacy.limits import LIMITS
from fedaug.strategies.contributions import Contributions

Floats = NDArray[np.float64]
LABELS, WIDTH = 3, 6
SIZE = LABELS * (WIDTH + 1)
GRID = 2.0**-20


def planned(**changes: float) -> SubsampledGaussianEvent:
    """An event that trains on every unit at every step, its noise off, unless changed."""
    noise_std = changes.pop("noise_std", 0.0)
    steps = int(changes.pop("steps", 1))
    fields = {"sensitivity": 1.0, "grid": math.ldexp(noise_std, -24) or GRID, "sampling_rate": 1.0} | changes
    return SubsampledGaussianEvent(
        key="update", release=ReleaseKind.NOISY_UPDATE, noise_std=noise_std, dimensions=SIZE, steps=steps, **fields
    )


def zeros() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    return np.zeros((LABELS, WIDTH), np.float32), np.zeros(LABELS, np.float32)


def separable(units: int, seed: int = 0) -> Contributions:
    """One record a unit, near its label's own direction."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, LABELS, units)
    rows = np.eye(LABELS, WIDTH)[labels] + 0.2 * rng.standard_normal((units, WIDTH))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return Contributions(rows.astype(np.float32), labels, np.arange(units))


def accuracy(head: Floats) -> float:
    fresh = separable(500, seed=1)
    guesses = (fresh.embeddings @ head[:, :-1].T + head[:, -1]).argmax(axis=1)
    return float((guesses == fresh.labels).mean())


def without(rows: Contributions, unit: int) -> Contributions:
    kept = rows.units != unit
    return Contributions(rows.embeddings[kept], rows.labels[kept], rows.units[kept])


def everyone(gradients: UnitGradients) -> NDArray[np.bool_]:
    return np.ones(len(gradients), np.bool_)


# What it learns


def test_a_separable_problem_is_learnt_with_the_noise_off_and_with_moderate_noise() -> None:
    rows = separable(600)
    assert accuracy(np.zeros((LABELS, WIDTH + 1))) < 0.5
    clean = train_linear(rows, *zeros(), planned(steps=40, sampling_rate=0.2), 0.05, NoNoise())
    noised = train_linear(rows, *zeros(), planned(steps=40, sampling_rate=0.2, noise_std=1.0), 0.05, SeededNoise(3))
    assert accuracy(clean) > 0.97
    assert accuracy(noised) > 0.95
    assert not np.array_equal(clean, noised)


@pytest.mark.parametrize("steps", [1, 2, 5])
def test_it_is_gradient_descent_averaged_over_the_second_half_when_nothing_is_clipped_sampled_or_noised(
    steps: int,
) -> None:
    rows = separable(40)
    head = torch.zeros(LABELS, WIDTH + 1, dtype=torch.float64, requires_grad=True)
    inputs = torch.tensor(np.hstack([rows.embeddings, np.ones((40, 1))]))
    heads = []
    for _ in range(steps):
        loss = torch.nn.functional.cross_entropy(inputs @ head.T, torch.tensor(rows.labels), reduction="sum")
        (slope,) = torch.autograd.grad(loss, head)
        head = (head - 0.1 * slope).detach().requires_grad_()
        heads.append(head.detach().numpy())
    trained = train_linear(rows, *zeros(), planned(steps=steps, sensitivity=100.0), 0.1, NoNoise())
    np.testing.assert_allclose(trained, np.mean(heads[steps // 2 :], axis=0), atol=1e-3 * GRID * 40 + 40 * steps * GRID)


def test_training_starts_where_it_is_told() -> None:
    weight = np.arange(LABELS * WIDTH, dtype=np.float32).reshape(LABELS, WIDTH)
    bias = np.array([5, 6, 7], np.float32)
    nobody = Contributions(np.zeros((0, WIDTH), np.float32), np.zeros(0, np.int64), np.zeros(0, np.int64))
    trained = train_linear(nobody, weight, bias, planned(steps=3), 1.0, NoNoise())
    np.testing.assert_allclose(trained, np.column_stack([weight, bias]), rtol=1e-12)


# What one unit can do


_VALUES = st.sampled_from([0.0, 1.0, -1.0, 0.3, 1e-30, 1e30, -3e38, math.inf, -math.inf, math.nan])
#: From far below what an event may state, where the squares of what is clipped underflow, to the largest.
CLIPS = [2.0**-566, 2.0**-100, 1e-3, 0.5, 1.0, 7.0, 2.0**100]
_RECORDS = st.lists(
    st.tuples(st.integers(0, LABELS - 1), st.lists(_VALUES, min_size=WIDTH, max_size=WIDTH)), min_size=1, max_size=30
)


def with_unit(rows: Contributions, records: list[tuple[int, list[float]]]) -> Contributions:
    """The rows and one more unit, number 1,000, whose records stand between those of the others."""
    place = len(rows) // 2
    return Contributions(
        np.insert(rows.embeddings, [place] * len(records), np.array([r for _, r in records], np.float32), axis=0),
        np.insert(rows.labels, [place] * len(records), [label for label, _ in records]),
        np.insert(rows.units, [place] * len(records), 1_000),
    )


def moves_within_the_clip(whole: Contributions, head: Floats, sensitivity: float, grid: float) -> bool:
    """Whether the total, everyone sampled, moves by at most what is charged when unit 1,000 goes; in exact integers."""
    totals = []
    for rows in (whole, without(whole, 1_000)):
        gradients = UnitGradients(rows, LABELS, sensitivity, grid)
        totals.append(gradients.total(head, everyone(gradients)))
    moved = sum(int(step) ** 2 for step in (totals[0] - totals[1]).ravel())
    return moved <= (sensitivity / grid + math.sqrt(SIZE)) ** 2


def heads() -> dict[str, Floats]:
    wild = np.random.default_rng(5).standard_normal((LABELS, WIDTH + 1))
    found = {"zero": np.zeros_like(wild), "ordinary": wild, "huge": wild * 1e11}
    for gap in (380, 745):  # so sure of one label that the others' gradients are all but 0
        found[f"sure by {gap}"] = np.zeros_like(wild)
        found[f"sure by {gap}"][0, -1] = gap
    return found


@pytest.mark.parametrize("name", heads())
@settings(deadline=None)
@given(records=_RECORDS, sensitivity=st.sampled_from(CLIPS), log2_grid=st.integers(-34, -2))
def test_one_unit_moves_a_total_by_no_more_than_is_charged(
    name: str, records: list[tuple[int, list[float]]], sensitivity: float, log2_grid: int
) -> None:
    whole = with_unit(separable(12), records)
    assert moves_within_the_clip(whole, heads()[name], sensitivity, math.ldexp(sensitivity, log2_grid))


def squared_first(self: UnitGradients, head: Floats, records: NDArray[np.int64]) -> NDArray[np.int64]:
    """The norm as the root of the sum of squares, which is 0 where the squares underflow."""
    gradient = np.zeros(head.shape)
    for record in records:
        self._record_gradient(head, int(record), self._summand)
        gradient += self._summand
    norm = math.sqrt(np.vdot(gradient, gradient))
    return np.rint(gradient / max(1.0, norm / self._sensitivity) / self._grid).astype(np.int64)


def test_a_clip_below_which_squares_underflow_still_clips(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = with_unit(separable(12), [(0, [0.0, 1.0, 0.0, 0.0, 0.0, 0.0])] * 20)
    least = CLIPS[0]
    assert moves_within_the_clip(whole, heads()["sure by 380"], least, math.ldexp(least, -20))
    monkeypatch.setattr(UnitGradients, "_clipped", squared_first)
    assert not moves_within_the_clip(whole, heads()["sure by 380"], least, math.ldexp(least, -20))


def unclipped(self: UnitGradients, head: Floats, records: NDArray[np.int64]) -> NDArray[np.int64]:
    gradient = np.zeros(head.shape)
    for record in records:
        self._record_gradient(head, int(record), self._summand)
        gradient += self._summand
    return np.rint(gradient / self._grid).astype(np.int64)


def clipped_per_record(self: UnitGradients, head: Floats, records: NDArray[np.int64]) -> NDArray[np.int64]:
    total = np.zeros(head.shape, np.int64)
    for record in records:
        total += CLIPPED(self, head, np.array([record]))
    return total


CLIPPED = UnitGradients._clipped


@pytest.mark.parametrize("defect", [unclipped, clipped_per_record])
def test_a_unit_that_is_not_clipped_as_one_is_caught(
    monkeypatch: pytest.MonkeyPatch, defect: Callable[..., NDArray[np.int64]]
) -> None:
    whole = with_unit(separable(12), [(0, [0.0, 1.0, 0.0, 0.0, 0.0, 0.0])] * 20)
    assert moves_within_the_clip(whole, heads()["zero"], 1.0, GRID)
    monkeypatch.setattr(UnitGradients, "_clipped", defect)
    assert not moves_within_the_clip(whole, heads()["zero"], 1.0, GRID)


def test_a_large_unit_uses_its_whole_clip() -> None:
    """Else the bound above would hold because nothing is added at all."""
    lone = without(with_unit(separable(1), [(0, [0.0, 1.0, 0.0, 0.0, 0.0, 0.0])] * 20), 0)
    gradients = UnitGradients(lone, LABELS, 1.0, GRID)
    assert len(gradients) == 1
    length = math.sqrt(sum(int(step) ** 2 for step in gradients.total(heads()["zero"], everyone(gradients)).ravel()))
    assert length * GRID == pytest.approx(1.0, abs=1e-4)


def test_a_small_gradient_is_not_clipped() -> None:
    lone = separable(1)
    at = heads()["zero"]
    total, same = (UnitGradients(lone, LABELS, clip, GRID).total(at, np.array([True])) for clip in (10.0, 1_000.0))
    assert np.array_equal(total, same)
    assert total.any()


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_gradient_that_is_not_finite_adds_nothing_and_warns_of_nothing(value: float) -> None:
    rows = separable(12)
    whole = with_unit(rows, [(0, [0.5] * WIDTH), (1, [value] * WIDTH)])
    gradients, fewer = UnitGradients(whole, LABELS, 1.0, GRID), UnitGradients(rows, LABELS, 1.0, GRID)
    total = gradients.total(heads()["ordinary"], everyone(gradients))
    assert np.array_equal(total, fewer.total(heads()["ordinary"], everyone(fewer)))
    assert total.any()


# What else is in the batch


def many_records(units: int, seed: int, width: int = 384) -> Contributions:
    """Units of one to five records, their rows mixed."""
    rng = np.random.default_rng(seed)
    owners = rng.permutation(np.repeat(np.arange(units), rng.integers(1, 6, units)))
    rows = rng.standard_normal((len(owners), width))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return Contributions(rows.astype(np.float32), rng.integers(0, 20, len(owners)), owners)


def alone_and_in_company(rows: Contributions, head: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Each unit's gradient when the site holds nothing else, and as one of all; int64 [units, labels, d + 1]."""
    units = np.unique(rows.units)
    company = UnitGradients(rows, len(head), 0.5, 2.0**-40)
    full = company.total(head, everyone(company))
    alone, among = [], []
    for place, unit in enumerate(units):
        mine = rows.units == unit
        lone = UnitGradients(
            Contributions(rows.embeddings[mine], rows.labels[mine], rows.units[mine]), len(head), 0.5, 2.0**-40
        )
        alone.append(lone.total(head, everyone(lone)))
        others = everyone(company)
        others[place] = False
        among.append(full - company.total(head, others))
    return np.stack(alone), np.stack(among)


def test_a_units_gradient_is_the_same_to_the_bit_whatever_else_is_in_the_batch() -> None:
    head = np.random.default_rng(2).standard_normal((20, 385))
    alone, among = alone_and_in_company(many_records(40, seed=4), head)
    assert alone.any(axis=(1, 2)).all()
    assert np.array_equal(alone, among)


def test_a_gradient_that_depends_on_the_batch_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dividing by the number of sampled units is the classic mistake."""
    total = UnitGradients.total

    def averaged(self: UnitGradients, head: Floats, sampled: NDArray[np.bool_]) -> NDArray[np.int64]:
        return total(self, head, sampled) // max(1, int(sampled.sum()))

    monkeypatch.setattr(UnitGradients, "total", averaged)
    alone, among = alone_and_in_company(many_records(6, seed=4), np.zeros((20, 385)))
    assert not np.array_equal(alone, among)


def test_only_sampled_units_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    clipped = UnitGradients._clipped

    def watched(self: UnitGradients, head: Floats, records: NDArray[np.int64]) -> NDArray[np.int64]:
        read.extend(records.tolist())
        return clipped(self, head, records)

    monkeypatch.setattr(UnitGradients, "_clipped", watched)
    rows = with_unit(separable(4), [(0, [1.0] * WIDTH)] * 3)  # units 0, 1, 1000 (three records), 2, 3
    UnitGradients(rows, LABELS, 1.0, GRID).total(heads()["zero"], np.array([True, False, False, False, True]))
    assert read == [0, 2, 3, 4]


# Empty batches, degenerate inputs


@pytest.mark.parametrize("units", [0, 30])
def test_noise_is_added_to_steps_without_a_unit_too(units: int) -> None:
    """At this sampling rate no step gets a unit, save with a chance of 1.2e-9."""
    event = planned(steps=4, sampling_rate=1e-11, noise_std=2.0)
    trained = train_linear(separable(units), *zeros(), event, 0.5, SeededNoise(7))
    assert (trained != 0).all()
    # Steps 1 to 3 count whole in the mean of heads 3 and 4, the last one half.
    assert trained.std() == pytest.approx(0.5 * 2.0 * math.sqrt(3 + 0.25), rel=0.6)


def test_the_same_noise_gives_the_same_head_and_other_noise_another() -> None:
    event = planned(steps=5, sampling_rate=0.5, noise_std=0.5)
    heads_ = [train_linear(separable(30), *zeros(), event, 0.1, SeededNoise(seed)) for seed in (1, 1, 2)]
    assert np.array_equal(heads_[0], heads_[1])
    assert not np.array_equal(heads_[0], heads_[2])


def test_a_head_stays_finite_whatever_start_step_size_and_noise_are_sent() -> None:
    weight, bias = (np.full_like(part, np.finfo(np.float32).max) for part in zeros())
    event = planned(steps=6, sampling_rate=0.5, noise_std=2.0**100, sensitivity=2.0**100)
    trained = train_linear(separable(30), weight, bias, event, 1e3, SeededNoise(1))
    assert (np.abs(trained) <= LIMITS.release_magnitude).all()


@pytest.mark.parametrize(
    ("weight", "bias", "message"),
    [
        (np.zeros((LABELS, WIDTH)), np.zeros(LABELS + 1), "differ in number"),
        (np.zeros(LABELS), np.zeros(LABELS), "differ in number"),
        (np.zeros((LABELS, WIDTH + 1)), np.zeros(LABELS), "another embedding space"),
    ],
)
def test_a_head_that_does_not_fit_is_refused(weight: Floats, bias: Floats, message: str) -> None:
    with pytest.raises(ProtocolError, match=message):
        train_linear(separable(3), weight.astype(np.float32), bias.astype(np.float32), planned(), 0.1, SeededNoise(1))


def test_a_grid_on_which_float64_cannot_round_is_refused() -> None:
    finest = 1 / linear._CLIP_STEPS_CEILING
    train_linear(separable(3), *zeros(), planned(grid=finest), 0.1, NoNoise())
    with pytest.raises(ProtocolError, match="too fine"):
        train_linear(separable(3), *zeros(), planned(grid=finest / 2), 0.1, NoNoise())
