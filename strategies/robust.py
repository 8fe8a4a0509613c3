"""Robust aggregation: what sites' noised values add up to when some of the sites lie.

Each rule takes the values of n sites and gives an estimate of n times what a site typically sent, so that it stands in
the place of the plain sum, with the standard deviation of the noise that is left in it. All of it reads noised values
and the public plan only: post-processing.

What every rule assumes: at most f of the n sites are hostile, and the honest ones' values are **alike up to noise**.
Sites of very different size, or with different labels, are not alike: what few sites hold is then what a rule throws
away. No rule tells a lie that is smaller than the noise from the noise. And each needs to see the values site by site,
so none works under a secure sum.

The noise is known, and independent of what was sent: it widens every honest value alike. So a hostile site gains at
most what hides in it, and the statement of ε is not touched.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.spatial.distance import pdist, squareform

from fedaug.errors import BadNumber, ConfigError, QuorumLost, UnknownPlugin
from fedaug.privacy.limits import LIMITS
from fedaug.strategies.noised_lengths import longest

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Combined:
    """What stands in the place of a sum over sites.

    Attributes:
        values: Float64, n times what a site typically sent; the plain sum for the rule ``sum``.
        noise_std: Standard deviation of the noise in it, per coordinate. The rules that choose do so by looking at
            noised values; their figure is that of a choice made without looking, which is a little too small.
    """

    values: Floats
    noise_std: float


class Rule(Protocol):
    """A way to add up what sites sent."""

    name: ClassVar[str]

    @property
    def least_sites(self) -> int:
        """With fewer sites than this its promise is empty."""
        ...

    def combine(self, values: Floats, noise_std: float) -> Combined:
        """Add up.

        Args:
            values: Float64 [sites, ...], the noised values of one release, a site a row.
            noise_std: Standard deviation of each site's noise, per coordinate.

        Raises:
            QuorumLost: There are fewer sites than ``least_sites``.
            ConfigError: The values are no array of float64 with a row for each site.
            BadNumber: A value, or the noise, is not finite, or is larger than any site's can be.
        """
        ...


@dataclass(frozen=True)
class Sum:
    """The plain sum. Breakdown point 0: one site moves it as far as it likes."""

    hostile: int = 0
    name: ClassVar[str] = "sum"

    @property
    def least_sites(self) -> int:
        """One."""
        return 1

    def combine(self, values: Floats, noise_std: float) -> Combined:
        """See :class:`Rule`."""
        _check(self, values, noise_std)
        return Combined(values.sum(axis=0), math.sqrt(len(values)) * noise_std)


@dataclass(frozen=True)
class TrimmedMean:
    """In each coordinate the f lowest and f highest values are left out (Yin, Chen, Ramchandran & Bartlett 2018).

    Definition 2 there, with β = f/n, times n. Breakdown point f/n below 1/2: with no more than f hostile sites every
    coordinate lies between two honest values. Assumes that each coordinate of honest values is spread about one
    centre; a coordinate that no more than f sites have anything in comes out as noise.

    Between two honest values is as far as the noise is wide: f liars on one side move each coordinate's mean by a share
    of σ, 0.6 σ for 3 of 10, all in the direction that they like. In many dimensions with much noise that adds up to
    more than the signal, which no bound on single coordinates shows; :class:`MultiKrum` does not suffer from it.
    """

    hostile: int
    name: ClassVar[str] = "trimmed-mean"

    @property
    def least_sites(self) -> int:
        """2f + 1."""
        return 2 * self.hostile + 1

    def combine(self, values: Floats, noise_std: float) -> Combined:
        """See :class:`Rule`."""
        _check(self, values, noise_std)
        return _trimmed(values, self.hostile, noise_std)


@dataclass(frozen=True)
class Median:
    """The median of each coordinate, times n (Yin et al. 2018, definition 1). Breakdown point ⌊(n−1)/2⌋ of n.

    Is spared from knowing f, and pays by noise: up to π/2 times the variance of the sum's. Assumes what
    :class:`TrimmedMean` does, and that honest values lie evenly about their centre, since it is the centre's middle
    and not its mean.
    """

    hostile: int
    name: ClassVar[str] = "median"

    @property
    def least_sites(self) -> int:
        """2f + 1, and no fewer than 3."""
        return max(3, 2 * self.hostile + 1)

    def combine(self, values: Floats, noise_std: float) -> Combined:
        """See :class:`Rule`."""
        _check(self, values, noise_std)
        return _trimmed(values, (len(values) - 1) // 2, noise_std)


@dataclass(frozen=True)
class Krum:
    """The one site whose n − f − 2 nearest others are nearest, times n (Blanchard et al. 2017, section 4).

    Needs n ≥ 2f + 3. What comes out is one site's own values, so no mixture of lies; its noise is not averaged, which
    makes it the worst of the rules where noise is most of what is sent. Squared distances between honest values all
    carry the same 2σ²d of noise, so the order is theirs up to the noise's spread, σ²√(8d).
    """

    hostile: int
    name: ClassVar[str] = "krum"

    @property
    def least_sites(self) -> int:
        """2f + 3."""
        return 2 * self.hostile + 3

    def combine(self, values: Floats, noise_std: float) -> Combined:
        """See :class:`Rule`."""
        _check(self, values, noise_std)
        chosen = int(np.argmin(krum_scores(values, self.hostile)))
        return Combined(len(values) * values[chosen], len(values) * noise_std)


@dataclass(frozen=True)
class MultiKrum:
    """The mean of the m = n − f − 2 sites of lowest Krum score, times n (Blanchard et al. 2017, section 4).

    Needs n ≥ 2f + 3, as Krum does; m is the largest for which their proposition holds. Whole sites are taken or left,
    so liars who are far from the others leave no trace. It always leaves f + 2 sites out, honest ones too.
    """

    hostile: int
    name: ClassVar[str] = "multi-krum"

    @property
    def least_sites(self) -> int:
        """2f + 3."""
        return 2 * self.hostile + 3

    def combine(self, values: Floats, noise_std: float) -> Combined:
        """See :class:`Rule`."""
        _check(self, values, noise_std)
        taken = len(values) - self.hostile - 2
        chosen = np.sort(np.argsort(krum_scores(values, self.hostile), kind="stable")[:taken])
        return Combined(len(values) * values[chosen].mean(axis=0), len(values) * noise_std / math.sqrt(taken))


@dataclass(frozen=True)
class NormBound:
    """The sum of values that are first shortened to a common length (Sun, Kairouz, Suresh & McMahan 2019, section 4).

    Bounds how far f hostile sites move the sum, at f times the bound, and leaves their direction alone: against a flip
    of signs it does little. The bound is what a value exceeds for its noise with a chance of 10⁻³ at most, the noise
    being known from the plan (:mod:`fedaug.strategies.noised_lengths`), if without noise it is as long as it may be:

    - ``units`` times a unit's sensitivity, if it is publicly known how many units a site has at most: no honest site
      is shortened but by that chance, and the bound does not depend on what the others sent;
    - else ``slack`` times the sites' median of √max(0, ‖v‖² − σ²d). That median is an honest site's, or between two of
      them, if f < n/2; honest sites that are more than ``slack`` times as large are shortened.

    The clip that each unit had says nothing of a site's length by itself: a site has as many units as it has.
    """

    hostile: int
    units: int | None = None
    sensitivity: float = 1.0
    slack: float = 2.0
    name: ClassVar[str] = "norm-bound"

    @property
    def least_sites(self) -> int:
        """2f + 1; 1 if the number of units is known."""
        return 1 if self.units is not None else 2 * self.hostile + 1

    def combine(self, values: Floats, noise_std: float) -> Combined:
        """See :class:`Rule`."""
        _check(self, values, noise_std)
        rows = values.reshape(len(values), -1)
        squares = np.einsum("nd,nd->n", rows, rows)
        shares = np.minimum(1.0, self.bound(squares, rows.shape[1], noise_std) / np.sqrt(np.maximum(squares, _TINY)))
        total = np.tensordot(shares, values, axes=1)
        return Combined(np.asarray(total, np.float64), noise_std * float(np.linalg.norm(shares)))

    def bound(self, squares: Floats, dimensions: int, noise_std: float) -> float:
        """The length B, from the sites' squared lengths."""
        if self.units is not None:
            return longest(self.units * self.sensitivity, noise_std, dimensions, _NOISE_LONGER)
        clean = math.sqrt(float(np.median(np.maximum(squares - noise_std**2 * dimensions, 0.0))))
        return longest(self.slack * clean, noise_std, dimensions, _NOISE_LONGER)


