"""Mechanisms that are pure: each is (ε0, 0)-DP, and charged by the pair that dominates all such mechanisms."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import ClassVar, Final, Self

from fedaug.errors import ProtocolError
from fedaug.privacy.discretisation import rounded_l1
from fedaug.privacy.events.base import MechanismEvent, check_grid, log2_steps, scaled_noise

#: The most truthful coin that is still noise; 1 is noise off. Rarer odds are not met to the precision charged for.
_MOST_KEPT: Final = 1 - 2.0**-16


@dataclass(frozen=True)
class LaplaceEvent(MechanismEvent):
    """One release of round(f(D)) + discrete Laplace noise on the grid g, noise added by the site itself.

    P(k·g) ∝ exp(−|k|·g/b) with b = ``scale``, independent per coordinate (Ghosh, Roughgarden & Sundararajan
    2012). Rounding each unit's contribution makes the L1 sensitivity Δ + g·d, so ε0 = (Δ + g·d)/b.

    Attributes:
        sensitivity: L1 sensitivity Δ of one unit's contribution before rounding, in the units of the released value.
        scale: b, in the same units: ``grid`` times 2^10 to 2^24, or 0 for no noise.
        grid: Width g of a step, in the same units.
        dimensions: d, the number of values that leave.
    """

    sensitivity: float
    scale: float
    grid: float
    dimensions: int

    MECHANISM: ClassVar[str] = "laplace"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_grid(self.scale, self.grid)

    @property
    def log2_steps(self) -> int:
        """The k of ``scale == grid · 2ᵏ``; there is none when the noise is off."""
        return log2_steps(self.scale, self.grid)

    @property
    def noise_std(self) -> float:
        """Standard deviation of the noise, which is √2·b."""
        return math.sqrt(2) * self.scale

    @property
    def noise_off(self) -> bool:
        """Whether no noise is added."""
        return self.scale == 0

    @property
    def pure_epsilon(self) -> float:
        """ε0 of the release; infinite without noise."""
        return rounded_l1(self.sensitivity, self.grid, self.dimensions) / self.scale if self.scale else math.inf

    def scaled(self, factor: float) -> Self:
        """The same release with ``factor`` times the noise, on a grid that keeps its ratio to it."""
        scale, grid = scaled_noise(factor, self.scale, self.grid)
        return replace(self, scale=scale, grid=grid if scale else self.grid)


@dataclass(frozen=True)
class RandomizedResponseEvent(MechanismEvent):
    """``answers`` categorical answers of one unit, each kept with a probability p and else drawn from the others.

    One answer's odds between any two true categories are at most p·(c − 1)/(1 − p), so it is (ε0, 0)-DP with ε0 the
    logarithm of that (Warner 1965; Kairouz, Bonawitz & Ramage 2016). A unit's absence must not show in who
    answers: the mechanism answers for an absent unit with a fixed public category as the true one.

    Attributes:
        categories: c, the number of public categories.
        keep_probability: p, from 1/c to 1 − 2^-16, or 1 for no noise.
        answers: How many independent answers one unit influences.
    """

    categories: int
    keep_probability: float
    answers: int

    MECHANISM: ClassVar[str] = "randomized_response"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.keep_probability >= 1 / self.categories:
            raise ProtocolError(
                "an event keeps an answer less often than chance would", "keep it with probability 1/c or more"
            )

    @property
    def sensitivity(self) -> float:
        """One answer, counted in its category."""
        return 1.0

    @property
    def noise_std(self) -> float:
        """Standard deviation of one category's count of one answer."""
        return math.sqrt(self.keep_probability * (1 - self.keep_probability))

    @property
    def noise_off(self) -> bool:
        """Whether every answer is kept."""
        return self.keep_probability == 1

    @property
    def pure_epsilon(self) -> float:
        """ε0 of one answer; infinite without noise."""
        if self.noise_off:
            return math.inf
        return max(math.log(self.keep_probability * (self.categories - 1) / (1 - self.keep_probability)), 0.0)

    def scaled(self, factor: float) -> Self:
        """The same answers with ε0 divided by ``factor``, though not beyond the most truthful coin that is allowed."""
        scaled_noise(factor)
        if factor == 0 or self.noise_off:
            return replace(self, keep_probability=1.0)
        doubt = (self.categories - 1) * math.exp(-min(self.pure_epsilon / factor, 700.0))
        return replace(self, keep_probability=min(max(1 / (1 + doubt), 1 / self.categories), _MOST_KEPT))


@dataclass(frozen=True)
class AboveThresholdEvent(MechanismEvent):
    """The sparse vector technique: which of a stream of counts lie above a threshold, until c of them did.

    The threshold gets discrete Laplace noise of ``threshold_scale`` once, each count fresh noise of ``query_scale``,
    and the run ends with the c-th positive answer; counts themselves are never told. Counting queries are monotone
    under add-or-remove-one (a unit moves all of them the same way), so ε0 = Δ'/b_T + c·Δ'/b_Q with Δ' = Δ + g for the
    rounding to the grid (Lyu, Su & Li 2017, algorithm 7 without its third part, for monotonic queries). The threshold
    is public, and at most ``LIMITS.threshold_queries`` counts are asked.

    Attributes:
        sensitivity: By how much one unit changes one count at most.
        threshold_scale: b_T, in the same units: ``grid`` times 2^10 to 2^24, or 0 for no noise.
        query_scale: b_Q, likewise; both noises are on or both are off.
        grid: Width g of a step, in the same units.
        positives: c, after how many positive answers the run ends.
    """

    sensitivity: float
    threshold_scale: float
    query_scale: float
    grid: float
    positives: int

    MECHANISM: ClassVar[str] = "above_threshold"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_grid(self.threshold_scale, self.grid)
        check_grid(self.query_scale, self.grid)
        if (self.threshold_scale == 0) != (self.query_scale == 0):
            raise ProtocolError("an event's noise is off in one of two places", "turn both noises on, or both off")

    @property
    def log2_steps(self) -> tuple[int, int]:
        """The k of ``threshold_scale`` and of ``query_scale`` on the grid; there are none when the noise is off."""
        return log2_steps(self.threshold_scale, self.grid), log2_steps(self.query_scale, self.grid)

    @property
    def noise_std(self) -> float:
        """Standard deviation of one comparison's noise."""
        return math.sqrt(2 * (self.threshold_scale**2 + self.query_scale**2))

    @property
    def noise_off(self) -> bool:
        """Whether no noise is added."""
        return self.query_scale == 0

    @property
    def pure_epsilon(self) -> float:
        """ε0 of the whole run; infinite without noise."""
        if self.noise_off:
            return math.inf
        bound = rounded_l1(self.sensitivity, self.grid, 1)
        return bound / self.threshold_scale + self.positives * bound / self.query_scale

    def scaled(self, factor: float) -> Self:
        """The same run with ``factor`` times both noises, on a grid that keeps its ratio to them."""
        threshold_scale, query_scale, grid = scaled_noise(factor, self.threshold_scale, self.query_scale, self.grid)
        return replace(
            self, threshold_scale=threshold_scale, query_scale=query_scale, grid=grid if query_scale else self.grid
        )
