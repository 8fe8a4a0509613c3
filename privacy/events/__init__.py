"""Mechanisms as executed: the frozen facts from which ε is recomputed."""

from __future__ import annotations

from fedaug.privacy.events.reading import (
    CHARGED,
    AboveThresholdEvent,
    DiscreteGaussianEvent,
    DistributedGaussianEvent,
    Event,
    GaussianEvent,
    LaplaceEvent,
    RandomizedResponseEvent,
    ReleaseKind,
    SubsampledGaussianEvent,
    decode_events,
    encode_events,
    event_from_dict,
)

__all__ = [
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
