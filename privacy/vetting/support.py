"""Gates of class D: a text stays if a charged release says that enough units are near it.

Both gates are pure functions of releases that the ledger has already charged (post-processing), so they cost nothing
beyond those: :attr:`SupportGate.charged` and :attr:`NearnessGate.charged` name the events. Neither shows that a text is
no copy: what many are near may still quote one of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from fedaug.errors import ConfigError, DefectError
from fedaug.privacy.events import Event, ReleaseKind
from fedaug.privacy.products import products
from fedaug.privacy.vetting.gate import Batch, GateClass, Verdict, VerdictCode

Floats = NDArray[np.float64]
_CELLS: Final = 2**23  # compared at once
_REMEDY: Final = "see docs/reference/campaign.md"


@dataclass(frozen=True, repr=False)
class Ballot:
    """One round of noisy votes, every site's added up.

    Attributes:
        vectors: The candidates that were voted on, float32 [n, d], unit rows.
        labels: The label that each was voted on for, [n].
        votes: Noised totals, float64 [n].
        noise_std: Standard deviation of the noise in one total.
        charged: The events of the votes, one for each site.

    Raises:
        DefectError: They are not one for each candidate, or an event is of another kind.
    """

    vectors: NDArray[np.float32]
    labels: tuple[str, ...]
    votes: Floats
    noise_std: float
    charged: tuple[Event, ...]

    def __post_init__(self) -> None:
        if not len(self.vectors) == len(self.labels) == len(self.votes):
            raise DefectError("a ballot has not one label and one total for each candidate", "report this")
        _require_charged(self.charged, ReleaseKind.NOISY_VOTES)


class SupportGate:
    """Refuses a text for which the votes do not say that at least ``units`` units voted near it.

    A unit's whole vote has L2 norm at most 1, so it adds at most √k to the votes of k candidates together. With k
    candidates near the text, s = Σ votes/√k is therefore at most the number of units that voted for any of them, plus
    noise of standard deviation σ, whatever k is. A text passes if s > units − 1 + z·σ for one of R ballots, where z is
    the normal quantile at 1 − ``false_accept``/R.

    **False accepts.** A text near which fewer than ``units`` units voted passes with probability ``false_accept`` at
    most: its s without noise is at most units − 1, and the noise exceeds z·σ with probability ``false_accept``/R on
    each ballot, whatever earlier ballots decided about later ones (union bound; the noise is Gaussian to one step of
    its grid, Canonne, Kamath & Steinke 2020, proposition 25). That is per text: of 1,000 unsupported ones about
    1,000 · ``false_accept`` may pass. **False refusals** grow with the noise: a text whose s without noise is u passes
    a ballot with probability Φ((u − units + 1)/σ − z).

    A vote says that a candidate was among a record's nearest on the ballot, not how near. A unit that several sites
    hold counts at each of them.

    Args:
        ballots: In any order.
        units: Fewest units.
        false_accept: Largest probability that a text with fewer passes, above 0 and at most 0.5.
        nearness: Least cosine between a text and a candidate near it.

    Raises:
        ConfigError: A setting is out of range, or there is no ballot.
    """

    name = "support"
    gate_class = GateClass.CHARGED
    cost = 20.0

    def __init__(
        self, ballots: Sequence[Ballot], *, units: int, false_accept: float = 0.05, nearness: float = 0.999
    ) -> None:
        if not (units >= 1 and 0 < false_accept <= 0.5 and -1 <= nearness <= 1):
            raise ConfigError("a setting of the support gate is out of range", _REMEDY)
        if not ballots:
            raise ConfigError("the support gate has no votes to go by", "run a voting round first")
        self._ballots = tuple(ballots)
        self._units = units
        self._nearness = nearness
        self._deviations = -float(ndtri(false_accept / len(self._ballots)))

    @property
    def charged(self) -> tuple[Event, ...]:
        """What the verdicts cost: the events of the votes, which are charged already, and nothing else."""
        return tuple(event for ballot in self._ballots for event in ballot.charged)

    def judge(self, batch: Batch) -> list[Verdict]:
        """One verdict per text, each from its own vector and label; the score is a lower bound on the units near it."""
        bounds = np.full(len(batch), -math.inf)
        for ballot in self._ballots:
            for rows, near in _near(batch, ballot.vectors, ballot.labels, self._nearness):
                count = near.sum(axis=1)
                support = near @ ballot.votes / np.sqrt(np.maximum(count, 1)) - self._deviations * ballot.noise_std
                bounds[rows] = np.where(count > 0, np.maximum(bounds[rows], support), bounds[rows])
        return [_verdict(self.name, bound > self._units - 1, float(bound)) for bound in bounds]


@dataclass(frozen=True, repr=False)
class Answers:
    """What one site answered to an above-threshold question.

    Attributes:
        above: For each candidate 1, 0, or -1 where the site's positive answers were spent before it; [n].
        charged: The event.

    Raises:
        DefectError: The event is of another kind.
    """

    above: Floats
    charged: Event

    def __post_init__(self) -> None:
        _require_charged((self.charged,), ReleaseKind.NOISY_SUPPORT)


class NearnessGate:
    """Refuses a text unless enough sites answered that many units lie within the plan's radius of it.

    A candidate that came after a site's positive answers were spent was not asked about there, and counts as refused.

    Args:
        vectors: The candidates that were asked about, float32 [n, d], unit rows.
        answers: Each site's.
        sites: How many sites must have answered yes.
        nearness: Least cosine between a text and the candidate that stands for it.

    Raises:
        ConfigError: A setting is out of range.
        DefectError: An answer is not one for each candidate.
    """

    name = "nearness"
    gate_class = GateClass.CHARGED
    cost = 20.0

    def __init__(
        self, vectors: NDArray[np.float32], answers: Sequence[Answers], *, sites: int = 1, nearness: float = 0.999
    ) -> None:
        if not (sites >= 1 and -1 <= nearness <= 1):
            raise ConfigError("a setting of the nearness gate is out of range", _REMEDY)
        if any(answer.above.shape != (len(vectors),) for answer in answers):
            raise DefectError("a site's answers are not one for each candidate", "report this")
        self._vectors = vectors
        self._answers = tuple(answers)
        self._sites = sites
        self._nearness = nearness

    @property
    def charged(self) -> tuple[Event, ...]:
        """What the verdicts cost: the events of the answers, which are charged already, and nothing else."""
        return tuple(answer.charged for answer in self._answers)

    def judge(self, batch: Batch) -> list[Verdict]:
        """One verdict per text, each from its own vector; the score is how many sites said yes."""
        yes = np.zeros(len(self._vectors))
        for answer in self._answers:
            yes += answer.above == 1
        best = np.zeros(len(batch))
        for rows, near in _near(batch, self._vectors, None, self._nearness):
            best[rows] = np.where(near, yes, 0.0).max(axis=1, initial=0.0)
        return [_verdict(self.name, count >= self._sites, count) for count in best.tolist()]


def _near(
    batch: Batch, vectors: NDArray[np.float32], labels: Sequence[str] | None, nearness: float
) -> Iterator[tuple[slice, NDArray[np.bool_]]]:
    """Which candidates stand for which texts, a block of texts at a time: bool [block, candidates].

    A candidate of another label never does.
    """
    if batch.vectors is None:
        raise ConfigError("a gate that compares embeddings was given none", "give the batch its vectors")
    voted = None if labels is None else np.array(labels, object)
    of_label = {} if voted is None else {own: voted == own for own in set(batch.labels) if own is not None}
    for rows, _, cosines in products(batch.vectors, vectors, cells=_CELLS):
        near: NDArray[np.bool_] = cosines >= nearness
        if voted is not None:
            for place, own in enumerate(batch.labels[rows]):
                if own is not None:
                    near[place] &= of_label[own]
        yield rows, near


def _verdict(gate: str, supported: bool, score: float) -> Verdict:
    code = VerdictCode.PASSED if supported else VerdictCode.UNSUPPORTED
    return Verdict(gate, code, score if math.isfinite(score) else None)


def _require_charged(events: Sequence[Event], kind: ReleaseKind) -> None:
    if not events or any(event.release is not kind for event in events):
        raise DefectError("a gate of class D was given what no ledger charged", "report this")
