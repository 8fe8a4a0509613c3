"""How much of what the optimiser gets is not noise: worked out from noised sums alone, so it is DP and may be shown."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

import torch
from torch import Tensor

from fedaug.privacy.events import SubsampledGaussianEvent

#: Of the moving average: a window of about twenty steps.
_DECAY: Final = 0.95
#: Steps before a stop is considered: the average has hardly begun.
_LEAST_STEPS: Final = 20


@dataclass(frozen=True)
class StepEnergies:
    """How loud the quietest and the loudest noised sum of a run was: energy over what its noise alone would have.

    A sum of clipped gradients and noise of d values has at least the energy of a chi-square of d degrees of freedom,
    whatever the gradients are: one that is far below it had no such noise. One far above it had gradients that no clip
    bounds. Both are post-processing of noised sums.
    """

    quietest: float = math.inf
    loudest: float = 0.0

    def beside(self, energy: float) -> StepEnergies:
        """With one more step."""
        return replace(self, quietest=min(self.quietest, energy), loudest=max(self.loudest, energy))


class Signal:
    """Energy of a moving average of noised sums, over what noise alone would give, less 1.

    With β = 0.95, the average e after t steps of pure noise has E‖e‖² = σ²d·(1 - β)/(1 + β)·(1 - β²ᵗ), and the ratio
    varies by about √(2/d) around it. So 0 is noise alone, and 1 as much signal as noise after averaging. It is
    post-processing of what the event is charged for.

    A run that a signal stops is charged whole: when it stopped follows from what was released, and an ε for so many
    steps as were taken would not hold (Rogers, Roth, Ullman & Vadhan 2016). Taking all steps and throwing the rest away
    costs the same, and would tell the same.

    Args:
        event: What each step's noise is.
    """

    def __init__(self, event: SubsampledGaussianEvent) -> None:
        self._variance = event.noise_std**2
        self.average = torch.zeros(event.dimensions, dtype=torch.float64)
        self.steps = 0
        self.energies = StepEnergies()

    def update(self, noised: Tensor) -> None:
        """Take in one step's noised sum, float64 [values]."""
        self.average.mul_(_DECAY).add_(noised, alpha=1 - _DECAY)
        self.steps += 1
        noise = self._variance * len(noised)
        if noise > 0:
            self.energies = self.energies.beside(float(noised @ noised) / noise)

    @property
    def value(self) -> float:
        """The ratio less 1; infinite where no noise is added."""
        expected = self._variance * len(self.average) * (1 - _DECAY) / (1 + _DECAY) * (1 - _DECAY ** (2 * self.steps))
        return float(self.average @ self.average) / expected - 1 if expected > 0 else math.inf

    def is_below(self, least: float | None) -> bool:
        """Whether training should stop; never in the first steps, nor without a bound."""
        return least is not None and self.steps >= _LEAST_STEPS and not self.value >= least
