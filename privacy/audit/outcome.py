"""What a campaign's audit found, as ``audit.json`` keeps it: bounds beside the claim, and how well coins were guessed.

The audit's canaries are made up, and what was guessed of them was guessed from what left under differential privacy, so
all of it may be shown to anybody.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fedaug.errors import ConfigError
from fedaug.privacy.canonical import parse_json
from fedaug.privacy.files import read_at_most, whole_file

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


class SiteAudit(Facts):
    """One site's audit.

    Attributes:
        claimed_epsilon: Recomputed from the signed plan; None where the noise is off, and nothing is claimed.
        lower_bound: The bound at the audit's confidence, with its ``ceiling``, ``guesses`` and ``correct``.
        bounds: The same at every confidence that it was taken at.
        loudest: None where nothing is claimed.
    """

    claimed_epsilon: Annotated[float, Field(gt=0)] | None
    lower_bound: Annotated[float, Field(ge=0)]
    ceiling: Annotated[float, Field(ge=0)]
    guesses: Count
    correct: Count
    bounds: tuple[Bound, ...]
    loudest: Loudest | None = None

    @classmethod
    def of(cls, claimed: float | None, bounds: tuple[Bound, ...], loudest: Loudest | None) -> Self:
        """A site's audit; the last bound is the one at the audit's confidence."""
        figures = bounds[-1].model_dump(exclude={"confidence"})
        return cls(claimed_epsilon=claimed, bounds=bounds, loudest=loudest, **figures)

    def failures(self) -> Iterator[str]:
        """What contradicts the claim, a clause each."""
        for bound in self.bounds:
            if self.claimed_epsilon is not None and not bound.lower_bound <= self.claimed_epsilon:
                yield (
                    f"ε is at least {bound.lower_bound:.2f} at {100 * bound.confidence:g} % confidence, "
                    f"and {self.claimed_epsilon:.2f} is claimed"
                )
        if self.loudest is not None and not self.loudest.passed:
            yield f"a canary adds {self.loudest.contribution:.1f} to a release, and clipping allows 1"


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
        passed: Whether nothing that was found contradicts a claim.
    """

    kind: Literal["audit"] = "audit"
    version: Literal[1] = 1
    campaign: str
    canaries: Annotated[int, Field(gt=0)]
    confidence: Annotated[float, Field(gt=0.5, lt=1)]
    sites: dict[str, SiteAudit] = Field(min_length=1)
    membership: Membership | None = None
    passed: bool

    @classmethod
    def of(cls, campaign: str, canaries: int, sites: dict[str, SiteAudit], membership: Membership | None) -> Self:
        """An audit, judged."""
        confidence = max(bound.confidence for site in sites.values() for bound in site.bounds)
        passed = not any(any(site.failures()) for site in sites.values())
        return cls(
            campaign=campaign,
            canaries=canaries,
            confidence=confidence,
            sites=sites,
            membership=membership,
            passed=passed,
        )

    def failures(self) -> list[str]:
        """What contradicts a claim, with the site's name."""
        return [f"{name}: {what}" for name, site in self.sites.items() for what in site.failures()]

    def write(self, folder: Path) -> Path:
        """Write ``audit.json``."""
        path = folder / AUDIT_FILE
        with whole_file(path, overwrite=True) as file:
            file.write((self.model_dump_json(indent=2) + "\n").encode())
        return path


def read_audit(folder: Path) -> AuditOutcome:
    """Read ``audit.json`` of a run's folder. ``passed`` is judged anew, not taken from the file.

    Raises:
        MissingFile: There is none.
        ConfigError: It is damaged.
    """
    data = read_at_most(folder / AUDIT_FILE, _MOST_BYTES)
    try:
        found = AuditOutcome.model_validate(_parsed(data))
    except ValidationError as error:
        where = ".".join(map(str, error.errors(include_input=False, include_url=False)[0]["loc"][:1])) or "whole file"
        raise ConfigError(f"{AUDIT_FILE} is damaged ({where})", "run the audit again") from None
    return found.model_copy(update={"passed": not found.failures()})


def _parsed(data: bytes) -> Any:  # noqa: ANN401 - any JSON value
    try:
        return parse_json(data)
    except Exception as error:  # noqa: BLE001
        raise ConfigError(f"{AUDIT_FILE} is not JSON ({type(error).__name__})", "run the audit again") from None
