"""Seconds for a DP-SGD step of a linear head: ours against the same step without privacy and by Opacus.

Ours is a step of ``train_linear``. Opacus gets the units that we sampled, one record each, as its batch; both sums of
clipped gradients are the same, which is checked. A step of a language model's adapters is in ``benchmarks.dp_step``.

    python -m benchmarks.dp_head_step --json
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from opacus import GradSampleModule  # type: ignore[import-untyped]  # ships no types
from opacus.optimizers import DPOptimizer  # type: ignore[import-untyped]  # ships no types
from torch import nn

from benchmarks.measure import median_seconds, result, show
from fedaug.client.training.linear import UnitGradients
from fedaug.privacy.events import ReleaseKind, SubsampledGaussianEvent
from fedaug.privacy.mechanisms import grid_values, poisson_sample, subsampled_gaussian_step
from fedaug.privacy.noise import SystemNoise
from fedaug.strategies.contributions import Contributions

DIMENSIONS = 384
STEP_SIZE = 0.1
LOG2_STEPS = 24
BAR = 0.05  # the most that noise may take of a step

Work = dict[str, Callable[[], object]]


def site_rows(records: int, labels: int) -> Contributions:
    """Random unit rows, one record a unit."""
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((records, DIMENSIONS))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return Contributions(rows.astype(np.float32), rng.integers(0, labels, records), np.arange(records))


class OurStep:
    """A step of ``train_linear``, taken apart so that its parts can be timed."""

    def __init__(self, rows: Contributions, labels: int, rate: float) -> None:
        size = labels * (DIMENSIONS + 1)
        self.event = SubsampledGaussianEvent(
            "update", ReleaseKind.NOISY_UPDATE, 1.0, 1.0, 2.0**-LOG2_STEPS, size, rate, 1
        )
        self.noise = SystemNoise()
        self.gradients = UnitGradients(rows, labels, self.event.sensitivity, self.event.grid)
        self.head = np.zeros((labels, DIMENSIONS + 1))
        self.batch = poisson_sample(len(rows), self.event, self.noise)

    def clean(self) -> NDArray[np.int64]:
        return self.gradients.total(self.head, self.batch)

    def __call__(self) -> None:
        poisson_sample(len(self.batch), self.event, self.noise)  # drawn, not used: all ways get the same batch
        noised = subsampled_gaussian_step(self.clean(), self.event, self.noise)
        self.head = self.head - STEP_SIZE * grid_values(noised, self.event.grid)

    def draw_noise(self) -> None:
        self.noise.discrete_gaussian(self.head.shape, LOG2_STEPS)


class TorchStep:
    """The same step by torch on the same batch, a gradient sum without clip or noise."""

    def __init__(self, rows: Contributions, labels: int, batch: NDArray[np.bool_]) -> None:
        self.inputs, self.labels = torch.tensor(rows.embeddings[batch]), torch.tensor(rows.labels[batch])
        self.model: nn.Module = nn.Linear(DIMENSIONS, labels)
        for weight in self.model.parameters():
            nn.init.zeros_(weight)
        self.optimizer: Any = torch.optim.SGD(self.model.parameters(), STEP_SIZE)

    def backward(self) -> None:
        self.optimizer.zero_grad()
        nn.functional.cross_entropy(self.model(self.inputs), self.labels, reduction="sum").backward()  # type: ignore[no-untyped-call]  # torch's

    def __call__(self) -> None:
        self.backward()
        self.optimizer.step()


class OpacusStep(TorchStep):
    """The same step by Opacus: hooks, gradients per record, its ordinary noise."""

    def __init__(self, rows: Contributions, labels: int, batch: NDArray[np.bool_]) -> None:
        super().__init__(rows, labels, batch)
        self.model = GradSampleModule(self.model, loss_reduction="sum")
        self.optimizer = DPOptimizer(
            torch.optim.SGD(self.model.parameters(), STEP_SIZE),
            noise_multiplier=1.0,
            max_grad_norm=1.0,
            expected_batch_size=None,
            loss_reduction="sum",
        )

    def clean(self) -> NDArray[np.floating]:
        """The sum of clipped gradients [labels, d + 1] at the start."""
        self.backward()
        self.optimizer.clip_and_accumulate()
        parts: list[Any] = list(self.model.parameters())  # Opacus adds the attribute
        return np.column_stack([part.summed_grad.numpy() for part in parts])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object on the last line")
    parser.add_argument("--records", type=int, default=850)
    parser.add_argument("--labels", type=int, default=77)
    parser.add_argument("--rate", type=float, default=0.2, help="sampling rate")
    parser.add_argument("--runs", type=int, default=31)
    options = parser.parse_args()
    warnings.filterwarnings("ignore", "Full backward hook is firing")  # Opacus: the inputs need no gradients
    torch.manual_seed(0)
    head = linear_head(options)
    share = head["noise"] / head["ours"]
    against_plain = head["ours"] / head["not_private"]
    show(["linear head", "seconds"], list(head.items()))
    show(["noise's share of a step", "bar"], [[share, BAR]])
    show(["ours / not private", "ours / Opacus"], [[against_plain, head["ours"] / head["opacus"]]])
    if options.json:
        print(
            result(
                "dp_head_step",
                unit="seconds",
                ours=head["ours"],
                alternative=head["opacus"],
                ratio=head["opacus"] / head["ours"],
                ours_to_not_private=against_plain,
                noise_share=share,
                noise_share_bar=BAR,
                linear_head=head,
                settings={key: value for key, value in vars(options).items() if key != "json"}
                | {"threads": torch.get_num_threads()},
            )
        )


def linear_head(options: argparse.Namespace) -> dict[str, float]:
    """Median seconds of a step of each way, and of our noise alone."""
    rows = site_rows(options.records, options.labels)
    ours = OurStep(rows, options.labels, options.rate)
    build = partial(TorchStep, rows, options.labels, ours.batch)
    opacus = OpacusStep(rows, options.labels, ours.batch)
    difference = np.abs(ours.clean() * ours.event.grid - opacus.clean()).max() / ours.batch.sum()
    assert difference < 2e-6, f"Opacus' clipped gradients differ by {difference:g} each"  # it divides by norm + 1e-6
    opacus = OpacusStep(rows, options.labels, ours.batch)
    work: Work = {"ours": ours, "noise": ours.draw_noise, "not_private": build(), "opacus": opacus}
    return _warm_medians(work, options.runs)


def _warm_medians(work: Work, runs: int) -> dict[str, float]:
    median_seconds(work, 1)
    return median_seconds(work, runs)


if __name__ == "__main__":
    main()
