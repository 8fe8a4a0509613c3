"""How each request is answered: a function of the site's records that clips, and the mechanism that adds the noise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from fedaug.client.training.linear import train_linear
from fedaug.errors import PolicyRefused, ProtocolError
from fedaug.privacy.events import (
    AboveThresholdEvent,
    DiscreteGaussianEvent,
    Event,
    ReleaseKind,
    SubsampledGaussianEvent,
)
from fedaug.privacy.limits import LIMITS
from fedaug.privacy.mechanisms import above_threshold, discrete_gaussian, grid_values
from fedaug.privacy.noise import NoiseSource
from fedaug.strategies.class_statistics import class_sums, label_counts
from fedaug.strategies.contributions import Contributions
from fedaug.strategies.messages import (
    ADAPTER_KEY,
    AskCounts,
    AskMetric,
    AskStatistics,
    AskSupport,
    AskUpdate,
    AskVotes,
    CampaignPlan,
    ReleaseRequest,
    Tensors,
)
from fedaug.strategies.nearness import NOT_ASKED, units_near
from fedaug.strategies.student_metric import right_and_wrong
from fedaug.strategies.voting import vote_totals

_T = TypeVar("_T", bound=np.generic)
_Rows = TypeVar("_Rows")
Floats = NDArray[np.float64]

#: What clipping in strategies/contributions.py guarantees: one unit moves a total by at most this much in L2 norm,
#: rounding to the grid apart, which the event's accounting adds. Counts of units near a candidate move by 1 as well.
SENSITIVITY: Final = 1.0
#: A contribution of more grid steps is refused: sums over ``LIMITS.noise_values`` units then stay in 64 bits, so that
#: no sum can fail, and tell of the records by that.
FINEST_GRID: Final = 2.0**-34
#: The same for counts that are compared: of ``LIMITS.noise_values`` units they stay below 2^52 steps.
FINEST_COUNT_GRID: Final = 2.0**-24
_UNIT_TOLERANCE: Final = 1e-3  # float32 rows of a normalising encoder are within 1e-6

MECHANISM_OF: Final[dict[ReleaseKind, type[Event]]] = {
    ReleaseKind.NOISY_COUNTS: DiscreteGaussianEvent,
    ReleaseKind.NOISY_STATISTICS: DiscreteGaussianEvent,
    ReleaseKind.NOISY_VOTES: DiscreteGaussianEvent,
    ReleaseKind.NOISY_SUPPORT: AboveThresholdEvent,
    ReleaseKind.NOISY_METRIC: DiscreteGaussianEvent,
    ReleaseKind.NOISY_UPDATE: SubsampledGaussianEvent,
}


#: Mechanisms to which a site gives values whose sensitivity is ``SENSITIVITY``, and no event may state less.
CLIPPED_TO_ONE: Final = (DiscreteGaussianEvent, AboveThresholdEvent)


def finest_grid(event: Event) -> float:
    """The least width of an event's grid, as a share of its sensitivity."""
    return FINEST_COUNT_GRID if isinstance(event, AboveThresholdEvent) else FINEST_GRID


@dataclass(frozen=True)
class Answer(Generic[_Rows]):
    """How one release is made.

    Attributes:
        kind: What leaves.
        size: How many values that is.
        run: Makes it, from the site's rows and by the mechanism of the event that was charged.
    """

    kind: ReleaseKind
    size: int
    run: Callable[[_Rows, Event, NoiseSource], Floats]


def answer_to(
    request: ReleaseRequest, tensors: Tensors, plan: CampaignPlan, max_candidates: int = LIMITS.candidates
) -> Answer[Contributions]:
    """How a request is answered, its public inputs checked and bound.

    Everything that can be wrong with an input is found here, before a record is read: an error that came up only with
    certain records would tell of them.

    Raises:
        ProtocolError: A tensor is missing, extra, of the wrong shape or type, or out of range.
        PolicyRefused: There are more candidates than the site takes.
    """
    labels, width = len(plan.labels), plan.dimensions
    if request.key == ADAPTER_KEY:
        raise ProtocolError("an adaptation was asked for as something else", "ask for what the plan holds")
    if isinstance(request, AskVotes):
        return _votes(tensors, plan, max_candidates)
    if isinstance(request, AskSupport):
        return _support(tensors, plan, max_candidates)
    if isinstance(request, (AskMetric, AskUpdate)):
        weight = _tensor(tensors, "weight", np.float32, (labels, width))
        bias = _tensor(tensors, "bias", np.float32, (labels,))
        _only(tensors, 2)
        if isinstance(request, AskMetric):
            return _noised(ReleaseKind.NOISY_METRIC, 2, lambda rows, grid: right_and_wrong(rows, weight, bias, grid))
        return _trained(weight, bias, plan)
    _only(tensors, 0)
    if isinstance(request, AskStatistics):
        return _noised(ReleaseKind.NOISY_STATISTICS, labels * width, lambda rows, grid: class_sums(rows, labels, grid))
    if isinstance(request, AskCounts):
        return _noised(ReleaseKind.NOISY_COUNTS, labels, lambda rows, grid: label_counts(rows, labels, grid))
    raise ProtocolError("a request asks for no known release", "use a request of this protocol version")


