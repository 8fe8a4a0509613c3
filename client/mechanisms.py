"""Which value each request asks for, as a clipped function of the site's records; the gate adds the noise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from fedaug.errors import PolicyRefused, ProtocolError
from fedaug.privacy.events import Event, ReleaseKind
from fedaug.privacy.limits import LIMITS
from fedaug.strategies.class_statistics import class_sums, label_counts
from fedaug.strategies.contributions import Contributions
from fedaug.strategies.messages import (
    AskCounts,
    AskMetric,
    AskStatistics,
    AskVotes,
    CampaignPlan,
    ReleaseRequest,
    Tensors,
)
from fedaug.strategies.student_metric import right_and_wrong
from fedaug.strategies.voting import vote_totals

_T = TypeVar("_T", bound=np.generic)
Clean = Callable[[Contributions], NDArray[np.float64]]

#: What clipping in strategies/contributions.py guarantees for every mechanism here: one unit moves the value by at most
#: this much in L2 norm.
SENSITIVITY: Final = 1.0
_UNIT_TOLERANCE: Final = 1e-3  # float32 rows of a normalising encoder are within 1e-6


@dataclass(frozen=True)
class Mechanism:
    """One release kind and the function of records behind it."""

    kind: ReleaseKind
    clean: Clean


def mechanism_for(
    request: ReleaseRequest, tensors: Tensors, plan: CampaignPlan, max_candidates: int = LIMITS.candidates
) -> Mechanism:
    """The mechanism that a request asks for, its public inputs checked and bound.

    Everything that can be wrong with an input is found here, before a record is read: an error that came up only with
    certain records would tell of them.

    Raises:
        ProtocolError: A tensor is missing, extra, of the wrong shape or type, or out of range.
        PolicyRefused: There are more candidates than the site takes.
    """
    labels = len(plan.labels)
    if isinstance(request, AskVotes):
        vectors = _tensor(tensors, "candidates", np.float32, (None, plan.dimensions))
        stands_for = _tensor(tensors, "labels", np.int32, (len(vectors),))
        _only(tensors, 2)
        if not len(vectors) or stands_for.min() < 0 or stands_for.max() >= labels:
            raise ProtocolError("candidates are none, or outside the label set", "send candidates of the plan")
        if len(vectors) > max_candidates:
            raise PolicyRefused("a vote has more candidates than policy.max_candidates", "allow them, or ask for fewer")
        lengths = np.linalg.norm(vectors.astype(np.float64), axis=1)
        if not (np.abs(lengths - 1) < _UNIT_TOLERANCE).all():
            raise ProtocolError("candidates are not unit vectors", "send what the plan's encoder gives")
        return Mechanism(
            ReleaseKind.NOISY_VOTES, lambda rows: vote_totals(rows, vectors, stands_for, plan.votes_per_record)
        )
    if isinstance(request, AskMetric):
        weight = _tensor(tensors, "weight", np.float32, (labels, plan.dimensions))
        bias = _tensor(tensors, "bias", np.float32, (labels,))
        _only(tensors, 2)
        return Mechanism(ReleaseKind.NOISY_METRIC, lambda rows: right_and_wrong(rows, weight, bias))
    _only(tensors, 0)
    if isinstance(request, AskStatistics):
        return Mechanism(ReleaseKind.NOISY_STATISTICS, lambda rows: class_sums(rows, labels))
    if isinstance(request, AskCounts):
        return Mechanism(ReleaseKind.NOISY_COUNTS, lambda rows: label_counts(rows, labels))
    raise ProtocolError("a request asks for no known release", "use a request of this protocol version")


def require_covered(event: Event, kind: ReleaseKind) -> None:
    """Check that an event states no less than what its mechanism does.

    Raises:
        PolicyRefused: It names another kind, or a sensitivity below the mechanism's.
    """
    if event.release is not kind:
        raise PolicyRefused("a release was planned as another kind", "ask for what the plan holds")
    if not event.sensitivity >= SENSITIVITY:
        raise PolicyRefused("a plan understates a release's sensitivity", "plan with sensitivity 1")


def _tensor(tensors: Tensors, name: str, dtype: type[_T], shape: tuple[int | None, ...]) -> NDArray[_T]:
    values: NDArray[_T] | None = tensors.get(name)
    if values is None or values.dtype != dtype or values.ndim != len(shape):
        raise ProtocolError(
            f"a request's tensor {name} is missing or of the wrong type", "send what the request defines"
        )
    if any(want is not None and want != has for want, has in zip(shape, values.shape, strict=True)):
        raise ProtocolError(f"a request's tensor {name} has the wrong shape", "send what the request defines")
    return values


def _only(tensors: Tensors, count: int) -> None:
    if len(tensors) != count:
        raise ProtocolError("a request holds tensors that it does not define", "send what the request defines")
