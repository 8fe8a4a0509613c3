"""What vetting refused and what the audit found, as a report tells it: counts and bounds, classes F and D only."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from fedaug.pages.facts import Count, Epsilon, Interval, Part, Share, sorted_naturally
from fedaug.privacy.vetting import VerdictCode
from fedaug.privacy.vetting.gate import SITE_ONLY_CODES

#: What a gate of class F or D can refuse a text for. What only one of class S can say makes no report.
_REASONS: Final = frozenset(VerdictCode) - SITE_ONLY_CODES - {VerdictCode.PASSED}


def _reasons(values: dict[str, int]) -> dict[str, int]:
    if not set(values) <= set(map(str, _REASONS)):
        raise ValueError("a reason is none that a gate of class F or D gives")
    return values


class GateFigures(Part):
    """What one gate refused.

    Attributes:
        gate: The gate's name.
        gate_class: ``F`` reads public text or DP output, ``D`` records through a DP mechanism; ``class`` in JSON.
        reasons: Code -> texts refused for it.
    """

    model_config = ConfigDict(populate_by_name=True)

    gate: str
    gate_class: Annotated[Literal["F", "D"], Field(alias="class")]
    refused: Count
    reasons: Annotated[dict[str, Count], AfterValidator(_reasons)] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _reasons_add_up(self) -> Self:
        if sum(self.reasons.values()) > self.refused:
            raise ValueError("more texts have a reason than were refused")
        return self


class Vetting(Part):
    """The way from what was offered to what passed, gate by gate in the order in which they ran.

    Attributes:
        accepted: Texts that passed every gate.
        arrived: Samples that sites sent; null where no site sends any.
        quarantined: Those of them that the coordinator's own gates refused.
    """

    offered: Count
    accepted: Count
    gates: tuple[GateFigures, ...] = ()
    arrived: Count | None = None
    quarantined: Count | None = None

    @model_validator(mode="after")
    def _counts_add_up(self) -> Self:
        if self.accepted + sum(gate.refused for gate in self.gates) > self.offered:
            raise ValueError("more samples were accepted and refused than were offered")
        if (self.quarantined or 0) > (self.arrived or 0):
            raise ValueError("more samples were quarantined than arrived")
        return self


class AuditedSite(Part):
    """One site's claim beside what an attack on it showed.

    Attributes:
        claimed_epsilon: What its ledger was charged; null where nothing was promised.
        lower_bound: ε is at least this, at the audit's confidence; 0 says that nothing was shown.
        ceiling: The largest bound that so many guesses could show if all were right.
        guesses: Canaries about which the attack dared a guess.
        correct: Guesses that were right.
    """

    claimed_epsilon: Epsilon | None = None
    lower_bound: Annotated[float, Field(ge=0)]
    ceiling: Annotated[float, Field(ge=0)]
    guesses: Count
    correct: Count

    @model_validator(mode="after")
    def _figures_fit(self) -> Self:
        if self.correct > self.guesses:
            raise ValueError("more guesses were right than were made")
        return self

    @property
    def above(self) -> bool:
        """Whether the bound contradicts the claim."""
        return self.claimed_epsilon is not None and not self.lower_bound <= self.claimed_epsilon


class Membership(Part):
    """How well an attack told members from others.

    Attributes:
        attack: Which one, in a few words.
        tpr_at_1pct_fpr: Share of members found when 1 % of the others are taken for members.
        interval: 95 %, of that share.
        auc: Area under the ROC curve; 0.5 is chance.
    """

    attack: str
    members: Count
    non_members: Count
    tpr_at_1pct_fpr: Share
    interval: Interval
    auc: Share


class Audit(Part):
    """An audit of one run: canaries by coin flips, and what an attack made of the release.

    Attributes:
        canaries: How many coins were flipped at each site.
        confidence: Of the lower bounds.
        passed: Whether nothing that was found contradicts a claim.
        failures: What does, a clause each.
    """

    canaries: Count
    confidence: Annotated[float, Field(gt=0, lt=1)]
    sites: Annotated[dict[str, AuditedSite], AfterValidator(sorted_naturally)]
    membership: Membership | None = None
    passed: bool
    failures: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _drop_unknown(cls, values: Any) -> Any:  # noqa: ANN401  what a file holds
        """An audit's file may hold more than a report shows."""
        return (
            {name: values[name] for name in cls.model_fields if name in values} if isinstance(values, dict) else values
        )

    @model_validator(mode="after")
    def _verdict_fits(self) -> Self:
        if self.passed and any(site.above for site in self.sites.values()):
            raise ValueError("an audit with a bound above its claim cannot have passed")
        return self
