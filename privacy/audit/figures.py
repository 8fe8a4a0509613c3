"""The figures of a campaign's audit: a bound beside the claim, what is heard of clip and noise, and membership.

The audit's canaries are made up, and what was guessed of them was guessed from what left under differential privacy, so
all of it may be shown to anybody.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from fedaug.privacy.limits import LIMITS

Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]
#: None of the figures is ever near the largest; a file of unknown origin may hold what no plot can draw.
LARGEST: Final = 1e9
Figure = Annotated[float, Field(ge=0, le=LARGEST)]


class Facts(BaseModel):
    """Frozen and closed; errors never quote a value."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, allow_inf_nan=False)


class Bound(Facts):
    """A lower bound on ε (Steinke, Nasr & Jagielski 2023, Theorem 5.2).

    Attributes:
        confidence: At which it holds.
        lower_bound: The ε below which no run is guessed so well.
        ceiling: What it would be if every guess were right.
        guesses: How many of the canaries a guess was made of.
        correct: How many guesses were right.
    """

    confidence: Annotated[float, Field(gt=0.5, lt=1)]
    lower_bound: Figure
    ceiling: Figure
    guesses: Count
    correct: Count

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if not (self.correct <= self.guesses and self.lower_bound <= self.ceiling):
            raise ValueError("more was right than could be")
        return self


class Loudest(Facts):
    """The canary that is heard best, against what clipping and the planned noise leave possible.

    Attributes:
        contribution: What it seems to add to a release, where clipping allows 1.
        deviations: How far that is from what a clipped canary adds, in standard deviations.
        limit: How far no canary is, at the audit's confidence.
    """

    contribution: Annotated[float, Field(ge=-LARGEST, le=LARGEST)]
    deviations: Annotated[float, Field(ge=-LARGEST, le=LARGEST)]
    limit: Annotated[float, Field(gt=0, le=LARGEST)]

    @property
    def passed(self) -> bool:
        """Whether no canary adds more than clipping allows; NaN never does."""
        return self.deviations <= self.limit


class Noise(Facts):
    """A release's noise as it is heard where no canary can add anything.

    Attributes:
        release: Its key in the plan.
        planned: Its standard deviation by the plan.
        heard: As it is found to be.
        least: What it would not be below, at the audit's confidence over all releases, if it were as planned.
    """

    release: Annotated[str, Field(min_length=1, max_length=LIMITS.key_chars)]
    planned: Annotated[float, Field(gt=0, le=LARGEST)]
    heard: Figure
    least: Figure

    @property
    def passed(self) -> bool:
        """Whether it is as wide as planned; NaN never is."""
        return self.heard >= self.least


class SiteAudit(Facts):
    """One site's claim, beside its last bound: the one at the audit's confidence.

    Attributes:
        claimed_epsilon: Recomputed from the signed plan; None where the noise is off, and nothing is claimed.
        lower_bound: ε is at least this, at the audit's confidence; 0 says that nothing was shown.
        ceiling: The largest bound that so many canaries could show if every guess were right.
        guesses: Canaries about which the attack dared a guess.
        correct: Guesses that were right.
    """

    claimed_epsilon: Annotated[float, Field(gt=0, le=LARGEST)] | None = None
    lower_bound: Figure
    ceiling: Figure
    guesses: Count
    correct: Count

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if self.correct > self.guesses:
            raise ValueError("more guesses were right than were made")
        return self

    @property
    def above(self) -> bool:
        """Whether the bound contradicts the claim."""
        return contradicts(self.lower_bound, self.claimed_epsilon)

    @property
    def could_refute(self) -> bool:
        """Whether the bound could have come out above the claim, had all guesses been right."""
        return contradicts(self.ceiling, self.claimed_epsilon)


def contradicts(lower_bound: float, claimed: float | None) -> bool:
    """Whether a lower bound refutes a claimed ε; NaN does, and nothing refutes no claim."""
    return claimed is not None and not lower_bound <= claimed


class SiteDetails(Facts):
    """What else was found of a site.

    Attributes:
        bounds: By rising confidence.
        loudest: None where nothing is claimed.
        noise: Of those releases in which it can be heard apart from canaries.
    """

    bounds: tuple[Bound, ...] = Field(min_length=1)
    loudest: Loudest | None = None
    noise: tuple[Noise, ...] = ()

    def beside(self, claimed: float | None) -> SiteAudit:
        """The last bound beside a claim."""
        return SiteAudit(claimed_epsilon=claimed, **self.bounds[-1].model_dump(exclude={"confidence"}))

    def failures(self, claimed: float | None) -> Iterator[str]:
        """What contradicts a claim, a clause each."""
        for bound in self.bounds:
            if claimed is not None and contradicts(bound.lower_bound, claimed):
                yield (
                    f"ε is at least {bound.lower_bound:.2f} with {100 * bound.confidence:g} % confidence, "
                    f"and {claimed:.2f} is claimed"
                )
        if self.loudest is not None and not self.loudest.passed:
            yield f"a canary adds about {self.loudest.contribution:.1f} to what left, where clipping allows 1"
        for noise in self.noise:
            if not noise.passed:
                yield f"the noise of {noise.release} is {noise.heard:.3g} wide, and {noise.planned:.3g} is planned"


class Membership(Facts):
    """How well an attack tells canaries that were put in from those that were left out.

    Attributes:
        attack: What it does, in a few words.
        tpr_at_1pct_fpr: Share of members that it finds while it takes at most 1 % of the others for members.
        interval: Of that share, at 95 %.
        auc: Area under the receiver operating characteristic.
    """

    attack: str
    members: Count
    non_members: Count
    tpr_at_1pct_fpr: Share
    interval: tuple[Share, Share]
    auc: Share