def require_covered(event: Event, answer: Answer[Any] | None = None) -> None:
    """Check that an event states no less than what its release does.

    Args:
        event: As planned.
        answer: The release that is asked for; without it only what every release of the event's kind needs is checked.

    Raises:
        PolicyRefused: It names another kind or mechanism, fewer values, or a sensitivity below the mechanism's.
    """
    if answer is not None and event.release is not answer.kind:
        raise PolicyRefused("a release was planned as another kind", "ask for what the plan holds")
    if type(event) is not MECHANISM_OF.get(event.release):
        raise PolicyRefused("a release was planned with a mechanism that its kind lacks", "plan it with the kind's own")
    if isinstance(event, CLIPPED_TO_ONE) and not event.sensitivity >= SENSITIVITY:
        raise PolicyRefused("a plan understates a release's sensitivity", "plan with sensitivity 1")
    assert isinstance(event, (DiscreteGaussianEvent, SubsampledGaussianEvent, AboveThresholdEvent))
    if not event.grid >= event.sensitivity * finest_grid(event):
        raise PolicyRefused("a release was planned on too fine a grid", "plan with a coarser grid, or more noise")
    size = LIMITS.threshold_queries if isinstance(event, AboveThresholdEvent) else event.dimensions
    if answer is not None and not size >= answer.size:
        raise PolicyRefused("a release holds more values than were planned", "plan with as many dimensions as it has")


def _noised(
    kind: ReleaseKind, size: int, clean: Callable[[Contributions, float], NDArray[np.int64]]
) -> Answer[Contributions]:
    def run(rows: Contributions, event: Event, noise: NoiseSource) -> Floats:
        assert isinstance(event, DiscreteGaussianEvent)
        return grid_values(discrete_gaussian(clean(rows, event.grid), event, noise), event.grid)

    return Answer(kind, size, run)


def _trained(weight: NDArray[np.float32], bias: NDArray[np.float32], plan: CampaignPlan) -> Answer[Contributions]:
    training = plan.training
    if training is None:
        raise ProtocolError("a plan without training was asked for an update", "ask for what the plan holds")

    def run(rows: Contributions, event: Event, noise: NoiseSource) -> Floats:
        assert isinstance(event, SubsampledGaussianEvent)
        return train_linear(rows, weight, bias, event, training.step_size, noise)

    return Answer(ReleaseKind.NOISY_UPDATE, weight.size + bias.size, run)


def _support(tensors: Tensors, plan: CampaignPlan, max_candidates: int) -> Answer[Contributions]:
    test = plan.nearness
    if test is None:
        raise ProtocolError("a plan without a test of nearness was asked for one", "ask for what the plan holds")
    vectors = _candidates(tensors, plan, min(max_candidates, test.candidates))
    _only(tensors, 1)

    def run(rows: Contributions, event: Event, noise: NoiseSource) -> Floats:
        assert isinstance(event, AboveThresholdEvent)
        counts = units_near(rows, vectors, test.radius)
        answers = np.full(len(vectors), NOT_ASKED)
        for place, above in enumerate(above_threshold(counts.tolist(), test.units, event, noise)):
            answers[place] = above
        return answers

    return Answer(ReleaseKind.NOISY_SUPPORT, len(vectors), run)


def _votes(tensors: Tensors, plan: CampaignPlan, max_candidates: int) -> Answer[Contributions]:
    vectors = _candidates(tensors, plan, max_candidates)
    stands_for = _tensor(tensors, "labels", np.int32, (len(vectors),))
    _only(tensors, 2)
    if stands_for.min() < 0 or stands_for.max() >= len(plan.labels):
        raise ProtocolError("candidates are outside the label set", "send candidates of the plan")
    return _noised(
        ReleaseKind.NOISY_VOTES,
        len(vectors),
        lambda rows, grid: vote_totals(rows, vectors, stands_for, plan.votes_per_record, grid),
    )


def _candidates(tensors: Tensors, plan: CampaignPlan, most: int) -> NDArray[np.float32]:
    """Unit rows in the plan's space, one at least and no more than ``most``."""
    vectors = _tensor(tensors, "candidates", np.float32, (None, plan.dimensions))
    if not len(vectors):
        raise ProtocolError("candidates are none", "send candidates of the plan")
    if len(vectors) > most:
        raise PolicyRefused("there are more candidates than policy.max_candidates or the plan allows", "ask for fewer")
    lengths = np.linalg.norm(vectors.astype(np.float64), axis=1)
    if not (np.abs(lengths - 1) < _UNIT_TOLERANCE).all():
        raise ProtocolError("candidates are not unit vectors", "send what the plan's encoder gives")
    return vectors


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
