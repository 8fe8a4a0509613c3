"""What is fixed of a language model's DP adaptation before any record is read, and the event that it is charged as."""

from __future__ import annotations

import math
from typing import Annotated, Final, Self

from pydantic import Field, ValidationError, model_validator

from fedaug.augmentation.lora import AdapterSpec
from fedaug.errors import ProtocolError
from fedaug.privacy.accounting import calibrate
from fedaug.privacy.checked_toml import Settings
from fedaug.privacy.discretisation import grid_for
from fedaug.privacy.events import ReleaseKind, SubsampledGaussianEvent
from fedaug.privacy.limits import LIMITS
from fedaug.privacy.units import Budget, PrivacyUnit
from fedaug.strategies.adaptation import ADAPTER_KEY, Precision, RecordChoice, Schedule
from fedaug.strategies.messages import CampaignPlan

#: Where a clip's squares are far from where float32 ends, on either side.
_LEAST_CLIP: Final = 1e-6


class AdaptationPlan(Settings):
    """A DP adaptation as planned. Nothing in it may follow from the records: that would be a release by itself.

    Attributes:
        rank: Of the adapters.
        alpha: Their product is multiplied by alpha/rank.
        targets: Which layers get one; see :class:`fedaug.augmentation.lora.AdapterSpec`.
        ffa: Whether only B is trained.
        seed: Of A's first values, which are public.
        unit: What the budget protects.
        records_per_unit: At most so many of a unit's records count in a step.
        record_choice: Which.
        max_tokens: Of one record, prefix included; what is beyond it is not read.
        clip: L2 norm of a unit's gradient at most.
        noise_multiplier: σ: standard deviation of a step's noise over the clip. 0 turns the noise off.
        epsilon: In its place: the noise is the least that keeps this ε at ``delta``.
        delta: Given with ``epsilon``.
        sampling_rate: q, with which each unit is in a step.
        steps: How many there are.
        expected_batch: What the noised sum is divided by. A constant: a site's true q × units would tell its size.
        learning_rate: Adam's, at the end of the warm-up.
        warmup_steps: So many steps rise to it in a line.
        schedule: How it goes on.
        precision: bfloat16 is faster on processors with instructions for it.
        stop_below: Stop when the signal, as :class:`fedaug.client.training.signal.Signal` defines it, is below this.
            It saves time and no ε.
    """

    rank: int = Field(8, ge=1, le=1024)
    alpha: float = Field(16.0, gt=0, lt=1e6)
    targets: tuple[Annotated[str, Field(min_length=1, max_length=LIMITS.name_chars)], ...] = Field(
        ("all",), min_length=1, max_length=100
    )
    ffa: bool = False
    seed: int = Field(0, ge=0, lt=2**63)
    unit: PrivacyUnit = PrivacyUnit.RECORD
    records_per_unit: int = Field(1, ge=1, le=LIMITS.records_per_unit)
    record_choice: RecordChoice = RecordChoice.ROTATE
    max_tokens: int = Field(128, ge=2, le=8192)
    clip: float = Field(1.0, ge=_LEAST_CLIP, le=1 / _LEAST_CLIP)
    noise_multiplier: float | None = Field(None, ge=0, le=1e6)
    epsilon: float | None = Field(None, gt=0, allow_inf_nan=False)
    delta: float | None = Field(None, gt=0, lt=1)
    sampling_rate: float = Field(gt=0, le=1)
    steps: int = Field(ge=1, le=LIMITS.steps)
    expected_batch: float = Field(gt=0, le=LIMITS.noise_values)
    learning_rate: float = Field(1e-3, gt=0, le=1)
    warmup_steps: int = Field(0, ge=0, le=LIMITS.steps)
    schedule: Schedule = Schedule.CONSTANT
    precision: Precision = Precision.FLOAT32
    stop_below: float | None = Field(None, gt=0, allow_inf_nan=False)

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

    @property
    def adapter(self) -> AdapterSpec:
        """The adapters."""
        return AdapterSpec(self.rank, self.alpha, self.targets, self.ffa, self.seed)

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
            rank=terms.rank,
            alpha=terms.alpha,
            targets=terms.targets,
            ffa=terms.ffa,
            seed=terms.seed,
            unit=plan.unit,
            records_per_unit=plan.records_per_unit if by_subject else 1,
            record_choice=terms.record_choice,
            max_tokens=terms.max_tokens,
            clip=event.sensitivity,
            noise_multiplier=event.noise_multiplier,
            sampling_rate=event.sampling_rate,
            steps=event.steps,
            expected_batch=terms.expected_batch,
            learning_rate=terms.learning_rate,
            warmup_steps=terms.warmup_steps,
            schedule=terms.schedule,
            precision=terms.precision,
            stop_below=terms.stop_below,
        )
    except ValidationError:
        raise ProtocolError("a plan's adaptation is out of range", "plan it with usual settings") from None
