"""How many units lie near each candidate: the counts that an above-threshold release asks about."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from fedaug.errors import ProtocolError
from fedaug.strategies.contributions import Contributions

#: What stands for a candidate that came after the last positive answer.
NOT_ASKED: Final = -1.0


def units_near(contributions: Contributions, candidates: NDArray[np.float32], radius: float) -> NDArray[np.int64]:
    """Units with a record within ``radius`` of each candidate, int64 [n]; adding a unit raises each by 1 or not at all.

    A unit counts once however many of its records are near. A record is compared with the candidates by itself, so that
    what it adds is the same to the bit whatever other records the site holds.

    Args:
        contributions: The site's rows.
        candidates: Unit rows, float32 [n, d].
        radius: Euclidean distance between unit vectors, 0 to 2.

    Raises:
        ProtocolError: The candidates lie in another space than the records.
    """
    if candidates.ndim != 2 or candidates.shape[1] != contributions.embeddings.shape[1]:
        raise ProtocolError("candidates lie in another embedding space", "use the plan's encoder")
    least = 1 - radius * radius / 2  # the cosine at that distance
    counts = np.zeros(len(candidates), np.int64)
    for rows in contributions.by_unit():
        near = np.zeros(len(candidates), np.bool_)
        for row in rows:
            near |= candidates @ contributions.embeddings[row] >= least
        counts += near
    return counts


def require_answers(answers: NDArray[np.float64], positives: int) -> None:
    """Check that answers have the form that an above-threshold run gives them.

    Args:
        answers: Float64 [n].
        positives: After how many positive answers the run ends.

    Raises:
        ProtocolError: There is something else than 1, 0 and -1 in them, or the run went on after its end, or ended
            before it.
    """
    asked = answers != NOT_ASKED
    ended = np.cumsum(answers == 1) >= positives
    if not np.isin(answers, (1.0, 0.0, NOT_ASKED)).all() or not (asked[1:] == ~ended[:-1]).all() or not asked[:1].all():
        raise ProtocolError("a site's answers are not those of a run that ends", "leave the site out and ask it")
