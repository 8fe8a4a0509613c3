"""Batches of texts that a site offers: from candidates to a message, and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from fedaug.augmentation.candidates import Candidate, Dependence
from fedaug.errors import PolicyRefused, PrivateOutput, ProtocolError
from fedaug.privacy.limits import LIMITS
from fedaug.strategies.messages import CampaignPlan, OfferedSample, SampleBatch, SampleOffer

_MARKS: Final[dict[Dependence, Literal["public", "dp"]]] = {Dependence.PUBLIC: "public", Dependence.DP: "dp"}
_BY_MARK: Final = {mark: dependence for dependence, mark in _MARKS.items()}
_MOST_PARENTS: Final = 20


def asked_for(plan: CampaignPlan) -> SampleOffer:
    """Which texts a plan asks for.

    Raises:
        ProtocolError: None.
    """
    if plan.samples is None:
        raise ProtocolError("a plan without samples was asked for some", "ask for what the plan holds")
    return plan.samples


def sample_batch(plan: CampaignPlan, candidates: Sequence[Candidate], *, outside_dp: bool) -> SampleBatch:
    """The message that carries candidates.

    Args:
        plan: What was agreed.
        candidates: In the order in which they are to arrive.
        outside_dp: Whether a gate that reads records exactly decided about any of them.

    Raises:
        PrivateOutput: A candidate depends on records without a DP mechanism in between.
        PolicyRefused: The batch is outside DP and the plan does not ask for that, or it has not the plan's fixed size.
        ProtocolError: There are more than the plan asks for, or one cannot be sent.
    """
    asked = asked_for(plan)
    if any(not candidate.dependence < Dependence.PRIVATE for candidate in candidates):
        raise PrivateOutput("a batch holds text that depends on records", "offer PUBLIC and DP texts only")
    if outside_dp and not asked.outside_dp:
        raise PolicyRefused("a batch is outside DP and the plan asks for none", "let gates of class S decide nothing")
    if outside_dp and len(candidates) not in (0, asked.count):
        raise PolicyRefused("a batch outside DP has not its public size", "send exactly as many as planned, or none")
    if len(candidates) > asked.count:
        raise ProtocolError("a batch holds more texts than planned", "offer the first so many")
    return SampleBatch(
        campaign=plan.campaign,
        plan=plan.digest,
        samples=tuple(_sample(candidate, plan) for candidate in candidates),
        outside_dp=outside_dp,
    )


def candidates_of(batch: SampleBatch) -> list[Candidate]:
    """The candidates that a batch carries."""
    return [
        Candidate(sample.text, sample.origin, sample.source, sample.label, sample.parents, _BY_MARK[sample.dependence])
        for sample in batch.samples
    ]


def require_planned(batch: SampleBatch, plan: CampaignPlan) -> None:
    """Check a batch that came against the plan.

    Raises:
        ProtocolError: It is another plan's, holds too many texts or a label of another set, or is outside DP where
            that was not agreed or in another number than was.
    """
    asked = asked_for(plan)
    size_fits = len(batch.samples) in (0, asked.count) if batch.outside_dp else len(batch.samples) <= asked.count
    if not (batch.campaign == plan.campaign and batch.plan == plan.digest and size_fits):
        raise ProtocolError("a site's batch departs from the plan", "leave the site out of the round and ask it")
    if batch.outside_dp and not asked.outside_dp:
        raise ProtocolError("a site's batch is outside DP, which the plan does not ask for", "leave it out")
    if not {sample.label for sample in batch.samples} <= {None, *plan.labels}:
        raise ProtocolError("a site's batch holds a label that is not in the plan", "leave it out")


def _sample(candidate: Candidate, plan: CampaignPlan) -> OfferedSample:
    if not 0 < len(candidate.text) <= LIMITS.sample_chars:
        raise ProtocolError("an offered text is empty or too long", "have the length gate leave it out")
    return OfferedSample(
        text=candidate.text,
        label=candidate.label if candidate.label in plan.labels else None,
        origin=candidate.origin,
        source=candidate.source[: LIMITS.name_chars],
        parents=candidate.parents[:_MOST_PARENTS],
        dependence=_MARKS[candidate.dependence],
    )
