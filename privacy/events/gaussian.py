"""Mechanisms with Gaussian noise: continuous, on a grid, summed over sites, and on Poisson samples of the units."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import ClassVar, Self

from fedaug.errors import ProtocolError
from fedaug.privacy.events.base import MechanismEvent, check_grid, log2_steps, scaled_noise


@dataclass(frozen=True)
class GaussianEvent(MechanismEvent):
    """One release of f(D) + N(0, noise_std² I), noise added by the site itself, in floating point.

    The L2 distance of f between neighbouring data sets (one unit added or removed) is at most ``sensitivity``; every
    coordinate gets independent noise of standard deviation ``noise_std``. ``noise_std = 0`` states that no noise was
    added. Charged as the ideal mechanism (Balle & Wang 2018, theorem 8): the effect of floating point is made small
    by the sampler and not proved. New releases use :class:`DiscreteGaussianEvent`.

    Attributes:
        sensitivity: L2 sensitivity to one unit, in the units of the released value.
        noise_std: Standard deviation of the noise, in the same units.
    """

    sensitivity: float
    noise_std: float

    MECHANISM: ClassVar[str] = "gaussian"

    @property
    def noise_multiplier(self) -> float:
        """Noise per sensitivity: the σ of the textbooks."""
        return self.noise_std / self.sensitivity

    @property
    def noise_off(self) -> bool:
        """Whether no noise is added."""
        return self.noise_std == 0

    def scaled(self, factor: float) -> Self:
        """The same release with ``factor`` times the noise."""
        (noise_std,) = scaled_noise(factor, self.noise_std)
        return replace(self, noise_std=noise_std)


@dataclass(frozen=True)
class DiscreteGaussianEvent(MechanismEvent):
    """One release of round(f(D)) + N_Z(0, noise_std²) on the grid g, noise added by the site itself.

    Each unit's clipped contribution is rounded to ``grid`` before the sum, which makes the L2 sensitivity
    Δ' = Δ + g√d; noise is discrete Gaussian, P(k·g) ∝ exp(−(k·g)²/2σ²), independent per coordinate (Canonne, Kamath &
    Steinke 2020, definition 1). Charged as the Gaussian mechanism of sensitivity Δ' and variance σ² − (2g)², and the
    slack of :mod:`fedaug.privacy.discretisation`.

    Attributes:
        sensitivity: L2 sensitivity Δ of one unit's contribution before rounding, in the units of the released value.
        noise_std: σ, in the same units: ``grid`` times 2^10 to 2^24, or 0 for no noise.
        grid: Width g of a step, in the same units.
        dimensions: d, the number of values that leave.
    """

    sensitivity: float
    noise_std: float
    grid: float
    dimensions: int

    MECHANISM: ClassVar[str] = "discrete_gaussian"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_grid(self.noise_std, self.grid)

    @property
    def log2_steps(self) -> int:
        """The k of ``noise_std == grid · 2ᵏ``; there is none when the noise is off."""
        return log2_steps(self.noise_std, self.grid)

    @property
    def noise_multiplier(self) -> float:
        """Noise per sensitivity before rounding."""
        return self.noise_std / self.sensitivity

    @property
    def noise_off(self) -> bool:
        """Whether no noise is added."""
        return self.noise_std == 0

    def scaled(self, factor: float) -> Self:
        """The same release with ``factor`` times the noise, on a grid that keeps its ratio to it."""
        noise_std, grid = scaled_noise(factor, self.noise_std, self.grid)
        return replace(self, noise_std=noise_std, grid=grid if noise_std else self.grid)


@dataclass(frozen=True)
class DistributedGaussianEvent(MechanismEvent):
    """A secure sum of round(f_i(D_i)) + N_Z(0, share_std²) over sites, of which only the sum mod ``modulus`` is seen.

    Of the m survivors at least, t may leave their noise out or tell it, so m − t shares of noise protect a unit. Their
    sum is pointwise within a factor 1 ± 10⁻¹⁰⁰⁰ of one discrete Gaussian of variance (m − t)·share_std² for the grids
    that are allowed (Kairouz, Liu & Steinke 2021; by the normaliser of :mod:`fedaug.privacy.discretisation` with at
    least 700 steps in the place of τ), which is what is charged. More survivors' noise, and the modulus, are
    post-processing. A unit is at one site, so the sensitivity is that of one site's contribution.

    Attributes:
        sensitivity: L2 sensitivity Δ of one unit's contribution before rounding, in the units of the released value.
        share_std: Standard deviation of one site's noise: ``grid`` times 2^10 to 2^24, or 0 for no noise.
        grid: Width g of a step, in the same units.
        dimensions: d, the number of values of the sum.
        sites: K, how many take part.
        survivors: m, below which the round aborts and the charge stands.
        colluders: t, how many may leave out or reveal their noise.
        modulus: Of the masked sum, in steps of the grid.
    """

    sensitivity: float
    share_std: float
    grid: float
    dimensions: int
    sites: int
    survivors: int
    colluders: int
    modulus: int

    MECHANISM: ClassVar[str] = "distributed_gaussian"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_grid(self.share_std, self.grid)
        if not self.colluders < self.survivors <= self.sites:
            raise ProtocolError(
                "an event's colluders, survivors and sites do not fit together",
                "let colluders be fewer than survivors, and survivors no more than sites",
            )

    @property
    def log2_steps(self) -> int:
        """The k of ``share_std == grid · 2ᵏ``; there is none when the noise is off."""
        return log2_steps(self.share_std, self.grid)

    @property
    def honest(self) -> int:
        """m − t: how many shares of noise are counted."""
        return self.survivors - self.colluders

    @property
    def noise_std(self) -> float:
        """Standard deviation of the noise that is counted in the sum: √(m − t)·share_std."""
        return math.sqrt(self.honest) * self.share_std

    @property
    def noise_off(self) -> bool:
        """Whether no noise is added."""
        return self.share_std == 0

    def own_share(self) -> DiscreteGaussianEvent:
        """What protects a unit if every other site colludes: the site's own noise, as an event of its own."""
        return DiscreteGaussianEvent(
            self.key, self.release, self.sensitivity, self.share_std, self.grid, self.dimensions
        )

    def scaled(self, factor: float) -> Self:
        """The same release with ``factor`` times the noise, on a grid that keeps its ratio to it."""
        share_std, grid = scaled_noise(factor, self.share_std, self.grid)
        return replace(self, share_std=share_std, grid=grid if share_std else self.grid)


