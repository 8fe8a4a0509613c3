"""Mechanisms as executed: the frozen facts from which ε is recomputed.

An event is what a site signs and a ledger stores. It names the release, the sensitivity to one privacy unit and the
noise that was added; ε is never stated, only derived (:mod:`fedaug.privacy.accounting`). The form is our own JSON, and
what is read names a mechanism of this closed table, never a class or a module.

Every event has ``key``, ``release``, ``sensitivity``, ``noise_std`` (what is typical of one released value: to weigh
and to show, never to account by), ``noise_off``, ``scaled(factor)``, ``as_dict()`` and its class's ``MECHANISM``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from fedaug.errors import ProtocolError
from fedaug.privacy.canonical import canonical_json, parse_json
from fedaug.privacy.events.base import REMEDY
from fedaug.privacy.events.gaussian import (
    DiscreteGaussianEvent,
    DistributedGaussianEvent,
    GaussianEvent,
    SubsampledGaussianEvent,
)
from fedaug.privacy.events.pure import AboveThresholdEvent, LaplaceEvent, RandomizedResponseEvent

#: A union and not the base class, so that type checkers see that code which takes them apart leaves none out.
Event = (
    GaussianEvent
    | DiscreteGaussianEvent
    | DistributedGaussianEvent
    | SubsampledGaussianEvent
    | LaplaceEvent
    | RandomizedResponseEvent
    | AboveThresholdEvent
)
_CLASSES: Final[tuple[type[Event], ...]] = (
    GaussianEvent,
    DiscreteGaussianEvent,
    DistributedGaussianEvent,
    SubsampledGaussianEvent,
    LaplaceEvent,
    RandomizedResponseEvent,
    AboveThresholdEvent,
)
_KNOWN: Final[Mapping[str, type[Event]]] = MappingProxyType({kind.MECHANISM: kind for kind in _CLASSES})


def event_from_dict(values: object) -> Event:
    """Read one event back.

    Raises:
        ProtocolError: The mechanism is unknown, or a field is missing, extra, of the wrong type or out of its range.
    """
    mechanism = values.get("mechanism") if isinstance(values, dict) else None
    if not isinstance(values, dict) or not isinstance(mechanism, str) or mechanism not in _KNOWN:
        raise ProtocolError("an event names no known mechanism", REMEDY)
    return _KNOWN[mechanism].from_values({name: value for name, value in values.items() if name != "mechanism"})


def encode_events(events: Iterable[Event]) -> bytes:
    """Events as canonical JSON."""
    return canonical_json([event.as_dict() for event in events])


def decode_events(data: bytes) -> tuple[Event, ...]:
    """Events from canonical JSON.

    Raises:
        ProtocolError: The bytes are not a JSON list of known events.
    """
    values = parse_json(data)
    if not isinstance(values, list):
        raise ProtocolError("a list of events was expected", REMEDY)
    return tuple(event_from_dict(value) for value in values)
