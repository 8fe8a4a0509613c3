"""How long a vector with Gaussian noise can be, from above and below, at a stated chance of being wrong.

For X, the squared length of c + Z in D dimensions with standard normal Z and |c|² = λ (noncentral chi-square), and
t = ln(1/p): P(X ≥ D + λ + 2√((D + 2λ)t) + 2t) ≤ p and P(X ≤ D + λ − 2√((D + 2λ)t)) ≤ p (Birgé 2001, "An alternative
point of view on Lepski's method", lemma 8.1). Closed forms, where quantiles fail for tens of thousands of dimensions.
"""

from __future__ import annotations

import math


def longest(clean: float, noise_std: float, dimensions: int, chance: float) -> float:
    """The length that a noised vector exceeds with no more than ``chance``, if its clean length is ``clean``."""
    root = math.sqrt(math.log(1 / chance))
    # (u + 2√t)²/2 with u² = D + 2λ, here in units of the values themselves, so that no noise is no special case
    spread = math.sqrt(dimensions * noise_std**2 + 2 * clean**2) + 2 * noise_std * root
    return math.sqrt((dimensions * noise_std**2 + spread**2) / 2)


def shortest_clean(length: float, noise_std: float, dimensions: int, chance: float) -> float:
    """A length that the clean vector is at least, but for ``chance``, if with its noise it is so long."""
    root = math.sqrt(math.log(1 / chance))
    noise = dimensions * noise_std**2
    spread = max(0.0, math.sqrt(max(0.0, 2 * length**2 - noise)) - 2 * noise_std * root)
    return math.sqrt(max(0.0, (spread**2 - noise) / 2))
