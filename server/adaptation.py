"""A campaign's adaptation of language models at its sites: settings, the terms that follow, and its share of ε."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, Final

from pydantic import Field

from fedaug.augmentation.language.base_model import base_digest, base_name, most_tokens, trained_numbers
from fedaug.augmentation.language.loading import EMBEDDED
from fedaug.errors import ConfigError
from fedaug.privacy.accounting import calibrate, epsilon, scaled_plan
from fedaug.privacy.discretisation import grid_for
from fedaug.privacy.events import Event, GaussianEvent, ReleaseKind, SubsampledGaussianEvent
from fedaug.privacy.limits import LIMITS
from fedaug.privacy.units import Budget
from fedaug.strategies.adaptation import ADAPTER_KEY, AdaptationChoices, AdaptationTerms

_LEAST_CLIP: Final = 1e-6


class AdaptationSettings(AdaptationChoices):
    """The table ``[adaptation]`` of a campaign.

    Attributes:
        model: The base: ``embedded``, or a folder; every site has to have the same files.
        clip: L2 norm of one unit's gradient at most.
        sampling_rate: With which probability each unit is in a step. Choose it from what is publicly known of the
            sites' sizes: the batch that is hoped for over the number of records.
        steps: How many there are.
    """

    model: Annotated[str, Field(min_length=1, max_length=1_000)] = EMBEDDED
    clip: float = Field(1.0, ge=_LEAST_CLIP, le=1 / _LEAST_CLIP)
    sampling_rate: float = Field(gt=0, le=1)
    steps: int = Field(300, ge=1, le=LIMITS.adaptation_steps)


def planned_terms(settings: AdaptationSettings) -> AdaptationTerms:
    """What sites are asked for; reads the base model's files.

    Raises:
        InputError: The model cannot be used.
        ConfigError: It brings code of its own, or takes fewer tokens.
    """
    most = most_tokens(settings.model)
    if not max(settings.max_tokens, settings.text_tokens) <= most:
        raise ConfigError(f"the base model takes {most} tokens at most", "lower adaptation.max_tokens or text_tokens")
    shared = {name: getattr(settings, name) for name in AdaptationChoices.model_fields}
    return AdaptationTerms(**shared, model=base_name(settings.model), weights=base_digest(settings.model))


def adapter_template(settings: AdaptationSettings) -> SubsampledGaussianEvent:
    """The event that it is charged as, with noise of any size above zero; reads the base model's configuration.

    Raises:
        InputError: The model cannot be used.
        ConfigError: A target is no layer of it.
    """
    return SubsampledGaussianEvent(
        key=ADAPTER_KEY,
        release=ReleaseKind.NOISY_UPDATE,
        sensitivity=settings.clip,
        noise_std=settings.clip,
        grid=grid_for(settings.clip),
        dimensions=trained_numbers(settings.model, settings.adapter),
        sampling_rate=settings.sampling_rate,
        steps=settings.steps,
    )


def balanced(
    others: Sequence[Event], run: SubsampledGaussianEvent, shares: float, share: float, budget: Budget
) -> list[Event]:
    """Templates of a plan whose noises stand in the proportion that their shares ask for.

    Shares are shares of μ², in which Gaussian releases add up. A run on samples is no Gaussian release; here it counts
    as the one that costs the same ε at the campaign's δ. The plan as a whole is then composed and calibrated exactly,
    so this decides who gets how much of the budget, and nothing about what all cost together.

    Args:
        others: Templates with noise 1/√share each, at sensitivity 1.
        run: The adaptation's.
        shares: The others' shares, added up.
        share: The run's.
        budget: Of the whole plan.

    Raises:
        InvalidBudget: The budget cannot be kept by adding noise.
    """
    if budget.noise_off:
        return [*others, run]
    (whole,) = calibrate((_gaussian(1.0),), budget)
    mu = 1 / whole.noise_std
    part = mu * math.sqrt(share / (shares + share))
    (calibrated,) = calibrate((run,), Budget(epsilon((_gaussian(1 / part),), budget.delta), budget.delta))
    return [*scaled_plan(others, math.sqrt(shares + share) / mu), calibrated]


def _gaussian(noise: float) -> GaussianEvent:
    return GaussianEvent("part", ReleaseKind.NOISY_UPDATE, 1.0, noise)