_TINY: Final = 1e-300
#: Chance that an honest site of usual length is shortened for its noise.
_NOISE_LONGER: Final = 1e-3

_Kind = type[Sum] | type[TrimmedMean] | type[Median] | type[Krum] | type[MultiKrum] | type[NormBound]
RULES: Final[Mapping[str, _Kind]] = {kind.name: kind for kind in (Sum, TrimmedMean, Median, Krum, MultiKrum, NormBound)}


def load_rule(name: str, hostile: int, *, units: int | None = None) -> Rule:
    """A rule by its name.

    Args:
        name: One of :data:`RULES`.
        hostile: f, how many sites may be hostile.
        units: For ``norm-bound``: the most units that a site is publicly known to have.

    Raises:
        UnknownPlugin: There is no such rule.
        ConfigError: f is negative, or ``units`` was given to a rule that takes none.
    """
    if name not in RULES:
        raise UnknownPlugin("no rule of aggregation has that name", f"use one of {', '.join(RULES)}")
    if not hostile >= 0:
        raise ConfigError("fewer than no sites are hostile", "give a number from 0 up")
    if name == NormBound.name:
        return NormBound(hostile, units)
    if units is not None:
        raise ConfigError(f"the rule {name} takes no number of units", f"leave it out, or take {NormBound.name}")
    return RULES[name](hostile)


