"""A site whose class sums point elsewhere than all others': flipped signs, exchanged labels, noise of its own making.

What all classes have in common is taken out first, since it agrees whatever the labels are: with w the noised counts,
the part of the sums [labels, d] along w is removed by an orthogonal projection. Of what is left, the site's and that of
all other sites together, the cosine is compared with a public bound.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from fedaug.server.anomalies.flag import Check, Flag, Noised
from fedaug.strategies.noised_lengths import shortest_clean

Floats = NDArray[np.float64]


def sums_against_the_others(
    release: str,
    counts: Mapping[str, Noised],
    sums: Mapping[str, Noised],
    least: float,
    chance: float,
    basis: Floats | None = None,
) -> list[Flag]:
    """Sites whose sums agree less with the others' than ``least``, whatever the noise did.

    The flag's figure is the greatest cosine that noise leaves possible. Assumes that an honest site's clean sums have a
    cosine of at least ``least`` to the others', after the projections. Sites with other labels or other texts have a
    lower one: banking77 dealt at random has 0.9, in shares of Dirichlet(0.5) 0.4 to 0.6, of Dirichlet(0.1) 0.2 to 0.3;
    with labels exchanged it is 0 ± 0.05. Before they are added up, others are shortened to the length of the median
    site, so that a single loud one is not all that is heard. Liars who are more than the honest make these disagree.

    With a the site's part and b the others', both noised, <a, b> has a variance of no more than σ²E|b|² + τ²E|a|²; the
    clean lengths are bounded from below (:mod:`fedaug.strategies.noised_lengths`). A third of the chance goes to each.

    Args:
        release: The sums' key.
        counts: By site, per label [labels].
        sums: By site, per label [labels, d].
        least: Least cosine, from 0 up and below 1.
        chance: Of flagging a site that keeps to it.
        basis: Orthonormal columns [d, k] of a public subspace: noise outside is left out of the comparison.
    """
    names = [name for name in sums if name in counts]
    if len(names) < 3:
        return []  # of two that disagree, nobody can say which is odd
    parts = {name: _projected(sums[name].values, basis) for name in names}
    lengths = {name: float(np.linalg.norm(part)) for name, part in parts.items()}
    middle = float(np.median(list(lengths.values())))
    shares = {name: min(1.0, middle / lengths[name]) if lengths[name] else 1.0 for name in names}
    whole = np.sum([shares[name] * parts[name] for name in names], axis=0)
    counted = np.sum([shares[name] * counts[name].values for name in names], axis=0)
    noise = sum((shares[name] * sums[name].noise_std) ** 2 for name in names)
    found = []
    for name in names:
        mine = _without_common(parts[name], counts[name].values)
        theirs = _without_common(whole - shares[name] * parts[name], counted - shares[name] * counts[name].values)
        own = sums[name].noise_std
        rest = math.sqrt(max(0.0, noise - (shares[name] * own) ** 2))
        most = _greatest_cosine(mine, theirs, own, rest, chance / 3)
        if most < least:
            found.append(Flag(name, Check.AGAINST_THE_OTHERS, release, most, least, chance))
    return found


def _greatest_cosine(mine: Floats, theirs: Floats, own: float, rest: float, chance: float) -> float:
    """Of the clean parts, but for three times the chance; 1 where the noise hides them."""
    lengths = float(np.linalg.norm(mine)), float(np.linalg.norm(theirs))
    spread = math.hypot(own * lengths[1], rest * lengths[0])
    most = float((mine * theirs).sum()) - float(ndtri(chance)) * spread
    if most < 0:  # whatever the clean lengths are; the noised ones give the figure
        return most / (lengths[0] * lengths[1])
    # The projections took some of the dimensions; counting those too makes the lengths no longer than they are.
    clean = [shortest_clean(length, std, mine.size, chance) for length, std in zip(lengths, (own, rest), strict=True)]
    return min(1.0, most / (clean[0] * clean[1])) if all(clean) else 1.0


def _projected(sums: Floats, basis: Floats | None) -> Floats:
    return sums if basis is None else np.asarray(sums @ basis, np.float64)


def _without_common(sums: Floats, counts: Floats) -> Floats:
    """Without the part along the counts: what a site's texts have in common whatever their label."""
    weights = np.maximum(counts, 0.0)
    length = float(np.linalg.norm(weights))
    if not length:
        return sums
    weights = weights / length
    return sums - np.outer(weights, weights @ sums)
