"""The facts of a site's own report. Counts are exact and findings are of class S: none of it may leave the site."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, Field

from fedaug.pages.facts import Count, Epsilon, Part
from fedaug.pages.recall import Deidentification
from fedaug.privacy.audit.attacked import AttackedPool
from fedaug.privacy.units import PrivacyUnit


class SiteRelease(Part):
    """One planned release, and where its charge stands.

    Attributes:
        state: ``reserved``, ``committed`` or ``void``; a void one costs nothing.
    """

    key: str
    kind: str
    state: str
    sensitivity: Annotated[float, Field(ge=0)]
    noise_std: Annotated[float, Field(ge=0)]


class SiteBatch(Part):
    """A batch of texts that left.

    Attributes:
        outside_dp: Whether checks that read records exactly decided about it, so that no ε holds for it.
    """

    key: str
    texts: Count
    outside_dp: bool


class RefusedCount(Part):
    """Texts that did not leave, by the gate that refused them and its reason; gates of any class."""

    gate: str
    code: str
    texts: Count


class SiteCampaign(Part):
    """What one campaign costs the site by itself, which texts left for it, and how many were kept back."""

    campaign: str
    epsilon: Epsilon
    releases: tuple[SiteRelease, ...] = ()
    batches: tuple[SiteBatch, ...] = ()
    refused: tuple[RefusedCount, ...] = ()


class Holdings(Part):
    """What is in the store.

    Attributes:
        subjects: Different subjects; as many as records where none are named.
        labels: Label -> records; the empty name stands for records without a class.
        characters: Length of a de-identified text: 5 %, half and 95 % lie below, and the longest.
    """

    records: Count
    subjects: Count
    labels: dict[str, Count] = Field(default_factory=dict)
    characters: tuple[Count, Count, Count, Count] | None = None


class FindingCount(Part):
    """What one gate of class S found of one release.

    Attributes:
        code: What it found.
        candidates: On how many.
        blocked: How many of those were left out for it.
        examples: Hashes of some of them, by which the site finds them in its own files.
    """

    campaign: str
    key: str
    gate: str
    code: str
    candidates: Count
    blocked: Count = 0
    highest: float | None = None
    examples: tuple[str, ...] = ()


class SiteReport(Part):
    """All of it.

    Attributes:
        left: What the budget still holds.
        rolled_back: Whether the ledger is known to be an older copy of itself, so that nothing more is released.
        holdings: Null if the records were not prepared.
        policy: Of de-identification, with what it says about its results.
        policy_fingerprint: By which a score is known to be of this policy.
        deidentification: What it misses, on the site's own labelled sample; null if that was not measured.
        findings: Of gates of class S, if any ran.
        findings_kept: Whether the site has a file of such findings.
        attacks: On this site's records with the pool's samples in hand; null outside an audited simulation.
    """

    site: str
    created: AwareDatetime
    fedaug_version: str
    unit: PrivacyUnit
    delta: Annotated[float, Field(gt=0, lt=1)]
    spent: Epsilon
    budget: Epsilon
    left: Epsilon
    rolled_back: bool
    campaigns: tuple[SiteCampaign, ...] = ()
    holdings: Holdings | None = None
    policy: str
    policy_fingerprint: str
    policy_notes: tuple[str, ...] = ()
    deidentification: Deidentification | None = None
    findings: tuple[FindingCount, ...] = ()
    findings_kept: bool = False
    attacks: AttackedPool | None = None

    @property
    def outside_dp(self) -> bool:
        """Whether any batch left for which no ε holds."""
        return any(batch.outside_dp for campaign in self.campaigns for batch in campaign.batches)

    @property
    def score_is_stale(self) -> bool:
        """Whether the score is of another policy than the one in force."""
        score = self.deidentification
        return score is not None and score.fingerprint is not None and score.fingerprint != self.policy_fingerprint
