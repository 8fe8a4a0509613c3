"""What goes into the pool and comes out of it: plain frozen values, checked when they are made."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from fedaug.augmentation.candidates import Candidate, Dependence
from fedaug.errors import BadNumber, MalformedRow, PrivateOutput
from fedaug.privacy.canonical import digest
from fedaug.privacy.events import Event, ReleaseKind
from fedaug.privacy.limits import LIMITS
from fedaug.privacy.transparency.entries import Accepted, encode_entry

#: The score that marks a text for which no ε holds.
OUTSIDE_DP: Final = "outside_dp"


class SampleStatus(StrEnum):
    """Whether students may be trained on a sample."""

    ACCEPTED = "accepted"
    WITHDRAWN = "withdrawn"
    QUARANTINED = "quarantined"


class CampaignState(StrEnum):
    """How far a campaign is."""

    RUNNING = "running"
    FINISHED = "finished"
    ABORTED = "aborted"


@dataclass(frozen=True)
class PoolSample:
    """One synthetic sample, where it came from and what it depends on.

    Attributes:
        text: The sample; its SHA-256 is its id.
        label: One of the campaign's labels.
        weight: How much it counts in training, finite and at least 0.
        accepted_round: The round that let it in.
        origin: The plug-in that made it.
        source: The corpus or model that it was made from.
        dependence: PUBLIC or DP; what depends on records without DP between the two cannot be made.
        parents: Ids of the samples that it was made from.
        scores: Named finite figures, such as votes or label confidence; ``outside_dp`` marks one without ε.

    Raises:
        MalformedRow: The text or label is empty, too long, or cannot be stored.
        BadNumber: The weight or a score is not finite, or the weight is negative.
        PrivateOutput: The sample depends on records without a DP mechanism in between.
    """

    text: str = field(repr=False)
    label: str
    weight: float = 1.0
    accepted_round: int = 0
    origin: str = ""
    source: str = ""
    dependence: Dependence = Dependence.PUBLIC
    parents: tuple[str, ...] = ()
    scores: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}))
    status: SampleStatus = SampleStatus.ACCEPTED

    def __post_init__(self) -> None:
        _check_text(self.text, "text", LIMITS.record_chars)
        _check_text(self.label, "label", LIMITS.label_chars)
        if not (math.isfinite(self.weight) and self.weight >= 0):
            raise BadNumber("a sample's weight is negative or not finite", "give finite weights of at least 0")
        if not all(math.isfinite(score) for score in self.scores.values()):
            raise BadNumber("a sample's score is not finite", "leave out scores that could not be computed")
        if not self.dependence < Dependence.PRIVATE:
            raise PrivateOutput(
                "a sample that depends on records without DP was offered to the pool", "pool PUBLIC and DP samples only"
            )

    @property
    def sample_id(self) -> str:
        """SHA-256 of the text."""
        return digest(self.text.encode())

    @property
    def outside_dp(self) -> bool:
        """Whether it came in a batch that a gate of class S picked, or was made of one that did: no ε holds for it."""
        return bool(self.scores.get(OUTSIDE_DP))


def pool_samples(candidate: Candidate, *, weight: float = 1.0, accepted_round: int = 0) -> list[PoolSample]:
    """A labelled candidate as rows for the pool: one for each label that it is believed to be of.

    A soft label becomes several rows of one text, whose weights are its shares of belief; a student that is trained on
    the pool believes them in the same shares.

    Args:
        candidate: With a label, certain or soft.
        weight: Of all its rows together.
        accepted_round: The round that let it in.

    Raises:
        MalformedRow: It has no label, or cannot be stored.
        PrivateOutput: It depends on records without a DP mechanism in between.
    """
    if candidate.label is None:
        raise MalformedRow("a candidate without a label was offered to the pool", "label it first")
    return [
        PoolSample(
            text=candidate.text,
            label=label,
            weight=weight * share,
            accepted_round=accepted_round,
            origin=candidate.origin,
            source=candidate.source,
            dependence=candidate.dependence,
            parents=candidate.parents,
            scores={"confidence": candidate.confidence},
        )
        for label, share in candidate.weighted_labels
    ]


@dataclass(frozen=True)
class Receipt:
    """A verified release, as the coordinator takes note of it.

    Attributes:
        campaign: Its name.
        site: Who signed the release.
        event: What the site charged.
        request: SHA-256 of the request that it answers, hexadecimal.
        nonce: The site's, hexadecimal.
        envelope: The bytes as they came.
        receiver: The coordinator's name, under which it keeps its log.
    """

    campaign: str
    site: str
    event: Event
    request: str
    nonce: str
    envelope: bytes
    receiver: str

    def entry(self) -> bytes:
        """What the coordinator's log says of it."""
        return encode_entry(
            Accepted(
                campaign=self.campaign,
                site=self.site,
                key=self.event.key,
                request=self.request,
                artefact=digest(self.envelope),
                event=self.event.as_dict(),
            )
        )


@dataclass(frozen=True)
class AcceptedRelease:
    """One release as it was accepted."""

    campaign: str
    site: str
    key: str
    kind: ReleaseKind
    event: Event | None
    envelope_digest: str
    accepted_at: datetime


@dataclass(frozen=True)
class Campaign:
    """One campaign as the pool knows it."""

    campaign: str
    plan_digest: str
    config: Mapping[str, Any]
    state: CampaignState


def _check_text(text: str, name: str, limit: int) -> None:
    if not 0 < len(text) <= limit:
        raise MalformedRow(f"a sample's {name} is empty or over {limit} characters", "leave such samples out")
    if "\0" in text or any("\ud800" <= char <= "\udfff" for char in text if char > "\ud7ff"):
        # PostgreSQL stores neither; refusing both everywhere keeps a pool movable between databases.
        raise MalformedRow(f"a sample's {name} holds a NUL or half a surrogate pair", "clean the text first")
