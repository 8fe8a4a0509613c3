"""A campaign's plan: what every site is asked, fixed before the first release and reserved as a whole."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import Annotated, Any, Final, Self

from pydantic import (
    Field,
    SerializerFunctionWrapHandler,
    field_serializer,
    model_serializer,
    model_validator,
)

from fedaug.errors import ProtocolError
from fedaug.privacy.canonical import canonical_json, digest
from fedaug.privacy.events import Event, ReleaseKind, SubsampledGaussianEvent, event_from_dict
from fedaug.privacy.limits import LIMITS
from fedaug.privacy.units import Budget, PrivacyUnit
from fedaug.strategies.adaptation import ADAPTER_KEY, AdaptationTerms
from fedaug.strategies.base import Message, Name

#: Fields of a plan that are written only if they are set.
_ADDED_LATER: Final = frozenset({"adaptation", "nearness", "samples"})


class TrustModel(StrEnum):
    """Who adds the noise, and who is trusted not to look."""

    LOCAL = "local"
    SECURE_SUM = "secure-sum"
    TRUSTED_COORDINATOR = "trusted-coordinator"


class LinearTraining(Message):
    """How sites train a linear head by DP-SGD; the release's event states clip, noise, sampling rate and steps.

    Attributes:
        step_size: What a step's noised gradient sum is multiplied by: the learning rate over a public constant.
    """

    step_size: float = Field(gt=0, le=1e3)


class NearnessTest(Message):
    """What sites are asked about candidates by above-threshold; the release's event states noise and allowance.

    Attributes:
        radius: A unit is near a candidate if one of its records is no further from it: Euclidean distance between unit
            vectors, √(2 − 2·cosine), so 0 to 2.
        units: The public threshold: a candidate is to have so many units near it.
        candidates: No more than so many are asked about.
    """

    radius: float = Field(gt=0, le=2)
    units: int = Field(ge=1, le=LIMITS.noise_values)
    candidates: int = Field(ge=1, le=LIMITS.threshold_queries)


class SampleOffer(Message):
    """Which texts a site is to offer. It names a generator and no more: its settings are the site's own.

    Attributes:
        generator: One that the site's policy lists.
        count: Most texts; with ``outside_dp`` exactly so many, or none.
        attempts: How often the generator may be asked, with another public seed each time.
        outside_dp: Whether gates that read records exactly may decide at the site, which leaves the batch without ε.
    """

    generator: Name
    count: int = Field(ge=1, le=LIMITS.batch_samples)
    attempts: int = Field(1, ge=1, le=100)
    outside_dp: bool = False


class CampaignPlan(Message):
    """What a campaign will ask of every site: fixed before the first release, and reserved as a whole.

    Attributes:
        campaign: Names the campaign; a site releases each event of it once.
        labels: The public label set; a record with another label contributes nothing.
        unit: What the budget protects.
        epsilon: The whole plan's ε at ``delta``; infinite when the noise is off.
        encoder: The public embedding space, by name.
        votes_per_record: Candidates that one record's vote is spread over.
        records_per_unit: At most so many of a unit's records count in any release.
        training: How a ``NoisyUpdate`` of the plan is made.
        nearness: What a ``NoisySupport`` of the plan tells.
        samples: Which texts sites offer.
        adaptation: How sites adapt a language model; it is charged as the event ``adapter``. A plan without this,
            ``samples`` or ``nearness`` has the bytes that it had before there were such things.
        events: Each release, in order.
    """

    campaign: Name
    labels: tuple[Annotated[str, Field(min_length=1, max_length=LIMITS.label_chars)], ...] = Field(
        min_length=2, max_length=LIMITS.labels
    )
    unit: PrivacyUnit
    epsilon: Annotated[float, Field(gt=0, allow_inf_nan=True)]
    delta: float = Field(gt=0, lt=1)
    trust_model: TrustModel
    encoder: Name
    dimensions: int = Field(gt=0, le=LIMITS.dimensions)
    votes_per_record: int = Field(gt=0, le=100)
    records_per_unit: int = Field(gt=0, le=LIMITS.records_per_unit)
    training: LinearTraining | None = None
    nearness: NearnessTest | None = None
    samples: SampleOffer | None = None
    adaptation: AdaptationTerms | None = None
    events: tuple[dict[str, Any], ...] = Field(min_length=1, max_length=LIMITS.plan_events)

    @field_serializer("epsilon")
    def _plain(self, value: float) -> float | str:
        return "inf" if math.isinf(value) else value

    @model_serializer(mode="wrap")
    def _without_what_is_not_asked(self, inner: SerializerFunctionWrapHandler) -> dict[str, Any]:
        values: dict[str, Any] = inner(self)
        return {name: value for name, value in values.items() if value is not None or name not in _ADDED_LATER}

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if len(set(self.labels)) != len(self.labels):
            raise ValueError("a label is listed twice")
        keys = [event.key for event in self.mechanisms]
        if len(set(keys)) != len(keys):
            raise ValueError("an event's key is used twice")
        if self.nearness is None and any(event.release is ReleaseKind.NOISY_SUPPORT for event in self.mechanisms):
            raise ValueError("nearness is to be told and is not defined")
        charged = [event for event in self.mechanisms if event.key == ADAPTER_KEY]
        if bool(charged) != (self.adaptation is not None):
            raise ValueError("an adaptation and the event that it is charged as are not both there")
        if charged and not _is_training(charged[0]):
            raise ValueError("an adaptation is charged as something else than steps of training")
        if self.adaptation is not None and not self.adapter_event.dimensions <= _most_values(self.adaptation):
            raise ValueError("an adapter has more weights than can be trained, or sent")
        return self

    @property
    def adapter_event(self) -> SubsampledGaussianEvent:
        """What the adaptation is charged as.

        Raises:
            ProtocolError: The plan has none.
        """
        event = self.event(ADAPTER_KEY)
        assert isinstance(event, SubsampledGaussianEvent)
        return event

    @property
    def mechanisms(self) -> tuple[Event, ...]:
        """The plan's events, typed."""
        return tuple(event_from_dict(event) for event in self.events)

    @property
    def budget(self) -> Budget:
        """What the plan may cost at most."""
        return Budget(self.epsilon, self.delta)

    def event(self, key: str) -> Event:
        """One planned release.

        Raises:
            ProtocolError: The plan has no such key.
        """
        for event in self.mechanisms:
            if event.key == key:
                return event
        raise ProtocolError("a release was named that the plan does not hold", "use a key of the plan")

    @property
    def digest(self) -> str:
        """SHA-256 of the plan's canonical bytes."""
        return digest(canonical_json(self.model_dump(mode="json")))


def _most_values(terms: AdaptationTerms) -> int:
    """Of an adapter; one that leaves has to fit a message, as float64."""
    sent = (LIMITS.message_bytes - LIMITS.header_bytes) // 8
    return min(LIMITS.adapter_values, sent) if terms.share_adapter else LIMITS.adapter_values


def _is_training(event: Event) -> bool:
    return isinstance(event, SubsampledGaussianEvent) and event.release is ReleaseKind.NOISY_UPDATE
