"""Mechanisms as executed: the frozen facts from which ε is recomputed."""

from __future__ import annotations

from fedaug.privacy.events.gaussian import (
    DiscreteGaussianEvent,
    DistributedGaussianEvent,
    GaussianEvent,
    SubsampledGaussianEvent,
)
from fedaug.privacy.events.kinds import CHARGED, ReleaseKind
from fedaug.privacy.events.pure import AboveThresholdEvent, LaplaceEvent, RandomizedResponseEvent
from fedaug.privacy.events.reading import Event, decode_events, encode_events, event_from_dict

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
