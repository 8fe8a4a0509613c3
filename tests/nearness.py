"""Small above-threshold questions: events, plans and inputs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from tests.small import SmallEncoder, make_plan

from fedaug.privacy.discretisation import grid_for
from fedaug.privacy.events import AboveThresholdEvent, ReleaseKind
from fedaug.strategies.messages import CampaignPlan, NearnessTest

KIND = ReleaseKind.NOISY_SUPPORT
NEAR = NearnessTest(radius=0.1, units=5, candidates=500)


def support_event(scale: float = 16.0, positives: int = 3, key: str = "support", ratio: int = 4) -> AboveThresholdEvent:
    """Noise of ``scale`` on the threshold and ``ratio`` times that on each count."""
    return AboveThresholdEvent(key, KIND, 1.0, scale, ratio * scale, grid_for(scale or 1.0, 20), positives)


def support_plan(**changes: Any) -> CampaignPlan:
    """A plan of one above-threshold release; without noise if ``changes`` say so."""
    fields: dict[str, Any] = {"nearness": NEAR, "events": (support_event().as_dict(),)}
    return make_plan(**(fields | changes))


def asked(*texts: str) -> dict[str, NDArray[np.float32]]:
    """The request's tensors."""
    return {"candidates": SmallEncoder().embed(texts)}
