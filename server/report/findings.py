"""What vetting refused and what the audit found, as a report tells it: counts and bounds, classes F and D only."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from fedaug.pages.facts import Count, Part, Share, sorted_naturally
from fedaug.privacy.audit.attacked import AttackedPool, Identifiers
from fedaug.privacy.audit.figures import Membership, SiteAudit
from fedaug.privacy.vetting import VerdictCode
from fedaug.privacy.vetting.gate import SITE_ONLY_CODES
from fedaug.server.anomalies import Check

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


class AnomalyFlag(Part):
    """One fact about what a site released or sent; see :class:`fedaug.server.anomalies.Flag`."""

    site: str
    check: Check
    release: str
    figure: float
    threshold: float
    false_alarm: Annotated[float, Field(gt=0, lt=1)]
    set_aside: bool = False


class Anomalies(Part):
    """What the coordinator's checks of sites' releases and texts found, from DP output and the plan alone.

    Attributes:
        rule: How sites' values were added up.
        hostile: How many hostile sites that rule was to bear; null for the plain sum.
        on_anomaly: What was done about a flag.
        false_alarm: Most often that one check flags a site that keeps to the protocol.
        checks: How many were made; ``checks`` times ``false_alarm`` flags are to be expected of honest sites at most.
    """

    rule: str
    hostile: Count | None = None
    on_anomaly: Literal["flag", "set-aside"]
    false_alarm: Annotated[float, Field(gt=0, lt=1)]
    checks: Count
    flags: tuple[AnomalyFlag, ...] = ()

    @model_validator(mode="after")
    def _acted_as_told(self) -> Self:
        if any(flag.set_aside is not (self.on_anomaly == "set-aside") for flag in self.flags):
            raise ValueError("a flag was acted on otherwise than the campaign says")
        return self


class Audit(Part):
    """An audit of one run: canaries by coin flips, and what an attack made of the release.

    Attributes:
        canaries: How many coins were flipped at each site.
        confidence: Of the lower bounds.
        delta: Of the claims; null in a report of before it was kept.
        attacked: Attacks on the samples that left; on records only where those are public or made up.
        identifiers: What is left of planted identifiers after de-identification.
        passed: Whether nothing that was found contradicts a claim.
        failures: What does, a clause each.
    """

    canaries: Count
    confidence: Annotated[float, Field(gt=0, lt=1)]
    delta: Share | None = None
    sites: Annotated[dict[str, SiteAudit], AfterValidator(sorted_naturally)]
    membership: Membership | None = None
    attacked: tuple[AttackedPool, ...] = ()
    identifiers: Identifiers | None = None
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
        if not all(pool.releasable for pool in self.attacked):
            raise ValueError("a finding about real records is for a site's own report")
        return self
