"""What it costs that noise is drawn on an integer grid: the numbers of ADR 0009, in one place.

A unit's clipped contribution is rounded to a public grid g, so that clean values are integers in grid units, and gets
discrete Gaussian noise of standard deviation σ = g·2ᵏ. Three things set this apart from the continuous Gaussian
mechanism of the theorems, and each has its number here:

1. **Rounding** moves each of d coordinates by at most g, so the sensitivity is Δ' = Δ + g√d in L2 and Δ + g·d in L1.
2. **The grid.** The discrete Gaussian is a post-processing of the continuous one of variance σ² − (τg)²: draw
   X ~ N(x, σ² − τ²g²), then a discrete Gaussian of parameter τ grid steps centred at X (Peikert 2010, theorem 3.1;
   Micciancio & Walter 2017). This holds pointwise within a factor (1 + η)/(1 − η) a coordinate, where
   η = 2·Σ_m exp(−2π²τ²m²) bounds how far the normaliser of the second draw depends on X (Poisson summation). With
   τ = 2, η is 1e-34.
3. **The sampler** meets each probability up to a relative 2⁻⁴⁸ and leaves out values of total mass below 2⁻⁷².

So a release of d values costs as much as a Gaussian mechanism of sensitivity Δ' and standard deviation
√(σ² − (2g)²), and a pure slack of d·2⁻⁴⁶ (both neighbours' sampler errors are 2·2⁻⁴⁸, and η's share is far below the
rest) and a tail of d·2⁻⁷⁰ beside it (two bits for the renormalised rest). Laplace noise has no tail left out.
"""

from __future__ import annotations

import math
from typing import Final

#: Steps of the grid in one standard deviation (or Laplace scale), as a power of two: coarser grids cost privacy,
#: finer ones leave the range in which the samplers are exact.
LOG2_STEPS_MIN: Final = 10
LOG2_STEPS_MAX: Final = 24
#: What campaigns use.
LOG2_STEPS: Final = LOG2_STEPS_MAX
#: Parameter of the second draw of the argument above, in grid steps.
SMOOTHING_STEPS: Final = 2.0
#: By how much one value's loss may exceed that of the ideal mechanism.
PURE_SLACK: Final = 2.0**-46
#: Probability of the values that a sampler leaves out, for one value.
TAIL_MASS: Final = 2.0**-70


def grid_for(noise: float, log2_steps: int = LOG2_STEPS) -> float:
    """The grid on which a noise (standard deviation or scale, above zero) is 2^log2_steps steps wide."""
    return math.ldexp(noise, -log2_steps)


def steps_of(noise: float, grid: float) -> int | None:
    """The k of ``noise == grid · 2ᵏ`` within the allowed range; None if there is none."""
    for k in range(LOG2_STEPS_MIN, LOG2_STEPS_MAX + 1):
        if math.ldexp(grid, k) == noise:
            return k
    return None


def rounded_l2(sensitivity: float, grid: float, dimensions: int) -> float:
    """L2 sensitivity of the rounded value: Δ + g√d, above Δ also where the sum of floats is not."""
    return max(sensitivity + grid * math.sqrt(dimensions), math.nextafter(sensitivity, math.inf))


def rounded_l1(sensitivity: float, grid: float, dimensions: int) -> float:
    """L1 sensitivity of the rounded value: Δ + g·d, above Δ also where the sum of floats is not."""
    return max(sensitivity + grid * dimensions, math.nextafter(sensitivity, math.inf))


def effective_std(noise_std: float, grid: float) -> float:
    """Standard deviation of the continuous Gaussian that the discrete one is a post-processing of: √(σ² − (2g)²)."""
    return noise_std * math.sqrt(1 - (SMOOTHING_STEPS * grid / noise_std) ** 2)
