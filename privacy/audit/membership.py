"""Membership inference: scores of who was in the data, and how well they tell members from others.

A score is higher where a record seems to have been in the data. Three are here:

- :func:`loss_scores`, for whoever holds a model: members have a lower loss (Yeom et al. 2018).
- :func:`likelihood_ratio_scores`, the loss against that of the public base, which takes out how easy a text is by
  itself (Carlini et al. 2022; Mireshghallah et al. 2022).
- :func:`density_scores`, for whoever holds synthetic samples alone: members have samples nearer to them than public
  texts are (van Breugel et al. 2023).

**Power.** The true positive rate at a false positive rate of 1 % wants at least 100 non-members: with fewer no false
positive is allowed at all. A true rate of 5 % is shown to be above 1 % (its 95 % interval starts there) with a chance
of 0.74 by 100 members, 0.94 by 200, over 0.999 by 500. That is not the whole doubt: with 500 non-members of whom 1 %
score higher, the threshold's own false positive rate is known to 0.3 % - 2.3 % only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from fedaug.errors import BadNumber, ConfigError
from fedaug.privacy.audit.findings import Finding, Population
from fedaug.privacy.audit.intervals import Interval, Rate
from fedaug.privacy.audit.nearest import nearest


@dataclass(frozen=True)
class MembershipFinding(Finding):
    """How well scores tell members from others.

    Attributes:
        caught: Members above the threshold.
        false_alarms: Non-members above it, at most the share that was allowed.
        auc: The chance that a member scores above a non-member, ties counted half; 1/2 for scores that know nothing.
        confidence: Of the interval.
        allowed: The false positive rate at which the threshold was set.
    """

    caught: Rate
    false_alarms: Rate
    auc: float
    confidence: float
    allowed: float = 0.01

    @property
    def interval(self) -> Interval:
        """Of the true positive rate (Clopper-Pearson), given the threshold, which the non-members alone decide."""
        return self.caught.interval(self.confidence)

    @property
    def doubt_each(self) -> float:
        """The confidence of either end of :attr:`detected`, which together hold at :attr:`confidence`."""
        return 1 - (1 - self.confidence) / 2

    @property
    def alarms_at_most(self) -> float:
        """The false positive rate that the threshold may truly have, which so many non-members tell roughly only.

        The threshold is the k + 1st highest of n scores, so among all non-members the share above it is distributed as
        Beta(k + 1, n - k) where scores are continuous, and lower where they tie.
        """
        others = self.false_alarms.trials
        above = int(self.allowed * others)
        return float(stats.beta.isf((1 - self.doubt_each) / 2, above + 1, others - above))

    @property
    def beyond(self) -> Interval:
        """Of the true positive rate less the false one, with :attr:`confidence` or more: both ends at their worst.

        The upper end counts no false positive, since of scores that tie the threshold lets fewer through.
        """
        low, high = self.caught.interval(self.doubt_each)
        return low - self.alarms_at_most, high

    @property
    def detected(self) -> bool:
        """Whether members surely score above the threshold more often than others do."""
        return self.beyond[0] > 0

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            **super().as_dict(),
            "members": self.caught.trials,
            "non_members": self.false_alarms.trials,
            "tpr_at_1pct_fpr": self.caught.share,
            "interval": list(self.interval),
            "auc": self.auc,
        }


def loss_scores(losses: ArrayLike) -> NDArray[np.float64]:
    """Scores from the losses of a model, [n]: the lower the loss, the likelier a member."""
    return -_finite(losses)


def likelihood_ratio_scores(losses: ArrayLike, public_losses: ArrayLike) -> NDArray[np.float64]:
    """Scores from the losses of a model and of its public base on the same texts, [n] each.

    With losses that are sums of negative log-likelihoods this is the log of the likelihood ratio.

    Raises:
        ConfigError: There are not as many of the one as of the other.
    """
    private, public = _finite(losses), _finite(public_losses)
    if private.shape != public.shape:
        raise ConfigError("an attack has not two losses for each text", "score all texts with both models")
    return public - private


def density_scores(
    targets: ArrayLike, synthetic: ArrayLike, public: ArrayLike | None = None, *, neighbours: int = 1
) -> NDArray[np.float64]:
    """Scores from samples alone: how much nearer synthetic samples are to a target than public texts.

    The log of the ratio of the mean distances to the nearest ones: up to a factor, the log of the ratio of two
    nearest-neighbour density estimates.

    Args:
        targets: Embeddings, [n, d].
        synthetic: Of what was let out, [s, d].
        public: Of public texts of the same kind, [p, d]; without them only the distance to samples counts.
        neighbours: How many of the nearest to average over; 1 finds copies best.
    """
    least = np.finfo(np.float64).tiny  # an exact copy scores high, and finite
    near: NDArray[np.float64] = np.log(np.maximum(nearest(targets, synthetic, neighbours)[0].mean(axis=1), least))
    far = 0.0 if public is None else np.log(np.maximum(nearest(targets, public, neighbours)[0].mean(axis=1), least))
    return far - near


def membership(
    attack: str,
    members: ArrayLike,
    non_members: ArrayLike,
    *,
    populations: tuple[Population, ...],
    allowed: float = 0.01,
    confidence: float = 0.95,
) -> MembershipFinding:
    """The true positive rate at a false positive rate of 1 % (Carlini et al. 2022), and the area under the curve.

    The threshold is the lowest at which no more than ``allowed`` of the non-members score above it; of scores equal to
    it none is called a member.

    Args:
        attack: Its name.
        members: Scores of those that were in the data, [m].
        non_members: Scores of those that were not, [n]; drawn as the members were, or the attack tells the two sources
            apart and not membership.
        populations: Who members and non-members are.
        allowed: The false positive rate.
        confidence: Of the interval.

    Raises:
        BadNumber: A score is NaN or infinite.
        ConfigError: One of the groups is empty, or the rate is not in [0, 1).
    """
    inside, outside = _finite(members), _finite(non_members)
    if not 0 <= allowed < 1:
        raise ConfigError("the false positive rate is not in [0, 1)", "give a rate such as 0.01")
    threshold = np.sort(outside)[::-1][int(allowed * len(outside))]
    ranks = stats.rankdata(np.concatenate([inside, outside]))
    wins = float(ranks[: len(inside)].sum()) - len(inside) * (len(inside) + 1) / 2
    return MembershipFinding(
        attack,
        populations,
        Rate(int(np.sum(inside > threshold)), len(inside)),
        Rate(int(np.sum(outside > threshold)), len(outside)),
        wins / (len(inside) * len(outside)),
        confidence,
        allowed,
    )


def roc(members: ArrayLike, non_members: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """False and true positive rates at every threshold, from (0, 0) to (1, 1)."""
    inside, outside = _finite(members), _finite(non_members)
    thresholds = np.unique(np.concatenate([inside, outside]))[::-1]
    at_least = [1 - np.searchsorted(np.sort(group), thresholds, "left") / len(group) for group in (outside, inside)]
    return np.append(0.0, at_least[0]), np.append(0.0, at_least[1])


def _finite(values: ArrayLike) -> NDArray[np.float64]:
    scores = np.asarray(values, np.float64)
    if scores.ndim != 1 or not len(scores):
        raise ConfigError("an attack was given no scores", "give one score for each text")
    if not np.isfinite(scores).all():
        raise BadNumber("an attack's score is NaN or infinite", "score the texts again")
    return scores
