"""What one unit can do to a step's sum: the clip and the rounding that are charged, and no more."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from benchmarks.dp_ways import in_linear_layers
from numpy.typing import NDArray
from opacus import GradSampleModule
from opacus.optimizers import DPOptimizer
from tests.adapting import Attached, plan, rows, units_of
from torch import Tensor, nn

from fedaug.client.training.clipped_sum import ClippedSum
from fedaug.client.training.passages import Batch, batches
from fedaug.errors import ProtocolError
from fedaug.privacy.events import ReleaseKind, SubsampledGaussianEvent

SHAPES = [torch.Size((3, 4)), torch.Size((5,))]
VALUES = 17


def event(clip: float = 1.0, grid: float = 2.0**-20) -> SubsampledGaussianEvent:
    return SubsampledGaussianEvent("adapter", ReleaseKind.NOISY_UPDATE, clip, 0.0, grid, VALUES, 0.5, 1)


def batch_of(sizes: Sequence[int], *, goes_on: bool = False, ends_open: bool = False) -> Batch:
    """Units of so many rows each; tokens do not matter here."""
    ends = np.cumsum(sizes)
    empty = np.zeros((int(ends[-1]), 1))
    return Batch(
        empty.astype(np.int64), empty.astype(np.float32), ends - sizes, ends, goes_on=goes_on, ends_open=ends_open
    )


def random_rows(count: int, size: float, seed: int = 0) -> list[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return [size * torch.randn(count, *shape, generator=generator) for shape in SHAPES]


def added(sizes: Sequence[int], gradients: Sequence[Tensor], chosen: SubsampledGaussianEvent) -> NDArray[np.int64]:
    clipped = ClippedSum(SHAPES, chosen, torch.device("cpu"))
    clipped.add(batch_of(sizes), [each.clone() for each in gradients])
    found: NDArray[np.int64] = clipped.total().numpy()
    return found


def length(steps: NDArray[np.int64]) -> float:
    return math.sqrt(sum(int(step) ** 2 for step in steps))


@pytest.mark.parametrize("size", [1e-30, 1e-12, 1e-3, 1.0, 1e6, 1e18, 1e25, 3e38])
@pytest.mark.parametrize("clip", [1e-6, 0.5, 1e6])
@pytest.mark.parametrize("log2_grid", [-34, -24, -10])
def test_one_unit_adds_no_more_than_is_charged(size: float, clip: float, log2_grid: int) -> None:
    for sizes in ([1], [4]):
        found = added(sizes, random_rows(sizes[0], size), event(clip, math.ldexp(clip, log2_grid)))
        assert length(found) <= 2.0**-log2_grid + math.sqrt(VALUES) / 2


def test_a_large_unit_uses_its_whole_clip_and_a_small_one_is_not_clipped() -> None:
    assert length(added([1], random_rows(1, 100.0), event())) == pytest.approx(2**20, rel=1e-5)
    small = random_rows(1, 1e-3)
    expected = torch.cat([each.reshape(-1) for each in small]).double() * 2**20
    assert np.abs(added([1], small, event()) - expected.numpy()).max() <= 0.51


def test_a_units_rows_are_clipped_as_one() -> None:
    row = random_rows(1, 100.0)
    assert length(added([6], [each.repeat_interleave(6, 0) for each in row], event())) <= 2**20 + 3


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_gradient_that_is_not_finite_adds_nothing(value: float) -> None:
    gradients = random_rows(4, 0.1)
    gradients[1][2, 3] = value
    without = [each[[0, 1, 3]] for each in gradients]
    assert np.array_equal(added([1] * 4, gradients, event()), added([1] * 3, without, event()))


def test_a_unit_that_goes_on_in_the_next_batches_is_the_same_to_the_bit() -> None:
    gradients = random_rows(9, 0.3)
    whole = added([2, 6, 1], gradients, event())
    clipped = ClippedSum(SHAPES, event(), torch.device("cpu"))
    parts = [([2, 1], False, True), ([3], True, True), ([2, 1], True, False)]
    start = 0
    for sizes, goes_on, ends_open in parts:
        part = [each[start : start + sum(sizes)].clone() for each in gradients]
        clipped.add(batch_of(sizes, goes_on=goes_on, ends_open=ends_open), part)
        start += sum(sizes)
    assert np.array_equal(clipped.total().numpy(), whole)


def test_a_grid_that_is_too_fine_and_an_event_of_another_size_are_refused() -> None:
    with pytest.raises(ProtocolError, match="too fine"):
        ClippedSum(SHAPES, event(1.0, 2.0**-35), torch.device("cpu"))
    with pytest.raises(ProtocolError, match="another number of values"):
        ClippedSum(SHAPES[:1], event(), torch.device("cpu"))


# With a model


def moves_within_the_clip(attached: Attached) -> bool:
    """Whether the sum moves by what is charged at most, when a unit of twenty records goes."""
    units = units_of(rows(30), [1] * 10 + [20])
    moved = attached.total(units) - attached.total(units[:-1])
    return length(moved) <= attached.event.sensitivity / attached.event.grid + math.sqrt(len(moved))


def small_clip() -> Attached:
    return Attached(chosen=plan(clip=1e-3, unit="subject", records_per_unit=20))


def not_clipped(self: ClippedSum, units: Sequence[Tensor]) -> None:
    for unit, total in zip(units, self._sums, strict=True):
        total.add_((unit / self._grid).round().sum(0, dtype=torch.float64).to(torch.int64))


def clipped_by_row(self: ClippedSum, batch: Batch, gradients: Sequence[Tensor]) -> None:
    self._add_clipped([each[: int(batch.ends[-1])] for each in gradients])


def test_a_unit_moves_the_sum_by_its_clip_at_most() -> None:
    assert moves_within_the_clip(small_clip())


@pytest.mark.parametrize(("name", "defect"), [("_add_clipped", not_clipped), ("add", clipped_by_row)])
def test_a_sum_that_is_not_clipped_by_unit_is_caught(
    monkeypatch: pytest.MonkeyPatch, name: str, defect: object
) -> None:
    monkeypatch.setattr(ClippedSum, name, defect)
    assert not moves_within_the_clip(small_clip())


@pytest.mark.parametrize("kind", ["gpt2", "llama", "qwen2", "gemma", "bert as a decoder"])
@pytest.mark.filterwarnings("ignore:Full backward hook is firing")  # Opacus: the inputs need no gradients
def test_the_clipped_sum_is_opacus(kind: str) -> None:
    """On one batch of rows of one padded length, half of which are clipped."""
    attached = Attached(kind, plan(clip=1e6))
    own = [row for row in rows(60, seed=5) if 17 < row.inputs <= 32]
    found = list(batches([(row,) for row in own], 0))
    assert len(own) > 8
    norms = [math.sqrt(sum(float((part**2).sum()) for part in attached.one_by_one(row))) for row in own]
    attached = Attached(kind, plan(clip=float(np.median(norms))))
    ours = attached.total([(row,) for row in own]) * attached.event.grid
    model = attached.model
    in_linear_layers(model)
    off_dropout(model)
    wrapped = GradSampleModule(model.train(), strict=False, loss_reduction="sum")
    trained = [weight for weight in model.parameters() if weight.requires_grad]
    optimiser = DPOptimizer(
        torch.optim.SGD(trained, 1.0),
        noise_multiplier=0.0,
        max_grad_norm=attached.event.sensitivity,
        expected_batch_size=None,
        loss_reduction="sum",
    )
    tokens = torch.cat([torch.from_numpy(batch.tokens)[: len(batch.starts)] for batch in found])
    weights = torch.cat([torch.from_numpy(batch.weights)[: len(batch.starts)] for batch in found])
    assert len(tokens) == len(own)
    positions = torch.arange(tokens.shape[1] - 1).expand(len(own), -1)
    logits = wrapped(input_ids=tokens[:, :-1], position_ids=positions, use_cache=False).logits
    losses = nn.functional.cross_entropy(logits.transpose(1, 2), tokens[:, 1:], reduction="none")
    (losses * weights).sum().backward()
    optimiser.clip_and_accumulate()
    theirs = torch.cat([weight.summed_grad.reshape(-1) for weight in trained]).numpy()
    assert np.abs(ours - theirs).max() <= 1e-5 * np.abs(theirs).max()


def off_dropout(model: nn.Module) -> None:
    for module in model.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0
        if hasattr(module, "attention_dropout"):
            module.attention_dropout = 0.0
