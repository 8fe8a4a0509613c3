"""What a campaign's audit found, as ``audit.json`` keeps it: bounds beside the claim, and how well coins were guessed.

The audit's canaries are made up, and what was guessed of them was guessed from what left under differential privacy, so
all of it may be shown to anybody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from fedaug.errors import ConfigError, ProtocolError
from fedaug.privacy.canonical import parse_json
from fedaug.privacy.files import read_at_most, whole_file
from fedaug.privacy.limits import LIMITS

AUDIT_FILE: Final = "audit.json"
_MOST_BYTES: Final = 2**20

Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]


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
    lower_bound: Annotated[float, Field(ge=0)]
    ceiling: Annotated[float, Field(ge=0)]
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

    contribution: float
    deviations: float
    limit: Annotated[float, Field(gt=0)]

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
    planned: Annotated[float, Field(gt=0)]
    heard: Annotated[float, Field(ge=0)]
    least: Annotated[float, Field(ge=0)]

    @property
    def passed(self) -> bool:
        """Whether it is as wide as planned; NaN never is."""
        return self.heard >= self.least


class SiteAudit(Facts):
    """One site's claim, beside its last bound: the one at the audit's confidence.

    Attributes:
        claimed_epsilon: Recomputed from the signed plan; None where the noise is off, and nothing is claimed.
    """

    claimed_epsilon: Annotated[float, Field(gt=0)] | None
    lower_bound: Annotated[float, Field(ge=0)]
    ceiling: Annotated[float, Field(ge=0)]
    guesses: Count
    correct: Count


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
            if claimed is not None and not bound.lower_bound <= claimed:
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


class AuditOutcome(Facts):
    """A whole audit.

    Attributes:
        campaign: Whose plan was audited.
        canaries: That were put in or left out by a coin, at each site.
        confidence: The highest that a bound was taken at.
        sites: By name. They are virtual sites of the audit's own, under the campaign's plan.
        details: What else was found of each of them.
        passed: Whether nothing that was found contradicts a claim.
    """

    kind: Literal["audit"] = "audit"
    version: Literal[1] = 1
    campaign: str
    canaries: Annotated[int, Field(gt=0)]
    confidence: Annotated[float, Field(gt=0.5, lt=1)]
    sites: dict[str, SiteAudit] = Field(min_length=1)
    details: dict[str, SiteDetails]
    membership: Membership | None = None
    passed: bool

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.details.keys() != self.sites.keys():
            raise ValueError("details that are not those of its sites")
        for name, site in self.sites.items():
            if site != self.details[name].beside(site.claimed_epsilon):
                raise ValueError("a site's figures are not those of its last bound")
        if self.passed is bool(self.failures()):
            raise ValueError("a verdict that is not that of what was found")
        if {details.bounds[-1].confidence for details in self.details.values()} != {self.confidence}:
            raise ValueError("a confidence that is not that of its bounds")
        return self

    @classmethod
    def of(
        cls,
        campaign: str,
        canaries: int,
        found: Mapping[str, tuple[float | None, SiteDetails]],
        membership: Membership | None,
    ) -> Self:
        """An audit, judged: for each site its claim and what was found."""
        return cls(
            campaign=campaign,
            canaries=canaries,
            confidence=max(bound.confidence for _, details in found.values() for bound in details.bounds),
            sites={name: details.beside(claimed) for name, (claimed, details) in found.items()},
            details={name: details for name, (_, details) in found.items()},
            membership=membership,
            passed=not any(any(details.failures(claimed)) for claimed, details in found.values()),
        )

    def failures(self) -> list[str]:
        """What contradicts a claim, with the site's name."""
        return [
            f"{name}: {what}"
            for name, details in self.details.items()
            for what in details.failures(self.sites[name].claimed_epsilon)
        ]

    def write(self, folder: Path) -> Path:
        """Write ``audit.json``."""
        path = folder / AUDIT_FILE
        with whole_file(path, overwrite=True) as file:
            file.write((self.model_dump_json(indent=2) + "\n").encode())
        return path


def read_audit(folder: Path) -> AuditOutcome:
    """Read ``audit.json`` of a run's folder.

    Raises:
        MissingFile: There is none.
        ConfigError: It is damaged.
    """
    data = read_at_most(folder / AUDIT_FILE, _MOST_BYTES)
    try:
        return AuditOutcome.model_validate(_parsed(data))
    except ValidationError as error:
        where = ".".join(map(str, error.errors(include_input=False, include_url=False)[0]["loc"][:1])) or "whole file"
        raise ConfigError(f"{AUDIT_FILE} is damaged ({where})", "run the audit again") from None


def _parsed(data: bytes) -> Any:  # noqa: ANN401 - any JSON value
    try:
        return parse_json(data)
    except ProtocolError:
        raise ConfigError(f"{AUDIT_FILE} is not JSON", "run the audit again") from None