@dataclass(frozen=True)
class SubsampledGaussianEvent(MechanismEvent):
    """``steps`` releases, each a sum over a fresh Poisson sample of the units plus discrete Gaussian noise.

    At each step every unit is in the sample independently with probability ``sampling_rate``; the sampled units'
    contributions, each clipped to L2 norm Δ and rounded to ``grid``, are added up and get noise as in
    :class:`DiscreteGaussianEvent`. Charged by the privacy loss distribution of the Poisson-subsampled Gaussian
    mechanism, in both directions of add-or-remove-one (Koskela, Jälkö & Honkela 2020; Zhu, Dong & Wang 2022).
    Shuffled or fixed-size batches are **not** covered, nor is a sample that depends on the records.

    Attributes:
        sensitivity: L2 bound Δ of one unit's contribution to a step before rounding.
        noise_std: σ of a step's noise, in the same units: ``grid`` times 2^10 to 2^24, or 0 for no noise.
        grid: Width g of a step of the grid, in the same units.
        dimensions: d, the number of values of one step.
        sampling_rate: q, above 0 and at most 1.
        steps: How many samples are drawn.
    """

    sensitivity: float
    noise_std: float
    grid: float
    dimensions: int
    sampling_rate: float
    steps: int

    MECHANISM: ClassVar[str] = "subsampled_gaussian"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_grid(self.noise_std, self.grid)

    @property
    def log2_steps(self) -> int:
        """The k of ``noise_std == grid · 2ᵏ``; there is none when the noise is off."""
        return log2_steps(self.noise_std, self.grid)

    @property
    def noise_multiplier(self) -> float:
        """Noise of one step per sensitivity before rounding."""
        return self.noise_std / self.sensitivity

    @property
    def noise_off(self) -> bool:
        """Whether no noise is added."""
        return self.noise_std == 0

    def scaled(self, factor: float) -> Self:
        """The same run with ``factor`` times the noise, on a grid that keeps its ratio to it."""
        noise_std, grid = scaled_noise(factor, self.noise_std, self.grid)
        return replace(self, noise_std=noise_std, grid=grid if noise_std else self.grid)
