"""What is fixed of a language model's DP adaptation before any record is read, and the event that it is charged as."""

from __future__ import annotations

import math
from typing import Final, Self

from pydantic import Field, ValidationError, model_validator

from fedaug.errors import ProtocolError
from fedaug.privacy.accounting import calibrate
from fedaug.privacy.discretisation import grid_for
from fedaug.privacy.events import ReleaseKind, SubsampledGaussianEvent
from fedaug.privacy.limits import LIMITS
from fedaug.privacy.units import Budget, PrivacyUnit
from fedaug.strategies.adaptation import ADAPTER_KEY, AdapterTraining, Schedule
from fedaug.strategies.messages import CampaignPlan

#: Where a clip's squares are far from where float32 ends, on either side.
_LEAST_CLIP: Final = 1e-6


class AdaptationPlan(AdapterTraining):
    """A DP adaptation as planned: how adapters are trained, by which mechanism, and of which units.

    Attributes:
        unit: What the budget protects.
        records_per_unit: At most so many of a unit's records count in a step.
        clip: L2 norm of a unit's gradient at most.
        noise_multiplier: σ: standard deviation of a step's noise over the clip. 0 turns the noise off.
        epsilon: In its place: the noise is the least that keeps this ε at ``delta``.
        delta: Given with ``epsilon``.
        sampling_rate: q, with which each unit is in a step.
        steps: How many there are.
    """

    unit: PrivacyUnit = PrivacyUnit.RECORD
    records_per_unit: int = Field(1, ge=1, le=LIMITS.records_per_unit)
    clip: float = Field(1.0, ge=_LEAST_CLIP, le=1 / _LEAST_CLIP)
    noise_multiplier: float | None = Field(None, ge=0, le=1e6)
    epsilon: float | None = Field(None, gt=0)
    delta: float | None = Field(None, gt=0, lt=1)
    sampling_rate: float = Field(gt=0, le=1)
    steps: int = Field(ge=1, le=LIMITS.steps)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.noise_multiplier is None) == (self.epsilon is None):
            raise ValueError("give either noise_multiplier or epsilon")
        if (self.epsilon is None) != (self.delta is None):
            raise ValueError("give delta with epsilon, and only then")
        if self.unit is PrivacyUnit.RECORD and self.records_per_unit != 1:
            raise ValueError("records_per_unit is 1 where the unit is a record")
        if self.noise_multiplier == 0 and self.stop_below is not None:
            raise ValueError("stop_below asks for noise: without it there is no signal that is DP")
        return self

    def planned_event(self, trained_values: int, key: str = ADAPTER_KEY) -> SubsampledGaussianEvent:
        """What is to be reserved in the ledger before a record is read.

        Args:
            trained_values: How many weights are trained: :func:`fedaug.augmentation.lora.trained_values`.
            key: Names the release within its campaign.

        Raises:
            InvalidBudget: No noise keeps ``epsilon`` and ``delta``.
        """
        multiplier = 1.0 if self.noise_multiplier is None else self.noise_multiplier
        event = SubsampledGaussianEvent(
            key=key,
            release=ReleaseKind.NOISY_UPDATE,
            sensitivity=self.clip,
            noise_std=multiplier * self.clip,
            grid=grid_for((multiplier or 1.0) * self.clip),
            dimensions=trained_values,
            sampling_rate=self.sampling_rate,
            steps=self.steps,
        )
        if self.epsilon is None or self.delta is None:
            return event
        (calibrated,) = calibrate((event,), Budget(self.epsilon, self.delta))
        assert isinstance(calibrated, SubsampledGaussianEvent)
        return calibrated

    def learning_rate_at(self, step: int) -> float:
        """The learning rate of a step, counted from 0."""
        if step < self.warmup_steps:
            return self.learning_rate * (step + 1) / self.warmup_steps
        share = (step - self.warmup_steps) / max(1, self.steps - self.warmup_steps)
        falls = {
            Schedule.CONSTANT: 1.0,
            Schedule.LINEAR: 1 - share,
            Schedule.COSINE: (1 + math.cos(math.pi * share)) / 2,
        }
        return self.learning_rate * falls[self.schedule]


def planned_adaptation(plan: CampaignPlan) -> AdaptationPlan:
    """What a campaign's plan says of its adaptation: its terms, and the charged event's clip, noise, rate and steps.

    Raises:
        ProtocolError: The plan has none, or one that no training can follow.
    """
    if plan.adaptation is None:
        raise ProtocolError("a plan without adaptation was asked for one", "ask for what the plan holds")
    terms, event = plan.adaptation, plan.adapter_event
    by_subject = plan.unit is PrivacyUnit.SUBJECT
    try:
        return AdaptationPlan(
            **terms.model_dump(include=set(AdapterTraining.model_fields)),
            unit=plan.unit,
            records_per_unit=plan.records_per_unit if by_subject else 1,
            clip=event.sensitivity,
            noise_multiplier=event.noise_multiplier,
            sampling_rate=event.sampling_rate,
            steps=event.steps,
        )
    except ValidationError:
        raise ProtocolError("a plan's adaptation is out of range", "plan it with usual settings") from None
