"""Sites with a tiny language model that may be adapted, and plans that ask for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.small import Row, events, make_plan, make_site
from tests.tiny_language_models import save_tiny

from fedaug.augmentation.language.base_model import base_digest, trained_numbers
from fedaug.client.site import Site
from fedaug.privacy.discretisation import grid_for
from fedaug.privacy.events import ReleaseKind, SubsampledGaussianEvent
from fedaug.strategies.adaptation import AdaptationTerms
from fedaug.strategies.messages import CampaignPlan, SampleOffer

ROWS: list[Row] = [
    (f"s{i}", f"please stop my card it was lost {'today' if i % 2 else 'yesterday'} at the bank", label)
    for i, label in enumerate(["fever", "cough", "rash"] * 4)
]


def adaptable_site(folder: Path, model: Path, rows: list[Row] | None = None, **settings: Any) -> Site:
    """A site whose tiny model may be adapted, and that offers what it writes then."""
    given = {
        "adaptation__model": str(model),
        "adaptation__reply_interval_s": 0.0,
        "samples__generators": ("language-model",),
        "samples__gates": ("duplicate",),
    } | settings
    return make_site(folder, rows or ROWS, **given)


def tiny_base(folder: Path, **options: Any) -> Path:
    """The folder of a tiny model with random weights."""
    return save_tiny(folder, **options)


def terms(model: Path, **changes: Any) -> AdaptationTerms:
    """Adapters of rank 2 beside a tiny model."""
    given = {"model": model.name, "weights": base_digest(model), "rank": 2, "max_tokens": 60, "expected_batch": 6}
    return AdaptationTerms.model_validate(given | {"text_tokens": 12, "form": "text"} | changes)


def adapter_event(model: Path, asked: AdaptationTerms, *, noise: float = 8.0, **changes: Any) -> dict[str, Any]:
    """Three steps over all units: what they cost has a closed form."""
    made = SubsampledGaussianEvent(
        key="adapter",
        release=ReleaseKind.NOISY_UPDATE,
        sensitivity=1.0,
        noise_std=noise,
        grid=grid_for(noise or 1.0),
        dimensions=trained_numbers(model, asked.adapter),
        sampling_rate=1.0,
        steps=3,
    )
    return made.as_dict() | changes


def adapting_plan(model: Path, *, event: dict[str, Any] | None = None, texts: int = 6, **changes: Any) -> CampaignPlan:
    """A plan that asks for counts, an adaptation and texts; ``changes`` to the terms of the adaptation."""
    asked = terms(model, **changes)
    return make_plan(
        events=(*events(50.0, ["counts"]), event or adapter_event(model, asked)),
        samples=SampleOffer(generator="language-model", count=texts),
        adaptation=asked,
    )