def krum_scores(values: Floats, hostile: int) -> Floats:
    """Of each site the sum of squared distances to its n − f − 2 nearest others, float64 [n]; lower is more central."""
    rows = values.reshape(len(values), -1)
    apart = np.sort(squareform(pdist(rows, "sqeuclidean")), axis=1)
    return np.asarray(apart[:, 1 : len(rows) - hostile - 1].sum(axis=1), np.float64)  # the first is its own, 0


def trimmed_variance(sites: int, trimmed: int) -> float:
    """Variance of the mean of ``sites`` standard normal values without the lowest and highest ``trimmed``.

    By the asymptotic formula, ((1−2α)⁻²/n)·(∫ x²φ from −q to q + 2αq²), α = trimmed/sites and q the normal quantile of
    1 − α (Serfling 1980, section 8.1.3), which is within a few per cent from three sites on.
    """
    if not trimmed:
        return 1 / sites
    share = trimmed / sites
    edge = float(stats.norm.isf(share))
    kept = 1 - 2 * share
    middle = kept - 2 * edge * float(stats.norm.pdf(edge))
    return (middle + 2 * share * edge**2) / (kept**2 * sites)


def _trimmed(values: Floats, trimmed: int, noise_std: float) -> Combined:
    count = len(values)
    ordered = np.sort(values, axis=0) if trimmed else values
    centre = ordered[trimmed : count - trimmed].mean(axis=0)
    return Combined(count * centre, count * noise_std * math.sqrt(trimmed_variance(count, trimmed)))


def _check(rule: Rule, values: Floats, noise_std: float) -> None:
    if not isinstance(values, np.ndarray) or values.dtype != np.float64 or values.ndim < 1 or not values[:1].size:
        raise ConfigError("sites' values are not rows of float64", "stack the values of one release, a site a row")
    if len(values) < rule.least_sites:
        raise QuorumLost(
            f"the rule {rule.name} needs {rule.least_sites} sites, and {len(values)} are left",
            "enrol more sites, or state fewer hostile ones",
        )
    if not (np.abs(values) <= LIMITS.release_magnitude).all():  # NaN included
        raise BadNumber("a site's value is not finite, or larger than any site's can be", "leave the site out")
    if not (math.isfinite(noise_std) and noise_std >= 0):
        raise BadNumber("the noise in sites' values is not a number from 0 up", "take it from the plan's event")
