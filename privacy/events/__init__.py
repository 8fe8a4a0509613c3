"""Mechanisms as executed: the frozen facts from which ε is recomputed."""

from __future__ import annotations

from fedaug.privacy.events.gaussian import (
    DiscreteGaussianEvent,
    DistributedGaussianEvent,
    GaussianEvent,
    SubsampledGaussianEvent,
)
from fedaug.privacy.events.kinds import ALLOWED_BY_DEFAULT, CHARGED, ReleaseKind
from fedaug.privacy.events.pure import AboveThresholdEvent, LaplaceEvent, RandomizedResponseEvent
from fedaug.privacy.events.reading import Event, decode_events, encode_events, event_from_dict

__all__ = [
    "ALLOWED_BY_DEFAULT",
    "CHARGED",
    "AboveThresholdEvent",
    "DiscreteGaussianEvent",
    "DistributedGaussianEvent",
    "Event",
    "GaussianEvent",
    "LaplaceEvent",
    "RandomizedResponseEvent",
    "ReleaseKind",
    "SubsampledGaussianEvent",
    "decode_events",
    "encode_events",
    "event_from_dict",
]
