"""A site whose votes are all on one candidate."""

from __future__ import annotations

import math

from scipy.special import ndtri

from fedaug.server.anomalies.flag import Check, Flag, Noised


def votes_on_one_candidate(site: str, release: str, votes: Noised, most: float, chance: float) -> Flag | None:
    """Whether one candidate has more of a site's votes than noise explains.

    Assumes that of an honest site's clean votes no candidate has more than the share ``most``. Then v − most·T, v a
    candidate's noised votes and T all of the site's n, has mean 0 at most and variance σ²((1 − most)² + most²(n − 1));
    the chance is split over the n candidates.

    Args:
        site: Whose.
        release: The votes' key.
        votes: Per candidate [n].
        most: Share of a site's votes that one candidate may have, above 0 and at most 1.
        chance: Of flagging a site that keeps to it.
    """
    count = len(votes.values)
    if count < 2:
        return None  # all votes are on the only one there is
    spread = votes.noise_std * math.sqrt((1 - most) ** 2 + most**2 * (count - 1))
    allowed = most * float(votes.values.sum())
    threshold = allowed - float(ndtri(chance / count)) * spread + 1e-9 * max(1.0, abs(allowed))
    figure = float(votes.values.max())
    return Flag(site, Check.ONE_CANDIDATE, release, figure, threshold, chance) if figure > threshold else None
